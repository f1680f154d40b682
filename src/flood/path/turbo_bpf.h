/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that the programs of turbo.bpf.c share with the flood. */
#pragma once

#include <linux/types.h>

/* Most requests that one packet becomes. */
#define TURBO_CLONES 64u

/* Requests to make, and how many were made. */
struct turbo_shared {
	__u32 count; /* make_clones: requests wanted, 1 to TURBO_CLONES */
	__u32 seq;   /* of the next */
	__u32 step;  /* make_clones: from one to the next */
	__u32 sum;   /* of the template: its ICMP checksum is that of number 0 */
	__u32 icmp;  /* where its ICMP header begins */
	__u32 stop;  /* make_live: makes nothing more */
	__u64 done;  /* make_clones: requests made, without the packet itself */
};
