/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others want of a command that runs: signals, lines of standard input. */
#pragma once

#include "worker/internal.h"

struct input {
	char text[8192];
	size_t n;
	int signals; /* signals_open() */
};

/* SIGTERM, SIGHUP and SIGINT as a descriptor; they end nothing any more. */
int signals_open(void);
/* Waits for the next line; false: there will be none. */
bool input_line(struct input *input, char *line, size_t size);
