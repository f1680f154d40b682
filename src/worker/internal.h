/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker: the program that runs on the target. It stands alone: libc, and nothing of
 * the other rooms. It speaks lines of key=value.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define _printf_(fmt, at) __attribute__((format(printf, fmt, at)))
#define _cleanup_(fn)     __attribute__((cleanup(fn)))
#define _cleanup_close_   _cleanup_(fd_close)
#define _cleanup_dir_     _cleanup_(dir_close)
#define _cleanup_names_   _cleanup_(names_free)
#define _cleanup_stream_  _cleanup_(stream_close)
#define _cleanup_text_    _cleanup_(text_free)

#define NS_PER_SEC  INT64_C(1000000000)
#define NS_PER_MSEC INT64_C(1000000)
#define NS_PER_USEC INT64_C(1000)

/* Exit status. */
enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_USAGE = 2 };

/* -- arguments ------------------------------------------------------------------------- */

#define ARGS_MAX 64

/* KEY=VALUE words; a key may come more than once. */
struct args {
	size_t n;
	struct word {
		char key[20];
		const char *value;
	} words[ARGS_MAX];
};

/*
 * keys: those that are known, separated by blanks, or NULL for any. Common ones (sysroot,
 * markers, stdout) need not be in it. Returns 0, or -EINVAL after it has said why.
 */
int args_parse(struct args *args, int argc, const char *const *argv, const char *keys);
/* The last value of a key, or NULL. */
const char *args_get(const struct args *args, const char *key);
/* The n-th value of a key that may be given more than once, or NULL. */
const char *args_get_nth(const struct args *args, const char *key, size_t n);
/* Absent: the number stays. Returns 0, or -EINVAL after it has said why. */
int args_get_number(const struct args *args, const char *key, int64_t *number);
/*
 * Can it be one part of a path in sysfs, and a word of modprobe(8)? Names of drivers, modules
 * and slots come from journals and consoles.
 */
bool name_is_plain(const char *name);
/* "" for "-"; absent: the name stays. Returns 0, or the exit status after it has said why not. */
int args_get_name(const struct args *args, const char *key, char *name, size_t size);
/* Decimal, with a sign if it has one. Returns 0 or -EINVAL. */
int number_parse(const char *text, int64_t *number);

/* -- commands -------------------------------------------------------------------------- */

struct command {
	const char *name, *help;
	const char *keys; /* as for args_parse */
	/* Returns the exit status. */
	int (*run)(const struct args *args);
};

/* What the table of commands names. */
int facts_run(const struct args *args);
int bind_run(const struct args *args);
int unbind_run(const struct args *args);
int unplug_run(const struct args *args);
int replug_run(const struct args *args);
int hold_run(const struct args *args);
int race_run(const struct args *args);
int rebind_run(const struct args *args);
int restore_run(const struct args *args);
int kmsg_run(const struct args *args);

/* -- output ---------------------------------------------------------------------------- */

/* One line is one record of the kernel log, which takes not much more. */
#define LINE_SIZE 960

struct line {
	char text[LINE_SIZE];
	size_t n;
};

/*
 * markers: lines go to /dev/kmsg too. to_stdout: they go to standard output. ticket: what
 * lines without a cycle= give back in one, 0: nothing.
 */
int output_open(bool markers, bool to_stdout, int64_t ticket);
/* Nobody reads standard output any more. */
bool output_is_lost(void);
/* A word "key=value"; quoted when it must be. What does not fit is cut. */
void line_add(struct line *line, const char *key, const char *value);
void line_addf(struct line *line, const char *key, const char *format, ...)
	_printf_(3, 4);
void line_number(struct line *line, const char *key, int64_t number);
/* "-" for an empty value. */
void line_name(struct line *line, const char *key, const char *value);
/* "ok" for 0, else the error's name; takes both signs. */
void line_errno(struct line *line, const char *key, int error);
/* Writes the line out, and empties it. */
void line_end(struct line *line);
/* The name of an error number of either sign, "EBUSY"; never NULL. */
const char *errno_name(int error);
/* The line KEY=WORD why="..."; returns status. */
int say(int status, const char *key, const char *word, const char *format, ...)
	_printf_(4, 5);
#define say_error(word, ...) say(STATUS_ERROR, "error", word, __VA_ARGS__)
/* What the caller got wrong. */
#define say_usage(...) say(STATUS_USAGE, "error", "usage", __VA_ARGS__)
/* It goes on nevertheless. */
#define say_warning(word, ...) say(STATUS_OK, "warning", word, __VA_ARGS__)

/* -- files of /sys, /proc and /dev -------------------------------------------------------- */

/* Prefix of all absolute paths; for tests. */
void sysroot_set(const char *dir);
bool sysroot_is_set(void);

#define PATH_SIZE 512
struct path {
	char s[PATH_SIZE];
};

