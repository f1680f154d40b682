// SPDX-License-Identifier: GPL-2.0-or-later
/* The families with few messages: each has the driver's file, its table and its row. */
#include "family.h"

#include <stdio.h>

/*
 * s390 PCI: arch/s390/pci/pci_event.c, __zpci_event_error() and the recovery that it
 * starts. The code is the PEC of a CCDF error event.
 */

static const struct fault_code zpci_codes[] = {
	{ 0x002a, "function measurement block" },
	{ 0x002b, "function measurement block" },
	{ 0x002c, "function measurement block" },
	{ 0x003a, "error recovered" },
	{ 0x003b, "service action or recovery failed" },
	{ 0x0040, "service action or recovery failed" },
};

static void decode_zpci(struct finding *f, const struct pattern_match *m)
{
	unsigned int code = (unsigned int)pattern_hex(m->captures[0]);
	const char *word = fault_code_word(code, zpci_codes, ARRAY_SIZE(zpci_codes));

	fault_add(f, "event", "0x%x%s%s", code, word ? ": " : "", word ? word : "");
	fault_add(f, "function-id", "%.*s", TEXT_ARG(m->captures[1]));
	snprintf(f->title, sizeof(f->title), "error event 0x%x%s%s", code,
		 word ? ": " : "", word ? word : "");
}

static const struct fault_form zpci_forms[] = {
	{ "Event %x reports an error for PCI function %x", .kind = "zpci-error",
	  .decode = decode_zpci },
	{ "reports an error for PCI function", .kind = "zpci-error" },
	{ "Automatic recovery failed", .role = FAULT_MORE },
	{ "Unblocking device access failed", .role = FAULT_MORE },
	{ "Unblocking DMA failed", .role = FAULT_MORE },
	{ "The reset request failed", .role = FAULT_MORE },
	{ "Cannot be recovered in the host because it is a pass-through",
	  .role = FAULT_MORE },
};

const struct fault_family fault_zpci = { "s390-iommu", zpci_forms, ARRAY_SIZE(zpci_forms),
					 false };

/*
 * drivers/iommu/virtio-iommu.c, viommu_fault_handler(). Reasons and flags: virtio 1.2,
 * "Fault reporting".
 */

static const struct fault_form virtio_iommu_forms[] = {
	{ "virtio_iommu %w: %w fault from EP %d at %x [%s]", .kind = "virtio-iommu-fault",
	  .fields = "device=$0; reason=$1; endpoint=$2; address=$3; access=$4",
	  .title = "$1 fault of endpoint $2" },
	{ "virtio_iommu %w: %w fault from EP %d", .kind = "virtio-iommu-fault",
	  .fields = "device=$0; reason=$1; endpoint=$2",
	  .title = "$1 fault of endpoint $2" },
	/* A line that lost its beginning. */
	{ "fault from EP %d", .kind = "virtio-iommu-fault", .fields = "endpoint=$0",
	  .title = "fault of endpoint $0" },
};

const struct fault_family fault_virtio_iommu = { "virtio-iommu", virtio_iommu_forms,
						 ARRAY_SIZE(virtio_iommu_forms), false };

/*
 * drivers/iommu/rockchip-iommu.c: rk_iommu_irq() prints the fault, log_iova() two lines
 * about the tables behind it.
 */

