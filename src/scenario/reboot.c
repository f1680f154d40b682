// SPDX-License-Identifier: GPL-2.0-or-later
/* The reboot test, in the order in which it happens. */
#include "reboot.h"

#include "base/num.h"
#include "method.h"
#include "scenario/table.h"
#include "settle.h"
#include "traffic.h"

#include <stdio.h>
#include <string.h>

/* How the target is made to go down, by a command for its shell. */
static const struct method methods[] = {
	{ .name = "reboot",
	  .help = "reboot -f: device shutdown methods, then reset",
	  .how = "reboot -f" },
	{ .name = "sysrq",
	  .help = "sysrq b: reset at once, no shutdown methods",
	  .how = "echo b >/proc/sysrq-trigger" },
	{ .name = "kexec",
	  .help = "kexec -e: device shutdown methods, then a new kernel without firmware",
	  .how = "kexec -e",
	  .needs_kexec = true },
	{ .name = "poweroff",
	  .help = "poweroff -f: device shutdown methods, power off, power on again",
	  .how = "poweroff -f",
	  .powers_off = true },
	{ 0 },
};

struct reboot_plan {
	const struct method *method;
	uint32_t baud; /* of the console from the trigger to the next banner; 0 = off */
};

static const struct reboot_plan *plan_of(const struct run *run)
{
	return run->plan->own;
}

/* What is known only in the middle of a cycle. */
struct reboot {
	struct reboot_proofs seen;
	char boot_id_before[40]; /* at the trigger */
};

/* -- steps ------------------------------------------------------------------------------ */

static void arm(struct run *run)
{
	struct reboot *reboot = run->own;

	reboot->seen.shell_before = run->sight.shell;
	reboot->seen.load_before = traffic_steady(run);
	traffic_surge(run);
}

static void request(struct run *run)
{
	struct reboot *reboot = run->own;
	struct sight *s = &run->sight;

	memcpy(reboot->boot_id_before, s->boot_id, sizeof(s->boot_id));
	/* A slow console is what opens the window: the shutdown path prints. */
	target_set_baud(run->rig.target, plan_of(run)->baud);
	s->trigger_ns = loop_now_ns();
	s->acted = true;
	traffic_mark(run);
	shell_request(run, plan_of(run)->method->how);
}

static bool requested(const struct run *run)
{
	return run->sight.trigger_seen;
}

static bool banner_seen(const struct run *run)
{
	return run->sight.banner_ns > run->sight.trigger_ns;
}

static bool kernel_gone(const struct run *run)
{
	bool gone = plan_of(run)->method->powers_off ? run->sight.powered_off :
						       run->sight.restart_seen;

	return gone || banner_seen(run);
}

static void power_on(struct run *run)
{
	if (!plan_of(run)->method->powers_off || banner_seen(run))
		return;
	if (!run_power(run, POWER_ON))
		snprintf(run->sight.gone, sizeof(run->sight.gone),
			 "power could not be switched on");
}

/* clang-format off */
static const struct step steps[] = {
	/* phase            act              go on when       in words */
	{ PHASE_BOOT,       NULL,            run_shell_up,    "the shell answers on the console" },
	{ PHASE_SETTLE,     settle_begin,    settle_nearly,   NULL },
	{ PHASE_SETTLE,     settle_end,      settle_over,     "the settle time is over" },
	{ PHASE_FLOOD,      traffic_on,      traffic_holds,   NULL },
	{ PHASE_FLOOD,      traffic_confirm, traffic_steady,  "replies are steady" },
	{ PHASE_TRIGGER,    arm,             traffic_surged,  NULL },
	{ PHASE_TRIGGER,    request,         requested,       "the kernel has logged the request" },
	{ PHASE_SHUTDOWN,   traffic_press,   kernel_gone,     "the kernel's last word, or a new banner" },
	{ PHASE_FIRMWARE,   power_on,        banner_seen,     "a new kernel banner" },
	{ PHASE_EARLY_BOOT, run_release,     run_shell_up,    "the shell answers again" },
	{ PHASE_UP,         traffic_up,      traffic_back,    "replies are back" },
};
/* clang-format on */

/* -- judging ----------------------------------------------------------------------------- */

void reboot_prove(const struct reboot_proofs *seen, struct cycle_facts *facts)
{
	bool load = seen->wants_load;

	facts_prove(facts, seen->shell_before, PHASE_SETTLE,
		    "the shell did not answer before the request");
	facts_prove(facts, !load || seen->load_before, PHASE_FLOOD,
		    "replies to the load were not steady");
	facts_prove(facts, seen->triggered, PHASE_TRIGGER,
		    "the request was not seen in the kernel log");
	facts_prove(facts, facts->banners == 1, PHASE_FIRMWARE,
		    "no banner of a new kernel was seen");
	facts_prove(facts, seen->shell_back, PHASE_EARLY_BOOT,
		    "the shell did not come back");
	facts_prove(facts, seen->new_boot_id, PHASE_EARLY_BOOT,
		    "no new boot id was told");
	facts_prove(facts, !load || seen->load_after, PHASE_UP,
		    "no reply to the load after the new boot");
	facts->passed = load ? "one new kernel, shell back, new boot id, load answered "
			       "before and after" :
			       "one new kernel, shell back, new boot id";
}

