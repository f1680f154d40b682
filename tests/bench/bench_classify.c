// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speed of the classifier, in megabytes for each second of CPU, next to what else reads
 * logs: finding line ends (memchr), `grep -c .`, `grep -E` with the main headers, and a
 * search of each line for a dozen words. Texts are made here; files may be named, too.
 */
#include "bench_texts.h"
#include "classify/classifier.h"
#include "classify/rules.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BYTES (100u << 20)
#define PIECE (64u << 10)
#define RUNS  3

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Repeats lines until BYTES are full, behind time stamps that count. */
static struct strbuf make_text(const char *const *lines, size_t n_lines)
{
	struct strbuf b = { 0 };

	for (unsigned int i = 0; b.n < BYTES; i++) {
		strbuf_addf(&b, "[%5u.%06u] ", i / 977, i * 1021 % 1000000);
		strbuf_add(&b, text_of(lines[i % n_lines]));
		strbuf_add(&b, TEXT("\n"));
	}
	return b;
}

/* -- the classifier ------------------------------------------------------------------- */

static uint64_t found;

static void on_finding(void *arg, const struct finding *f)
{
	(void)arg;
	(void)f;
	found++;
}

static void on_line(void *arg, const struct console_line *line)
{
	(void)arg;
	found += line->size == 0;
}

static double classify(const struct rules *rules, struct text text, bool lines)
{
	struct classifier_sink sink = { lines ? on_line : NULL, on_finding, NULL };
	struct classifier *c = classifier_new(rules, &sink);
	double start = now_s();

	found = 0;
	for (size_t i = 0; i < text.n; i += PIECE)
		classifier_feed(c, text.s + i, text.n - i < PIECE ? text.n - i : PIECE);
	classifier_end(c);
	start = now_s() - start;
	classifier_free(c);
	return start;
}

/* -- references ----------------------------------------------------------------------- */

static double count_lines(struct text text)
{
	double start = now_s();
	volatile size_t lines = 0;

	for (const char *s = text.s, *end = text.s + text.n; s < end; s++) {
		s = memchr(s, '\n', (size_t)(end - s));
		if (!s)
			break;
		lines++;
	}
	return now_s() - start;
}

/* One line after the other, one word after the other: how extractors of crashes read. */
static double search_lines(struct text text)
{
	static const char *const words[] = {
		"BUG:",        "WARNING: at",   "WARNING: CPU:", "INFO: possible",
		"cut here",    "general prot",  "kernel BUG",    "Unable to handle",
		"soft lockup", "self-detected", "Oops",          "nobody cared",
	};
	double start = now_s();
	volatile size_t hits = 0;

	for (size_t i = 0; i < text.n;) {
		const char *end = memchr(text.s + i, '\n', text.n - i);
		size_t n = end ? (size_t)(end - text.s) - i : text.n - i;

		for (size_t w = 0; w < ARRAY_SIZE(words); w++)
			hits += memmem(text.s + i, n, words[w], strlen(words[w])) != NULL;
		i += n + 1;
	}
	return now_s() - start;
}

static double children_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Its count goes into a pipe: to /dev/null it would stop at the first hit. */
static double run_grep(int fd, const char *option, const char *pattern)
{
	double start = children_s();
	int ends[2];
	char count[32];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return 1e9;
	pid = fork();
	if (pid == 0) {
		if (lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0 ||
		    dup2(ends[1], STDOUT_FILENO) < 0 || setenv("LC_ALL", "C", 1) < 0)
			_exit(127);
		execlp("grep", "grep", "-c", option, pattern, NULL);
		_exit(127);
	}
	close(ends[1]);
	while (read(ends[0], count, sizeof(count)) > 0)
		continue;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return children_s() - start;
}

