// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "opts.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

/* A rule file is written by hand. */
#define RULES_BYTES_MAX (4u << 20)

static const struct argp_option options[] = {
	{ "rules", 'r', "FILE", 0,
	  "a YAML file with known issues and rules; may be given several times; those of "
	  "~/.config/iommu-stress/rules.d/*.yaml come before",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts_rules *o = state->input;

	if (key != 'r')
		return ARGP_ERR_UNKNOWN;
	o->files = xrealloc(o->files, o->n_files + 1, sizeof(o->files[0]));
	o->files[o->n_files++] = arg;
	return 0;
}

const struct argp opts_rules_argp = { .options = options, .parser = parse };

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

	if (config && config[0])
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
