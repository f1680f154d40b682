// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/attempt.h"

#define NEEDED(member, json, word) \
	TABLE_MEMBER(struct attempt, member, json, word, TABLE_NEEDED)
#define OPTIONAL(member, json, word, rules) \
	TABLE_MEMBER(struct attempt, member, json, word, TABLE_OPTIONAL | (rules))

const struct table_member attempt_members[] = {
	OPTIONAL(seen, "seen", NULL, 0),
	NEEDED(want_ns, "want_ns", "want"),
	NEEDED(got_ns, "got_ns", "got"),
	NEEDED(unplug, "unplug", "unplug"),
	NEEDED(unplug_ns, "unplug_ns", "unplug_ns"),
	NEEDED(request_ns, "request_ns", "request_ns"),
	NEEDED(close_ns, "close_ns", "close_ns"),
	NEEDED(release, "release", "release"),
	NEEDED(release_ns, "release_ns", "release_ns"),
	OPTIONAL(blocked, "blocked", "blocked", TABLE_NEEDED),
	NEEDED(free_ns, "free_ns", "free_ns"),
	OPTIONAL(who, "who", "who", 0),
	OPTIONAL(where, "where", "where", 0),
	NEEDED(back, "back", "back"),
	OPTIONAL(moved, "moved", "moved", 0),
	NEEDED(back_ns, "back_ns", "back_ns"),
	NEEDED(total_ns, "total_ns", "total_ns"),
	OPTIONAL(order, "order", NULL, 0),
	{ 0 },
};

bool attempt_parse(struct text words, struct attempt *ret)
{
	struct attempt attempt = { .seen = true };

	if (!table_parse(words, attempt_members, &attempt))
		return false;
	*ret = attempt;
	return true;
}

bool attempt_is_near(const struct attempt *a, uint32_t usual_order)
{
	return a->seen && (a->blocked || strcmp(a->unplug, "ok") != 0 ||
			   strcmp(a->release, "ok") != 0 || a->order != usual_order);
}
