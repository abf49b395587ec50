/* SPDX-License-Identifier: GPL-2.0-only */
/* The metadata area of a leg: read it, make it. */
#ifndef NM_METADATA_H
#define NM_METADATA_H

#include <sb.h>

#include "leg.h"

/* NM_SBF_*, by number of the bit. */
#define NM_NR_FLAGS	6
extern const char *const nm_flag_names[NM_NR_FLAGS];

/* Both superblock copies as they are on a device, and what to make of them. */
struct nm_metadata {
	struct {
		struct nm_sb_disk disk;
		int err;		/* of reading or decoding this copy */
		const char *why;
		struct nm_sb sb;	/* when err is 0 */
	} copy[NM_SB_COPIES];
	int err;		/* 0: sb holds; else as nm_sb_choose() returns */
	const char *why;
	struct nm_sb sb;
	bool stale;		/* one copy should be rewritten */
};

void nm_metadata_read(const struct nm_leg *leg, struct nm_metadata *md);

/* What the mark blocks of a mirror hold in sum. */
struct nm_mark_sum {
	u32 nr_blocks;
	u32 bad_blocks;		/* they read as all dirty */
	const char *why;	/* what is wrong with the last bad one */
	u32 active_zones;
	u64 dirty_regions;	/* those of active zones and bad blocks included */
	u64 max_seq;
};

void nm_metadata_sum_marks(const struct nm_leg *leg, const struct nm_sb *sb,
			   struct nm_mark_sum *sum);

/*
 * Make a new metadata area.  What was there before is invalid before anything
 * new is written, and the new superblock is the last thing written, so that a
 * crash leaves no mixture.  Reads back what it wrote.  Returns 0 or -errno.
 */
int nm_metadata_create(const struct nm_leg *leg, const struct nm_sb *sb);

#endif
