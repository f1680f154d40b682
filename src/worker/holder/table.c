// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of holders and releases, and the arguments that name them. */
#include "holder.h"

/* Holds nothing: no process is started for it. */
const struct holder_ops holder_none = { .name = "none" };

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

const char *const release_names[RELEASES] = {
	[RELEASE_CLOSE_UNSET] = "close-unset",
	[RELEASE_UNSET_CLOSE] = "unset-close",
	[RELEASE_CLOSE] = "close",
	[RELEASE_EXIT] = "exit",
	[RELEASE_KILL] = "kill",
	[RELEASE_REQUEST] = "request",
	[RELEASE_NEVER] = "never",
};

int release_parse(const char *name, enum release *release)
{
	for (enum release i = 0; i < RELEASES; i++) {
		if (!strcmp(release_names[i], name)) {
			*release = i;
			return 0;
		}
	}
	return -EINVAL;
}

int holder_parse(struct holder *holder, const struct args *args, const char *release)
{
	const char *name = args_get(args, "holder") ?: "group";

	release = args_get(args, "release") ?: release;
	*holder = (struct holder){
		.ops = holder_find(name),
		.qemu = args_get(args, "qemu"),
		.qemu_root = args_get(args, "qemu_root"),
		.container = -1,
		.group = -1,
		.device = -1,
		.request = -1,
		.iommufd = -1,
		.qmp = -1,
		.log = -1,
	};
	if (!holder->ops)
		return say_usage("holder=%s: see iommu-stress-worker(8)", name);
	if (release_parse(release, &holder->release))
		return say_usage("release=%s: see iommu-stress-worker(8)", release);
	if (holder->ops->has_child && !holder->qemu)
		return say_usage("holder=%s needs qemu=PROGRAM", name);
	return 0;
}
