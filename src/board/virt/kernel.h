/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel file is, from its header: told before QEMU would fail without a word. */
#pragma once

#include "base/mem.h"

#include <stddef.h>

enum kernel_format {
	KERNEL_UNKNOWN,
	KERNEL_IMAGE,   /* arm64's arch/arm64/boot/Image */
	KERNEL_BZIMAGE, /* arch/x86/boot/bzImage, arch/s390/boot/bzImage */
	KERNEL_GZIP,    /* compressed, what is inside is not looked at */
	KERNEL_ZBOOT,   /* self-unpacking EFI program (vmlinuz.efi) */
	KERNEL_ELF,     /* vmlinux */
};

/* Bytes from the start of the file that kernel_identify wants to see. */
#define KERNEL_HEADER_SIZE 0x10430

struct kernel_info {
	enum kernel_format format;
	const char *arch;  /* Debian's name, NULL: the header does not tell */
	size_t version_at; /* offset of the version text in the file, 0: not known */
};

/* From the first n bytes of the file. Pure. */
struct kernel_info kernel_identify(const unsigned char *header, size_t n);

/*
 * Can a board of this architecture start the kernel file at path? Speaks: 0, -EINVAL with
 * one line that says why not, or what reading it failed with. *ret_version: the kernel's
 * release (uname -r), NULL when it could not be found; caller frees. ret_version may be
 * NULL: not wanted.
 */
int kernel_check(const char *path, const char *arch, char **ret_version) _must_check_;
