// SPDX-License-Identifier: GPL-2.0-or-later
#include "blame.h"

/* A name that ends in '*' is a prefix. */
static const char *const generic[] = {
	"dump_stack*",
	"__dump_stack",
	"show_stack*",
	"dump_backtrace*",
	"show_trace*",
	"unwind_backtrace",
	"print_address_description*",
	"print_report",
	"kasan_*",
	"__kasan_*",
	"__asan_*",
	"__warn*",
	"warn_slowpath*",
	"report_bug",
	"panic",
	"vpanic",
	"nmi_panic",
	"oops_*",
	"__die*",
	"die*",
	"do_trap*",
	"do_error_trap",
	"exc_*",
	"asm_exc_*",
	"do_page_fault",
	"page_fault*",
	"__do_kernel_fault",
	"__do_user_fault",
	"bad_page_fault*",
	"no_context",
	"__bad_area*",
	"fixup_bug*",
	"handle_bug",
	"do_invalid_op",
	"invalid_op",
	"do_general_protection",
	"general_protection",
	"do_mem_abort",
	"do_translation_fault",
	"el1*",
	"do_DataAbort",
	"__dabt_svc",
	"__und_svc",
	"do_undefinstr",
	"arm_notify_die",
	"bug_handler",
	"call_break_hook",
	"brk_handler",
	"do_debug_exception",
	"refcount_warn_saturate",
	"refcount_*",
	"__refcount_*",
	"kref_*",
	"__list_del_entry_valid*",
	"__list_add_valid*",
	"list_del_corruption*",
	"__ubsan_*",
	"ubsan_*",
	"debug_dma_*",
	"check_unmap",
	"check_sync",
	"err_printk",
	"add_dma_entry",
	"memcpy*",
	"__memcpy*",
	"memset*",
	"__memset*",
	"memmove*",
	"__memmove*",
	"memcmp*",
	"strlen",
	"strcmp",
	"strncmp",
	"strcpy",
	"strnlen",
	"_raw_spin_*",
	"_raw_read_*",
	"_raw_write_*",
	"_raw_*",
	"do_raw_spin_*",
	"queued_spin_lock_slowpath",
	"native_queued_spin_lock_slowpath",
	"__pv_queued_spin_lock_slowpath",
	"__raw_spin_*",
	"rcu_dump_cpu_stacks*",
	"rcu_check_gp_*",
	"rcu_sched_clock_irq",
	"print_cpu_stall*",
	"print_other_cpu_stall*",
	"check_cpu_stall*",
	"rcu_pending",
	"nmi_cpu_backtrace*",
	"nmi_trigger_*",
	"trigger_*",
	"sched_show_task*",
	"show_regs",
	"dump_task_*",
	"watchdog*",
	"lockup_detector*",
	"print_circular_bug*",
	"check_noncircular",
	"check_prev_add*",
	"validate_chain",
	"__lock_acquire",
	"lock_acquire",
	"lock_release",
	"__might_sleep",
	"__might_resched",
	"___might_sleep",
	"print_unlock_imbalance_bug*",
	"print_usage_bug*",
	"print_deadlock_bug*",
	"print_bad_irq_dependency*",
	"print_irq_inversion_bug*",
	"check_irq_usage",
	"check_deadlock",
	"register_lock_class",
	"mark_lock*",
	"lockdep_*",
	"mutex_lock*",
	"__mutex_lock*",
	"down_write*",
	"down_read*",
	"asm_*",
	"sysvec_*",
	"__sysvec_*",
	"common_interrupt",
	"dump_*",
	"__schedule_bug",
	"__switch_to",
	"context_switch",
	"schedule",
	"schedule_preempt_disabled",
	"io_schedule*",
	"rwsem_down_*",
	"__down_*",
	"wait_for_completion*",
	"__wait_for_common",
	"wait_for_common",
	"do_wait_for_common",
	"__schedule",
	"schedule_timeout",
};

struct iommu_name {
	const char *name; /* of a function; '*' at its end: a prefix */
	const char *driver;
};

/*
 * drivers/iommu, drivers/vfio, kernel/dma and the firmware glue that configures DMA. The
 * first that fits wins.
 */
