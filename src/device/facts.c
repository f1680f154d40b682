// SPDX-License-Identifier: GPL-2.0-or-later
#include "device/facts.h"
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* -- one line ------------------------------------------------------------------------- */

/* The value of key, clean; "-" and a missing one are empty. */
static void get_text(struct text line, const char *key, char *buffer, size_t size)
{
	struct text value = TEXT_NONE;

	if (!text_value(line, key, &value) || text_equal(value, TEXT("-")))
		value = TEXT_NONE;
	text_clean(buffer, size, value);
}

#define GET(line, key, array) get_text(line, key, array, sizeof(array))

/* A number that the line must have. */
static int need_number(struct text line, const char *key, unsigned int *ret)
{
	char buffer[16];
	uint32_t number;
	int r;

	GET(line, key, buffer);
	r = num_parse_u32(buffer, &number);
	if (r == 0)
		*ret = number;
	return r;
}

static int need_bool(struct text line, const char *key, bool *ret)
{
	unsigned int number;
	int r = need_number(line, key, &number);

	if (r == 0)
		*ret = number != 0;
	return r;
}

/* Text that the line must have, be it "-". */
static int need_text(struct text line, const char *key, char *buffer, size_t size)
{
	struct text value;

	if (!text_value(line, key, &value) || value.n >= size)
		return -EBADMSG;
	get_text(line, key, buffer, size);
	return 0;
}

#define NEED(line, key, array) need_text(line, key, array, sizeof(array))

static enum facts_have get_have(struct text line, const char *key)
{
	char word[16];

	GET(line, key, word);
	if (!strcmp(word, "yes"))
		return FACTS_YES;
	return strcmp(word, "module") != 0 ? FACTS_NO : FACTS_MODULE;
}

static int add_system(struct facts *facts, struct text line)
{
	struct system_facts *system = &facts->system;
	int r = need_number(line, "cpus", &system->cpus);

	GET(line, "kernel", system->kernel);
	GET(line, "arch", system->arch);
	system->vfio = get_have(line, "vfio");
	system->iommufd = get_have(line, "iommufd");
	system->iommu = get_have(line, "iommu") == FACTS_YES;
	GET(line, "cmdline_iommu", system->cmdline_iommu);
	GET(line, "qemu", system->qemu);
	GET(line, "autoprobe", system->autoprobe);
	GET(line, "expedited", system->expedited);
	GET(line, "devkmsg", system->devkmsg);
	GET(line, "peer", system->peer);
	GET(line, "hint", system->hint);
	return r;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How many of at most max hexadecimal digits s starts with. */
static size_t hex_run(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && is_hex(s[n]))
		n++;
	return n;
}

/*
 * An address in full from "0000:00:05.0" or "00:05.0", in the kernel's small letters.
 * False: it is none.
 */
