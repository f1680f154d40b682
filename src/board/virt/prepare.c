// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a board and the user's overrides to files that QEMU can start. The work is done by
 * a shell script, which is started only when the cache does not hold what is wanted. What
 * it makes is named after a hash of everything that goes into it, so nothing stale is ever
 * used.
 */
#include "prepare_script.h"

#include "base/log.h"
#include "base/num.h"
#include "board/board.h"
#include "board/worker/worker.h"
#include "kernel.h"
#include "nic.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SMP    2
#define DEFAULT_MEMORY (UINT64_C(512) << 20)
/* With kexec a kernel and an initramfs lie in it several times. */
#define DEFAULT_MEMORY_KEXEC (UINT64_C(1024) << 20)
/* Of one with this machine's files: a QEMU on it has its own machine's memory. */
#define DEFAULT_MEMORY_HOST (UINT64_C(1024) << 20)

/* A worker is far smaller; this ends what is none. */
#define WORKER_SIZE_MAX (64 << 20)

char *board_cache_directory(const char *name)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const struct passwd *account;

	/* The specification says that a relative path is to be ignored. */
	if (base && base[0] == '/')
		return xasprintf("%s/iommu-stress/%s", base, name);
	if (!home || home[0] != '/') {
		account = getpwuid(geteuid());
		home = account ? account->pw_dir : "";
	}
	return xasprintf("%s/.cache/iommu-stress/%s", home, name);
}

/*
 * The directory of the cache, down to DIR, in which another user could put a kernel that would
 * be booted. Caller frees; NULL: there is none.
 */
static char *find_foreign(const char *dir)
{
	_cleanup_free_ char *part = xstrdup(dir);
	char *slash;

	while ((slash = strrchr(part, '/'))) {
		_cleanup_close_ int fd = -1;

		if (file_open_own_directory(AT_FDCWD, part, 0, &fd) == -EPERM)
			return xstrdup(part);
		if (!strcmp(slash, "/iommu-stress"))
			break;
		*slash = '\0';
	}
	return NULL;
}

static int check_cache(const struct recipe *recipe)
{
	_cleanup_free_ char *foreign = find_foreign(recipe->dir);

	if (!foreign)
		return 0;
	log_error(
		"the cache directory %s belongs to another user, or others can write in it, "
		"and a kernel from there would be booted: `chmod go-w` it, or set "
		"XDG_CACHE_HOME to a directory of your own",
		foreign);
	return -EPERM;
}

static char *cache_directory(const char *suite, const char *arch)
{
	_cleanup_free_ char *name = xasprintf("boards/%s-%s", suite, arch);

	return board_cache_directory(name);
}

/* -- what is wanted ----------------------------------------------------------------- */

/* One preparation, on its way. */
struct request {
	const struct board *board;
	const struct board_options *options;
	struct recipe recipe;
	char *kernel_version; /* of an own kernel, NULL: not known */
	char *modules_dir;    /* .../lib/modules/VERSION, absolute */
};

static void request_done(struct request *request)
{
	free(request->recipe.dir);
	free(request->recipe.key);
	free(request->kernel_version);
	free(request->modules_dir);
}

/* Where DIR/debian leads to, when it was made by this recipe; else NULL. */
static char *find_debian(const struct request *request)
{
	_cleanup_free_ char *link = xasprintf("%s/debian", request->recipe.dir);
	_cleanup_free_ char *initrd = NULL;
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	if (n < 0 ||
	    !text_ends((struct text){ target, (size_t)n }, text_of(request->recipe.key)))
		return NULL;
	initrd = xasprintf("%s/%.*s/initrd", request->recipe.dir, (int)n, target);
	if (access(initrd, R_OK) < 0)
		return NULL;
	return xasprintf("%s/%.*s", request->recipe.dir, (int)n, target);
}

