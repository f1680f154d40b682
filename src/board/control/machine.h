/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on a machine that runs already: this one, or one that ssh reaches. */
#pragma once

#include "base/num.h"
#include "base/text.h"
#include "os/loop.h"

/* Words of a command, with ssh and its options, and NULL. */
#define MACHINE_ARGV_MAX 80

/* For one short answer, over ssh too. */
#define MACHINE_ANSWER_NS (30 * NS_PER_SEC)

/* For the worker to give a device back its driver. */
#define MACHINE_FINISH_MS 15000

/* Of ssh itself; no command of ours ends by it. */
#define SSH_FAILED 255

struct child;
struct child_spec;

struct machine {
	struct loop *loop;
	const char *name;     /* as the user wrote it: "ssh:board" */
	const char *host;     /* as ssh(1) takes it; NULL: this machine */
	const char *log_path; /* where errors of what stays there go */
};

struct answer {
	struct strbuf lines;  /* of its standard output; the caller's to free */
	bool ended, too_long; /* more than anything that was asked for */
	int status;           /* as of waitpid(2) */
	char why[160];        /* the last line of its standard error, clean */
};

/* name, "local" or "ssh:HOST", is borrowed. */
struct machine machine_of(struct loop *loop, const char *name);
/* Starts a command (NULL at its end) that reads lines; spec says who hears of it. */
int machine_start(const struct machine *m, const char *const *command,
		  const struct child_spec *spec, struct child **ret) _must_check_;
/*
 * input: its standard input, -1: none. The command's exit status, or after it was said
 * -EHOSTUNREACH (ssh does not get there), -ETIMEDOUT or else.
 */
int machine_run(const struct machine *m, const char *const *command, int input,
		uint64_t limit_ns, struct answer *ret) _must_check_;
/* A line for its shell, where only success will do: else -EIO, and it is said. */
int machine_ask(const struct machine *m, const char *line, int input, uint64_t limit_ns,
		struct answer *ret) _must_check_;
/* The last line of an answer that has words: a login shell may print before. */
struct text answer_last(const struct answer *answer);
/* The last line of a file that has words, clean, without "ssh: " and full stop; "": none. */
void last_words(const char *path, char *buffer, size_t size);
