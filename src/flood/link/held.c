// SPDX-License-Identifier: GPL-2.0-or-later
#include "hold_internal.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const befores[] = {
	[HELD_NONE] = "none",
	[HELD_DYNAMIC] = "dynamic",
	[HELD_FOREIGN] = "foreign",
};

static int nl_to_errno(int r)
{
	switch (-r) {
	case 0:
		return 0;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	default:
		return -EIO;
	}
}

static struct rtnl_neigh *make_entry(const struct held *held, const uint8_t *mac,
				     int state)
{
	struct rtnl_neigh *entry = rtnl_neigh_alloc();
	struct nl_addr *addr = netlink_address(held->family, held->address);
	struct nl_addr *lladdr = mac ? nl_addr_build(AF_LLC, mac, HELD_MAC) : NULL;

	if (!entry || (mac && !lladdr))
		abort();
	rtnl_neigh_set_ifindex(entry, held->ifindex);
	rtnl_neigh_set_family(entry, held->family);
	if (rtnl_neigh_set_dst(entry, addr) < 0)
		abort();
	if (mac) {
		rtnl_neigh_set_lladdr(entry, lladdr);
		nl_addr_put(lladdr);
		rtnl_neigh_set_state(entry, state);
	}
	nl_addr_put(addr);
	return entry;
}

int held_look(struct nl_sock *socket, struct held *held)
{
	struct nl_addr *addr = netlink_address(held->family, held->address);
	int state = netlink_neighbour(socket, held->ifindex, addr, held->mac_before);

	nl_addr_put(addr);
	if (state < 0)
		return nl_to_errno(state);
	held->before = !state                ? HELD_NONE :
		       state & NUD_PERMANENT ? HELD_FOREIGN :
					       HELD_DYNAMIC;
	return 0;
}

int held_set(struct nl_sock *socket, const struct held *held)
{
	struct rtnl_neigh *entry;
	int r;

	if (held->before == HELD_FOREIGN)
		return 0;
	entry = make_entry(held, held->mac, NUD_PERMANENT);
	r = rtnl_neigh_add(socket, entry, NLM_F_CREATE | NLM_F_REPLACE);
	rtnl_neigh_put(entry);
	return nl_to_errno(r);
}

int held_restore(struct nl_sock *socket, const struct held *held)
{
	struct held now = *held;
	struct rtnl_neigh *entry;
	int r = held_look(socket, &now);

	if (r < 0 || held->before == HELD_FOREIGN || now.before != HELD_FOREIGN ||
	    memcmp(now.mac_before, held->mac, HELD_MAC) != 0)
		return r;
	if (held->before == HELD_NONE) {
		entry = make_entry(held, NULL, 0);
		r = rtnl_neigh_delete(socket, entry, 0);
	} else {
		entry = make_entry(held, held->mac_before, NUD_STALE);
		r = rtnl_neigh_add(socket, entry, NLM_F_CREATE | NLM_F_REPLACE);
	}
	rtnl_neigh_put(entry);
	return nl_to_errno(r);
}

static void format_mac(const uint8_t mac[HELD_MAC], struct strbuf *out)
{
	strbuf_addf(out, " %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		    mac[4], mac[5]);
}

void held_format(const struct held *held, struct strbuf *out)
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(held->family, held->address, address, sizeof(address));
	strbuf_addf(out, "held %s %d %s", held->name, held->ifindex, address);
	format_mac(held->mac, out);
	strbuf_addf(out, " %s", befores[held->before]);
	format_mac(held->mac_before, out);
}

static bool parse_mac(const char *s, uint8_t ret[HELD_MAC])
{
	unsigned int part[HELD_MAC];

	if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x", &part[0], &part[1], &part[2], &part[3],
		   &part[4], &part[5]) != HELD_MAC)
		return false;
	for (unsigned int i = 0; i < HELD_MAC; i++)
		ret[i] = (uint8_t)part[i];
	return true;
}

bool held_parse(const char *line, struct held *ret)
{
	char address[INET6_ADDRSTRLEN], mac[18], before[8], mac_before[18];
	struct held held = { 0 };

	/* IF_NAMESIZE and INET6_ADDRSTRLEN are 16 and 46. */
	if (sscanf(line, "held %15s %d %45s %17s %7s %17s", held.name, &held.ifindex,
		   address, mac, before, mac_before) != 6)
		return false;
	held.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(held.family, address, held.address) != 1 ||
	    !parse_mac(mac, held.mac) || !parse_mac(mac_before, held.mac_before))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(befores); i++)
		if (!strcmp(before, befores[i])) {
			held.before = (enum held_before)i;
			*ret = held;
			return true;
		}
	return false;
}
