/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known issues and rules: data, read from YAML. The built-in set is linked in. A file
 * has two lists, "known" (issues with a name) and "rules" (what a finding must look like,
 * and what it then is); see src/classify/embed/known.yaml.
 */
#pragma once

#include "classify/finding.h"

struct rules;

struct known_issue {
	const char *id, *title;
	const char *introduced; /* commits or versions, "" unknown */
	const char *fixed_by;   /* commits, "" unknown */
	const char *advice;     /* what an engineer does about it, "" none */
};

/* Only the built-in rules. Never fails: they are checked by the tests. */
struct rules *rules_new(void);
/*
 * Adds the rules of a YAML text; later rules win. name stands in errors.
 * -EINVAL: *ret_error (caller frees) is "name:line:column: what is wrong".
 */
int rules_add(struct rules *rules, const char *name, struct text yaml,
	      char **ret_error) _must_check_;
void rules_free(struct rules *rules);

size_t rules_known_count(const struct rules *rules);
const struct known_issue *rules_known(const struct rules *rules, size_t i);
/* NULL when there is no such id. Borrowed from rules. */
const struct known_issue *rules_find_known(const struct rules *rules, const char *id);

/*
 * Of which release is known that it has the fix, when kernel comes from it or later: see
 * version_has_fix. NULL: nothing is known.
 */
const char *rules_fixed_in(const struct rules *rules, const char *id, const char *kernel);
/*
 * What that means for a finding on this kernel, as a sentence. Caller frees; NULL: nothing
 * is known.
 */
char *rules_explain_fix(const struct rules *rules, const char *id, const char *kernel);

/* What the console showed before a finding, as far as rules ask for it. */
enum rules_evidence {
	/* "Removing from iommu group" between the reboot request and the restart */
	RULES_GROUP_REMOVAL = 1 << 0,
	/* a VFIO user holds the device */
	RULES_VFIO_HOLDER = 1 << 1,
	/* an SMMUv3 stopped taking commands after the reboot request */
	RULES_SMMU_CMDQ = 1 << 2,
};

/*
 * Fills known and severity of a finding whose signature is made. False: a rule says that
 * it is to be ignored.
 */
bool rules_apply(const struct rules *rules, unsigned int evidence,
		 struct finding *finding);
