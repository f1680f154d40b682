/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu-stress classify: what its input and output share. */
#pragma once

#include "classify/classifier.h"
#include "classify/rules.h"
#include "os/symbols.h"

#include <sys/types.h>

enum classify_format { CLASSIFY_TEXT, CLASSIFY_JSON };

struct classify_options {
	enum classify_format format;
	bool only_iommu, summary;
	enum { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR } min_severity;
	bool context_given;
	unsigned int context;            /* lines around the first of a report */
	const char *vmlinux, *debuginfo; /* NULL: not asked for */
	char **files;
	size_t n_files;
};

/* One bug of --summary. */
struct classify_group {
	struct finding first;
	char *file;
	unsigned int findings, count;
};

struct classify_output {
	const struct classify_options *options;
	const struct rules *rules;
	struct symbols *symbols; /* NULL: frames without file and line */
	const char *file;        /* that is being read, as it was named */
	int context_fd; /* its bytes once more, at their offsets; -1: cannot be had */
	size_t n_shown; /* findings, notes not counted */
	struct classify_group *groups;
	size_t n_groups;
};

/* classifier_sink's on_finding; arg: struct classify_output. */
void classify_show(void *arg, const struct finding *finding);
/* --summary, at the end; frees the groups. */
void classify_summarise(struct classify_output *out);

/*
 * Reads path ("-": standard input; a run directory; a file, also packed by gzip,
 * bzip2, xz or zstd) and shows what is found. 0, or -errno after it was said.
 */
int classify_read(struct classify_output *out, const char *path);
