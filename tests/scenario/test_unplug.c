// SPDX-License-Identifier: GPL-2.0-or-later
/* The unplug scenario against a scripted board with a scripted worker, in virtual time. */
#include "base/exit_status.h"
#include "base/log.h"
#include "base/num.h"
#include "plan.h"
#include "run/past.h"
#include "scenario/cut.h"
#include "scenario/parts.h"
#include "scenario/play.h"
#include "scenario/unplug/unplug.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

/* What comes of one attempt. */
enum course {
	FINE,
	SPLATS,    /* a WARNING while the race is on */
	LATE,      /* a WARNING when the device comes back */
	OOPSES,    /* and panics, and is silent */
	BLOCKED,   /* the unplug waits for the user */
	BUSY,      /* the unplug is refused */
	GONE,      /* the device does not come back */
	MOVED,     /* ... comes back elsewhere */
	STUCK,     /* the unplug never returns */
	DIES,      /* the process that unplugs is killed */
	LEAVES,    /* the holder is killed before it lets go */
	UNBEGUN,   /* the holder was not ready, and nothing was unplugged */
	CLINGS,    /* the holder never comes back from letting go */
	SILENT,    /* nothing more is heard */
	DAMAGED,   /* the result lost characters */
	RESTARTS,  /* the board resets itself */
	OTHER_WAY, /* messages in another order */
	LOSSY,     /* some of them are lost */
};

static struct {
	enum course courses[700];
	unsigned int n;
	int64_t from_ns, to_ns; /* offsets of a band in which it splats */
	const char *facts, *error, *kernel;
	unsigned int restores; /* `restore` was called */
	int restored;          /* what it returns */
	char restore[512];     /* its words */
	char race[512];        /* those of `race` */

	struct target target;
	struct target_events events;
	struct loop *loop;
	struct loop_timer *timer;
	uint64_t slow_ns;      /* so long lies between one result and the next */
	char pending[1 << 16]; /* what the console will print next */
	unsigned int boots, tries, races;
	bool dead, over, powered, put_back; /* over: the race does nothing more */
	unsigned int
		mute_from; /* the network answers no more from this attempt on; 0: never */
	bool no_uevents;
	unsigned int loads; /* floods that were started */
} b;

#define MARK "[    2.000000] iommu-stress: "

static const char usual_facts[] = MARK
	"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes iommufd=no "
	"iommu=yes\n" MARK
	"fact=device bdf=0000:00:10.0 id=1234:11e8 class=0x00ff00 driver=- override=- "
	"group=5 domain_type=DMA-FQ iommu=dmar0 slot=- removable=1 rescan=1 reset=1 "
	"bridge=0 parent=- sriov_total=0 sriov_num=0 physfn=- autoprobe=1 net=- "
	"vfio_open=-\n" MARK "fact=end lines=2\n";

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

static void boot(void)
{
	b.dead = false;
	b.events.on_power(b.events.arg, "reset");
	say("[    0.000000] Linux version 6.1.0-test (a@b) (gcc 12) #1 SMP\n"
	    "[    1.500000] iommu-stress: phase=up boot_id=%08x kernel=%s\n",
	    ++b.boots, b.kernel ? b.kernel : "6.1.0-test");
}

static void on_timer(void *arg)
{
	const char *result = b.slow_ns ? strstr(b.pending, "phase=back") : NULL;
	size_t n = strlen(b.pending);
	char bytes[sizeof(b.pending)];

	(void)arg;
	if (result)
		n = (size_t)(strchr(result, '\n') + 1 - b.pending);
	memcpy(bytes, b.pending, n);
	memmove(b.pending, b.pending + n, strlen(b.pending + n) + 1);
	if (b.pending[0])
		loop_timer_set(b.timer, loop_now_ns() + b.slow_ns);
	bytes[n] = '\0';
	parts_print(&b.events, bytes);
}

static void warn(const char *function)
{
	say("[    3.000000] ------------[ cut here ]------------\n"
	    "[    3.000000] WARNING: CPU: 1 PID: 77 at drivers/iommu/iommu.c:2101 "
	    "%s+0x8a/0x90\n"
	    "[    3.000000] CPU: 1 PID: 77 Comm: iommu-stress-wo Not tainted 6.1.0-test #1\n"
	    "[    3.000000] RIP: 0010:%s+0x8a/0x90\n"
	    "[    3.000000] Call Trace:\n"
	    "[    3.000000]  vfio_group_detach_container+0x5c/0x180 [vfio]\n"
	    "[    3.000000]  vfio_group_fops_release+0x40/0x50 [vfio]\n"
	    "[    3.000000] ---[ end trace 0000000000000000 ]---\n",
	    function, function);
}

static void result(unsigned int n, int64_t want, const char *words)
{
	say(MARK "cycle=%u phase=back want=%" PRId64 " got=%" PRId64 " %s\n", n, want,
	    want + 300, words);
}

#define TIMES \
	"unplug_ns=2000000 request_ns=500000 close_ns=100000 release=ok release_ns=90000 "
#define BACK "back=ok back_ns=3000000 total_ns=9000000"

