// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On the interface's way in: replies of one family to our requests end here and are counted.
 * Replies in fragments or with IP options are rare, and pass with everything else.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Set before the program is loaded; in the order of the network. */
const volatile bool v6;
const volatile __u32 target[4]; /* IPv4: the first */
const volatile __u16 ident;
const volatile __u32 cookie[2];

__u64 replies; /* that were taken away */
__u64 pass;    /* so many more go on to the sockets, and are not counted */

#define HALF(at) (*(const __u16 *)(at))
#define WORD(at) (*(const __u32 *)(at))

static __always_inline bool is_echo_reply_v4(const unsigned char *frame)
{
	return HALF(frame + 12) == bpf_htons(ETH_P_IP) && frame[14] == 0x45 &&
	       !(HALF(frame + 20) & bpf_htons(0x3fff)) && frame[23] == IPPROTO_ICMP &&
	       WORD(frame + 26) == target[0] && frame[34] == 0;
}

static __always_inline bool is_echo_reply_v6(const unsigned char *frame)
{
	return HALF(frame + 12) == bpf_htons(ETH_P_IPV6) && frame[20] == IPPROTO_ICMPV6 &&
	       WORD(frame + 22) == target[0] && WORD(frame + 26) == target[1] &&
	       WORD(frame + 30) == target[2] && WORD(frame + 34) == target[3] &&
	       frame[54] == 129;
}

SEC("tc")
int count(struct __sk_buff *skb)
{
	const unsigned char *frame = (const unsigned char *)(long)skb->data;
	const unsigned char *icmp = frame + 34;

	/* The compiler would add v6 ? 54 : 34, which takes CAP_PERFMON. */
	barrier_var(icmp);
	if (v6) {
		icmp += 20;
		barrier_var(icmp);
	}
	if (icmp + 16 > (const unsigned char *)(long)skb->data_end)
		return TC_ACT_UNSPEC;
	if (!(v6 ? is_echo_reply_v6(frame) : is_echo_reply_v4(frame)))
		return TC_ACT_UNSPEC;
	if (HALF(icmp + 4) != ident || WORD(icmp + 8) != cookie[0] ||
	    WORD(icmp + 12) != cookie[1])
		return TC_ACT_UNSPEC;
	if (pass) {
		pass--;
		return TC_ACT_UNSPEC;
	}
	/* Replies may come in on several CPUs. */
	__sync_fetch_and_add(&replies, 1);
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
