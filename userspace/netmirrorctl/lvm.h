/* SPDX-License-Identifier: GPL-2.0-only */
/* LVM above and below a mirror.  Its programs are run; nothing is linked. */
#ifndef NM_LVM_H
#define NM_LVM_H

#include "config.h"

#define NM_VG_MAX	128	/* LVM's limit is 127 */

/* LVs that were made for a leg have it. */
#define NM_LVM_TAG	"netmirror"

/*
 * The volume group that has active LVs right on the device @dev; "" if there
 * is none.  If there are several, one of them.
 */
void nm_lvm_group_on(dev_t dev, char group[NM_VG_MAX]);

/* How to stop using @dev, for a message: "stop that first", or a command. */
void nm_lvm_way_out(dev_t dev, char *advice, size_t size);

/*
 * Deactivate all groups on @dev; LVM refuses while an LV is in use.  Returns
 * an enum nm_exit after a message.
 */
int nm_lvm_deactivate(const char *doing, dev_t dev);

#endif
