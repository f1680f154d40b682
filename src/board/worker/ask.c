// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

static int judge(const struct facts *facts, bool damaged, int status)
{
	if (facts->error[0])
		log_error("worker: %s", facts->error);
	else if (status)
		log_error("worker: facts: exit status %d", status);
	if (facts->error[0] || status)
		return -EIO;
	if (damaged || !facts->complete) {
		log_error("worker: its facts are %s: is it of the same version?",
			  damaged ? "damaged" : "not complete");
		return -EBADMSG;
	}
	return 0;
}

/* The worker's exit status, or what was said. */
static int ask(const char *name, const char *const *words, char **ret_output)
{
	_cleanup_strbuf_ struct strbuf command = { 0 };
	struct loop *loop;
	int r = loop_new(&loop);

	if (r < 0)
		return log_errno(r, "cannot wait for %s", name);
	strbuf_addf(&command, "facts");
	for (size_t i = 0; words && words[i]; i++)
		strbuf_addf(&command, " %s", words[i]);
	r = running_worker(loop, name, command.s, ret_output);
	loop_free(loop);
	return r;
}

int running_facts(const char *name, const char *const *words, struct facts *ret)
{
	_cleanup_free_ char *output = NULL;
	struct text rest, line;
	bool damaged = false;
	int r = ask(name, words, &output);

	*ret = (struct facts){ 0 };
	if (r < 0)
		return r;
	rest = text_of(output);
	while (text_next_line(&rest, &line))
		damaged |= facts_add(ret, line) < 0;
	r = judge(ret, damaged, r);
	if (r < 0)
		facts_done(ret);
	return r;
}
