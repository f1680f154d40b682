/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds a device, and how it lets go. */
#pragma once

#include "worker/internal.h"

#include <sys/types.h>

/* The order of release_names. */
enum release {
	RELEASE_CLOSE_UNSET,
	RELEASE_UNSET_CLOSE,
	RELEASE_CLOSE,
	RELEASE_EXIT,
	RELEASE_KILL,
	RELEASE_REQUEST,
	RELEASE_NEVER,
	RELEASES
};

extern const char *const release_names[RELEASES];
/* Returns 0 or -EINVAL. */
int release_parse(const char *name, enum release *release);

#define HOLDER_MEMORY 65536

#define HOLDER_NO_CDEV "no VFIO device files: CONFIG_VFIO_DEVICE_CDEV, Linux 6.6 or later"

/* So long a child may take until it has the device. */
#define HOLDER_CHILD_START_NS (60 * NS_PER_SEC)

struct holder {
	const struct holder_ops *ops;
	struct bdf bdf;
	enum release release;
	const char *qemu;      /* program */
	const char *qemu_root; /* root directory that it runs in, NULL: this one */
	int container, group, device, request, iommufd;
	uint32_t ioas;
	uint64_t iova;   /* where memory stands for the device */
	void *memory;    /* HOLDER_MEMORY bytes */
	uint64_t config; /* offset of the configuration space in device, 0 if not known */
	pid_t child;
	int qmp, log;            /* of the child: its monitor, its standard error */
	char word[16], why[400]; /* of the error of open() */
};

/*
 * A release is prepare(), then, at the moment that is asked for, act(), then close().
 * Which acts are which is the holder's.
 */
struct holder_ops {
	const char *name;
	bool uses_group, uses_cdev; /* what the kernel must have */
	bool registers;             /* the REQ eventfd */
	bool has_child;             /* which lets go by itself, is ended and killed */
	/* Will it do? Before anything is changed; as open(). NULL: open() will see. */
	int (*check)(struct holder *holder);
	/* Returns 0 or -errno, with word and why. */
	int (*open)(struct holder *holder);
	/* The request as the child tells it; NULL: the REQ eventfd. */
	bool (*requested)(struct holder *holder);
	void (*prepare)(struct holder *holder);
	/* The decisive one. Returns 0 or -errno. */
	int (*act)(struct holder *holder);
	void (*close)(struct holder *holder);
	/* One turn of use while it is held; may be NULL. */
	void (*churn)(struct holder *holder);
};

extern const struct holder_ops holder_group, holder_group_noreq, holder_device,
	holder_iommufd, holder_qemu, holder_qemu_iommufd, holder_none;
/* All, NULL at the end. */
extern const struct holder_ops *const holders[];
const struct holder_ops *holder_find(const char *name);

/*
 * From the keys holder, release, qemu and qemu_root; release: what it is when it is absent.
 * Returns 0, or the exit status after it has said why not.
 */
int holder_parse(struct holder *holder, const struct args *args, const char *release);
/* Fills word and why; returns error, made negative. */
int holder_fail(struct holder *holder, int error, const char *word, const char *format,
		...) _printf_(4, 5);
/* Fails for what a call has left in errno. */
int holder_fail_call(struct holder *holder, const char *call);
/* Fails for what open() of a file of /dev said. */
int holder_fail_open(struct holder *holder, int error, const char *path);
/* Is the release the end of the process that holds the device? */
bool holder_dies(const struct holder *holder);
/* act(), or that end. */
int holder_act(struct holder *holder);
/* Has the REQ interrupt come? Does not wait. */
bool holder_requested(struct holder *holder);

/* Parts of more than one holder. */
/* What is wanted of a device that is open: its configuration space, its REQ eventfd. */
int vfio_set_up(struct holder *holder);
void vfio_prepare(struct holder *holder);
void vfio_close(struct holder *holder);
void vfio_read_config(const struct holder *holder);
