// SPDX-License-Identifier: GPL-2.0-or-later
#include "fault.h"

static const struct fault_family *const families[] = {
	&fault_arm_smmu_v3, &fault_arm_smmu,     &fault_intel_vtd, &fault_amd_vi,
	&fault_zpci,        &fault_virtio_iommu, &fault_rockchip,  &fault_mediatek,
	&fault_exynos,      &fault_ipmmu,        &fault_tegra,     &fault_dart,
	&fault_sun50i,      &fault_riscv_iommu,  &fault_others,    &fault_vfio,
	&fault_swiotlb,     &fault_hardware,
};

static bool has_digit(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.s[i] >= '0' && t.s[i] <= '9')
			return true;
	return false;
}

/*
 * dev_err() writes "driver device: " in front, and some drivers their own "AMD-Vi: " behind
 * it. All devices have a number.
 */
static struct text find_device(struct text prefix)
{
	for (int words = 0; words < 2; words++) {
		size_t start;

		prefix = text_trim(prefix);
		if (!prefix.n || prefix.s[prefix.n - 1] != ':')
			return TEXT_NONE;
		prefix.n--;
		for (start = prefix.n; start > 0 && prefix.s[start - 1] != ' ';)
			start--;
		if (!start)
			return TEXT_NONE;
		if (has_digit(text_from(prefix, start + 1)))
			return text_from(prefix, start);
		prefix.n = start;
	}
	return TEXT_NONE;
}

const struct fault_family *const *fault_families(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(families);
	return families;
}

bool fault_try(const struct fault_family *family, const struct fault_form *form,
	       struct text body, struct fault_match *ret)
{
	if (!pattern_find(form->format, body, &ret->match))
		return false;
	ret->family = family;
	ret->form = form;
	ret->device = find_device((struct text){ body.s, ret->match.start });
	return true;
}
