// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever stands on the metadata device.  A checksum keeps chance away from the
 * checks behind it, so an input may ask for a right one.
 */
#include "fuzz.h"
#include "inputs.h"
#include "marks.h"
#include "sb.h"

enum {
	GOT_SB, GOT_CHOICE, GOT_ONE_COPY, GOT_NEWER_B, GOT_FOREIGN_A,
	GOT_FOREIGN_B, GOT_BLOCK, GOT_LOADED, GOT_FIT, GOT_FIT_EXTERNAL,
};

const char *const fuzz_places[] = {
	[GOT_SB]		= "a superblock is taken",
	[GOT_CHOICE]		= "one of two superblocks is chosen",
	[GOT_ONE_COPY]		= "the only good superblock is chosen",
	[GOT_NEWER_B]		= "the second superblock is the newer one",
	[GOT_FOREIGN_A]		= "only the first superblock is of another version",
	[GOT_FOREIGN_B]		= "only the second superblock is of another version",
	[GOT_BLOCK]		= "a mark block is taken",
	[GOT_LOADED]		= "a mark block is loaded",
	[GOT_FIT]		= "a leg is divided",
	[GOT_FIT_EXTERNAL]	= "external metadata are computed",
	NULL
};

/* Maps of larger mirrors are not made. */
#define MAX_MAP_BYTES	(4U << 10)

static u32 block_crc(void *block, size_t at)
{
	static const __le32 zero;

	memcpy((u8 *)block + at, &zero, sizeof(zero));
	return crc32c(~0U, block, NM_BLOCK_SIZE);
}

/* --- superblocks ---------------------------------------------------------- */

static void fix_sb(const struct fuzz_metadata_in *in, struct nm_sb_disk *disk)
{
	if (in->option & FUZZ_FIX_MAGIC)
		memcpy(disk->magic, NM_SB_MAGIC, sizeof(disk->magic));
	if (in->option & FUZZ_FIX_CRC)
		disk->crc = cpu_to_le32(block_crc(disk,
				offsetof(struct nm_sb_disk, crc)));
}

static void check_sb(const struct nm_sb_disk *disk, const struct nm_sb *sb)
{
	static struct nm_sb_disk again;
	struct nm_geometry geo;
	const char *why;

	check(!nm_geometry_init(&geo, sb->data_sectors, sb->region_shift,
				sb->zone_shift, &why));
	check(geo.nr_mark_blocks == sb->nr_mark_blocks);
	check(sb->nr_mark_blocks <= sb->max_mark_blocks);
	if (sb->flags & NM_SBF_EXTERNAL)
		check(!sb->data_offset);
	else
		check(sb->data_offset >= nm_meta_sectors(sb->max_mark_blocks));
	check(sb->node_id < NM_NR_NODES && !(sb->flags & ~NM_SBF_ALL));
	check(sb->gens.nr <= NM_MAX_GENS && sb->gens.covered < sb->gens.nr);
	check(!nm_gens_check(sb->gens.id, sb->gens.nr, sb->gens.covered));

	nm_sb_encode(sb, &again);
	/* What a reader may ignore is lost, and the checksum with it. */
	if (!disk->compat)
		check(!memcmp(&again, disk, sizeof(again)));
	fuzz_reached(GOT_SB);
}

/* What nm_sb_decode() says of a copy, if it can be read. */
static int decode(const struct nm_sb_disk *disk, struct nm_sb *sb)
{
	const char *why = NULL;
	int err;

	memset(sb, FUZZ_FILL, sizeof(*sb));
	if (!disk)
		return -EIO;
	err = nm_sb_decode(disk, sb, &why);
	if (!err) {
		check_sb(disk, sb);
		return 0;
	}
	check(err == -ENODATA || err == -EILSEQ || err == -EPROTONOSUPPORT ||
	      err == -EUCLEAN);
	check(fuzz_sentence(why));
	check(fuzz_untouched(sb, sizeof(*sb)));
	return err;
}

static bool same_node(const struct nm_sb *a, const struct nm_sb *b)
{
	return !memcmp(a->uuid, b->uuid, NM_UUID_LEN) &&
	       a->node_id == b->node_id;
}

