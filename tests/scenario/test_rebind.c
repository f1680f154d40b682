// SPDX-License-Identifier: GPL-2.0-or-later
/* The rebind scenario against a scripted board with a scripted worker, in virtual time. */
#include "base/exit_status.h"
#include "base/log.h"
#include "base/num.h"
#include "device/guard.h"
#include "plan.h"
#include "scenario/cut.h"
#include "scenario/parts.h"
#include "scenario/play.h"

#include <errno.h>
#include <string.h>

/* What comes of a cycle. */
enum course {
	FINE,
	SPLATS,       /* a WARNING when the driver goes */
	LATE,         /* a WARNING when it comes back */
	OOPSES,       /* and panics, and is silent */
	HANGS,        /* nothing more is heard once the driver is being taken away */
	HANGS_BACK,   /* the same while it is given back */
	FORGETS,      /* the worker tells no result, and the shell goes on */
	STUCK,        /* the unbind never returns */
	STUCK_BACK,   /* the bind never returns */
	GONE,         /* the device does not come back */
	MOVED,        /* it comes back elsewhere */
	BUSY,         /* the unbind is refused */
	STAYS,        /* the driver is there all the time */
	NO_EVENTS,    /* the kernel tells nothing */
	NO_ADDRESSES, /* the interface does not become what it was */
	NO_REPLIES,   /* the interface does, and is silent */
	DAMAGED,      /* the result lost characters */
	FAILS,        /* the worker cannot go on */
	RESTARTS,     /* the board resets itself */
	LOSSY,        /* some messages are lost */
};

struct load {
	struct loop_timer *timer;
	struct load_events events;
	struct flood_sample sample;
	uint64_t up_since_ns;
};

static struct {
	enum course courses[16];
	unsigned int n;
	const char *facts, *error;

	struct target target;
	struct target_events events;
	struct loop *loop;
	struct loop_timer *timer;
	char pending[1 << 14]; /* what the console will print next */
	char request[256];     /* the worker's last command line */
	unsigned int boots, asked, requests;
	bool dead, powered, mute;
} b;

#define MARK "[    2.000000] iommu-stress: "
#define SYSTEM \
	"fact=system kernel=6.1.0-test arch=aarch64 cpus=2 vfio=no iommufd=no iommu=yes\n"
#define NIC(driver, functions)                                                             \
	"fact=device bdf=0000:01:00.0 id=1af4:1041 class=0x020000 driver=" driver          \
	" override=- group=0 domain_type=DMA iommu=smmu3 slot=0 slot_power=1 removable=1 " \
	"rescan=1 reset=1 bridge=0 parent=- sriov_total=0 sriov_num=0 physfn=- "           \
	"autoprobe=0 net=eth0 mac=52:54:00:12:34:56 block=- cdev=- vfio_open=-\n" functions

static const char usual_facts[] =
	MARK SYSTEM MARK NIC("virtio-pci", MARK "fact=end lines=2\n");

static void say(const char *format, ...) _printf_(1, 2);
static void say(const char *format, ...)
{
	size_t used = strlen(b.pending);
	va_list args;

	va_start(args, format);
	vsnprintf(b.pending + used, sizeof(b.pending) - used, format, args);
	va_end(args);
	loop_timer_set(b.timer, loop_now_ns() + 20 * NS_PER_MSEC);
}

static void on_timer(void *arg)
{
	char bytes[sizeof(b.pending)];

	(void)arg;
	memcpy(bytes, b.pending, sizeof(bytes));
	b.pending[0] = '\0';
	parts_print(&b.events, bytes);
}

static void boot(void)
{
	b.dead = b.mute = false;
	b.events.on_power(b.events.arg, "reset");
	say("[    0.000000] Linux version 6.1.0-test (a@b) (gcc 12) #1 SMP\n"
	    "[    1.500000] iommu-stress: phase=up boot_id=%08x kernel=6.1.0-test\n",
	    ++b.boots);
}

static void warn(const char *function)
{
	say("[    3.000000] ------------[ cut here ]------------\n"
	    "[    3.000000] WARNING: CPU: 1 PID: 77 at drivers/iommu/dma-iommu.c:840 "
	    "%s+0x8a/0x90\n"
	    "[    3.000000] CPU: 1 PID: 77 Comm: stress-writer Not tainted 6.1.0-test #1\n"
	    "[    3.000000] Call trace:\n"
	    "[    3.000000]  %s+0x8a/0x90\n"
	    "[    3.000000]  dma_unmap_page_attrs+0x38/0x1d0\n"
	    "[    3.000000] ---[ end trace 0000000000000000 ]---\n",
	    function, function);
}

