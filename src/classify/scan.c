// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan.h"

/*
 * Three bytes under the end of the window decide how far it may move: to where they
 * could be part of a literal's window. Where they end one, the place is marked.
 */
#define BLOCK    3
#define MOVE_MAX (SCAN_WINDOW - BLOCK + 1)
/* In struct scan's moves, beside the distance: bytes that end a window. */
#define MARK 0x80
/* Places that are searched at once, so that one's table look-up hides another's. */
#define LANES 6
/* So many bytes all lanes together come on in a step, or a little less. */
#define AHEAD 32

static uint32_t make_block(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
}

/* The same, of four bytes that may be read. */
static inline uint32_t load_block(const char *s)
{
	uint32_t word;

	memcpy(&word, s, sizeof(word));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		word = __builtin_bswap32(word);
	return word & 0xffffff;
}

static inline uint32_t hash_block(uint32_t block)
{
	return block * UINT32_C(0x9e3779b1);
}

static inline uint32_t move_slot(uint32_t hash)
{
	return hash >> 18;
}

static uint32_t first_slot(uint32_t hash)
{
	return hash >> 20;
}

/* Of SCAN_WINDOW bytes: a number of a bit in struct scan's windows. */
static inline uint32_t hash_window(const char *s)
{
	uint64_t window;

	memcpy(&window, s, sizeof(window));
	return (uint32_t)(window * UINT64_C(0x9e3779b97f4a7c15) >> 49);
}

void scan_init(struct scan *scan)
{
	scan->n = 0;
	memset(scan->windows, 0, sizeof(scan->windows));
	memset(scan->moves, MOVE_MAX, sizeof(scan->moves));
	for (size_t i = 0; i < ARRAY_SIZE(scan->first); i++)
		scan->first[i] = -1;
}

/* Letters are common in logs, capitals and punctuation are not. */
static unsigned int rarity(char c)
{
	if (c >= 'a' && c <= 'z')
		return strchr("etainor", c) ? 1 : 2;
	return c == ' ' || (c >= '0' && c <= '9') ? 0 : 4;
}

/* Where the rarest window of a literal begins. */
static size_t choose_window(struct text literal)
{
	size_t best = 0;
	unsigned int best_score = 0;

	for (size_t at = 0; at + SCAN_WINDOW <= literal.n && at < UINT8_MAX; at++) {
		unsigned int score = 0;

		for (size_t i = 0; i < SCAN_WINDOW; i++)
			score += rarity(literal.s[at + i]) *
				 (i + BLOCK >= SCAN_WINDOW ? 3 : 1);
		if (score > best_score) {
			best = at;
			best_score = score;
		}
	}
	return best;
}

unsigned int scan_add(struct scan *scan, struct text literal)
{
	size_t id = scan->n++, start = choose_window(literal);
	const char *window = literal.s + start;
	uint32_t hash = 0;

	scan->literals[id] = literal;
	scan->starts[id] = (unsigned char)start;
	for (size_t i = 0; i + BLOCK <= SCAN_WINDOW; i++) {
		size_t distance = SCAN_WINDOW - BLOCK - i;
		unsigned char *move;

		hash = hash_block(make_block(window + i));
		move = &scan->moves[move_slot(hash)];
		if (!distance)
			*move = 1 | MARK;
		else if (distance < (*move & ~MARK))
			*move = (unsigned char)(distance | (*move & MARK));
	}
	scan->windows[hash_window(window) / 64] |= UINT64_C(1)
						   << (hash_window(window) % 64);
	scan->next[id] = scan->first[first_slot(hash)];
	scan->first[first_slot(hash)] = (short)id;
	return (unsigned int)id;
}

/*
 * The three bytes at p end a window; does the rest of it stand before them, too?
 * Rare: out of the way of the loop around it.
 */
__attribute__((noinline)) static bool is_window(const struct scan *scan,
						const char *bytes, size_t p)
{
	uint32_t hash;

	if (p < SCAN_WINDOW - BLOCK)
		return false;
	hash = hash_window(bytes + p - (SCAN_WINDOW - BLOCK));
	return scan->windows[hash / 64] >> (hash % 64) & 1;
}

/* Looks at place p, marks it where it ends a window; how far to go on. */
static inline size_t step(const struct scan *scan, const char *bytes, size_t p,
			  struct scan_marks *marks)
{
	unsigned char move = scan->moves[move_slot(hash_block(load_block(bytes + p)))];

	if (__builtin_expect(move & MARK, 0) && is_window(scan, bytes, p))
		marks->words[p / 64] |= UINT64_C(1) << (p % 64);
	return move & ~MARK;
}

/* How many steps no lane needs more than to come to its end. */
static size_t steps_left(const size_t p[LANES], const size_t ends[LANES])
{
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < LANES; i++) {
		size_t left = p[i] < ends[i] ? (ends[i] - p[i]) / MOVE_MAX : 0;

		least = left < least ? left : least;
	}
	return least;
}

