// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf.h"

#ifdef HAVE_LIBBPF
#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <stdlib.h>

/* -- an assembler --------------------------------------------------------------------- */

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9 };
enum label { LOOP, REFUSED, TAKE, PASS, LABELS };

struct program {
	struct bpf_insn code[96];
	enum label targets[96]; /* of jumps */
	size_t labels[LABELS];  /* which instruction they stand before */
	size_t n;
};

static void put(struct program *p, struct bpf_insn insn)
{
	assert(p->n < ARRAY_SIZE(p->code));
	p->targets[p->n] = LABELS;
	p->code[p->n++] = insn;
}

static void alu(struct program *p, uint8_t op, uint8_t to, uint8_t from)
{
	put(p, (struct bpf_insn){
		       .code = BPF_ALU64 | op | BPF_X, .dst_reg = to, .src_reg = from });
}

static void alu_imm(struct program *p, uint8_t op, uint8_t to, uint32_t value)
{
	put(p, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_K,
				  .dst_reg = to,
				  .imm = (int32_t)value });
}

/* The low half, the high one becomes 0. */
static void move32(struct program *p, uint8_t to, uint8_t from)
{
	put(p, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
				  .dst_reg = to,
				  .src_reg = from });
}

static void swap(struct program *p, uint8_t to, int bits)
{
	put(p, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE,
				  .dst_reg = to,
				  .imm = bits });
}

static void load(struct program *p, uint8_t size, uint8_t to, uint8_t from, size_t at)
{
	put(p, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | size,
				  .dst_reg = to,
				  .src_reg = from,
				  .off = (int16_t)at });
}

static void store(struct program *p, uint8_t size, uint8_t to, size_t at, uint8_t from)
{
	put(p, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | size,
				  .dst_reg = to,
				  .src_reg = from,
				  .off = (int16_t)at });
}

/* Where the map's value is. */
static void load_map(struct program *p, uint8_t to, int map_fd)
{
	put(p, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW,
				  .dst_reg = to,
				  .src_reg = BPF_PSEUDO_MAP_VALUE,
				  .imm = map_fd });
	put(p, (struct bpf_insn){ 0 });
}

static void call(struct program *p, int function)
{
	put(p, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = function });
}

static void jump(struct program *p, enum label target)
{
	put(p, (struct bpf_insn){ .code = BPF_JMP | BPF_JA });
	p->targets[p->n - 1] = target;
}

static void jump_imm(struct program *p, uint8_t op, uint8_t left, uint32_t right,
		     enum label target)
{
	put(p, (struct bpf_insn){ .code = BPF_JMP | op | BPF_K,
				  .dst_reg = left,
				  .imm = (int32_t)right });
	p->targets[p->n - 1] = target;
}

static void jump_reg(struct program *p, uint8_t op, uint8_t left, uint8_t right,
		     enum label target)
{
	put(p, (struct bpf_insn){
		       .code = BPF_JMP | op | BPF_X, .dst_reg = left, .src_reg = right });
	p->targets[p->n - 1] = target;
}

/* Of the low halves. */
static void jump_imm32(struct program *p, uint8_t op, uint8_t left, uint32_t right,
		       enum label target)
{
	put(p, (struct bpf_insn){ .code = BPF_JMP32 | op | BPF_K,
				  .dst_reg = left,
				  .imm = (int32_t)right });
	p->targets[p->n - 1] = target;
}

static void label(struct program *p, enum label label)
{
	p->labels[label] = p->n;
}

