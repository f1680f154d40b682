// SPDX-License-Identifier: GPL-2.0-or-later
#include "board/device.h"

#include "base/num.h"
#include "board/board.h"
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where a device can be; a specification without a place means the first of its board. */
struct place {
	const char *archs; /* between blanks */
	const char *name;
	const char *argv;       /* what makes the place, NULL: nothing is needed */
	const char *properties; /* what puts a device there, NULL: nothing more */
	const char *slot;       /* its address there, without the function */
};

/* Behind the network device's port, which has the bus 1. */
#define PORT "pcie-root-port,id=rp1,bus=pcie.0,addr=0x10,chassis=2,slot=2"

/*
 * QEMU destroys a device when the guest switches off its slot's power, and nobody can
 * switch it on again. Without a power controller the slot's `power` file does the rest of
 * what it does: the device goes and comes, and without the second that the specification
 * grants to a power supply.
 */
#define PORT_POWER PORT ",power_controller_present=off"

/* Else the slots are ACPI's, who has them emptied by QEMU as well. */
#define NATIVE_HOTPLUG "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"

#define ROOT_BUS    .name = "", .properties = "bus=pcie.0,addr=0x10", .slot = "0000:00:10"
#define BEHIND_PORT .properties = "bus=rp1", .slot = "0000:02:00"

static const struct place places[] = {
	{ .archs = "amd64 arm64", ROOT_BUS },
	{
		/* A function of its own: /sys/bus/pci/slots/00000009. */
		.archs = "s390x",
		.name = "",
		.argv = "-device zpci,id=z1,uid=18,fid=9,target=test",
		.slot = "0012:00:00",
	},
	{
		.archs = "amd64",
		.name = "port",
		.argv = "-global " NATIVE_HOTPLUG " -device " PORT_POWER,
		BEHIND_PORT,
	},
	{
		.archs = "arm64",
		.name = "port",
		.argv = "-device " PORT_POWER,
		BEHIND_PORT,
	},
	{
		/* By ACPI: at once, where PCI Express waits 5 s for a second thought. */
		.archs = "amd64 arm64",
		.name = "hotplug",
		.argv = "-device " PORT,
		BEHIND_PORT,
	},
};

/* Devices that need more than a name. */
static const struct kind {
	const char *name, *words, *argv;
	unsigned int function; /* that is unplugged */
} kinds[] = {
	{
		.name = "nvme-sriov",
		.words = "nvme,subsys=ss0,serial=test,max_ioqpairs=8,msix_qsize=9,"
			 "sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=2",
		.argv = "-device nvme-subsys,id=ss0",
		.function = 1,
	},
};

static const struct place *find_place(const char *arch, struct text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strstr(places[i].archs, arch) &&
		    text_equal(name, text_of(places[i].name)))
			return &places[i];
	return NULL;
}

/* The place in front of the colon; *device moves behind it. */
static struct text take_place(const char **device)
{
	size_t n = strcspn(*device, ":,=");
	struct text name = { *device, n };

	if ((*device)[n] != ':')
		return TEXT_NONE;
	*device += n + 1;
	return name;
}

static int check_words(const char *words, const char **ret_why)
{
	static const struct {
		const char *name, *why;
	} own[] = {
		{ "id", "id= is the board's own" },
		{ "bus",
		  "bus= is the board's own: put a place in front, as in port:edu" },
		{ "addr", "addr= is the board's own" },
	};
	struct text ignored;

	size_t n = strcspn(words, ",=: ");

	if (!n || (words[n] && words[n] != ',')) {
		*ret_why = "it must begin with the name of a QEMU device";
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (nic_property(words, own[i].name, &ignored)) {
			*ret_why = own[i].why;
			return -EINVAL;
		}
	return 0;
}

int board_device_parse(const struct board *board, const char *specification,
		       struct board_device *ret, const char **ret_why)
{
	const char *words = specification;
	const struct place *place = find_place(board->arch, take_place(&words));
	const struct kind *kind = NULL;
	int r;

	if (!place) {
		*ret_why = "the board has no such place for a device";
		return -ENOENT;
	}
	r = check_words(words, ret_why);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(words, kinds[i].name))
			kind = &kinds[i];
	*ret = (struct board_device){
		.words = xasprintf("%s,id=" BOARD_DEVICE_ID "%s%s",
				   kind ? kind->words : words,
				   place->properties ? "," : "",
				   place->properties ? place->properties : ""),
		.bdf = xasprintf("%s.%u", place->slot, kind ? kind->function : 0),
		.place = place->argv,
		.kind = kind ? kind->argv : NULL,
	};
	return 0;
}

void board_device_done(struct board_device *device)
{
	free(device->words);
	free(device->bdf);
	*device = (struct board_device){ 0 };
}
