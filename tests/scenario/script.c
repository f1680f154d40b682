// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/script.h"

#include "base/num.h"
#include "scenario/parts.h"
#include "scenario/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS        NS_PER_MSEC
#define QUEUE_MAX 64

/* Something the board will do. */
struct event {
	uint64_t at_ns;
	const char *text; /* console */
	void (*act)(void);
};

struct load {
	struct loop_timer *timer;
	struct load_events events;
	struct flood_sample sample;
	uint64_t up_since_ns;
	bool pressed;
	uint64_t marked_ns;
};

enum load_word script_words[SCRIPT_WORDS];
unsigned int script_n_words;

static struct {
	enum behaviour cycles[64];
	unsigned int n, cycle;
	enum boot_behaviour boot;

	struct target target;
	struct target_events events;
	struct loop *loop;
	struct loop_timer *timer;
	struct event queue[QUEUE_MAX];
	size_t queued;
	unsigned int boots;
	char up[96]; /* what the shell says of itself */
	bool shell, network, dead, same_boot_id, mute_network;
	struct load *load;
} b;

void script_play(const enum behaviour *cycles, unsigned int n)
{
	unsigned int boots = b.boots;

	memset(&b, 0, sizeof(b));
	/* Ids of boots never come again. */
	b.boots = boots;
	memcpy(b.cycles, cycles, n * sizeof(*cycles));
	b.n = n;
}

void script_boot(enum boot_behaviour boot)
{
	b.boot = boot;
}

static enum behaviour behaviour(void)
{
	unsigned int i = b.cycle ? b.cycle - 1 : 0;

	return b.cycles[i < b.n ? i : b.n - 1];
}

static void arm(void)
{
	uint64_t next = 0;

	for (size_t i = 0; i < b.queued; i++)
		if (!next || b.queue[i].at_ns < next)
			next = b.queue[i].at_ns;
	loop_timer_set(b.timer, next);
}

/* delay_ms behind the last queued event. */
static void later(unsigned int delay_ms, const char *text, void (*act)(void))
{
	uint64_t from = loop_now_ns();

	if (b.queued)
		from = b.queue[b.queued - 1].at_ns;
	if (b.queued == QUEUE_MAX)
		abort();
	b.queue[b.queued++] = (struct event){ from + delay_ms * MS, text, act };
	arm();
}

static void print(const char *text)
{
	parts_print(&b.events, text);
}

static void on_timer(void *arg)
{
	(void)arg;
	while (b.queued && b.queue[0].at_ns <= loop_now_ns()) {
		struct event e = b.queue[0];

		memmove(b.queue, b.queue + 1, --b.queued * sizeof(e));
		if (e.text)
			print(e.text);
		if (e.act)
			e.act();
	}
	arm();
}

static void die(void)
{
	b.shell = b.network = false;
	b.queued = 0;
}

static void say_up(void)
{
	char line[160];

	if (!b.same_boot_id)
		b.boots++;
	b.same_boot_id = false;
	snprintf(b.up, sizeof(b.up),
		 "boot_id=%08x-0000-4000-8000-000000000000 kernel=6.1.0-test", b.boots);
	snprintf(line, sizeof(line), "[    1.500000] iommu-stress: phase=up %s\n# ",
		 b.up);
	b.shell = b.network = true;
	print(line);
	if (behaviour() == HANG_UP && b.mute_network)
		later(100, NULL, die);
}

static const char banner[] =
	"[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]\n"
	"[    0.000000] Linux version 6.1.0-test (a@b) (gcc 12) #1 SMP\n";

/* Firmware's work. */
static void tell_reset(void)
{
	b.events.on_power(b.events.arg, "reset");
}

static void start_kernel(void)
{
	tell_reset();
	print(banner);
}

static void start_quietly(void)
{
	tell_reset();
	say_up();
}

static void go_down(void)
{
	b.shell = b.network = false;
}

static void boot(void)
{
	go_down();
	later(300, NULL, start_kernel);
	if (b.boot == BOOT_PANICS) {
		later(500,
		      "[    0.900000] Kernel panic - not syncing: VFS: Unable to mount root fs on "
		      "unknown-block(0,0)\n"
		      "[    0.900100] ---[ end Kernel panic - not syncing: VFS: Unable to mount "
		      "root fs on unknown-block(0,0) ]---\n",
		      NULL);
		return;
	}
	later(500, "[    0.700000] arm-smmu-v3 9050000.smmuv3: ias 44-bit, oas 44-bit\n",
	      NULL);
	if (b.boot == BOOT_NO_SHELL)
		return;
	later(700, NULL, say_up);
}

