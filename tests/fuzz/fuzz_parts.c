// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of the classifier, each by itself; the first byte chooses. What they hand out
 * lies within what they were given, is terminated, and is the same however it is cut.
 */
#include "classify/fault.h"
#include "classify/frame.h"
#include "classify/header.h"
#include "classify/lines.h"
#include "classify/printk.h"
#include "classify/splat.h"
#include "classify/trigger.h"

#include <stdio.h>
#include <stdlib.h>

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_within(struct text part, struct text whole, const char *what)
{
	check(!part.n || (part.s >= whole.s && part.s + part.n <= whole.s + whole.n),
	      what);
}

static bool ends(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static void check_finding(const struct finding *f)
{
	check(f->n_decoded <= FINDING_DECODED_MAX, "decoded fields are counted");
	check(f->n_frames <= FINDING_FRAMES_MAX, "frames are counted");
	check(ends(f->title, sizeof(f->title)) && ends(f->device, sizeof(f->device)) &&
		      ends(f->driver, sizeof(f->driver)),
	      "texts end");
	for (size_t i = 0; i < f->n_decoded; i++)
		check(ends(f->decoded[i].name, sizeof(f->decoded[i].name)) &&
			      ends(f->decoded[i].value, sizeof(f->decoded[i].value)),
		      "fields end");
}

/* -- printk, frames, headers ---------------------------------------------------------- */

static void fuzz_printk(struct text text)
{
	struct printk printk;

	printk_parse(text, &printk);
	check_within(printk.body, text, "the body is in the line");
	check_within(printk.caller, text, "the caller is in the line");
	check(printk.prefixed || !printk.timed, "a time stamp is a prefix");
}

static void fuzz_frame(struct text text)
{
	struct finding_frame frame;
	struct text name;

	if (frame_parse(text, &frame))
		check(frame.function[0] && ends(frame.function, sizeof(frame.function)) &&
			      ends(frame.module, sizeof(frame.module)),
		      "a frame has a function");
	if (frame_parse_pc(text, &name))
		check_within(name, text, "the program counter is in the line");
	check_within(frame_find_symbol(text), text, "a symbol is in the line");
	check_within(frame_trim_symbol(text), text, "a symbol is trimmed");
	(void)frame_is_trace_start(text);
}

static void fuzz_splat(struct text text)
{
	struct slot slot = { 0 };
	struct splat splat = { 0 };
	struct console_line line = { .size = 1 };

	while (text.n) {
		const char *end = memchr(text.s, '\n', text.n);
		struct header_match match;

		line.number++;
		line.offset++;
		line.body =
			(struct text){ text.s, end ? (size_t)(end - text.s) : text.n };
		text = text_from(text, line.body.n + 1);
		for (size_t i = 0; i < header_count(); i++) {
			if (!header_try(i, line.body, &match))
				continue;
			check_within(match.line, line.body, "a header is in its line");
			check_within(match.function, line.body, "its function, too");
			check_within(match.file, line.body, "its file, too");
			if (match.header->kind && !splat.slot)
				splat_open(&splat, &slot, &match, &line);
			else if (match.header->kind)
				(void)splat_merge(&splat, &match, &line);
			break;
		}
		splat_line(&splat, &line);
		check_finding(&slot.finding);
	}
	splat_close(&splat);
	check_finding(&slot.finding);
}

/* -- faults --------------------------------------------------------------------------- */

/* A line of this form, in whose gaps the input's bytes stand. */
static void make_line(struct strbuf *line, const char *format, struct text *input)
{
	for (; *format; format++) {
		size_t n;

		if (*format != '%') {
			strbuf_add(line, (struct text){ format, 1 });
			continue;
		}
		format++;
		n = input->n ? (unsigned char)input->s[0] % 24 : 0;
		if (*format == 'd' || *format == 'x')
			strbuf_addf(line, *format == 'd' ? "%llu" : "0x%llx",
				    n * 0x1234567ULL);
		*input = text_from(*input, 1);
		n = n < input->n ? n : input->n;
		strbuf_add(line, (struct text){ input->s, n });
		*input = text_from(*input, n);
	}
}

/* All forms of one family, one after the other, into one finding. */
static void fuzz_faults(struct text text)
{
	size_t n_families;
	const struct fault_family *const *families = fault_families(&n_families);
	const struct fault_family *family;
	struct finding finding = { 0 };

	if (!text.n)
		return;
	family = families[(unsigned char)text.s[0] % n_families];
	for (text = text_from(text, 1); text.n;) {
		const struct fault_form *form =
			&family->forms[(unsigned char)text.s[0] % family->n_forms];
		struct strbuf line = { 0 };
		struct fault_match match;
		struct text body;
		char clean[1024];

		text = text_from(text, 1);
		strbuf_add(&line, TEXT("driver 0000:01:00.0: "));
		make_line(&line, form->format, &text);
		body = (struct text){ clean,
				      text_clean(clean, sizeof(clean),
						 (struct text){ line.s, line.n }) };
		for (size_t i = 0; i < family->n_forms; i++) {
			if (!fault_try(family, &family->forms[i], body, &match))
				continue;
			check_within(match.device, body, "the device is in the line");
			if (match.form->decode)
				match.form->decode(&finding, &match.match);
			check_finding(&finding);
		}
		strbuf_done(&line);
	}
}

/* -- lines and literals --------------------------------------------------------------- */

static void on_block(void *arg, struct text bytes, int64_t extra, bool ends)
{
	int64_t *total = arg;

	check(bytes.n > 0 && bytes.n <= SCAN_BLOCK && bytes.s[bytes.n - 1] == '\n',
	      "a block is whole lines");
	check(ends || memchr(bytes.s, '\n', bytes.n) == bytes.s + bytes.n - 1,
	      "a piece is one line");
	*total += (int64_t)bytes.n + extra;
}

static void fuzz_lines(struct text text)
{
	static struct lines lines;
	int64_t total = 0;
	size_t step = text.n ? (unsigned char)text.s[0] + 1U : 1, n = text.n;

	lines_init(&lines, on_block, &total);
	while (text.n) {
		size_t part = text.n < step ? text.n : step;

		lines_feed(&lines, text.s, part);
		text = text_from(text, part);
	}
	lines_end(&lines);
	check(total == (int64_t)n, "blocks cover the input");
}

/* Every literal that stands in a line is found in it. */
static void fuzz_scan(struct text text)
{
	static struct triggers triggers;
	static struct scan_marks marks;
	static char block[8192];
	struct text bytes = { block, text.n < 4096 ? text.n : 4096 };
	const struct scan *scan = &triggers.scan;
	unsigned int ids[64];
	size_t chosen;

	if (!triggers.n_forms)
		triggers_init(&triggers);
	if (!text.n)
		return;
	chosen = (unsigned char)text.s[0] % scan->n;
	memcpy(block, text.s, bytes.n);
	memcpy(block + bytes.n, scan->literals[chosen].s, scan->literals[chosen].n);
	bytes.n += scan->literals[chosen].n;
	memcpy(block + bytes.n, text.s, text.n < 64 ? text.n : 64);
	bytes.n += text.n < 64 ? text.n : 64;
	block[bytes.n++] = '\n';
	scan_mark(scan, bytes, &marks);
	for (size_t at = scan_next(&marks, 0, bytes.n); at < bytes.n;
	     at = scan_next(&marks, at + 1, bytes.n)) {
		size_t n = scan_at(scan, bytes, at, ids, ARRAY_SIZE(ids));

		for (size_t i = 0; i < n; i++)
			if (ids[i] == chosen)
				return;
	}
	check(false, "a literal that is there is found");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct text text) = {
		fuzz_printk, fuzz_frame, fuzz_splat, fuzz_faults, fuzz_lines, fuzz_scan,
	};
	struct text raw, clean;
	char *exact;

	if (!size)
		return 0;
	raw = (struct text){ (const char *)data + 1, size - 1 };
	if (data[0] % ARRAY_SIZE(parts) > 1) {
		parts[data[0] % ARRAY_SIZE(parts)](raw);
		return 0;
	}
	/* Of its exact size, so that the sanitizer sees a byte too far. */
	exact = xcalloc(3 * size + 1, 1);
	clean = (struct text){ exact, text_clean(exact, 3 * size + 1, raw) };
	exact = xrealloc(exact, clean.n + 1, 1);
	clean.s = exact;
	parts[data[0] % ARRAY_SIZE(parts)](clean);
	free(exact);
	return 0;
}
