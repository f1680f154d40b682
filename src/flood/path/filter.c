// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classic BPF: it takes no right but that to the socket, where a program in C, as turbo's
 * are, takes CAP_BPF.
 */
#include "filter.h"

#include "flood/wire/bytes.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

/* Places that jumps go to, in place of how many instructions lie between. */
enum { NEXT, REJECT = 0xf0, IPV6, FRAGMENT, IPV6_REPLY, MARK };
/* The pseudo-instruction that such a place is. */
#define AT(label) BPF_STMT(0xffff, label)

#define LOAD(size, at)         BPF_STMT(BPF_LD | (size) | BPF_ABS, at)
#define LOAD_X(size, at)       BPF_STMT(BPF_LD | (size) | BPF_IND, at)
#define MUST(value)            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, NEXT, REJECT)
#define MUST_NOT_HAVE(bits)    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, REJECT, NEXT)
#define IF(value, label)       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, label, NEXT)
#define GO(label)              BPF_STMT(BPF_JMP | BPF_JA, label)
#define HEADER_LENGTH_TO_X(at) BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, at)
#define TO_X(value)            BPF_STMT(BPF_LDX | BPF_IMM, value)
#define RETURN(value)          BPF_STMT(BPF_RET | BPF_K, value)

/* What stands behind the ICMP header at X + `base` must be ours. Ends a program. */
#define MUST_BE_OURS(base)                                                        \
	LOAD_X(BPF_H, (base) + 4), MUST(mark->ident), LOAD_X(BPF_W, (base) + 8),  \
		MUST((uint32_t)(mark->cookie >> 32)), LOAD_X(BPF_W, (base) + 12), \
		MUST((uint32_t)mark->cookie), RETURN(UINT32_MAX), AT(REJECT), RETURN(0)

static int attach(int fd, struct sock_filter *code, unsigned int n)
{
	struct sock_fprog program = { .filter = code };
	unsigned int places[16] = { 0 };

	for (unsigned int i = 0; i < n; i++)
		if (code[i].code == 0xffff)
			places[code[i].k - REJECT] = program.len;
		else
			code[program.len++] = code[i];
	for (unsigned int i = 0; i < program.len; i++) {
		struct sock_filter *insn = &code[i];

		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		if (insn->jt >= REJECT)
			insn->jt = (uint8_t)(places[insn->jt - REJECT] - i - 1);
		if (insn->jf >= REJECT)
			insn->jf = (uint8_t)(places[insn->jf - REJECT] - i - 1);
		if (BPF_OP(insn->code) == BPF_JA)
			insn->k = places[insn->k - REJECT] - i - 1;
	}
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) <
			       0 ?
		       -errno :
		       0;
}

/* The first fragment is the reply; its ICMP header stands behind 14 + X. */
int filter_packet(int fd, const struct frame_ends *ends, const struct frame_mark *mark)
{
	const uint8_t *v6 = (const uint8_t *)&ends->target_v6;
	struct sock_filter code[] = {
		LOAD(BPF_H, 12),
		IF(0x86dd, IPV6),
		MUST(0x0800),
		LOAD(BPF_B, 23),
		MUST(IPPROTO_ICMP),
		LOAD(BPF_H, 20),
		MUST_NOT_HAVE(0x1fff),
		LOAD(BPF_W, 26),
		MUST(get32((const uint8_t *)&ends->target_v4)),
		HEADER_LENGTH_TO_X(14),
		LOAD_X(BPF_B, 14),
		MUST(0),
		GO(MARK),

		AT(IPV6),
		LOAD(BPF_W, 22),
		MUST(get32(v6)),
		LOAD(BPF_W, 26),
		MUST(get32(v6 + 4)),
		LOAD(BPF_W, 30),
		MUST(get32(v6 + 8)),
		LOAD(BPF_W, 34),
		MUST(get32(v6 + 12)),
		LOAD(BPF_B, 20),
		IF(44, FRAGMENT),
		MUST(IPPROTO_ICMPV6),
		TO_X(40),
		GO(IPV6_REPLY),
		AT(FRAGMENT),
		LOAD(BPF_B, 54),
		MUST(IPPROTO_ICMPV6),
		LOAD(BPF_H, 56),
		MUST_NOT_HAVE(0xfff8),
		TO_X(48),
		AT(IPV6_REPLY),
		LOAD_X(BPF_B, 14),
		MUST(129),

		AT(MARK),
		MUST_BE_OURS(14),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

int filter_from(int fd, const uint8_t mac[FRAME_MAC])
{
	struct sock_filter code[] = {
		LOAD(BPF_W, 6),     MUST(get32(mac)),
		LOAD(BPF_H, 10),    MUST(get16(mac + 4)),
		RETURN(UINT32_MAX), AT(REJECT),
		RETURN(0),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

int filter_raw(int fd, enum flood_family family, const struct frame_mark *mark)
{
	struct sock_filter code[] = {
		/* IPv4: behind its header. */
		family == FLOOD_V4 ? (struct sock_filter)HEADER_LENGTH_TO_X(0) :
				     (struct sock_filter)TO_X(0),
		MUST_BE_OURS(0),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

uint64_t filter_take_packet_drops(int fd)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		return 0;
	return stats.tp_drops;
}

uint32_t filter_raw_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

void filter_make_small(int fd)
{
	int none = 0;

	(void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none));
}

void filter_make_large(int fd)
{
	int room = 4 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		(void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}