static void choose(const struct nm_sb_disk *a, const struct nm_sb_disk *b,
		   bool stale)
{
	struct nm_sb sb_a, sb_b, sb;
	int err_a = decode(a, &sb_a), err_b = decode(b, &sb_b);
	bool was_stale = stale;
	const char *why = NULL;
	int err;

	memset(&sb, FUZZ_FILL, sizeof(sb));
	err = nm_sb_choose(a, b, &sb, &stale, &why);
	if (err) {
		check(fuzz_untouched(&sb, sizeof(sb)) && stale == was_stale);
		check(fuzz_sentence(why));
		if (!err_a && !err_b)
			check(err == -EUCLEAN && !same_node(&sb_a, &sb_b));
		else
			check(err == err_a || err == err_b);
		if (err == -EPROTONOSUPPORT && !err_b)
			fuzz_reached(GOT_FOREIGN_A);
		if (err == -EPROTONOSUPPORT && !err_a)
			fuzz_reached(GOT_FOREIGN_B);
		return;
	}
	/* No rollback to a copy behind the back of a newer version. */
	check(err_a != -EPROTONOSUPPORT && err_b != -EPROTONOSUPPORT);
	if (err_a || err_b) {
		check(!err_a || !err_b);
		check(!memcmp(&sb, err_a ? &sb_b : &sb_a, sizeof(sb)));
		check(stale);
		fuzz_reached(GOT_ONE_COPY);
		return;
	}
	check(same_node(&sb_a, &sb_b));
	check(sb.seq == max(sb_a.seq, sb_b.seq));
	check(!memcmp(&sb, sb_b.seq > sb_a.seq ? &sb_b : &sb_a, sizeof(sb)));
	check(stale == !!memcmp(a, b, sizeof(*a)));
	fuzz_reached(GOT_CHOICE);
	if (sb_b.seq > sb_a.seq)
		fuzz_reached(GOT_NEWER_B);
}

static void superblocks(const struct fuzz_metadata_in *in, const u8 *data,
			size_t size)
{
	struct nm_sb_disk *a = calloc(1, sizeof(*a));
	struct nm_sb_disk *b = calloc(1, sizeof(*b));
	size_t len = min_t(size_t, size, min_t(size_t, le16_to_cpu(in->len_a),
					       sizeof(*a)));
	size_t at = le16_to_cpu(in->at_b) % sizeof(*b);

	memcpy(a, data, len);
	fix_sb(in, a);
	if (in->option & FUZZ_LIKE_A)
		memcpy(b, a, sizeof(*b));
	memcpy((u8 *)b + at, data + len,
	       min_t(size_t, size - len, sizeof(*b) - at));
	fix_sb(in, b);
	choose(in->option & FUZZ_NO_A ? NULL : a,
	       in->option & FUZZ_NO_B ? NULL : b, in->pad[0] & 1);
	free(a);
	free(b);
}

/* --- mark blocks ---------------------------------------------------------- */

static const u8 uuid[NM_UUID_LEN] = "of the mirror";

static void check_geometry(const struct nm_geometry *g)
{
	u32 bytes = DIV_ROUND_UP(g->block_zones, 64) * 8 +
		    g->block_zones * (g->zone_regions / 8);

	check(g->block_zones && g->zone_regions % 64 == 0);
	check(bytes <= sizeof(((struct nm_mark_disk *)NULL)->bits));
	check((u64)g->nr_mark_blocks * g->block_zones >= g->nr_zones);
	check((u64)(g->nr_mark_blocks - 1) * g->block_zones < g->nr_zones);
	check((u64)g->nr_zones * g->zone_regions >= g->nr_regions);
	check((u64)g->nr_regions << g->region_shift >= g->data_sectors);
	check(nm_region_of(g, g->data_sectors - 1) == g->nr_regions - 1);
	check(nm_zone_of(g, g->data_sectors - 1) == g->nr_zones - 1);
	check(nm_region_sectors(g, g->nr_regions - 1) <= 1U << g->region_shift);
}

