/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine lends to scenarios: all that is known of a run, and what can be done in
 * it. Handlers (observe.c, findings.c) turn bytes into facts and records; a scenario is a
 * table of steps, walked by step.c; power.c brings a dead target back; cycle.c strings
 * cycles together.
 */
#pragma once

#include "fold/fold.h"
#include "journal/journal.h"
#include "run/run.h"
#include "run/scenario.h"

/* Where everything goes that is seen or decided. */
struct recorder {
	struct journal *journal;
	struct fold fold;
	FILE *out; /* lines for the user */
	bool color;
	int failed; /* -errno: recording is impossible, the run must end */
};

/* What a run works with. */
struct rig {
	const struct rig_ops *ops;
	const struct rules *rules;
	struct target *target;
	struct load *load; /* NULL: none is on */
	struct classifier *classifier;
	struct loop_timer *quiet_timer, *probe_timer;
};

/* What is known of the target now. Written by the handlers, read by the steps. */
struct sight {
	char gone[VERDICT_REASON_MAX];    /* why it cannot be observed; "" = it can */
	char refused[VERDICT_REASON_MAX]; /* what it says it cannot do; "" = nothing */
	bool refused_told;                /* the user has been told that already */
	bool unsure; /* refused for what was not heard, not for what was asked */
	bool acted;  /* it was asked to go down, or its device was taken */
	bool lost;   /* it does not come back: there is no next cycle */
	bool spoiled; /* by this cycle, though its steps went to their end: it needs a reset */

	uint64_t last_byte_ns; /* of the console */
	char last_line[128];
	uint64_t phase_offset[PHASE_COUNT]; /* in console.raw, where the console showed it */

	char kernel_before[96]; /* that a run which goes on has measured; "": none */
	uint64_t banner_ns, shell_ns; /* of this boot */
	uint64_t probe_ns;            /* the shell was asked last */
	uint32_t nonce;               /* of this boot */
	char boot_id[40];
	struct strbuf boot_ids;                  /* of all boots so far, one a line */
	bool boot_id_new;                        /* it was not among them */
	char claimed_id[40], claimed_kernel[96]; /* since the banner, by whoever it was */
	bool banner_expected;                    /* somebody of us switched the power */
	bool banner_fresh;                       /* its shell has not answered yet */
	bool reset;          /* TARGET_RESETS: since the last banner */
	unsigned int resets; /* and power-offs, by itself, in this cycle */
	bool shell;          /* the shell of this boot has answered */
	bool alive;          /* an answer to the question whether the shell lives */

	uint64_t trigger_ns; /* request typed; 0 = not in this cycle */
	/* Of this cycle, 0 = not yet: its marker in the kernel log, the kernel's last word. */
	uint64_t trigger_seen_ns, restart_ns;
	bool powered_off;    /* says the power switch */
	bool device_removed; /* says who has the slot, of the test device */
	bool panic, panic_end;
	uint64_t panic_until_ns; /* no restart before: "Rebooting in N seconds" */
};

/* What is known of the load. */
struct traffic {
	char ended[VERDICT_REASON_MAX]; /* why it ended; "" = it did not */
	struct flood_sample sample;     /* at_ns 0: none yet */
	uint64_t last_reply_down_ns;    /* last reply before the new boot */
	uint64_t first_reply_up_ns;     /* first of the new boot */
	uint64_t recorded_ns, surge_until_ns;
	bool counters_asked; /* in this cycle */
	/* What the load has told of the time around a trigger; CLOCK_BOOTTIME, 0: nothing. */
	uint64_t from_ns, to_ns;
	struct strbuf sent, replies;
	bool whole;
};

/* Where in its cycle a run is. */
struct clock {
	enum phase phase;
	uint64_t begin_ns, cycle_begin_ns;
	uint64_t spent_ns; /* before a run that goes on was cut short */
	uint64_t phase_begin_ns, phase_ns[PHASE_COUNT]; /* how long each took */
	uint64_t limit_begin_ns; /* its limit counts from here: each attempt has its own */
	uint64_t slack_ns;       /* and may be exceeded by this, in this phase */
	uint64_t wake_ns;        /* a condition wants to be looked at then; 0 = no */
	uint64_t settle_until_ns;
	uint64_t random; /* state of the generator of times */
	bool drawn;      /* the cycle that is recalled has taken one of them */
};

