/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of options that several commands share, as argp children. The comment names what
 * the child's input must point to.
 */
#pragma once

#include "classify/rules.h"

#include <argp.h>
#include <stdbool.h>

extern const struct argp opts_load_argp;   /* struct plan */
extern const struct argp opts_run_argp;    /* struct opts_run */
extern const struct argp opts_output_argp; /* NULL: sets the log level */
extern const struct argp opts_rules_argp;  /* struct opts_rules */
extern const struct argp opts_guard_argp; /* unsigned int: 1 << enum guard_rule, allowed */
extern const struct argp opts_board_argp; /* struct board_options, all zero */
/* For struct argp_child.header. */
#define OPTS_GUARD_HEADER "What guards refuse otherwise:"
#define OPTS_BOARD_HEADER "Virtual board:"

struct plan;

struct opts_run {
	struct plan *plan;
	bool dry_run;
	bool cycles_given;  /* -n was there: other ends of a run do not replace it */
	const char *resume; /* run to go on with; NULL: begin one */
};

/* Rule files besides the built-in ones and the user's own. {0} is valid. */
struct opts_rules {
	char **files; /* --rules; the array is the caller's to free */
	size_t n_files;
};

/* All rules: built in, the user's own, --rules. 0, or -errno after it was said. */
int opts_rules_load(const struct opts_rules *o, struct rules **ret);

/*
 * The key of an option that only sets one member of the parser's input: a string becomes
 * the argument, a bool true. A parser hands all keys that it does not know to opts_set.
 */
#define OPTS_KEY(type, member) \
	((int)offsetof(type, member) +               \
	 _Generic(((type *)NULL)->member,            \
		  const char *: OPTS_STRING,         \
		  bool: OPTS_BOOL))
#define OPTS_STRING 0x10000
#define OPTS_BOOL   0x20000
#define OPTS_END    0x30000

/* ARGP_ERR_UNKNOWN for a key that is none of OPTS_KEY. */
error_t opts_set(int key, char *arg, void *input);

/* --format=text|json: is it json? */
bool opts_format_is_json(const struct argp_state *state, const char *arg);