static void alloc_marks(struct nm_marks *m, const struct nm_geometry *g)
{
	m->geo = *g;
	m->zones = calloc(1, nm_marks_zones_bytes(g));
	m->dirty = calloc(1, nm_marks_map_bytes(g));
	m->unflushed = calloc(1, nm_marks_map_bytes(g));
	m->flushing = calloc(1, nm_marks_map_bytes(g));
}

static void free_marks(struct nm_marks *m)
{
	free(m->zones);
	free(m->dirty);
	free(m->unflushed);
	free(m->flushing);
}

/* Each dirty region is one that the block marks, and counted in its zone. */
static void check_loaded(const struct nm_marks *m,
			 const struct nm_mark_disk *disk, u32 index, u32 loaded)
{
	const struct nm_geometry *g = &m->geo;
	u32 first, nr, zone, i, sum = 0;

	first = nm_mark_block_zones(g, index, &nr);
	for (zone = 0; zone < g->nr_zones; zone++) {
		u32 start = zone * g->zone_regions, dirty = 0;
		u32 end = min(g->zone_regions, g->nr_regions - start);
		bool ours = zone >= first && zone < first + nr;

		for (i = 0; i < g->zone_regions; i++)
			dirty += nm_marks_is_dirty(m, start + i);
		for (i = end; i < g->zone_regions; i++)
			check(!nm_marks_is_dirty(m, start + i));
		check(dirty == m->zones[zone].nr_dirty);
		sum += dirty;
		if (!ours)
			check(!dirty);
		else if (!disk || nm_mark_block_zone_active(disk, zone - first))
			check(dirty == end);
		else if (end == g->zone_regions)
			check(dirty == nm_mark_block_zone_regions(g, disk,
								zone - first));
	}
	check(sum == loaded && nm_marks_count(m) == sum);
}

/* Written again and read again they are the same marks. */
static void check_again(const struct nm_marks *m, u32 index)
{
	struct nm_mark_disk *disk = malloc(sizeof(*disk));
	struct nm_marks again;
	const char *why = NULL;
	u32 first, nr, i;

	first = nm_mark_block_zones(&m->geo, index, &nr);
	nm_mark_block_begin(&m->geo, disk, uuid, index);
	for (i = 0; i < nr; i++)
		nm_mark_block_add(m, disk, first + i);
	nm_mark_block_seal(disk, 1);
	check(!nm_mark_block_check(&m->geo, disk, uuid, index, &why));
	alloc_marks(&again, &m->geo);
	nm_mark_block_load(&again, disk, index);
	check(!memcmp(again.dirty, m->dirty, nm_marks_map_bytes(&m->geo)));
	free_marks(&again);
	free(disk);
}

static void load(const struct nm_geometry *g, const struct nm_mark_disk *disk,
		 u32 index)
{
	struct nm_marks m;
	u32 loaded;

	if (nm_marks_map_bytes(g) > MAX_MAP_BYTES)
		return;
	alloc_marks(&m, g);
	loaded = nm_mark_block_load(&m, disk, index);
	check_loaded(&m, disk, index, loaded);
	check_again(&m, index);
	if (disk)
		fuzz_reached(GOT_LOADED);
	free_marks(&m);
}

static void fix_block(const struct fuzz_metadata_in *in,
		      const struct nm_geometry *g, u32 index,
		      struct nm_mark_disk *disk)
{
	u32 nr;

	if (in->option & FUZZ_FIX_MAGIC)
		disk->magic = cpu_to_le32(NM_MARK_MAGIC);
	if (in->option & FUZZ_FIX_PLACE) {
		nm_mark_block_zones(g, index, &nr);
		memcpy(disk->uuid, uuid, NM_UUID_LEN);
		disk->index = cpu_to_le32(index);
		disk->nr_zones = cpu_to_le32(nr);
	}
	if (in->option & FUZZ_FIX_CRC)
		disk->crc = cpu_to_le32(block_crc(disk,
				offsetof(struct nm_mark_disk, crc)));
}

