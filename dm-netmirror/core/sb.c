// SPDX-License-Identifier: GPL-2.0-only
#include "sb.h"

static u32 sb_crc(const struct nm_sb_disk *disk)
{
	static const __le32 zero;
	u32 crc;

	crc = crc32c(~0U, disk, offsetof(struct nm_sb_disk, crc));
	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, &disk->version,
		      NM_BLOCK_SIZE - offsetof(struct nm_sb_disk, version));
}

void nm_sb_encode(const struct nm_sb *sb, struct nm_sb_disk *disk)
{
	memset(disk, 0, sizeof(*disk));
	memcpy(disk->magic, NM_SB_MAGIC, sizeof(disk->magic));
	disk->version = cpu_to_le32(NM_SB_VERSION);
	disk->seq = cpu_to_le64(sb->seq);
	memcpy(disk->uuid, sb->uuid, NM_UUID_LEN);
	disk->node_id = sb->node_id;
	disk->region_shift = sb->region_shift;
	disk->zone_shift = sb->zone_shift;
	disk->nr_gens = sb->gens.nr;
	disk->nr_covered = sb->gens.covered;
	disk->data_sectors = cpu_to_le64(sb->data_sectors);
	disk->data_offset = cpu_to_le64(sb->data_offset);
	disk->nr_mark_blocks = cpu_to_le32(sb->nr_mark_blocks);
	disk->max_mark_blocks = cpu_to_le32(sb->max_mark_blocks);
	disk->flags = cpu_to_le32(sb->flags);
	disk->alone_since = cpu_to_le64(sb->alone_since);
	disk->meetings = cpu_to_le64(sb->meetings);
	memcpy(disk->gens, sb->gens.id, sb->gens.nr * NM_GEN_LEN);
	disk->crc = cpu_to_le32(sb_crc(disk));
}

/* Is the data where the flags say, clear of the metadata? */
static bool data_offset_fits(const struct nm_sb_disk *disk)
{
	u64 offset = le64_to_cpu(disk->data_offset);

	if (le32_to_cpu(disk->flags) & NM_SBF_EXTERNAL)
		return !offset;
	return offset % NM_DATA_ALIGN == 0 && offset <= NM_MAX_DATA_SECTORS &&
	       offset >= nm_meta_sectors(le32_to_cpu(disk->max_mark_blocks));
}

/* NULL, or what makes no sense in a superblock with the right checksum. */
static const char *sb_nonsense(const struct nm_sb_disk *disk)
{
	struct nm_geometry geo;
	const char *why;

	if (memchr_inv(disk->pad0, 0, sizeof(disk->pad0)) ||
	    memchr_inv(disk->pad1, 0, sizeof(disk->pad1)) ||
	    memchr_inv(disk->pad2, 0, sizeof(disk->pad2)) ||
	    memchr_inv(disk->pad3, 0, sizeof(disk->pad3)))
		return "a reserved field of the superblock is set";
	if (disk->node_id >= NM_NR_NODES)
		return "the node id in the superblock is neither 0 nor 1";
	if (le32_to_cpu(disk->flags) & ~NM_SBF_ALL)
		return "the superblock has an unknown flag";
	if (nm_geometry_init(&geo, le64_to_cpu(disk->data_sectors),
			     disk->region_shift, disk->zone_shift, &why))
		return why;
	if (le32_to_cpu(disk->nr_mark_blocks) != geo.nr_mark_blocks)
		return "the number of mark blocks does not fit the size";
	if (geo.nr_mark_blocks > le32_to_cpu(disk->max_mark_blocks))
		return "there are more mark blocks than room for them";
	if (!data_offset_fits(disk))
		return "the data offset in the superblock is wrong";
	return nm_gens_check(disk->gens, disk->nr_gens, disk->nr_covered);
}

static int sb_check(const struct nm_sb_disk *disk, const char **why)
{
	const char *nonsense;

	if (memcmp(disk->magic, NM_SB_MAGIC, sizeof(disk->magic))) {
		*why = "there is no netmirror superblock";
		return -ENODATA;
	}
	if (le32_to_cpu(disk->crc) != sb_crc(disk)) {
		*why = "the checksum of the superblock is wrong";
		return -EILSEQ;
	}
	if (le32_to_cpu(disk->version) != NM_SB_VERSION) {
		*why = "the superblock is of a version not known here";
		return -EPROTONOSUPPORT;
	}
	if (disk->incompat || disk->ro_compat) {
		*why = "the superblock asks for a feature not known here";
		return -EPROTONOSUPPORT;
	}
	nonsense = sb_nonsense(disk);
	if (nonsense) {
		*why = nonsense;
		return -EUCLEAN;
	}
	return 0;
}

