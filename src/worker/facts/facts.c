// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress-worker facts: the PCI devices, what they are used for, and what is unknown. */
#include "facts.h"
#include "worker/commands.h"

#include <stdlib.h>
#include <string.h>

/* -- the console -------------------------------------------------------------------------- */

static void tell_consoles(void)
{
	struct facts_use use = { .why = "display", .rule = "display" };
	char active[128], real[PATH_MAX], *rest = NULL;
	struct bdf bdf;

	for (size_t i = 0; i < facts_devices.n; i++)
		if (facts_number_of(&facts_devices.devices[i].bdf, "boot_vga"))
			facts_tell_use(&facts_devices.devices[i].bdf, &use, "boot_vga");
	file_read(path_make("/sys/class/tty/console/active").s, active, sizeof(active));
	for (char *tty = strtok_r(active, " ", &rest); tty;
	     tty = strtok_r(NULL, " ", &rest))
		if (facts_pci_of(path_make("/sys/class/tty/%s", tty).s, &bdf, real))
			facts_tell_use(&bdf, &use, tty);
}

/* -- the command -------------------------------------------------------------------------- */

int facts_run(const struct args *args)
{
	struct facts_peer peer = { "", "" };
	struct bdf device;
	struct line line;
	int err;

	if (args_get(args, "device")) {
		err = bdf_arg(args, "device", &device);
		if (err)
			return err;
		facts_only(&device);
	}
	err = facts_find_devices();
	if (err)
		return say_error("sysfs", "cannot read /sys/bus/pci/devices: %s",
				 errno_name(err));
	if (args_get(args, "peer"))
		snprintf(peer.address, sizeof(peer.address), "%s",
			 args_get(args, "peer"));
	else if (!facts_find_peer(&peer))
		peer = (struct facts_peer){ "", "" };
	facts_find_opens();

	facts_begin(&line, "system");
	facts_system(&line);
	facts_add_name(&line, "peer", peer.address);
	facts_end(&line);
	facts_tell_devices();
	facts_mounts();
	facts_swaps();
	facts_walk();
	/* Behind those: of a disk that is mounted there is a line already. */
	facts_held();
	/* Whoever talks over a serial line needs no route. */
	if (strcmp(peer.address, "none") != 0)
		facts_routes(&peer);
	facts_walk();
	tell_consoles();
	facts_opens();
	facts_walk();
	facts_tell_end();
	free(facts_devices.devices);
	return STATUS_OK;
}
