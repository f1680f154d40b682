/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a rebind run, and what a cycle must have shown for a pass. */
#pragma once

#include "judge/verdict.h"
#include "run/plan.h"

/* How the driver is taken away; the worker knows the names. */
struct rebind_method {
	const char *name, *help;
	const char *means; /* what a device must have for it, as for unplug */
};

struct rebind_plan {
	const struct rebind_method *method;
	const char *device; /* as the user named it; NULL: the board's network device */
};

/* options.c, of struct scenario; plan->own is a struct rebind_plan. */
extern const struct argp rebind_options;
char *rebind_help_filter(int key, const char *text, void *input);
void rebind_plan_init(struct plan *plan);
int rebind_plan_check(struct plan *plan);
void rebind_plan_json(const struct plan *plan, json_t *root);
void rebind_print_head(FILE *out, const struct plan *plan);
void rebind_print_rest(FILE *out, const struct plan *plan);

struct rebind_proofs {
	bool wants_load;   /* the plan asks for a confirmed load */
	bool shell_before; /* the shell answered before the driver was taken */
	bool load_before;  /* replies were steady then */
	bool gone;         /* sysfs shows no driver, or no device */
	bool back;         /* sysfs shows the driver again */
	bool events;       /* the kernel has told of both */
	bool network;      /* the interfaces have their names and addresses again */
	bool load_after;   /* replies since then */
};

/* Into facts. Pure. */
void rebind_prove(const struct rebind_proofs *seen, struct cycle_facts *facts);

/* What the worker tells at the end of a cycle. */
struct rebind_result {
	char unplug[ATTEMPT_WORD_MAX], back[ATTEMPT_WORD_MAX], moved[ATTEMPT_WORD_MAX];
	char where[sizeof(((struct attempt *)NULL)->where)];
	char uevents[16], net[16];
	int64_t unplug_ns;
	uint64_t back_ns, total_ns;
	bool gone;
};
