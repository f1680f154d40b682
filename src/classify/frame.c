// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include "pattern.h"

/* The texts in front of the program counter's symbol; blanks match as in the kernel. */
static const struct text pc_starts[] = {
	{ "RIP: ", 5 },    { "EIP: ", 5 }, { "EIP is at ", 10 }, { "IP: ", 4 },
	{ "pc : ", 5 },    { "PC: ", 4 },  { "PC is at ", 9 },   { "Krnl PSW :", 10 },
	{ "NIP [", 5 },    { "NIP: ", 5 }, { "epc : ", 6 },      { "epc: ", 5 },
	{ "epc   : ", 8 }, { "ERA: ", 5 }, { "era   : ", 8 },
};

static const struct text trace_starts[] = {
	{ "Call Trace", 10 }, { "Call trace", 10 },       { "Backtrace:", 10 },
	{ "Trace:", 6 },      { "stack backtrace:", 16 }, { "Stack :", 7 },
};

/* Does t begin with one of these? Most lines do not even begin with their letters. */
static bool starts_with_any(struct text t, const struct text *starts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t.n && t.s[0] == starts[i].s[0] && text_starts(t, starts[i]))
			return true;
	return false;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$';
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Of "(____ptrval____)", which kernels print for addresses before they can hash them. */
static bool is_hidden(char c)
{
	return c && strchr("(_ptrval)", c);
}

/* Length of "0x1f" at t, 0 where there is none. */
static size_t hex_length(struct text t)
{
	size_t i = 2;

	if (t.n < 3 || t.s[0] != '0' || t.s[1] != 'x')
		return 0;
	while (i < t.n && is_hex(t.s[i]))
		i++;
	return i > 2 ? i : 0;
}

/* Length of "name+0x1/0x2" at t, 0 where there is none; *ret_name is the name. */
static size_t symbol_length(struct text t, struct text *ret_name)
{
	size_t i = 0, n;

	while (i < t.n && is_name(t.s[i]))
		i++;
	if (!i || i == t.n || t.s[i] != '+' || (t.s[0] >= '0' && t.s[0] <= '9'))
		return 0;
	*ret_name = (struct text){ t.s, i };
	n = hex_length(text_from(t, i + 1));
	if (!n)
		return 0;
	i += 1 + n;
	if (i < t.n && t.s[i] == '/')
		i += 1 + hex_length(text_from(t, i + 1));
	return i;
}

struct text frame_trim_symbol(struct text symbol)
{
	static const char *const suffixes[] = {
		".isra.", ".constprop.", ".part.", ".cold", ".llvm.", ".lto_priv", "$",
	};

	if (!symbol.n ||
	    (!memchr(symbol.s, '.', symbol.n) && !memchr(symbol.s, '$', symbol.n)))
		return symbol;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		ptrdiff_t at = text_find(symbol, text_of(suffixes[i]), 1);

		if (at > 0)
			symbol.n = (size_t)at;
	}
	return symbol;
}

/* "file.c:12": how it ends, up to the colon. */
static bool is_source(struct text file)
{
	return text_ends(file, TEXT(".c")) || text_ends(file, TEXT(".h")) ||
	       text_ends(file, TEXT(".S")) || text_ends(file, TEXT(".rs")) ||
	       text_ends(file, TEXT("??"));
}

/*
 * Length of "name (mm/slub.c:12" at t, 0 where there is none: scripts/decode_stacktrace.sh
 * puts it in the place of "name+0x1/0x2".
 */
static size_t decoded_length(struct text t, struct text *ret_name)
{
	size_t i = 0, start;

	while (i < t.n && is_name(t.s[i]))
		i++;
	if (!i || i + 2 >= t.n || t.s[i] != ' ' || t.s[i + 1] != '(' ||
	    (t.s[0] >= '0' && t.s[0] <= '9'))
		return 0;
	*ret_name = (struct text){ t.s, i };
	for (start = i += 2; i < t.n && t.s[i] != ' ' && t.s[i] != ':';)
		i++;
	if (i == t.n || !is_source((struct text){ t.s + start, i - start }))
		return 0;
	return i;
}

static struct text find_decoded(struct text t)
{
	for (ptrdiff_t at = 0; (at = text_find(t, TEXT(" ("), (size_t)at)) >= 0; at++) {
		size_t start = (size_t)at;
		struct text name;

		while (start > 0 && is_name(t.s[start - 1]))
			start--;
		if (decoded_length(text_from(t, start), &name))
			return frame_trim_symbol(name);
	}
	return TEXT_NONE;
}

struct text frame_find_symbol(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		const char *plus = memchr(t.s + i, '+', t.n - i);
		struct text name;
		size_t start;

		if (!plus)
			break;
		for (start = (size_t)(plus - t.s); start > 0 && is_name(t.s[start - 1]);)
			start--;
		if (symbol_length(text_from(t, start), &name))
			return frame_trim_symbol(name);
		i = (size_t)(plus - t.s);
	}
	return find_decoded(t);
}

/* Length of "[<c0010a2c>]", "[c0000000000a1234]" or "[<(ptrval)>]" at t, or 0. */
static size_t address_length(struct text t)
{
	size_t p = 1 + (t.n > 1 && t.s[1] == '<'), start = p;

	if (!t.n || t.s[0] != '[')
		return 0;
	while (p < t.n && (is_hex(t.s[p]) || (p > 1 && is_hidden(t.s[p]))))
		p++;
	if (p < t.n && t.s[p] == '>')
		p++;
	return p - start >= 8 && p < t.n && t.s[p] == ']' ? p + 1 : 0;
}

