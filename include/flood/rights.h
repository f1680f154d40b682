/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a flood may do: capabilities(7), not root. */
#pragma once

#include "base/mem.h"

#include <stdbool.h>

enum rights {
	RIGHTS_NONE = 0,
	RIGHTS_NET_RAW = 1,   /* raw and packet sockets */
	RIGHTS_NET_ADMIN = 2, /* neighbour entries, programs on an interface */
	RIGHTS_BPF = 4,       /* loading them */
	RIGHTS_PERFMON = 8,   /* loading those with loops */
};

/* Whether the process has all of these. */
bool rights_have(unsigned int rights);
/* Gives up, for good, all but these. 0 or -errno. */
int rights_keep(unsigned int rights);