static int get_debian(const struct request *request, char **ret_kernel, char **ret_initrd)
{
	const char *const what[] = { "debian", request->options->update ? "update" : NULL,
				     NULL };
	_cleanup_free_ char *found = request->options->update ? NULL :
								find_debian(request);
	int r;

	if (!found) {
		r = make_files(&request->recipe, what);
		if (r < 0)
			return r;
		found = find_debian(request);
	}
	if (!found)
		return log_errno(-ENOENT, "%s/debian", request->recipe.dir);
	*ret_kernel = xasprintf("%s/kernel", found);
	*ret_initrd = xasprintf("%s/initrd", found);
	return 0;
}

/* An initramfs called NAME, made by `what`; it takes the place of *initrd, which is freed. */
static int get_initrd(const struct request *request, const char *name,
		      const char *const what[], char **initrd)
{
	_cleanup_free_ char *path = xasprintf(
		"%s/images/%s_%s/initrd", request->recipe.dir, name, request->recipe.key);
	int r;

	if (access(path, R_OK) < 0) {
		r = make_files(&request->recipe, what);
		if (r < 0)
			return r;
	}
	free(*initrd);
	*initrd = path;
	path = NULL;
	return 0;
}

/* One called KIND-HASH; what: KIND, room for this name, and the rest of the words. */
static int get_hashed_initrd(const struct request *request, uint64_t hash,
			     const char *what[], char **initrd)
{
	_cleanup_free_ char *name = xasprintf("%s-%016" PRIx64, what[0], hash);

	what[1] = name;
	return get_initrd(request, name, what, initrd);
}

