// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine: kernel, IOMMU, what VFIO there is, and what to do about what is missing. */
#include "facts.h"

#include <sys/utsname.h>

/* "0-3,5" */
static unsigned int count_cpus(char *list)
{
	unsigned int n = 0, first, last;
	char *rest = NULL;

	for (char *word = strtok_r(list, ",", &rest); word;
	     word = strtok_r(NULL, ",", &rest)) {
		int numbers = sscanf(word, "%u-%u", &first, &last);

		if (numbers == 1)
			n++;
		else if (numbers == 2 && last >= first)
			n += last - first + 1;
	}
	return n ?: 1;
}

/* Does a list of a kernel's modules have this one? */
static bool list_has_module(const char *release, const char *list, const char *module)
{
	_cleanup_stream_ FILE *stream =
		fopen(path_make("/lib/modules/%s/%s", release, list).s, "re");
	_cleanup_text_ char *line = NULL;
	bool found = false;
	char file[64];
	size_t room = 0;

	snprintf(file, sizeof(file), "/%s.ko", module);
	while (stream && !found && getline(&line, &room, stream) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		found = strstr(line, file) != NULL;
	}
	return found;
}

static const char *have_module(const char *release, const char *path, const char *module)
{
	if (path_exists(path_make("%s", path).s) ||
	    list_has_module(release, "modules.builtin", module))
		return "yes";
	return list_has_module(release, "modules.dep", module) ? "module" : "no";
}

/* Words of the command line that are about IOMMU or VFIO. */
static void cmdline_words(char *words, size_t size)
{
	char text[4096], *rest = NULL;
	size_t n = 0;

	words[0] = '\0';
	file_read(path_make("/proc/cmdline").s, text, sizeof(text));
	for (char *word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if ((strstr(word, "iommu") || strstr(word, "vfio")) &&
		    n + strlen(word) + 2 < size)
			n += (size_t)snprintf(words + n, size - n, "%s%s", n ? " " : "",
					      word);
}

/* On a virtual board there may be its controller's files, in /host. */
static void find_qemu(const char *arch, char *ret, size_t size)
{
	static const char *const dirs[] = {
		"/usr/bin",      "/usr/local/bin",      "/usr/libexec",
		"/host/usr/bin", "/host/usr/local/bin", "/host/usr/libexec"
	};
	char name[80];

	snprintf(name, sizeof(name), "qemu-system-%s", arch);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		const char *found = NULL;

		if (path_exists(path_make("%s/%s", dirs[i], name).s))
			found = name;
		else if (path_exists(path_make("%s/qemu-kvm", dirs[i]).s))
			found = "qemu-kvm";
		if (!found)
			continue;
		snprintf(ret, size, "%s/%s", dirs[i], found);
		return;
	}
	snprintf(ret, size, "-");
}

static const char *iommu_hint(const char *arch)
{
	if (path_exists(path_make("/sys/firmware/acpi/tables/DMAR").s))
		return "IOMMU off: boot with intel_iommu=on";
	if (path_exists(path_make("/sys/firmware/acpi/tables/IVRS").s))
		return "IOMMU off: boot without amd_iommu=off";
	if (!strcmp(arch, "x86_64"))
		return "no IOMMU: the firmware describes none (ACPI tables DMAR, IVRS); "
		       "turn on VT-d or AMD-Vi there";
	return "no IOMMU: the kernel has found none";
}

static const char *vfio_hint(const char *vfio)
{
	if (!strcmp(vfio, "no"))
		return "no VFIO: CONFIG_VFIO_PCI";
	return strcmp(vfio, "module") != 0 ? "" : "no VFIO yet: modprobe vfio-pci";
}

/* What a race changes; "-": this kernel does not have it. */
static void add_setting(struct line *line, const char *key, const char *file)
{
	char text[32];

	file_read(path_make("%s", file).s, text, sizeof(text));
	line_name(line, key, text);
}

void facts_system(struct line *line)
{
	char release[80], text[256];
	const char *vfio, *hint;
	struct utsname name;
	bool iommu;

	uname(&name);
	if (file_read(path_make("/proc/sys/kernel/osrelease").s, release,
		      sizeof(release)) <= 0)
		snprintf(release, sizeof(release), "%.79s", name.release);
	line_add(line, "kernel", release);
	line_add(line, "arch", name.machine);
	file_read(path_make("/sys/devices/system/cpu/online").s, text, sizeof(text));
	line_number(line, "cpus", count_cpus(text));
	vfio = have_module(release, "/sys/bus/pci/drivers/vfio-pci", "vfio-pci");
	line_add(line, "vfio", vfio);
	line_add(line, "iommufd",
		 have_module(release, "/sys/class/misc/iommu", "iommufd"));
	iommu = names_count(path_make("/sys/class/iommu").s) ||
		names_count(path_make("/sys/kernel/iommu_groups").s);
	line_add(line, "iommu", iommu ? "yes" : "no");
	cmdline_words(text, 160);
	line_add(line, "cmdline_iommu", text);
	find_qemu(name.machine, text, 160);
	line_add(line, "qemu", text);
	add_setting(line, "autoprobe", "/sys/bus/pci/drivers_autoprobe");
	add_setting(line, "expedited", "/sys/kernel/rcu_expedited");
	add_setting(line, "devkmsg", "/proc/sys/kernel/printk_devkmsg");
	hint = vfio_hint(vfio);
	line_addf(line, "hint", "%s%s%s", iommu ? "" : iommu_hint(name.machine),
		  !iommu && *hint ? "; " : "", hint);
}
