/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the worker found out about a target (iommu-stress-worker(8), `facts`): the machine,
 * its PCI devices, what they are used for, and what could not be found out. Lines come in,
 * structs come out; pure. All text is clean (text_clean), whatever the target sent.
 */
#pragma once

#include "base/table.h"

#include <stdbool.h>
#include <stddef.h>

/* "10000:01:00.0", and what a damaged line puts there. */
#define FACTS_BDF_MAX   24
#define FACTS_NAME_MAX  64
#define FACTS_WORDS_MAX 256
/* A machine with thousands of functions has less; more is endless. */
#define FACTS_LINES_MAX 32768

/* Can something be had on the target? */
enum facts_have {
	FACTS_NO,
	FACTS_MODULE, /* after modprobe */
	FACTS_YES,
};

struct system_facts {
	char kernel[FACTS_NAME_MAX], arch[FACTS_NAME_MAX]; /* as of uname(2) */
	unsigned int cpus;                                 /* online */
	enum facts_have vfio, iommufd;
	bool iommu;
	char cmdline_iommu[FACTS_WORDS_MAX]; /* what the kernel was told about its IOMMU */
	char qemu[FACTS_WORDS_MAX];          /* path, empty: none */
	/* Settings that a race changes: drivers_autoprobe, rcu_expedited, printk_devkmsg. */
	char autoprobe[16], expedited[16], devkmsg[16];
	char peer[FACTS_NAME_MAX];  /* address of the controller, empty: unknown */
	char hint[FACTS_WORDS_MAX]; /* what to do about what is missing */
};

extern const struct table_member system_facts_members[];

/* An empty string is "there is none". */
struct device_facts {
	char bdf[FACTS_BDF_MAX];
	char id[16];                   /* "8086:10d3" */
	unsigned int class;            /* 0x020000: class, subclass, interface */
	char driver[FACTS_NAME_MAX];   /* bound to it */
	char override[FACTS_NAME_MAX]; /* driver_override */
	char group[16];                /* IOMMU group, a number */
	char domain_type[FACTS_NAME_MAX];
	char iommu[FACTS_NAME_MAX];
	char slot[FACTS_NAME_MAX]; /* hotplug slot */
	bool slot_can_power;       /* its power can be switched */
	bool can_remove, can_rescan, can_reset;
	bool can_reset_subordinate; /* a bridge: the bus behind it */
	bool is_bridge;
	bool autoprobe;             /* new VFs of it get a driver */
	char parent[FACTS_BDF_MAX]; /* the bridge it is behind */
	unsigned int sriov_total, sriov_num;
	char physfn[FACTS_BDF_MAX];      /* the PF it is a VF of */
	char net[FACTS_WORDS_MAX];       /* network interfaces, "eth0,eth1" */
	char mac[FACTS_WORDS_MAX];       /* their addresses, "52:54:00:12:34:56" */
	char block[FACTS_WORDS_MAX];     /* disks, "nvme0n1" */
	char cdev[FACTS_NAME_MAX];       /* vfioN of /dev/vfio/devices, while bound */
	char vfio_open[FACTS_WORDS_MAX]; /* processes that hold it, "12,13" */
};

extern const struct table_member device_facts_members[];

/* One reason not to take a device away. */
struct use_fact {
	char bdf[FACTS_BDF_MAX];
	char why[16]; /* mount, swap, held, route, display, open; others may come */
	char what[FACTS_WORDS_MAX], at[FACTS_WORDS_MAX], via[FACTS_WORDS_MAX];
};

/* Something that should have been read and could not be. */
struct unknown_fact {
	char bdf[FACTS_BDF_MAX]; /* empty: any device */
	char rule[16];           /* the guard that needs it, see run/guard.h */
	char what[FACTS_WORDS_MAX], why[FACTS_WORDS_MAX];
};

struct facts {
	struct system_facts system;
	struct device_facts *devices;
	struct use_fact *uses;
	struct unknown_fact *unknowns;
	size_t n_devices, n_uses, n_unknowns;
	size_t n_lines; /* that were facts */
	bool complete; /* the last line has come; until then nothing may be built on it */
	bool damaged;  /* a line was, so it never will be */
	char error[FACTS_WORDS_MAX]; /* what the worker complained of, empty: nothing */
};

/*
 * Takes a line; those that are no facts are passed over. -EBADMSG when one is damaged: the
 * facts will never be complete. {0} is a valid start; free with facts_done.
 */
int facts_add(struct facts *facts, struct text line) _must_check_;
void facts_done(struct facts *facts);

/*
 * An address in full from "0000:00:05.0" or "00:05.0", in the kernel's small letters.
 * False: it is none. ret may be s.
 */
bool facts_parse_bdf(const char *s, char ret[FACTS_BDF_MAX]);
/* Index of the device with this address in full, or -1. */
ptrdiff_t facts_find(const struct facts *facts, const char *bdf);
/* Is name one of "eth0,eth1"? */
bool facts_list_has(const char *list, const char *name);

/* Devices by their index in facts, each once. {0} is empty; free with facts_chosen_done. */
struct facts_chosen {
	size_t *devices;
	size_t n;
};

bool facts_chosen_has(const struct facts_chosen *chosen, size_t device);
void facts_chosen_add(struct facts_chosen *chosen, size_t device);
void facts_chosen_done(struct facts_chosen *chosen);

/*
 * Adds what a user's word stands for: an address (0000:00:05.0, 00:05.0), vendor:device
 * (8086:10d3), a network interface, a disk, group:N (all its devices). -EINVAL, -ENOENT (nothing),
 * -ENOTUNIQ (several devices, where one is meant) with one sentence in *ret_why, caller
 * frees.
 */
int facts_choose(const struct facts *facts, const char *word, struct facts_chosen *chosen,
		 char **ret_why) _must_check_;