static uint64_t span(uint64_t from, uint64_t to)
{
	return from && to > from ? to - from : 0;
}

static void note_times(struct run *run)
{
	const struct sight *s = &run->sight;
	const struct traffic *traffic = &run->traffic;
	const uint64_t *phase_ns = run->clock.phase_ns;
	struct cycle_times *t = &run->times;

	t->settle = phase_ns[PHASE_SETTLE];
	t->confirm = phase_ns[PHASE_FLOOD] + phase_ns[PHASE_UP];
	t->down = span(s->trigger_ns, s->banner_ns);
	t->boot = phase_ns[PHASE_BOOT];
	if (t->down && s->shell_ns > s->banner_ns)
		t->boot += s->shell_ns - s->banner_ns;
	t->last_reply_after = span(s->trigger_ns, traffic->last_reply_down_ns);
	t->first_reply_after = span(s->trigger_ns, traffic->first_reply_up_ns);
}

static void prove(struct run *run)
{
	const struct sight *s = &run->sight;
	struct reboot *reboot = run->own;
	struct reboot_proofs *seen = &reboot->seen;

	seen->wants_load = run->plan->flood;
	seen->triggered = s->trigger_seen;
	seen->shell_back = s->shell && s->banner_ns > s->trigger_ns;
	seen->new_boot_id = reboot->boot_id_before[0] && s->boot_id[0] &&
			    strcmp(reboot->boot_id_before, s->boot_id) != 0;
	seen->load_after = run->traffic.first_reply_up_ns;
	reboot_prove(seen, &run->cycle);
	*reboot = (struct reboot){ 0 };
	note_times(run);
	traffic_record_timeline(run);
}

/* -- options ----------------------------------------------------------------------------- */

enum {
	KEY_METHOD = 0x300,
	KEY_BAUD,
};

static const struct argp_option options[] = {
	{ "method", KEY_METHOD, "METHOD", 0,
	  "how the target goes down (default reboot), see below", 0 },
	{ "baud", KEY_BAUD, "N", 0,
	  "speed of a virtual console from the trigger to the next kernel banner "
	  "(default 115200, 0: no brake)",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	struct reboot_plan *own = plan ? plan->own : NULL;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = plan;
		return 0;
	case KEY_METHOD:
		own->method = method_parse(methods, arg, state);
		plan->board.kexec = own->method->needs_kexec;
		return 0;
	case KEY_BAUD:
		if (num_parse_u32(arg, &own->baud) < 0)
			argp_error(state, "--baud: '%s' is not a number", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *help_filter(int key, const char *text, void *input)
{
	(void)input;
	return method_help(methods, key, text);
}

/* -- plan in words ------------------------------------------------------------------------ */

static void init(struct plan *plan)
{
	struct reboot_plan *own = plan->own;

	*own = (struct reboot_plan){ .method = &methods[0], .baud = 115200 };
	plan->settle_ns = SETTLE_DEFAULT_NS;
}

static void to_json(const struct plan *plan, json_t *root)
{
	const struct reboot_plan *own = plan->own;

	json_object_set_new(root, "method", json_string(own->method->name));
	json_object_set_new(root, "baud", json_integer(own->baud));
}

static void print_head(FILE *out, const struct plan *plan)
{
	const struct reboot_plan *own = plan->own;

	fprintf(out, "method %s (%s)\n", own->method->name, own->method->how);
}

static void print_rest(FILE *out, const struct plan *plan)
{
	const struct reboot_plan *own = plan->own;

	settle_print(out, plan);
	if (own->baud)
		fprintf(out,
			"console: %u baud from the trigger to the next kernel banner\n",
			own->baud);
}

static void words(const struct run *run, char *buffer, size_t size)
{
	snprintf(buffer, size, "method %s", plan_of(run)->method->name);
}

const struct scenario scenario_reboot = {
	.name = "reboot",
	.help = "flood a target and reboot it in a loop",
	.doc = "Floods the target, reboots it in a loop, captures its console and says what "
	       "happened.",
	.target = "virt:arm64",
	.cycles = 10,
	.takes = SCENARIO_LOAD,
	.needs = TARGET_POWER,
	.options = &(const struct argp){ .options = options,
					 .parser = parse,
					 .children = settle_options },
	.help_filter = help_filter,
	.plan_size = sizeof(struct reboot_plan),
	.plan_init = init,
	.plan_json = to_json,
	.print_head = print_head,
	.print_rest = print_rest,
	.steps = steps,
	.n_steps = ARRAY_SIZE(steps),
	.own_size = sizeof(struct reboot),
	.prove = prove,
	.on_marker = traffic_on_marker,
	.recall = settle_recall,
	.words = words,
};