static const struct fault_form rockchip_forms[] = {
	{ "Page fault at %x of type %s", .kind = "rockchip-iommu-fault",
	  .fields = "iova=$0; access=$1", .title = "page fault, $1" },
	{ "Page fault while iommu not attached to domain", .kind = "rockchip-iommu-fault",
	  .title = "page fault without a domain" },
	{ "BUS_ERROR occurred at %x", .kind = "rockchip-iommu-fault", .fields = "iova=$0",
	  .title = "bus error" },
	{ "iova = %x: dte_index: %x pte_index: %x page_offset: %x", .role = FAULT_MORE,
	  .fields = "dte-index=$1; pte-index=$2" },
	{ "mmu_dte_addr: %x dte@%x: %x valid: %d pte@%x: %x valid: %d page@%x flags: %x",
	  .role = FAULT_MORE,
	  .fields = "dte=$2, valid $3; pte=$5, valid $6; page-flags=$8" },
	{ "Enable stall request timed out, status: %x",
	  .kind = "rockchip-iommu-timeout" },
	{ "Disable stall request timed out, status: %x",
	  .kind = "rockchip-iommu-timeout" },
	{ "Enable paging request timed out, status: %x",
	  .kind = "rockchip-iommu-timeout" },
	{ "Disable paging request timed out, status: %x",
	  .kind = "rockchip-iommu-timeout" },
	{ "FORCE_RESET command timed out", .kind = "rockchip-iommu-timeout" },
};

const struct fault_family fault_rockchip = { "rockchip", rockchip_forms,
					     ARRAY_SIZE(rockchip_forms), false };

/* drivers/iommu/mtk_iommu.c and mtk_iommu_v1.c: mtk_iommu_isr() of three generations. */

static void decode_mediatek(struct finding *f, const struct pattern_match *m)
{
	struct text rest;
	bool read;

	fault_add(f, "type", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "pa", "%.*s", TEXT_ARG(m->captures[2]));
	rest = text_trim(m->captures[3]);
	read = text_ends(rest, TEXT(" read"));
	if (read || text_ends(rest, TEXT(" write"))) {
		fault_add(f, "access", "%s", read ? "read" : "write");
		rest.n -= strlen(read ? " read" : " write");
	}
	fault_add(f, "master", "%.*s", TEXT_ARG(rest));
	snprintf(f->title, sizeof(f->title), "fault of %.*s%s%s", TEXT_ARG(rest),
		 fault_field(f, "access") ? ", " : "",
		 fault_field(f, "access") ? fault_field(f, "access") : "");
}

static const struct fault_form mediatek_forms[] = {
	{ "fault type=%x iova=%x pa=%x master=%s", .kind = "mtk-iommu-fault",
	  .decode = decode_mediatek },
	{ "fault type=%x iova=%x pa=%x %s", .kind = "mtk-iommu-fault",
	  .decode = decode_mediatek },
	{ "fault type=%x iova=%x", .kind = "mtk-iommu-fault" },
	{ "Partial TLB flush timed out", .kind = "mtk-iommu-timeout" },
};

const struct fault_family fault_mediatek = { "mediatek", mediatek_forms,
					     ARRAY_SIZE(mediatek_forms), false };

/*
 * drivers/iommu/exynos-iommu.c, show_fault_information(): "master: [READ] PAGE FAULT
 * occurred at address", without the access up to 6.1. A BUG or panic follows.
 */

static void decode_exynos(struct finding *f, const struct pattern_match *m)
{
	struct text master = m->captures[1], rest = TEXT_NONE;
	ptrdiff_t colon = text_find(master, TEXT(": "), 0), close;

	if (colon > 0) {
		rest = text_from(master, (size_t)colon + 2);
		master.n = (size_t)colon;
	}
	close = rest.n && rest.s[0] == '[' ? text_find(rest, TEXT("] "), 0) : -1;
	if (close > 0) {
		fault_add(f, "access", "%.*s", (int)close - 1, rest.s + 1);
		rest = text_from(rest, (size_t)close + 2);
	}
	text_copy(f->device, sizeof(f->device), m->captures[0]);
	fault_add(f, "master", "%.*s", TEXT_ARG(master));
	if (rest.n)
		fault_add(f, "type", "%.*s fault", TEXT_ARG(rest));
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[2]));
	snprintf(f->title, sizeof(f->title), "fault of %.*s", TEXT_ARG(master));
}

