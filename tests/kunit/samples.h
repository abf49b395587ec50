/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metadata that the unit tests make in a program and the KUnit tests make in the
 * kernel: both must come to the same bytes, of which these are the checksums.
 */
#ifndef NM_SAMPLES_H
#define NM_SAMPLES_H

#include "marks.h"
#include "sb.h"

#define SAMPLE_SECTORS		(1 << 21)
#define SAMPLE_REGION_SHIFT	7
#define SAMPLE_ZONE_SHIFT	15

/* crc32c of the whole block */
#define SAMPLE_SB_CRC		0x146b72ecU
#define SAMPLE_MARKS_CRC	0xde57de37U

static inline void sample_sb(struct nm_sb *sb)
{
	int i;

	memset(sb, 0, sizeof(*sb));
	sb->seq = 0x1122334455667788;
	memcpy(sb->uuid, "the mirror's own", NM_UUID_LEN);
	sb->node_id = 1;
	sb->region_shift = SAMPLE_REGION_SHIFT;
	sb->zone_shift = SAMPLE_ZONE_SHIFT;
	sb->data_sectors = SAMPLE_SECTORS;
	sb->data_offset = 2048;
	sb->nr_mark_blocks = 1;
	sb->max_mark_blocks = 254;
	sb->flags = NM_SBF_CONSISTENT | NM_SBF_PEER_HAS_GEN;
	sb->alone_since = 0x99aabbccddeeff11;
	sb->meetings = 0x2233445566778899;
	sb->gens.nr = 3;
	sb->gens.covered = 1;
	for (i = 0; i < 3; i++)
		memset(sb->gens.id[i], 'C' - i, NM_GEN_LEN);
}

/*
 * A few dirty regions, one unflushed one and an active zone in @m, which has cold
 * zones only; and the block that is written for them.
 */
static inline void sample_marks(struct nm_marks *m, struct nm_mark_disk *disk)
{
	u32 zone, nr;

	nm_marks_set_dirty(m, 0, 0);
	nm_marks_set_dirty(m, 63, 65);
	nm_marks_set_dirty(m, m->geo.nr_regions - 1, m->geo.nr_regions - 1);
	nm_marks_write_begin(m, 5);
	nm_marks_activated(m, 5);
	nm_marks_write_begin(m, 5);
	nm_marks_write_end(m, 5 * m->geo.zone_regions + 33,
			   5 * m->geo.zone_regions + 34, true);
	nm_mark_block_begin(&m->geo, disk, (const u8 *)"the mirror's own", 0);
	nm_mark_block_zones(&m->geo, 0, &nr);
	for (zone = 0; zone < nr; zone++)
		nm_mark_block_add(m, disk, zone);
	nm_mark_block_seal(disk, 0x1122334455667788);
}

#endif
