// SPDX-License-Identifier: GPL-2.0-or-later
#include "device/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* -- one line ------------------------------------------------------------------------- */

static const char *have_name(unsigned int value)
{
	static const char *const names[] = {
		[FACTS_NO] = "no",
		[FACTS_MODULE] = "module",
		[FACTS_YES] = "yes",
	};

	return names[value];
}

static const char *yes_name(unsigned int value)
{
	return value ? "yes" : "no";
}

static const struct table_names have_names = { have_name, FACTS_YES + 1 };
static const struct table_names yes_names = { yes_name, 2 };

#define FACT(type, member, json, word, rules, ...) \
	TABLE_MEMBER(struct type, member, json, word, TABLE_DASH | (rules), __VA_ARGS__)
#define SYSTEM(...) FACT(system_facts, __VA_ARGS__)
#define DEVICE(...) FACT(device_facts, __VA_ARGS__)
/* Guards build on these: a key that is missing or cut is not "no". */
#define WHOLE (TABLE_OPTIONAL | TABLE_NEEDED | TABLE_EXACT)

const struct table_member system_facts_members[] = {
	SYSTEM(kernel, "kernel", "kernel", TABLE_OPTIONAL),
	SYSTEM(arch, "arch", "arch", TABLE_OPTIONAL),
	SYSTEM(cpus, "cpus", "cpus", TABLE_NEEDED),
	SYSTEM(vfio, "vfio", "vfio", TABLE_LENIENT, .names = &have_names),
	SYSTEM(iommufd, "iommufd", "iommufd", TABLE_LENIENT, .names = &have_names),
	SYSTEM(iommu, "iommu", "iommu", TABLE_LENIENT, .names = &yes_names),
	SYSTEM(cmdline_iommu, "cmdline", "cmdline_iommu", TABLE_OPTIONAL),
	SYSTEM(qemu, "qemu", "qemu", TABLE_OPTIONAL),
	SYSTEM(autoprobe, NULL, "autoprobe", 0),
	SYSTEM(expedited, NULL, "expedited", 0),
	SYSTEM(devkmsg, NULL, "devkmsg", 0),
	SYSTEM(peer, "peer", "peer", TABLE_OPTIONAL),
	SYSTEM(hint, "hint", "hint", TABLE_OPTIONAL),
	{ 0 },
};

/* Without a lenient one the device can do less, which harms nothing. */
const struct table_member device_facts_members[] = {
	DEVICE(bdf, "bdf", "bdf", WHOLE),
	DEVICE(id, "id", "id", TABLE_OPTIONAL),
	DEVICE(class, NULL, "class", TABLE_NEEDED),
	DEVICE(driver, "driver", "driver", WHOLE),
	DEVICE(override, "override", "override", TABLE_OPTIONAL),
	DEVICE(group, "group", "group", WHOLE),
	DEVICE(domain_type, "domain_type", "domain_type", TABLE_OPTIONAL),
	DEVICE(iommu, "iommu", "iommu", TABLE_OPTIONAL),
	DEVICE(slot, "slot", "slot", TABLE_OPTIONAL),
	DEVICE(can_remove, NULL, "removable", TABLE_LENIENT),
	DEVICE(can_rescan, NULL, "rescan", TABLE_LENIENT),
	DEVICE(can_reset, NULL, "reset", TABLE_LENIENT),
	DEVICE(can_reset_subordinate, NULL, "reset_subordinate", TABLE_LENIENT),
	DEVICE(is_bridge, NULL, "bridge", TABLE_NEEDED),
	DEVICE(autoprobe, NULL, "autoprobe", TABLE_LENIENT),
	DEVICE(parent, "parent", "parent", WHOLE),
	DEVICE(sriov_total, "sriov_total", "sriov_total", TABLE_NEEDED),
	DEVICE(sriov_num, "sriov_num", "sriov_num", TABLE_NEEDED),
	DEVICE(physfn, "physfn", "physfn", WHOLE),
	DEVICE(net, NULL, "net", 0),
	DEVICE(mac, NULL, "mac", TABLE_OPTIONAL),
	DEVICE(block, NULL, "block", 0),
	DEVICE(cdev, NULL, "cdev", 0),
	DEVICE(vfio_open, NULL, "vfio_open", WHOLE),
	{ 0 },
};