#define TAKEN "unplug=ok unplug_ns=2000000 gone=1"

static void result(unsigned int cycle, const char *words)
{
	say(MARK "cycle=%u phase=back %s total_ns=9000000\n", cycle, words);
}

/* The driver goes. False: that is all. */
static bool take(unsigned int cycle, enum course course)
{
	say(MARK "cycle=%u phase=unplug device=0000:01:00.0 driver=virtio-pci\n", cycle);
	switch (course) {
	case SPLATS:
		warn("iommu_dma_unmap_page");
		break;
	case OOPSES:
		say("[    3.1] Unable to handle kernel NULL pointer dereference at virtual "
		    "address 0000000000000098\n"
		    "[    3.1] Internal error: Oops: 0000000096000006 [#1] SMP\n"
		    "[    3.1] pc : iommu_get_dma_domain+0x4/0x10\n"
		    "[    3.1] Call trace:\n[    3.1]  iommu_get_dma_domain+0x4/0x10\n"
		    "[    3.1] ---[ end trace 0000000000000000 ]---\n"
		    "[    3.1] Kernel panic - not syncing: Oops: Fatal exception\n"
		    "[    3.1] ---[ end Kernel panic - not syncing: Oops: Fatal exception "
		    "]---\n");
		b.dead = true;
		return false;
	case HANGS:
		b.dead = true;
		return false;
	case RESTARTS:
		boot();
		return false;
	case STUCK:
		result(cycle, "unplug=stuck unplug_ns=-1 gone=0 back=gone back_ns=0 "
			      "uevents=missing net=missing where=msleep<napi_disable");
		return false;
	case BUSY:
		result(cycle, "unplug=EBUSY unplug_ns=2000 gone=0 back=ok back_ns=0 "
			      "uevents=missing net=ok");
		return false;
	case STAYS:
		result(cycle, "unplug=ok unplug_ns=2000 gone=0 back=ok back_ns=0 "
			      "uevents=missing net=ok");
		return false;
	case FAILS:
		say(MARK "error=driver why=\"0000:01:00.0 has no driver\"\n");
		return false;
	default:
		break;
	}
	say(MARK "cycle=%u phase=back " TAKEN "\n", cycle);
	return true;
}

static void play_cycle(unsigned int cycle, enum course course)
{
	if (!take(cycle, course))
		return;
	switch (course) {
	case HANGS_BACK:
		b.dead = true;
		return;
	case FORGETS:
		return;
	case LATE:
		warn("iommu_probe_device");
		break;
	case LOSSY:
		say("** 7 printk messages dropped **\n");
		break;
	case STUCK_BACK:
		result(cycle, TAKEN " back=stuck back_ns=0 uevents=missing net=missing "
				    "where=wait_for_completion");
		return;
	case GONE:
		result(cycle, TAKEN
		       " back=gone back_ns=30000000000 uevents=missing net=missing");
		return;
	case MOVED:
		result(cycle, TAKEN " back=moved moved=0000:02:00.0 back_ns=1 "
				    "uevents=missing net=missing");
		return;
	case NO_EVENTS:
		result(cycle, TAKEN " back=ok back_ns=1 uevents=missing net=ok");
		return;
	case NO_ADDRESSES:
		result(cycle, TAKEN " back=ok back_ns=1 uevents=ok net=missing "
				    "missing=\"an address or a route\"");
		return;
	case DAMAGED:
		result(cycle, TAKEN " back=ok back_ns=1 uev=ok net=ok");
		return;
	case NO_REPLIES:
		b.mute = true;
		break;
	default:
		break;
	}
	result(cycle, TAKEN " back=ok back_ns=3000000 uevents=ok net=ok");
}

static int type(struct control *control, struct text bytes)
{
	char line[512], words[64], marker[160], *end;
	unsigned int cycle;
	const char *at;

	(void)control;
	text_copy(line, sizeof(line), text_trim(bytes));
	if (b.dead)
		return 0;
	parts_heard(bytes);
	at = strstr(line, " cycle=");
	cycle = at ? ticket_cycle(strtoull(at + strlen(" cycle="), NULL, 10)) : 0;
	snprintf(words, sizeof(words), "boot_id=%08x kernel=6.1.0-test", b.boots);
	if (parts_is_up(bytes, marker, sizeof(marker), words))
		say("%s", marker);
	else if (strstr(line, "worker facts")) {
		b.asked++;
		say("%s", b.facts ? b.facts : usual_facts);
	} else if (strstr(line, "worker rebind")) {
		b.requests++;
		parts_plain(b.request, sizeof(b.request), bytes);
		if (b.error)
			say("%s", b.error);
		else
			play_cycle(cycle, cycle - 1 < b.n ? b.courses[cycle - 1] : FINE);
	} else if (!strncmp(line, "mark ", 5)) {
		end = strchr(line, ';');
		if (end)
			*end = '\0';
		say(MARK "%s\n", line + 5);
	}
	return 0;
}