/* What stands in front of a symbol: brackets with addresses, parentheses, "?". */
static size_t skip_decoration(struct text t, bool *ret_reliable)
{
	size_t i = 0, n;

	for (;;) {
		while (i < t.n && (t.s[i] == ' ' || t.s[i] == '\t' || t.s[i] == '('))
			i++;
		if (i + 1 < t.n && t.s[i] == '?') {
			*ret_reliable = false;
			i++;
			continue;
		}
		n = address_length(text_from(t, i));
		if (!n)
			return i;
		i += n;
	}
}

/* "[module]" or "[module hash]" behind the symbol. */
static void take_module(struct text rest, struct finding_frame *frame)
{
	ptrdiff_t open = text_find(rest, TEXT(" ["), 0);
	size_t n = 0;

	if (open < 0 || open > 2)
		return;
	rest = text_from(rest, (size_t)open + 2);
	while (n < rest.n && (is_name(rest.s[n]) || rest.s[n] == '-'))
		n++;
	if (n && n < rest.n && (rest.s[n] == ']' || rest.s[n] == ' '))
		text_copy(frame->module, sizeof(frame->module),
			  (struct text){ rest.s, n });
}

/* "func net/core/dev.c:123 [inline]" at t. */
static bool parse_inline(struct text t, struct finding_frame *ret)
{
	size_t n = 0;

	if (!text_ends(t, TEXT(" [inline]")))
		return false;
	while (n < t.n && is_name(t.s[n]))
		n++;
	if (!n || n == t.n || t.s[n] != ' ')
		return false;
	text_copy(ret->function, sizeof(ret->function),
		  frame_trim_symbol((struct text){ t.s, n }));
	return true;
}

/* "func (net/core/dev.c:123 (discriminator 3)) module" at t. */
static bool parse_decoded(struct text t, struct finding_frame *ret)
{
	struct text name, module;
	size_t end = t.n;

	if (!t.n || !memchr(t.s, '(', t.n) || !decoded_length(t, &name))
		return false;
	text_copy(ret->function, sizeof(ret->function), frame_trim_symbol(name));
	while (end > 0 && t.s[end - 1] != ')')
		end--;
	module = text_trim(text_from(t, end));
	if (end && !text_has(module, TEXT(" ")))
		text_copy(ret->module, sizeof(ret->module), module);
	return true;
}

/* arm: "[<c0010a2c>] (dump_stack) from [<c000e5d4>] (show_stack+0x10/0x14)". */
static bool parse_arm(struct text t, struct finding_frame *ret)
{
	ptrdiff_t from = text_find(t, TEXT(" from "), 0);
	struct text name;

	if (from < 1 || !frame_find_symbol(text_from(t, (size_t)from)).n)
		return false;
	name = (struct text){ t.s, 0 };
	while (name.n < (size_t)from && is_name(t.s[name.n]))
		name.n++;
	if (!name.n)
		return false;
	text_copy(ret->function, sizeof(ret->function), frame_trim_symbol(name));
	return true;
}

/* "+0x14/0x20" behind the name. */
static void take_offset(struct text rest, struct finding_frame *frame)
{
	ptrdiff_t slash = text_find(rest, TEXT("/"), 0);
	struct text offset = text_from(rest, 1);

	if (slash > 1) {
		offset.n = (size_t)slash - 1;
		frame->size = (uint32_t)pattern_hex(text_from(rest, (size_t)slash + 1));
	}
	frame->offset = (uint32_t)pattern_hex(offset);
}

bool frame_parse(struct text body, struct finding_frame *ret)
{
	struct finding_frame frame = { .reliable = true };
	size_t i = skip_decoration(body, &frame.reliable), n;
	struct text rest, name;

	rest = text_trim(text_from(body, i));
	n = symbol_length(rest, &name);
	if (n) {
		text_copy(frame.function, sizeof(frame.function),
			  frame_trim_symbol(name));
		take_offset((struct text){ rest.s + name.n, n - name.n }, &frame);
		take_module(text_from(rest, n), &frame);
		if (text_has(rest, TEXT("(unreliable)")))
			frame.reliable = false;
	} else if (!parse_decoded(rest, &frame) && !parse_inline(rest, &frame) &&
		   !parse_arm(rest, &frame)) {
		return false;
	}
	*ret = frame;
	return true;
}

bool frame_parse_pc(struct text body, struct text *ret)
{
	body = text_trim(body);
	if (!starts_with_any(body, pc_starts, ARRAY_SIZE(pc_starts)))
		return false;
	*ret = frame_find_symbol(body);
	return true;
}

/* arm up to 6.9: "[<c0010a2c>] (f) from [<c000e5d4>] (g+0x1/0x2)", "f from g+0x1/0x2". */
bool frame_starts_trace(struct text body)
{
	bool reliable = true;
	size_t i = skip_decoration(body, &reliable), start = i;

	while (i < body.n && is_name(body.s[i]))
		i++;
	if (i == start)
		return false;
	i += i < body.n && body.s[i] == ')';
	body = text_from(body, i);
	return text_starts(body, TEXT(" from ")) && frame_find_symbol(body).n;
}

bool frame_is_trace_start(struct text body)
{
	return starts_with_any(text_trim(body), trace_starts, ARRAY_SIZE(trace_starts));
}

bool frame_is_saved(struct text body)
{
	body = text_trim(body);
	return body.n > 10 && body.s[0] == 'r' && is_hex(body.s[1]) &&
	       (body.s[2] == ':' || body.s[3] == ':');
}
