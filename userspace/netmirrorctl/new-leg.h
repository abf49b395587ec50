/* SPDX-License-Identifier: GPL-2.0-only */
/* Making a leg of this node: its devices, its superblock, its metadata. */
#ifndef NM_NEW_LEG_H
#define NM_NEW_LEG_H

#include "config.h"
#include "metadata.h"

struct nm_new_leg {
	const struct nm_config *config;
	const char *doing;		/* "cannot create r0", for messages */
	bool in_use;			/* the leg, by who stays on it */
	struct nm_leg leg;
	struct nm_leg meta_dev;		/* closed with internal metadata */
	const struct nm_leg *meta;	/* where the metadata go */
	struct nm_sb sb;
};

void nm_new_leg_init(struct nm_new_leg *n, const struct nm_config *c,
		     const char *doing);

/*
 * Open the devices that the configuration names, for this process alone (a leg
 * in use is only looked at, and needs metadata on a device of their own), and
 * refuse those that hold something.  @stays: the content of the leg is to be
 * kept; @force: nothing needs to be.  Returns an enum nm_exit after a message.
 */
int nm_new_leg_open(struct nm_new_leg *n, bool stays, bool force);

/*
 * Fill the superblock of a leg without data.  Without @whole the mirror may
 * become as small as the leg; otherwise it has the size of the configuration.
 * Returns an enum nm_exit after a message.
 */
int nm_new_leg_fit(struct nm_new_leg *n, bool whole);

/*
 * Write the metadata; with @force what is there is wiped first, that on the leg
 * unless its content @stays.  Returns 0 or -errno after a message.
 */
int nm_new_leg_write(const struct nm_new_leg *n, bool stays, bool force);

void nm_new_leg_close(struct nm_new_leg *n);

#endif
