/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a flood may go: to one machine on a link of this host, and no further. That it is
 * on-link can be waived by the user, that it is one machine cannot.
 */
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <sys/socket.h>

/*
 * 0 when address (AF_INET or AF_INET6) may be flooded. Else -EPERM (refused) or
 * -ENETUNREACH (cannot be looked up), and *ret_reason (caller frees) completes
 * "ADDRESS ...".
 */
int link_check(const struct sockaddr *address, bool allow_off_link,
	       char **ret_reason) _must_check_;
