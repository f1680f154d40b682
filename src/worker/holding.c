// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that holds the device, and lets go at the right moment. */
#include "meet.h"

#include <sys/mman.h>
#include <unistd.h>

/* Nobody is there to meet. */
#define MEET_NS (10 * NS_PER_SEC)
/* So long a request is waited for spinning; then a delay does not matter any more. */
#define SPIN_NS (20 * NS_PER_MSEC)
/* A turn of churn must be over before the moment. */
#define CHURN_MARGIN_NS (200 * NS_PER_USEC)

static void holding_open(struct holding *holding)
{
	struct holder *holder = &holding->holder;
	struct hold *hold = &holding->meet->hold;

	hold->open_error = holder->ops->open(holder);
	if (!hold->open_error)
		return;
	snprintf(hold->word, sizeof(hold->word), "%s", holder->word);
	snprintf(hold->why, sizeof(hold->why), "%s", holder->why);
	holder->ops->close(holder);
}

static void use(struct holding *holding)
{
	if (holding->meet->hold.churn && holding->holder.ops->churn)
		holding->holder.ops->churn(&holding->holder);
}

/* The moment of the unplug, or -1. */
static int64_t wait_go(struct holding *holding)
{
	struct moment *moment = &holding->meet->moment;
	int64_t until = now_ns() + MEET_NS, go;

	while (!(go = atomic_load(&moment->go))) {
		if (now_ns() > until || atomic_load(&moment->let_go))
			return -1;
		use(holding);
	}
	return go;
}

/* Until somebody kicks, or until the holder's own file has something to say. */
static void doze(const struct holding *holding, const struct peer *self)
{
	struct pollfd pollfds[] = {
		{ .fd = self->to, .events = POLLIN },
		{ .fd = holding->holder.request, .events = POLLIN },
		{ .fd = holding->holder.qmp, .events = POLLIN },
	};

	if (poll(pollfds, ARRAY_SIZE(pollfds), -1) > 0 && pollfds[0].revents)
		peer_next(self);
}

static bool is_over(struct meet *meet)
{
	return atomic_load(&meet->moment.let_go) ||
	       atomic_load(&meet->unplug.returned_at);
}

/*
 * When the request was answered, which is where the unplug goes on; or now if the unplug is
 * over without one.
 */
static int64_t wait_request(struct holding *holding, const struct peer *self)
{
	struct meet *meet = holding->meet;
	struct holder *holder = &holding->holder;
	int64_t spin_end = now_ns() + SPIN_NS;

	for (;;) {
		bool over = is_over(meet);
		int64_t now;

		/* Both at once: the request is what counts. */
		if (holder_requested(holder)) {
			atomic_store(&meet->hold.requested_at, now_ns());
			holder->ops->prepare(holder);
			now = now_ns();
			atomic_store(&meet->hold.closed_at, now);
			return now;
		}
		now = now_ns();
		if (over) {
			holder->ops->prepare(holder);
			return now - meet->moment.offset_ns;
		}
		use(holding);
		if (now > spin_end && !meet->hold.churn)
			doze(holding, self);
	}
}

/* The moment to act. */
static void wait_moment(struct holding *holding, const struct peer *self, int64_t go)
{
	struct meet *meet = holding->meet;
	int64_t at;

	if (go < 0)
		return;
	if (holding->holder.release == RELEASE_NEVER) {
		while (!is_over(meet)) {
			use(holding);
			if (!meet->hold.churn)
				doze(holding, self);
		}
		return;
	}
	if (holding->holder.release == RELEASE_REQUEST)
		go = wait_request(holding, self);
	at = go + meet->moment.offset_ns;
	while (now_ns() < at - CHURN_MARGIN_NS && !atomic_load(&meet->moment.let_go))
		use(holding);
	if (!atomic_load(&meet->moment.let_go))
		spin_until(at);
}

static void holding_race(struct holding *holding, const struct peer *self)
{
	struct holder *holder = &holding->holder;
	struct meet *meet = holding->meet;

	if (holder->release != RELEASE_REQUEST)
		holder->ops->prepare(holder);
	atomic_store(&meet->moment.ready, 1);
	wait_moment(holding, self, wait_go(holding));
	atomic_store(&meet->hold.acted_at, now_ns());
	meet->hold.act_error = holder_act(holder);
	holder->ops->close(holder);
	atomic_store(&meet->hold.released_at, now_ns());
}

static void holding_run(struct peer *self, void *arg)
{
	struct holding *holding = arg;
	struct meet *meet = holding->meet;

	holding->holder.memory = mmap(NULL, HOLDER_MEMORY, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (holding->holder.memory == MAP_FAILED)
		_exit(1);
	for (;;) {
		peer_next(self);
		/* A kick that came when it had let go already. */
		if (meet->holder_work == WORK_HOLD)
			holding_open(holding);
		else if (meet->holder_work == WORK_RACE)
			holding_race(holding, self);
		else
			continue;
		meet->holder_work = WORK_PUT;
		peer_answer(self);
	}
}

int holding_start(struct peer *peer, int cpu, struct holding *holding)
{
	const struct peer_role role = { "stress-holder", cpu, holding_run };

	return peer_start(peer, &role, holding);
}
