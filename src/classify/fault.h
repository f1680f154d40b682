/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware faults and errors that IOMMU drivers print: the list of all families, each of
 * which is a table in src/classify/fault.
 */
#pragma once

#include "classify/fault/family.h"

struct fault_match {
	const struct fault_family *family;
	const struct fault_form *form;
	struct pattern_match match;
	struct text device; /* of "driver device: message"; empty where none */
};

/* Does this form stand in body? */
bool fault_try(const struct fault_family *family, const struct fault_form *form,
	       struct text body, struct fault_match *ret);

/* All families, in the order in which they are asked. */
const struct fault_family *const *fault_families(size_t *ret_n);