void scan_mark(const struct scan *scan, struct text bytes, struct scan_marks *marks)
{
	/* The last place has its three bytes before the final line feed. */
	size_t end = bytes.n > BLOCK ? bytes.n - BLOCK : 0;
	size_t part = end / LANES;
	size_t p[LANES], ends[LANES], n;
	/* What comes next is fetched meanwhile; it need not be there. */
	const char *ahead = bytes.s + bytes.n;

	memset(marks->words, 0, (bytes.n + 63) / 64 * sizeof(marks->words[0]));
	for (size_t i = 0; i < LANES; i++) {
		p[i] = i * part;
		ends[i] = i + 1 < LANES ? (i + 1) * part : end;
	}
	while ((n = steps_left(p, ends)) > 0) {
		size_t a = p[0], b = p[1], c = p[2], d = p[3], e = p[4], f = p[5];

		for (; n > 0; n--, ahead += AHEAD) {
			__builtin_prefetch(ahead);
			a += step(scan, bytes.s, a, marks);
			b += step(scan, bytes.s, b, marks);
			c += step(scan, bytes.s, c, marks);
			d += step(scan, bytes.s, d, marks);
			e += step(scan, bytes.s, e, marks);
			f += step(scan, bytes.s, f, marks);
		}
		p[0] = a, p[1] = b, p[2] = c, p[3] = d, p[4] = e, p[5] = f;
	}
	for (size_t i = 0; i < LANES; i++)
		while (p[i] < ends[i])
			p[i] += step(scan, bytes.s, p[i], marks);
}

size_t scan_next(const struct scan_marks *marks, size_t from, size_t n)
{
	uint64_t word;

	if (from >= n)
		return n;
	word = marks->words[from / 64] >> (from % 64);
	if (word)
		return from + (size_t)__builtin_ctzll(word);
	for (size_t i = from / 64 + 1; i <= (n - 1) / 64; i++)
		if (marks->words[i])
			return i * 64 + (size_t)__builtin_ctzll(marks->words[i]);
	return n;
}

size_t scan_at(const struct scan *scan, struct text bytes, size_t mark,
	       unsigned int *ret_literals, size_t max)
{
	uint32_t hash = hash_block(load_block(bytes.s + mark));
	size_t n = 0;

	for (int id = scan->first[first_slot(hash)]; id >= 0; id = scan->next[id]) {
		struct text literal = scan->literals[id];
		size_t before = scan->starts[id] + SCAN_WINDOW - (size_t)BLOCK;

		if (mark < before || bytes.n - (mark - before) < literal.n ||
		    memcmp(bytes.s + mark - before, literal.s, literal.n) != 0)
			continue;
		if (n < max)
			ret_literals[n++] = (unsigned int)id;
	}
	return n;
}

/* Sixteen bytes of which each is a counter. */
typedef unsigned char counters __attribute__((vector_size(16)));

bool scan_is_plain(struct text bytes)
{
	counters wrong = { 0 };
	unsigned char any = 0;
	size_t i = 0;

	for (; i + sizeof(counters) <= bytes.n; i += sizeof(counters)) {
		counters chunk;

		memcpy(&chunk, bytes.s + i, sizeof(chunk));
		wrong |= (counters)(chunk - ' ' >= 0x7f - ' ');
	}
	for (size_t n = 0; n < sizeof(counters); n++)
		any |= wrong[n];
	for (; i < bytes.n; i++)
		any |= (unsigned char)(bytes.s[i] - ' ') >= 0x7f - ' ';
	return !any;
}

/* The compiler makes vectors of loops (Makefile); the processor's longest are twice as fast. */
#ifdef __x86_64__
#define _wide_ __attribute__((target_clones("avx2", "default")))
#else
#define _wide_
#endif

static unsigned char least(unsigned char a, unsigned char b)
{
	return a < b ? a : b;
}

/* The same with any CR. */
_wide_ static bool may_be_dirty(const unsigned char *s, size_t n)
{
	unsigned char low = UINT8_MAX, high = UINT8_MAX;

	for (size_t i = 0; i < n; i++) {
		low = least(low, s[i]);
		high = least(high, (unsigned char)(s[i] - '\r'));
	}
	return low < '\t' || high < ' ' - '\r';
}

_wide_ static bool is_dirty(const unsigned char *s, size_t n)
{
	unsigned char dirty = 0;

	for (size_t i = 0; i + 1 < n; i++)
		dirty |= (s[i] < '\t') | (s[i] > '\r' && s[i] < ' ') |
			 ((s[i] == '\r') & (s[i + 1] != '\n'));
	return dirty;
}

bool scan_is_dirty(struct text bytes)
{
	const unsigned char *s = (const unsigned char *)bytes.s;

	return may_be_dirty(s, bytes.n) && is_dirty(s, bytes.n);
}

size_t scan_lines(struct text bytes)
{
	size_t lines = 0, i = 0;

	while (i + sizeof(counters) <= bytes.n) {
		counters sum = { 0 };

		/* A counter holds no more than 255. */
		for (int n = 0; n < 255 && i + sizeof(counters) <= bytes.n; n++) {
			counters chunk;

			memcpy(&chunk, bytes.s + i, sizeof(chunk));
			sum -= (counters)(chunk == '\n');
			i += sizeof(chunk);
		}
		for (size_t n = 0; n < sizeof(counters); n++)
			lines += sum[n];
	}
	for (; i < bytes.n; i++)
		lines += bytes.s[i] == '\n';
	return lines;
}
