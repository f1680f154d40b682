/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one attempt went, between what makes it and what tells of it. */
#pragma once

#include "race.h"

enum back { BACK_OK, BACK_GONE, BACK_MOVED, BACK_STUCK };

struct outcome {
	bool writer_done, holder_done, holder_died, writer_died;
	int64_t deadline, let_go_at;
	bool blocked, killed;
	pid_t holder_pid;         /* of the one that was killed */
	char who[64], where[160]; /* who held it; where who did not return sleeps */
	enum back back;
	struct bdf moved;
	int64_t hold_ns, back_ns, bind_ns;
};

/* The one because of whom the race is stuck. */
pid_t stuck_pid(const struct race *race, const struct outcome *outcome);

/* The line with all that was measured. */
void say_back(struct race *race, const struct attempt *attempt,
	      const struct outcome *outcome, int64_t begin);
/* What is wrong after it, in words; err: of bringing the device back. The status. */
int judge_back(struct race *race, const struct outcome *outcome, int err);
