// SPDX-License-Identifier: GPL-2.0-only
#include "geometry.h"

#define MARK_BITS_BYTES	sizeof_field(struct nm_mark_disk, bits)

#ifndef sizeof_field
#define sizeof_field(t, f)	sizeof(((t *)0)->f)
#endif

/* Zone bits come in groups of 64, each zone has its region bits. */
static u32 zones_in_block(u32 zone_regions)
{
	u32 zone_bytes = zone_regions / 8;
	u32 n = MARK_BITS_BYTES / zone_bytes;

	while (DIV_ROUND_UP(n, 64) * 8 + n * zone_bytes > MARK_BITS_BYTES)
		n--;
	return n;
}

int nm_geometry_init(struct nm_geometry *g, u64 data_sectors, u8 region_shift,
		     u8 zone_shift, const char **why)
{
	u64 regions, zones;

	if (region_shift < NM_REGION_SHIFT_MIN ||
	    region_shift > NM_REGION_SHIFT_MAX) {
		*why = "the region size must be a power of two from 4 KiB to 1 MiB";
		return -EINVAL;
	}
	if (zone_shift < region_shift + NM_ZONE_REGIONS_SHIFT_MIN ||
	    zone_shift > region_shift + NM_ZONE_REGIONS_SHIFT_MAX) {
		*why = "the zone size must be 64 to 8192 times the region size";
		return -EINVAL;
	}
	if (!data_sectors || data_sectors % NM_BLOCK_SECTORS ||
	    data_sectors > NM_MAX_DATA_SECTORS) {
		*why = "the size must be a multiple of 4 KiB, above 0 and at most 1 PiB";
		return -EINVAL;
	}
	regions = ((data_sectors - 1) >> region_shift) + 1;
	zones = ((data_sectors - 1) >> zone_shift) + 1;
	if (regions > NM_MAX_REGIONS) {
		*why = "too many regions: choose larger ones";
		return -EINVAL;
	}
	g->data_sectors = data_sectors;
	g->region_shift = region_shift;
	g->zone_shift = zone_shift;
	g->nr_regions = regions;
	g->nr_zones = zones;
	g->zone_regions = 1U << (zone_shift - region_shift);
	g->block_zones = zones_in_block(g->zone_regions);
	g->nr_mark_blocks = (g->nr_zones - 1) / g->block_zones + 1;
	return 0;
}

int nm_geometry_fit(struct nm_geometry *g, u64 leg_sectors, u64 want,
		    u8 region_shift, u8 zone_shift, bool external,
		    u64 *data_offset, u32 *max_mark_blocks, const char **why)
{
	u64 size = want ? want : leg_sectors;
	struct nm_geometry geo;
	u64 offset = 0;
	u32 blocks;
	int err;

	size -= size % NM_BLOCK_SECTORS;
	err = nm_geometry_init(&geo, size, region_shift, zone_shift, why);
	if (err)
		return err;

	/* Twice the marks of today, so that the mirror can grow in place. */
	blocks = 2 * geo.nr_mark_blocks;
	if (!external) {
		offset = round_up(nm_meta_sectors(blocks), NM_DATA_ALIGN);
		blocks = offset / NM_BLOCK_SECTORS - NM_FIRST_MARK_BLOCK;
		if (!want && size > offset)
			size -= offset;
	}
	if (leg_sectors < offset || leg_sectors - offset < size) {
		*why = "the leg is too small for the mirror and its metadata";
		return -ENOSPC;
	}
	err = nm_geometry_init(g, size, region_shift, zone_shift, why);
	if (err)
		return err;
	*data_offset = offset;
	*max_mark_blocks = blocks;
	return 0;
}
