/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of PCI devices, from the pci.ids of this machine. */
#pragma once

#include "device/facts.h"

struct names;

/* Never NULL; without pci.ids there are numbers instead of names. */
struct names *names_new(void);
void names_free(struct names *names);
/* "Intel Corporation 82574L Gigabit Network Connection"; caller frees. */
char *names_of_device(struct names *names, const struct device_facts *device);
/* "Ethernet controller"; caller frees. */
char *names_of_class(struct names *names, const struct device_facts *device);
