// SPDX-License-Identifier: GPL-2.0-only
/* The mark blocks on disk: see struct nm_mark_disk. */
#include "marks.h"

/* Where the region bits of the nth zone of a block start. */
static u32 zone_bytes_at(const struct nm_geometry *g, u32 nth)
{
	return DIV_ROUND_UP(g->block_zones, 64) * 8 +
	       nth * (g->zone_regions / 8);
}

u32 nm_mark_block_zones(const struct nm_geometry *g, u32 index, u32 *nr)
{
	u32 first = index * g->block_zones;

	*nr = min(g->block_zones, g->nr_zones - first);
	return first;
}

static u32 mark_crc(const struct nm_mark_disk *disk)
{
	static const __le32 zero;
	u32 crc;

	crc = crc32c(~0U, disk, offsetof(struct nm_mark_disk, crc));
	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, disk->uuid,
		      NM_BLOCK_SIZE - offsetof(struct nm_mark_disk, uuid));
}

void nm_mark_block_begin(const struct nm_geometry *g, struct nm_mark_disk *disk,
			 const u8 *uuid, u32 index)
{
	u32 nr;

	nm_mark_block_zones(g, index, &nr);
	memset(disk, 0, sizeof(*disk));
	disk->magic = cpu_to_le32(NM_MARK_MAGIC);
	memcpy(disk->uuid, uuid, NM_UUID_LEN);
	disk->index = cpu_to_le32(index);
	disk->nr_zones = cpu_to_le32(nr);
}

void nm_mark_block_add(const struct nm_marks *m, struct nm_mark_disk *disk,
		       u32 zone)
{
	const struct nm_geometry *g = &m->geo;
	u32 nth = zone % g->block_zones;
	u8 *to = disk->bits + zone_bytes_at(g, nth);
	size_t word = (size_t)zone * g->zone_regions / BITS_PER_LONG;
	u32 i, byte;

	if (m->zones[zone].state != NM_ZONE_COLD)
		disk->bits[nth / 8] |= 1U << nth % 8;
	for (i = 0; i < g->zone_regions / BITS_PER_LONG; i++, word++) {
		unsigned long v = m->dirty[word] | m->unflushed[word] |
				  m->flushing[word];

		for (byte = 0; byte < sizeof(v); byte++)
			*to++ = v >> 8 * byte;
	}
}

void nm_mark_block_seal(struct nm_mark_disk *disk, u64 seq)
{
	disk->seq = cpu_to_le64(seq);
	disk->crc = cpu_to_le32(mark_crc(disk));
}

int nm_mark_block_check(const struct nm_geometry *g,
			const struct nm_mark_disk *disk, const u8 *uuid,
			u32 index, const char **why)
{
	u32 nr;

	nm_mark_block_zones(g, index, &nr);
	if (le32_to_cpu(disk->magic) != NM_MARK_MAGIC)
		*why = "no mark block";
	else if (le32_to_cpu(disk->crc) != mark_crc(disk))
		*why = "the checksum of the mark block is wrong";
	else if (memcmp(disk->uuid, uuid, NM_UUID_LEN))
		*why = "the mark block belongs to another mirror";
	else if (le32_to_cpu(disk->index) != index)
		*why = "the mark block belongs elsewhere";
	else if (le32_to_cpu(disk->nr_zones) != nr)
		*why = "the mark block is of another size";
	else if (memchr_inv(disk->pad, 0, sizeof(disk->pad)))
		*why = "a reserved field of the mark block is set";
	else
		return 0;
	return -EINVAL;
}

bool nm_mark_block_zone_active(const struct nm_mark_disk *disk, u32 nth)
{
	return disk->bits[nth / 8] >> nth % 8 & 1;
}

static bool region_marked(const struct nm_geometry *g,
			  const struct nm_mark_disk *disk, u32 nth, u32 i)
{
	return disk->bits[zone_bytes_at(g, nth) + i / 8] >> i % 8 & 1;
}

u32 nm_mark_block_zone_regions(const struct nm_geometry *g,
			       const struct nm_mark_disk *disk, u32 nth)
{
	u32 i, nr = 0;

	for (i = 0; i < g->zone_regions; i++)
		nr += region_marked(g, disk, nth, i);
	return nr;
}

unsigned int nm_mark_block_load(struct nm_marks *m,
				const struct nm_mark_disk *disk, u32 index)
{
	const struct nm_geometry *g = &m->geo;
	unsigned int nr = 0;
	u32 first, nr_zones, nth, i;

	first = nm_mark_block_zones(g, index, &nr_zones);
	for (nth = 0; nth < nr_zones; nth++) {
		u32 region = (first + nth) * g->zone_regions;
		u32 end = min(g->zone_regions, g->nr_regions - region);
		bool all = !disk || nm_mark_block_zone_active(disk, nth);

		for (i = 0; i < end; i++)
			if (all || region_marked(g, disk, nth, i))
				nr += nm_marks_set_dirty(m, region + i,
							 region + i);
	}
	return nr;
}
