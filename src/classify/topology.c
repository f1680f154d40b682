// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology.h"

#include "classify/fault/family.h"

/* Fields that hold an id which may be a requester ID. */
static const char *const id_fields[] = { "stream-id", "endpoint", "device-id" };

/* So many hexadecimal digits and the byte behind them. */
static bool take_hex(struct text *t, size_t digits, char end, uint32_t *ret)
{
	*ret = 0;
	if (t->n < digits + (end != '\0'))
		return false;
	for (size_t i = 0; i < digits; i++) {
		char c = t->s[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		*ret = *ret * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	if (end && t->s[digits] != end)
		return false;
	*t = text_from(*t, digits + (end != '\0'));
	return true;
}

void topology_add(struct topology *topology, struct text device, unsigned int group)
{
	uint32_t segment, bus, slot, function;
	uint16_t requester;

	if (topology->n == TOPOLOGY_MAX || !take_hex(&device, 4, ':', &segment) ||
	    !take_hex(&device, 2, ':', &bus) || !take_hex(&device, 2, '.', &slot) ||
	    !take_hex(&device, 1, '\0', &function))
		return;
	requester = (uint16_t)(bus << 8 | (slot & 31) << 3 | (function & 7));
	for (size_t i = 0; i < topology->n; i++)
		if (topology->devices[i].segment == segment &&
		    topology->devices[i].requester == requester)
			return;
	topology->devices[topology->n].segment = segment;
	topology->devices[topology->n].requester = requester;
	topology->devices[topology->n++].group = (uint16_t)group;
}

void topology_name(const struct topology *topology, struct finding *f)
{
	const char *value = NULL;
	size_t found = 0, n = 0;
	uint64_t id;

	for (size_t i = 0; i < ARRAY_SIZE(id_fields) && !value; i++)
		value = fault_field(f, id_fields[i]);
	if (!value || fault_field(f, "requester"))
		return;
	id = pattern_number(text_of(value), strncmp(value, "0x", 2) ? 10 : 16);
	for (size_t i = 0; i < topology->n; i++)
		if (topology->devices[i].requester == id) {
			found = i;
			n++;
		}
	if (n != 1)
		return;
	fault_add(f, "requester",
		  "%04x:%02x:%02x.%x of group %u, if ids of streams are requester IDs",
		  topology->devices[found].segment, (unsigned int)(id >> 8),
		  (unsigned int)(id >> 3 & 31), (unsigned int)(id & 7),
		  (unsigned int)topology->devices[found].group);
}
