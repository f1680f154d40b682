// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be asked of rebind on the command line, and how it is told. */
#include "rebind.h"

#include "base/log.h"
#include "base/num.h"
#include "board/target.h"
#include "scenario/settle.h"

#include <errno.h>
#include <string.h>

static const struct rebind_method methods[] = {
	{ "unbind", "the driver's sysfs files unbind and bind", "unbind" },
	{ "remove", "the device's sysfs file remove, and a rescan", "remove" },
	{ "module", "the driver's module is unloaded and loaded", "unbind" },
};

enum {
	KEY_METHOD = 0x700,
	KEY_DEVICE,
	KEY_SETTLE,
	KEY_JITTER,
};

static const struct argp_option options[] = {
	{ "method", KEY_METHOD, "METHOD", 0,
	  "how the driver is taken away (default unbind), see below", 0 },
	{ "device-name", KEY_DEVICE, "DEVICE", 0,
	  "whose driver: a PCI address, vendor:device or a network interface (default the "
	  "virtual board's network device)",
	  0 },
	{ "settle", KEY_SETTLE, "TIME", 0, "wait between shell and load (default 200ms)",
	  0 },
	{ "jitter", KEY_JITTER, "TIME", 0, "settle longer by a random time below this",
	  0 },
	{ 0 },
};

static void set_method(struct argp_state *state, struct rebind_plan *own, const char *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcmp(methods[i].name, arg)) {
			own->method = &methods[i];
			return;
		}
	argp_error(state, "--method: there is no '%s'; see --help", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	struct rebind_plan *own = plan ? plan->own : NULL;

	switch (key) {
	case KEY_METHOD:
		set_method(state, own, arg);
		return 0;
	case KEY_DEVICE:
		own->device = arg;
		return 0;
	case KEY_SETTLE:
		plan->settle_ns = plan_duration(state, "settle", arg);
		return 0;
	case KEY_JITTER:
		plan->jitter_ns = plan_duration(state, "jitter", arg);
		return 0;
	case ARGP_KEY_END:
		settle_allow(plan);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp rebind_options = { .options = options, .parser = parse };

/* The methods, from their table, between the description and the exit status. */
char *rebind_help_filter(int key, const char *text, void *input)
{
	struct strbuf list = { 0 };

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	strbuf_addf(&list, "Methods:\n");
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		strbuf_addf(&list, "  %-9s %s\n", methods[i].name, methods[i].help);
	strbuf_addf(&list, "\n%s", text);
	return list.s;
}

void rebind_plan_init(struct plan *plan)
{
	struct rebind_plan *own = plan->own;

	*own = (struct rebind_plan){ .method = &methods[0] };
	plan->settle_ns = 200 * NS_PER_MSEC;
}

int rebind_plan_check(struct plan *plan)
{
	const struct rebind_plan *own = plan->own;

	/* Of a target without a network it is not known which device would be it. */
	if (!own->device && !(target_parts(plan->target) & TARGET_WIRE)) {
		log_error("which device? --device-name=DEVICE; `iommu-stress list -t %s` "
			  "shows them",
			  plan->target);
		return -EINVAL;
	}
	return 0;
}

/* -- plan in words ---------------------------------------------------------------------------- */

void rebind_plan_json(const struct plan *plan, json_t *root)
{
	const struct rebind_plan *own = plan->own;

	json_object_set_new(root, "method", json_string(own->method->name));
	json_object_set_new(root, "device", plan_text(own->device));
	json_object_set_new(root, "allowed", json_integer((json_int_t)plan->allowed));
}

void rebind_print_head(FILE *out, const struct plan *plan)
{
	const struct rebind_plan *own = plan->own;

	fprintf(out, "method %s (%s)\n", own->method->name, own->method->help);
}

void rebind_print_rest(FILE *out, const struct plan *plan)
{
	const struct rebind_plan *own = plan->own;

	fprintf(out, "device: %s\n",
		own->device ? own->device : "the board's network device");
	settle_print(out, plan);
}

/* -- proofs ------------------------------------------------------------------------------ */

void rebind_prove(const struct rebind_proofs *seen, struct cycle_facts *facts)
{
	bool load = seen->wants_load;

	facts_prove(facts, seen->shell_before, PHASE_SETTLE,
		    "the shell did not answer before the driver was taken away");
	facts_prove(facts, !load || seen->load_before, PHASE_FLOOD,
		    "replies to the load were not steady");
	facts_prove(facts, seen->gone, PHASE_UNPLUG, "the driver was not seen to go");
	facts_prove(facts, seen->back, PHASE_BACK, "the driver was not seen to be back");
	facts_prove(facts, seen->events, PHASE_BACK,
		    "the kernel did not tell that it went and came");
	facts_prove(facts, seen->network, PHASE_BACK,
		    "the interface did not get its name and addresses again");
	facts_prove(facts, !load || seen->load_after, PHASE_UP,
		    "no reply to the load since the driver is back");
	facts->passed = load ? "driver gone and back, interface as before, load answered "
			       "before and after" :
			       "driver gone and back, interface as before";
}
