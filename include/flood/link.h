/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a flood may go: to one machine on a link of this host, and no further, and the way
 * there. That it is on-link can be waived by the user, that it is one machine, no router of
 * this host and not this host itself, cannot.
 */
#pragma once

#include "base/mem.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LINK_MAC 6

struct link_wish {
	const char *interface; /* NULL: the one of the route */
	bool allow_routed;
};

/* The way to an address. */
struct link_way {
	char name[IF_NAMESIZE];
	int ifindex;
	uint32_t mtu;
	bool ethernet; /* has Ethernet addresses, and neighbours */
	bool has_mac;  /* target_mac is known */
	uint8_t our_mac[LINK_MAC], target_mac[LINK_MAC];
	/* What the kernel would send from: struct in_addr or in6_addr. */
	uint8_t our_address[16];
	/* Whom the link layer is asked for: the target, or (allow_routed) its gateway. */
	struct sockaddr_storage neighbour;
};

/*
 * 0 when address (AF_INET or AF_INET6) may be flooded, and the way there without
 * target_mac. Else -EPERM (refused) or -ENETUNREACH (cannot be looked up), and *ret_reason
 * (caller frees) completes "ADDRESS ...".
 */
int link_find(const struct sockaddr *address, const struct link_wish *wish,
	      struct link_way *ret, char **ret_reason) _must_check_;

/*
 * Looks for way's neighbour, and asks it for its Ethernet address when nobody knows it:
 * 0, or -EHOSTUNREACH when there was no answer within limit_ns.
 */
int link_resolve(struct link_way *way, uint64_t limit_ns) _must_check_;

/*
 * Whether target_mac may be sent to: -EPERM when it is that of a default gateway of this
 * host, which is asked for it, -ENETUNREACH when that cannot be told; and *ret_reason.
 */
int link_check_mac(struct link_way *way, char **ret_reason) _must_check_;

/*
 * Makes the target's neighbour entries permanent for as long as a flood runs, so that the
 * first request after a reboot waits for nobody, and puts back what was there before. A
 * process of its own does it: it outlives a flood that is killed, and needs CAP_NET_ADMIN
 * when the flood has dropped it. Should it be killed as well, a file in
 * $XDG_RUNTIME_DIR/iommu-stress (/run/user/UID, or /tmp) tells the next flood what to undo.
 */
struct hold;

/*
 * Undoes what floods of this network namespace that are gone have left behind. Returns how
 * many entries that were.
 */
unsigned int hold_recover(void);

/*
 * One or two ways with has_mac. -EPERM without CAP_NET_ADMIN, else -errno: the flood goes
 * on as well without.
 */
int hold_start(const struct link_way *ways, unsigned int n,
	       struct hold **ret) _must_check_;
/* Puts the entries back, and returns when that is done. NULL is accepted. */
void hold_end(struct hold *hold);
