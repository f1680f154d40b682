// SPDX-License-Identifier: GPL-2.0-or-later
#include "fault.h"

#include <stdio.h>

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

bool fault_find(struct text body, struct fault_match *ret)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t i = 0; i < families[f]->n_forms; i++)
			if (fault_try(families[f], &families[f]->forms[i], body, ret))
				return true;
	return false;
}

char *fault_describe_bits(char *buffer, size_t size, uint64_t value,
			  const struct fault_bit *bits, size_t n_bits)
{
	size_t n = (size_t)snprintf(buffer, size, "0x%llx", (unsigned long long)value);
	const char *separator = ": ";

	for (size_t i = 0; i < n_bits && n < size; i++) {
		if (!(value >> bits[i].bit & 1))
			continue;
		n += (size_t)snprintf(buffer + n, size - n, "%s%s", separator,
				      bits[i].word);
		separator = ", ";
	}
	return buffer;
}

const char *fault_code_word(unsigned int code, const struct fault_code *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (codes[i].code == code)
			return codes[i].word;
	return NULL;
}

const char *fault_first_bit(uint64_t value, const struct fault_bit *bits, size_t n_bits)
{
	for (size_t i = 0; i < n_bits; i++)
		if (value >> bits[i].bit & 1)
			return bits[i].word;
	return NULL;
}

static struct finding_field *find_field(struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->n_decoded; i++)
		if (!strcmp(f->decoded[i].name, name))
			return &f->decoded[i];
	return NULL;
}

const char *fault_field(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->n_decoded; i++)
		if (!strcmp(finding->decoded[i].name, name))
			return finding->decoded[i].value;
	return NULL;
}

void fault_add(struct finding *finding, const char *name, const char *format, ...)
{
	struct finding_field *field = find_field(finding, name);
	va_list args;

	if (!field && finding->n_decoded == FINDING_DECODED_MAX)
		return;
	if (!field)
		field = &finding->decoded[finding->n_decoded++];
	snprintf(field->name, sizeof(field->name), "%s", name);
	va_start(args, format);
	vsnprintf(field->value, sizeof(field->value), format, args);
	va_end(args);
}
