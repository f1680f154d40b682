// SPDX-License-Identifier: GPL-2.0-or-later
/* The turbo engine's part in the kernel. */
#include "turbo_bpf.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Behind the begin of the ICMP header, as frame_head has them. */
#define ICMP_SUM 2
#define ICMP_SEQ 6
#define TAG_SEQ  16
#define TAG_END  20
/* What the verifier has to know. */
#define ICMP_MAX 127

/* Set before the programs are loaded. */
const volatile __u32 clone_mark;
const volatile int live_ifindex;

struct turbo_shared clones, live;

/*
 * Writes the number into the request; the checksum is the template's sum with what the number
 * adds. False when the packet is too short.
 */
static __always_inline bool patch(const struct turbo_shared *s, __u32 begin, __u32 end,
				  __u32 seq)
{
	unsigned char *icmp = (unsigned char *)(long)begin + (s->icmp & ICMP_MAX);
	__u32 sum = s->sum + 2 * (seq & 0xffff) + (seq >> 16);

	if (icmp + TAG_END > (unsigned char *)(long)end)
		return false;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)(icmp + ICMP_SUM) = bpf_htons((__u16)~sum);
	*(__u16 *)(icmp + ICMP_SEQ) = bpf_htons((__u16)seq);
	*(__u32 *)(icmp + TAG_SEQ) = bpf_htonl(seq);
	return true;
}

/*
 * On the interface's way out: a packet with this mark becomes as many requests as are wanted.
 * The last one is the packet itself, which saves a copy; one that the queue has refused is
 * tried once more as that. Clones come by here too, without the mark.
 */
SEC("tc")
int make_clones(struct __sk_buff *skb)
{
	__u32 count = clones.count, seq = clones.seq, step = clones.step;

	if (skb->mark != clone_mark)
		return TC_ACT_UNSPEC;
	skb->mark = 0;
	for (__u32 i = 1; count && i <= TURBO_CLONES; i++, seq += step) {
		if (!patch(&clones, skb->data, skb->data_end, seq) || i == count ||
		    bpf_clone_redirect(skb, skb->ifindex, 0))
			break;
		clones.done++;
	}
	return TC_ACT_UNSPEC;
}

/* Frames that begin in the kernel: each becomes the next request. */
SEC("xdp")
int make_live(struct xdp_md *xdp)
{
	if (live.stop || !patch(&live, xdp->data, xdp->data_end, live.seq))
		return XDP_DROP;
	live.seq++;
	return bpf_redirect(live_ifindex, 0);
}

/* Some drivers only send what is redirected when they have a program of their own. */
SEC("xdp")
int pass_all(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
