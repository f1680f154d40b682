/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share. Handlers (observe.c) turn bytes into facts and
 * records; a scenario (reboot.c) is a table of steps, walked by step.c; recover.c brings a
 * dead target back; run.c strings cycles together.
 */
#pragma once

#include "classify/classifier.h"
#include "fold/fold.h"
#include "journal/journal.h"
#include "run/run.h"

/* What is known of the target now. Written by the handlers, read by the steps. */
struct run_facts {
	char gone[VERDICT_REASON_MAX];       /* why it cannot be observed; "" = it can */
	char refused[VERDICT_REASON_MAX];    /* what it says it cannot do; "" = nothing */
	char load_ended[VERDICT_REASON_MAX]; /* why the load ended; "" = it did not */

	uint64_t last_byte_ns; /* of the console */
	char last_line[128];
	uint64_t phase_offset[PHASE_COUNT]; /* in console.raw, where the console showed it */

	bool banner_expected; /* somebody of us switched the power */
	uint64_t banner_ns;   /* of this boot */
	bool banner_fresh;    /* its shell has not answered yet */
	bool shell;           /* the shell of this boot has answered */
	uint64_t shell_ns;
	uint64_t probe_ns; /* the shell was asked last */
	char boot_id[40];
	char boot_id_before[40]; /* at the trigger */
	bool alive;              /* an answer to the question whether the shell lives */

	uint64_t trigger_ns;                  /* request typed; 0 = not in this cycle */
	bool trigger_seen;                    /* its marker stood in the kernel log */
	bool restart_seen;                    /* the kernel's last word */
	uint64_t trigger_seen_ns, restart_ns; /* of this cycle; 0 = not yet */
	bool powered_off;                     /* says the power switch */
	bool counters_asked;                  /* in this cycle */
	bool unplugged;                       /* says QEMU of the test device */
	bool refused_told;                    /* the user has been told that already */
	bool unsure; /* refused for what was not heard, not for what was asked */
	bool panic, panic_end;
	uint64_t panic_until_ns; /* no restart before: "Rebooting in N seconds" */

	struct flood_sample sample;  /* at_ns 0: none yet */
	uint64_t last_reply_down_ns; /* last reply before the new boot */
	uint64_t first_reply_up_ns;  /* first of the new boot */
};

/* How waiting ended. */
enum step_end {
	STEP_DONE,
	STEP_LIMIT,     /* a phase took longer than its limit */
	STEP_DEAD,      /* panicked, and nothing has followed */
	STEP_RESTARTED, /* a banner that nobody asked for */
	STEP_GONE,      /* console, board or load ended */
	STEP_STOPPED,   /* interrupted, or recording failed */
};

struct run;
struct unplug;
typedef bool (*run_condition_fn)(const struct run *run);

struct step {
	enum phase phase;
	void (*act)(struct run *run); /* NULL: nothing to do */
	run_condition_fn until;       /* holds: go on */
};

/* What the load has told of the time around a trigger. */
struct run_timeline {
	uint64_t from_ns, to_ns; /* CLOCK_BOOTTIME; 0: nothing yet */
	struct strbuf sent, replies;
	bool whole;
};

struct run {
	const struct plan *plan;
	const struct rig_ops *rig;
	struct loop *loop;
	struct journal *journal;
	const struct rules *rules;
	struct classifier *classifier;
	struct loop_timer *quiet_timer;
	struct target *target;
	struct load *load;
	struct fold fold;

	struct run_facts facts;
	struct run_timeline timeline;
	struct cycle_facts cycle;
	struct cycle_times times;
	enum phase phase;
	uint64_t begin_ns, cycle_begin_ns;
	uint64_t spent_ns;        /* before a resumed run was cut short */
	char kernel_before[96];   /* that it measured then; "": none */
	unsigned int first_cycle; /* after the target was opened */
	uint64_t phase_begin_ns, phase_ns[PHASE_COUNT]; /* how long each took */
	uint64_t limit_begin_ns; /* its limit counts from here: each attempt has its own */
	uint64_t wake_ns;        /* a condition wants to be looked at then; 0 = no */
	uint64_t settle_until_ns, surge_until_ns;
	uint64_t load_recorded_ns;
	uint64_t random; /* state of the generator */
	bool lost;       /* it does not come back: there is no next cycle */
	bool acted;      /* it was asked to go down, or its device was unplugged */
	unsigned int invalid_row;
	struct unplug *unplug; /* NULL: this run reboots */
	int failed;            /* -errno: recording is impossible, the run must end */
	bool color;
	FILE *out;
};

