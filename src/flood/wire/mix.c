// SPDX-License-Identifier: GPL-2.0-or-later
#include "mix.h"

#include "mix_internal.h"

#include <linux/if_ether.h>
#include <stdlib.h>

/* What one frame carries of a packet that does not fit one: a multiple of 8 bytes. */
#define ROOM_V4 (FRAME_MTU - IPV4_LEN)
#define ROOM_V6 ((FRAME_MTU - IPV6_LEN - FRAGMENT_LEN) / 8 * 8)

#define MORE_V4 0x2000
#define MORE_V6 1

static void init_sources(struct mix *mix)
{
	mix->n_sources = mix->spec.sources ? mix->spec.sources : 1;
	mix->n_addresses = mix->ends.addresses ? mix->ends.addresses : 1;
	for (uint32_t i = 0; i < mix->n_sources; i++)
		for (unsigned int v6 = 0; v6 < 2; v6++) {
			struct mix_source *source = &mix->sources[v6][i];

			frame_source(&mix->ends, v6 ? FLOOD_V6 : FLOOD_V4,
				     i % mix->n_addresses, source->address);
			source->sum = sum_bytes(source->address, v6 ? 16 : 4);
		}
}

/* Two bytes more than any pad, so that it begins anew at an even place. */
static void init_pad(struct mix *mix)
{
	uint32_t words = flood_spec_size_max(&mix->spec) / 2 + 1;

	mix->pad = xcalloc(words, 2);
	mix->pad_sums = xcalloc(words + 1, sizeof(*mix->pad_sums));
	for (uint32_t i = 0; i < words; i++) {
		size_t at = (size_t)i * 2;

		mix->pad[at] = frame_pad_byte(at);
		mix->pad[at + 1] = frame_pad_byte(at + 1);
		mix->pad_sums[i + 1] = mix->pad_sums[i] + get16(mix->pad + at);
	}
}

struct mix *mix_new(const struct flood_spec *spec, const struct frame_ends *ends,
		    const struct frame_mark *mark)
{
	struct mix *mix = xcalloc(1, sizeof(*mix));

	mix->spec = *spec;
	mix->ends = *ends;
	mix->mark = *mark;
	init_sources(mix);
	init_pad(mix);
	for (enum flood_kind kind = FLOOD_ICMP; kind < FLOOD_KINDS; kind++) {
		if (flood_kind_families(kind) & FLOOD_V4)
			mix_template_init(&mix->templates[kind][0], mix, kind, FLOOD_V4,
					  false);
		if (flood_kind_families(kind) & FLOOD_V6)
			mix_template_init(&mix->templates[kind][1], mix, kind, FLOOD_V6,
					  false);
	}
	mix_template_init(&mix->others[0], mix, FLOOD_IGMP, FLOOD_V4, true);
	mix_template_init(&mix->others[1], mix, FLOOD_MLD, FLOOD_V6, true);
	return mix;
}

void mix_free(struct mix *mix)
{
	if (!mix)
		return;
	free(mix->pad);
	free(mix->pad_sums);
	free(mix);
}

const uint8_t *mix_pad(const struct mix *mix)
{
	return mix->pad;
}

static const struct mix_template *template_of(const struct mix *mix, enum flood_kind kind,
					      enum flood_family family, uint32_t seq)
{
	bool v6 = family == FLOOD_V6;

	if ((kind == FLOOD_IGMP || kind == FLOOD_MLD) && seq & MIX_NEWER)
		return &mix->others[v6];
	return &mix->templates[kind][v6];
}

/* The tag's length is even, so pad byte 0 is the high one of its word. */
static uint32_t pad_sum(const struct mix *mix, uint32_t len)
{
	uint32_t sum = mix->pad_sums[len / 2];

	return len % 2 ? sum + (uint32_t)(mix->pad[len - 1] << 8) : sum;
}

/* Spread over the sources however kinds and families take turns. */
static uint32_t source_of(const struct mix *mix, uint32_t seq)
{
	return mix->n_sources == 1 ? 0 : (seq * 2654435761u >> 16) % mix->n_sources;
}