static void attempt(unsigned int n, int64_t want, enum course course)
{
	bool band = want >= b.from_ns && want < b.to_ns;

	if (b.dead || b.over)
		return;
	b.over = course == GONE || course == MOVED || course == STUCK ||
		 course == CLINGS || course == DIES || course == RESTARTS;
	say(MARK "cycle=%u phase=unplug at=%" PRId64 "\n", n, want);
	say("[    3.000000] vfio-pci 0000:00:10.0: Relaying device request to user (#0)\n");
	if (course == SPLATS || band)
		warn("iommu_detach_group");
	switch (course) {
	case OOPSES:
		say("[    3.1] BUG: kernel NULL pointer dereference, address: "
		    "0000000000000098\n[    3.1] RIP: 0010:iommu_detach_group+0x1/0x90\n"
		    "[    3.1] Kernel panic - not syncing: Fatal exception\n"
		    "[    3.1] ---[ end Kernel panic - not syncing: Fatal exception ]---\n");
		b.dead = true;
		return;
	case SILENT:
		b.dead = true;
		return;
	case RESTARTS:
		boot();
		return;
	case BLOCKED:
		result(n, want,
		       "unplug=ok unplug_ns=2100000000 request_ns=500000 close_ns=100000 release=ok "
		       "release_ns=90000 blocked=1 free_ns=2100000000 who=\"99 holder\" " BACK);
		return;
	case BUSY:
		result(n, want,
		       "unplug=EBUSY unplug_ns=2000 request_ns=-1 close_ns=-1 release=ok "
		       "release_ns=90000 blocked=0 free_ns=-1 " BACK);
		return;
	case GONE:
		result(n, want,
		       "unplug=ok " TIMES
		       "blocked=0 free_ns=-1 back=gone back_ns=10000000000 total_ns=1");
		say(MARK "error=gone why=\"0000:00:10.0 did not come back\"\n");
		return;
	case MOVED:
		result(n, want,
		       "unplug=ok " TIMES "blocked=0 free_ns=-1 back=moved "
		       "moved=0000:00:11.0 back_ns=100000 total_ns=1");
		return;
	case STUCK:
		result(n, want,
		       "unplug=stuck unplug_ns=-1 request_ns=500000 close_ns=100000 release=ok release_ns=1 "
		       "where=msleep<pci_dev_wait "
		       "blocked=1 free_ns=-1 back=gone back_ns=0 total_ns=1");
		say(MARK "race=stuck\n");
		return;
	case DIES:
		result(n, want,
		       "unplug=died unplug_ns=-1 request_ns=500000 close_ns=100000 release=ok "
		       "release_ns=1 blocked=0 free_ns=-1 back=gone back_ns=0 total_ns=1");
		say(MARK "race=stuck who=\"writer, which died\"\n");
		return;
	case LEAVES:
		result(n, want,
		       "unplug=ok unplug_ns=9000 request_ns=-1 close_ns=-1 release=died "
		       "release_ns=-1 blocked=0 free_ns=-1 " BACK);
		return;
	case UNBEGUN:
		result(n, want,
		       "unplug=ETIMEDOUT unplug_ns=-1 request_ns=-1 close_ns=-1 release=ok "
		       "release_ns=90000 blocked=0 free_ns=-1 " BACK);
		return;
	case CLINGS:
		result(n, want,
		       "unplug=ok unplug_ns=9000 request_ns=5000 close_ns=-1 release=stuck "
		       "release_ns=-1 blocked=0 free_ns=-1 back=gone back_ns=0 total_ns=1");
		say(MARK "race=stuck\n");
		return;
	case DAMAGED:
		say(MARK "cycle=%u phase=back want=1 got=\n", n);
		return;
	case OTHER_WAY:
		say("[    3.000000] pci 0000:00:10.0: Removing from iommu group 5\n");
		break;
	case LATE:
		warn("iommu_probe_device");
		break;
	case LOSSY:
		say("** 7 printk messages dropped **\n");
		break;
	case FINE:
	case SPLATS:
		break;
	}
	result(n, want, "unplug=ok " TIMES "blocked=0 free_ns=-1 " BACK);
}

/* Of the device that is raced, and of another one, which counts for nothing. */
static void say_uevents(void)
{
	static const char *const actions[] = { "unbind", "remove", "add", "bind" };
	char bdf[16] = "";

	(void)sscanf(b.race, "%*s race device=%15s", bdf);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		b.events.on_uevent(b.events.arg, actions[i], "0000:00:01.0");
		if (!b.no_uevents)
			b.events.on_uevent(b.events.arg, actions[i], bdf);
	}
}

