// SPDX-License-Identifier: GPL-2.0-or-later
/* Every form of every family finds a line made from its own format; decoders in words. */
#include "classify/fault.h"
#include "classify/fault/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A line that a kernel could print with this format. */
static char *make_line(const char *format)
{
	struct strbuf line = { 0 };

	for (const char *f = format; *f; f++) {
		if (*f != '%') {
			strbuf_add(&line, (struct text){ f, 1 });
			continue;
		}
		f++;
		if (*f == 'd')
			strbuf_add(&line, TEXT("7"));
		else if (*f == 'x')
			strbuf_add(&line, TEXT("0x10"));
		else if (*f == 'w')
			strbuf_add(&line, TEXT("0000:01:00.0"));
		else
			strbuf_add(&line, TEXT("some words"));
	}
	return line.s;
}

/* The first form, in the order of the table, that stands in the line. */
static struct fault_match find(const char *line)
{
	size_t n;
	const struct fault_family *const *families = fault_families(&n);
	struct fault_match match = { 0 };

	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; i < families[f]->n_forms; i++)
			if (fault_try(families[f], &families[f]->forms[i], text_of(line),
				      &match))
				return match;
	fail_msg("nothing finds '%s'", line);
	return match;
}

static void test_each_form_finds_its_line(void **state)
{
	size_t n;
	const struct fault_family *const *families = fault_families(&n);

	(void)state;
	assert_true(n >= 18);
	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; i < families[f]->n_forms; i++) {
			const struct fault_form *form = &families[f]->forms[i];
			char *line = make_line(form->format);
			struct finding finding = { 0 };
			struct fault_match match = find(line);

			/* A special form may stand in front of a general one. */
			if (match.form->kind && form->kind &&
			    strcmp(match.form->kind, form->kind) != 0)
				fail_msg("'%s' is %s, not %s", line, match.form->kind,
					 form->kind);
			fault_decode(&finding, match.form, &match.match);
			free(line);
		}
}

static const char *decoded(const struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->n_decoded; i++)
		if (!strcmp(f->decoded[i].name, name))
			return f->decoded[i].value;
	return "";
}

static struct finding decode(const char *line)
{
	struct finding finding = { 0 };
	struct fault_match match = find(line);

	fault_decode(&finding, match.form, &match.match);
	if (!finding.device[0])
		text_copy(finding.device, sizeof(finding.device), match.device);
	return finding;
}

static void test_registers_become_words(void **state)
{
	struct finding f;

	(void)state;
	f = decode(
		"arm-smmu 5000000.iommu: \tGFSR 0x80000002, GFSYNR0 0x00000002, GFSYNR1 "
		"0x00000429, GFSYNR2 0x00000000");
	assert_string_equal(decoded(&f, "summary"),
			    "unidentified stream 0x429, write, multiple faults");
	assert_string_equal(decoded(&f, "GFSR"),
			    "0x80000002: unidentified stream, multiple faults");
	f = decode(
		"DMAR: [DMA Write NO_PASID] Request device [80:1f.6] fault addr "
		"0x106f06000 [fault reason 0x39] SM: Present bit in Root Entry is clear");
	assert_string_equal(f.device, "80:1f.6");
	assert_string_equal(decoded(&f, "reason"),
			    "0x39: SM: Present bit in Root Entry is clear");
	f = decode("ipmmu-vmsa eed40000.iommu: Unhandled fault: status 0x00000005 iova "
		   "0xfe000000");
	assert_string_equal(f.device, "eed40000.iommu");
	assert_string_equal(decoded(&f, "IMSTR"), "0x5: translation, abort");
	f = decode(
		"riscv,iommu 10010000.iommu: Fault 258 devid: 0x18 iotval: 80 iotval2: 0");
	assert_string_equal(decoded(&f, "cause"), "258: DDT entry not valid");
	f = decode(
		"zpci: 0011:00:00.0: Event 0x3a reports an error for PCI function 0x8");
	assert_string_equal(decoded(&f, "event"), "0x3a: error recovered");
	f = decode("virtio_iommu virtio0: page fault from EP 8 at 0xff00 [RW]");
	assert_string_equal(decoded(&f, "access"), "RW");
	f = decode("vfio-pci 0007:00:00.1: not ready 65535ms after FLR; giving up");
	assert_string_equal(f.device, "0007:00:00.1");
	f = decode(
		"tegra-mc 70019000.memory-controller: display0a: read @0xfe000000: EMEM "
		"address decode error (SMMU translation error [--S])");
	assert_string_equal(f.device, "70019000.memory-controller");
}

static void assert_title(const char *line, const char *title)
{
	struct finding f = decode(line);

	assert_string_equal(f.title, title);
}

static void test_titles_name_nothing_that_changes(void **state)
{
	struct finding f;

	(void)state;
	assert_title("arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout at 0x0000425b [hwprod "
		     "0x0000425b, hwcons 0x00004259]",
		     "CMD_SYNC timeout");
	assert_title("arm-smmu 1.iommu: Unhandled context fault: fsr=0x402, iova=0x10, "
		     "fsynr=0x3d0023, cbfrsynra=0x1c00, cb=1",
		     "translation fault of stream 0x1c00, read");
	assert_title("DMAR: VT-d detected Invalidation Time-out Error: SID 2f8",
		     "Invalidation Time-out Error");
	assert_title(
		"DMAR: [DMA Write] Request device [00:02.0] fault addr 108a000 [fault "
		"reason 05] ",
		"DMA write fault: no write permission");
	assert_title("exynos-sysmmu 14650000.sysmmu: 14450000.mixer: [WRITE] PAGE FAULT "
		     "occurred at 0x20000000",
		     "fault of 14450000.mixer");
	f = decode("mlx5_core 0000:c1:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT "
		   "domain=0x002f address=0x24d08000 flags=0x0030]");
	assert_string_equal(f.title, "IO_PAGE_FAULT, write, not permitted");
	assert_string_equal(f.device, "0000:c1:00.0");
	assert_string_equal(decoded(&f, "flags"), "0x30: page present, write");
	f = decode("DMAR: [DMA Read PASID 0x5] Request device [0000:17:00.1] fault addr "
		   "0x1000 [fault reason 0x59] SM: Present bit in PASID Table Entry is "
		   "clear");
	assert_string_equal(decoded(&f, "PASID"), "0x5");
	assert_string_equal(decoded(&f, "access"), "read");
	f = decode("DMAR: VT-d detected Invalidation Completion Error: SID 2f9");
	assert_string_equal(f.device, "02:1f.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_form_finds_its_line),
		cmocka_unit_test(test_registers_become_words),
		cmocka_unit_test(test_titles_name_nothing_that_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
