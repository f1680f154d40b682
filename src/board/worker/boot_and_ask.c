// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include "base/log.h"
#include "base/num.h"
#include "board/kinds.h"

#include <errno.h>

/* From power on to the last fact. */
#define LIMIT_NS (120 * NS_PER_SEC)

/* A line is not longer, unless it is no marker. */
#define LINE_MAX_BYTES 4096

struct asking {
	struct facts *facts;
	struct strbuf line; /* the console's, growing */
	bool up;
	char gone[160];
};

static void take_line(struct asking *a, struct text line)
{
	const struct text sign = TEXT("iommu-stress: ");
	ptrdiff_t at = text_find(line, sign, 0);
	struct text marker, phase;

	if (at < 0)
		return;
	marker = text_trim(text_from(line, (size_t)at + sign.n));
	if (text_value(marker, "phase", &phase) && text_equal(phase, TEXT("up")))
		a->up = true;
	else if (facts_add(a->facts, marker) < 0)
		log_debug("a fact of the board was damaged");
}

static void on_console(void *arg, const void *bytes, size_t n)
{
	struct asking *a = arg;
	const char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			take_line(a, (struct text){ a->line.s, a->line.n });
			strbuf_reset(&a->line);
		} else if (a->line.n < LINE_MAX_BYTES) {
			strbuf_add(&a->line, (struct text){ p + i, 1 });
		}
	}
}

static void on_gone(void *arg, const char *reason)
{
	struct asking *a = arg;

	text_clean(a->gone, sizeof(a->gone), text_of(reason));
}

static bool is_up(void *arg)
{
	const struct asking *a = arg;

	return a->up || a->gone[0];
}

static bool is_told(void *arg)
{
	const struct asking *a = arg;

	return a->facts->complete || a->facts->damaged || a->gone[0];
}

static int ask(struct loop *loop, struct target *target, struct asking *a)
{
	uint64_t deadline = loop_now_ns() + LIMIT_NS;
	int r = loop_until(loop, is_up, a, deadline);

	if (r == 0 && !a->gone[0])
		r = target_ask_facts(target);
	if (r == 0)
		r = loop_until(loop, is_told, a, deadline);
	if (r == 0 && a->gone[0]) {
		log_error("%s: %s", target->name, a->gone);
		return -EIO;
	}
	if (r == 0 && a->facts->damaged)
		r = -EBADMSG;
	return r < 0 ? log_errno(r, "%s does not tell its devices", target->name) : 0;
}

int virtual_facts(const char *name, const char *const *words, struct facts *ret)
{
	const struct board_options options = { .worker = true };
	struct asking a = { .facts = ret };
	const struct target_spec spec = {
		.name = name,
		.board = &options,
		.log_path = "/dev/null",
		.events = { .on_console = on_console, .on_gone = on_gone, .arg = &a }
	};
	struct target *target = NULL;
	struct loop *loop;
	int r = loop_new(&loop);

	(void)words;
	*ret = (struct facts){ 0 };
	if (r < 0)
		return log_errno(r, "cannot wait for events");
	r = virtual_open(loop, &spec, &target);
	if (r == 0)
		r = ask(loop, target, &a);
	target_close(target);
	loop_free(loop);
	strbuf_done(&a.line);
	if (r < 0)
		facts_done(ret);
	return r;
}
