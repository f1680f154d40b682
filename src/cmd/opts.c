// SPDX-License-Identifier: GPL-2.0-or-later
#include "opts.h"
#include "base/log.h"
#include "base/num.h"
#include "board/board.h"
#include "device/guard.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

error_t opts_set(int key, char *arg, void *input)
{
	if (key >= OPTS_STRING && key < OPTS_BOOL)
		*(const char **)((char *)input + key - OPTS_STRING) = arg;
	else if (key >= OPTS_BOOL && key < OPTS_END)
		*(bool *)((char *)input + key - OPTS_BOOL) = true;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

bool opts_format_is_json(const struct argp_state *state, const char *arg)
{
	bool json = !strcmp(arg, "json");

	if (!json && strcmp(arg, "text") != 0)
		argp_error(state, "--format=%s: must be one of text, json", arg);
	return json;
}

/* -- output ------------------------------------------------------------------------------- */

static const struct argp_option output_options[] = {
	{ "verbose", 'v', NULL, 0, "say more, also every command that is started", 0 },
	{ "quiet", 'q', NULL, 0, "only warnings and errors, and the summary", 0 },
	{ 0 },
};

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	if (key != 'v' && key != 'q')
		return ARGP_ERR_UNKNOWN;
	log_set_level(key == 'v' ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING);
	return 0;
}

const struct argp opts_output_argp = { .options = output_options,
				       .parser = parse_output };

/* -- guards ------------------------------------------------------------------------------- */

#define KEY_GUARDS 0x400 /* + enum guard_rule */

/* Their texts are in the table of guards. */
static const struct argp_option guard_options[] = {
	{ "allow-mounted", KEY_GUARDS + GUARD_MOUNTED, NULL, 0, NULL, 0 },
	{ "allow-swap", KEY_GUARDS + GUARD_SWAP, NULL, 0, NULL, 0 },
	{ "allow-route", KEY_GUARDS + GUARD_ROUTE, NULL, 0, NULL, 0 },
	{ "allow-bridge", KEY_GUARDS + GUARD_BRIDGE, NULL, 0, NULL, 0 },
	{ "allow-group", KEY_GUARDS + GUARD_GROUP, NULL, 0, NULL, 0 },
	{ "allow-vfs", KEY_GUARDS + GUARD_VFS, NULL, 0, NULL, 0 },
	{ "allow-display", KEY_GUARDS + GUARD_DISPLAY, NULL, 0, NULL, 0 },
	{ "allow-in-use", KEY_GUARDS + GUARD_IN_USE, NULL, 0, NULL, 0 },
	{ 0 },
};

static error_t parse_guard(int key, char *arg, struct argp_state *state)
{
	unsigned int *allowed = state->input;

	(void)arg;
	if (key < KEY_GUARDS || key >= KEY_GUARDS + GUARD_ALLOWABLE)
		return ARGP_ERR_UNKNOWN;
	*allowed |= 1u << (key - KEY_GUARDS);
	return 0;
}

static char *guard_help(int key, const char *text, void *input)
{
	(void)input;
	if (key < KEY_GUARDS || key >= KEY_GUARDS + GUARD_ALLOWABLE)
		return (char *)text;
	return xasprintf("allow %s",
			 guard_info((enum guard_rule)(key - KEY_GUARDS))->help);
}

const struct argp opts_guard_argp = {
	.options = guard_options,
	.parser = parse_guard,
	.help_filter = guard_help,
};

/* -- rules -------------------------------------------------------------------------------- */

/* A rule file is written by hand. */
#define RULES_BYTES_MAX (4u << 20)

static const struct argp_option rules_options[] = {
	{ "rules", 'r', "FILE", 0,
	  "a YAML file with known issues and rules; may be given several times; those of "
	  "~/.config/iommu-stress/rules.d/*.yaml come before",
	  0 },
	{ 0 },
};

static error_t parse_rules(int key, char *arg, struct argp_state *state)
{
	struct opts_rules *o = state->input;

	if (key != 'r')
		return ARGP_ERR_UNKNOWN;
	o->files = xrealloc(o->files, o->n_files + 1, sizeof(o->files[0]));
	o->files[o->n_files++] = arg;
	return 0;
}

const struct argp opts_rules_argp = { .options = rules_options, .parser = parse_rules };