static void grep(struct text text, double *ret_all, double *ret_headers)
{
	static const char headers[] =
		"BUG: |WARNING: |Oops|Internal error: |Unable to handle |kernel BUG at |"
		"general protection fault|Kernel panic|soft lockup|self-detected stall|"
		"detected stalls|blocked for more than|Unhandled context fault|GFSR |"
		"CMD_SYNC timeout|Event logged|handling fault status|refcount_t: ";
	int fd = memfd_create("text", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < text.n) {
		ssize_t n = write(fd, text.s + done, text.n - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	*ret_all = run_grep(fd, "-e", ".");
	*ret_headers = run_grep(fd, "-E", headers);
	close(fd);
}

/* -- the table ------------------------------------------------------------------------ */

static double best_of(double a, double b)
{
	return a < b ? a : b;
}

static void measure(const struct rules *rules, const char *name, struct text text)
{
	double ours = 1e9, lines = 1e9, base = 1e9, words = 1e9, all, headers;
	double mb = (double)text.n / 1e6;

	for (int i = 0; i < RUNS; i++) {
		base = best_of(base, count_lines(text));
		words = best_of(words, search_lines(text));
		lines = best_of(lines, classify(rules, text, true));
		ours = best_of(ours, classify(rules, text, false));
	}
	grep(text, &all, &headers);
	printf("%-26s %8.0f %10.0f %8.0f %8.0f %8.0f %8.0f %9" PRIu64 "\n", name,
	       mb / ours, mb / lines, mb / base, mb / all, mb / headers, mb / words,
	       found);
}

static void measure_rules(struct text text)
{
	static const unsigned int numbers[] = { 10, 100, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct rules *rules = rules_new();
		struct strbuf yaml = { 0 };
		char *error, name[64];

		strbuf_add(&yaml, TEXT("rules:\n"));
		for (unsigned int k = 0; k < numbers[i]; k++)
			strbuf_addf(&yaml, "  - { function: [f%u_*], severity: info }\n",
				    k);
		if (rules_add(rules, "bench", (struct text){ yaml.s, yaml.n }, &error) <
		    0)
			abort();
		snprintf(name, sizeof(name), "boot log, %u more rules", numbers[i]);
		measure(rules, name, text);
		rules_free(rules);
		strbuf_done(&yaml);
	}
}

static void measure_file(const struct rules *rules, const char *path)
{
	FILE *file = fopen(path, "re");
	static char piece[PIECE];
	struct strbuf text = { 0 };
	size_t n;

	if (!file) {
		perror(path);
		return;
	}
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		strbuf_add(&text, (struct text){ piece, n });
	fclose(file);
	measure(rules, path, (struct text){ text.s, text.n });
	strbuf_done(&text);
}

int main(int argc, char **argv)
{
	struct rules *rules = rules_new();
	struct strbuf text;

	printf("classify, MB for each second of CPU:\n%-26s %8s %10s %8s %8s %8s %8s %9s\n",
	       "text", "classify", "each line", "memchr", "grep .", "grep -E", "words",
	       "findings");
	text = make_text(bench_boot, ARRAY_SIZE(bench_boot));
	measure(rules, "boot log", (struct text){ text.s, text.n });
	measure_rules((struct text){ text.s, text.n });
	strbuf_done(&text);
	text = make_text(bench_oops, ARRAY_SIZE(bench_oops));
	measure(rules, "oopses and nothing else", (struct text){ text.s, text.n });
	strbuf_done(&text);
	text = make_text(bench_headers, ARRAY_SIZE(bench_headers));
	measure(rules, "headers and nothing else", (struct text){ text.s, text.n });
	strbuf_done(&text);
	text = make_text(bench_faults, ARRAY_SIZE(bench_faults));
	measure(rules, "faults and nothing else", (struct text){ text.s, text.n });
	strbuf_done(&text);
	text = make_text(bench_nested, ARRAY_SIZE(bench_nested));
	measure(rules, "reports within reports", (struct text){ text.s, text.n });
	strbuf_done(&text);
	while (text.n < BYTES)
		strbuf_add(&text, TEXT("one line without an end "));
	measure(rules, "one endless line", (struct text){ text.s, text.n });
	strbuf_done(&text);
	while (text.n < BYTES)
		strbuf_add(&text, TEXT("BUG: KASAN: Oops: Internal error: [DMA "));
	measure(rules, "one line of headers", (struct text){ text.s, text.n });
	strbuf_done(&text);
	for (int i = 1; i < argc; i++)
		measure_file(rules, argv[i]);
	rules_free(rules);
	return 0;
}
