// SPDX-License-Identifier: GPL-2.0-or-later
#include "board/target.h"

#include <errno.h>

bool target_is_virtual(const char *name)
{
	return !strncmp(name, "virt:", strlen("virt:"));
}

bool target_is_remote(const char *name)
{
	/* ssh would take a host that begins with a hyphen for an option. */
	return !strcmp(name, "local") ||
	       (!strncmp(name, "ssh:", strlen("ssh:")) && name[4] && name[4] != '-');
}

int target_power(struct target *t, enum power_action action)
{
	return t->ops->power(t, action);
}

int target_type(struct target *t, struct text line)
{
	_cleanup_strbuf_ struct strbuf bytes = { 0 };

	strbuf_add(&bytes, line);
	strbuf_add(&bytes, TEXT("\n"));
	return t->ops->type(t, (struct text){ bytes.s, bytes.n });
}

int target_type_raw(struct target *t, struct text bytes)
{
	return t->ops->type(t, bytes);
}

void target_set_baud(struct target *t, unsigned int baud)
{
	t->ops->set_baud(t, baud);
}

int target_net_fd(struct target *t)
{
	return t->ops->net_fd(t);
}

int target_plug(struct target *t, bool in)
{
	return t->ops->plug ? t->ops->plug(t, in) : -EOPNOTSUPP;
}

void target_close(struct target *t)
{
	if (t)
		t->ops->close(t);
}