static int add_file(struct rules *rules, const char *path)
{
	_cleanup_free_ char *yaml = NULL, *error = NULL;
	size_t n;
	int r = file_read(path, RULES_BYTES_MAX, &yaml, &n);

	if (r < 0)
		return log_errno(r, "cannot read rules from %s", path);
	r = rules_add(rules, path, (struct text){ yaml, n }, &error);
	if (r < 0)
		log_error("%s", error);
	return r;
}

static int is_rule_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       text_ends(text_of(entry->d_name), TEXT(".yaml"));
}

static int add_own(struct rules *rules)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *dir = NULL;
	struct dirent **entries;
	int n, r = 0;

	if (config && config[0] == '/')
		dir = xasprintf("%s/iommu-stress/rules.d", config);
	else if (home && home[0])
		dir = xasprintf("%s/.config/iommu-stress/rules.d", home);
	else
		return 0;
	n = scandir(dir, &entries, is_rule_file, alphasort);
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, entries[i]->d_name);

		if (r == 0)
			r = add_file(rules, path);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return r;
}

int opts_rules_load(const struct opts_rules *o, struct rules **ret)
{
	struct rules *rules = rules_new();
	int r = add_own(rules);

	for (size_t i = 0; r == 0 && i < o->n_files; i++)
		r = add_file(rules, o->files[i]);
	if (r < 0) {
		rules_free(rules);
		return r;
	}
	*ret = rules;
	return 0;
}

/* -- boards ------------------------------------------------------------------------------- */

#define KEY(member) OPTS_KEY(struct board_options, member)

enum { KEY_SMP = 0x100, KEY_MEMORY };

static const struct argp_option board_options[] = {
	{ "kernel", KEY(kernel), "FILE", 0,
	  "Boot this kernel (arm64: arch/arm64/boot/Image, amd64, s390x: bzImage); without "
	  "--modules its drivers are taken to be built in",
	  0 },
	{ "modules", KEY(modules), "DIR", 0,
	  "Modules of that kernel: what INSTALL_MOD_PATH was, or its lib/modules/VERSION",
	  0 },
	{ "initrd", KEY(initrd), "FILE", 0,
	  "Boot this initramfs as it is; it must give a shell on the console", 0 },
	{ "append", KEY(append), "WORDS", 0,
	  "Further kernel arguments, behind the board's own", 0 },
	{ "nic", KEY(nic), "DEVICE[,NAME=VALUE...]", 0,
	  "QEMU's network device under test (default: "
	  "virtio-net-pci,iommu_platform=on,disable-legacy=on; amd64-amdvi: e1000e)",
	  0 },
	{ "device", KEY(device), "[PLACE:]DEVICE[,NAME=VALUE...]", 0,
	  "QEMU's device that is unplugged (default, for those that unplug one: "
	  "piix4-ide; arm64: pvpanic-pci; s390x: virtio-tablet-pci), or nvme-sriov: a "
	  "virtual function. PLACE: port, a slot whose power the board switches, or hotplug, one "
	  "that QEMU empties; else the root bus",
	  0 },
	{ "tap", KEY(tap), "INTERFACE", 0,
	  "Connect its network device with this tap interface, which has the addresses " BOARD_NET_PEER_V4
	  "/24 and " BOARD_NET_PEER_V6 "/64, not with a socket",
	  0 },
	{ "smp", KEY_SMP, "N", 0, "Number of CPUs (default: 2)", 0 },
	{ "memory", KEY_MEMORY, "SIZE", 0, "Memory (default: 512M, for kexec 1G)", 0 },
	{ "suite", KEY(suite), "NAME", 0,
	  "Debian suite whose kernel to boot: bookworm, trixie or sid (default: bookworm; "
	  "arm64-viommu: trixie)",
	  0 },
	{ 0 },
};

static error_t parse_board(int key, char *arg, struct argp_state *state)
{
	struct board_options *o = state->input;

	switch (key) {
	case KEY_SMP:
		if (num_parse_u32(arg, &o->smp) < 0 || !o->smp)
			argp_error(state, "--smp: '%s' is no number of CPUs", arg);
		return 0;
	case KEY_MEMORY:
		if (num_parse_size(arg, &o->memory) < 0 || !o->memory)
			argp_error(state, "--memory: '%s' is no size, such as 512M", arg);
		return 0;
	default:
		return opts_set(key, arg, o);
	}
}

const struct argp opts_board_argp = { .options = board_options, .parser = parse_board };