static const struct fault_form exynos_forms[] = {
	{ "exynos-sysmmu %w: %s FAULT occurred at %x", .kind = "exynos-sysmmu-fault",
	  .decode = decode_exynos },
	{ "FAULT occurred at %x", .kind = "exynos-sysmmu-fault", .fields = "address=$0" },
};

const struct fault_family fault_exynos = { "exynos", exynos_forms,
					   ARRAY_SIZE(exynos_forms), false };

/*
 * drivers/iommu/ipmmu-vmsa.c, ipmmu_domain_irq(). IMSTR: R-Car series hardware manual,
 * "IPMMU", and the driver's IMSTR_* names.
 */

static const struct fault_bit imstr_bits[] = {
	{ 0, "translation" },
	{ 1, "permission" },
	{ 2, "abort" },
	{ 4, "multiple hits" },
};

static void decode_ipmmu(struct finding *f, const struct pattern_match *m)
{
	uint64_t status = pattern_hex(m->captures[0]);
	const char *word;
	char words[104];

	fault_add(f, "IMSTR", "%s",
		  fault_describe_bits(words, sizeof(words), status, imstr_bits,
				      ARRAY_SIZE(imstr_bits)));
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[1]));
	word = fault_first_bit(status, imstr_bits, ARRAY_SIZE(imstr_bits));
	snprintf(f->title, sizeof(f->title), "%s fault", word ? word : "unknown");
}

static const struct fault_form ipmmu_forms[] = {
	{ "Unhandled fault: status %x iova %x", .kind = "ipmmu-fault",
	  .decode = decode_ipmmu },
	{ "ipmmu-vmsa %w Unhandled fault: status %x", .kind = "ipmmu-fault" },
	{ "Page Table Walk Abort @%x", .kind = "ipmmu-fault", .fields = "iova=$0",
	  .title = "page table walk abort" },
	{ "Multiple TLB hits @%x", .kind = "ipmmu-fault", .fields = "iova=$0",
	  .title = "multiple TLB hits" },
	{ "TLB sync timed out -- MMU may be deadlocked",
	  .kind = "ipmmu-tlb-sync-timeout" },
};

const struct fault_family fault_ipmmu = { "ipmmu-vmsa", ipmmu_forms,
					  ARRAY_SIZE(ipmmu_forms), false };

/*
 * Tegra's memory controllers report what their SMMU refuses: drivers/memory/tegra/mc.c,
 * tegra20.c, tegra264.c: "client: secure write @address: error (kind [flags])".
 */

/* The words may be "client: read", and the device's name before them is dev_err()'s. */
static void decode_tegra(struct finding *f, const struct pattern_match *m)
{
	ptrdiff_t space = text_find(m->captures[0], TEXT(": "), 0);
	struct text device = m->captures[0];

	if (space > 0)
		device.n = (size_t)space;
	text_copy(f->device, sizeof(f->device), device);
	if (space > 0)
		fault_add(f, "access", "%.*s",
			  TEXT_ARG(text_from(m->captures[0], (size_t)space + 2)));
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "error", "%.*s", TEXT_ARG(m->captures[2]));
	snprintf(f->title, sizeof(f->title), "%s%s%.*s",
		 fault_field(f, "access") ? fault_field(f, "access") : "",
		 fault_field(f, "access") ? ": " : "", TEXT_ARG(m->captures[2]));
}

static const struct fault_form tegra_forms[] = {
	{ "tegra-mc %s @%x: %s", .kind = "tegra-mc-fault", .decode = decode_tegra },
	{ "tegra264-mc %s @%x: %s", .kind = "tegra-mc-fault", .decode = decode_tegra },
};

const struct fault_family fault_tegra = { "tegra", tegra_forms, ARRAY_SIZE(tegra_forms),
					  false };

/*
 * drivers/iommu/apple-dart.c, apple_dart_t8020_irq() and apple_dart_t8110_irq(). The
 * words in brackets are the driver's own decoding of the code.
 */

