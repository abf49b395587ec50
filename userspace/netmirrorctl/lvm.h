/* SPDX-License-Identifier: GPL-2.0-only */
/* LVM above and below a mirror.  Its programs are run; nothing is linked. */
#ifndef NM_LVM_H
#define NM_LVM_H

#include "config.h"

#define NM_VG_MAX	128	/* LVM's limit is 127 */

/* LVs that were made for a leg have it. */
#define NM_LVM_TAG	"netmirror"

#define NM_LVM_MOVE_ARGS	8

/*
 * The volume group that has active LVs right on the device @dev; "" if there
 * is none.  If there are several, one of them.
 */
void nm_lvm_group_on(dev_t dev, char group[NM_VG_MAX]);

/* The group that the device itself is an LV of; "" if it is none. */
void nm_lvm_group_of(dev_t dev, char group[NM_VG_MAX]);

/*
 * Is there anything on @dev that is neither an LV nor the device-mapper device
 * @except?  Its name is put in @name.
 */
bool nm_lvm_has_strangers(dev_t dev, const char *except, char *name,
			  size_t size);

/*
 * The group of the PV @device, whatever the filters of LVM say; "" for a PV
 * without one.  Returns an enum nm_exit after a message.
 */
int nm_lvm_group_of_pv(const char *doing, const char *device,
		       char group[NM_VG_MAX]);

/* Does LVM, as it is configured, take @device for a PV? */
bool nm_lvm_sees(const char *device);

/*
 * The arguments by which the active LVs of @group go from the PV @from to the
 * same PV seen as @to, whatever the filters say; to be freed by
 * nm_lvm_args_free().  Returns an enum nm_exit after a message.
 */
int nm_lvm_move_args(const char *doing, const char *group, const char *from,
		     const char *to, const char *argv[NM_LVM_MOVE_ARGS]);
void nm_lvm_args_free(const char *argv[NM_LVM_MOVE_ARGS]);

/* How to stop using @dev, for a message: "stop that first", or a command. */
void nm_lvm_way_out(dev_t dev, char *advice, size_t size);

/*
 * Deactivate all groups on @dev; LVM refuses while an LV is in use.  Returns
 * an enum nm_exit after a message.
 */
int nm_lvm_deactivate(const char *doing, dev_t dev);

#endif
