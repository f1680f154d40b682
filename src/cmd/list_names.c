// SPDX-License-Identifier: GPL-2.0-or-later
#include "list_names.h"
#include "base/log.h"

#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 256

struct names {
	struct pci_access *access;
};

__attribute__((noreturn)) static void die(char *message, ...)
{
	log_error("libpci: %s", message);
	exit(3);
}

static void ignore(char *message, ...)
{
	(void)message;
}

/*
 * Without pci_init: it would look for a way to the devices of this machine, and end the
 * program when there is none. Names need a file only.
 */
struct names *names_new(void)
{
	struct names *names = xcalloc(1, sizeof(*names));

	names->access = pci_alloc();
	names->access->error = die;
	names->access->warning = ignore;
	names->access->debug = ignore;
	return names;
}

void names_free(struct names *names)
{
	pci_free_name_list(names->access);
	pci_cleanup(names->access);
	free(names);
}

/* The file is a user's, too: bytes from it are not trusted more than others. */
static char *clean(const char *name)
{
	size_t room = 3 * strlen(name) + 1;
	char *buffer = xcalloc(room, 1);

	text_clean(buffer, room, text_of(name));
	return buffer;
}

char *names_of_device(struct names *names, const struct device_facts *device)
{
	unsigned int vendor = 0, id = 0;
	char buffer[NAME_MAX_BYTES];
	const char *name;

	if (sscanf(device->id, "%4x:%4x", &vendor, &id) != 2)
		return xstrdup("unknown device");
	name = pci_lookup_name(names->access, buffer, sizeof(buffer),
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE, (int)vendor,
			       (int)id);
	return clean(name ? name : device->id);
}

char *names_of_class(struct names *names, const struct device_facts *device)
{
	char buffer[NAME_MAX_BYTES];
	const char *name = pci_lookup_name(names->access, buffer, sizeof(buffer),
					   PCI_LOOKUP_CLASS, (int)(device->class >> 8));

	return clean(name ? name : "");
}