static const struct iommu_name functions[] = {
	{ "arm_smmu_cmdq_*", "arm-smmu-v3" },
	{ "arm_smmu_evtq_*", "arm-smmu-v3" },
	{ "arm_smmu_mm_*", "arm-smmu-v3" },
	{ "tegra241_*", "arm-smmu-v3" },
	{ "arm_smmu_*", "arm-smmu" },
	{ "__arm_smmu_*", "arm-smmu" },
	{ "qcom_iommu_*", "arm-smmu" },
	{ "qcom_smmu_*", "arm-smmu" },
	{ "qcom_tbu_*", "arm-smmu" },
	{ "nvidia_smmu_*", "arm-smmu" },
	{ "arm_mmu500_*", "arm-smmu" },
	{ "intel_iommu_*", "intel-vtd" },
	{ "intel_*iotlb*", "intel-vtd" },
	{ "qi_submit_sync", "intel-vtd" },
	{ "qi_flush_*", "intel-vtd" },
	{ "dmar_*", "intel-vtd" },
	{ "intel_svm_*", "intel-vtd" },
	{ "intel_pasid_*", "intel-vtd" },
	{ "intel_nested_*", "intel-vtd" },
	{ "intel_map_*", "intel-vtd" },
	{ "intel_unmap_*", "intel-vtd" },
	{ "intel_alloc_iova", "intel-vtd" },
	{ "intel_irq_remapping_*", "intel-vtd" },
	{ "intel_ir_*", "intel-vtd" },
	{ "__intel_map_*", "intel-vtd" },
	{ "__dmar_*", "intel-vtd" },
	{ "domain_exit", "intel-vtd" },
	{ "domain_unmap", "intel-vtd" },
	{ "domain_attach_iommu", "intel-vtd" },
	{ "domain_detach_iommu", "intel-vtd" },
	{ "domain_remove_dev_*", "intel-vtd" },
	{ "device_to_iommu", "intel-vtd" },
	{ "alloc_iommu", "intel-vtd" },
	{ "free_iommu", "intel-vtd" },
	{ "free_dmar_iommu", "intel-vtd" },
	{ "init_dmars", "intel-vtd" },
	{ "modify_irte*", "intel-vtd" },
	{ "alloc_irte", "intel-vtd" },
	{ "dma_pte_*", "intel-vtd" },
	{ "qi_desc_*", "intel-vtd" },
	{ "qi_check_fault", "intel-vtd" },
	{ "qi_dump_fault", "intel-vtd" },
	{ "domain_context_mapping*", "intel-vtd" },
	{ "__domain_mapping", "intel-vtd" },
	{ "iommu_flush_*", "intel-vtd" },
	{ "amd_iommu_*", "amd-vi" },
	{ "amd_ir_*", "amd-vi" },
	{ "__modify_irte*", "amd-vi" },
	{ "increase_address_space", "amd-vi" },
	{ "device_flush_*", "amd-vi" },
	{ "domain_flush_*", "amd-vi" },
	{ "__domain_flush_*", "amd-vi" },
	{ "iommu_v1_*", "amd-vi" },
	{ "iommu_completion_wait", "amd-vi" },
	{ "zpci_dma_*", "s390-iommu" },
	{ "s390_iommu_*", "s390-iommu" },
	{ "s390_dma_*", "s390-iommu" },
	{ "s390_domain_*", "s390-iommu" },
	{ "viommu_*", "virtio-iommu" },
	{ "rk_iommu_*", "rockchip" },
	{ "rk_dte_*", "rockchip" },
	{ "mtk_iommu_*", "mediatek" },
	{ "exynos_iommu_*", "exynos" },
	{ "exynos_sysmmu_*", "exynos" },
	{ "sysmmu_*", "exynos" },
	{ "__sysmmu_*", "exynos" },
	{ "ipmmu_*", "ipmmu-vmsa" },
	{ "tegra_smmu_*", "tegra" },
	{ "apple_dart_*", "apple-dart" },
	{ "dart_*", "apple-dart" },
	{ "sun50i_iommu_*", "sun50i" },
	{ "riscv_iommu_*", "riscv-iommu" },
	{ "omap_iommu_*", "omap" },
	{ "_omap_iommu*", "omap" },
	{ "omap2_iommu*", "omap" },
	{ "iopgtable_*", "omap" },
	{ "iopte_*", "omap" },
	{ "iommufd_*", "iommufd" },
	{ "_iommufd_*", "iommufd" },
	{ "iopt_*", "iommufd" },
	{ "pfn_reader_*", "iommufd" },
	{ "mock_domain_*", "iommufd" },
	{ "vfio_*", "vfio" },
	{ "__vfio_*", "vfio" },
	{ "mdev_*", "vfio" },
	{ "tce_iommu_*", "vfio" },
	{ "mlx5vf_*", "vfio" },
	{ "hisi_acc_v*", "vfio" },
	{ "vf_qm_*", "vfio" },
	{ "pds_vfio_*", "vfio" },
	{ "qat_vf_*", "vfio" },
	{ "virtiovf_*", "vfio" },
	{ "nvgrace_gpu_*", "vfio" },
	{ "free_iova*", "iova" },
	{ "alloc_iova*", "iova" },
	{ "iova_*", "iova" },
	{ "__iova_*", "iova" },
	{ "__free_iova", "iova" },
	{ "queue_iova", "iova" },
	{ "reserve_iova", "iova" },
	{ "find_iova", "iova" },
	{ "remove_iova", "iova" },
	{ "fq_ring_*", "iova" },
	{ "__alloc_and_insert_iova_range", "iova" },
	{ "init_iova_*", "iova" },
	{ "put_iova_domain", "iova" },
	{ "fq_flush_timeout", "dma-iommu" },
	{ "iommu_dma_*", "dma-iommu" },
	{ "__iommu_dma_*", "dma-iommu" },
	{ "iommu_get_dma_domain", "dma-iommu" },
	{ "iommu_setup_dma_ops", "dma-iommu" },
	{ "arm_lpae_*", "io-pgtable" },
	{ "__arm_lpae_*", "io-pgtable" },
	{ "arm_v7s_*", "io-pgtable" },
	{ "__arm_v7s_*", "io-pgtable" },
	{ "arm_64_lpae_*", "io-pgtable" },
	{ "arm_32_lpae_*", "io-pgtable" },
	{ "arm_mali_lpae_*", "io-pgtable" },
	{ "io_pgtable_*", "io-pgtable" },
	{ "alloc_io_pgtable*", "io-pgtable" },
	{ "free_io_pgtable*", "io-pgtable" },
	{ "swiotlb_*", "swiotlb" },
	{ "__swiotlb_*", "swiotlb" },
	{ "dma_direct_*", "dma-direct" },
	{ "dma_map_*", "dma-direct" },
	{ "__dma_map_*", "dma-direct" },
	{ "dma_unmap_*", "dma-direct" },
	{ "dma_alloc_*", "dma-direct" },
	{ "dma_free_*", "dma-direct" },
	{ "dma_common_*", "dma-direct" },
	{ "dma_sync_*", "dma-direct" },
	{ "__dma_direct_*", "dma-direct" },
	{ "__dma_alloc_*", "dma-direct" },
	{ "__dma_sync_*", "dma-direct" },
	{ "dma_mmap_*", "dma-direct" },
	{ "dma_vmap_*", "dma-direct" },
	{ "dma_vunmap_*", "dma-direct" },
	{ "dma_iova_*", "dma-direct" },
	{ "dma_set_*", "dma-direct" },
	{ "dma_supported", "dma-direct" },
	{ "dma_addressing_limited", "dma-direct" },
	{ "dma_can_mmap", "dma-direct" },
	{ "dma_contiguous_*", "dma-direct" },
	{ "dma_atomic_pool*", "dma-direct" },
	{ "dma_dummy_*", "dma-direct" },
	{ "debug_dma_*", "dma-debug" },
	{ "dma_entry_*", "dma-debug" },
	{ "iort_*", "iommu-core" },
	{ "of_dma_configure*", "iommu-core" },
	{ "of_iommu_*", "iommu-core" },
	{ "acpi_dma_configure*", "iommu-core" },
	{ "irq_remapping_*", "iommu-core" },
	{ "iopf_*", "iommu-core" },
	{ "msm_iommu_*", "iommu-core" },
	{ "sprd_iommu_*", "iommu-core" },
	{ "fsl_pamu_*", "iommu-core" },
	{ "pamu_*", "iommu-core" },
	{ "vsi_iommu_*", "iommu-core" },
	{ "pt_iommu_*", "iommu-core" },
	{ "iommu_*", "iommu-core" },
	{ "__iommu_*", "iommu-core" },
};