static bool bdf_normalize(const char *s, char ret[FACTS_BDF_MAX])
{
	size_t first = hex_run(s, 8), n;
	const char *bus = s;
	bool full = s[first] == ':' && hex_run(s + first + 1, 3) == 2 &&
		    s[first + 3] == ':';

	if (full && first < 4)
		return false;
	if (full)
		bus = s + first + 1;
	if (hex_run(bus, 3) != 2 || bus[2] != ':' || hex_run(bus + 3, 3) != 2 ||
	    bus[5] != '.' || bus[6] < '0' || bus[6] > '7' || bus[7])
		return false;
	n = (size_t)(bus - s);
	memcpy(ret, full ? s : "0000:", full ? n : 5);
	memcpy(ret + (full ? n : 5), bus, 8);
	for (char *c = ret; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	return true;
}

/* The address that a line is about, or with `any` "-" for all devices. */
static int need_bdf(struct text line, bool any, char ret[FACTS_BDF_MAX])
{
	char word[FACTS_BDF_MAX];
	int r = NEED(line, "bdf", word);

	if (r < 0)
		return r;
	if (any && !word[0]) {
		ret[0] = '\0';
		return 0;
	}
	return bdf_normalize(word, ret) ? 0 : -EBADMSG;
}

/* What guards build on has to be in the line: a key that is missing is no "no". */
static int get_device(struct text line, struct device_facts *d)
{
	const struct {
		const char *key;
		unsigned int *number;
	} numbers[] = {
		{ "class", &d->class },
		{ "sriov_total", &d->sriov_total },
		{ "sriov_num", &d->sriov_num },
	};
	int r = need_bdf(line, false, d->bdf);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = need_number(line, numbers[i].key, numbers[i].number);
	if (r == 0)
		r = need_bool(line, "bridge", &d->is_bridge);
	if (r == 0)
		r = NEED(line, "driver", d->driver);
	if (r == 0)
		r = NEED(line, "group", d->group);
	if (r == 0)
		r = NEED(line, "parent", d->parent);
	if (r == 0)
		r = NEED(line, "physfn", d->physfn);
	if (r == 0)
		r = NEED(line, "vfio_open", d->vfio_open);
	return r;
}

static int add_device(struct facts *facts, struct text line)
{
	struct device_facts d = { 0 };
	int r = get_device(line, &d);

	if (r < 0)
		return r;
	if (facts_find(facts, d.bdf) >= 0)
		return -EBADMSG;
	GET(line, "id", d.id);
	GET(line, "override", d.override);
	GET(line, "domain_type", d.domain_type);
	GET(line, "iommu", d.iommu);
	GET(line, "slot", d.slot);
	GET(line, "net", d.net);
	GET(line, "block", d.block);
	GET(line, "cdev", d.cdev);
	/* Without them something cannot be done, and nothing bad comes of it. */
	(void)need_bool(line, "removable", &d.can_remove);
	(void)need_bool(line, "rescan", &d.can_rescan);
	(void)need_bool(line, "reset", &d.can_reset);
	(void)need_bool(line, "reset_subordinate", &d.can_reset_subordinate);
	(void)need_bool(line, "autoprobe", &d.autoprobe);
	d.slot_can_power = text_value(line, "slot_power", &(struct text){ 0 }) &&
			   need_number(line, "slot_power", &(unsigned int){ 0 }) == 0;
	facts->devices =
		xrealloc(facts->devices, facts->n_devices + 1, sizeof(facts->devices[0]));
	facts->devices[facts->n_devices++] = d;
	return 0;
}

static int add_use(struct facts *facts, struct text line)
{
	struct use_fact use = { 0 };
	int r = need_bdf(line, false, use.bdf);

	if (r < 0)
		return r;
	GET(line, "why", use.why);
	GET(line, "what", use.what);
	GET(line, "at", use.at);
	GET(line, "via", use.via);
	facts->uses = xrealloc(facts->uses, facts->n_uses + 1, sizeof(facts->uses[0]));
	facts->uses[facts->n_uses++] = use;
	return 0;
}

static int add_unknown(struct facts *facts, struct text line)
{
	struct unknown_fact unknown = { 0 };
	int r = need_bdf(line, true, unknown.bdf);

	if (r < 0)
		return r;
	GET(line, "rule", unknown.rule);
	GET(line, "what", unknown.what);
	GET(line, "why", unknown.why);
	facts->unknowns = xrealloc(facts->unknowns, facts->n_unknowns + 1,
				   sizeof(facts->unknowns[0]));
	facts->unknowns[facts->n_unknowns++] = unknown;
	return 0;
}

/* The end tells how many lines came before it: a console may have lost some. */
static int add_end(struct facts *facts, struct text line)
{
	unsigned int lines = 0;

	if (need_number(line, "lines", &lines) < 0 || lines != facts->n_lines ||
	    !facts->system.cpus)
		return -EBADMSG;
	facts->complete = true;
	return 0;
}

static int add_fact(struct facts *facts, struct text line)
{
	static const struct {
		const char *name;
		int (*add)(struct facts *facts, struct text line);
	} kinds[] = {
		{ "system", add_system },   { "device", add_device }, { "use", add_use },
		{ "unknown", add_unknown }, { "end", add_end },
	};
	struct text fact;

	if (!text_value(line, "fact", &fact))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (text_equal(fact, text_of(kinds[i].name)))
			return kinds[i].add(facts, line);
	return -EBADMSG;
}

int facts_add(struct facts *facts, struct text line)
{
	line = text_trim(line);
	if (text_starts(line, TEXT("error="))) {
		get_text(line, "why", facts->error, sizeof(facts->error));
		return 0;
	}
	if (!text_starts(line, TEXT("fact=")))
		return 0;
	if (facts->damaged || facts->complete || add_fact(facts, line) < 0) {
		facts->damaged = true;
		facts->complete = false;
		return -EBADMSG;
	}
	facts->n_lines++;
	return 0;
}

void facts_done(struct facts *facts)
{
	free(facts->devices);
	free(facts->uses);
	free(facts->unknowns);
	*facts = (struct facts){ 0 };
}

/* -- choosing devices ----------------------------------------------------------------- */

ptrdiff_t facts_find(const struct facts *facts, const char *bdf)
{
	for (size_t i = 0; i < facts->n_devices; i++)
		if (!strcmp(facts->devices[i].bdf, bdf))
			return (ptrdiff_t)i;
	return -1;
}

bool facts_list_has(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");

		if (len == n && !memcmp(at, name, n))
			return n > 0;
		at += len + (at[len] == ',');
	}
	return false;
}

