/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The superblock in memory, and its codec.
 *
 * Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_SB_H
#define NM_SB_H

#include "gens.h"
#include "geometry.h"

struct nm_sb {
	u64 seq;
	u8 uuid[NM_UUID_LEN];
	u8 node_id;
	u8 region_shift;
	u8 zone_shift;
	u64 data_sectors;
	u64 data_offset;
	u32 nr_mark_blocks;
	u32 max_mark_blocks;
	u32 flags;		/* NM_SBF_* */
	u64 alone_since;	/* seconds since 1970 */
	u64 meetings;
	struct nm_gens gens;
};

/* Fill a whole block, checksum included. */
void nm_sb_encode(const struct nm_sb *sb, struct nm_sb_disk *disk);

/*
 * Check a block and take it over into @sb.  Returns 0, or with a sentence in
 * @why and @sb not touched
 *   -ENODATA	no netmirror superblock (the magic is missing)
 *   -EILSEQ	the checksum is wrong: torn or corrupt
 *   -EPROTONOSUPPORT  a version or an incompatible feature not known here
 *   -EUCLEAN	the checksum is right but a field makes no sense
 */
int nm_sb_decode(const struct nm_sb_disk *disk, struct nm_sb *sb,
		 const char **why);

/*
 * Choose between the copies as they were read; a copy that could not be read
 * is NULL.  Takes the newest valid one.  Returns 0 with *@stale set when the
 * other copy should be rewritten, or the error of nm_sb_decode() that tells
 * most, -EIO for a copy that could not be read: a copy that is torn is reported
 * before one that is missing.  Two valid copies of different mirrors are
 * refused with -EUCLEAN.  When either copy is of a version or with a feature
 * not known here, that is reported, however good the other one is.
 */
int nm_sb_choose(const struct nm_sb_disk *a, const struct nm_sb_disk *b,
		 struct nm_sb *sb, bool *stale, const char **why);

/*
 * Change @sb for a mirror of @data_sectors, which may only be more than now.
 * Returns 0, or -EINVAL with a sentence in @why and @sb not touched.  The new
 * sectors must be marked before the superblock is written: see
 * nm_sb_grown_region().
 */
int nm_sb_grow(struct nm_sb *sb, u64 data_sectors, const char **why);

/* The first region of a grown mirror that the old one did not have whole. */
u64 nm_sb_grown_region(const struct nm_sb *old);

#endif