static const struct iommu_name files[] = {
	{ "drivers/iommu/arm/arm-smmu-v3/", "arm-smmu-v3" },
	{ "drivers/iommu/arm-smmu-v3", "arm-smmu-v3" },
	{ "drivers/iommu/arm/arm-smmu/", "arm-smmu" },
	{ "drivers/iommu/arm-smmu", "arm-smmu" },
	{ "drivers/iommu/intel", "intel-vtd" },
	{ "drivers/iommu/dmar", "intel-vtd" },
	{ "drivers/iommu/amd", "amd-vi" },
	{ "drivers/iommu/s390", "s390-iommu" },
	{ "arch/s390/pci/pci_dma.c", "s390-iommu" },
	{ "drivers/iommu/virtio", "virtio-iommu" },
	{ "drivers/iommu/rockchip", "rockchip" },
	{ "drivers/iommu/mtk", "mediatek" },
	{ "drivers/iommu/exynos", "exynos" },
	{ "drivers/iommu/ipmmu", "ipmmu-vmsa" },
	{ "drivers/iommu/tegra", "tegra" },
	{ "drivers/iommu/apple", "apple-dart" },
	{ "drivers/iommu/sun50i", "sun50i" },
	{ "drivers/iommu/riscv", "riscv-iommu" },
	{ "drivers/iommu/iommufd", "iommufd" },
	{ "drivers/iommu/dma-iommu.c", "dma-iommu" },
	{ "drivers/iommu/iova.c", "iova" },
	{ "drivers/iommu/io-pgtable", "io-pgtable" },
	{ "drivers/iommu/", "iommu-core" },
	{ "drivers/vfio/", "vfio" },
	{ "kernel/dma/debug.c", "dma-debug" },
	{ "kernel/dma/swiotlb.c", "swiotlb" },
	{ "kernel/dma/", "dma-direct" },
	{ "lib/dma-debug.c", "dma-debug" },
	{ "drivers/acpi/arm64/iort.c", "iommu-core" },
};

