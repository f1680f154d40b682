// SPDX-License-Identifier: GPL-2.0-or-later
#include "device/guard.h"

#include <stdlib.h>

static const struct guard_info guards[] = {
	[GUARD_MOUNTED] = { "mounted", "--allow-mounted",
			    "a device that holds a mounted filesystem, or a disk that "
			    "something else is made of" },
	[GUARD_SWAP] = { "swap", "--allow-swap", "a device that holds swap" },
	[GUARD_ROUTE] = { "route", "--allow-route",
			  "the network interface on the way to the controller" },
	[GUARD_BRIDGE] = { "bridge", "--allow-bridge",
			   "a bridge, and so all that is behind it" },
	[GUARD_GROUP] = { "group", "--allow-group",
			  "to take along the devices of its IOMMU group that were not "
			  "named" },
	[GUARD_VFS] = { "vfs", "--allow-vfs", "a PF whose VFs have drivers or are held" },
	[GUARD_DISPLAY] = { "display", "--allow-display",
			    "the graphics device or serial port of the console" },
	[GUARD_IN_USE] = { "in-use", "--allow-in-use",
			   "a device that another process holds" },
	[GUARD_FACTS] = { "facts", NULL, "" },
};

const struct guard_info *guard_info(enum guard_rule rule)
{
	return &guards[rule];
}

/* The worker's words for uses. What is not here is refused as in use. */
static const struct {
	const char *why;
	enum guard_rule rule;
	const char *sentence; /* before what it is */
} uses[] = {
	{ "mount", GUARD_MOUNTED, "holds the filesystem mounted on" },
	{ "held", GUARD_MOUNTED, "holds" },
	{ "swap", GUARD_SWAP, "holds the swap" },
	{ "route", GUARD_ROUTE, "is the way to the controller" },
	{ "display", GUARD_DISPLAY, "carries the console" },
	{ "open", GUARD_IN_USE, "is held by" },
};

/* -- what goes ------------------------------------------------------------------------ */

struct check {
	const struct guard_request *request;
	const struct facts *facts;
	struct guard_result *result;
};

static bool goes(const struct check *c, size_t device)
{
	for (size_t i = 0; i < c->result->n_devices; i++)
		if (c->result->devices[i].device == device)
			return true;
	return false;
}

static void take(struct check *c, size_t device, enum guard_origin origin, size_t because)
{
	struct guard_result *result = c->result;

	if (goes(c, device))
		return;
	result->devices = xrealloc(result->devices, result->n_devices + 1,
				   sizeof(result->devices[0]));
	result->devices[result->n_devices++] = (struct guard_device){
		.device = device,
		.origin = origin,
		.because = because,
	};
}

/* Compares names of which an empty one means none. */
static bool same(const char *a, const char *b)
{
	return a[0] && !strcmp(a, b);
}

/* Does `other` go when `one` does? */
static bool goes_with(unsigned int reach, const struct device_facts *one,
		      const struct device_facts *other, enum guard_origin *ret)
{
	if (same(other->physfn, one->bdf))
		*ret = GUARD_VF;
	else if (same(other->parent, one->bdf))
		*ret = GUARD_BEHIND;
	/* Bridges stay as they are: VFIO lets them have their driver (pcieport). */
	else if ((reach & GUARD_REACH_GROUP) && !other->is_bridge && !one->is_bridge &&
		 same(other->group, one->group))
		*ret = GUARD_MEMBER;
	else if ((reach & GUARD_REACH_SLOT) && same(other->slot, one->slot))
		*ret = GUARD_SAME_SLOT;
	else if ((reach & GUARD_REACH_BUS) && same(other->parent, one->parent))
		*ret = GUARD_SAME_BUS;
	else if ((reach & GUARD_REACH_VFS) && same(other->physfn, one->physfn))
		*ret = GUARD_SAME_PF;
	else
		return false;
	return true;
}

/* result->devices grows while it is walked: what goes takes others along in turn. */
static void take_all(struct check *c)
{
	const struct facts *facts = c->facts;
	const struct facts_chosen *named = c->request->named;
	enum guard_origin origin;

	for (size_t i = 0; i < named->n; i++)
		take(c, named->devices[i], GUARD_NAMED, named->devices[i]);
	for (size_t i = 0; i < c->result->n_devices; i++) {
		size_t one = c->result->devices[i].device;

		for (size_t other = 0; other < facts->n_devices; other++)
			if (goes_with(c->request->reach, &facts->devices[one],
				      &facts->devices[other], &origin))
				take(c, other, origin, one);
	}
}

/* -- why not -------------------------------------------------------------------------- */

/* text: its memory becomes the refusal's. */
static void refuse(struct check *c, enum guard_rule rule, size_t device,
		   struct strbuf *text)
{
	struct guard_result *result = c->result;
	bool allowed = guards[rule].allow && (c->request->allowed & (1u << rule));

