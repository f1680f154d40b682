/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a flood may do: capabilities(7), not root. */
#pragma once

#include "base/mem.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* Masks of capabilities, as capget(2) has them. */
#define RIGHTS_NONE    UINT64_C(0)
#define RIGHTS_NET_RAW (UINT64_C(1) << CAP_NET_RAW) /* raw and packet sockets */
/* Neighbour entries, programs on an interface. */
#define RIGHTS_NET_ADMIN (UINT64_C(1) << CAP_NET_ADMIN)
#define RIGHTS_BPF       (UINT64_C(1) << CAP_BPF)     /* loading them */
#define RIGHTS_PERFMON   (UINT64_C(1) << CAP_PERFMON) /* loading those with loops */

/* Whether the process has all of these. */
bool rights_have(uint64_t rights);
/* Gives up, for good, all but these. 0 or -errno. */
int rights_keep(uint64_t rights);
