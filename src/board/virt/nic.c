// SPDX-License-Identifier: GPL-2.0-or-later
#include "nic.h"

#include "board/board.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The next "name=value" of *rest, which moves behind it; QEMU's ",," is not supported. */
static struct text next_part(struct text *rest)
{
	ptrdiff_t comma = text_find(*rest, TEXT(","), 0);
	struct text part = { rest->s, comma < 0 ? rest->n : (size_t)comma };

	*rest = text_from(*rest, part.n + 1);
	return part;
}

bool nic_property(const char *nic, const char *name, struct text *ret)
{
	struct text rest = text_of(nic), key = text_of(name);

	next_part(&rest);
	while (rest.n) {
		struct text part = next_part(&rest);

		if (text_starts(part, key) && part.n > key.n && part.s[key.n] == '=') {
			*ret = text_from(part, key.n + 1);
			return true;
		}
	}
	return false;
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9'                   ? c - '0' :
	       (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 :
							-1;
}

int nic_parse_mac(struct text s, uint8_t ret[6])
{
	uint8_t mac[6];

	if (s.n != 17)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++) {
		int high = hex_value(s.s[3 * i]), low = hex_value(s.s[3 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		if (i < 5 && s.s[3 * i + 2] != ':' && s.s[3 * i + 2] != '-')
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

int nic_parse(const char *nic, char **ret_nic, uint8_t ret_mac[6], const char **ret_why)
{
	struct text rest = text_of(nic), device = next_part(&rest), value;
	uint8_t mac[6];
	bool has_mac = nic_property(nic, "mac", &value);

	if (!device.n || text_has(device, TEXT("=")) || text_has(device, TEXT(" "))) {
		*ret_why = "it must begin with the name of a QEMU network device";
		return -EINVAL;
	}
	if (nic_property(nic, "netdev", &(struct text){ 0 })) {
		*ret_why = "netdev= is the board's own";
		return -EINVAL;
	}
	if (!has_mac)
		value = TEXT(BOARD_NET_TARGET_MAC);
	if (nic_parse_mac(value, mac) < 0 || mac[0] & 1) {
		*ret_why =
			"mac= is no address of one device, such as " BOARD_NET_TARGET_MAC;
		return -EINVAL;
	}
	memcpy(ret_mac, mac, sizeof(mac));
	*ret_nic = xasprintf("%s%s", nic, has_mac ? "" : ",mac=" BOARD_NET_TARGET_MAC);
	return 0;
}

bool nic_bypasses_iommu(const char *nic)
{
	struct text value;

	return text_starts(text_of(nic), TEXT("virtio-net")) &&
	       !(nic_property(nic, "iommu_platform", &value) &&
		 (text_equal(value, TEXT("on")) || text_equal(value, TEXT("true"))));
}

char *nic_device(const char *nic, const char *plug)
{
	_cleanup_free_ char *name = xstrndup(plug, strcspn(plug, "="));
	struct text ignored;
	bool plugged = nic_property(nic, name, &ignored);

	return xasprintf("%s,netdev=n0%s%s%s", nic, plugged ? "" : ",",
			 plugged ? "" : plug,
			 nic_property(nic, "romfile", &ignored) ? "" : ",romfile=");
}
