/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the classifier's benchmark repeats. */
#pragma once

/* As a boot is: one line in thirty joins an IOMMU group. */
static const char *const bench_boot[] = {
	"pci 0000:00:1f.3: [8086:a348] type 00 class 0x040300 conventional PCI endpoint",
	"pci 0000:00:1f.3: BAR 0 [mem 0x6009310000-0x6009313fff 64bit]",
	"pci 0000:00:1f.3: PME# supported from D3hot D3cold",
	"usb 1-8: New USB device found, idVendor=8087, idProduct=0a2b, bcdDevice= 0.10",
	"usb 1-8: New USB device strings: Mfr=0, Product=0, SerialNumber=0",
	"clk: Disabling unused clocks",
	"e1000e 0000:00:1f.6 eth0: (PCI Express:2.5GT/s:Width x1) 54:e1:ad:5b:04:21",
	"e1000e 0000:00:1f.6 eth0: Intel(R) PRO/1000 Network Connection",
	"systemd[1]: Listening on systemd-udevd-control.socket - udev Control Socket.",
	"systemd[1]: Mounting dev-hugepages.mount - Huge Pages File System...",
	"pci 0000:01:00.0: Adding to iommu group 14",
	"ACPI: PM: Power Resource [PC01]",
	"ACPI: \\_SB_.PCI0.RP05.PXSX: New power resource",
	"EXT4-fs (nvme0n1p2): mounted filesystem with ordered data mode. Quota mode: none.",
	"arm-smmu-v3 9050000.smmuv3: allocated 262144 entries for cmdq",
	"input: AT Translated Set 2 keyboard as /devices/platform/i8042/serio0/input/input3",
	"Memory: 16158340K/16651260K available (16384K kernel code, 2693K rwdata, 8276K rodata)",
	"rcu: Preemptible hierarchical RCU implementation.",
	"rcu: RCU restricting CPUs from NR_CPUS=8192 to nr_cpu_ids=8.",
	"NR_IRQS: 64, nr_irqs: 64, preallocated irqs: 0",
	"GICv3: 256 SPIs implemented",
	"arch_timer: cp15 timer(s) running at 62.50MHz (virt).",
	"smp: Brought up 1 node, 8 CPUs",
	"devtmpfs: initialized",
	"NET: Registered PF_INET6 protocol family",
	"Freeing initrd memory: 32768K",
	"nvme nvme0: 8/0/0 default/read/poll queues",
	"audit: type=2000 audit(0.044:1): state=initialized audit_enabled=0 res=1",
	"snd_hda_intel 0000:00:1f.3: enabling device (0000 -> 0002)",
	"random: crng init done",
};

static const char *const bench_oops[] = {
	"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000098",
	"Mem abort info:",
	"  ESR = 0x0000000096000004",
	"Internal error: Oops: 0000000096000004 [#1] SMP",
	"Modules linked in: virtio_net net_failover failover",
	"CPU: 0 PID: 23 Comm: kworker/0:1 Not tainted 6.1.0-test #1",
	"pc : iommu_get_dma_domain+0x14/0x20",
	"lr : iommu_dma_map_page+0x9c/0x254",
	"x29: ffff80000b3b3a90 x28: ffff0000c0a48000 x27: ffff0000c1d4c000",
	"Call trace:",
	" iommu_get_dma_domain+0x14/0x20",
	" dma_map_page_attrs+0x1ec/0x250",
	" cp_start_xmit+0x14c/0x10b0 [8139cp]",
	"Code: d503201f f9416800 d503233f d50323bf (f9404c00)",
	"---[ end trace 0000000000000000 ]---",
};

static const char *const bench_headers[] = {
	"BUG: unable to handle page fault for address: ffffffffffffffd8",
	"WARNING: CPU: 1 PID: 2 at drivers/iommu/iommu.c:3049 iommu_detach_group+0x8/0x10",
	"general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
};

static const char *const bench_faults[] = {
	"arm-smmu 5000000.iommu: GFSR 0x80000002, GFSYNR0 0x2, GFSYNR1 0x429, GFSYNR2 0x0",
	"arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout at 0x1 [hwprod 0x1, hwcons 0x0]",
	"DMAR: [DMA Read] Request device [00:02.0] fault addr 0 [fault reason 06] PTE Read",
	"AMD-Vi: Event logged [IO_PAGE_FAULT device=0b:00.0 domain=0x1 address=0x3 flags=0x0]",
};

/* Each begins before the one above it has come to its end. */
static const char *const bench_nested[] = {
	"------------[ cut here ]------------",
	"WARNING: CPU: 1 PID: 2 at drivers/iommu/iommu.c:3049 iommu_detach_group+0x8/0x10",
	"Call Trace:",
	" iommu_detach_group+0x8/0x10",
	"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [ksoftirqd/0:13]",
	"rcu: INFO: rcu_sched self-detected stall on CPU",
	"Call trace:",
	" iommu_get_dma_domain+0x14/0x20",
};
