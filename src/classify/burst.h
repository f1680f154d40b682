/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults come in bursts: records of one kind that follow each other are one finding. */
#pragma once

#include "classify/classifier.h"
#include "fault.h"
#include "pending.h"

/* Takes the line into a burst that is open; false: it begins a new one. */
bool burst_extend(struct pending *pending, const struct fault_match *match,
		  const struct console_line *line);
/* The first line of a burst: fills a slot that is started. */
void burst_begin(struct slot *slot, const struct fault_match *match);
/* A line that is no fault: does it tell more about the latest? Then it is taken. */
bool burst_more(struct pending *pending, const struct console_line *line);
/* Something else is reported: faults behind it are news. */
void burst_interrupt(struct pending *pending);
/* Ends what is older than a burst can be at this line. */
void burst_expire(struct pending *pending, uint64_t number);