static const char removing[] =
	"[    5.296279] pcieport 0000:00:01.0: Removing from iommu group 1\n"
	"[    5.297452] 8139cp 0000:01:00.0: Removing from iommu group 0\n";
static const char oops[] =
	"[    5.305616] Unable to handle kernel NULL pointer dereference at virtual address "
	"0000000000000098\n"
	"[    5.353650] Internal error: Oops: 0000000096000006 [#1] SMP\n"
	"[    5.354095] Modules linked in:\n"
	"[    5.354251] CPU: 0 PID: 10 Comm: ksoftirqd/0 Not tainted 6.1.0-test #3\n"
	"[    5.377410] pc : iommu_get_dma_domain+0x4/0x10\n"
	"[    5.377592] lr : iommu_dma_map_page+0x90/0x270\n"
	"[    5.472801] Call trace:\n"
	"[    5.472954]  iommu_get_dma_domain+0x4/0x10\n"
	"[    5.473106]  dma_map_page_attrs+0x1b0/0x200\n"
	"[    5.473197]  cp_rx_poll+0x120/0x5f0\n"
	"[    5.507964] ---[ end trace 0000000000000000 ]---\n"
	"[    5.513717] Kernel panic - not syncing: Oops: Fatal exception in interrupt\n";
static const char oops_survived[] =
	"[    3.305616] Unable to handle kernel NULL pointer dereference at virtual address "
	"0000000000000098\n"
	"[    3.353650] Internal error: Oops: 0000000096000006 [#1] SMP\n"
	"[    3.354251] CPU: 0 PID: 10 Comm: ksoftirqd/0 Not tainted 6.1.0-test #3\n"
	"[    3.377410] pc : iommu_get_dma_domain+0x4/0x10\n"
	"[    3.472801] Call trace:\n"
	"[    3.472954]  iommu_get_dma_domain+0x4/0x10\n"
	"[    3.473106]  dma_map_page_attrs+0x1b0/0x200\n"
	"[    3.507964] ---[ end trace 0000000000000000 ]---\n";
static const char restarting[] = "[    5.900000] reboot: Restarting system\n";
static const char warning[] =
	"[    5.300000] ------------[ cut here ]------------\n"
	"[    5.300001] WARNING: CPU: 1 PID: 77 at drivers/iommu/dma-iommu.c:1264 "
	"iommu_dma_unmap_page+0x70/0x90\n"
	"[    5.300002] Modules linked in:\n"
	"[    5.300003] CPU: 1 PID: 77 Comm: reboot Not tainted 6.1.0-test #3\n"
	"[    5.300004] Call trace:\n"
	"[    5.300005]  iommu_dma_unmap_page+0x70/0x90\n"
	"[    5.300006]  dma_unmap_page_attrs+0x38/0x1d0\n"
	"[    5.300007] ---[ end trace 0000000000000000 ]---\n";
static const char faults[] =
	"[    5.300000] arm-smmu 5000000.iommu: Blocked unknown Stream ID 0x429; boot with "
	"\"arm-smmu.disable_bypass=0\" to allow, but this may have security implications\n"
	"[    5.300001] arm-smmu 5000000.iommu: GFSR 0x80000002, GFSYNR0 0x00000002, GFSYNR1 "
	"0x00000429, GFSYNR2 0x00000000\n";
static const char left_on[] =
	"[    0.100000] DMAR: Translation was enabled for dmar0 but we are not in kdump mode\n";

static void restart(void)
{
	print(restarting);
	boot();
}

/* In the middle of a line, as a power cut does. */
static void close_console(void)
{
	print("[    5.700000] Kernel pan");
	b.dead = true;
	b.events.on_gone(b.events.arg, "qemu ended: signal 9 (Killed)");
}

static void suspend(void)
{
	sim_jump(600 * NS_PER_SEC);
}

static void end_load(void)
{
	b.load->events.on_end(b.load->events.arg,
			      "the flood process ended: signal 9 (Killed)");
}

/* Of another boot and controller, with a ticket that nobody gave this one. */
static const char replayed[] =
	"pstore: dmesg-efi-1\n"
	"[    1.000000] iommu-stress: phase=up boot_id=77777777-0000-4000-8000-000000000000 "
	"kernel=6.1.0-test\n"
	"[    1.100000] iommu-stress: cycle=4711471140000001 phase=up "
	"boot_id=77777777-0000-4000-8000-000000000000 kernel=6.1.0-test\n"
	"[    3.000000] iommu-stress: cycle=4711471140000001 phase=trigger\n"
	"[    3.000000] iommu-stress: error=usage why=forged\n"
	"[    3.100000] iommu-stress: alive=1\n";
