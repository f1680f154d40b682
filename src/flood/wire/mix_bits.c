// SPDX-License-Identifier: GPL-2.0-or-later
/* What requests take of a link, which is more than their bytes. */
#include "mix_internal.h"

/* Preamble, frame check sequence and the gap between frames (IEEE 802.3, 4.4.2). */
#define AROUND   24u
#define SHORTEST 60u

static uint32_t frame_bits(const struct flood_spec *spec, uint32_t len)
{
	len += MIX_ETHERNET;
	if (len < SHORTEST)
		len = SHORTEST;
	return (len + (spec->vlan ? FRAME_VLAN : 0) + AROUND) * 8;
}

uint32_t mix_bits(const struct flood_spec *spec, enum flood_kind kind,
		  enum flood_family family, uint32_t seq)
{
	bool v6 = family == FLOOD_V6;
	uint32_t header = v6 ? MIX_IPV6 : MIX_IPV4, data, room, all = 0;

	switch (kind) {
	case FLOOD_MLD:
		return frame_bits(spec, header + 8 + (seq & MIX_NEWER ? 28 : 24));
	case FLOOD_ND:
		return frame_bits(spec, header + 32);
	case FLOOD_TCP:
		return frame_bits(spec, header + 20);
	case FLOOD_ICMP:
	case FLOOD_UDP:
		break;
	default:
		return frame_bits(spec, 0);
	}
	data = 8 + flood_spec_size(spec, seq);
	if (header + data <= FRAME_MTU)
		return frame_bits(spec, header + data);
	header += v6 ? MIX_FRAGMENT : 0;
	room = (FRAME_MTU - header) / 8 * 8;
	for (; data > room; data -= room)
		all += frame_bits(spec, header + room);
	return all + frame_bits(spec, header + data);
}

uint32_t mix_mean_bits(const struct flood_spec *spec)
{
	enum { SAMPLES = 64 };
	struct turns turns;
	uint64_t sum = 0;
	uint32_t n = 0;

	turns_init(&turns, spec);
	do {
		enum flood_kind kind = turns_next(&turns);
		enum flood_family family = spec->family & flood_kind_families(kind);

		if (family == FLOOD_BOTH)
			family = n / turns.n % 2 ? FLOOD_V6 : FLOOD_V4;
		sum += mix_bits(spec, kind, family, n);
	} while (++n < SAMPLES * turns.n);
	return (uint32_t)(sum / n);
}
