/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One neighbour entry, as it is held, and as it was. */
#pragma once

#include "base/text.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define HELD_MAC 6

enum held_before {
	HELD_NONE,    /* there was no entry: it is removed */
	HELD_DYNAMIC, /* there was one: it is made dynamic again */
	HELD_FOREIGN, /* somebody else made it permanent: it is left alone */
};

struct held {
	int ifindex;
	char name[IF_NAMESIZE];
	int family;
	uint8_t address[16];
	uint8_t mac[HELD_MAC], mac_before[HELD_MAC];
	enum held_before before;
};

struct nl_sock;

/* What is there now, into *held. 0 or -errno. */
int held_look(struct nl_sock *socket, struct held *held) _must_check_;
/* -EPERM without CAP_NET_ADMIN, -ENODEV without the interface. */
int held_set(struct nl_sock *socket, const struct held *held) _must_check_;
/* Only when the entry is still the one that held_set made. */
int held_restore(struct nl_sock *socket, const struct held *held);

/* "held NAME INDEX FAMILY ADDRESS MAC BEFORE MAC_BEFORE", without a newline. */
void held_format(const struct held *held, struct strbuf *out);
bool held_parse(const char *line, struct held *ret);