/* Format makes an absolute path; the prefix comes before it. */
struct path path_make(const char *format, ...) _printf_(1, 2);
bool path_exists(const char *path);
/*
 * Attribute files, read in one go: without the newline at the end, cut to size. Returns its
 * length or -errno.
 */
int file_read(const char *path, char *text, size_t size);
/* A number in any base that C knows. Returns 0 or -errno. */
int file_read_number(const char *path, int64_t *number);
/* One write() of the whole text, which may last for ever: see puts.h. Returns 0 or -errno. */
int file_write(const char *path, const char *text);
/* Where a symbolic link leads, its last part only. Returns 0 or -errno. */
int link_name(const char *path, char *name, size_t size);
/* Names in a directory, sorted, without those that begin with a dot; n < 0: there is none. */
struct names {
	struct dirent **list;
	int n, next;
};
struct names names_read(const char *path);
/* One after the other, then NULL. */
const char *names_next(struct names *names);
void names_free(struct names *names);
/* How many there are; 0 also if there is no such directory. */
int names_count(const char *path);
/* Closes *fd if it is >= 0, and makes it -1. */
void fd_close(int *fd);

/* For _cleanup_: nothing is done to NULL. */
static inline void dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void stream_close(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static inline void text_free(char **text)
{
	free(*text);
}

/* CLOCK_MONOTONIC. */
int64_t now_ns(void);
/* As poll(2), until then; not at all if that is over. */
int poll_until(struct pollfd *pollfds, nfds_t n, int64_t until_ns);

/* -- PCI devices ------------------------------------------------------------------------ */

/* DDDD:BB:DD.F; a domain may have more than four digits. */
#define BDF_SIZE 20
struct bdf {
	char s[BDF_SIZE];
};

/* Also without the domain. Returns 0 or -EINVAL. */
int bdf_parse(const char *text, struct bdf *bdf);
/*
 * The argument `key`; absent: it stays. Returns 0, or the exit status after it has said why
 * not, as the next two do.
 */
int bdf_arg(const struct args *args, const char *key, struct bdf *bdf);
/* The argument device=BDF, and that one exists. */
int device_arg(const struct args *args, struct bdf *bdf);
int device_check(const struct bdf *bdf);
/* /sys/bus/pci/devices/BDF/NAME; without name the directory. */
struct path device_path(const struct bdf *bdf, const char *name);
bool device_exists(const struct bdf *bdf);
/* The name of a driver; "" if there is none. */
void device_driver(const struct bdf *bdf, char *name, size_t size);
/* What it is, as in the uevent's PCI_ID. */
void device_id(const struct bdf *bdf, char *id, size_t size);
/* A number in a file of the device; 0 when it has none. */
int64_t device_number(const struct bdf *bdf, const char *name);
/* Its name in /dev/vfio/devices, which it has while it is bound; "": none. */
void device_cdev(const struct bdf *bdf, char *name, size_t size);
/*
 * Its slot, "" for none. Slots are of all functions of a device ("0000:01:00"), or of a bus
 * ("0000:01"): ends are the characters that may follow on that, "." or ".:".
 */
void device_slot(const struct bdf *bdf, const char *ends, char *slot, size_t size);
/* Number of the IOMMU group, or -1. */
int device_group(const struct bdf *bdf);
/* The bridge above, or "" for a device on a root bus. */
struct bdf device_parent(const struct bdf *bdf);

/* -- processes: what /proc tells of them --------------------------------------------------- */

/*
 * Who has /dev/vfio/NAME open, "PID comm", or "". Without name: anything below /dev/vfio,
 * or a VFIO device.
 */
void vfio_user(const char *name, char *who, size_t size);
/*
 * The functions of the kernel that it sleeps in, the innermost first, "a<b<c"; whole names,
 * as many as there is room for. "": it is not in the kernel, or that is not told.
 */
void process_where(pid_t pid, char *where, size_t size);

/* -- what others want of a command that runs ------------------------------------------------ */

struct input {
	char text[8192];
	size_t n;
	int signals; /* signals_open() */
};

/* SIGTERM, SIGHUP and SIGINT as a descriptor; they end nothing any more. */
int signals_open(void);
/* Waits for the next line; false: there will be none. */
bool input_line(struct input *input, char *line, size_t size);

/* -- kernel log ---------------------------------------------------------------------------- */

/*
 * A record of /dev/kmsg as lines of a console, "[   12.345678] text\n"; 0 if it is none.
 * Returns the length.
 */
size_t kmsg_format(const char *record, char *text, size_t size);
/*
 * What is missing before a record, as a console says it (kernel/printk/printk.c). next: the
 * number that should have come, 0 for the first one. Returns the length, 0 for no record.
 */
size_t kmsg_format_loss(const char *record, unsigned long long next, char *text,
			size_t size);
