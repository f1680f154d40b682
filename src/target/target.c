// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/target.h"

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

void target_close(struct target *t)
{
	if (t)
		t->ops->close(t);
}