static const struct fault_form dart_forms[] = {
	{ "translation fault: status:%x stream:%d code:%x (%s) at %x",
	  .kind = "dart-fault", .fields = "status=$0; stream=$1; code=$2: $3; address=$4",
	  .title = "translation fault of stream $1: $3" },
	{ "translation fault: status:%x stream:%d", .kind = "dart-fault" },
	{ "busy bit did not clear after command %x for stream", .kind = "dart-timeout" },
};

const struct fault_family fault_dart = { "apple-dart", dart_forms, ARRAY_SIZE(dart_forms),
					 false };

/* drivers/iommu/sun50i-iommu.c, sun50i_iommu_report_fault() and the TLB's flushes. */

static const struct fault_form sun50i_forms[] = {
	{ "Page fault for %x (master %d, dir wr)", .kind = "sun50i-iommu-fault",
	  .fields = "iova=$0; master=$1; access=write",
	  .title = "page fault of master $1, write" },
	{ "Page fault for %x (master %d, dir rd)", .kind = "sun50i-iommu-fault",
	  .fields = "iova=$0; master=$1; access=read",
	  .title = "page fault of master $1, read" },
	{ "sun50i-iommu %w Page fault for %x", .kind = "sun50i-iommu-fault" },
	{ "Page fault while iommu not attached to any domain",
	  .kind = "sun50i-iommu-fault" },
	{ "TLB Flush timed out!", .kind = "sun50i-iommu-timeout" },
	{ "TLB invalidation timed out!", .kind = "sun50i-iommu-timeout" },
	{ "PTW cache invalidation timed out!", .kind = "sun50i-iommu-timeout" },
};

const struct fault_family fault_sun50i = { "sun50i", sun50i_forms,
					   ARRAY_SIZE(sun50i_forms), false };

/*
 * drivers/iommu/riscv/iommu.c. Causes: RISC-V IOMMU Architecture Specification,
 * "Fault/Event-Queue", table of CAUSE encodings.
 */

static const struct fault_code causes[] = {
	{ 1, "instruction access fault" },
	{ 4, "read address misaligned" },
	{ 5, "read access fault" },
	{ 6, "write address misaligned" },
	{ 7, "write access fault" },
	{ 12, "instruction page fault" },
	{ 13, "read page fault" },
	{ 15, "write page fault" },
	{ 20, "instruction guest page fault" },
	{ 21, "read guest page fault" },
	{ 23, "write guest page fault" },
	{ 256, "all inbound transactions disallowed" },
	{ 257, "DDT entry load access fault" },
	{ 258, "DDT entry not valid" },
	{ 259, "DDT entry misconfigured" },
	{ 260, "transaction type disallowed" },
	{ 261, "MSI PTE load access fault" },
	{ 262, "MSI PTE not valid" },
	{ 263, "MSI PTE misconfigured" },
	{ 264, "MRIF access fault" },
	{ 265, "PDT entry load access fault" },
	{ 266, "PDT entry not valid" },
	{ 267, "PDT entry misconfigured" },
	{ 268, "DDT data corruption" },
	{ 269, "PDT data corruption" },
	{ 270, "MSI page table data corruption" },
	{ 271, "MRIF data corruption" },
	{ 272, "internal data path error" },
	{ 273, "MSI write access fault" },
	{ 274, "page table data corruption" },
};

static void decode_riscv_iommu(struct finding *f, const struct pattern_match *m)
{
	unsigned int cause = (unsigned int)pattern_number(m->captures[0], 10);
	const char *word = fault_code_word(cause, causes, ARRAY_SIZE(causes));

	fault_add(f, "cause", "%u%s%s", cause, word ? ": " : "", word ? word : "");
	fault_add(f, "device-id", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "iotval", "%.*s", TEXT_ARG(m->captures[2]));
	fault_add(f, "iotval2", "%.*s", TEXT_ARG(m->captures[3]));
	snprintf(f->title, sizeof(f->title), "%s of device id %.*s",
		 word ? word : "fault", TEXT_ARG(m->captures[1]));
}

