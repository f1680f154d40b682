// SPDX-License-Identifier: GPL-2.0-or-later
/* What the worker writes, and in which order, on trees that look like sysfs. */
#include "worker/race.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE "/sys/bus/pci/devices/0000:00:05.0"

static char root[] = "/tmp/iommu-stress-worker-XXXXXX";
/* "FILE=TEXT;" one after the other, without the prefix. */
static char written[4096];

static const struct bdf device = { "0000:00:05.0" };

static void put_file(const char *name, const char *text)
{
	char path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void set_link(const char *name, const char *target)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s%s", root, name);
	unlink(path);
	if (target)
		assert_int_equal(symlink(target, path), 0);
}

static void set_driver(const char *driver)
{
	char target[PATH_SIZE];

	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver ?: "");
	set_link(DEVICE "/driver", driver ? target : NULL);
}

/* What a test writes itself, without a writer; others have theirs. */
static struct puts puts_here;
static bool spoilt, hanging;

int __real_puts_write(struct puts *puts, const char *path, const char *text);
int __wrap_puts_write(struct puts *puts, const char *path, const char *text);
int __real_puts_query(struct puts *puts, const char *path, char *text, size_t size);
int __wrap_puts_query(struct puts *puts, const char *path, char *text, size_t size);

int __wrap_puts_query(struct puts *puts, const char *path, char *text, size_t size)
{
	if (puts != &puts_here)
		return __real_puts_query(puts, path, text, size);
	*text = '\0';
	return hanging ? -ETIMEDOUT : file_read(path, text, size);
}

/* Writes have the effects that the kernel's have. */
int __wrap_puts_write(struct puts *puts, const char *path, const char *text)
{
	const char *name = path + strlen(root);
	size_t n = strlen(written);
	char override[64];

	if (puts != &puts_here)
		return __real_puts_write(puts, path, text);
	if (spoilt)
		return file_write(path, text);
	assert_memory_equal(path, root, strlen(root));
	snprintf(written + n, sizeof(written) - n, "%s=%s;", name, text);
	if (strstr(name, "/driver_override"))
		put_file(name, *text == '\n' ? "(null)\n" : text);
	else if (strstr(name, "/unbind"))
		set_driver(NULL);
	else if (!strcmp(name, "/sys/bus/pci/drivers_probe")) {
		device_override_read(puts, &device, override, sizeof(override));
		set_driver(*override ? override : NULL);
	} else if (strstr(name, "/e1000e/bind"))
		set_driver("e1000e");
	else if (strstr(name, "/vfio-pci/bind"))
		set_driver("vfio-pci");
	else if (strstr(name, "/sriov_numvfs"))
		return -EBUSY;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	written[0] = '\0';
	put_file(DEVICE "/vendor", "0x8086\n");
	put_file(DEVICE "/device", "0x10d3\n");
	put_file(DEVICE "/driver_override", "(null)\n");
	put_file(DEVICE "/remove", "");
	put_file("/sys/bus/pci/drivers/vfio-pci/unbind", "");
	put_file("/sys/bus/pci/drivers/e1000e/unbind", "");
	put_file("/sys/bus/pci/drivers/e1000e/bind", "");
	put_file("/sys/bus/pci/slots/7/address", "0000:00:05\n");
	put_file("/sys/bus/pci/slots/7/power", "1\n");
	put_file("/sys/bus/pci/slots/8/address", "0000:00:06\n");
	put_file("/sys/class/pci_bus/0000:00/rescan", "");
	set_driver("e1000e");
	spoilt = hanging = false;
	return 0;
}

static void binding_has_an_order(void **state)
{
	(void)state;
	assert_int_equal(device_bind(&puts_here, &device, "vfio-pci"), 0);
	assert_string_equal(written, DEVICE "/driver_override=vfio-pci;" DEVICE
					    "/driver/unbind=0000:00:05.0;"
					    "/sys/bus/pci/drivers_probe=0000:00:05.0;");
	/* Once more changes nothing. */
	written[0] = '\0';
	assert_int_equal(device_bind(&puts_here, &device, "vfio-pci"), 0);
	assert_string_equal(written, "");
}

static void binding_can_fail(void **state)
{
	(void)state;
	put_file("/sys/bus/pci/drivers/other/unbind", "");
	/* The kernel of this test gives it to the driver that is named: spoil that. */
	spoilt = true;
	assert_int_equal(device_bind(&puts_here, &device, "other"), -ENOENT);
}