static const char forged[] =
	"[    5.900000] reboot: Restarting system\n"
	"[    0.000000] Linux version 6.1.0-test (a@b) (gcc 12) #1 SMP\n";

/* As it is: the ticket of the script's own shell is not put in. */
static void print_raw(const char *text)
{
	b.events.on_console(b.events.arg, text, strlen(text));
}

static void replay(void)
{
	print_raw(replayed);
}

static void forge(void)
{
	print_raw(forged);
	print_raw(replayed);
}

static void garbage(void)
{
	char bytes[400];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(rand() % 256);
	/* Not by chance a marker, and never the start of the next good line. */
	bytes[sizeof(bytes) - 1] = '\n';
	b.events.on_console(b.events.arg, bytes, sizeof(bytes));
}

/* A reboot was requested and the shell executes it. */
static void go_through_reboot(void)
{
	go_down();
	switch (behaviour()) {
	case PRECURSOR:
		later(10, removing, NULL);
		break;
	case WARNING:
		later(10, warning, NULL);
		break;
	case FAULTS:
		later(10, faults, NULL);
		break;
	case CRASH_REBOOTS:
		later(10, removing, NULL);
		later(10, oops, boot);
		return;
	case CRASH_STAYS:
		later(10, removing, NULL);
		later(10, oops, NULL);
		later(1,
		      "[    5.6] ---[ end Kernel panic - not syncing: Oops: Fatal exception "
		      "in interrupt ]---\n",
		      NULL);
		return;
	case CRASH_WAITS:
		later(10, oops, NULL);
		later(1, "[    5.6] Rebooting in 5 seconds..\n", NULL);
		later(5000, NULL, boot);
		return;
	case HANG_SHUTDOWN:
	case NEVER_BACK:
		return;
	case HANG_FIRMWARE:
		later(20, restarting, NULL);
		return;
	case HANG_EARLY_BOOT:
		later(20, restarting, NULL);
		later(300, NULL, start_kernel);
		return;
	case SAME_BOOT_ID:
		b.same_boot_id = true;
		break;
	case NO_REPLIES_AFTER:
		b.mute_network = true;
		break;
	case LOAD_DIES_DOWN:
		later(10, NULL, end_load);
		later(500, NULL, restart);
		return;
	case BOOT_LOOPS:
		for (int i = 0; i < 6; i++)
			later(100, NULL, start_kernel);
		return;
	case QUIET:
		later(1000, NULL, start_quietly);
		return;
	case HANG_UP:
		b.mute_network = true;
		break;
	case STOPPED_IN_RESET:
		return;
	case FORGED:
		b.shell = b.network = true;
		later(20, NULL, forge);
		return;
	case REPLAYED:
		later(20, NULL, replay);
		break;
	case CLOSES:
		later(20, NULL, close_console);
		return;
	case STANDS_STILL:
		later(10, NULL, suspend);
		break;
	case GARBAGE:
		later(5, NULL, garbage);
		later(5, NULL, garbage);
		break;
	case NEXT_BOOT_SPLAT:
		later(20, restarting, NULL);
		later(300, NULL, start_kernel);
		later(10, left_on, NULL);
		later(700, NULL, say_up);
		return;
	default:
		break;
	}
	later(20, NULL, restart);
}

static void on_cycle(void)
{
	b.mute_network = false;
	switch (behaviour()) {
	case HANG_SETTLE:
		go_down();
		break;
	case RESETS_ITSELF:
		later(50, NULL, boot);
		break;
	case FORGED_UP:
		later(50, NULL, forge);
		break;
	case NO_REPLIES:
		b.mute_network = true;
		break;
	case OOPS_IN_FLOOD:
		b.mute_network = true;
		later(100, oops_survived, NULL);
		break;
	default:
		break;
	}
}

/* The answer of a shell that can read its counters. */
static int tell_counters(struct text line)
{
	struct text cycle;
	char marker[160];

	if (behaviour() == NO_COUNTERS)
		print("sh: awk: not found\n");
	text_value(text_from(line, (size_t)text_find(line, TEXT("mark "), 0)), "cycle",
		   &cycle);
	snprintf(marker, sizeof(marker),
		 "[    2.900000] iommu-stress: cycle=%.*s counters=1%s\n",
		 TEXT_ARG(cycle),
		 behaviour() == NO_COUNTERS ?
			 "" :
			 " rx_dropped=3 rx_packets=1000 rx_missed_errors=7 rx_errors=0 "
			 "in_echos=990 out_echo_replies=980");
	print(marker);
	return 0;
}

