/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command table names. */
#pragma once

struct args;

extern const char worker_version[];

/* All return the exit status. */
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
