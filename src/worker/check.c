// SPDX-License-Identifier: GPL-2.0-or-later
/* Does this machine have what a race takes? Each refusal says what to do. */
#include "race.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

int race_choose_cpus(struct race *race)
{
	cpu_set_t cpus;
	int found[3], n = 0;

	CPU_ZERO(&cpus);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return say_error("cpus", "sched_getaffinity: %s", errno_name(errno));
	for (int cpu = 0; cpu < CPU_SETSIZE && n < 3; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			found[n++] = cpu;
	if (n < 2)
		return say_error("cpus",
				 "a race takes two CPUs, and there is one: boot with "
				 "more");
	/* The first one has most of the interrupts. */
	race->cpu_holder = found[n - 2];
	race->puts.cpu = found[n - 1];
	return 0;
}

static bool cpu_is_amd(void)
{
	char info[4096];

	file_read(path_make("/proc/cpuinfo").s, info, sizeof(info));
	return strstr(info, "AuthenticAMD");
}

static const char *iommu_advice(void)
{
	struct utsname name;

	if (uname(&name) < 0)
		return "see the kernel log";
	if (!strcmp(name.machine, "x86_64") &&
	    !names_count(path_make("/sys/class/iommu").s) && cpu_is_amd())
		return "enable AMD-Vi in the firmware, or boot without amd_iommu=off";
	if (!strcmp(name.machine, "x86_64"))
		return "boot with intel_iommu=on";
	if (!strcmp(name.machine, "aarch64"))
		return "CONFIG_ARM_SMMU_V3 or CONFIG_ARM_SMMU, and an SMMU in the "
		       "firmware's tables";
	if (!strcmp(name.machine, "s390x"))
		return "CONFIG_S390_IOMMU";
	return "see the kernel log";
}

static int check_group(const struct race *race)
{
	const char *device = race->pull.device.s;

	if (device_group(&race->pull.device) >= 0)
		return 0;
	if (!names_count(path_make("/sys/kernel/iommu_groups").s))
		return say_error("iommu", "IOMMU off: %s", iommu_advice());
	return say_error("group",
			 "%s has no IOMMU group: its IOMMU has no driver, or does not "
			 "serve it",
			 device);
}

static bool is_named(const struct race *race, const char *bdf)
{
	for (size_t i = 0; i < race->n_devices; i++)
		if (!strcmp(race->devices[i].bdf.s, bdf))
			return true;
	return false;
}

/* Drivers with which a group may be given away: drivers/vfio/group.c and driver_managed_dma. */
static bool driver_is_harmless(const char *driver)
{
	return !*driver || !strncmp(driver, "vfio", 4) || !strcmp(driver, "pcieport") ||
	       !strcmp(driver, "pci-stub") || !strcmp(driver, "shpchp");
}

static int check_members(const struct race *race)
{
	struct path path = device_path(&race->pull.device, "iommu_group/devices");
	_cleanup_names_ struct names members = names_read(path.s);
	const char *member;

	while ((member = names_next(&members))) {
		char driver[64];
		struct bdf bdf;

		if (bdf_parse(member, &bdf) || is_named(race, bdf.s))
			continue;
		device_driver(&bdf, driver, sizeof(driver));
		if (!driver_is_harmless(driver))
			return say_error(
				"viable",
				"group %d is not viable: %s is bound to %s; name "
				"it with member=%s, or unbind it",
				device_group(&race->pull.device), bdf.s, driver, bdf.s);
	}
	return 0;
}

/* Its character devices have a range of numbers, whether there is one or not. */
static int check_cdev(const struct race *race)
{
	char devices[8192];

	if (!race->ops->uses_cdev)
		return 0;
	if (!path_exists(path_make("/dev/iommu").s))
		return say_error("iommufd",
				 "no iommufd: CONFIG_IOMMUFD or modprobe iommufd");
	if (file_read(path_make("/proc/devices").s, devices, sizeof(devices)) > 0 &&
	    !strstr(devices, " vfio-dev"))
		return say_error("cdev", HOLDER_NO_CDEV);
	return 0;
}

/* What the holder itself wants to see. */
static int check_holder(const struct race *race)
{
	struct holder holder = race->holding.holder;

	if (!race->ops->check || !race->ops->check(&holder))
		return 0;
	return say_error(holder.word, "%s", holder.why);
}

static int check_vfio(const struct race *race)
{
	struct path path = path_make("/dev/vfio/vfio");

	if (!path_exists(path_make("/sys/bus/pci/drivers/vfio-pci").s))
		return say_error("vfio", "no VFIO: CONFIG_VFIO_PCI or modprobe vfio-pci");
	if (race->ops->uses_group && !path_exists(path.s))
		return say_error("vfio", "no VFIO: there is no /dev/vfio/vfio: "
					 "CONFIG_VFIO_CONTAINER or modprobe vfio");
	if (race->ops->uses_group && access(path.s, R_OK | W_OK) < 0)
		return say_error(
			"permission",
			"/dev/vfio/vfio may not be opened: run as root, or chown it");
	return check_cdev(race) ?: check_holder(race);
}

static int check_release(const struct race *race)
{
	enum release release = race->holding.holder.release;
	const char *name = race->ops->name;

	if (release == RELEASE_REQUEST && !race->ops->registers && !race->ops->has_child)
		return say_usage(
			"release=request needs a holder that is asked: not holder=%s",
			name);
	if (race->ops->has_child && release < RELEASE_EXIT)
		return say_usage(
			"holder=%s lets go with release=request, exit, kill or never",
			name);
	return 0;
}

/* Reading such a clock takes as long as what is to be timed, or waits for other CPUs. */
static void check_clock(void)
{
	static const char *const slow[] = { "hpet", "acpi_pm", "jiffies",
					    "refined-jiffies" };
	struct path path = path_make(
		"/sys/devices/system/clocksource/clocksource0/current_clocksource");
	char clock[32];

	file_read(path.s, clock, sizeof(clock));
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		if (!strcmp(clock, slow[i]))
			say_warning("clock",
				    "offsets will be inexact, the clock is %s: boot with "
				    "tsc=reliable if that is so",
				    clock);
}

int race_check_group(const struct race *race)
{
	return check_group(race) ?: check_members(race);
}

int race_check(const struct race *race)
{
	int status = check_release(race) ?: pull_check(&race->pull);

	if (!status && race->ops == &holder_none && !*race->driver &&
	    !strcmp(race->pull.method->name, "unbind"))
		return say_error("driver", "%s has no driver that could be unbound",
				 race->pull.device.s);
	if (!status)
		check_clock();

	if (status || race->ops == &holder_none)
		return status;
	/* Where firmware tells of IOMMUs, a group comes with the first driver. */
	if (device_group(&race->pull.device) < 0 && !*race->devices[0].driver &&
	    names_count(path_make("/sys/class/iommu").s))
		return check_vfio(race);
	return check_group(race) ?: check_vfio(race) ?: check_members(race);
}
