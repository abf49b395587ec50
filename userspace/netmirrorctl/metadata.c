// SPDX-License-Identifier: GPL-2.0-only
#include <marks.h>

#include "metadata.h"

const char *const nm_flag_names[NM_NR_FLAGS] = {
	"consistent", "outdated", "primary", "peer-has-gen", "external",
	"leg-failed",
};
static_assert(NM_SBF_ALL == BIT(NM_NR_FLAGS) - 1, "flags");

static u64 block_offset(u32 block)
{
	return (u64)block * NM_BLOCK_SIZE;
}

void nm_metadata_read(const struct nm_leg *leg, struct nm_metadata *md)
{
	const struct nm_sb_disk *readable[NM_SB_COPIES] = { NULL };
	int i;

	memset(md, 0, sizeof(*md));
	for (i = 0; i < NM_SB_COPIES; i++) {
		md->copy[i].err = nm_leg_read(leg, block_offset(i),
					      &md->copy[i].disk,
					      NM_BLOCK_SIZE);
		if (md->copy[i].err) {
			md->copy[i].why = "the block cannot be read";
			continue;
		}
		readable[i] = &md->copy[i].disk;
		md->copy[i].err = nm_sb_decode(&md->copy[i].disk,
					       &md->copy[i].sb,
					       &md->copy[i].why);
	}
	md->err = nm_sb_choose(readable[0], readable[1], &md->sb, &md->stale,
			       &md->why);
}

static void sum_block(const struct nm_geometry *geo,
		      const struct nm_mark_disk *disk, u32 index, bool bad,
		      struct nm_mark_sum *sum)
{
	u32 first, nr, nth;

	first = nm_mark_block_zones(geo, index, &nr);
	for (nth = 0; nth < nr; nth++) {
		u32 start = (first + nth) * geo->zone_regions;
		u32 all = min(geo->zone_regions, geo->nr_regions - start);

		if (bad) {
			sum->dirty_regions += all;
		} else if (nm_mark_block_zone_active(disk, nth)) {
			sum->active_zones++;
			sum->dirty_regions += all;
		} else {
			sum->dirty_regions +=
				nm_mark_block_zone_regions(geo, disk, nth);
		}
	}
}

void nm_metadata_sum_marks(const struct nm_leg *leg, const struct nm_sb *sb,
			   struct nm_mark_sum *sum)
{
	struct nm_geometry geo;
	struct nm_mark_disk disk;
	const char *why;
	u32 i;

	memset(sum, 0, sizeof(*sum));
	/* Cannot fail: the superblock has been checked. */
	if (nm_geometry_init(&geo, sb->data_sectors, sb->region_shift,
			     sb->zone_shift, &why))
		return;
	sum->nr_blocks = geo.nr_mark_blocks;
	for (i = 0; i < geo.nr_mark_blocks; i++) {
		bool bad = true;

		if (nm_leg_read(leg, block_offset(NM_FIRST_MARK_BLOCK + i),
				&disk, sizeof(disk)))
			sum->why = "a mark block cannot be read";
		else
			bad = nm_mark_block_check(&geo, &disk, sb->uuid, i,
						  &sum->why);
		sum->bad_blocks += bad;
		if (!bad)
			sum->max_seq = max(sum->max_seq,
					   (u64)le64_to_cpu(disk.seq));
		sum_block(&geo, &disk, i, bad, sum);
	}
}

/* Empty mark blocks, then zeroes up to the end of the area. */
static int write_marks(const struct nm_leg *leg, const struct nm_sb *sb,
		       const struct nm_geometry *geo)
{
	struct nm_mark_disk disk;
	int err = 0;
	u32 i;

	for (i = 0; !err && i < sb->max_mark_blocks; i++) {
		if (i < geo->nr_mark_blocks) {
			nm_mark_block_begin(geo, &disk, sb->uuid, i);
			nm_mark_block_seal(&disk, i + 1);
		} else {
			memset(&disk, 0, sizeof(disk));
		}
		err = nm_leg_write(leg, block_offset(NM_FIRST_MARK_BLOCK + i),
				   &disk, sizeof(disk));
	}
	return err;
}

static int write_copies(const struct nm_leg *leg, const struct nm_sb_disk *disk)
{
	int i, err = 0;

	for (i = 0; !err && i < NM_SB_COPIES; i++)
		err = nm_leg_write(leg, block_offset(i), disk, sizeof(*disk));
	return err ? err : nm_leg_sync(leg);
}

static int verify(const struct nm_leg *leg, const struct nm_sb_disk *written,
		  const struct nm_sb *sb)
{
	struct nm_metadata md;
	struct nm_mark_sum sum;
	int i;

	nm_metadata_read(leg, &md);
	if (md.err || md.stale)
		return -EIO;
	for (i = 0; i < NM_SB_COPIES; i++)
		if (memcmp(&md.copy[i].disk, written, sizeof(*written)))
			return -EIO;
	nm_metadata_sum_marks(leg, sb, &sum);
	return sum.bad_blocks || sum.dirty_regions ? -EIO : 0;
}

int nm_metadata_create(const struct nm_leg *leg, const struct nm_sb *sb)
{
	static const struct nm_sb_disk nothing;
	struct nm_geometry geo;
	struct nm_sb_disk disk;
	const char *why;
	int err;

	err = nm_geometry_init(&geo, sb->data_sectors, sb->region_shift,
			       sb->zone_shift, &why);
	if (!err)
		err = write_copies(leg, &nothing);
	if (!err)
		err = write_marks(leg, sb, &geo);
	if (!err)
		err = nm_leg_sync(leg);
	if (err)
		return err;
	nm_sb_encode(sb, &disk);
	err = write_copies(leg, &disk);
	return err ? err : verify(leg, &disk, sb);
}
