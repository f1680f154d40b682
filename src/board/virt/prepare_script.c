// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs embed/prepare.sh, which is part of this program, and passes on what it says. */
#include "prepare_script.h"

#include "base/log.h"
#include "base/num.h"
#include "os/child.h"
#include "os/file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Downloads go on as long as apt is content with their speed; this only ends a madness. */
#define PREPARE_LIMIT_NS (3600 * NS_PER_SEC)

/* File descriptors that the script finds the embedded files at. */
#define FD_SCRIPT 3
#define FD_INIT   4
#define FD_SHRC   5

extern const char embed_prepare_sh[], embed_prepare_sh_end[];
extern const char embed_init[], embed_init_end[];
extern const char embed_shrc[], embed_shrc_end[];

static struct text embedded_script(void)
{
	return (struct text){ embed_prepare_sh,
			      (size_t)(embed_prepare_sh_end - embed_prepare_sh) };
}

static struct text embedded_init(void)
{
	return (struct text){ embed_init, (size_t)(embed_init_end - embed_init) };
}

static struct text embedded_shrc(void)
{
	return (struct text){ embed_shrc, (size_t)(embed_shrc_end - embed_shrc) };
}

uint64_t hash_add(uint64_t hash, struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		hash = (hash ^ (unsigned char)t.s[i]) * UINT64_C(0x100000001b3);
	return hash;
}

char *recipe_key(void)
{
	uint64_t hash = HASH_START;

	hash = hash_add(hash, embedded_script());
	hash = hash_add(hash, embedded_init());
	hash = hash_add(hash, embedded_shrc());
	return xasprintf("%016" PRIx64, hash);
}

struct script {
	bool ended, complained;
	int status;
};

static void on_line(void *arg, struct text line)
{
	struct script *script = arg;
	struct text error = TEXT("error: ");
	char clean[2048];

	text_clean(clean, sizeof(clean),
		   text_starts(line, error) ? text_from(line, error.n) : line);
	if (!text_starts(line, error)) {
		log_notice("%s", clean);
		return;
	}
	log_error("%s", clean);
	script->complained = true;
}

static void on_exit_status(void *arg, int status)
{
	struct script *script = arg;

	script->ended = true;
	script->status = status;
}

static bool script_ended(void *arg)
{
	return ((struct script *)arg)->ended;
}

static int open_embedded(const char *name, struct text content)
{
	int r, fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, content.s, content.n);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Files that the script cannot do without are missing, or it could not make its own. */
static int wait_for_script(struct loop *loop, const struct child_spec *spec,
			   struct script *script)
{
	struct child *child = NULL;
	char what[64];
	int r;

	log_command(spec->argv);
	r = child_start(loop, spec, &child);

	if (r < 0)
		return log_errno(r, "cannot start %s", spec->argv[0]);
	r = loop_until(loop, script_ended, script, loop_now_ns() + PREPARE_LIMIT_NS);
	child_free(child);
	if (r < 0)
		return log_errno(r, "the board's files were not made");
	if (script->status == 0)
		return 0;
	if (!script->complained)
		log_error("making the board's files failed: %s",
			  child_describe_status(what, sizeof(what), script->status));
	return -ENOENT;
}

static int run_script(const char *const *argv, const char *log_path)
{
	_cleanup_close_ int script_fd = open_embedded("prepare.sh", embedded_script());
	_cleanup_close_ int init_fd = open_embedded("init", embedded_init());
	_cleanup_close_ int shrc_fd = open_embedded("shrc", embedded_shrc());
	const struct child_fd fds[] = { { script_fd, FD_SCRIPT },
					{ init_fd, FD_INIT },
					{ shrc_fd, FD_SHRC } };
	struct script script = { 0 };
	struct child_spec spec = { .argv = argv,
				   .fds = fds,
				   .n_fds = ARRAY_SIZE(fds),
				   .error_path = log_path,
				   .on_line = on_line,
				   .on_exit = on_exit_status,
				   .arg = &script,
				   .die_with_us = true };
	struct loop *loop;
	int r;

	if (script_fd < 0 || init_fd < 0 || shrc_fd < 0)
		return log_errno(-ENOMEM, "cannot pass the board's recipe on");
	r = loop_new(&loop);
	if (r < 0)
		return log_errno(r, "cannot prepare the board");
	r = wait_for_script(loop, &spec, &script);
	loop_free(loop);
	return r;
}

int make_files(const struct recipe *recipe, const char *const what[])
{
	_cleanup_free_ char *log_path = xasprintf("%s/prepare.log", recipe->dir);
	const char *argv[16] = {
		"sh",          "/proc/self/fd/3", recipe->dir,       recipe->arch,
		recipe->suite, recipe->key,       "/proc/self/fd/4", "/proc/self/fd/5"
	};
	int r = file_make_directories(recipe->dir);

	if (r < 0)
		return log_errno(r, "cannot make the cache directory %s", recipe->dir);
	if (access(recipe->dir, W_OK) < 0)
		return log_errno(-errno, "cannot write to the cache directory %s",
				 recipe->dir);
	for (size_t i = 0; what[i]; i++)
		argv[8 + i] = what[i];
	return run_script(argv, log_path);
}