struct run {
	const struct plan *plan;
	const struct scenario *scenario;
	void *own; /* the scenario's */
	struct loop *loop;
	struct rig rig;
	struct recorder recorder;
	struct sight sight;
	struct traffic traffic;
	struct clock clock;
	struct cycle_facts cycle;
	struct cycle_times times;
	unsigned int invalid_row;
	enum run_end end; /* once there is no further cycle: why */
};

/* recorder.c */
/* Appends and folds. A failure is said, ends the run, and interrupts the loop. */
void run_record(struct run *run, struct record *record);
/* To disk. A failure ends the run and is said. */
int run_sync(struct run *run);
void run_record_plan(struct run *run);
/* What was done with the power, or what its switch saw; "": nothing. */
void run_record_power(struct run *run, const char *action, const char *event);
/* Recording has failed with r, which is said. */
void run_fail(struct run *run, int r, const char *what);

/* findings.c */
/* For the verdict; the first of the most severe class names the cycle. */
void findings_count(struct cycle_facts *facts, const struct finding *finding);
/* Of struct classifier_sink; arg: the run. */
void run_take_finding(void *arg, const struct finding *finding);
/* The facts of a cycle, which may not be run->cycle. */
struct cycle_facts *run_facts_of(struct run *run, unsigned int cycle);

/* observe.c */
void observe_open(struct run *run);
struct target_events observe_target_events(struct run *run);
void observe_begin_cycle(struct run *run, unsigned int cycle);
/* Is this marker of the cycle that is under way? Others are late, or from another run. */
bool observe_is_of_cycle(const struct run *run, const struct console_line *line);
/* The console is cut here, in the middle of a line or not: the next byte begins a new one. */
void observe_cut(struct run *run);
void observe_close(struct run *run);

/* step.c */
enum step_end step_wait(struct run *run, run_condition_fn until, uint64_t limit_ns);
enum step_end step_walk(struct run *run, const struct step *steps, size_t n);

/* shell.c: what is typed into the target's shell. */
/* What gives an answer about this cycle away as one to us (classify/ticket.h). */
uint64_t run_ticket(const struct run *run, unsigned int cycle);
void shell_type(struct run *run, const char *line);
/* Starts the worker on the target; what it says comes as markers. */
void shell_worker(struct run *run, const char *words);
void shell_mark(struct run *run, const char *phase);
void shell_request(struct run *run, const char *command);
/* From here on, asks a shell that may be there to say so; at most every few seconds. */
void shell_watch(struct run *run);
void shell_unwatch(struct run *run);
/* Somebody says that the shell is there: does it answer? */
void shell_challenge(struct run *run);
/* True when the shell answers within a few seconds. */
bool shell_is_alive(struct run *run);
bool run_shell_up(const struct run *run);

/* power.c: a target that is hung, dead or gone comes back, or not. */
bool recover(struct run *run, enum step_end why);
/* Switches and records; false: the power switch refuses. */
bool run_power(struct run *run, enum power_action action);
/* Neither console nor load slows the target down any more. */
void run_release(struct run *run);

/* cycle.c */
/* All cycles of a run; why they ended. */
enum run_end run_cycles(struct run *run);
/* Why a cycle, or waiting for something, was given up: interrupted, or failed. */
enum run_end run_stopped(const struct run *run);
/*
 * The target cannot do what was asked for, which showed before anything was done: bad
 * usage, and no cycle.
 */
bool run_is_refused(const struct run *run);
/* What the way a step ended means for run->cycle; a hang becomes a finding. */
void run_note_end(struct run *run, enum step_end end);
/* After a cycle that did not end well. False: interrupted meanwhile. */
bool run_bring_back(struct run *run, enum step_end end);
/*
 * Verdict of a cycle, recorded and, unless it is a pass of a quiet run, printed. *ret_end:
 * why the run ends with it.
 */
enum outcome run_judge(struct run *run, const struct cycle_facts *facts,
		       const struct cycle_times *times, bool quiet,
		       enum run_end *ret_end);

/* resume.c */
/*
 * Once the journal is open, and before its target is: learns all that stands in it, records
 * that the run goes on, and undoes what was left. Speaks.
 */
int run_resume(struct run *run);

/* status.c: the live line on a terminal. */
void status_start(const struct run *run);
void status_update(void);
void status_stop(void);
