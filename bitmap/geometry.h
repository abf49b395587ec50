/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes that follow from the size of the mirror, its regions and its zones.
 * Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_GEOMETRY_H
#define NM_GEOMETRY_H

#include "nm_env.h"
#include <netmirror/disk.h>

struct nm_geometry {
	u64 data_sectors;
	u8 region_shift;	/* log2 of sectors */
	u8 zone_shift;
	u32 nr_regions;		/* the last one may be partial */
	u32 nr_zones;
	u32 zone_regions;	/* regions in a zone: 2^6 .. 2^13 */
	u32 block_zones;	/* zones in a mark block */
	u32 nr_mark_blocks;
};

/*
 * Fill @g.  Returns 0, or -EINVAL with a sentence in @why when a size is out
 * of bounds; @g is then not touched.
 */
int nm_geometry_init(struct nm_geometry *g, u64 data_sectors, u8 region_shift,
		     u8 zone_shift, const char **why);

/*
 * Divide a leg of @leg_sectors into metadata and data, or, with @external,
 * compute what a metadata device needs.  @want is the wished size of the
 * mirror in sectors, 0 for all that fits.  Fills @g, @data_offset (0 with
 * external metadata) and @max_mark_blocks, which leaves room to grow.
 * Returns 0, -EINVAL or -ENOSPC with a sentence in @why.
 */
int nm_geometry_fit(struct nm_geometry *g, u64 leg_sectors, u64 want,
		    u8 region_shift, u8 zone_shift, bool external,
		    u64 *data_offset, u32 *max_mark_blocks, const char **why);

/* Sectors of a metadata area with room for @max_mark_blocks. */
static inline u64 nm_meta_sectors(u32 max_mark_blocks)
{
	return ((u64)NM_FIRST_MARK_BLOCK + max_mark_blocks) * NM_BLOCK_SECTORS;
}

static inline u32 nm_region_of(const struct nm_geometry *g, u64 sector)
{
	return sector >> g->region_shift;
}

static inline u32 nm_zone_of(const struct nm_geometry *g, u64 sector)
{
	return sector >> g->zone_shift;
}

/* Sectors in @region; fewer in the last one. */
static inline u32 nm_region_sectors(const struct nm_geometry *g, u32 region)
{
	u64 start = (u64)region << g->region_shift;

	return min_t(u64, 1U << g->region_shift, g->data_sectors - start);
}

#endif
