/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of journal.jsonl (iommu-stress-journal(5)): a JSON object with `type`, `at`
 * (ns, CLOCK_BOOTTIME of the controller) and, within a cycle, `cycle`. Evidence is never
 * rewritten; findings and verdicts are interpretation and can be made again from the
 * console.
 */
#pragma once

#include "classify/finding.h"
#include "judge/verdict.h"
#include "load/flood.h"

enum record_type {
	RECORD_RUN,     /* first line: what was asked for */
	RECORD_TARGET,  /* what runs there: kernel, boot id */
	RECORD_CYCLE,   /* a cycle begins */
	RECORD_PHASE,   /* a phase begins */
	RECORD_LOAD,    /* a flood sample, about one a second */
	RECORD_POWER,   /* a power action, or what the power switch saw */
	RECORD_FINDING, /* one classified report */
	RECORD_VERDICT, /* a cycle's outcome */
	RECORD_END,     /* the run ended */
	RECORD_COUNT
};

/* Durations of a cycle in ns; 0 = the phase was not reached. */
struct cycle_times {
	uint64_t settle, confirm;  /* confirm: flood on .. steady */
	uint64_t down;             /* request .. next kernel banner */
	uint64_t boot;             /* kernel banner .. shell */
	uint64_t total;            /* begin of cycle .. verdict */
	uint64_t last_reply_after; /* of the flood, after the request; 0 = none after it */
	uint64_t first_reply_after; /* first one of the new boot, after the request */
};

/* Strings are borrowed by record_to_json and owned after record_from_json. */
struct record {
	enum record_type type;
	uint64_t at_ns;
	unsigned int cycle; /* 0: outside of a cycle */
	union {
		struct {
			const char *tool;     /* version */
			const char *scenario; /* "reboot" */
			const char *target;   /* "virt:arm64" */
			const char *wall;     /* ISO 8601, UTC */
			const char *plan;     /* JSON object with all options */
			uint64_t seed;
			unsigned int cycles; /* 0: no count was asked for */
		} run;
		struct {
			const char *kernel, *boot_id;
		} target;
		struct {
			enum phase phase;
			uint64_t offset; /* in console.raw */
		} phase;
		struct flood_sample load;
		struct {
			const char *action; /* what was done; "" = seen, not done */
			const char *event;  /* what the switch saw; "" = none */
		} power;
		struct {
			struct finding finding;
			const char *report; /* file below the run directory, "" none */
		} finding;
		struct {
			struct verdict verdict;
			struct cycle_times times;
		} verdict;
		struct {
			const char
				*reason; /* "done", "interrupted", "hit", "invalid" ... */
			int status;      /* exit status */
		} end;
	};
};

const char *record_type_name(enum record_type type);
/* One line without its newline; caller frees. Texts are cleaned (text_clean) on the way. */
char *record_to_json(const struct record *record);
/*
 * -EINVAL: not a record; *ret_error (caller frees) says why. -EOPNOTSUPP: a type of a
 * newer version, to be skipped. On success *ret is freed with record_done.
 */
int record_from_json(struct text line, struct record *ret, char **ret_error) _must_check_;
void record_done(struct record *record);
