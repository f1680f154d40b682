// SPDX-License-Identifier: GPL-2.0-or-later
/* What a race uses of the machine: what grows when something leaks. */
#include "race.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count_entries(const char *directory)
{
	_cleanup_names_ struct names names = names_read(directory);

	return names.n < 0 ? 0 : names.n;
}

static int64_t meminfo(const char *key)
{
	char text[4096], *at;

	file_read(path_make("/proc/meminfo").s, text, sizeof(text));
	at = strstr(text, key);
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* Descriptors are those of all three processes. */
void resources_say(const struct race *race, const char *when)
{
	const pid_t pids[] = { getpid(), race->puts.writer.pid, race->holder.pid };
	struct line line = { .n = 0 };
	int fds = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i] > 0)
			fds += count_entries(path_make("/proc/%d/fd", pids[i]).s);
	line_add(&line, "usage", when);
	line_number(&line, "fds", fds);
	line_number(&line, "groups",
		    count_entries(path_make("/sys/kernel/iommu_groups").s));
	line_number(&line, "devices", count_entries(path_make("/sys/bus/pci/devices").s));
	line_number(&line, "available_kb", meminfo("MemAvailable:"));
	line_number(&line, "slab_kb", meminfo("SUnreclaim:"));
	line_end(&line);
}
