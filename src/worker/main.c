// SPDX-License-Identifier: GPL-2.0-or-later
/* The command table, and the way from argv to a command. */
#include "pull.h"

#include <signal.h>

/* By what is done first. */
static const struct command commands[] = {
	{ "facts", "what PCI devices there are, and what they are used for",
	  "device peer", facts_run },
	{ "bind", "give a device to a driver (vfio-pci)", "device driver", bind_run },
	{ "unbind", "take it from its driver", "device", unbind_run },
	{ "unplug", "take a device away", PULL_KEYS, unplug_run },
	{ "replug", "bring it back", PULL_KEYS, replug_run },
	{ "hold", "hold a device until told to let go",
	  "device holder release at qemu qemu_root", hold_run },
	{ "race", "unplug and release at once, one attempt a line of input",
	  PULL_KEYS
	  " member holder release churn autoprobe expedited blocked_ms limit_ms qemu qemu_root",
	  race_run },
	{ "rebind", "take the driver away from a device, and give it back",
	  PULL_KEYS " cycle limit_ms", rebind_run },
	{ "restore", "give devices back as they were",
	  PULL_KEYS " driver override module autoprobe expedited devkmsg limit_ms",
	  restore_run },
	{ "kmsg", "follow the kernel log", "", kmsg_run },
	{ 0 },
};

static int print_help(void)
{
	printf("Usage: iommu-stress-worker COMMAND [KEY=VALUE...]\n\n"
	       "What iommu-stress does on a target. Every command works by hand, too.\n\n"
	       "Commands:\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-9s %s\n", c->name, c->help);
	printf("\nAll of them: sysroot=DIR prefix of /sys, /proc and /dev; markers=1 lines go "
	       "to\n/dev/kmsg too, stdout=0 only there; ticket=N lines without a cycle= "
	       "begin with\ncycle=N. See iommu-stress-worker(8).\n");
	return STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct args args;
	int64_t markers = 0, to_stdout = 1, ticket = 0;
	int err;

	if (args_parse(&args, argc, (const char *const *)argv, command->keys) ||
	    args_get_number(&args, "markers", &markers) ||
	    args_get_number(&args, "stdout", &to_stdout) ||
	    args_get_number(&args, "ticket", &ticket))
		return STATUS_USAGE;
	if (args_get(&args, "sysroot"))
		sysroot_set(args_get(&args, "sysroot"));
	err = output_open(markers, to_stdout || !markers, ticket);
	if (err)
		return say_error("kmsg", "cannot write to /dev/kmsg: %s",
				 errno_name(err));
	return command->run(&args);
}

int main(int argc, char **argv)
{
	/* Lines that nobody reads are no reason to leave a device half way. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2)
		return say_usage("a command is missing: see --help");
	if (!strcmp(argv[1], "--help"))
		return print_help();
	if (!strcmp(argv[1], "--version")) {
		printf("iommu-stress-worker %s\n", VERSION);
		return STATUS_OK;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return run(c, argc - 2, argv + 2);
	return say_usage("unknown command '%s': see --help", argv[1]);
}