static void everything_is_given_back(void **state)
{
	struct saved saved;

	(void)state;
	saved_read(&puts_here, &saved, &device);
	assert_string_equal(saved.driver, "e1000e");
	assert_string_equal(saved.override, "");
	assert_int_equal(saved_restore(&puts_here, &saved), 0);
	assert_string_equal(written, "");
	assert_int_equal(device_bind(&puts_here, &device, "vfio-pci"), 0);
	written[0] = '\0';
	assert_int_equal(saved_restore(&puts_here, &saved), 0);
	assert_string_equal(written, DEVICE
			    "/driver/unbind=0000:00:05.0;" DEVICE "/driver_override=\n;"
			    "/sys/bus/pci/drivers/e1000e/bind=0000:00:05.0;");
	written[0] = '\0';
	assert_int_equal(saved_restore(&puts_here, &saved), 0);
	assert_string_equal(written, "");
}

/* What cannot be read is not as it was. */
static void restoring_takes_an_answer(void **state)
{
	const struct saved saved = { device, "e1000e", "" };

	(void)state;
	put_file(DEVICE "/driver_override", "vfio-pci\n");
	hanging = true;
	assert_int_equal(saved_restore(&puts_here, &saved), -ETIMEDOUT);
	assert_string_equal(written, "");
}

static void content_is(const char *name, const char *expected)
{
	char path[PATH_SIZE], text[256] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

/* In a process of its own, as it has a writer. Its exit status; said is what it printed. */
static int restore(const char *const *words, int n, char *said, size_t size)
{
	int fds[2], status;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		struct args args;

		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		output_open(false, true, 0);
		_exit(args_parse(&args, n, words, NULL) ? 99 : restore_run(&args));
	}
	close(fds[1]);
	for (*said = '\0'; (got = read(fds[0], said, size - 1)) > 0; size -= (size_t)got)
		*(said += got) = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The one in the middle is gone for good. */
static void several_devices_are_given_back(void **state)
{
	static const char *const words[] = {
		"device=0000:00:05.0", "driver=vfio-pci",     "override=vfio-pci",
		"autoprobe=1",         "method=remove",       "device=0000:00:07.0",
		"driver=e1000e",       "override=-",          "method=remove",
		"limit_ms=50",         "device=0000:00:06.0", "driver=-",
		"override=own",        "method=remove",
	};
	char said[2048];

	(void)state;
	put_file("/sys/bus/pci/drivers_autoprobe", "0\n");
	put_file("/sys/bus/pci/drivers/vfio-pci/bind", "");
	put_file("/sys/bus/pci/rescan", "");
	put_file("/sys/bus/pci/devices/0000:00:06.0/driver_override", "\n");
	assert_int_equal(restore(words, ARRAY_SIZE(words), said, sizeof(said)),
			 STATUS_ERROR);
	assert_non_null(strstr(said, "restore=done device=0000:00:05.0"));
	assert_non_null(strstr(said, "error=gone why=\"0000:00:07.0 does not come back"));
	assert_null(strstr(said, "device=0000:00:07.0"));
	assert_non_null(strstr(said, "restore=done device=0000:00:06.0 driver=- "
				     "override=own\n"));
	content_is("/sys/bus/pci/drivers_autoprobe", "1\n");
	content_is("/sys/bus/pci/drivers/e1000e/unbind", "0000:00:05.0");
	content_is("/sys/bus/pci/drivers/vfio-pci/bind", "0000:00:05.0");
	content_is(DEVICE "/driver_override", "vfio-pci");

	assert_int_equal(restore(words, 5, said, sizeof(said)), STATUS_OK);
	assert_null(strstr(said, "error="));
	assert_int_equal(restore(words, 0, said, sizeof(said)), STATUS_USAGE);
}

/* Words come from journals: what leads out of a directory of sysfs is refused before a write. */
static void names_that_lead_elsewhere(void **state)
{
	static const char *const bad[] = {
		"driver=../..",  "driver=..",  "driver=a/b",     "driver=",
		"override=../x", "override=.", "module=../../x", "module=--remove",
		"slot=../7",     "slot=.",     "bridge=../..",   "pf=..",
		"driver=a\nb",
	};

	(void)state;
	put_file("/sys/bus/pci/bind", "");
	put_file("/sys/bus/pci/rescan", "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *const words[] = { "device=0000:00:05.0", "method=remove",
					      bad[i] };
		char said[2048];

		assert_int_equal(restore(words, ARRAY_SIZE(words), said, sizeof(said)),
				 STATUS_USAGE);
		assert_null(strstr(said, "restore=done"));
		content_is("/sys/bus/pci/bind", "");
		content_is(DEVICE "/driver_override", "(null)\n");
	}
	assert_false(module_is_loaded(".."));
}

