/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is on a virtual board: it is started, asked, and ended. */
#pragma once

#include "device/facts.h"
#include "os/loop.h"

/*
 * name: "virt:amd64". Speaks. On success *ret is complete, freed with facts_done;
 * -ENOENT: there is no such board, or something for it is missing.
 */
int run_board_facts(struct loop *loop, const char *name, struct facts *ret) _must_check_;
