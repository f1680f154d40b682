// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include "base/log.h"
#include "board/worker.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Names of the kernel, Debian and ELF for what boards are made of. */
static const struct arch {
	const char *machine, *debian;
	unsigned int elf;
	unsigned char data; /* byte order */
} archs[] = {
	{ "x86_64", "amd64", EM_X86_64, ELFDATA2LSB },
	{ "aarch64", "arm64", EM_AARCH64, ELFDATA2LSB },
	{ "s390x", "s390x", EM_S390, ELFDATA2MSB },
};

const char *worker_arch(struct text machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (text_equal(machine, text_of(archs[i].machine)))
			return archs[i].debian;
	return NULL;
}

const char *worker_own_arch(void)
{
	struct utsname name;

	return uname(&name) < 0 ? NULL : worker_arch(text_of(name.machine));
}

/* -- finding it ------------------------------------------------------------------------ */

/* 0, -ENOEXEC for what cannot run there, or -errno. Silent. */
static int check_program(const char *path, const char *debian)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char header[20];
	unsigned int elf;

	if (fd < 0)
		return -errno;
	if (read(fd, header, sizeof(header)) != (ssize_t)sizeof(header) ||
	    memcmp(header, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	elf = header[EI_DATA] == ELFDATA2MSB ? header[18] * 256u + header[19] :
					       header[19] * 256u + header[18];
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (!strcmp(archs[i].debian, debian))
			return archs[i].elf == elf && archs[i].data == header[EI_DATA] ?
				       0 :
				       -ENOEXEC;
	return -ENOEXEC;
}

/* Of the running program, without the slash; NULL: not known. Caller frees. */
static char *own_directory(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n < 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	return slash ? xstrndup(path, (size_t)(slash - path)) : NULL;
}

/* The n-th place to look at, NULL behind the last; caller frees. */
static char *place(unsigned int n, const char *arch)
{
	_cleanup_free_ char *dir = own_directory();
	const char *own = worker_own_arch();

	/* Paths that need what is not there are no places: take one that never exists. */
	switch (n) {
	case 0:
		return own && dir && !strcmp(own, arch) ?
			       xasprintf("%s/iommu-stress-worker", dir) :
			       xstrdup("");
	case 1:
		return dir ? xasprintf("%s/worker/%s/iommu-stress-worker", dir, arch) :
			     xstrdup("");
	case 2:
		return xasprintf(DATADIR "/iommu-stress/worker/%s/iommu-stress-worker",
				 arch);
	default:
		return NULL;
	}
}

static int use_given(const char *path, const char *arch, char **ret_path)
{
	int r = check_program(path, arch);

	if (r == -ENOEXEC)
		log_error("IOMMU_STRESS_WORKER=%s is no program for %s", path, arch);
	else if (r < 0)
		log_errno(r, "IOMMU_STRESS_WORKER=%s", path);
	else
		*ret_path = xstrdup(path);
	return r;
}

int worker_find(const char *debian_arch, char **ret_path)
{
	const char *given = getenv("IOMMU_STRESS_WORKER");
	char *path;

	if (given && given[0])
		return use_given(given, debian_arch, ret_path);
	for (unsigned int i = 0; (path = place(i, debian_arch)); i++) {
		int r = path[0] ? check_program(path, debian_arch) : -ENOENT;

		if (r == 0) {
			*ret_path = path;
			return 0;
		}
		if (r == -ENOEXEC) {
			log_error("%s is no program for %s: `make clean workers` makes "
				  "it anew",
				  path, debian_arch);
			free(path);
			return r;
		}
		free(path);
	}
	log_error(
		"there is no worker for %s: `make workers` makes it, `make install` puts "
		"it into " DATADIR "/iommu-stress/worker/%s; or say with "
		"IOMMU_STRESS_WORKER=FILE where it is",
		debian_arch, debian_arch);
	return -ENOENT;
}

bool worker_words_are_plain(struct text words)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.:_=/,+@%- ";

	for (size_t i = 0; i < words.n; i++)
		if (!words.s[i] || !strchr(plain, words.s[i]))
			return false;
	return true;
}