static const struct fault_form riscv_iommu_forms[] = {
	{ "Fault %d devid: %x iotval: %x iotval2: %x", .kind = "riscv-iommu-fault",
	  .decode = decode_riscv_iommu },
	{ "Fault %d devid: %x iotval", .kind = "riscv-iommu-fault" },
	{ "Queue #%d error; fault:%d timeout:%d illegal:%d",
	  .kind = "riscv-iommu-queue" },
	{ "Queue #%d error; memory fault:%d overflow:%d", .kind = "riscv-iommu-queue" },
	{ "Hardware error: queue access timeout", .kind = "riscv-iommu-queue" },
	{ "Hardware error: command enqueue failed", .kind = "riscv-iommu-queue" },
	{ "Hardware error: command execution timeout", .kind = "riscv-iommu-queue" },
};

const struct fault_family fault_riscv_iommu = { "riscv-iommu", riscv_iommu_forms,
						ARRAY_SIZE(riscv_iommu_forms), false };

/*
 * Drivers with one or two messages: drivers/iommu/omap-iommu.c, msm_iommu.c, fsl_pamu.c,
 * and what the core says (drivers/iommu/iommu.c, iommufd/main.c). A form names the
 * driver where it is another.
 */

static const struct fault_form core_forms[] = {
	{ "errs:%x da:%x pgd:", .kind = "omap-iommu-fault",
	  .fields = "driver=omap; errs=$0; da=$1" },
	{ "Unexpected IOMMU page fault!", .kind = "msm-iommu-fault",
	  .fields = "driver=msm-iommu" },
	{ "access violation interrupt", .kind = "pamu-fault",
	  .fields = "driver=fsl-pamu" },
	{ "Time out waiting for iommufd object to become free", .kind = "iommufd-stuck",
	  .fields = "driver=iommufd" },
	{ "fsl-pamu: %w %w=%x", .role = FAULT_MORE },
	{ "Removing from iommu group ", .role = FAULT_GROUP },
	{ "Adding to iommu group %d", .role = FAULT_JOIN },
	{ "callbacks suppressed", .role = FAULT_SUPPRESSED },
	{ "IOMMU driver error, requesting conflicting def_domain_type",
	  .kind = "iommu-setup", .role = FAULT_NOTE },
	{ "Failed to set up IOMMU for device %w; retaining platform DMA ops",
	  .kind = "iommu-setup", .role = FAULT_NOTE, .fields = "device=$0" },
};

const struct fault_family fault_others = { "iommu-core", core_forms,
					   ARRAY_SIZE(core_forms), false };

/*
 * VFIO: drivers/vfio/vfio_main.c and pci/vfio_pci_core.c wait for the user; drivers/pci
 * waits for a device that vfio-pci owns and that does not answer.
 */

static void decode_ready(struct finding *f, const struct pattern_match *m)
{
	struct text after = m->captures[2];

	fault_set_device(f, m->captures[0]);
	fault_add(f, "waited-ms", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "after", "%.*s", TEXT_ARG(m->captures[2]));
	if (text_ends(after, TEXT(";")))
		after.n--;
	snprintf(f->title, sizeof(f->title), "not ready after %.*s", TEXT_ARG(after));
}

