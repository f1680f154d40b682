// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "board.h"

#include <string.h>

enum {
	OPT_KERNEL = 0x2000,
	OPT_INITRD,
	OPT_MODULES,
	OPT_APPEND,
	OPT_NIC,
	OPT_SMP,
	OPT_MEMORY,
	OPT_SUITE,
	OPT_DEVICE,
	OPT_TAP,
};

static const struct argp_option options[] = {
	{ "kernel", OPT_KERNEL, "FILE", 0,
	  "Boot this kernel (arm64: arch/arm64/boot/Image, amd64, s390x: bzImage); without "
	  "--modules its drivers are taken to be built in",
	  0 },
	{ "modules", OPT_MODULES, "DIR", 0,
	  "Modules of that kernel: what INSTALL_MOD_PATH was, or its lib/modules/VERSION",
	  0 },
	{ "initrd", OPT_INITRD, "FILE", 0,
	  "Boot this initramfs as it is; it must give a shell on the console", 0 },
	{ "append", OPT_APPEND, "WORDS", 0,
	  "Further kernel arguments, behind the board's own", 0 },
	{ "nic", OPT_NIC, "DEVICE[,NAME=VALUE...]", 0,
	  "QEMU's network device under test (default: "
	  "virtio-net-pci,iommu_platform=on,disable-legacy=on; amd64-amdvi: e1000e)",
	  0 },
	{ "device", OPT_DEVICE, "[PLACE:]DEVICE[,NAME=VALUE...]", 0,
	  "QEMU's device that is unplugged (default, for those that unplug one: "
	  "piix4-ide; arm64: pvpanic-pci; s390x: virtio-tablet-pci), or nvme-sriov: a "
	  "virtual function. PLACE: port, a slot whose power the board switches, or hotplug, one "
	  "that QEMU empties; else the root bus",
	  0 },
	{ "tap", OPT_TAP, "INTERFACE", 0,
	  "Connect its network device with this tap interface, which has the addresses " BOARD_NET_PEER_V4
	  "/24 and " BOARD_NET_PEER_V6 "/64, not with a socket",
	  0 },
	{ "smp", OPT_SMP, "N", 0, "Number of CPUs (default: 2)", 0 },
	{ "memory", OPT_MEMORY, "SIZE", 0, "Memory (default: 512M, for kexec 1G)", 0 },
	{ "suite", OPT_SUITE, "NAME", 0,
	  "Debian suite whose kernel to boot: bookworm, trixie or sid (default: bookworm; "
	  "arm64-viommu: trixie)",
	  0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct board_options *o = state->input;

	switch (key) {
	case OPT_KERNEL:
		o->kernel = arg;
		return 0;
	case OPT_INITRD:
		o->initrd = arg;
		return 0;
	case OPT_MODULES:
		o->modules = arg;
		return 0;
	case OPT_APPEND:
		o->append = arg;
		return 0;
	case OPT_NIC:
		o->nic = arg;
		return 0;
	case OPT_DEVICE:
		o->device = arg;
		return 0;
	case OPT_TAP:
		o->tap = arg;
		return 0;
	case OPT_SUITE:
		o->suite = arg;
		return 0;
	case OPT_SMP:
		if (num_parse_u32(arg, &o->smp) < 0 || !o->smp)
			argp_error(state, "--smp: '%s' is no number of CPUs", arg);
		return 0;
	case OPT_MEMORY:
		if (num_parse_size(arg, &o->memory) < 0 || !o->memory)
			argp_error(state, "--memory: '%s' is no size, such as 512M", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp board_argp = { .options = options, .parser = parse_option };

const struct board *board_of_target(const char *target)
{
	const char *name = strncmp(target, "virt:", 5) == 0 ? target + 5 : target;
	const struct board *board = board_find(name);
	_cleanup_strbuf_ struct strbuf known = { 0 };

	if (board)
		return board;
	for (unsigned int i = 0; board_at(i); i++)
		strbuf_addf(&known, "%s%s", i ? ", " : "", board_at(i)->name);
	log_error("unknown virtual board '%s': there are %s", name, known.s);
	return NULL;
}