static void methods_write_their_files(void **state)
{
	static const struct {
		const char *words[4];
		const char *unplug, *replug;
	} cases[] = {
		{ { "method=remove" },
		  DEVICE "/remove=1;",
		  "/sys/class/pci_bus/0000:00/rescan=1;" },
		{ { "method=unbind" },
		  DEVICE "/driver/unbind=0000:00:05.0;",
		  "/sys/bus/pci/drivers_probe=0000:00:05.0;" },
		{ { "method=power" },
		  "/sys/bus/pci/slots/7/power=0;",
		  "/sys/bus/pci/slots/7/power=1;" },
		{ { "method=power", "slot=8" },
		  "/sys/bus/pci/slots/8/power=0;",
		  "/sys/bus/pci/slots/8/power=1;" },
		{ { "method=reset" }, DEVICE "/reset=1;", "" },
		{ { "method=reset_subordinate", "bridge=00:02.0" },
		  "/sys/bus/pci/devices/0000:00:02.0/reset_subordinate=1;",
		  "" },
		{ { "method=outside" }, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *words[4] = { "device=00:05.0" };
		struct pull pull;
		struct args args;
		int n = 1;

		for (; cases[i].words[n - 1]; n++)
			words[n] = cases[i].words[n - 1];
		assert_int_equal(args_parse(&args, n, words, PULL_KEYS), 0);
		assert_int_equal(pull_parse(&puts_here, &pull, &args), 0);
		written[0] = '\0';
		assert_int_equal(pull_unplug(&puts_here, &pull), 0);
		assert_string_equal(written, cases[i].unplug);
		written[0] = '\0';
		assert_int_equal(pull_replug(&puts_here, &pull), 0);
		assert_string_equal(written, cases[i].replug);
	}
}

static void functions_come_and_go_by_their_number(void **state)
{
	const char *words[] = { "device=0000:00:05.0", "method=sriov", "pf=0000:00:04.0",
				"numvfs=3" };
	struct pull pull;
	struct args args;

	(void)state;
	assert_int_equal(args_parse(&args, 4, words, PULL_KEYS), 0);
	assert_int_equal(pull_parse(&puts_here, &pull, &args), 0);
	assert_int_equal(pull_unplug(&puts_here, &pull), -EBUSY);
	pull_replug(&puts_here, &pull);
	assert_string_equal(written, "/sys/bus/pci/devices/0000:00:04.0/sriov_numvfs=0;"
				     "/sys/bus/pci/devices/0000:00:04.0/sriov_numvfs=3;");
}

static void methods_that_cannot_work_are_refused(void **state)
{
	static const struct {
		const char *word;
		int parsed, checked;
	} cases[] = {
		{ "method=hammer", STATUS_USAGE, 0 },
		{ "slot=../x", STATUS_USAGE, 0 },
		{ "numvfs=0", STATUS_USAGE, 0 },
		{ "bridge=x", STATUS_USAGE, 0 },
		{ "method=reset", 0, STATUS_ERROR },
		{ "method=reset_subordinate", 0, STATUS_ERROR },
		{ "method=sriov", 0, STATUS_ERROR },
		{ "method=remove", 0, 0 },
		{ "method=power", 0, 0 },
		{ "method=unbind", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *words[] = { "device=0000:00:05.0", cases[i].word };
		struct pull pull;
		struct args args;

		assert_int_equal(args_parse(&args, 2, words, PULL_KEYS), 0);
		assert_int_equal(pull_parse(&puts_here, &pull, &args), cases[i].parsed);
		if (!cases[i].parsed)
			assert_int_equal(pull_check(&pull), cases[i].checked);
	}
}

static void other_members_must_be_named(void **state)
{
	struct race race = { .ops = &holder_group,
			     .holding.holder.release = RELEASE_CLOSE };
	const char *words[] = { "device=0000:00:05.0" };
	struct args args;

	(void)state;
	put_file("/sys/kernel/iommu_groups/4/devices/0000:00:05.0/x", "");
	put_file("/sys/kernel/iommu_groups/4/devices/0000:00:05.1/x", "");
	put_file("/sys/bus/pci/devices/0000:00:05.1/vendor", "0x8086\n");
	put_file("/dev/vfio/vfio", "");
	set_link("/sys/bus/pci/devices/0000:00:05.1/driver", "../../drivers/snd");
	args_parse(&args, 1, words, PULL_KEYS);
	assert_int_equal(pull_parse(&puts_here, &race.pull, &args), 0);
	race.devices[race.n_devices++].bdf = device;
	set_link(DEVICE "/iommu_group", NULL);
	assert_int_equal(race_check(&race), STATUS_ERROR);
	set_link(DEVICE "/iommu_group", "../../../../kernel/iommu_groups/4");
	assert_int_equal(race_check(&race), STATUS_ERROR);
	set_link("/sys/bus/pci/devices/0000:00:05.1/driver", "../../drivers/pcieport");
	assert_int_equal(race_check(&race), 0);
	set_link("/sys/bus/pci/devices/0000:00:05.1/driver", "../../drivers/snd");
	race.devices[race.n_devices++].bdf = (struct bdf){ "0000:00:05.1" };
	assert_int_equal(race_check(&race), 0);
}

/* -- what iommufd takes ------------------------------------------------------------------- */

static void iommufd_takes_device_files(void **state)
{
	struct race race = { .ops = &holder_iommufd,
			     .holding.holder.release = RELEASE_CLOSE };
	const char *words[] = { "device=0000:00:05.0" };
	struct args args;

	(void)state;
	put_file("/sys/kernel/iommu_groups/4/devices/0000:00:05.0/x", "");
	unlink(path_make("/sys/kernel/iommu_groups/4/devices/0000:00:05.1/x").s);
	rmdir(path_make("/sys/kernel/iommu_groups/4/devices/0000:00:05.1").s);
	set_link(DEVICE "/iommu_group", "../../../../kernel/iommu_groups/4");
	args_parse(&args, 1, words, PULL_KEYS);
	assert_int_equal(pull_parse(&puts_here, &race.pull, &args), 0);
	race.devices[race.n_devices++].bdf = device;
	assert_int_equal(race_check(&race), STATUS_ERROR);
	put_file("/dev/iommu", "");
	put_file("/proc/devices", "Character devices:\n511 vfio\n\nBlock devices:\n");
	assert_int_equal(race_check(&race), STATUS_ERROR);
	put_file("/proc/devices", "Character devices:\n510 vfio-dev\n\nBlock devices:\n");
	assert_int_equal(race_check(&race), 0);
}

static const char *check_qemu(struct holder *holder, const char *script)
{
	static char path[PATH_SIZE];

	put_file("/qemu", script);
	snprintf(path, sizeof(path), "%s/qemu", root);
	chmod(path, 0755);
	*holder = (struct holder){ .ops = &holder_qemu_iommufd, .qemu = path };
	return holder->ops->check(holder) ? holder->why + strlen(path) : NULL;
}

static void qemu_is_asked_for_iommufd(void **state)
{
	struct holder holder;

	(void)state;
	assert_null(holder_qemu.check);
	assert_null(check_qemu(&holder,
			       "#!/bin/sh\n[ \"$*\" = '-object help' ] || exit 1\n"
			       "printf '%s\\n' 'List:' '  filter-dump' "
			       "'  iommufd' '  iothread'\n"));
	assert_string_equal(
		check_qemu(&holder, "#!/bin/sh\nprintf 'List:\\n  x-iommufd\\n'\n"),
		" has no iommufd: it takes QEMU 9.0 or later, built with CONFIG_IOMMUFD");
	assert_string_equal(holder.word, "qemu");
	assert_string_equal(check_qemu(&holder, "#!/bin/sh\necho broken; exit 1\n"),
			    " -object help: broken");
	holder.qemu = "/nowhere/qemu";
	assert_int_equal(holder.ops->check(&holder), -ECHILD);
	assert_string_equal(holder.why,
			    "/nowhere/qemu -object help: /nowhere/qemu: ENOENT");
}

/* -- a race with nobody ------------------------------------------------------------------- */

/* All of the race but VFIO: slot power files that are files, and nothing goes away. */
static void race_runs(const char *input, const char *extra, char *output, size_t size)
{
	const char *words[] = { "device=0000:00:05.0", "method=power", "holder=none",
				"release=close", extra };
	int in[2], out[2], status;
	struct args args;
	ssize_t n = 0, got;
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(write(in[1], input, strlen(input)), (ssize_t)strlen(input));
	close(in[1]);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		output_open(false, true, 0);
		args_parse(&args, 5, words, NULL);
		_exit(race_run(&args));
	}
	close(in[0]);
	close(out[1]);
	while ((got = read(out[0], output + n, size - 1 - (size_t)n)) > 0)
		n += got;
	output[n] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(output + n, size - (size_t)n, "exit=%d\n", WEXITSTATUS(status));
}

static void race_makes_an_attempt_a_line(void **state)
{
	char output[8192];

	(void)state;
	put_file("/sys/bus/pci/drivers_autoprobe", "1\n");
	race_runs("try=1 at=1000\ntry=2 at=-2000\r\nend\ntry=3 at=0\n", "churn=0", output,
		  sizeof(output));
	if (strstr(output, "error=cpus") || strstr(output, "error=uevents"))
		skip();
	assert_non_null(strstr(output, "race=ready pid="));
	assert_non_null(strstr(output,
			       "\ncycle=1 phase=unplug at=1000\ncycle=1 phase=back "
			       "want=1000 got="));
	assert_non_null(strstr(output, "\ncycle=2 phase=back want=-2000 got="));
	assert_null(strstr(output, "cycle=3"));
	assert_non_null(strstr(output, " unplug=ok "));
	assert_non_null(strstr(output, " back=ok "));
	assert_non_null(strstr(output, "\nrace=end\nexit=0\n"));
	file_read(path_make("/sys/bus/pci/drivers_autoprobe").s, output, sizeof(output));
	assert_string_equal(output, "1");
}

static void race_ends_at_nonsense(void **state)
{
	char output[8192];

	(void)state;
	race_runs("try=1 at=1000\nhello\ntry=2 at=0\n", "churn=0", output,
		  sizeof(output));
	if (strstr(output, "error=cpus") || strstr(output, "error=uevents"))
		skip();
	assert_non_null(strstr(output, "error=usage"));
	assert_null(strstr(output, "cycle=2"));
	assert_non_null(strstr(output, "\nrace=end\nexit=2\n"));
}

static void where_a_process_sleeps(void **state)
{
	char where[64], small[16];

	(void)state;
	put_file("/proc/77/stack", "[<0>] vfio_unregister_group_dev+0x94/0x1d0 [vfio]\n"
				   "[<0>] pci_device_remove+0x36/0xb0\n"
				   "[<0>] device_release_driver_internal+0x19b/0x200\n");
	process_where(77, where, sizeof(where));
	assert_string_equal(where, "vfio_unregister_group_dev<pci_device_remove");
	process_where(77, small, sizeof(small));
	assert_string_equal(small, "");
	put_file("/proc/78/wchan", "pci_dev_wait");
	process_where(78, where, sizeof(where));
	assert_string_equal(where, "pci_dev_wait");
	process_where(79, where, sizeof(where));
	assert_string_equal(where, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(binding_has_an_order, setup),
		cmocka_unit_test_setup(binding_can_fail, setup),
		cmocka_unit_test_setup(everything_is_given_back, setup),
		cmocka_unit_test_setup(restoring_takes_an_answer, setup),
		cmocka_unit_test_setup(several_devices_are_given_back, setup),
		cmocka_unit_test_setup(names_that_lead_elsewhere, setup),
		cmocka_unit_test_setup(methods_write_their_files, setup),
		cmocka_unit_test_setup(functions_come_and_go_by_their_number, setup),
		cmocka_unit_test_setup(methods_that_cannot_work_are_refused, setup),
		cmocka_unit_test_setup(other_members_must_be_named, setup),
		cmocka_unit_test_setup(iommufd_takes_device_files, setup),
		cmocka_unit_test_setup(qemu_is_asked_for_iommufd, setup),
		cmocka_unit_test_setup(race_makes_an_attempt_a_line, setup),
		cmocka_unit_test_setup(race_ends_at_nonsense, setup),
		cmocka_unit_test_setup(where_a_process_sleeps, setup),
	};
	char rm[] = "rm", force[] = "-rf", *remove[] = { rm, force, root, NULL };
	int status;

	output_open(false, false, 0);
	assert_non_null(mkdtemp(root));
	sysroot_set(root);
	status = cmocka_run_group_tests(tests, NULL, NULL);
	if (fork() == 0) {
		execvp(remove[0], remove);
		_exit(1);
	}
	return status;
}