static int type(struct control *control, struct text line)
{
	struct text words, cycle;
	char marker[160];
	ptrdiff_t end = text_find(line, TEXT(";"), 0);
	bool request = text_has(line, TEXT("phase=trigger"));

	(void)control;
	parts_heard(line);
	if (b.shell && parts_is_up(line, marker, sizeof(marker), b.up)) {
		print(marker);
		return 0;
	}
	if (b.shell && text_has(line, TEXT("counters=1")))
		return tell_counters(line);
	if (!b.shell || !text_starts(line, TEXT("mark ")))
		return 0;
	words = text_from(line, 5);
	if (end >= 0)
		words.n = (size_t)end - 5;
	if (text_value(words, "cycle", &cycle) && text_has(line, TEXT("phase=settle"))) {
		b.cycle = ticket_cycle(strtoull(cycle.s, NULL, 10));
		on_cycle();
	}
	if (request && behaviour() == HANG_TRIGGER)
		die();
	if (!b.shell || (request && behaviour() == DEAF))
		return 0;
	snprintf(marker, sizeof(marker), "[    3.000000] iommu-stress: %.*s\n",
		 TEXT_ARG(words));
	print(marker);
	if (request)
		go_through_reboot();
	return 0;
}

static int power(struct power *own)
{
	(void)own;
	if (behaviour() == STOPPED_IN_RESET && b.cycle)
		loop_interrupt(b.loop);
	b.queued = 0;
	go_down();
	b.dead = false;
	b.mute_network = false;
	if (behaviour() != NEVER_BACK || !b.cycle)
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
	if (b.boot != BOOT_SILENT)
		boot();
	*ret = &b.target;
	return 0;
}

static void on_load_timer(void *arg)
{
	struct load *load = arg;
	struct flood_sample *s = &load->sample;
	uint64_t now = loop_now_ns();
	bool answers = b.network && !b.mute_network && !b.dead;

	s->at_ns = now;
	s->state = FLOOD_HOLD;
	s->rate = load->pressed ? 4000 : 1000;
	s->sent += 100;
	if (answers) {
		if (!load->up_since_ns) {
			load->up_since_ns = now;
			s->first_reply_ns = now;
		}
		s->replies += 100;
		s->last_reply_ns = now;
	} else {
		load->up_since_ns = 0;
	}
	s->reply_rate = answers ? 1000 : 0;
	s->steady = answers && now - load->up_since_ns >= 500 * MS;
	load->events.on_sample(load->events.arg, s);
	if (behaviour() == LOAD_DIES && s->steady) {
		load->events.on_end(load->events.arg,
				    "the flood process ended: exit status 1");
		return;
	}
	loop_timer_set(load->timer, now + FLOOD_SAMPLE_MS * MS);
}

static int load_start(struct loop *loop, const struct plan *plan, struct target *target,
		      const struct load_events *events, struct load **ret)
{
	struct load *load = xcalloc(1, sizeof(*load));

	(void)plan;
	(void)target;
	load->events = *events;
	load->timer = loop_timer_add(loop, on_load_timer, load);
	loop_timer_set(load->timer, loop_now_ns() + FLOOD_SAMPLE_MS * MS);
	b.load = *ret = load;
	return 0;
}

/* Two lines: replies end 20 ms behind the mark. */
static void tell_timeline(struct load *load)
{
	struct timeline_part part = { .at_ns = load->marked_ns - 100 * MS,
				      .sent = TEXT("1x100"),
				      .replies = TEXT("1x99,2") };

	if (load->marked_ns) {
		load->events.on_timeline(load->events.arg, &part);
		part = (struct timeline_part){ .at_ns = load->marked_ns,
					       .sent = TEXT("4x120"),
					       .replies = TEXT("1x20,0x100") };
		load->events.on_timeline(load->events.arg, &part);
	}
	load->marked_ns = 0;
	load->events.on_timeline(load->events.arg, &(struct timeline_part){ 0 });
}

static void load_tell(struct load *load, enum load_word word)
{
	script_words[script_n_words++ % SCRIPT_WORDS] = word;
	switch (word) {
	case LOAD_SURGE:
	case LOAD_PRESS:
		load->pressed = true;
		break;
	case LOAD_RELEASE:
		load->pressed = false;
		break;
	case LOAD_MARK:
		load->marked_ns = loop_now_ns();
		break;
	case LOAD_UP:
		break;
	case LOAD_TIMELINE:
		tell_timeline(load);
		break;
	}
}

static void load_stop(struct load *load)
{
	if (!load)
		return;
	loop_timer_free(load->timer);
	free(load);
}

const struct rig_ops rig_script = {
	.target_open = open_script,
	.load_start = load_start,
	.load_tell = load_tell,
	.load_stop = load_stop,
};
