// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of virtual boards, and how QEMU is told to be one. */
#include "board/board.h"

#include "base/num.h"
#include "nic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * earlycon: a kernel that dies before its console driver is there shall still be heard.
 * virtio's drivers bypass the IOMMU unless iommu_platform says that they must not.
 */
#define VIRTIO_NIC "virtio-net-pci,iommu_platform=on,disable-legacy=on"

/* Behind a port, as on real boards. */
#define PCIE_SLOT .slot = "pcie-root-port,id=rp0,bus=pcie.0,chassis=1", .plug = "bus=rp0"

/*
 * Else the kernel, which sees no reason to trust an emulated TSC, takes the HPET for its
 * clock: reading that means to wait for all of QEMU, for milliseconds at times. And on a
 * busy host its timer makes too few ticks in the loops by which it is tried out: panic.
 */
#define AMD64_CLOCK "tsc=reliable no_timer_check"

/*
 * Nothing that costs time when it comes and goes: one small BAR, and no interrupt, whose way
 * ACPI's interpreter would look up each time that the device is switched on and off.
 * On amd64 it must not be a BAR of memory: QEMU before 8.1.1 lets another CPU find a wrong
 * device behind a new map of memory, if that lies behind the BAR, as the APIC does there
 * (iommu-stress-board(8), BUGS).
 */
#define QUICK_DEVICE       "pvpanic-pci,events=0"
#define QUICK_DEVICE_PORTS "piix4-ide"

#define ARM64_COMMON                                                                     \
	.arch = "arm64", .qemu = "qemu-system-aarch64", .package = "qemu-system-arm",    \
	.nic = VIRTIO_NIC, .append = "console=ttyAMA0 earlycon", .device = QUICK_DEVICE, \
	PCIE_SLOT
#define AMD64_COMMON                                                                 \
	.arch = "amd64", .qemu = "qemu-system-x86_64", .package = "qemu-system-x86", \
	.device = QUICK_DEVICE_PORTS

/*
 * For kexec a GICv2: a GICv3 goes on using its tables in memory, which nothing reserves for
 * the next kernel where there is no EFI, and that hangs when it puts itself there.
 */
static const struct board boards[] = {
	{
		ARM64_COMMON,
		.name = "arm64",
		.help = "arm64 with an SMMUv3",
		.suite = "bookworm",
		.machine_argv = (const char *const[]){ "-M",
						       "virt,iommu=smmuv3,gic-version=3",
						       "-cpu", "cortex-a57", NULL },
		.kexec_argv = (const char *const[]){ "-M",
						     "virt,iommu=smmuv3,gic-version=2",
						     "-cpu", "cortex-a57", NULL },
	},
	{
		ARM64_COMMON,
		.name = "arm64-viommu",
		.help = "arm64 with a virtio IOMMU",
		/* Bookworm's arm64 kernel has no driver for it. */
		.suite = "trixie",
		.machine_argv = (const char *const[]){ "-M", "virt,gic-version=3", "-cpu",
						       "cortex-a57", "-device",
						       "virtio-iommu-pci", NULL },
		.kexec_argv = (const char *const[]){ "-M", "virt,gic-version=2", "-cpu",
						     "cortex-a57", "-device",
						     "virtio-iommu-pci", NULL },
	},
	{
		AMD64_COMMON,
		PCIE_SLOT,
		.name = "amd64",
		.help = "amd64 with an Intel VT-d IOMMU",
		.nic = VIRTIO_NIC,
		.suite = "bookworm",
		.append = "console=ttyS0,115200 intel_iommu=on " AMD64_CLOCK,
		.machine_argv = (const char *const[]){ "-M", "q35,kernel-irqchip=split",
						       "-device",
						       "intel-iommu,intremap=on,"
						       "caching-mode=on",
						       NULL },
	},
	{
		AMD64_COMMON,
		.name = "amd64-amdvi",
		.help = "amd64 with an AMD-Vi IOMMU",
		/* Behind a port QEMU's IOMMU takes it for another: no DMA gets through. */
		.plug = "bus=pcie.0",
		/* One board has a network device that there is in silicon, too. */
		.nic = "e1000e",
		.suite = "bookworm",
		.append = "console=ttyS0,115200 " AMD64_CLOCK,
		.machine_argv = (const char *const[]){ "-M", "q35,kernel-irqchip=split",
						       "-device", "amd-iommu,intremap=on",
						       NULL },
	},
	{
		.name = "s390x",
		.help = "s390x with a zPCI function",
		.arch = "s390x",
		.qemu = "qemu-system-s390x",
		.package = "qemu-system-misc",
		.suite = "bookworm",
		.nic = VIRTIO_NIC,
		.append = "console=ttyS0",
		/* Quick to bind and to unbind. */
		.device = "virtio-tablet-pci,iommu_platform=on,disable-legacy=on",
		/* PCI device 0011:00:00.0, and /sys/bus/pci/slots/00000008. */
		.slot = "zpci,id=z0,uid=17,fid=8,target=nic0",
		.plug = "id=nic0",
		.machine_argv = (const char *const[]){ "-M", "s390-ccw-virtio", "-cpu",
						       "max", NULL },
	},
};