/* Returns what it adds to the checksum of l4. */
static uint32_t put_addresses(const struct mix_template *t, uint8_t *l3,
			      const struct mix_source *source, uint32_t len)
{
	uint32_t total = t->l4 - t->l3 + len;

	if (t->kind == FLOOD_ARP) {
		memcpy(l3 + 14, source->address, 4);
		return 0;
	}
	if (t->family == FLOOD_V4) {
		put16(l3 + 2, (uint16_t)total);
		memcpy(l3 + 12, source->address, 4);
		put16(l3 + 10, sum_fold(t->ip_sum + total + source->sum));
		return t->kind == FLOOD_UDP || t->kind == FLOOD_TCP ? source->sum + len :
								      0;
	}
	put16(l3 + 4, (uint16_t)(total - IPV6_LEN));
	if (t->kind == FLOOD_MLD)
		return len;
	memcpy(l3 + 8, source->address, 16);
	return source->sum + len;
}

static uint32_t put_seq(uint8_t *p, uint32_t seq)
{
	put32(p, seq);
	return (seq >> 16) + (seq & 0xffff);
}

static uint32_t put_ports(uint8_t *l4, uint32_t source, uint32_t seq, uint16_t wanted)
{
	uint16_t from = (uint16_t)(FRAME_PORT + source);
	uint16_t to = wanted ? wanted :
			       (uint16_t)(FRAME_CLOSED + seq / 8 % FRAME_CLOSED_N);

	put16(l4, from);
	put16(l4 + 2, to);
	return (uint32_t)from + to;
}

/* All but the Ethernet header of request seq, as one packet. */
static void put_request(const struct mix *mix, const struct mix_template *t, uint32_t seq,
			uint32_t pad_len, uint8_t *head)
{
	uint32_t i = source_of(mix, seq), len = t->l4_len + pad_len;
	const struct mix_source *source =
		&mix->sources[t->family == FLOOD_V6][t->kind == FLOOD_IGMP ? 0 : i];
	uint8_t *l4 = head + t->l4;
	uint32_t sum = t->sum + pad_sum(mix, pad_len);

	sum += put_addresses(t, head + t->l3, source, len);
	switch (t->kind) {
	case FLOOD_ICMP:
		put16(l4 + 6, (uint16_t)seq);
		sum += (seq & 0xffff) + put_seq(l4 + 16, seq);
		put16(l4 + 2, sum_fold(sum));
		break;
	case FLOOD_UDP:
		put16(l4 + 4, (uint16_t)len);
		sum += put_ports(l4, i, seq, mix->spec.udp_port) + len;
		sum += put_seq(l4 + 16, seq);
		put16(l4 + 6, sum_fold(sum) ? sum_fold(sum) : 0xffff);
		break;
	case FLOOD_TCP:
		sum += put_ports(l4, i, seq, mix->spec.tcp_port);
		sum += put_seq(l4 + 4, seq ^ (uint32_t)mix->mark.cookie);
		put16(l4 + 16, sum_fold(sum));
		break;
	case FLOOD_ARP:
	case FLOOD_KINDS:
		break;
	case FLOOD_ND:
	case FLOOD_IGMP:
	case FLOOD_MLD:
		put16(l4 + 2, sum_fold(sum));
		break;
	}
}

/* Makes l3 the header of the n bytes from offset on of a packet; it has room for it. */
static void put_fragment_v4(uint8_t *l3, uint32_t seq, uint32_t offset, uint32_t n,
			    bool more)
{
	put16(l3 + 2, (uint16_t)(IPV4_LEN + n));
	put16(l3 + 4, (uint16_t)seq);
	put16(l3 + 6, (uint16_t)(offset / 8 | (more ? MORE_V4 : 0)));
	put16(l3 + 10, 0);
	put16(l3 + 10, sum_fold(sum_bytes(l3, IPV4_LEN)));
}

static void put_fragment_v6(uint8_t *l3, uint32_t seq, uint32_t offset, uint32_t n,
			    bool more)
{
	uint8_t *header = l3 + IPV6_LEN;

	put16(l3 + 4, (uint16_t)(FRAGMENT_LEN + n));
	put16(header + 2, (uint16_t)(offset | (more ? MORE_V6 : 0)));
	put32(header + 4, seq);
}

