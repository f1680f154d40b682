// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of virtual boards, and how QEMU is told to be one. */
#include "board/board.h"

#include "base/num.h"
#include "nic.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
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
	.device = QUICK_DEVICE_PORTS, .port_drops = true

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
		.machine = "-M virt,iommu=smmuv3,gic-version=3 -cpu cortex-a57",
		.kexec = "-M virt,iommu=smmuv3,gic-version=2 -cpu cortex-a57",
	},
	{
		ARM64_COMMON,
		.name = "arm64-viommu",
		.help = "arm64 with a virtio IOMMU",
		/* Bookworm's arm64 kernel has no driver for it. */
		.suite = "trixie",
		.machine =
			"-M virt,gic-version=3 -cpu cortex-a57 -device virtio-iommu-pci",
		.kexec = "-M virt,gic-version=2 -cpu cortex-a57 -device virtio-iommu-pci",
	},
	{
		AMD64_COMMON,
		PCIE_SLOT,
		.name = "amd64",
		.help = "amd64 with an Intel VT-d IOMMU",
		.nic = VIRTIO_NIC,
		.suite = "bookworm",
		.append = "console=ttyS0,115200 intel_iommu=on " AMD64_CLOCK,
		.machine = "-M q35,kernel-irqchip=split "
			   "-device intel-iommu,intremap=on,caching-mode=on",
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
		.machine = "-M q35,kernel-irqchip=split -device amd-iommu,intremap=on",
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
		.machine = "-M s390-ccw-virtio -cpu max",
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

/* Words stand apart at spaces, and have none in them. */
static void _printf_(2, 3) argv_addf(struct argv *argv, const char *format, ...)
{
	_cleanup_free_ char *words = NULL;
	char *state = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&words, format, args) < 0)
		abort();
	va_end(args);
	for (char *word = strtok_r(words, " ", &state); word;
	     word = strtok_r(NULL, " ", &state))
		argv_add(argv, xstrdup(word));
}

/* What the user has a word in may have spaces. */
static void argv_add_option(struct argv *argv, const char *option, char *value_take)
{
	argv_add(argv, xstrdup(option));
	argv_add(argv, value_take);
}

static void argv_add_nic(struct argv *argv, const struct board_image *image)
{
	const struct board *board = image->board;

	if (image->tap)
		argv_add_option(argv, "-netdev",
				xasprintf("tap,id=n0,ifname=%s,script=no,downscript=no",
					  image->tap));
	else
		argv_addf(argv, "-netdev dgram,id=n0,local.type=fd,local.str=%d",
			  BOARD_FD_NET);
	if (board->slot)
		argv_addf(argv, "-device %s", board->slot);
	argv_add_option(argv, "-device", nic_device(image->nic, board->plug));
}

char **board_argv(const struct board_image *image)
{
	const struct board *board = image->board;
	const struct board_device *device = &image->device;
	struct argv argv = { 0 };

	argv_addf(&argv, "%s %s", board->qemu,
		  image->kexec && board->kexec ? board->kexec : board->machine);
	/* Powered off it stays, to be switched on again. */
	argv_addf(&argv,
		  "-nodefaults -no-user-config -display none -monitor none -no-shutdown "
		  "-accel tcg,thread=multi -smp %u -m size=%" PRIu64 "k",
		  image->smp, image->memory >> 10);
	argv_addf(&argv,
		  board->port_drops ?
			  "-chardev pipe,id=console,path=/proc/self/fd/%d/console" :
			  "-chardev socket,id=console,fd=%d",
		  BOARD_FD_CONSOLE);
	argv_addf(&argv,
		  "-serial chardev:console -chardev socket,id=qmp,fd=%d "
		  "-mon chardev=qmp,mode=control",
		  BOARD_FD_QMP);
	argv_add_nic(&argv, image);
	if (device->words) {
		argv_addf(&argv, "%s %s", device->place ?: "", device->kind ?: "");
		argv_add_option(&argv, "-device", xstrdup(device->words));
	}
	/* Its place never changes those of others. Linux on the board needs no IOMMU for it. */
	if (image->host_root)
		argv_addf(&argv,
			  "-fsdev local,id=root,path=/,security_model=none,readonly=on,"
			  "multidevs=remap -device virtio-9p-pci,fsdev=root,"
			  "mount_tag=host,bus=pcie.0,addr=0x11");
	argv_add_option(&argv, "-kernel", xstrdup(image->kernel));
	argv_add_option(&argv, "-initrd", xstrdup(image->initrd));
	argv_add_option(&argv, "-append", xstrdup(image->append));
	return argv.words;
}

void board_argv_free(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}
