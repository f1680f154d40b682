/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of journal.jsonl (iommu-stress-journal(5)): a JSON object with `type`, `at`
 * (ns, CLOCK_BOOTTIME of the controller) and, within a cycle, `cycle`. Evidence is never
 * rewritten; findings and verdicts are interpretation and can be made again from the
 * console.
 */
#pragma once

#include "classify/finding.h"
#include "flood/flood.h"
#include "judge/sweep.h"
#include "judge/verdict.h"

enum record_type {
	RECORD_RUN,    /* first line: what was asked for */
	RECORD_TARGET, /* what runs there: kernel, boot id */
	RECORD_CYCLE,  /* a cycle begins */
	RECORD_PHASE,  /* a phase begins */
	RECORD_DEVICE, /* what is unplugged */
	RECORD_UNDO,   /* how to put back what is changed next, or that it was put back */
	RECORD_WINDOW, /* offsets that are tried from here on */
	RECORD_ATTEMPT,  /* what the worker measured of an attempt to unplug */
	RECORD_LOAD,     /* a flood sample, about one a second */
	RECORD_COUNTERS, /* what the target itself has counted of it */
	RECORD_TIMELINE, /* what was sent and answered around a trigger */
	RECORD_POWER,    /* a power action, or what the power switch saw */
	RECORD_FINDING,  /* one classified report */
	RECORD_VERDICT,  /* a cycle's outcome */
	RECORD_END,      /* the run ended */
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

/* When what was seen after the request, in ns; 0 = was not. */
struct timeline_marks {
	uint64_t marker;      /* the request stood in the kernel log */
	uint64_t last_reply;  /* before the next boot */
	uint64_t restart;     /* the kernel's last word */
	uint64_t banner;      /* of the next kernel */
	uint64_t first_reply; /* of the next boot */
	uint64_t shell;       /* of the next boot */
};

/*
 * Since the target has booted: of its network interface, as in Linux'
 * Documentation/networking/statistics.rst, and of ICMP and ICMPv6 together.
 */
struct target_counters {
	uint64_t rx_packets, rx_errors;
	uint64_t rx_dropped;       /* by the kernel; in rx_packets */
	uint64_t rx_missed_errors; /* by the device, for lack of room; not in rx_packets */
	uint64_t in_echos, out_echo_replies;
};

extern const struct table_member target_counters_members[];

/* Strings are borrowed by record_to_json and owned after record_from_json. */
struct record {
	enum record_type type;
	uint64_t at_ns;
	unsigned int cycle; /* 0: outside of a cycle */
	union {
		struct {
			const char *tool;     /* version */
			const char *scenario; /* "reboot", "unplug" */
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
		struct {
			const char *device; /* PCI address */
			const char *id;     /* "8086:10d3", "" unknown */
			const char *driver; /* it had, "" none */
			const char *group;  /* of the IOMMU */
			const char *iommu;  /* "dmar0" */
			const char *domain; /* "DMA-FQ" */
		} device;
		struct {
			const char *words; /* behind `iommu-stress-worker restore` */
			bool done;         /* put back */
		} undo;
		struct {
			struct sweep_window window;
			bool from_request; /* offsets count from the request to the user */
			uint64_t unplug_ns; /* of what was measured before */
			int64_t request_ns; /* -1: none came */
		} window;
		struct attempt attempt;
		struct flood_sample load;
		struct target_counters counters;
		struct {
			int64_t from_ns;  /* of the first element, after the request */
			uint64_t step_ns; /* of each element */
			const char *sent, *replies; /* runs: load/timeline.h */
			struct timeline_marks marks;
		} timeline;
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

/* One line without its newline; caller frees. Texts are cleaned (text_clean) on the way. */
char *record_to_json(const struct record *record);
/*
 * -EINVAL: not a record; *ret_error (caller frees) says why. -EOPNOTSUPP: a type of a
 * newer version, to be skipped. On success *ret is freed with record_done.
 */
int record_from_json(struct text line, struct record *ret, char **ret_error) _must_check_;
void record_done(struct record *record);