static bool name_fits(const char *name, struct text function)
{
	struct text t, head;
	const char *star;

	/* powerpc's ELFv1: the entry point of a function starts with a dot. */
	if (function.n > 1 && function.s[0] == '.')
		function = text_from(function, 1);
	if (!function.n || name[0] != function.s[0])
		return false;
	t = text_of(name);
	star = memchr(t.s, '*', t.n);
	if (!star)
		return text_equal(function, t);
	head = (struct text){ t.s, (size_t)(star - t.s) };
	if (!text_starts(function, head))
		return false;
	/* A second star: what stands between must occur. */
	t = text_from(t, head.n + 1);
	return !t.n || text_has(function, (struct text){ t.s, t.n - 1 });
}

/* The first functions of a trace that the kernel prints about itself. */
static const char *const machinery[] = {
	"dump_stack*",
	"__dump_stack",
	"show_stack*",
	"dump_backtrace*",
	"show_trace*",
	"unwind_backtrace",
	"print_*",
	"ubsan_*",
	"__ubsan_*",
	"spin_bug",
	"spin_dump",
	"__might_sleep",
	"___might_sleep",
	"__might_resched",
	"__cant_sleep",
	"__cant_migrate",
	"rwlock_bug*",
	"do_raw_write_*",
	"do_raw_read_*",
	"__schedule_bug",
	"check_preemption_disabled",
	"debug_smp_processor_id",
	"__this_cpu_preempt_check",
	"__schedule",
	"schedule",
	"schedule_timeout",
	"preempt_schedule*",
	"warn_slowpath*",
	"__warn*",
	"report_bug",
	"handle_bug",
	"exc_invalid_op",
	"asm_exc_invalid_op",
	"debug_dma_*",
	"rcu_dump_cpu_stacks*",
	"nmi_*",
	"sched_show_task",
	"panic",
	"vpanic",
};

bool blame_is_machinery(struct text function)
{
	for (size_t i = 0; i < ARRAY_SIZE(machinery); i++)
		if (name_fits(machinery[i], function))
			return true;
	return false;
}

bool blame_is_generic(struct text function)
{
	for (size_t i = 0; i < ARRAY_SIZE(generic); i++)
		if (name_fits(generic[i], function))
			return true;
	return false;
}

bool blame_is_iommu(struct text function, const char **ret_driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (!name_fits(functions[i].name, function))
			continue;
		*ret_driver = functions[i].driver;
		return true;
	}
	return false;
}

bool blame_is_iommu_file(struct text path, const char **ret_driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!text_has(path, text_of(files[i].name)))
			continue;
		*ret_driver = files[i].driver;
		return true;
	}
	return false;
}

static struct text without_dot(const char *function)
{
	return text_of(function[0] == '.' && function[1] ? function + 1 : function);
}

struct text blame_function(const struct finding *f)
{
	if (f->function[0] && !blame_is_generic(text_of(f->function)))
		return without_dot(f->function);
	for (size_t i = 0; i < f->n_frames; i++)
		if (f->frames[i].reliable &&
		    !blame_is_generic(text_of(f->frames[i].function)))
			return without_dot(f->frames[i].function);
	return without_dot(f->function);
}
