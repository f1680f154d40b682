// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Headers: Documentation/arm64/booting.rst (Image), Documentation/x86/boot.rst (bzImage),
 * drivers/firmware/efi/libstub/zboot-header.S (zboot), the PE/COFF specification,
 * arch/s390/boot/head.S (EP_STRING) and struct parmarea in arch/s390/include/asm/setup.h.
 */
#include "kernel.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARM64_MAGIC_AT   0x38
#define X86_MAGIC_AT     0x202
#define X86_VERSION_AT   0x20e
#define X86_SETUP_SIZE   0x200 /* x86's version offset does not count the boot sector */
#define S390_MAGIC_AT    0x10008
#define S390_VERSION_AT  0x1042c /* low half of kernel_version, big endian */
#define PE_HEADER_AT     0x3c
#define PE_MACHINE_ARM64 0xaa64
#define PE_MACHINE_AMD64 0x8664
#define ELF_MACHINE_AT   18
#define ELF_ARM64        183
#define ELF_X86_64       62
#define ELF_S390         22

/* A kernel is not read further than this for its version. */
#define VERSION_SEARCH_MAX (128 << 20)

static bool bytes_at(struct text file, size_t offset, struct text want)
{
	return offset < file.n && text_starts(text_from(file, offset), want);
}

static unsigned int u16_at(struct text file, size_t offset)
{
	const unsigned char *p = (const unsigned char *)file.s + offset;

	return offset + 2 <= file.n ? (unsigned int)p[0] | (unsigned int)p[1] << 8 : 0;
}

static size_t u32_be_at(struct text file, size_t offset)
{
	const unsigned char *p = (const unsigned char *)file.s + offset;

	return offset + 4 <= file.n ? (size_t)p[0] << 24 | (size_t)p[1] << 16 |
					      (size_t)p[2] << 8 | (size_t)p[3] :
				      0;
}

static const char *pe_arch(struct text file)
{
	/* Behind the signature "PE\0\0". */
	unsigned int machine = u16_at(file, u16_at(file, PE_HEADER_AT) + 4);

	return machine == PE_MACHINE_ARM64 ? "arm64" :
	       machine == PE_MACHINE_AMD64 ? "amd64" :
					     NULL;
}

static const char *elf_arch(struct text file)
{
	switch (u16_at(file, ELF_MACHINE_AT)) {
	case ELF_ARM64:
		return "arm64";
	case ELF_X86_64:
		return "amd64";
	case ELF_S390 << 8: /* big endian */
		return "s390x";
	default:
		return NULL;
	}
}

struct kernel_info kernel_identify(const unsigned char *header, size_t n)
{
	struct text file = { (const char *)header, n };

	if (bytes_at(file, 4, TEXT("zimg")))
		return (struct kernel_info){ KERNEL_ZBOOT, pe_arch(file), 0 };
	if (bytes_at(file, ARM64_MAGIC_AT, TEXT("ARM\x64")))
		return (struct kernel_info){ KERNEL_IMAGE, "arm64", 0 };
	if (bytes_at(file, X86_MAGIC_AT, TEXT("HdrS"))) {
		size_t version = u16_at(file, X86_VERSION_AT);

		return (struct kernel_info){ KERNEL_BZIMAGE, "amd64",
					     version ? version + X86_SETUP_SIZE : 0 };
	}
	/* QEMU and zipl know it by this, too. It is loaded to address 0. */
	if (bytes_at(file, S390_MAGIC_AT, TEXT("S390EP")))
		return (struct kernel_info){ KERNEL_BZIMAGE, "s390x",
					     u32_be_at(file, S390_VERSION_AT) };
	if (bytes_at(file, 0, TEXT("\x1f\x8b")))
		return (struct kernel_info){ KERNEL_GZIP, NULL, 0 };
	if (bytes_at(file, 0,
		     TEXT("\x7f"
			  "ELF")))
		return (struct kernel_info){ KERNEL_ELF, elf_arch(file), 0 };
	return (struct kernel_info){ KERNEL_UNKNOWN, NULL, 0 };
}

/* The file that a kernel build makes for QEMU's -kernel. */
static const char *build_product(const char *arch)
{
	return !strcmp(arch, "arm64") ? "arch/arm64/boot/Image" :
	       !strcmp(arch, "amd64") ? "arch/x86/boot/bzImage" :
	       !strcmp(arch, "s390x") ? "arch/s390/boot/bzImage" :
					"the boot image";
}

static int refuse(const char *path, const char *arch, const struct kernel_info *info)
{
	if (info->arch && strcmp(info->arch, arch) != 0)
		log_error("%s is a kernel for %s, the board needs one for %s", path,
			  info->arch, arch);
	else if (info->format == KERNEL_ZBOOT)
		log_error("%s is an EFI program, which QEMU's direct boot cannot start: "
			  "pass %s",
			  path, build_product(arch));
	else if (info->format == KERNEL_ELF)
		log_error("%s is an unstripped kernel (ELF): pass %s", path,
			  build_product(arch));
	else if (info->format == KERNEL_GZIP)
		log_error("%s is compressed with gzip, the board needs %s", path,
			  build_product(arch));
	else
		log_error("%s is no kernel: pass %s", path, build_product(arch));
	return -EINVAL;
}

/* The word at `at`. */
static char *word_at(struct text file, size_t at)
{
	struct text rest = text_from(file, at);
	size_t n = 0;

	while (n < rest.n && n < 128 && rest.s[n] > ' ' && rest.s[n] < 0x7f)
		n++;
	return n ? xstrndup(rest.s, n) : NULL;
}

static char *find_version(int fd, const struct kernel_info *info)
{
	static const struct text banner = { "Linux version ", 14 };
	_cleanup_free_ char *bytes = NULL;
	size_t n = 0;
	ssize_t got = 1;
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size > VERSION_SEARCH_MAX)
		return NULL;
	bytes = xcalloc(1, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size && got > 0) {
		got = pread(fd, bytes + n, (size_t)st.st_size - n, (off_t)n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (info->version_at)
		return word_at((struct text){ bytes, n }, info->version_at);
	/* The first may be the format string "Linux version %s". */
	for (ptrdiff_t at = 0;; at += (ptrdiff_t)banner.n) {
		at = text_find((struct text){ bytes, n }, banner, (size_t)at);
		if (at < 0)
			return NULL;
		if ((size_t)at + banner.n < n && bytes[(size_t)at + banner.n] != '%')
			return word_at((struct text){ bytes, n }, (size_t)at + banner.n);
	}
}

int kernel_check(const char *path, const char *arch, char **ret_version)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char header[KERNEL_HEADER_SIZE];
	struct kernel_info info;
	ssize_t n;
	bool starts;

	if (fd < 0)
		return log_errno(-errno, "cannot read the kernel %s", path);
	n = read(fd, header, sizeof(header));
	if (n < 0)
		return log_errno(-errno, "cannot read the kernel %s", path);
	info = kernel_identify(header, (size_t)n);
	/* QEMU unpacks arm64's Image.gz itself. */
	starts = (info.format == KERNEL_IMAGE || info.format == KERNEL_BZIMAGE ||
		  (info.format == KERNEL_GZIP && !strcmp(arch, "arm64"))) &&
		 (!info.arch || !strcmp(info.arch, arch));
	if (!starts)
		return refuse(path, arch, &info);
	if (ret_version)
		*ret_version = info.format == KERNEL_GZIP ? NULL :
							    find_version(fd, &info);
	return 0;
}
