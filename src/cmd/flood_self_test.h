/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What each engine does on this machine, as a table on standard output. An exit status. */
int flood_self_test(void);
