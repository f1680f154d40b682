/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices behind an IOMMU, as the console named them: "0000:04:05.1: Adding to iommu
 * group 5" (drivers/iommu/iommu.c). Fault records have a stream or endpoint id, which most
 * firmware makes the requester ID: bus, device and function.
 */
#pragma once

#include "classify/finding.h"

#define TOPOLOGY_MAX 256

struct topology {
	size_t n; /* what does not fit is not known */
	struct {
		uint32_t segment;
		uint16_t requester;
		uint16_t group;
	} devices[TOPOLOGY_MAX];
};

/* device: "0000:04:05.1", maybe with a colon behind it; others are no PCI device. */
void topology_add(struct topology *topology, struct text device, unsigned int group);
/*
 * Adds the field "requester" to a fault whose stream id is the requester ID of exactly one
 * known device.
 */
void topology_name(const struct topology *topology, struct finding *finding);