	if (allowed)
		strbuf_addf(text, ": allowed by %s", guards[rule].allow);
	else if (guards[rule].allow)
		strbuf_addf(text, ": refused; %s overrides", guards[rule].allow);
	else
		strbuf_addf(text, ": refused");
	result->refusals = xrealloc(result->refusals, result->n_refusals + 1,
				    sizeof(result->refusals[0]));
	result->refusals[result->n_refusals++] = (struct guard_refusal){
		.rule = rule,
		.device = device,
		.allowed = allowed,
		.text = text->s,
	};
	result->refused |= !allowed;
	*text = (struct strbuf){ 0 };
}

/* "0000:01:00.1", with the reason why it goes when nobody named it. */
static void tell_device(const struct check *c, const struct guard_device *d,
			struct strbuf *b)
{
	static const char *const because[] = {
		[GUARD_MEMBER] = "in the IOMMU group of",
		[GUARD_VF] = "a VF of",
		[GUARD_BEHIND] = "behind the bridge",
		[GUARD_SAME_SLOT] = "in the slot of",
		[GUARD_SAME_BUS] = "on the bus of",
		[GUARD_SAME_PF] = "of the same PF as",
	};

	strbuf_addf(b, "%s", c->facts->devices[d->device].bdf);
	if (d->origin != GUARD_NAMED)
		strbuf_addf(b, " (%s %s)", because[d->origin],
			    c->facts->devices[d->because].bdf);
}

/* "(nvme0n1p2 through dm-0)" */
static void tell_way(const struct use_fact *use, struct strbuf *b)
{
	if (use->what[0] && use->via[0])
		strbuf_addf(b, " (%s through %s)", use->what, use->via);
	else if (use->what[0])
		strbuf_addf(b, " (%s)", use->what);
}

static void check_use(struct check *c, const struct guard_device *d,
		      const struct use_fact *use)
{
	struct strbuf b = { 0 };
	enum guard_rule rule = GUARD_IN_USE;
	const char *sentence = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		if (strcmp(uses[i].why, use->why) != 0)
			continue;
		rule = uses[i].rule;
		sentence = uses[i].sentence;
	}
	tell_device(c, d, &b);
	if (sentence && !strcmp(use->why, "held")) {
		strbuf_addf(&b, " %s %s, which %s is made of", sentence, use->what,
			    use->at);
	} else {
		strbuf_addf(&b, " %s", sentence ? sentence : "is in use:");
		if (!sentence)
			strbuf_addf(&b, " %s", use->why);
		if (use->at[0])
			strbuf_addf(&b, " %s", use->at);
		tell_way(use, &b);
	}
	refuse(c, rule, d->device, &b);
}

/* The first of them, and how many more there are. */
#define LISTED_MAX 8

struct listing {
	struct strbuf words;
	size_t n;
};

static void listing_add(struct listing *list, const char *word, const char *more)
{
	if (list->n < LISTED_MAX)
		strbuf_addf(&list->words, "%s%s%s%s%s", list->n ? ", " : "", word,
			    more[0] ? " (" : "", more, more[0] ? ")" : "");
	list->n++;
}

static void listing_tell(struct listing *list, struct strbuf *b)
{
	strbuf_addf(b, "%s", list->words.s ? list->words.s : "");
	if (list->n > LISTED_MAX)
		strbuf_addf(b, " and %zu more", list->n - LISTED_MAX);
	strbuf_done(&list->words);
}

static bool is_behind(const struct facts *facts, size_t device, size_t bridge)
{
	/* A damaged tree may have a ring. */
	for (size_t depth = 0; depth <= facts->n_devices; depth++) {
		ptrdiff_t parent = facts_find(facts, facts->devices[device].parent);

		if (parent < 0)
			return false;
		if ((size_t)parent == bridge)
			return true;
		device = (size_t)parent;
	}
	return false;
}

static void check_bridge(struct check *c, const struct guard_device *d)
{
	const struct facts *facts = c->facts;
	struct listing behind = { 0 };
	struct strbuf b = { 0 };

	for (size_t i = 0; i < facts->n_devices; i++)
		if (i != d->device && is_behind(facts, i, d->device))
			listing_add(&behind, facts->devices[i].bdf,
				    facts->devices[i].driver);
	if (!facts->devices[d->device].is_bridge && !behind.n)
		return;
	tell_device(c, d, &b);
	strbuf_addf(&b, " is a bridge, %s",
		    behind.n ? "all behind it would go: " : "nothing is behind it");
	listing_tell(&behind, &b);
	refuse(c, GUARD_BRIDGE, d->device, &b);
}

/* One refusal a named device's group: the members that it takes along. */
static void check_group(struct check *c, const struct guard_device *d)
{
	const struct facts *facts = c->facts;
	struct listing members = { 0 };
	struct strbuf b = { 0 };

	for (size_t i = 0; i < c->result->n_devices; i++) {
		const struct guard_device *member = &c->result->devices[i];

		if (member->origin == GUARD_MEMBER && member->because == d->device)
			listing_add(&members, facts->devices[member->device].bdf,
				    facts->devices[member->device].driver);
	}
	if (!members.n)
		return;
	tell_device(c, d, &b);
	strbuf_addf(&b, " shares IOMMU group %s with what was not named: ",
		    facts->devices[d->device].group);
	listing_tell(&members, &b);
	refuse(c, GUARD_GROUP, d->device, &b);
}