/* ret[0] holds the whole packet's head. */
static unsigned int split(const struct mix_template *t, uint32_t seq, uint32_t len,
			  struct mix_frame ret[MIX_FRAMES])
{
	bool v6 = t->family == FLOOD_V6;
	uint32_t room = v6 ? ROOM_V6 : ROOM_V4, bare = t->l4;
	unsigned int n = 0;

	if (v6) {
		uint8_t *header = ret->head + t->l4;

		memmove(header + FRAGMENT_LEN, header, t->l4_len);
		header[0] = ret->head[t->l3 + 6];
		header[1] = 0;
		ret->head[t->l3 + 6] = IPPROTO_FRAGMENT;
		bare += FRAGMENT_LEN;
	}
	for (uint32_t at = 0; at < len; at += room, n++) {
		uint32_t part = len - at < room ? len - at : room;

		if (n) {
			memcpy(ret[n].head, ret->head, bare);
			ret[n].head_len = bare;
			ret[n].pad_at = at - t->l4_len;
			ret[n].pad_len = part;
		}
		(v6 ? put_fragment_v6 : put_fragment_v4)(ret[n].head + t->l3, seq, at,
							 part, at + part < len);
	}
	ret->head_len = bare + t->l4_len;
	ret->pad_len = room - t->l4_len;
	return n;
}

static const struct mix_template *make_whole(const struct mix *mix, enum flood_kind kind,
					     enum flood_family family, uint32_t seq,
					     struct mix_frame *ret)
{
	const struct mix_template *t = template_of(mix, kind, family, seq);

	memcpy(ret->head, t->head, t->head_len);
	ret->head_len = t->head_len;
	ret->pad_at = 0;
	ret->pad_len = t->sized ? flood_spec_size(&mix->spec, seq) - FRAME_TAG : 0;
	put_request(mix, t, seq, ret->pad_len, ret->head);
	return t;
}

unsigned int mix_make(const struct mix *mix, enum flood_kind kind,
		      enum flood_family family, uint32_t seq,
		      struct mix_frame ret[MIX_FRAMES])
{
	const struct mix_template *t = make_whole(mix, kind, family, seq, ret);
	uint32_t len = t->l4_len + ret->pad_len;

	return t->l4 - t->l3 + len > FRAME_MTU ? split(t, seq, len, ret) : 1;
}

void mix_make_icmp(const struct mix *mix, enum flood_family family, uint32_t seq,
		   struct mix_frame *ret)
{
	const struct mix_template *t = make_whole(mix, FLOOD_ICMP, family, seq, ret);

	memmove(ret->head, ret->head + t->l4, t->l4_len);
	ret->head_len = t->l4_len;
}

void turns_init(struct turns *t, const struct flood_spec *spec)
{
	unsigned int kinds = flood_spec_kinds(spec);

	*t = (struct turns){ 0 };
	for (enum flood_kind kind = FLOOD_ICMP; kind < FLOOD_KINDS; kind++)
		if (kinds & FLOOD_KIND(kind)) {
			t->kinds[t->n++] = (uint8_t)kind;
			t->asked += flood_kind_answers(kind);
		}
	if (t->asked)
		return;
	for (unsigned int i = 0; t->n && t->n < TURNS_SILENT; i++)
		t->kinds[t->n++] = t->kinds[i];
	t->kinds[t->n++] = FLOOD_ICMP;
	t->asked = 1;
}

enum flood_kind turns_next(struct turns *t)
{
	enum flood_kind kind = (enum flood_kind)t->kinds[t->next];

	t->next = (t->next + 1) % t->n;
	return kind;
}

/* -- what requests take of a link, which is more than their bytes ---------------------- */

/* Preamble, frame check sequence and the gap between frames (IEEE 802.3, 4.4.2). */
#define AROUND 24u

static uint32_t frame_bits(const struct flood_spec *spec, uint32_t len)
{
	len += ETH_HLEN;
	if (len < MIX_SHORTEST)
		len = MIX_SHORTEST;
	return (len + (spec->vlan ? FRAME_VLAN : 0) + AROUND) * 8;
}

uint32_t mix_bits(const struct flood_spec *spec, enum flood_kind kind,
		  enum flood_family family, uint32_t seq)
{
	bool v6 = family == FLOOD_V6;
	uint32_t header = v6 ? IPV6_LEN : IPV4_LEN, data, room, all = 0;

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
	header += v6 ? FRAGMENT_LEN : 0;
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