static void finish(struct program *p, uint32_t result)
{
	alu_imm(p, BPF_MOV, R0, result);
	put(p, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static int install(struct program *p, enum bpf_prog_type type, int *ret_fd)
{
	int fd;

	for (size_t i = 0; i < p->n; i++)
		if (p->targets[i] < LABELS)
			p->code[i].off =
				(int16_t)((int)p->labels[p->targets[i]] - (int)i - 1);
	fd = bpf_prog_load(type, "flood", "GPL", p->code, p->n, NULL);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* -- what both have ------------------------------------------------------------------- */

#define SHARED(member) offsetof(struct bpf_shared, member)
#define SKB(member)    offsetof(struct __sk_buff, member)
#define XDP(member)    offsetof(struct xdp_md, member)

/* Behind the begin of the ICMP header: struct frame_template. */
#define ICMP_SUM 2
#define ICMP_SEQ 6
#define TAG_SEQ  16
#define TAG_END  20
/* What the verifier has to know. */
#define ICMP_MAX 127

/*
 * The request's number, in R9, into the packet whose ICMP header is at R1; the checksum is
 * the template's sum with what the number adds, as frame_head has it. R7: shared.
 */
static void patch(struct program *p)
{
	move32(p, R3, R9);
	swap(p, R3, 16);
	store(p, BPF_H, R1, ICMP_SEQ, R3);
	move32(p, R3, R9);
	swap(p, R3, 32);
	store(p, BPF_W, R1, TAG_SEQ, R3);
	move32(p, R3, R9);
	alu_imm(p, BPF_AND, R3, 0xffff);
	move32(p, R4, R9);
	alu_imm(p, BPF_RSH, R4, 16);
	load(p, BPF_W, R5, R7, SHARED(sum));
	alu(p, BPF_ADD, R5, R3);
	alu(p, BPF_ADD, R5, R3);
	alu(p, BPF_ADD, R5, R4);
	for (unsigned int i = 0; i < 2; i++) {
		alu(p, BPF_MOV, R4, R5);
		alu_imm(p, BPF_RSH, R4, 16);
		alu_imm(p, BPF_AND, R5, 0xffff);
		alu(p, BPF_ADD, R5, R4);
	}
	alu_imm(p, BPF_XOR, R5, 0xffff);
	swap(p, R5, 16);
	store(p, BPF_H, R1, ICMP_SUM, R5);
}

/* R1: the ICMP header, checked to be whole. R6: context. R2 to R4 are used. */
static void find_icmp(struct program *p, size_t data, size_t data_end)
{
	load(p, BPF_W, R1, R6, data);
	load(p, BPF_W, R2, R6, data_end);
	load(p, BPF_W, R3, R7, SHARED(icmp));
	alu_imm(p, BPF_AND, R3, ICMP_MAX);
	alu(p, BPF_ADD, R1, R3);
	alu(p, BPF_MOV, R4, R1);
	alu_imm(p, BPF_ADD, R4, TAG_END);
	jump_reg(p, BPF_JGT, R4, R2, PASS);
}

static void add_one(struct program *p, size_t member)
{
	load(p, BPF_DW, R3, R7, member);
	alu_imm(p, BPF_ADD, R3, 1);
	store(p, BPF_DW, R7, member, R3);
}

/* -- programs ------------------------------------------------------------------------- */

/*
 * The last request is the packet itself, which saves a copy; one that the queue has refused
 * is tried once more as that. Clones come by here too, without the mark.
 */
int bpf_load_clone(int map_fd, uint32_t mark, int *ret_fd)
{
	struct program p = { 0 };

	alu(&p, BPF_MOV, R6, R1);
	load(&p, BPF_W, R0, R6, SKB(mark));
	/* The immediate of a 64-bit comparison would be sign-extended. */
	alu_imm(&p, BPF_AND, R0, 0x7fffffff);
	jump_imm(&p, BPF_JNE, R0, mark & 0x7fffffff, PASS);
	alu_imm(&p, BPF_MOV, R1, 0);
	store(&p, BPF_W, R6, SKB(mark), R1);
	load_map(&p, R7, map_fd);
	load(&p, BPF_W, R8, R7, SHARED(count));
	jump_imm(&p, BPF_JEQ, R8, 0, PASS);
	jump_imm(&p, BPF_JGT, R8, BPF_CLONES, PASS);
	load(&p, BPF_W, R9, R7, SHARED(seq));
	label(&p, LOOP);
	find_icmp(&p, SKB(data), SKB(data_end));
	patch(&p);
	load(&p, BPF_W, R3, R7, SHARED(step));
	alu(&p, BPF_ADD, R9, R3);
	alu_imm(&p, BPF_SUB, R8, 1);
	jump_imm(&p, BPF_JEQ, R8, 0, PASS);
	alu(&p, BPF_MOV, R1, R6);
	load(&p, BPF_W, R2, R6, SKB(ifindex));
	alu_imm(&p, BPF_MOV, R3, 0);
	call(&p, BPF_FUNC_clone_redirect);
	jump_imm(&p, BPF_JNE, R0, 0, REFUSED);
	add_one(&p, SHARED(done));
	jump(&p, LOOP);
	label(&p, REFUSED);
	add_one(&p, SHARED(refused));
	label(&p, PASS);
	finish(&p, (uint32_t)-1);
	return install(&p, BPF_PROG_TYPE_SCHED_CLS, ret_fd);
}

int bpf_load_live(int map_fd, int ifindex, int *ret_fd)
{
	struct program p = { 0 };

	alu(&p, BPF_MOV, R6, R1);
	load_map(&p, R7, map_fd);
	load(&p, BPF_W, R3, R7, SHARED(stop));
	jump_imm(&p, BPF_JNE, R3, 0, PASS);
	load(&p, BPF_W, R9, R7, SHARED(seq));
	find_icmp(&p, XDP(data), XDP(data_end));
	patch(&p);
	load(&p, BPF_W, R3, R7, SHARED(step));
	alu(&p, BPF_ADD, R9, R3);
	store(&p, BPF_W, R7, SHARED(seq), R9);
	add_one(&p, SHARED(done));
	alu_imm(&p, BPF_MOV, R1, (uint32_t)ifindex);
	alu_imm(&p, BPF_MOV, R2, 0);
	call(&p, BPF_FUNC_redirect);
	put(&p, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	label(&p, PASS);
	finish(&p, XDP_DROP);
	return install(&p, BPF_PROG_TYPE_XDP, ret_fd);
}

/* -- counting replies ------------------------------------------------------------------ */

#define COUNT(member) offsetof(struct bpf_count, member)

/* Bytes of a header at R1 must be these, or it passes. */
static void must_be(struct program *p, size_t at, const void *bytes, size_t n)
{
	const uint8_t *expected = bytes;

	for (size_t i = 0; i < n;) {
		size_t left = n - i, size = left >= 4 ? 4 : left >= 2 ? 2 : 1;
		uint32_t word = 0;

		if (size == 4) {
			load(p, BPF_W, R3, R1, at + i);
			memcpy(&word, expected + i, 4);
		} else if (size == 2) {
			uint16_t half;

			load(p, BPF_H, R3, R1, at + i);
			memcpy(&half, expected + i, 2);
			word = half;
		} else {
			load(p, BPF_B, R3, R1, at + i);
			word = expected[i];
		}
		jump_imm32(p, BPF_JNE, R3, word, PASS);
		i += size;
	}
}

/* The same of a number, in the order of the network. */
static void must_be_16(struct program *p, size_t at, uint16_t value)
{
	value = htons(value);
	must_be(p, at, &value, sizeof(value));
}

static void must_be_8(struct program *p, size_t at, uint8_t value)
{
	must_be(p, at, &value, sizeof(value));
}

static void must_be_ours(struct program *p, size_t icmp, const struct frame_mark *mark)
{
	uint32_t cookie[] = { htonl((uint32_t)(mark->cookie >> 32)),
			      htonl((uint32_t)mark->cookie) };

	must_be_16(p, icmp + 4, mark->ident);
	must_be(p, icmp + 8, cookie, sizeof(cookie));
}

/* Frames: R1 to R2. Without options, and no fragment: the others are rare, and pass. */
static void must_be_reply_v4(struct program *p, const struct frame_ends *ends,
			     const struct frame_mark *mark)
{
	must_be_16(p, 12, 0x0800);
	must_be_8(p, 14, 0x45);
	load(p, BPF_H, R3, R1, 20);
	alu_imm(p, BPF_AND, R3, htons(0x3fff));
	jump_imm32(p, BPF_JNE, R3, 0, PASS);
	must_be_8(p, 23, IPPROTO_ICMP);
	must_be(p, 26, &ends->target_v4, 4);
	must_be_8(p, 34, 0);
	must_be_ours(p, 34, mark);
}

static void must_be_reply_v6(struct program *p, const struct frame_ends *ends,
			     const struct frame_mark *mark)
{
	must_be_16(p, 12, 0x86dd);
	must_be_8(p, 20, IPPROTO_ICMPV6);
	must_be(p, 22, &ends->target_v6, 16);
	must_be_8(p, 54, 129);
	must_be_ours(p, 54, mark);
}

int bpf_load_count(int map_fd, const struct frame_ends *ends,
		   const struct frame_mark *mark, enum flood_family family, int *ret_fd)
{
	const uint32_t headers = family == FLOOD_V6 ? 54 : 34;
	struct program p = { 0 };

	load(&p, BPF_W, R2, R1, SKB(data_end));
	load(&p, BPF_W, R1, R1, SKB(data));
	alu(&p, BPF_MOV, R3, R1);
	alu_imm(&p, BPF_ADD, R3, headers + TAG_SEQ);
	jump_reg(&p, BPF_JGT, R3, R2, PASS);
	if (family == FLOOD_V6)
		must_be_reply_v6(&p, ends, mark);
	else
		must_be_reply_v4(&p, ends, mark);
	load_map(&p, R7, map_fd);
	load(&p, BPF_DW, R3, R7, COUNT(pass));
	jump_imm(&p, BPF_JEQ, R3, 0, TAKE);
	alu_imm(&p, BPF_SUB, R3, 1);
	store(&p, BPF_DW, R7, COUNT(pass), R3);
	jump(&p, PASS);
	label(&p, TAKE);
	alu_imm(&p, BPF_MOV, R3, 1);
	/* Replies may come in on several CPUs. */
	put(&p, (struct bpf_insn){ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
				   .dst_reg = R7,
				   .src_reg = R3,
				   .off = (int16_t)COUNT(replies),
				   .imm = BPF_ADD });
	finish(&p, TC_ACT_SHOT);
	label(&p, PASS);
	finish(&p, (uint32_t)TC_ACT_UNSPEC);
	return install(&p, BPF_PROG_TYPE_SCHED_CLS, ret_fd);
}

int bpf_load_pass(int *ret_fd)
{
	struct program p = { 0 };

	finish(&p, XDP_PASS);
	return install(&p, BPF_PROG_TYPE_XDP, ret_fd);
}
#endif