static int type(struct control *control, struct text bytes)
{
	char line[512], words[64], marker[160];
	uint64_t ticket;
	unsigned int n;
	int64_t at;

	(void)control;
	text_copy(line, sizeof(line), bytes);
	if (b.dead)
		return 0;
	parts_heard(bytes);
	snprintf(words, sizeof(words), "boot_id=%08x kernel=%s", b.boots,
		 b.kernel ? b.kernel : "6.1.0-test");
	if (parts_is_up(bytes, marker, sizeof(marker), words)) {
		say("%s", marker);
	} else if (strstr(line, "worker facts")) {
		say("%s", b.facts ? b.facts : usual_facts);
	} else if (strstr(line, "worker race")) {
		b.races++;
		parts_plain(b.race, sizeof(b.race), bytes);
		b.over = false;
		say("%s", b.error ? b.error : MARK "race=ready pid=12\n");
	} else if (sscanf(line, "try=%" SCNu64 " at=%" SCNd64, &ticket, &at) == 2) {
		n = ticket_cycle(ticket);
		b.tries++;
		attempt(n, at, n - 1 < b.n ? b.courses[n - 1] : FINE);
		say_uevents();
	} else if (strstr(line, "worker restore")) {
		b.restores++;
		parts_plain(b.restore, sizeof(b.restore), bytes);
		say("%s", b.restored ? MARK "error=gone why=\"does not come back\"\n" :
				       MARK "restore=done device=0000:00:10.1\n");
	} else if (!strcmp(line, "end\n")) {
		b.put_back = true;
		say(MARK "race=end\n");
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
	boot();
	*ret = &b.target;
	return 0;
}

static int restore(struct loop *loop, const char *target, const char *words,
		   char **ret_output)
{
	(void)loop;
	assert_string_equal(target, "local");
	b.restores++;
	snprintf(b.restore, sizeof(b.restore), "%s", words);
	*ret_output = xstrdup(b.restored ? "error=gone why=\"does not come back\"\n" :
					   "restore=done device=0000:00:10.0\n");
	return b.restored;
}

/* -- a load that is answered at once, until the network has gone ----------------------- */

struct load {
	struct loop_timer *timer;
	struct load_events events;
	struct flood_sample sample;
};

static void on_sample_timer(void *arg)
{
	struct load *load = arg;
	struct flood_sample *s = &load->sample;

	s->at_ns = loop_now_ns();
	s->steady = !b.mute_from || b.tries < b.mute_from;
	if (s->steady)
		s->last_reply_ns = s->at_ns;
	s->state = FLOOD_HOLD;
	load->events.on_sample(load->events.arg, s);
	loop_timer_set(load->timer, s->at_ns + FLOOD_SAMPLE_MS * NS_PER_MSEC);
}

static int load_start(struct loop *loop, const struct plan *plan, struct target *target,
		      const struct load_events *events, struct load **ret)
{
	struct load *load = xcalloc(1, sizeof(*load));

	(void)plan;
	(void)target;
	load->events = *events;
	load->timer = loop_timer_add(loop, on_sample_timer, load);
	loop_timer_set(load->timer, loop_now_ns() + FLOOD_SAMPLE_MS * NS_PER_MSEC);
	b.loads++;
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

static const struct rig_ops rig = {
	.target_open = open_script,
	.worker = restore,
	.load_start = load_start,
	.load_tell = load_tell,
	.load_stop = load_stop,
};

static struct plan plan_of(unsigned int cycles)
{
	struct plan plan = test_plan(&scenario_unplug);

	plan.cycles = cycles;
	return plan;
}

static void script(const enum course *courses, unsigned int n)
{
	memset(&b, 0, sizeof(b));
	for (unsigned int i = 0; i < n; i++)
		b.courses[i] = courses[i];
	b.n = n;
}

/* The third attempt goes this way, the others are fine. */
static const struct expectation {
	enum course course;
	enum outcome outcome;
	const char *reason; /* must be part of it */
	int status;
	bool powered; /* the board must be brought back */
} expectations[] = {
	{ FINE, OUTCOME_PASS, "let go at", EXIT_PASS, false },
	{ OTHER_WAY, OUTCOME_PASS, "let go at", EXIT_PASS, false },
	{ SPLATS, OUTCOME_SPLAT, "iommu_detach_group", EXIT_FINDING, false },
	{ LATE, OUTCOME_SPLAT, "iommu_probe_device", EXIT_FINDING, false },
	{ LOSSY, OUTCOME_INVALID, "console has lost some", EXIT_INVALID, false },
	{ OOPSES, OUTCOME_CRASH, "iommu_detach_group", EXIT_FINDING, true },
	{ BLOCKED, OUTCOME_BLOCKED, "waited for the user (99 holder), free after",
	  EXIT_PASS, false },
	{ BUSY, OUTCOME_BUSY, "EBUSY", EXIT_PASS, false },
	{ GONE, OUTCOME_GONE, "did not come back", EXIT_FINDING, true },
	{ MOVED, OUTCOME_GONE, "0000:00:11.0", EXIT_FINDING, true },
	{ STUCK, OUTCOME_HANG, "any more, in msleep<pci_dev_wait", EXIT_FINDING, true },
	{ CLINGS, OUTCOME_HANG, "never came back from letting go", EXIT_FINDING, true },
	{ DIES, OUTCOME_INVALID, "process that unplugs died", EXIT_INVALID, true },
	{ LEAVES, OUTCOME_INVALID, "died before it let go", EXIT_INVALID, false },
	{ UNBEGUN, OUTCOME_INVALID, "never begun: ETIMEDOUT", EXIT_INVALID, false },
	{ SILENT, OUTCOME_HANG, "phase unplug", EXIT_FINDING, true },
	{ RESTARTS, OUTCOME_CRASH, "restarted by itself", EXIT_FINDING, false },
};

static void test_courses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
		const struct expectation *e = &expectations[i];
		const enum course courses[] = { FINE, FINE, e->course };
		struct plan plan = plan_of(10);
		struct result r;

		script(courses, 3);
		r = play(&plan, &rig);
		print_message("# course %d: %s: %s\n", e->course,
			      outcome_name(r.verdict[2].outcome), r.verdict[2].reason);
		assert_int_equal(r.verdicts, 10);
		for (unsigned int n = 0; n < 10; n++)
			if (n != 2 && r.verdict[n].outcome != OUTCOME_PASS)
				print_message("# attempt %u: %s\n", n + 1,
					      r.verdict[n].reason);
		for (unsigned int n = 0; n < 10; n++)
			if (n != 2)
				assert_int_equal(r.verdict[n].outcome, OUTCOME_PASS);
		assert_int_equal(r.verdict[2].outcome, e->outcome);
		assert_non_null(strstr(r.verdict[2].reason, e->reason));
		assert_int_equal(r.status, e->status);
		assert_int_equal(b.powered, e->powered);
		assert_true(b.put_back);
		assert_string_equal(r.end, "done");
		if (e->course == SPLATS)
			assert_string_equal(r.finding[0].known, "vfio-group-lifetime");
	}
}

