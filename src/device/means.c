// SPDX-License-Identifier: GPL-2.0-or-later
#include "device/means.h"
#include "device/guard.h"

/* -- holders ----------------------------------------------------------------------------- */

static char *lacks_nothing(const struct facts *facts, const struct device_facts *device)
{
	(void)facts;
	(void)device;
	return NULL;
}

static char *lacks_vfio(const struct facts *facts, const struct device_facts *device)
{
	if (device->is_bridge)
		return xstrdup("VFIO takes no bridges");
	if (facts->system.vfio == FACTS_NO)
		return xstrdup("no VFIO: CONFIG_VFIO_PCI");
	/* Where firmware tells of IOMMUs, as on arm64, a group comes with the first driver. */
	if (!device->group[0] && (device->driver[0] || !facts->system.iommu))
		return xstrdup(facts->system.iommu ? "it is in no IOMMU group" :
						     "IOMMU off or missing");
	return NULL;
}

static char *lacks_iommufd(const struct facts *facts, const struct device_facts *device)
{
	if (facts->system.iommufd == FACTS_NO)
		return xstrdup("no iommufd: CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV");
	return lacks_vfio(facts, device);
}

static char *lacks_qemu(const struct facts *facts, const struct device_facts *device)
{
	if (!facts->system.qemu[0])
		return xstrdup("no QEMU on the target");
	return lacks_vfio(facts, device);
}

static char *lacks_qemu_iommufd(const struct facts *facts,
				const struct device_facts *device)
{
	char *lacks = lacks_qemu(facts, device);

	return lacks ? lacks : lacks_iommufd(facts, device);
}

const struct means means_holders[] = {
	{ "group", "container and group, with the request eventfd", GUARD_REACH_GROUP,
	  false, lacks_vfio },
	{ "group-noreq", "the same without the request eventfd", GUARD_REACH_GROUP, false,
	  lacks_vfio },
	{ "iommufd", "character device, bound to iommufd and attached", GUARD_REACH_GROUP,
	  false, lacks_iommufd },
	{ "device", "file of the device alone", GUARD_REACH_GROUP, false, lacks_vfio },
	{ "qemu", "a guest with -device vfio-pci", GUARD_REACH_GROUP, false, lacks_qemu },
	{ "qemu-iommufd", "the same with iommufd", GUARD_REACH_GROUP, false,
	  lacks_qemu_iommufd },
	{ "none", "nobody", 0, false, lacks_nothing },
	{ 0 },
};

/* -- methods ----------------------------------------------------------------------------- */

static char *lacks_remove(const struct facts *facts, const struct device_facts *device)
{
	(void)facts;
	if (device->physfn[0])
		return xstrdup("a VF, which no rescan brings back: take sriov");
	if (!device->can_remove)
		return xstrdup("no sysfs file remove");
	return device->can_rescan ? NULL : xstrdup("no rescan that brings it back");
}

static char *lacks_unbind(const struct facts *facts, const struct device_facts *device)
{
	/* For a holder it gets vfio-pci. */
	_cleanup_free_ char *lacks = lacks_vfio(facts, device);

	return device->driver[0] || !lacks ? NULL : xstrdup("no driver is bound");
}

static char *lacks_power(const struct facts *facts, const struct device_facts *device)
{
	(void)facts;
	if (!device->slot[0])
		return xstrdup("in no hotplug slot");
	if (device->slot_can_power)
		return NULL;
	return xasprintf("slot %s cannot switch power", device->slot);
}

static char *lacks_sriov(const struct facts *facts, const struct device_facts *device)
{
	(void)facts;
	if (device->physfn[0])
		return NULL;
	if (device->sriov_total)
		return xstrdup("a PF: its VFs can go, and there are such after a number "
			       "was written to its sriov_numvfs");
	return xstrdup("no VF");
}

static char *lacks_reset(const struct facts *facts, const struct device_facts *device)
{
	(void)facts;
	return device->can_reset ? NULL : xstrdup("the kernel knows no way to reset it");
}

static char *lacks_reset_subordinate(const struct facts *facts,
				     const struct device_facts *device)
{
	ptrdiff_t parent = facts_find(facts, device->parent);

	if (parent < 0)
		return xstrdup("behind no bridge");
	if (facts->devices[parent].can_reset_subordinate)
		return NULL;
	return xasprintf("bridge %s has no sysfs file reset_subordinate", device->parent);
}

static char *lacks_outside(const struct facts *facts, const struct device_facts *device)
{
	(void)facts;
	(void)device;
	return xstrdup("only of virtual boards");
}

const struct means means_methods[] = {
	{ "remove", "sysfs remove, and a rescan of the bus", 0, true, lacks_remove },
	{ "unbind", "its driver is unbound, and bound again", 0, false, lacks_unbind },
	{ "power", "the power of its slot, off and on", GUARD_REACH_SLOT, true,
	  lacks_power },
	{ "sriov", "sriov_numvfs of its PF, 0 and back", GUARD_REACH_VFS, true,
	  lacks_sriov },
	{ "reset", "sysfs reset", 0, false, lacks_reset },
	{ "reset_subordinate", "reset of the bus behind its bridge", GUARD_REACH_BUS,
	  false, lacks_reset_subordinate },
	{ "qmp", "QEMU's device_del and device_add", 0, true, lacks_outside },
	{ 0 },
};

const struct means *means_find(const struct means *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}
