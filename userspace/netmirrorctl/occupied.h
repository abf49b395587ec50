/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_OCCUPIED_H
#define NM_OCCUPIED_H

#include "config.h"
#include "leg.h"

/*
 * Refuse a device that holds something: a foreign signature (unless
 * @content_stays) or a superblock of a mirror.  With @force only a failure to
 * look is refused.  Returns an enum nm_exit after a message, which begins with
 * @doing.
 */
int nm_check_unoccupied(const struct nm_config *c, const struct nm_leg *leg,
			const char *doing, bool content_stays, bool force);

/* Name of the mirror with that uuid by the configurations here; "" if none. */
void nm_mirror_name_of(const u8 *uuid, char name[NM_NAME_MAX + 1]);

#endif
