/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power switch and slot of a QEMU, by QMP. */
#pragma once

#include "board/parts.h"

/* What a machine of QEMU brings along; borrowed. */
struct qmp_machine {
	struct target *target;
	const char *device; /* to plug: arguments of device_add; NULL: there is none */
	int (*cycle)(
		struct target *target); /* a new QEMU takes the place of the old one */
};

/* Makes itself the target's power switch, and its slot if there is a device. */
void qmp_power_open(const struct qmp_machine *machine);
/* A QEMU begins, with QMP on fd, or has ended. */
int qmp_power_attach(struct power *power, struct loop *loop, int fd) _must_check_;
void qmp_power_detach(struct power *power);
/* It has built the machine. */
bool qmp_power_is_ready(const struct power *power);
