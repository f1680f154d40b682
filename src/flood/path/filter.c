// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter.h"

#include "flood/wire/bytes.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#define ALL    0xffffffffu
#define REJECT 0xff /* jump target, put right by resolve */

/* Programs are short: each jump that is not for the next instruction ends at the last. */
static void resolve(struct sock_filter *code, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (BPF_CLASS(code[i].code) != BPF_JMP)
			continue;
		if (code[i].jt == REJECT)
			code[i].jt = (uint8_t)(n - 2 - i);
		if (code[i].jf == REJECT)
			code[i].jf = (uint8_t)(n - 2 - i);
	}
}

static int attach(int fd, struct sock_filter *code, unsigned int n)
{
	const struct sock_fprog program = { .len = (unsigned short)n, .filter = code };

	resolve(code, n);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) <
			       0 ?
		       -errno :
		       0;
}

#define LOAD(size, at)         BPF_STMT(BPF_LD | (size) | BPF_ABS, at)
#define LOAD_X(size, at)       BPF_STMT(BPF_LD | (size) | BPF_IND, at)
#define MUST(value)            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, REJECT)
#define MUST_NOT_HAVE(bits)    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, REJECT, 0)
#define ELSE_SKIP(value, n)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n)
#define WITH(bits)             BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits)
#define HEADER_LENGTH_TO_X(at) BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, at)
#define TO_X(value)            BPF_STMT(BPF_LDX | BPF_IMM, value)
#define GO(n)                  BPF_STMT(BPF_JMP | BPF_JA, n)
#define RETURN(value)          BPF_STMT(BPF_RET | BPF_K, value)
#define COOKIE_HIGH            ((uint32_t)(mark->cookie >> 32))
#define COOKIE_LOW             ((uint32_t)mark->cookie)

/* The first fragment is the reply; its ICMP header stands behind X + `base`. */
int filter_packet(int fd, const struct frame_ends *ends, const struct frame_mark *mark)
{
	const uint8_t *v6 = (const uint8_t *)&ends->target_v6;
	struct sock_filter code[] = {
		LOAD(BPF_H, 12),
		ELSE_SKIP(0x0800, 10),
		LOAD(BPF_B, 23),
		MUST(IPPROTO_ICMP),
		LOAD(BPF_H, 20),
		MUST_NOT_HAVE(0x1fff),
		LOAD(BPF_W, 26),
		MUST(get32((const uint8_t *)&ends->target_v4)),
		HEADER_LENGTH_TO_X(14),
		LOAD_X(BPF_B, 14),
		MUST(0),
		GO(23),

		MUST(0x86dd),
		LOAD(BPF_W, 22),
		MUST(get32(v6)),
		LOAD(BPF_W, 26),
		MUST(get32(v6 + 4)),
		LOAD(BPF_W, 30),
		MUST(get32(v6 + 8)),
		LOAD(BPF_W, 34),
		MUST(get32(v6 + 12)),
		LOAD(BPF_B, 20),
		ELSE_SKIP(44, 6),
		LOAD(BPF_B, 54),
		MUST(IPPROTO_ICMPV6),
		LOAD(BPF_H, 56),
		MUST_NOT_HAVE(0xfff8),
		TO_X(48),
		GO(3),
		MUST(IPPROTO_ICMPV6),
		TO_X(40),
		GO(0),
		LOAD_X(BPF_B, 14),
		MUST(129),
		GO(0),

		LOAD_X(BPF_H, 18),
		MUST(mark->ident),
		LOAD_X(BPF_W, 22),
		MUST(COOKIE_HIGH),
		LOAD_X(BPF_W, 26),
		MUST(COOKIE_LOW),
		RETURN(ALL),
		RETURN(0),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

int filter_from(int fd, const uint8_t mac[FRAME_MAC])
{
	struct sock_filter code[] = {
		LOAD(BPF_W, 6),       MUST(get32(mac)), LOAD(BPF_H, 10),
		MUST(get16(mac + 4)), RETURN(ALL),      RETURN(0),
	};

	return attach(fd, code, ARRAY_SIZE(code));
}

int filter_raw(int fd, enum flood_family family, const struct frame_mark *mark)
{
	struct sock_filter code[] = {
		/* IPv4: behind its header. */
		family == FLOOD_V4 ? (struct sock_filter)HEADER_LENGTH_TO_X(0) :
				     (struct sock_filter)TO_X(0),
		LOAD_X(BPF_H, 4),
		MUST(mark->ident),
		LOAD_X(BPF_W, 8),
		MUST(COOKIE_HIGH),
		LOAD_X(BPF_W, 12),
		MUST(COOKIE_LOW),
		RETURN(ALL),
		RETURN(0),
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
