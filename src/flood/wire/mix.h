/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests as frames. All that a kind's requests have in common stands in a template; each
 * costs a copy of its head and a few additions, for checksums are sums of what differs.
 * The rest of a payload is the same bytes for all and is never copied. Pure.
 */
#pragma once

#include "flood/frame.h"

/* Most that stands before the pad: an MLD query. */
#define MIX_HEAD (14 + FRAME_VLAN + 40 + 8 + 28)
/* Frames of one request at most: fragments of FLOOD_SIZE_LIMIT bytes. */
#define MIX_FRAMES 46u

struct mix;

/* head, then pad_len bytes of mix_pad from pad_at on. */
struct mix_frame {
	uint8_t head[MIX_HEAD];
	uint32_t head_len, pad_at, pad_len;
};

struct mix *mix_new(const struct flood_spec *spec, const struct frame_ends *ends,
		    const struct frame_mark *mark);
void mix_free(struct mix *mix);

const uint8_t *mix_pad(const struct mix *mix);
/*
 * Request seq of this kind, which has this family; returns how many frames it takes, at
 * most MIX_FRAMES.
 */
unsigned int mix_make(const struct mix *mix, enum flood_kind kind,
		      enum flood_family family, uint32_t seq,
		      struct mix_frame ret[MIX_FRAMES]);
/* An echo request without what stands before its ICMP header, never in fragments. */
void mix_make_icmp(const struct mix *mix, enum flood_family family, uint32_t seq,
		   struct mix_frame *ret);

/* Bits that request seq takes of an Ethernet link, with preambles and gaps. */
uint32_t mix_bits(const struct flood_spec *spec, enum flood_kind kind,
		  enum flood_family family, uint32_t seq);
/* Their mean over all kinds, families and sizes of the spec. */
uint32_t mix_mean_bits(const struct flood_spec *spec);

/*
 * The order of kinds. Where none of them is answered one by one, an echo request follows
 * each TURNS_SILENT, for else nobody could tell whether the target is there.
 */
#define TURNS_SILENT 8u

struct turns {
	uint8_t kinds[TURNS_SILENT + 1]; /* enum flood_kind */
	unsigned int n, next;
	unsigned int asked; /* of n: are answered one by one */
};

void turns_init(struct turns *t, const struct flood_spec *spec);
enum flood_kind turns_next(struct turns *t);