const struct board *board_at(unsigned int index)
{
	return index < ARRAY_SIZE(boards) ? &boards[index] : NULL;
}

const struct board *board_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(boards); i++)
		if (!strcmp(boards[i].name, name))
			return &boards[i];
	return NULL;
}

bool board_has_qemu(const struct board *board)
{
	struct text path = text_of(getenv("PATH") ?: "/usr/bin:/bin");

	while (path.n) {
		ptrdiff_t colon = text_find(path, TEXT(":"), 0);
		size_t n = colon < 0 ? path.n : (size_t)colon;
		_cleanup_free_ char *file =
			xasprintf("%.*s/%s", (int)n, path.s, board->qemu);

		if (access(file, X_OK) == 0)
			return true;
		path = text_from(path, n + 1);
	}
	return false;
}

struct argv {
	char **words;
	size_t n;
};

static void argv_add(struct argv *argv, char *word_take)
{
	argv->words = xrealloc(argv->words, argv->n + 2, sizeof(*argv->words));
	argv->words[argv->n++] = word_take;
	argv->words[argv->n] = NULL;
}

static void argv_add_all(struct argv *argv, const char *const *words)
{
	for (; *words; words++)
		argv_add(argv, xstrdup(*words));
}

static void argv_add_files(struct argv *argv, const struct board_image *image)
{
	const char *const words[] = { "-kernel", image->kernel, "-initrd", image->initrd,
				      "-append", image->append, NULL };

	argv_add_all(argv, words);
}

/* Its place never changes those of others. Linux on the board needs no IOMMU for it. */
static void argv_add_host_root(struct argv *argv)
{
	static const char *const words[] = {
		"-fsdev",
		"local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
		"-device", "virtio-9p-pci,fsdev=root,mount_tag=host,bus=pcie.0,addr=0x11",
		NULL
	};

	argv_add_all(argv, words);
}

static void argv_add_device(struct argv *argv, const struct board_device *device)
{
	if (device->place_argv)
		argv_add_all(argv, device->place_argv);
	if (device->kind_argv)
		argv_add_all(argv, device->kind_argv);
	argv_add(argv, xstrdup("-device"));
	argv_add(argv, xstrdup(device->words));
}

static void argv_add_nic(struct argv *argv, const struct board_image *image)
{
	argv_add(argv, xstrdup("-netdev"));
	if (image->tap)
		argv_add(argv, xasprintf("tap,id=n0,ifname=%s,script=no,downscript=no",
					 image->tap));
	else
		argv_add(argv, xasprintf("dgram,id=n0,local.type=fd,local.str=%d",
					 BOARD_FD_NET));
	if (image->board->slot) {
		argv_add(argv, xstrdup("-device"));
		argv_add(argv, xstrdup(image->board->slot));
	}
	argv_add(argv, xstrdup("-device"));
	argv_add(argv, nic_device(image->nic, image->board->plug));
}

char **board_argv(const struct board_image *image)
{
	static const char *const common[] = {
		"-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
		/* Powered off it stays, to be switched on again. */
		"-no-shutdown", NULL
	};
	const struct board *board = image->board;
	struct argv argv = { 0 };

	argv_add(&argv, xstrdup(board->qemu));
	argv_add_all(&argv, image->kexec && board->kexec_argv ? board->kexec_argv :
								board->machine_argv);
	argv_add_all(&argv, common);
	argv_add(&argv, xstrdup("-accel"));
	argv_add(&argv, xstrdup("tcg,thread=multi"));
	argv_add(&argv, xstrdup("-smp"));
	argv_add(&argv, xasprintf("%u", image->smp));
	argv_add(&argv, xstrdup("-m"));
	argv_add(&argv, xasprintf("size=%" PRIu64 "k", image->memory >> 10));
	argv_add(&argv, xstrdup("-chardev"));
	argv_add(&argv, xasprintf("socket,id=console,fd=%d", BOARD_FD_CONSOLE));
	argv_add(&argv, xstrdup("-serial"));
	argv_add(&argv, xstrdup("chardev:console"));
	argv_add(&argv, xstrdup("-chardev"));
	argv_add(&argv, xasprintf("socket,id=qmp,fd=%d", BOARD_FD_QMP));
	argv_add(&argv, xstrdup("-mon"));
	argv_add(&argv, xstrdup("chardev=qmp,mode=control"));
	argv_add_nic(&argv, image);
	if (image->device.words)
		argv_add_device(&argv, &image->device);
	if (image->host_root)
		argv_add_host_root(&argv);
	argv_add_files(&argv, image);
	return argv.words;
}

void board_argv_free(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}