/* VFs of a PF that have a driver or are held, but for those that were named. */
static size_t list_vfs(const struct check *c, const char *pf, struct listing *used)
{
	const struct facts *facts = c->facts;
	size_t seen = 0;

	for (size_t i = 0; i < facts->n_devices; i++) {
		const struct device_facts *vf = &facts->devices[i];

		if (!same(vf->physfn, pf))
			continue;
		seen++;
		if (facts_chosen_has(c->request->named, i))
			continue;
		if (vf->vfio_open[0])
			listing_add(used, vf->bdf, "held");
		else if (vf->driver[0])
			listing_add(used, vf->bdf, vf->driver);
	}
	return seen;
}

/* A PF that goes, or one that loses its VFs. */
static void check_vfs(struct check *c, const struct guard_device *d)
{
	const struct device_facts *device = &c->facts->devices[d->device];
	bool by_pf = (c->request->reach & GUARD_REACH_VFS) && device->physfn[0] &&
		     d->origin == GUARD_NAMED;
	struct listing used = { 0 };
	struct strbuf b = { 0 };
	size_t seen = list_vfs(c, by_pf ? device->physfn : device->bdf, &used);

	if (!used.n && seen >= device->sriov_num)
		return;
	tell_device(c, d, &b);
	if (used.n) {
		if (by_pf)
			strbuf_addf(&b, " goes with all VFs of %s, of which are in use: ",
				    device->physfn);
		else
			strbuf_addf(&b, " has VFs in use: ");
		listing_tell(&used, &b);
	} else {
		strbuf_addf(&b,
			    " has %u VFs, but %zu were found, and how the others are "
			    "used is not known",
			    device->sriov_num, seen);
	}
	refuse(c, GUARD_VFS, d->device, &b);
}

/* Somebody holds it, and no line tells who or how. */
static void check_open(struct check *c, const struct guard_device *d)
{
	const struct facts *facts = c->facts;
	const struct device_facts *device = &facts->devices[d->device];
	struct strbuf b = { 0 };

	if (!device->vfio_open[0])
		return;
	for (size_t i = 0; i < facts->n_uses; i++)
		if (!strcmp(facts->uses[i].why, "open") &&
		    !strcmp(facts->uses[i].bdf, device->bdf))
			return;
	tell_device(c, d, &b);
	strbuf_addf(&b, " is held through VFIO by process %s", device->vfio_open);
	refuse(c, GUARD_IN_USE, d->device, &b);
}

static void check_unknown(struct check *c, const struct guard_device *d,
			  const struct unknown_fact *unknown)
{
	enum guard_rule rule = GUARD_FACTS;
	struct strbuf b = { 0 };

	for (unsigned int i = 0; i < GUARD_ALLOWABLE; i++)
		if (!strcmp(guards[i].name, unknown->rule))
			rule = (enum guard_rule)i;
	tell_device(c, d, &b);
	strbuf_addf(&b, " may be %s: %s could not be read (%s)",
		    rule == GUARD_FACTS ? "in use" : guards[rule].help, unknown->what,
		    unknown->why);
	refuse(c, rule, d->device, &b);
}

static void check_device(struct check *c, const struct guard_device *d)
{
	const struct facts *facts = c->facts;
	const char *bdf = facts->devices[d->device].bdf;

	for (size_t i = 0; i < facts->n_uses; i++)
		if (!strcmp(facts->uses[i].bdf, bdf))
			check_use(c, d, &facts->uses[i]);
	check_bridge(c, d);
	check_group(c, d);
	check_vfs(c, d);
	check_open(c, d);
	for (size_t i = 0; i < facts->n_unknowns; i++)
		if (!facts->unknowns[i].bdf[0] || !strcmp(facts->unknowns[i].bdf, bdf))
			check_unknown(c, d, &facts->unknowns[i]);
}

void guard_check(const struct guard_request *request, struct guard_result *ret)
{
	struct check c = { .request = request, .facts = request->facts, .result = ret };
	struct strbuf b = { 0 };

	*ret = (struct guard_result){ 0 };
	if (!request->facts->complete) {
		strbuf_addf(&b, "what the target's devices are used for is not known%s%s",
			    request->facts->error[0] ? ": " : "", request->facts->error);
		refuse(&c, GUARD_FACTS, 0, &b);
		return;
	}
	take_all(&c);
	for (size_t i = 0; i < ret->n_devices; i++) {
		/* What is added to the array meanwhile would move it. */
		const struct guard_device d = ret->devices[i];

		check_device(&c, &d);
	}
}

void guard_result_done(struct guard_result *result)
{
	for (size_t i = 0; i < result->n_refusals; i++)
		free(result->refusals[i].text);
	free(result->refusals);
	free(result->devices);
	*result = (struct guard_result){ 0 };
}