static int power(struct power *own)
{
	(void)own;
	b.powered = true;
	boot();
	return 0;
}

static void close_target(struct target *t)
{
	(void)t;
	loop_timer_free(b.timer);
}

static int open_script(struct loop *loop, const struct plan *plan, const char *log_path,
		       const struct target_events *events, struct target **ret)
{
	(void)log_path;
	b.loop = loop;
	b.events = *events;
	b.timer = loop_timer_add(loop, on_timer, NULL);
	b.target = parts_target(plan);
	b.target.worker = "iommu-stress-worker";
	b.target.test_device = "0000:00:10.0";
	memcpy(b.target.wire.mac, "\x52\x54\x00\x12\x34\x56", 6);
	boot();
	*ret = &b.target;
	return 0;
}

static void on_load_timer(void *arg)
{
	struct load *load = arg;
	struct flood_sample *s = &load->sample;
	uint64_t now = loop_now_ns();
	bool answers = !b.dead && !b.mute;

	s->at_ns = now;
	s->state = FLOOD_HOLD;
	s->rate = 1000;
	s->sent += 100;
	if (answers) {
		if (!load->up_since_ns)
			load->up_since_ns = s->first_reply_ns = now;
		s->replies += 100;
		s->last_reply_ns = now;
	} else {
		load->up_since_ns = 0;
	}
	s->reply_rate = answers ? 1000 : 0;
	s->steady = answers && now - load->up_since_ns >= 500 * NS_PER_MSEC;
	load->events.on_sample(load->events.arg, s);
	loop_timer_set(load->timer, now + FLOOD_SAMPLE_MS * NS_PER_MSEC);
}

static int load_start(struct loop *loop, const struct plan *plan, struct target *target,
		      const struct load_events *events, struct load **ret)
{
	struct load *load = xcalloc(1, sizeof(*load));

	(void)plan;
	(void)target;
	load->events = *events;
	load->timer = loop_timer_add(loop, on_load_timer, load);
	loop_timer_set(load->timer, loop_now_ns() + FLOOD_SAMPLE_MS * NS_PER_MSEC);
	*ret = load;
	return 0;
}

static void load_tell(struct load *load, enum load_word word)
{
	(void)load;
	(void)word;
}

static void load_stop(struct load *load)
{
	if (load)
		loop_timer_free(load->timer);
	free(load);
}

static int restore(struct loop *loop, const char *target, const char *words,
		   char **ret_output)
{
	(void)loop;
	(void)target;
	(void)words;
	*ret_output = xstrdup("restore=done device=0000:01:00.0\n");
	return 0;
}

static const struct rig_ops rig = { .target_open = open_script,
				    .load_start = load_start,
				    .load_tell = load_tell,
				    .load_stop = load_stop,
				    .worker = restore };

static struct plan plan_of(unsigned int cycles)
{
	struct plan plan = test_plan(&scenario_rebind);

	plan.cycles = cycles;
	plan.flood = true;
	return plan;
}

static void script(const enum course *courses, unsigned int n)
{
	memset(&b, 0, sizeof(b));
	for (unsigned int i = 0; i < n; i++)
		b.courses[i] = courses[i];
	b.n = n;
}