/* A batch may last longer than the limit, which is that of each attempt. */
static void test_slow_attempts(void **state)
{
	enum course courses[16];
	struct plan plan = plan_of(16);
	struct result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++)
		courses[i] = BLOCKED;
	script(courses, ARRAY_SIZE(courses));
	b.slow_ns = 61 * NS_PER_SEC;
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_PASS);
	assert_int_equal(r.verdicts, 16);
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++)
		assert_int_equal(r.verdict[i].outcome, OUTCOME_BLOCKED);
	assert_false(b.powered);

	/* One of them that says nothing is one too many. */
	courses[5] = SILENT;
	script(courses, ARRAY_SIZE(courses));
	b.slow_ns = 61 * NS_PER_SEC;
	r = play(&plan, &rig);
	assert_int_equal(r.verdict[5].outcome, OUTCOME_HANG);
	assert_true(b.powered);
}

/* What the worker alone says of this machine is not believed. */
static void test_uevents(void **state)
{
	const enum course fine[] = { FINE };
	struct plan plan = plan_of(4);
	struct result r;

	(void)state;
	plan.target = "local";
	plan.devices = (const char *const[]){ "0000:00:10.0" };
	plan.n_devices = 1;
	script(fine, 1);
	assert_int_equal(play(&plan, &rig).status, EXIT_PASS);
	script(fine, 1);
	b.no_uevents = true;
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_INVALID);
	assert_int_equal(r.verdict[0].outcome, OUTCOME_INVALID);
	assert_non_null(strstr(r.verdict[0].reason, "uevents do not show"));
}

/* One load for the whole run; without its replies an attempt is no pass. */
static void test_flood(void **state)
{
	const enum course fine[] = { FINE }, crash[] = { FINE, OOPSES };
	struct plan plan = plan_of(16);
	struct result r;

	(void)state;
	plan.flood = true;
	script(fine, 1);
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_PASS);
	assert_int_equal(r.verdicts, 16);
	assert_int_equal(b.loads, 1);

	script(fine, 1);
	b.mute_from = 1;
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_INVALID);
	assert_int_equal(r.verdict[0].outcome, OUTCOME_INVALID);
	assert_non_null(strstr(r.verdict[0].reason, "no reply to the load"));

	/* The load that is on counts for the next boot as well. */
	script(crash, 2);
	r = play(&plan, &rig);
	assert_int_equal(r.verdict[1].outcome, OUTCOME_CRASH);
	assert_int_equal(r.verdict[0].outcome, OUTCOME_PASS);
	assert_int_equal(r.status, EXIT_FINDING);
	assert_int_equal(b.loads, 1);
}

/* A result that cannot be read is no proof of a pass. */
static void test_damaged_result(void **state)
{
	const enum course courses[] = { FINE, DAMAGED };
	struct plan plan = plan_of(4);
	struct result r;

	(void)state;
	script(courses, 2);
	r = play(&plan, &rig);
	assert_int_equal(r.verdict[1].outcome, OUTCOME_INVALID);
	assert_non_null(strstr(r.verdict[1].reason, "did not tell"));
	assert_int_equal(r.status, EXIT_INVALID);
}

/* The window is measured first, then the band in it is found again and again. */
static void test_sweep_finds_band(void **state)
{
	struct plan plan = plan_of(200);
	struct result r;

	(void)state;
	script(NULL, 0);
	b.from_ns = 700000;
	b.to_ns = 760000;
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_FINDING);
	assert_in_range(r.findings, 10, 200);
}

