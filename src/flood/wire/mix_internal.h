/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by mix.c, which makes requests, and mix_template.c, which prepares them. */
#pragma once

#include "bytes.h"
#include "mix.h"

/* Frames that are always shorter are filled up, for not every driver does so. */
#define MIX_SHORTEST 60u

/*
 * Requests with this bit in their number are of the newer version of a query. Not each
 * other number: a mix of two kinds would have one version only.
 */
#define MIX_NEWER 16u

/* A request with number, source, sizes and checksums 0. */
struct mix_template {
	enum flood_kind kind;
	enum flood_family family;
	bool newer; /* version 3 of IGMP, 2 of MLD */
	bool sized; /* a payload of the wanted size, whose tag ends the head */
	uint8_t head[MIX_HEAD];
	uint32_t head_len;
	uint32_t l4_len; /* of the head, without what fills a short frame up */
	/* Offsets: IP or ARP header; what stands behind the IP headers. */
	uint32_t l3, l4;
	uint32_t ip_sum; /* of the IPv4 header, not folded */
	/* Of what the checksum of l4 covers, pseudo header included, not folded. */
	uint32_t sum;
};

struct mix_source {
	uint8_t address[16];
	uint32_t sum;
};

struct mix {
	struct flood_spec spec;
	struct frame_ends ends;
	struct frame_mark mark;
	/* Each kind by family, and of IGMP and MLD the other version. */
	struct mix_template templates[FLOOD_KINDS][2], others[2];
	struct mix_source sources[2][FLOOD_SOURCES_MAX];
	uint32_t n_sources, n_addresses;
	uint8_t *pad;
	uint32_t *pad_sums; /* [n]: of the first n 16-bit words of pad */
};

void mix_template_init(struct mix_template *t, const struct mix *mix,
		       enum flood_kind kind, enum flood_family family, bool newer);
