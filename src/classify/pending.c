// SPDX-License-Identifier: GPL-2.0-or-later
#include "pending.h"

struct slot *pending_at(struct pending *pending, size_t i)
{
	if (i >= pending->n)
		return NULL;
	return &pending->slots[(pending->head + i) % PENDING_MAX];
}

static void leave(struct pending *pending)
{
	struct slot *slot = pending_at(pending, 0);

	pending->on_done(pending->arg, slot);
	slot->done = true;
	pending->head = (pending->head + 1) % PENDING_MAX;
	pending->n--;
}

struct slot *pending_open(struct pending *pending)
{
	struct slot *slot;

	if (pending->n == PENDING_MAX)
		leave(pending);
	pending->n++;
	slot = pending_at(pending, pending->n - 1);
	memset(slot, 0, sizeof(*slot));
	return slot;
}

void pending_flush(struct pending *pending)
{
	while (pending->n && pending_at(pending, 0)->done)
		leave(pending);
}