static void test_until_hit(void **state)
{
	const enum course courses[] = { FINE, FINE, FINE, FINE, FINE, SPLATS };
	struct plan plan = plan_of(0);
	struct result r;

	(void)state;
	plan.until_hits = 1;
	script(courses, 6);
	r = play(&plan, &rig);
	assert_string_equal(r.end, "hit");
	assert_in_range(r.verdicts, 6, 16);
}

/* What is said on standard error between these two. */
static int stderr_saved, stderr_file;

static void start_hearing(void)
{
	stderr_saved = dup(STDERR_FILENO);
	stderr_file = memfd_create("stderr", 0);
	dup2(stderr_file, STDERR_FILENO);
}

static void hear(char said[1024])
{
	ssize_t n = pread(stderr_file, said, 1023, 0);

	dup2(stderr_saved, STDERR_FILENO);
	close(stderr_saved);
	close(stderr_file);
	said[n > 0 ? n : 0] = '\0';
}

/* Asked wrongly, and seen before anything was done: usage, no cycle, one line. */
static void assert_refused(struct plan *plan, const char *line)
{
	_cleanup_free_ char *whole = xasprintf("iommu-stress: %s\n", line);
	char said[1024];
	struct result r;

	start_hearing();
	r = play(plan, &rig);
	hear(said);
	assert_string_equal(said, whole);
	assert_int_equal(r.status, EXIT_USAGE);
	assert_int_equal(r.verdicts, 0);
	assert_string_equal(r.end, "refused");
}

static void test_worker_refuses(void **state)
{
	struct plan plan = plan_of(10);

	(void)state;
	script(NULL, 0);
	b.error = MARK
		"error=vfio why=\"no VFIO: CONFIG_VFIO_PCI or modprobe vfio-pci\"\n" MARK
		"race=end\n";
	assert_refused(&plan, "no VFIO: CONFIG_VFIO_PCI or modprobe vfio-pci");
	assert_int_equal(b.tries, 0);
}

/* Also when the end comes late, or with something that is not as it was. */
static void test_refused_and_left(void **state)
{
	static const char *const ends[] = {
		MARK
		"error=restore why=\"0000:00:10.0 does not go back to nvme: EBUSY\"\n" MARK
		"race=end\n",
		"",
	};
	struct plan plan = plan_of(10);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		_cleanup_free_ char *error = xasprintf(
			MARK "error=viable why=\"group 5 is not viable\"\n%s", ends[i]);
		struct result r;

		script(NULL, 0);
		b.error = error;
		r = play(&plan, &rig);
		assert_int_equal(r.status, EXIT_INVALID);
		assert_int_equal(r.verdicts, 0);
		assert_string_equal(r.end, "refused");
	}
}

static void test_guard_refuses(void **state)
{
	static const char mounted[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes "
		"iommufd=no iommu=yes\n" MARK
		"fact=device bdf=0000:00:10.0 id=1234:11e8 class=0x010802 driver=nvme "
		"override=- group=5 domain_type=DMA-FQ iommu=dmar0 slot=- removable=1 "
		"rescan=1 reset=1 bridge=0 parent=- sriov_total=0 sriov_num=0 physfn=- "
		"autoprobe=1 net=- vfio_open=-\n" MARK
		"fact=use bdf=0000:00:10.0 why=mount what=nvme0n1p1 at=/\n" MARK
		"fact=end lines=3\n";
	struct plan plan = plan_of(10);
	struct result r;

	(void)state;
	script(NULL, 0);
	b.facts = mounted;
	assert_refused(&plan,
		       "0000:00:10.0 holds the filesystem mounted on / (nvme0n1p1): "
		       "refused; --allow-mounted overrides");
	assert_int_equal(b.races, 0);

	script(NULL, 0);
	b.facts = mounted;
	plan.allowed = 1 << 0;
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_PASS);
	assert_int_equal(r.verdicts, 10);
}

