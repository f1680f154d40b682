// SPDX-License-Identifier: GPL-2.0-or-later
/* The reboot test, in the order in which it happens. */
#include "reboot.h"

#include "base/num.h"
#include "common.h"
#include "scenario/table.h"
#include "traffic.h"

#include <stdio.h>
#include <string.h>

/* How the target is made to go down, by a command for its shell. */
static const struct method methods[] = {
	{ .name = "reboot",
	  .help = "reboot -f: device shutdown methods, then reset",
	  .command = "reboot -f" },
	{ .name = "sysrq",
	  .help = "sysrq b: reset at once, no shutdown methods",
	  .command = "echo b >/proc/sysrq-trigger" },
	{ .name = "kexec",
	  .help = "kexec -e: device shutdown methods, then a new kernel without firmware",
	  .command = "kexec -e",
	  .needs_kexec = true },
	{ .name = "poweroff",
	  .help = "poweroff -f: device shutdown methods, power off, power on again",
	  .command = "poweroff -f",
	  .powers_off = true },
	{ 0 },
};

struct reboot_plan {
	uint32_t baud; /* of the console from the trigger to the next banner; 0 = off */
};

/* What is known only in the middle of a cycle. */
struct reboot {
	struct reboot_proofs seen;
	char boot_id_before[40]; /* at the trigger */
};

/* Of a usual line of the kernel's, on a serial line. */
#define LINE_BITS (80u * 10)

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
	const struct reboot_plan *plan = run->plan->own;
	struct reboot *reboot = run->own;
	struct sight *s = &run->sight;
	char how[96];

	memcpy(reboot->boot_id_before, s->boot_id, sizeof(s->boot_id));
	/* A slow console is what opens the window: the shutdown path prints. */
	target_set_baud(run->rig.target, plan->baud);
	s->trigger_ns = loop_now_ns();
	s->acted = true;
	traffic_mark(run);
	snprintf(how, sizeof(how), "%s", run->plan->method->command);
	if (plan->baud && run->rig.target->port_drops)
		snprintf(how, sizeof(how), "echo %u >/proc/sys/kernel/printk_delay; %s",
			 LINE_BITS * 1000 / plan->baud, run->plan->method->command);
	shell_request(run, how);
}

static bool requested(const struct run *run)
{
	return run->sight.trigger_seen_ns;
}

static bool banner_seen(const struct run *run)
{
	return run->sight.banner_ns > run->sight.trigger_ns;
}

static bool kernel_gone(const struct run *run)
{
	bool gone = run->plan->method->powers_off ? run->sight.powered_off :
						    run->sight.restart_ns;

	return gone || banner_seen(run);
}

static void power_on(struct run *run)
{
	if (!run->plan->method->powers_off || banner_seen(run))
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

	facts_prove(facts, seen->shell_before, PHASE_SETTLE, "shell before",
		    "the shell did not answer before the request");
	facts_prove(facts, !load || seen->load_before, PHASE_FLOOD,
		    load ? "steady replies before" : NULL,
		    "replies to the load were not steady");
	facts_prove(facts, seen->triggered, PHASE_TRIGGER, "request in the kernel log",
		    "the request was not seen in the kernel log");
	facts_prove(facts, !seen->wants_reset || seen->reset, PHASE_FIRMWARE,
		    seen->wants_reset ? "reset told by the power switch" : NULL,
		    "the power switch saw no reset");
	facts_prove(facts, !seen->wants_none || !seen->reset, PHASE_FIRMWARE,
		    seen->wants_none ? "no reset, but a kernel started by kexec" : NULL,
		    "the machine was reset, which kexec does not do");
	facts_prove(facts, facts->banners == 1, PHASE_FIRMWARE, "one new banner",
		    "no banner of a new kernel was seen");
	facts_prove(facts, seen->shell_back, PHASE_EARLY_BOOT, "shell back",
		    "the shell did not come back");
	facts_prove(facts, seen->new_boot_id, PHASE_EARLY_BOOT,
		    "a boot id that is new in this run", "no new boot id was told");
	facts_prove(facts, !load || seen->load_after, PHASE_UP,
		    load ? "replies after" : NULL,
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
	struct cycle_times *t = &run->times;

	t->down = span(s->trigger_ns, s->banner_ns);
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
	bool tells_resets = run->rig.target->parts & TARGET_RESETS;

	seen->wants_load = run->plan->flood;
	seen->triggered = s->trigger_seen_ns;
	seen->shell_back = s->shell && s->banner_ns > s->trigger_ns;
	seen->wants_none = run->plan->method->needs_kexec && tells_resets;
	seen->wants_reset = tells_resets && !seen->wants_none;
	seen->reset = s->resets;
	seen->new_boot_id = reboot->boot_id_before[0] && s->boot_id_new &&
			    strcmp(reboot->boot_id_before, s->boot_id) != 0;
	seen->load_after = run->traffic.first_reply_up_ns;
	reboot_prove(seen, &run->cycle);
	*reboot = (struct reboot){ 0 };
	note_times(run);
	traffic_record_timeline(run);
}

/* -- options ----------------------------------------------------------------------------- */

#define KEY_BAUD 0x300

static const struct argp_option options[] = {
	{ "baud", KEY_BAUD, "N", 0,
	  "speed of a virtual console from the trigger to the next kernel banner "
	  "(default 115200, 0: no brake)",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	struct reboot_plan *own = plan->own;

	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = plan;
	else if (key != KEY_BAUD)
		return ARGP_ERR_UNKNOWN;
	else if (num_parse_u32(arg, &own->baud) < 0)
		argp_error(state, "--baud: '%s' is not a number", arg);
	return 0;
}

/* -- plan in words ------------------------------------------------------------------------ */

static void init(struct plan *plan)
{
	*(struct reboot_plan *)plan->own = (struct reboot_plan){ .baud = 115200 };
}

static void to_json(const struct plan *plan, json_t *root)
{
	const struct reboot_plan *own = plan->own;

	json_object_set_new(root, "baud", json_integer(own->baud));
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

const struct scenario scenario_reboot = {
	.name = "reboot",
	.help = "flood a target and reboot it in a loop",
	.doc = "Floods the target, reboots it in a loop, captures its console and says what "
	       "happened.",
	.target = "virt:arm64",
	.cycles = 10,
	.settle_ns = SETTLE_DEFAULT_NS,
	.takes = SCENARIO_LOAD,
	.needs = TARGET_POWER,
	.methods = methods,
	.methods_help = "how the target goes down",
	.options = &(const struct argp){ .options = options,
					 .parser = parse,
					 .children = common_options },
	.help_tables = common_help_tables,
	.plan_size = sizeof(struct reboot_plan),
	.plan_init = init,
	.plan_json = to_json,
	.print_rest = print_rest,
	.steps = steps,
	.n_steps = ARRAY_SIZE(steps),
	.own_size = sizeof(struct reboot),
	.prove = prove,
	.on_marker = traffic_on_marker,
	.recall = settle_recall,
};