static const struct fault_form vfio_forms[] = {
	{ "Relaying device request to user (#%d", .kind = "vfio-stuck" },
	{ "No device request channel registered, ", .kind = "vfio-stuck" },
	{ "Device is currently in use, task \"%s\" (%d) blocked until",
	  .kind = "vfio-stuck", .fields = "task=$0 ($1)" },
	{ "vfio-pci %w not ready %dms after %w", .kind = "vfio-error",
	  .decode = decode_ready },
	{ "vfio-pci %w Unable to change power state from %w to %w device inaccessible",
	  .kind = "vfio-error", .fields = "device=$0", .title = "stays in $1" },
	{ "vfio-pci %w Unable to change power state from %w", .kind = "vfio-error",
	  .fields = "device=$0", .title = "does not answer" },
	{ "vfio-pci %w Refused to change power state, currently", .kind = "vfio-error",
	  .fields = "device=$0", .title = "does not answer" },
	{ "vfio-pci %w Failed to return from FLR", .kind = "vfio-error",
	  .fields = "device=$0", .title = "does not answer" },
	{ "vfio-pci %w timed out waiting for pending transaction", .kind = "vfio-error",
	  .fields = "device=$0", .title = "does not answer" },
	{ "vfio-pci %w bus failed with %d", .kind = "vfio-error", .fields = "device=$0",
	  .title = "does not answer" },
	{ "reset driver is required and reset call failed in", .kind = "vfio-error" },
};

const struct fault_family fault_vfio = { "vfio", vfio_forms, ARRAY_SIZE(vfio_forms),
					 false };

/* kernel/dma/swiotlb.c: bounce buffers are used up (lib/swiotlb.c before 4.19). */

static const struct fault_form swiotlb_forms[] = {
	{ "swiotlb buffer is full (sz: %d bytes), total %d (slots), used %d",
	  .kind = "swiotlb-full", .fields = "size=$0; slots=$1; used=$2" },
	{ "swiotlb buffer is full (sz: %d bytes)", .kind = "swiotlb-full",
	  .fields = "size=$0" },
	{ "swiotlb buffer is full", .kind = "swiotlb-full" },
	{ "Out of SW-IOMMU space for %d bytes", .kind = "swiotlb-full",
	  .fields = "size=$0" },
	{ "swiotlb: coherent allocation failed", .kind = "swiotlb-full" },
	{ "Can not allocate SWIOTLB buffer earlier", .kind = "swiotlb-full" },
	{ "software IO TLB: Failed to allocate new pool", .kind = "swiotlb-full" },
	{ "DMA-API: cacheline tracking ENOMEM", .kind = "dma-debug-off",
	  .role = FAULT_NOTE },
	{ "DMA-API: debugging out of memory - disabling", .kind = "dma-debug-off",
	  .role = FAULT_NOTE },
};

const struct fault_family fault_swiotlb = { "swiotlb", swiotlb_forms,
					    ARRAY_SIZE(swiotlb_forms), false };

/*
 * What the platform's own error reporting says: it is no IOMMU's fault, but comes with
 * them. drivers/pci/pcie/aer.c and dpc.c, arch/x86/kernel/cpu/mce, drivers/acpi/apei.
 */

static const struct fault_form hardware_forms[] = {
	{ "AER: %s error received:", .kind = "pcie-aer", .role = FAULT_LEAD },
	{ "AER: %s error message received from ", .kind = "pcie-aer",
	  .role = FAULT_LEAD },
	{ "PCIe Bus Error: severity=%s, type=", .kind = "pcie-aer",
	  .fields = "severity=$0", .title = "PCIe bus error, $0" },
	{ "DPC: containment event, status:%x", .kind = "pcie-dpc",
	  .fields = "status=$0" },
	{ "DPC: containment event", .kind = "pcie-dpc" },
	{ "DPC containment event, status:%x", .kind = "pcie-dpc", .fields = "status=$0" },
	{ "DPC containment event", .kind = "pcie-dpc" },
	{ "[Hardware Error]: Machine check events logged", .kind = "mce" },
	{ "[Hardware Error]: CPU %d: Machine Check: %d Bank ", .kind = "mce" },
	{ "Machine Check Exception: ", .kind = "mce" },
	{ "Hardware error from APEI Generic Hardware Error Source", .kind = "apei-ghes" },
};

const struct fault_family fault_hardware = { "", hardware_forms,
					     ARRAY_SIZE(hardware_forms), true };