bool facts_chosen_has(const struct facts_chosen *chosen, size_t device)
{
	for (size_t i = 0; i < chosen->n; i++)
		if (chosen->devices[i] == device)
			return true;
	return false;
}

void facts_chosen_add(struct facts_chosen *chosen, size_t device)
{
	if (facts_chosen_has(chosen, device))
		return;
	chosen->devices =
		xrealloc(chosen->devices, chosen->n + 1, sizeof(chosen->devices[0]));
	chosen->devices[chosen->n++] = device;
}

void facts_chosen_done(struct facts_chosen *chosen)
{
	free(chosen->devices);
	*chosen = (struct facts_chosen){ 0 };
}

enum word_kind { WORD_BDF, WORD_ID, WORD_NAME, WORD_GROUP };

static enum word_kind word_kind(const char *word, char bdf[FACTS_BDF_MAX])
{
	if (bdf_normalize(word, bdf))
		return WORD_BDF;
	if (strlen(word) == 9 && hex_run(word, 5) == 4 && word[4] == ':' &&
	    hex_run(word + 5, 5) == 4)
		return WORD_ID;
	return strncmp(word, "group:", 6) == 0 ? WORD_GROUP : WORD_NAME;
}

static bool device_is(const struct device_facts *d, enum word_kind kind, const char *word,
		      const char *bdf)
{
	switch (kind) {
	case WORD_BDF:
		return !strcmp(d->bdf, bdf);
	case WORD_ID:
		return !strcasecmp(d->id, word);
	case WORD_GROUP:
		return d->group[0] && !strcmp(d->group, word + strlen("group:"));
	case WORD_NAME:
		return facts_list_has(d->net, word) || facts_list_has(d->block, word);
	}
	return false;
}

/* Why nothing is chosen. */
static char *explain_nothing(enum word_kind kind, const char *word, const char *bdf)
{
	static const char see[] = "; `iommu-stress list` shows what there is";
	size_t room = 3 * strlen(word) + 1;
	_cleanup_free_ char *clean = xcalloc(room, 1);

	text_clean(clean, room, text_of(word));
	switch (kind) {
	case WORD_BDF:
		return xasprintf("there is no PCI device %s%s", bdf, see);
	case WORD_ID:
		return xasprintf("there is no PCI device with the id %s%s", clean, see);
	case WORD_GROUP:
		return xasprintf("there is no PCI device in IOMMU group '%s'%s",
				 clean + strlen("group:"), see);
	case WORD_NAME:
		break;
	}
	return xasprintf(
		"there is no PCI device with the network interface or disk '%s'%s", clean,
		see);
}

int facts_choose(const struct facts *facts, const char *word, struct facts_chosen *chosen,
		 char **ret_why)
{
	char bdf[FACTS_BDF_MAX];
	enum word_kind kind = word_kind(word, bdf);
	struct facts_chosen found = { 0 };
	struct strbuf all = { 0 };
	int r = 0;

	if (!word[0]) {
		*ret_why =
			xstrdup("a device is missing: an address such as 0000:00:05.0, "
				"vendor:device, a network interface, a disk or group:N");
		return -EINVAL;
	}
	for (size_t i = 0; i < facts->n_devices; i++) {
		if (!device_is(&facts->devices[i], kind, word, bdf))
			continue;
		facts_chosen_add(&found, i);
		strbuf_addf(&all, "%s%s", all.n ? ", " : "", facts->devices[i].bdf);
	}
	if (!found.n) {
		*ret_why = explain_nothing(kind, word, bdf);
		r = -ENOENT;
	} else if (found.n > 1 && kind != WORD_GROUP) {
		*ret_why = xasprintf("'%s' is %zu devices, name one by its address: %s",
				     word, found.n, all.s);
		r = -ENOTUNIQ;
	}
	for (size_t i = 0; r == 0 && i < found.n; i++)
		facts_chosen_add(chosen, found.devices[i]);
	facts_chosen_done(&found);
	strbuf_done(&all);
	return r;
}