/* The second cycle goes this way, the others are fine. */
static const struct expectation {
	enum course course;
	enum outcome outcome;
	const char *reason; /* must be part of it */
	int status;
	bool powered; /* the board must be brought back */
} expectations[] = {
	{ FINE, OUTCOME_PASS, "driver gone and back, interface as before", EXIT_PASS,
	  false },
	{ SPLATS, OUTCOME_SPLAT, "iommu_dma_unmap_page", EXIT_FINDING, false },
	{ LATE, OUTCOME_SPLAT, "iommu_probe_device", EXIT_FINDING, false },
	{ OOPSES, OUTCOME_CRASH, "iommu_get_dma_domain", EXIT_FINDING, true },
	{ HANGS, OUTCOME_HANG, "phase unplug did not end", EXIT_FINDING, true },
	{ HANGS_BACK, OUTCOME_HANG, "phase back did not end", EXIT_FINDING, true },
	{ FORGETS, OUTCOME_INVALID, "the worker on the target did not answer",
	  EXIT_INVALID, true },
	{ STUCK, OUTCOME_HANG, "the unplug never returned, in msleep<napi_disable",
	  EXIT_FINDING, true },
	{ STUCK_BACK, OUTCOME_HANG, "bringing the device back never ended, in wait_for",
	  EXIT_FINDING, true },
	{ GONE, OUTCOME_GONE, "did not come back", EXIT_FINDING, true },
	{ MOVED, OUTCOME_GONE, "came back as 0000:02:00.0", EXIT_FINDING, true },
	{ BUSY, OUTCOME_BUSY, "EBUSY", EXIT_PASS, true },
	{ STAYS, OUTCOME_INVALID, "the driver was not seen to go", EXIT_INVALID, false },
	{ NO_EVENTS, OUTCOME_INVALID, "the kernel did not tell", EXIT_INVALID, false },
	{ NO_ADDRESSES, OUTCOME_INVALID, "its name and addresses", EXIT_INVALID, true },
	{ NO_REPLIES, OUTCOME_INVALID, "no reply to the load since", EXIT_INVALID, true },
	{ DAMAGED, OUTCOME_INVALID,
	  "the driver was not seen to go, the driver was not seen to be back, ",
	  EXIT_INVALID, false },
	{ FAILS, OUTCOME_INVALID, "0000:01:00.0 has no driver", EXIT_INVALID, true },
	{ RESTARTS, OUTCOME_CRASH, "restarted by itself in phase unplug", EXIT_FINDING,
	  false },
	{ LOSSY, OUTCOME_INVALID, "console has lost some", EXIT_INVALID, false },
};

static void test_courses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
		const struct expectation *e = &expectations[i];
		const enum course courses[] = { FINE, e->course };
		struct plan plan = plan_of(4);
		struct result r;

		script(courses, 2);
		r = play(&plan, &rig);
		print_message("# course %d: %s: %s\n", e->course,
			      outcome_name(r.verdict[1].outcome), r.verdict[1].reason);
		assert_int_equal(r.verdicts, 4);
		for (unsigned int n = 0; n < 4; n++)
			if (n != 1)
				assert_int_equal(r.verdict[n].outcome, OUTCOME_PASS);
		assert_int_equal(r.verdict[1].outcome, e->outcome);
		assert_non_null(strstr(r.verdict[1].reason, e->reason));
		assert_int_equal(r.status, e->status);
		assert_int_equal(b.powered, e->powered);
		assert_string_equal(r.end, "done");
		/* Facts of each boot, once. */
		assert_int_equal(b.asked, b.boots);
	}
}

static void test_request(void **state)
{
	struct plan plan = plan_of(1);

	(void)state;
	script(NULL, 0);
	assert_int_equal(play(&plan, &rig).status, EXIT_PASS);
	assert_string_equal(b.request,
			    "iommu-stress-worker rebind device=0000:01:00.0 "
			    "method=unbind cycle=1 limit_ms=30000 markers=1 stdout=0");
	/* Without load no replies are needed. */
	plan.flood = false;
	script((const enum course[]){ NO_REPLIES }, 1);
	assert_int_equal(play(&plan, &rig).status, EXIT_PASS);
}

static void assert_refused(struct plan *plan)
{
	struct result r = play(plan, &rig);

	assert_int_equal(r.status, EXIT_USAGE);
	assert_string_equal(r.end, "refused");
	assert_int_equal(r.verdicts, 0);
}

/* --device-name */
static void name_device(struct plan *plan, const char *name)
{
	const struct argp_option *option = scenario_rebind.options->options;
	struct argp_state state = { .input = plan };

	while (strcmp(option->name, "device-name") != 0)
		option++;
	assert_int_equal(
		scenario_rebind.options->parser(option->key, (char *)name, &state), 0);
}

static void test_refused(void **state)
{
	static const char mounted[] = MARK SYSTEM MARK NIC(
		"virtio-pci",
		MARK "fact=use bdf=0000:01:00.0 why=mount what=nbd0 at=/\n" MARK
		     "fact=end lines=3\n"),
			  unbound[] =
				  MARK SYSTEM MARK NIC("-", MARK "fact=end lines=2\n"),
			  damaged[] = MARK "fact=system kernel=6.1\n" MARK
					   "fact=device bdf=\n" MARK "fact=end lines=9\n";
	struct plan plan = plan_of(4);

	(void)state;
	script(NULL, 0);
	b.facts = mounted;
	assert_refused(&plan);
	assert_int_equal(b.requests, 0);
	script(NULL, 0);
	b.facts = mounted;
	plan.allowed = 1 << GUARD_MOUNTED;
	assert_int_equal(play(&plan, &rig).status, EXIT_PASS);
	plan.allowed = 0;

	script(NULL, 0);
	b.facts = unbound;
	assert_refused(&plan);
	script(NULL, 0);
	b.error = MARK "error=module why=\"module virtio_pci serves others, too\"\n";
	assert_refused(&plan);
	script(NULL, 0);
	name_device(&plan, "0000:00:1f.7");
	assert_refused(&plan);
	assert_int_equal(b.requests, 0);
	script(NULL, 0);
	name_device(&plan, "eth0");
	assert_int_equal(play(&plan, &rig).status, EXIT_PASS);
	name_device(&plan, NULL);
	script(NULL, 0);
	b.facts = damaged;
	assert_int_not_equal(play(&plan, &rig).status, EXIT_PASS);
	assert_int_equal(b.requests, 0);
}