static int add_stamp(const char *path, struct strbuf *stamp)
{
	_cleanup_free_ char *absolute = realpath(path, NULL);
	struct stat st;

	if (!absolute || stat(absolute, &st) < 0)
		return log_errno(-errno, "cannot read %s", path);
	strbuf_addf(stamp, "%s %" PRId64 " %" PRId64 ".%09ld ", absolute,
		    (int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return 0;
}

/* The image's initramfs, with the kernel and what loads it inside. */
static int add_kexec(const struct request *request, struct board_image *image)
{
	_cleanup_strbuf_ struct strbuf stamp = { 0 };
	const char *what[] = { "kexec", NULL, image->kernel, image->initrd, NULL };
	int r = add_stamp(image->kernel, &stamp);

	if (r == 0)
		r = add_stamp(image->initrd, &stamp);
	if (r == 0)
		r = get_hashed_initrd(request, hash_add(HASH_START, text_of(stamp.s)),
				      what, &image->initrd);
	image->kexec = r == 0;
	return r;
}

/* The image's initramfs, with the worker behind it and what it needs to know. */
static int add_worker(const struct request *request, struct board_image *image)
{
	_cleanup_strbuf_ struct strbuf stamp = { 0 };
	_cleanup_free_ char *worker = NULL, *content = NULL;
	const char *device = image->device.bdf ?: "-";
	const char *what[] = { "worker", NULL, image->initrd, NULL, device, NULL };
	size_t n;
	uint64_t hash;
	int r = worker_find(request->board->arch, &worker);

	if (r < 0)
		return r;
	r = file_read(worker, WORKER_SIZE_MAX, &content, &n);
	if (r < 0)
		return log_errno(r, "cannot read the worker %s", worker);
	r = add_stamp(image->initrd, &stamp);
	if (r < 0)
		return r;
	strbuf_addf(&stamp, "%s", device);
	hash = hash_add(hash_add(HASH_START, text_of(stamp.s)),
			(struct text){ content, n });
	what[3] = worker;
	return get_hashed_initrd(request, hash, what, &image->initrd);
}

/* Changes whenever `make modules_install` or depmod ran there. */
static int get_modules_initrd(const struct request *request, char **ret)
{
	_cleanup_free_ char *dep = xasprintf("%s/modules.dep", request->modules_dir);
	_cleanup_free_ char *stamp = NULL;
	const char *version = strrchr(request->modules_dir, '/') + 1;
	const char *what[] = { "modules", NULL, version, request->modules_dir, NULL };
	struct stat st;

	if (stat(dep, &st) < 0)
		return log_errno(-errno,
				 "%s holds no installed kernel modules: cannot "
				 "read %s",
				 request->options->modules, dep);
	stamp = xasprintf("%s %" PRId64 ".%09ld", request->modules_dir,
			  (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return get_hashed_initrd(request, hash_add(HASH_START, text_of(stamp)), what,
				 ret);
}

/* The only directory in lib/modules, NULL when there are none or several. */
static char *only_version(const char *lib_modules)
{
	DIR *dir = opendir(lib_modules);
	struct dirent *entry;
	char *only = NULL;
	unsigned int n = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		free(only);
		only = xstrdup(entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (n == 1)
		return only;
	free(only);
	return NULL;
}

/* Which of --modules' directories goes with the kernel. */
static int find_modules(struct request *request)
{
	const char *given = request->options->modules;
	const char *version = request->kernel_version;
	_cleanup_free_ char *dep = xasprintf("%s/modules.dep", given);
	_cleanup_free_ char *lib = xasprintf("%s/lib/modules", given);
	_cleanup_free_ char *only = NULL, *path = NULL;

	if (access(given, R_OK | X_OK) < 0)
		return log_errno(-errno, "cannot read the modules directory %s", given);
	if (access(dep, F_OK) == 0) {
		path = xstrdup(given);
	} else {
		only = only_version(lib);
		if (!version && !only) {
			log_error("%s: no modules, or of several kernels: pass "
				  "DIR/lib/modules/VERSION",
				  given);
			return -EINVAL;
		}
		path = xasprintf("%s/%s", lib, only ?: version);
	}
	request->modules_dir = realpath(path, NULL);
	if (!request->modules_dir)
		return log_errno(-errno, "no modules for the kernel in %s", path);
	if (version && strcmp(strrchr(request->modules_dir, '/') + 1, version) != 0) {
		log_error("%s is for another kernel than %s, which is %s",
			  request->modules_dir, request->options->kernel, version);
		return -EINVAL;
	}
	return 0;
}

static int get_initrd_for_own_kernel(struct request *request, char **ret)
{
	static const char *const plain[] = { "plain", NULL };
	int r;

	if (!request->options->modules)
		return get_initrd(request, "plain", plain, ret);
	r = find_modules(request);
	return r < 0 ? r : get_modules_initrd(request, ret);
}

static int get_files(struct request *request, struct board_image *image)
{
	const struct board_options *options = request->options;
	_cleanup_free_ char *made_initrd = NULL;
	int r;

	if (!options->kernel) {
		r = get_debian(request, &image->kernel, &made_initrd);
	} else {
		r = kernel_check(options->kernel, request->board->arch,
				 options->modules ? &request->kernel_version : NULL);
		image->kernel = xstrdup(options->kernel);
		if (r == 0 && !options->initrd)
			r = get_initrd_for_own_kernel(request, &made_initrd);
	}
	if (r < 0)
		return r;
	image->initrd = options->initrd ? xstrdup(options->initrd) : made_initrd;
	if (!options->initrd)
		made_initrd = NULL;
	if (options->worker)
		r = add_worker(request, image);
	return r == 0 && options->kexec ? add_kexec(request, image) : r;
}

/* -- options ------------------------------------------------------------------------ */

static int check_options(const struct board_options *options)
{
	static const char *const suites[] = { "bookworm", "trixie", "sid" };
	bool known = !options->suite;

	for (size_t i = 0; !known && i < ARRAY_SIZE(suites); i++)
		known = !strcmp(options->suite, suites[i]);
	if (!known)
		log_error("unknown Debian suite '%s': bookworm, trixie or sid",
			  options->suite);
	else if (options->modules && !options->kernel)
		log_error("--modules needs the --kernel that they were built for");
	else if (options->modules && options->initrd)
		log_error("--modules has no use with --initrd, which is taken as it is");
	else if (options->kexec && options->initrd)
		log_error("kexec needs the board's own initramfs, not --initrd");
	else if (options->initrd && access(options->initrd, R_OK) < 0)
		log_errno(-errno, "cannot read the initrd %s", options->initrd);
	else if (options->memory && options->memory < (UINT64_C(64) << 20))
		log_error("a board needs 64 MB of memory at least");
	else
		return 0;
	return -EINVAL;
}

/* QEMU would make one that is not there, or say little. */
static int set_tap(struct board_image *image, const char *tap)
{
	if (!tap)
		return 0;
	if (strchr(tap, ',') || !if_nametoindex(tap)) {
		log_error("--tap=%s: there is no such interface; `ip tuntap add dev NAME "
			  "mode tap user USER` makes one",
			  tap);
		return -EINVAL;
	}
	image->tap = xstrdup(tap);
	return 0;
}

static int set_nic(struct board_image *image, const char *nic)
{
	const char *why;
	int r = nic_parse(nic, &image->nic, image->mac, &why);

	if (r < 0)
		log_error("network device '%s': %s", nic, why);
	else if (nic_bypasses_iommu(nic))
		log_warning("network device '%s' bypasses the IOMMU: add "
			    "iommu_platform=on",
			    nic);
	return r;
}

static int set_device(struct board_image *image, const struct board_options *options)
{
	const char *device = options->device;
	const char *why;
	int r;

	if (!device && options->worker)
		device = image->board->device;
	if (!device)
		return 0;
	r = board_device_parse(image->board, device, &image->device, &why);
	if (r < 0)
		log_error("device '%s': %s", device, why);
	else if (nic_bypasses_iommu(image->device.words))
		log_warning("device '%s' bypasses the IOMMU: add iommu_platform=on",
			    device);
	return r < 0 ? -EINVAL : 0;
}

/* Without its own -cpu or console a user's --append comes last, so that it wins. */
static char *command_line(const struct board *board, const char *append)
{
	return xasprintf("%s panic=-1 printk.devkmsg=on%s%s", board->append,
			 append ? " " : "", append ?: "");
}

int board_prepare(const struct board *board, const struct board_options *options,
		  struct board_image *ret)
{
	const char *suite = options->suite ?: board->suite;
	struct board_image image = {
		.board = board,
		.append = command_line(board, options->append),
		.smp = options->smp ?: DEFAULT_SMP,
		.memory = options->memory        ?:
				  options->kexec ? DEFAULT_MEMORY_KEXEC :
			  options->host_root     ? DEFAULT_MEMORY_HOST :
						   DEFAULT_MEMORY,
		.host_root = options->host_root,
	};
	struct request request = { .board = board,
				   .options = options,
				   .recipe = { .arch = board->arch,
					       .suite = suite,
					       .dir = cache_directory(suite, board->arch),
					       .key = recipe_key() } };
	int r = check_options(options);

	if (r == 0)
		r = check_cache(&request.recipe);
	if (r == 0)
		r = set_nic(&image, options->nic ?: board->nic);
	if (r == 0)
		r = set_tap(&image, options->tap);
	if (r == 0)
		r = set_device(&image, options);
	if (r == 0)
		r = get_files(&request, &image);
	request_done(&request);
	if (r < 0)
		board_image_done(&image);
	else
		*ret = image;
	return r;
}

bool board_is_prepared(const struct board *board)
{
	struct request request = {
		.recipe = { .dir = cache_directory(board->suite, board->arch),
			    .key = recipe_key() },
	};
	_cleanup_free_ char *found = find_debian(&request);
	_cleanup_free_ char *foreign = find_foreign(request.recipe.dir);

	request_done(&request);
	return found && !foreign;
}

void board_image_done(struct board_image *image)
{
	free(image->kernel);
	free(image->initrd);
	free(image->append);
	free(image->nic);
	free(image->tap);
	board_device_done(&image->device);
	*image = (struct board_image){ 0 };
}