static void mark_block(const struct fuzz_metadata_in *in, const u8 *data,
		       size_t size)
{
	struct nm_mark_disk *disk;
	const char *why = NULL;
	struct nm_geometry g;
	u32 index;

	memset(&g, FUZZ_FILL, sizeof(g));
	if (nm_geometry_init(&g, le64_to_cpu(in->size), in->region_shift,
			     in->zone_shift, &why)) {
		check(fuzz_sentence(why) && fuzz_untouched(&g, sizeof(g)));
		return;
	}
	check_geometry(&g);
	index = le32_to_cpu(in->index) % g.nr_mark_blocks;
	disk = calloc(1, sizeof(*disk));
	memcpy(disk, data, min_t(size_t, size, sizeof(*disk)));
	fix_block(in, &g, index, disk);
	if (nm_mark_block_check(&g, disk, uuid, index, &why)) {
		check(fuzz_sentence(why));
		load(&g, NULL, index);
	} else {
		fuzz_reached(GOT_BLOCK);
		load(&g, disk, index);
	}
	free(disk);
}

/* --- the division of a leg ------------------------------------------------ */

/* What is computed is what a superblock may say. */
static void check_fit(const struct fuzz_metadata_in *in,
		      const struct nm_geometry *g, u64 offset, u32 max_blocks)
{
	static struct nm_sb_disk disk;
	struct nm_sb sb = {
		.region_shift = g->region_shift,
		.zone_shift = g->zone_shift,
		.data_sectors = g->data_sectors,
		.data_offset = offset,
		.nr_mark_blocks = g->nr_mark_blocks,
		.max_mark_blocks = max_blocks,
		.flags = in->option & FUZZ_EXTERNAL ? NM_SBF_EXTERNAL : 0,
	}, again;
	const char *why;

	nm_gens_init(&sb.gens);
	nm_sb_encode(&sb, &disk);
	check(!nm_sb_decode(&disk, &again, &why));
	check(again.data_sectors == g->data_sectors);
}

static void fit(const struct fuzz_metadata_in *in, const u8 *data, size_t size)
{
	u64 leg = le64_to_cpu(in->size), want = le64_to_cpu(in->want), offset;
	bool external = in->option & FUZZ_EXTERNAL;
	const char *why = NULL;
	struct nm_geometry g;
	u32 max_blocks;
	int err;

	(void)data;
	(void)size;
	memset(&g, FUZZ_FILL, sizeof(g));
	memset(&offset, FUZZ_FILL, sizeof(offset));
	memset(&max_blocks, FUZZ_FILL, sizeof(max_blocks));
	err = nm_geometry_fit(&g, leg, want, in->region_shift, in->zone_shift,
			      external, &offset, &max_blocks, &why);
	if (err) {
		check(err == -EINVAL || err == -ENOSPC);
		check(fuzz_sentence(why));
		check(fuzz_untouched(&g, sizeof(g)));
		check(fuzz_untouched(&offset, sizeof(offset)));
		check(fuzz_untouched(&max_blocks, sizeof(max_blocks)));
		return;
	}
	check_geometry(&g);
	check(offset <= leg && g.data_sectors <= leg - offset);
	if (want)
		check(g.data_sectors == want - want % NM_BLOCK_SECTORS);
	/* Room to grow to twice the size. */
	check(max_blocks / 2 >= g.nr_mark_blocks);
	if (external)
		check(!offset);
	else
		check(nm_meta_sectors(max_blocks) <= offset);
	check_fit(in, &g, offset, max_blocks);
	fuzz_reached(external ? GOT_FIT_EXTERNAL : GOT_FIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[FUZZ_NR_METADATA])(
			const struct fuzz_metadata_in *in, const u8 *data,
			size_t size) = {
		[FUZZ_SB]		= superblocks,
		[FUZZ_MARK_BLOCK]	= mark_block,
		[FUZZ_FIT]		= fit,
	};
	struct fuzz_metadata_in in;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	parts[in.what % FUZZ_NR_METADATA](&in, data + sizeof(in),
					  size - sizeof(in));
	return 0;
}