/* Named by the user, and not there; or there, and in no state to be used. */
static void test_request_refused(void **state)
{
	static const char *const device[] = { "0000:00:11.0" };
	static const char no_group[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes iommufd=no "
		"iommu=yes\n" MARK
		"fact=device bdf=0000:00:10.0 id=1234:11e8 class=0x00ff00 driver=e1000e "
		"override=- group=- domain_type=- iommu=- slot=- removable=1 rescan=1 "
		"reset=1 bridge=0 parent=- sriov_total=0 sriov_num=0 physfn=- autoprobe=1 "
		"net=- vfio_open=-\n" MARK "fact=end lines=2\n";
	static const char odd_slot[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes iommufd=no "
		"iommu=yes\n" MARK
		"fact=device bdf=0000:00:10.0 id=1234:11e8 class=0x00ff00 driver=e1000e "
		"override=- group=5 domain_type=- iommu=- slot=$(reboot) removable=1 "
		"rescan=1 reset=1 bridge=0 parent=- sriov_total=0 sriov_num=0 physfn=- "
		"autoprobe=1 net=- vfio_open=-\n" MARK "fact=end lines=2\n";
	struct plan plan = plan_of(10);

	(void)state;
	script(NULL, 0);
	plan.devices = device;
	plan.n_devices = 1;
	assert_refused(
		&plan,
		"there is no PCI device 0000:00:11.0; `iommu-stress list` shows what "
		"there is");
	assert_int_equal(b.races, 0);

	script(NULL, 0);
	plan.n_devices = 0;
	b.facts = no_group;
	assert_refused(&plan,
		       "0000:00:10.0 cannot be used with group: it is in no IOMMU group");
	assert_int_equal(b.races, 0);

	/* What its shell would take for something else. */
	script(NULL, 0);
	b.facts = odd_slot;
	assert_refused(&plan, "a name on the target (slot, driver, QEMU) has characters "
			      "that are not passed on to a shell");
	assert_int_equal(b.races, 0);

	script(NULL, 0);
	b.error = MARK
		"error=viable why=\"group 5 is not viable: 0000:00:12.0 is bound to "
		"e1000e; name it with member=0000:00:12.0, or unbind it\"\n" MARK
		"race=end\n";
	assert_refused(&plan,
		       "group 5 is not viable: 0000:00:12.0 is bound to e1000e; name it "
		       "with member=0000:00:12.0, or unbind it");
	assert_int_equal(b.tries, 0);
}

/* One device a run, with its group; the bridge above it is none of those that were meant. */
static void test_several_named(void **state)
{
	static const char *const two[] = { "0000:01:00.0", "0000:02:00.0" };
	static const char *const group[] = { "group:5" };
	static const char facts[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes iommufd=no "
		"iommu=yes\n" MARK
		"fact=device bdf=0000:00:1c.0 id=8086:1234 class=0x060400 driver=pcieport "
		"override=- group=5 slot=- removable=1 rescan=1 bridge=1 parent=- "
		"sriov_total=0 sriov_num=0 physfn=- vfio_open=-\n" MARK
		"fact=device bdf=0000:01:00.0 id=1234:11e8 class=0x020000 driver=igb "
		"override=- group=5 slot=- removable=1 rescan=1 bridge=0 "
		"parent=0000:00:1c.0 sriov_total=0 sriov_num=0 physfn=- vfio_open=-\n" MARK
		"fact=device bdf=0000:01:00.1 id=1234:11e8 class=0x020000 driver=igb "
		"override=- group=5 slot=- removable=1 rescan=1 bridge=0 "
		"parent=0000:00:1c.0 sriov_total=0 sriov_num=0 physfn=- vfio_open=-\n" MARK
		"fact=device bdf=0000:02:00.0 id=1234:11e8 class=0x020000 driver=igb "
		"override=- group=6 slot=- removable=1 rescan=1 bridge=0 parent=- "
		"sriov_total=0 sriov_num=0 physfn=- vfio_open=-\n" MARK
		"fact=end lines=5\n";
	struct plan plan = plan_of(4);

	(void)state;
	script(NULL, 0);
	b.facts = facts;
	plan.devices = two;
	plan.n_devices = 2;
	assert_refused(&plan, "0000:02:00.0 does not go with 0000:01:00.0: a run unplugs "
			      "one device, and what it takes along; name one");
	assert_int_equal(b.races, 0);

	script(NULL, 0);
	b.facts = facts;
	plan.devices = group;
	plan.n_devices = 1;
	assert_int_equal(play(&plan, &rig).status, EXIT_PASS);
	assert_non_null(strstr(b.race, "race device=0000:01:00.0 "));
	assert_non_null(strstr(b.race, " member=0000:01:00.1 "));
	assert_null(strstr(b.race, "member=0000:00:1c.0"));
}

/* What was lost of the facts could have been a reason not to touch the device. */
static void test_damaged_facts(void **state)
{
	static const char damaged[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes "
		"iommufd=no iommu=yes\n" MARK "fact=end lines=2\n";
	struct plan plan = plan_of(10);
	struct result r;

	(void)state;
	script(NULL, 0);
	b.facts = damaged;
	r = play(&plan, &rig);
	assert_int_equal(r.status, EXIT_INVALID);
	assert_int_equal(b.races, 0);
	assert_non_null(strstr(r.verdict[0].reason, "damaged"));
}

/* What shares the slot goes with the device, and gets back what it had, too. */
static void test_slot_put_back(void **state)
{
	static const char two[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes iommufd=no "
		"iommu=yes\n" MARK
		"fact=device bdf=0000:00:10.0 id=1234:11e8 class=0x020000 driver=igb "
		"override=- group=5 slot=4 slot_power=1 bridge=0 parent=- sriov_total=0 "
		"sriov_num=0 physfn=- vfio_open=-\n" MARK
		"fact=device bdf=0000:00:10.1 id=1234:11e8 class=0x020000 driver=uio "
		"override=uio group=6 slot=4 slot_power=1 bridge=0 parent=- sriov_total=0 "
		"sriov_num=0 physfn=- vfio_open=-\n" MARK "fact=end lines=3\n";
	struct plan plan = plan_of(4);
	struct past past;
	struct cut cut;

	(void)state;
	plan.target = "local";
	((struct unplug_plan *)plan.own)->method = means_find(means_methods, "power");
	for (int fails = 0; fails < 2; fails++) {
		script(NULL, 0);
		b.facts = two;
		b.restored = fails;
		assert_int_equal(cut_begin(&cut, &plan, &rig).status, EXIT_PASS);
		assert_true(b.put_back);
		assert_int_equal(b.restores, 1);
		assert_string_equal(
			b.restore,
			"iommu-stress-worker restore device=0000:00:10.1 driver=uio "
			"override=uio method=power slot=4");
		/* What is not as it was stays to be put back. */
		assert_int_equal(past_read(cut.run_dir, &past), 0);
		assert_int_equal(undo_left(&past.undo), fails);
		past_done(&past);
		cut_end(&cut);
	}
}

/* VFs come back after their PF, by their number. */
static void test_vfs_put_back(void **state)
{
	static const char *const device[] = { "0000:00:10.0" };
	static const char pf[] = MARK
		"fact=system kernel=6.1.0-test arch=x86_64 cpus=2 vfio=yes iommufd=no "
		"iommu=yes\n" MARK
		"fact=device bdf=0000:00:10.0 id=1234:11e8 class=0x020000 driver=igb "
		"override=- group=5 slot=- removable=1 rescan=1 bridge=0 parent=- "
		"sriov_total=2 sriov_num=1 physfn=- vfio_open=-\n" MARK
		"fact=device bdf=0000:00:10.1 id=1234:11e9 class=0x020000 driver=- "
		"override=- group=6 slot=- bridge=0 parent=- sriov_total=0 sriov_num=0 "
		"physfn=0000:00:10.0 vfio_open=-\n" MARK "fact=end lines=3\n";
	struct plan plan = plan_of(4);
	struct past past;
	struct cut cut;

	(void)state;
	plan.target = "local";
	plan.devices = device;
	plan.n_devices = 1;
	script(NULL, 0);
	b.facts = pf;
	assert_int_equal(cut_begin(&cut, &plan, &rig).status, EXIT_PASS);
	assert_string_equal(b.restore,
			    "iommu-stress-worker restore device=0000:00:10.1 driver=- "
			    "override=- method=sriov pf=0000:00:10.0 numvfs=1");
	assert_int_equal(past_read(cut.run_dir, &past), 0);
	assert_int_equal(undo_left(&past.undo), 0);
	assert_int_equal(past.undo.n, 2);
	/* The last one is undone first. */
	assert_non_null(strstr(past.undo.entries[1].words, "device=0000:00:10.0"));
	past_done(&past);
	cut_end(&cut);
}

/* -- runs that are cut short, and go on -------------------------------------------------- */

#define CUT_ATTEMPTS 60

/* What a run says from its hit rate on; what comes before tells the time that it took. */
static char *play_cut(const struct cut *cut, struct plan *plan, struct result *ret)
{
	char *said = NULL, *rates;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	script(NULL, 0);
	b.from_ns = 700000;
	b.to_ns = 760000;
	*ret = cut_resume(cut, plan, &rig, out);
	fclose(out);
	rates = strstr(said, "Hit rate");
	rates = xstrdup(rates ? rates : "");
	free(said);
	return rates;
}

/* The search goes on where it was: as if nothing had happened, wherever it was cut. */
static void test_resumed_search(void **state)
{
	struct cut_cycle whole[CUT_CYCLES], resumed[CUT_CYCLES];
	struct plan plan = plan_of(CUT_ATTEMPTS);
	_cleanup_free_ char *said = NULL;
	_cleanup_free_ size_t *lines = NULL;
	unsigned int hits = 0;
	struct result r;
	struct cut cut;
	size_t n;

	(void)state;
	plan.jitter_ns = 1000;
	script(NULL, 0);
	b.from_ns = 700000;
	b.to_ns = 760000;
	cut_begin(&cut, &plan, &rig);
	cut_cycles(&cut, whole);
	for (unsigned int i = 1; i <= CUT_ATTEMPTS; i++)
		hits += whole[i].outcome == OUTCOME_SPLAT;
	assert_in_range(hits, 5, CUT_ATTEMPTS - 1);
	lines = cut_lines(&cut, &n);
	/* All but the end. */
	cut_at(&cut, lines[n - 2]);
	said = play_cut(&cut, &plan, &r);
	assert_int_equal(b.tries, 0);
	assert_int_equal(r.status, EXIT_FINDING);
	for (size_t i = 0; i < n - 1; i += 1 + i % 7) {
		_cleanup_free_ char *now = NULL;
		bool judging = i && cut_line_is(&cut, lines[i - 1], "verdict") &&
			       cut_line_is(&cut, lines[i], "verdict");

		/* Every other time in the middle of a line. */
		cut_at(&cut, lines[i] + (i % 2 ? 9 : 0));
		now = play_cut(&cut, &plan, &r);
		cut_cycles(&cut, resumed);
		assert_int_equal(r.status, EXIT_FINDING);
		assert_string_equal(r.end, "done");
		for (unsigned int k = 1; k <= CUT_ATTEMPTS; k++) {
			assert_int_equal(resumed[k].verdicts, 1);
			if (!judging)
				assert_int_equal(resumed[k].want_ns, whole[k].want_ns);
		}
		assert_int_equal(resumed[CUT_ATTEMPTS + 1].verdicts, 0);
		if (!judging)
			assert_string_equal(now, said);
	}
	cut_end(&cut);
}

/* The device is as it was before it is asked for again. */
static void test_resumed_undoes(void **state)
{
	struct plan plan = plan_of(20);
	char said[1024];
	_cleanup_free_ size_t *lines = NULL;
	struct result r;
	struct cut cut;
	size_t n;

	(void)state;
	plan.target = "local";
	script(NULL, 0);
	assert_int_equal(cut_begin(&cut, &plan, &rig).status, EXIT_PASS);
	assert_int_equal(b.restores, 0);
	lines = cut_lines(&cut, &n);
	cut_at(&cut, lines[n / 2]);

	script(NULL, 0);
	b.restored = 1;
	r = cut_resume(&cut, &plan, &rig, NULL);
	assert_int_equal(r.status, EXIT_INVALID);
	assert_int_equal(b.boots, 0);
	assert_string_equal(r.end, "not started");

	/* The boot id of the script is none of this machine: it went down meanwhile. */
	script(NULL, 0);
	log_set_level(LOG_LEVEL_WARNING);
	start_hearing();
	r = cut_resume(&cut, &plan, &rig, NULL);
	hear(said);
	log_set_level(LOG_LEVEL_ERROR);
	assert_non_null(strstr(said, "this machine went down in cycle "));
	assert_int_equal(r.status, EXIT_PASS);
	assert_int_equal(b.restores, 1);
	assert_string_equal(
		b.restore,
		"restore device=0000:00:10.0 driver=- override=- method=remove");
	assert_true(b.put_back);
	assert_int_equal(b.races, 1);

	/* With all put back, there is nothing to undo. */
	for (size_t i = 0; i < n; i++)
		if (cut_line_is(&cut, lines[i], "end"))
			cut_at(&cut, lines[i]);
	script(NULL, 0);
	r = cut_resume(&cut, &plan, &rig, NULL);
	assert_int_equal(b.restores, 0);
	assert_int_equal(r.status, EXIT_PASS);
	cut_end(&cut);
}

/* Two kernels in one summary would say nothing of either. */
static void test_resumed_other_kernel(void **state)
{
	struct plan plan = plan_of(20);
	_cleanup_free_ size_t *lines = NULL;
	struct result r;
	struct cut cut;
	size_t n;

	(void)state;
	script(NULL, 0);
	cut_begin(&cut, &plan, &rig);
	lines = cut_lines(&cut, &n);
	cut_at(&cut, lines[n / 2]);
	script(NULL, 0);
	b.kernel = "6.1.0-other";
	r = cut_resume(&cut, &plan, &rig, NULL);
	assert_int_equal(r.status, EXIT_USAGE);
	assert_string_equal(r.end, "refused");
	assert_int_equal(b.races, 0);
	script(NULL, 0);
	r = cut_resume(&cut, &plan, &rig, NULL);
	assert_int_equal(r.status, EXIT_PASS);
	assert_string_equal(r.end, "done");
	cut_end(&cut);
}

/* A run that has ended, or is not over, is left alone. */
static void test_not_resumed(void **state)
{
	struct plan plan = plan_of(4);
	char *journal = NULL;
	struct journal *other;
	struct cut cut;
	size_t n;

	(void)state;
	script(NULL, 0);
	cut_begin(&cut, &plan, &rig);
	script(NULL, 0);
	assert_int_equal(cut_resume(&cut, &plan, &rig, NULL).status, EXIT_USAGE);
	assert_int_equal(b.boots, 0);
	assert_int_equal(journal_resume(cut.run_dir, &other), 0);
	assert_int_equal(cut_resume(&cut, &plan, &rig, NULL).status, EXIT_USAGE);
	assert_int_equal(b.boots, 0);
	journal_close(other);
	cut_read(cut.run_dir, "journal.jsonl", &journal, &n);
	assert_int_equal(n, cut.n);
	assert_memory_equal(journal, cut.journal, n);
	free(journal);
	cut_end(&cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_courses),
		cmocka_unit_test(test_slow_attempts),
		cmocka_unit_test(test_uevents),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_damaged_result),
		cmocka_unit_test(test_sweep_finds_band),
		cmocka_unit_test(test_until_hit),
		cmocka_unit_test(test_worker_refuses),
		cmocka_unit_test(test_refused_and_left),
		cmocka_unit_test(test_guard_refuses),
		cmocka_unit_test(test_request_refused),
		cmocka_unit_test(test_several_named),
		cmocka_unit_test(test_damaged_facts),
		cmocka_unit_test(test_slot_put_back),
		cmocka_unit_test(test_vfs_put_back),
		cmocka_unit_test(test_resumed_search),
		cmocka_unit_test(test_resumed_undoes),
		cmocka_unit_test(test_resumed_other_kernel),
		cmocka_unit_test(test_not_resumed),
	};

	log_set_level(LOG_LEVEL_ERROR);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