static const struct table_member use_members[] = {
	FACT(use_fact, bdf, NULL, "bdf", WHOLE), FACT(use_fact, why, NULL, "why", 0),
	FACT(use_fact, what, NULL, "what", 0),   FACT(use_fact, at, NULL, "at", 0),
	FACT(use_fact, via, NULL, "via", 0),     { 0 },
};

static const struct table_member unknown_members[] = {
	FACT(unknown_fact, bdf, NULL, "bdf", WHOLE),
	FACT(unknown_fact, rule, NULL, "rule", 0),
	FACT(unknown_fact, what, NULL, "what", 0),
	FACT(unknown_fact, why, NULL, "why", 0),
	{ 0 },
};

static int add_system(struct facts *facts, struct text line)
{
	struct system_facts system = { 0 };

	if (!table_parse(line, system_facts_members, &system))
		return -EBADMSG;
	facts->system = system;
	return 0;
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

bool facts_parse_bdf(const char *s, char ret[FACTS_BDF_MAX])
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
	memmove(ret + (full ? n : 5), bus, 8);
	memmove(ret, full ? s : "0000:", full ? n : 5);
	for (char *c = ret; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	return true;
}

/* Room for one more than n: twice as much whenever n is a power of two. */
static void *grow(void *list, size_t n, size_t size)
{
	return n & (n - 1) ? list : xrealloc(list, n ? 2 * n : 1, size);
}

static int add_device(struct facts *facts, struct text line)
{
	struct device_facts d = { 0 };
	struct text power;

	if (!table_parse(line, device_facts_members, &d) ||
	    !facts_parse_bdf(d.bdf, d.bdf) || facts_find(facts, d.bdf) >= 0)
		return -EBADMSG;
	d.slot_can_power = text_value(line, "slot_power", &power) &&
			   text_number(power, &(uint64_t){ 0 });
	facts->devices =
		grow(facts->devices, facts->n_devices, sizeof(facts->devices[0]));
	facts->devices[facts->n_devices++] = d;
	return 0;
}

static int add_use(struct facts *facts, struct text line)
{
	struct use_fact use = { 0 };

	if (!table_parse(line, use_members, &use) || !facts_parse_bdf(use.bdf, use.bdf))
		return -EBADMSG;
	facts->uses = grow(facts->uses, facts->n_uses, sizeof(facts->uses[0]));
	facts->uses[facts->n_uses++] = use;
	return 0;
}

static int add_unknown(struct facts *facts, struct text line)
{
	struct unknown_fact unknown = { 0 };

	if (!table_parse(line, unknown_members, &unknown) ||
	    (unknown.bdf[0] && !facts_parse_bdf(unknown.bdf, unknown.bdf)))
		return -EBADMSG;
	facts->unknowns =
		grow(facts->unknowns, facts->n_unknowns, sizeof(facts->unknowns[0]));
	facts->unknowns[facts->n_unknowns++] = unknown;
	return 0;
}

/* The end tells how many lines came before it: a console may have lost some. */
static int add_end(struct facts *facts, struct text line)
{
	struct text value;
	uint64_t lines;

	if (!text_value(line, "lines", &value) || !text_number(value, &lines) ||
	    lines != facts->n_lines || !facts->system.cpus)
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
	struct text why;

	line = text_trim(line);
	if (text_starts(line, TEXT("error="))) {
		if (!text_value(line, "why", &why) || text_equal(why, TEXT("-")))
			why = TEXT_NONE;
		text_clean(facts->error, sizeof(facts->error), why);
		return 0;
	}
	if (!text_starts(line, TEXT("fact=")))
		return 0;
	if (facts->damaged || facts->complete || facts->n_lines == FACTS_LINES_MAX ||
	    add_fact(facts, line) < 0) {
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
	if (facts_parse_bdf(word, bdf))
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