/* Wherever it was cut, each cycle goes as it would have gone. */
static void test_resumed(void **state)
{
	const enum course courses[] = { FINE, SPLATS, HANGS, FINE, GONE, FINE };
	struct cut_cycle whole[CUT_CYCLES], resumed[CUT_CYCLES];
	_cleanup_free_ size_t *lines = NULL;
	struct plan plan = plan_of(ARRAY_SIZE(courses));
	struct cut cut;
	size_t n;

	(void)state;
	plan.jitter_ns = 5 * NS_PER_SEC;
	script(courses, ARRAY_SIZE(courses));
	cut_begin(&cut, &plan, &rig);
	cut_cycles(&cut, whole);
	assert_int_equal(whole[3].outcome, OUTCOME_HANG);
	assert_int_equal(whole[5].outcome, OUTCOME_GONE);
	lines = cut_lines(&cut, &n);
	for (size_t i = 0; i < n - 1; i += 1 + i % 5) {
		struct result r;

		cut_at(&cut, lines[i] + (i % 2 ? 9 : 0));
		script(courses, ARRAY_SIZE(courses));
		r = cut_resume(&cut, &plan, &rig, NULL);
		cut_cycles(&cut, resumed);
		assert_int_equal(r.status, EXIT_FINDING);
		assert_string_equal(r.end, "done");
		for (unsigned int k = 1; k <= ARRAY_SIZE(courses); k++) {
			assert_int_equal(resumed[k].verdicts, 1);
			assert_int_equal(resumed[k].outcome, whole[k].outcome);
			assert_int_equal(resumed[k].settle_ns, whole[k].settle_ns);
		}
		assert_int_equal(resumed[ARRAY_SIZE(courses) + 1].verdicts, 0);
	}
	cut_end(&cut);
}

/* What is as it was is not left to be undone. */
static void test_undo(void **state)
{
	struct plan plan = plan_of(3);
	struct journal_reader *reader;
	const struct record *record;
	const char *error;
	unsigned int begun = 0, done = 0;
	struct cut cut;

	(void)state;
	script(NULL, 0);
	cut_begin(&cut, &plan, &rig);
	assert_int_equal(journal_reader_open(cut.run_dir, &reader), 0);
	while (journal_reader_next(reader, &record, &error) == 1) {
		if (record->type != RECORD_UNDO)
			continue;
		begun += !record->undo.done;
		done += record->undo.done;
		assert_non_null(
			strstr(record->undo.words,
			       "device=0000:01:00.0 driver=virtio-pci override=- "));
		assert_non_null(strstr(record->undo.words, " method=unbind"));
	}
	journal_reader_close(reader);
	assert_int_equal(begun, 3);
	assert_int_equal(done, 3);
	cut_end(&cut);
}

static void test_plan_words(void **state)
{
	struct plan plan = plan_of(3);
	_cleanup_free_ char *json = NULL, *words = NULL;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	(void)state;
	json = plan_to_json(&plan);
	assert_non_null(strstr(json, "\"method\":\"unbind\""));
	assert_non_null(strstr(json, "\"device\":null"));
	run_print_plan(out, &plan);
	fclose(out);
	assert_non_null(strstr(words, "scenario: rebind, method unbind"));
	assert_non_null(strstr(words, "device: the board's network device"));
	assert_non_null(
		strstr(words, "  unplug      until the driver has gone; at most"));
	/* The network is the board's own, or none. */
	plan.target = "local";
	assert_int_equal(scenario_rebind.plan_check(&plan), -EINVAL);
	plan.flood = false;
	assert_int_equal(scenario_rebind.plan_check(&plan), -EINVAL);
	name_device(&plan, "eth1");
	assert_int_equal(scenario_rebind.plan_check(&plan), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_courses), cmocka_unit_test(test_request),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_undo),    cmocka_unit_test(test_plan_words),
	};

	log_set_level(LOG_LEVEL_ERROR);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
