/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts replies where they come in (tc), and takes them away there: they would have nobody
 * to go to but the sockets of the flood itself, which only want a sample, and their way
 * through the stack of this machine costs more than a request.
 */
#pragma once

#include "flood/frame.h"

struct reply_counter;

/*
 * Replies of one family to requests with this mark, from now on and for as long as the
 * interface is there. NULL: not here, for lack of rights, of libbpf or of Linux 6.6.
 */
struct reply_counter *reply_counter_open(int ifindex, const struct frame_ends *ends,
					 const struct frame_mark *mark,
					 enum flood_family family);
void reply_counter_free(struct reply_counter *counter);
/* Those that were taken away. */
uint64_t reply_counter_count(const struct reply_counter *counter);
/* The next n are not counted, and go on. */
void reply_counter_pass(struct reply_counter *counter, unsigned int n);
