/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an interface is there and has carrier, told when it changes (rtnetlink). */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct watch {
	int fd; /* readable: watch_read */
	char name[IF_NAMESIZE];
	int ifindex; /* 0: it is not there */
	bool carrier;
	uint8_t mac[6];
};

/* 0 or -errno; an interface that is not there is no error. */
int watch_open(const char *name, struct watch *ret);
void watch_close(struct watch *w);
/* Takes what has happened. True when any of the three has changed. */
bool watch_read(struct watch *w);
