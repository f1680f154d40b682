// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress-worker facts: the PCI devices, what they are used for, and what is unknown. */
#include "facts.h"

/* -- from uses down to PCI devices: each step tells of one, or leads to further steps ------ */

/* Stacks of disks and networks are not deeper than this. */
#define DEPTH_MAX 16

static const char disks[] = "disks upon disks without end",
		  interfaces[] = "interfaces upon interfaces without end";

static const struct {
	void (*down)(const struct facts_use *use, const char *name);
	const char *endless;
} kinds[] = {
	[FACTS_BLOCK] = { facts_down_block, disks },
	[FACTS_NUMBER] = { facts_down_number, disks },
	[FACTS_NODE] = { facts_down_node, disks },
	[FACTS_FILE] = { facts_down_file, disks },
	[FACTS_INTERFACE] = { facts_down_interface, interfaces },
	[FACTS_ADDRESS] = { facts_down_address, interfaces },
};

static void walk(void)
{
	struct facts_step *step;

	while ((step = facts_next())) {
		if (step->use.depth > DEPTH_MAX)
			facts_use_unknown(&step->use, step->name,
					  kinds[step->kind].endless);
		else
			kinds[step->kind].down(&step->use, step->name);
		free(step);
	}
}

/* -- the ssh session that this runs in ---------------------------------------------------- */

/* SSH_CONNECTION of a process: "CLIENT PORT SERVER PORT", sshd(8). False: it has none. */
static bool connection_of(int64_t pid, struct facts_peer *peer)
{
	static const char format[] = "SSH_CONNECTION=%255s %*s %63s";
	_cleanup_stream_ FILE *stream =
		fopen(path_make("/proc/%lld/environ", (long long)pid).s, "re");
	_cleanup_text_ char *word = NULL;
	size_t room = 0;

	peer->address[0] = peer->own[0] = '\0';
	while (stream && !*peer->address && getdelim(&word, &room, '\0', stream) > 0)
		sscanf(word, format, peer->address, peer->own);
	/* The near end of a tunnel does not tell where the other one is. */
	return *peer->address && !facts_is_loopback(peer->address);
}

static int64_t parent_of(int64_t pid)
{
	char text[512], *at;
	long long parent;

	file_read(path_make("/proc/%lld/stat", (long long)pid).s, text, sizeof(text));
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %*c %lld", &parent) == 1 ? parent : 0;
}

/* From the ssh session that this is in; false: it is in none. */
static bool find_peer(struct facts_peer *peer)
{
	char text[64];
	long long pid = 0;

	/* sudo takes the variable out of the environment, but not out of its parents'. */
	if (file_read(path_make("/proc/self/stat").s, text, sizeof(text)) > 0)
		pid = strtoll(text, NULL, 10);
	for (unsigned int depth = 0; pid > 0 && depth < 64; depth++) {
		if (connection_of(pid, peer))
			return true;
		pid = parent_of(pid);
	}
	return false;
}

/* -- the console -------------------------------------------------------------------------- */

static void tell_consoles(void)
{
	struct facts_use use = { .why = "display", .rule = "display" };
	char active[128], real[PATH_MAX], *rest = NULL;
	struct bdf bdf;

	for (size_t i = 0; i < facts_devices.n; i++)
		if (device_number(&facts_devices.devices[i].bdf, "boot_vga"))
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
		err = device_arg(args, &device);
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
	else if (!find_peer(&peer))
		peer = (struct facts_peer){ "", "" };
	facts_find_opens();

	facts_begin(&line, "system");
	facts_system(&line);
	line_name(&line, "peer", peer.address);
	facts_end(&line);
	facts_tell_devices();
	facts_mounts();
	facts_swaps();
	walk();
	/* Behind those: of a disk that is mounted there is a line already. */
	facts_held();
	/* Whoever talks over a serial line needs no route. */
	if (strcmp(peer.address, "none") != 0)
		facts_routes(&peer);
	walk();
	tell_consoles();
	facts_opens();
	walk();
	facts_tell_end();
	free(facts_devices.devices);
	return STATUS_OK;
}
