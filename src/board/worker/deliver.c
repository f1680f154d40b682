// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include "base/log.h"
#include "base/num.h"
#include "board/control/machine.h"
#include "board/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The transfer of the worker (less than 1 MB), and one run of it. */
#define PUSH_LIMIT_NS   (120 * NS_PER_SEC)
#define WORKER_LIMIT_NS (60 * NS_PER_SEC)

/* machine: as uname -m says. */
static int find_worker(const struct machine *m, struct text machine, char **ret)
{
	const char *arch = worker_arch(machine);

	if (!arch) {
		log_error("%s is a %.*s: there is no worker for it", m->name,
			  TEXT_ARG(machine));
		return -ENOENT;
	}
	return worker_find(arch, ret);
}

static int find_own(const struct machine *m, char **ret)
{
	struct utsname name;

	uname(&name);
	return find_worker(m, text_of(name.machine), ret);
}

/* Opens the worker for a machine that ssh reaches. */
static int open_worker(const struct machine *m, int *ret_fd)
{
	_cleanup_free_ char *worker = NULL;
	struct answer answer = { 0 };
	int e = machine_ask(m, "uname -m", -1, MACHINE_ANSWER_NS, &answer);

	if (e == 0)
		e = find_worker(m, answer_last(&answer), &worker);
	strbuf_done(&answer.lines);
	if (e < 0)
		return e;
	*ret_fd = open(worker, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? log_errno(-errno, "cannot read %s", worker) : 0;
}

/*
 * Words for sh, whatever the login shell is; without single quotes. The worker is what comes
 * in, into a directory of its own.
 */
#define SCRIPT(words)  "exec sh -c '" words "'"
#define MAKE_DIRECTORY "d=$(mktemp -d /tmp/iommu-stress.XXXXXX) && "
#define TAKE_WORKER    "cat >$d/iommu-stress-worker && chmod 700 $d/iommu-stress-worker"

static int push(const struct machine *m, char **ret_worker, char **ret_dir)
{
	static const char script[] = SCRIPT(MAKE_DIRECTORY "{ " TAKE_WORKER
							   " && echo $d || "
							   "{ rm -rf $d; exit 1; }; }");
	_cleanup_close_ int fd = -1;
	struct answer answer = { 0 };
	int e = open_worker(m, &fd);
	struct text dir;

	if (e == 0)
		e = machine_ask(m, script, fd, PUSH_LIMIT_NS, &answer);
	dir = answer_last(&answer);
	if (e == 0 && (!text_starts(dir, TEXT("/tmp/iommu-stress.")) ||
		       !worker_words_are_plain(dir))) {
		log_error("%s does not tell where the worker is", m->name);
		e = -EPROTO;
	}
	if (e == 0) {
		*ret_dir = xstrndup(dir.s, dir.n);
		*ret_worker = xasprintf("%s/iommu-stress-worker", *ret_dir);
	}
	strbuf_done(&answer.lines);
	return e;
}

int deliver_worker(const struct machine *m, char **ret_worker, char **ret_dir)
{
	*ret_worker = *ret_dir = NULL;
	return m->host ? push(m, ret_worker, ret_dir) : find_own(m, ret_worker);
}

/* -- one run of it ------------------------------------------------------------------------ */

static int run_own(const struct machine *m, const char *words, struct answer *answer)
{
	_cleanup_free_ char *worker = NULL, *copy = xstrdup(words);
	const char *command[MACHINE_ARGV_MAX] = { NULL };
	size_t n = 1;
	char *rest = copy;
	int e = find_own(m, &worker);

	command[0] = worker;
	for (char *word; (word = strsep(&rest, " ")) && n < MACHINE_ARGV_MAX - 1;)
		if (*word)
			command[n++] = word;
	return e < 0 ? e : machine_run(m, command, -1, WORKER_LIMIT_NS, answer);
}

/* There and away again, in one go. */
static int run_there(const struct machine *m, const char *words, struct answer *answer)
{
	_cleanup_free_ char *line = xasprintf(
		SCRIPT(MAKE_DIRECTORY "trap \"rm -rf $d\" EXIT && "
				      "trap \"exit 129\" HUP TERM && " TAKE_WORKER
				      " && $d/iommu-stress-worker %s"),
		words);
	const char *const command[] = { line, NULL };
	_cleanup_close_ int fd = -1;
	int e = open_worker(m, &fd);

	return e < 0 ? e :
		       machine_run(m, command, fd, PUSH_LIMIT_NS + WORKER_LIMIT_NS,
				   answer);
}

int running_worker(struct loop *loop, const char *name, const char *words,
		   char **ret_output)
{
	const struct machine m = machine_of(loop, name);
	struct answer answer = { 0 };
	int e = -EINVAL;

	*ret_output = NULL;
	if (!worker_words_are_plain(text_of(words)))
		log_error("'%s' is no command line for the worker", words);
	else if (m.host)
		e = run_there(&m, words, &answer);
	else
		e = run_own(&m, words, &answer);
	if (e > 0 && !answer.lines.n) {
		log_error("%s: %s", name,
			  answer.why[0] ? answer.why : "the worker failed");
		e = -EIO;
	}
	strbuf_add(&answer.lines, TEXT(""));
	if (e >= 0)
		*ret_output = answer.lines.s;
	else
		strbuf_done(&answer.lines);
	return e;
}
