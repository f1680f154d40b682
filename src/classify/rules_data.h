/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule files as they are read: shared by the loader and the matcher. */
#pragma once

#include "classify/rules.h"

#include <cyaml/cyaml.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

struct kernel_range {
	char *from, *below; /* NULL: open */
};

struct known_entry {
	struct known_issue issue;
	char **fixed_in;
	unsigned int fixed_in_count;
};

/* What is NULL, 0 or empty asks for nothing. */
struct rule {
	char *known;
	int severity;
	bool ignore;
	int *phase;
	unsigned int phase_count;
	char **kind, **function, **frame, **driver, **file;
	unsigned int kind_count, function_count, frame_count, driver_count, file_count;
	char *text; /* regular expression for the header line */
	struct kernel_range kernel;
	char *advice;
	unsigned int after; /* enum rules_evidence */
};

struct document {
	struct known_entry *known;
	unsigned int known_count;
	struct rule *rules;
	unsigned int rules_count;
	pcre2_code **codes; /* of each rule's text, or NULL; not libcyaml's */
};

struct rules {
	struct document **documents;
	size_t n;
};
