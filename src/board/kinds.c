// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of targets: which parts each is composed of. */
#include "kinds.h"

#include "base/log.h"
#include "board/worker/worker.h"

#include <errno.h>

static bool is_board(const char *name)
{
	return virtual_board(name);
}

/* ssh would take a host that begins with a hyphen for an option. */
static bool is_host(const char *name)
{
	const char *host = name + strlen("ssh:");

	return host[0] && host[0] != '-';
}

static bool is_this(const char *name)
{
	return !strcmp(name, "local");
}

/* Only a board of this machine's architecture runs its programs. */
static int lend_to_board(const char *name, struct board_options *options)
{
	const char *own = worker_own_arch();

	if (!own || strcmp(virtual_board(name)->arch, own) != 0)
		return -ENOEXEC;
	options->host_root = true;
	return 0;
}

static const struct kind {
	const char *prefix;
	bool (*knows)(const char *name); /* with this prefix */
	unsigned int parts;
	/* NULL: nothing to be done. */
	int (*prepare)(const char *name, const struct board_options *options);
	int (*lend)(const char *name, struct board_options *options);
	int (*open)(struct loop *loop, const struct target_spec *spec,
		    struct target **ret);
	int (*facts)(const char *name, const char *const *words, struct facts *ret);
	/* NULL: it ends with its run. */
	int (*worker)(struct loop *loop, const char *name, const char *words,
		      char **ret_output);
} kinds[] = {
	{ "virt:", is_board,
	  TARGET_CONSOLE | TARGET_CONTROL | TARGET_POWER | TARGET_WIRE | TARGET_SLOT |
		  TARGET_RESETS,
	  virtual_prepare, lend_to_board, virtual_open, virtual_facts, NULL },
	{ "ssh:", is_host, TARGET_CONSOLE | TARGET_CONTROL | TARGET_KEPT, NULL, NULL,
	  running_open, running_facts, running_worker },
	{ "local", is_this,
	  TARGET_CONSOLE | TARGET_CONTROL | TARGET_KEPT | TARGET_UEVENTS, NULL, NULL,
	  running_open, running_facts, running_worker },
};

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) &&
		    kinds[i].knows(name))
			return &kinds[i];
	return NULL;
}

unsigned int target_parts(const char *name)
{
	const struct kind *kind = kind_of(name);

	return kind ? kind->parts : 0;
}

char *target_lacks(const char *name, unsigned int needs)
{
	static const struct {
		enum target_part part;
		const char *name;
	} names[] = {
		{ TARGET_CONSOLE, "console" },
		{ TARGET_CONTROL, "shell" },
		{ TARGET_POWER, "power switch" },
		{ TARGET_WIRE, "network that could be flooded" },
		{ TARGET_SLOT, "slot that is emptied from outside" },
	};
	unsigned int missing = needs & ~target_parts(name);
	_cleanup_strbuf_ struct strbuf lacks = { 0 };

	if (!kind_of(name))
		return xasprintf("unknown target '%s'; `iommu-stress board list` names "
				 "the virtual boards",
				 name);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (missing & names[i].part)
			strbuf_addf(&lacks, "%sno %s", lacks.n ? ", " : "",
				    names[i].name);
	return lacks.n ? xasprintf("target %s cannot be used for this: it has %s", name,
				   lacks.s) :
			 NULL;
}

/* Speaks. */
static const struct kind *find_kind(const char *name)
{
	_cleanup_free_ char *why = target_lacks(name, 0);

	if (why)
		log_error("%s", why);
	return kind_of(name);
}

int target_prepare(const char *name, const struct board_options *options)
{
	const struct kind *kind = find_kind(name);

	if (!kind)
		return -ENOENT;
	return kind->prepare ? kind->prepare(name, options) : 0;
}

int target_lend_programs(const char *name, struct board_options *options)
{
	const struct kind *kind = kind_of(name);

	return kind && kind->lend ? kind->lend(name, options) : 0;
}

int target_open(struct loop *loop, const struct target_spec *spec, struct target **ret)
{
	const struct kind *kind = find_kind(spec->name);
	int r = kind ? kind->open(loop, spec, ret) : -ENOENT;

	if (r == 0)
		(*ret)->parts = kind->parts;
	return r;
}

int target_facts(const char *name, const char *const *words, struct facts *ret)
{
	const struct kind *kind = find_kind(name);

	*ret = (struct facts){ 0 };
	return kind ? kind->facts(name, words, ret) : -ENOENT;
}

int target_worker(struct loop *loop, const char *name, const char *words,
		  char **ret_output)
{
	const struct kind *kind = find_kind(name);

	*ret_output = NULL;
	if (!kind)
		return -ENOENT;
	return kind->worker ? kind->worker(loop, name, words, ret_output) : -EOPNOTSUPP;
}
