/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network device of a virtual board, as QEMU's -device wants it. Pure. */
#pragma once

#include "base/mem.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* The value of a property in "device,name=value,..."; false when it is not there. */
bool nic_property(const char *nic, const char *name, struct text *ret);

/* Six octets in hexadecimal between colons or dashes; -EINVAL: *ret untouched. */
int nic_parse_mac(struct text s, uint8_t ret[6]) _must_check_;

/*
 * Checks "device,name=value,..." and finds its MAC address; without one, the board's
 * default is added. 0, or -EINVAL with *ret_why (static text) saying what is wrong. Caller
 * frees *ret_nic.
 */
int nic_parse(const char *nic, char **ret_nic, uint8_t ret_mac[6],
	      const char **ret_why) _must_check_;

/* Would its driver do DMA past the IOMMU? */
bool nic_bypasses_iommu(const char *nic);

/*
 * With what the board's wiring adds: the network, the slot (struct board's plug), and no
 * boot ROM (nothing boots from the network, and firmware would take a second to find that
 * out). What nic says itself is kept. Caller frees.
 */
char *nic_device(const char *nic, const char *plug);
