/* SPDX-License-Identifier: GPL-2.0-only */
/* Making a leg, for the commands that do more than that. */
#ifndef NM_CREATE_H
#define NM_CREATE_H

#include "netmirrorctl.h"

/*
 * As the command create.  With @leg_in_use the leg is only looked at, and may
 * have users; its metadata are on another device then.
 */
int nm_create(const struct nm_opts *o, bool leg_in_use);

#endif
