// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory of the controller over 1,000 cycles against the scripted board. */
#include "base/log.h"
#include "plan.h"
#include "scenario/script.h"
#include "scenario/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long resident_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* dir gets a run of that many cycles, one in ten of which crashes. */
static void play(const char *dir, unsigned int cycles)
{
	enum behaviour script[60];
	struct rules *rules = rules_new();
	FILE *out = fopen("/dev/null", "w");
	struct plan plan;
	struct loop *loop;

	for (size_t i = 0; i < ARRAY_SIZE(script); i++)
		script[i] = i % 10 == 9 ? CRASH_REBOOTS : GOOD;
	plan = test_plan(&scenario_reboot);
	plan.flood = true;
	plan.cycles = cycles;
	plan.run_dir = dir;
	script_play(script, ARRAY_SIZE(script));
	sim_start();
	if (loop_new(&loop) < 0)
		exit(2);
	(void)run_execute(loop, &plan, &rig_script, rules, out);
	loop_free(loop);
	rules_free(rules);
	fclose(out);
}

int main(void)
{
	char dir[] = "/tmp/iommu-stress-bench-XXXXXX", command[64];
	long small, large;
	char *run;

	log_set_level(LOG_LEVEL_ERROR);
	if (!mkdtemp(dir))
		return 2;
	run = xasprintf("%s/a", dir);
	play(run, 100);
	small = resident_kib();
	free(run);
	run = xasprintf("%s/b", dir);
	play(run, 1000);
	large = resident_kib();
	free(run);
	printf("controller memory (RSS): %ld KiB after 100 cycles, %ld KiB after 1,000 more\n",
	       small, large);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : 2;
}
