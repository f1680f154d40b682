// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of holders, and the one that holds nothing. */
#include "holder.h"

#include <string.h>

static int none_open(struct holder *holder)
{
	(void)holder;
	return 0;
}

static void none_do(struct holder *holder)
{
	(void)holder;
}

const struct holder_ops holder_none = {
	.name = "none",
	.open = none_open,
	.prepare = none_do,
	.act = none_open,
	.close = none_do,
};

const struct holder_ops *const holders[] = { &holder_group,  &holder_group_noreq,
					     &holder_device, &holder_iommufd,
					     &holder_qemu,   &holder_qemu_iommufd,
					     &holder_none,   NULL };

const struct holder_ops *holder_find(const char *name)
{
	for (size_t i = 0; holders[i]; i++)
		if (!strcmp(holders[i]->name, name))
			return holders[i];
	return NULL;
}