static void sb_take(const struct nm_sb_disk *disk, struct nm_sb *sb)
{
	sb->seq = le64_to_cpu(disk->seq);
	memcpy(sb->uuid, disk->uuid, NM_UUID_LEN);
	sb->node_id = disk->node_id;
	sb->region_shift = disk->region_shift;
	sb->zone_shift = disk->zone_shift;
	sb->data_sectors = le64_to_cpu(disk->data_sectors);
	sb->data_offset = le64_to_cpu(disk->data_offset);
	sb->nr_mark_blocks = le32_to_cpu(disk->nr_mark_blocks);
	sb->max_mark_blocks = le32_to_cpu(disk->max_mark_blocks);
	sb->flags = le32_to_cpu(disk->flags);
	sb->alone_since = le64_to_cpu(disk->alone_since);
	sb->meetings = le64_to_cpu(disk->meetings);
	sb->gens.nr = disk->nr_gens;
	sb->gens.covered = disk->nr_covered;
	memcpy(sb->gens.id, disk->gens, sizeof(sb->gens.id));
}

int nm_sb_decode(const struct nm_sb_disk *disk, struct nm_sb *sb,
		 const char **why)
{
	int err = sb_check(disk, why);

	if (!err)
		sb_take(disk, sb);
	return err;
}

/* How much an error tells about what is on the device. */
static int tells(int err)
{
	switch (err) {
	case -EPROTONOSUPPORT:
		return 4;
	case -EUCLEAN:
		return 3;
	case -EILSEQ:
		return 2;
	case -EIO:
		return 1;
	}
	return 0;
}

static int copy_check(const struct nm_sb_disk *disk, const char **why)
{
	if (disk)
		return sb_check(disk, why);
	*why = "the superblock cannot be read";
	return -EIO;
}

int nm_sb_choose(const struct nm_sb_disk *a, const struct nm_sb_disk *b,
		 struct nm_sb *sb, bool *stale, const char **why)
{
	const char *why_a = NULL, *why_b = NULL;
	int err_a = copy_check(a, &why_a);
	int err_b = copy_check(b, &why_b);

	/*
	 * A copy that a newer version wrote may be the newer copy: to go on
	 * with the other would be a rollback.
	 */
	if ((err_a && err_b) || err_a == -EPROTONOSUPPORT ||
	    err_b == -EPROTONOSUPPORT) {
		bool first = tells(err_a) >= tells(err_b);

		*why = first ? why_a : why_b;
		return first ? err_a : err_b;
	}
	if (err_a || err_b) {
		sb_take(err_a ? b : a, sb);
		*stale = true;
		return 0;
	}
	if (memcmp(a->uuid, b->uuid, NM_UUID_LEN) || a->node_id != b->node_id) {
		*why = "the copies of the superblock belong to different mirrors or nodes";
		return -EUCLEAN;
	}
	sb_take(le64_to_cpu(b->seq) > le64_to_cpu(a->seq) ? b : a, sb);
	*stale = memcmp(a, b, sizeof(*a));
	return 0;
}

int nm_sb_grow(struct nm_sb *sb, u64 data_sectors, const char **why)
{
	struct nm_geometry geo;

	if (data_sectors < sb->data_sectors) {
		*why = "a mirror cannot be made smaller";
		return -EINVAL;
	}
	if (nm_geometry_init(&geo, data_sectors, sb->region_shift,
			     sb->zone_shift, why))
		return -EINVAL;
	if (geo.nr_mark_blocks > sb->max_mark_blocks) {
		*why = "the metadata area has no room for the marks of so large a mirror";
		return -EINVAL;
	}
	sb->data_sectors = data_sectors;
	sb->nr_mark_blocks = geo.nr_mark_blocks;
	return 0;
}

u64 nm_sb_grown_region(const struct nm_sb *old)
{
	return old->data_sectors >> old->region_shift;
}