/* observe.c */
void observe_open(struct run *run, const struct rules *rules);
struct target_events observe_target_events(struct run *run);
struct load_events observe_load_events(struct run *run);
void observe_begin_cycle(struct run *run, unsigned int cycle);
/* Everything printed so far is classified: a report that is open ends here. */
void observe_flush(struct run *run);
/* The console is cut here, in the middle of a line or not: the next byte begins a new one. */
void observe_cut(struct run *run);
/* The newest sample of the load goes into the journal: a decision rests on it. */
void record_load(struct run *run);
void observe_close(struct run *run);

/* timeline.c */
void run_timeline_take(struct run *run, const struct timeline_part *part);
/* Asks the load for what was around the trigger of this cycle, and records it. */
void run_timeline_record(struct run *run);
/* Appends and folds. A failure ends the run: run->failed, and the loop is interrupted. */
void run_record(struct run *run, struct record *record);

/* step.c */
void run_enter_phase(struct run *run, enum phase phase);
enum step_end step_wait(struct run *run, run_condition_fn until, uint64_t limit_ns);
enum step_end step_walk(struct run *run, const struct step *steps, size_t n);

/* resume.c */
/*
 * Once the journal is open, and before its target is: learns all that stands in it, records
 * that the run goes on, and undoes what was left. Speaks.
 */
int run_resume(struct run *run);

/* run.c */
void run_record_plan(struct run *run);
/* To disk. A failure ends the run and is said. */
int run_sync(struct run *run);
/*
 * The target cannot do what was asked for, which showed before anything was done: bad
 * usage, and no cycle.
 */
bool run_is_refused(const struct run *run);
/* Why nothing more is to be done: all that was asked for has been. NULL: it goes on. */
const char *run_complete(const struct run *run);
/* Why the run ends with this cycle; NULL: it goes on. */
const char *run_enough(struct run *run, enum outcome outcome);
/* The line of a cycle, on our own output. */
void run_print_cycle(struct run *run, const struct record *verdict);

/* cycle.c */
/* All cycles of a run; why they ended. */
const char *reboot_cycles(struct run *run);
/* What the way a step ended means for run->cycle; a hang becomes a finding. */
void run_note_end(struct run *run, enum step_end end);
/* After a cycle that did not end well. False: interrupted meanwhile. */
bool run_bring_back(struct run *run, enum step_end end);

/* reboot.c */
extern const struct step reboot_steps[];
extern const size_t reboot_steps_count;

/* shell.c: what is typed into the target's shell. */
void shell_type(struct run *run, const char *line);
/* Starts the worker on the target; what it says comes as markers. */
void shell_worker(struct run *run, const char *words);
void shell_mark(struct run *run, const char *phase);
void shell_request(struct run *run, const char *command);
/* Asks a shell that may be there to say so; at most every few seconds. */
void shell_probe(struct run *run);
/* True when the shell answers within a few seconds. */
bool shell_is_alive(struct run *run);

/* counters.c */
/* Asks the target what it has counted, unless it was asked in this cycle, or is idle. */
void counters_ask(struct run *run);
/* The answer, which is recorded. False: the marker is none. */
bool counters_take(struct run *run, struct text marker);

/* unplug.c */
struct unplug;
struct unplug *unplug_new(const struct plan *plan);
/* NULL is accepted. */
void unplug_free(struct unplug *unplug);
/* All attempts of a run; why they ended. */
const char *unplug_cycles(struct run *run);

/* recover.c: a target that is hung, dead or gone comes back, or not. */
bool recover(struct run *run, enum step_end why);
/* Switches and records; false: the power switch refuses. */
bool run_power(struct run *run, enum power_action action);
bool run_shell_up(const struct run *run);
bool run_banner_seen(const struct run *run);
void run_release(struct run *run);

/* status.c: the live line on a terminal. */
void status_start(const struct run *run);
void status_update(void);
void status_stop(void);
