// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mirror that grows.  I3: whatever the moment of a crash, either the old size
 * stands, or the new one with every new region marked; no mark is lost.  I9: a
 * size that does not do is refused with a reason, and nothing is taken over.
 */
#include "unit.h"
#include "marks.h"
#include "sb.h"

#define REGION_SHIFT	4	/* two blocks of 4 KiB, so the last may be partial */
#define ZONE_SHIFT	10	/* 64 regions, so 496 zones a mark block */
#define ZONE_SECTORS	(1ULL << ZONE_SHIFT)
#define BLOCK_SECTORS	(496 * ZONE_SECTORS)
#define MAX_BLOCKS	5

static struct nm_sb sample(u64 data_sectors)
{
	struct nm_sb sb;

	memset(&sb, 0, sizeof(sb));
	sb.seq = 7;
	memcpy(sb.uuid, "the mirror's own", NM_UUID_LEN);
	sb.region_shift = REGION_SHIFT;
	sb.zone_shift = ZONE_SHIFT;
	sb.data_sectors = data_sectors;
	sb.data_offset = 2048;
	sb.nr_mark_blocks = (data_sectors - 1) / BLOCK_SECTORS + 1;
	sb.max_mark_blocks = MAX_BLOCKS;
	sb.flags = NM_SBF_CONSISTENT;
	sb.gens.nr = 1;
	gen_id(sb.gens.id[0], 'A');
	return sb;
}

/* --- the superblock -------------------------------------------------------- */

static void check_grown(u64 from, u64 to)
{
	struct nm_sb sb = sample(from), expected = sb, back;
	struct nm_sb_disk disk;
	const char *why;

	expected.data_sectors = to;
	expected.nr_mark_blocks = (to - 1) / BLOCK_SECTORS + 1;
	assert_int_equal(nm_sb_grow(&sb, to, &why), 0);
	assert_memory_equal(&sb, &expected, sizeof(sb));
	nm_sb_encode(&sb, &disk);
	assert_int_equal(nm_sb_decode(&disk, &back, &why), 0);
	assert_true(back.data_sectors == to);
}

static void only_the_size_changes(void **state)
{
	(void)state;
	check_grown(8, 8);
	check_grown(8, 16);
	check_grown(8, BLOCK_SECTORS);
	check_grown(8, BLOCK_SECTORS + 8);
	check_grown(BLOCK_SECTORS, BLOCK_SECTORS);
	check_grown(BLOCK_SECTORS, BLOCK_SECTORS + 8);
	check_grown(BLOCK_SECTORS + 8, 2 * BLOCK_SECTORS);
	check_grown(8, MAX_BLOCKS * BLOCK_SECTORS);
}

static void check_refused_size(struct nm_sb sb, u64 to, const char *word)
{
	const struct nm_sb before = sb;
	const char *why = NULL;

	assert_int_equal(nm_sb_grow(&sb, to, &why), -EINVAL);
	assert_sentence(why);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
	assert_memory_equal(&sb, &before, sizeof(sb));
}

static void other_sizes_are_refused(void **state)
{
	struct nm_sb sb = sample(BLOCK_SECTORS);

	(void)state;
	check_refused_size(sb, 0, "smaller");
	check_refused_size(sb, BLOCK_SECTORS - 8, "smaller");
	check_refused_size(sb, BLOCK_SECTORS + 1, "multiple");
	check_refused_size(sb, BLOCK_SECTORS + 4, "multiple");
	check_refused_size(sb, MAX_BLOCKS * BLOCK_SECTORS + 8, "room");
	check_refused_size(sb, (NM_MAX_REGIONS << REGION_SHIFT) + 8, "regions");
	check_refused_size(sb, NM_MAX_DATA_SECTORS + 8, "1 PiB");
	check_refused_size(sb, ~7ULL, "1 PiB");
	sb.max_mark_blocks = 1;
	check_refused_size(sb, BLOCK_SECTORS + 8, "room");
}

/* Each region before the first grown one was there as a whole, that one not. */
static void the_first_grown_region(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		struct nm_sb sb = sample(8);
		u64 first;

		sb.region_shift = NM_REGION_SHIFT_MIN + rnd(9);
		sb.data_sectors = 8 + 8 * (rnd64() >> (25 + rnd(39)));
		first = nm_sb_grown_region(&sb);
		assert_true(first << sb.region_shift <= sb.data_sectors);
		assert_true((first + 1) << sb.region_shift > sb.data_sectors);
	}
}

/* --- a crash in the middle -------------------------------------------------- */

static u8 disk[NM_FIRST_MARK_BLOCK + MAX_BLOCKS][NM_BLOCK_SIZE]
	__attribute__((aligned(8)));
static int writes_left;		/* before the power goes */
static bool tears;		/* the write in which it goes leaves garbage */

static void write_block(u32 block, const void *data)
{
	if (writes_left > 0)
		memcpy(disk[block], data, NM_BLOCK_SIZE);
	else if (!writes_left && tears)
		memset(disk[block] + NM_BLOCK_SIZE / 2, 0x5a, 512);
	writes_left--;
}

static void write_marks(const struct nm_marks *m, const struct nm_sb *sb,
			u32 index)
{
	struct nm_mark_disk block;
	u32 first, nr, zone;

	nm_mark_block_begin(&m->geo, &block, sb->uuid, index);
	first = nm_mark_block_zones(&m->geo, index, &nr);
	for (zone = first; zone < first + nr; zone++)
		nm_mark_block_add(m, &block, zone);
	nm_mark_block_seal(&block, 1);
	write_block(NM_FIRST_MARK_BLOCK + index, &block);
}

static void write_sb(struct nm_sb *sb)
{
	struct nm_sb_disk block;
	int i;

	sb->seq++;
	nm_sb_encode(sb, &block);
	for (i = 0; i < NM_SB_COPIES; i++)
		write_block(i, &block);
}

static void alloc_marks(struct nm_marks *m, const struct nm_sb *sb)
{
	const char *why;

	memset(m, 0, sizeof(*m));
	assert_int_equal(nm_geometry_init(&m->geo, sb->data_sectors,
					  sb->region_shift, sb->zone_shift,
					  &why), 0);
	m->zones = calloc(1, nm_marks_zones_bytes(&m->geo));
	m->dirty = calloc(1, nm_marks_map_bytes(&m->geo));
	m->unflushed = calloc(1, nm_marks_map_bytes(&m->geo));
	m->flushing = calloc(1, nm_marks_map_bytes(&m->geo));
}

static void free_marks(struct nm_marks *m)
{
	free(m->zones);
	free(m->dirty);
	free(m->unflushed);
	free(m->flushing);
}

static void load_marks(struct nm_marks *m, const struct nm_sb *sb)
{
	const char *why;
	u32 i;

	for (i = 0; i < sb->nr_mark_blocks; i++) {
		const void *block = disk[NM_FIRST_MARK_BLOCK + i];

		if (nm_mark_block_check(&m->geo, block, sb->uuid, i, &why))
			block = NULL;
		nm_mark_block_load(m, block, i);
	}
}

/* As the module does it: marks in memory, mark blocks, superblock. */
static void grow(u64 to)
{
	const struct nm_sb_disk *copy[] = { (void *)disk[0], (void *)disk[1] };
	struct nm_geometry large;
	struct nm_sb old, sb;
	struct nm_marks m;
	const char *why;
	bool stale;
	u64 r;
	u32 i;

	assert_int_equal(nm_sb_choose(copy[0], copy[1], &old, &stale, &why), 0);
	sb = old;
	assert_int_equal(nm_sb_grow(&sb, to, &why), 0);
	alloc_marks(&m, &sb);
	large = m.geo;
	assert_int_equal(nm_geometry_init(&m.geo, old.data_sectors,
					  old.region_shift, old.zone_shift,
					  &why), 0);
	load_marks(&m, &old);
	m.geo = large;
	for (r = nm_sb_grown_region(&old); r < m.geo.nr_regions; r++)
		nm_marks_set_dirty(&m, r, r);
	for (i = old.nr_mark_blocks - 1; i < sb.nr_mark_blocks; i++)
		write_marks(&m, &sb, i);
	write_sb(&sb);
	free_marks(&m);
}

/* Everything that was marked is, and, with the new size, all that is new. */
static void check_after(u64 from, u64 to, const u32 *marked, size_t nr)
{
	struct nm_sb old = sample(from), sb;
	struct nm_marks m;
	const char *why;
	bool stale;
	size_t i;
	u64 r;

	assert_int_equal(nm_sb_choose((void *)disk[0], (void *)disk[1], &sb,
				      &stale, &why), 0);
	assert_true(sb.data_sectors == from || sb.data_sectors == to);
	alloc_marks(&m, &sb);
	load_marks(&m, &sb);
	for (i = 0; i < nr; i++)
		assert_true(nm_marks_is_dirty(&m, marked[i]));
	if (sb.data_sectors == to)
		for (r = nm_sb_grown_region(&old); r < m.geo.nr_regions; r++)
			assert_true(nm_marks_is_dirty(&m, r));
	free_marks(&m);
}

/* Nothing went wrong: no more is marked than has to be. */
static void check_done(u64 from, u64 to, const u32 *marked, size_t nr)
{
	struct nm_sb old = sample(from), sb;
	u64 first = nm_sb_grown_region(&old);
	struct nm_marks m;
	const char *why;
	u64 expected;
	bool stale;
	size_t i;

	assert_int_equal(nm_sb_choose((void *)disk[0], (void *)disk[1], &sb,
				      &stale, &why), 0);
	assert_false(stale);
	assert_true(sb.data_sectors == to);
	alloc_marks(&m, &sb);
	load_marks(&m, &sb);
	expected = m.geo.nr_regions - first;
	for (i = 0; i < nr; i++)
		expected += marked[i] < first;
	assert_true(nm_marks_count(&m) == expected);
	free_marks(&m);
}

static void make_disk(u64 sectors, const u32 *marked, size_t nr)
{
	struct nm_sb sb = sample(sectors);
	struct nm_marks m;
	size_t i;

	memset(disk, 0, sizeof(disk));
	writes_left = 1000;
	alloc_marks(&m, &sb);
	for (i = 0; i < nr; i++)
		nm_marks_set_dirty(&m, marked[i], marked[i]);
	for (i = 0; i < sb.nr_mark_blocks; i++)
		write_marks(&m, &sb, i);
	write_sb(&sb);
	free_marks(&m);
}

static void every_moment_of_a_crash(void **state)
{
	static const struct {
		u64 from, to;
	} sizes[] = {
		{ 8, 16 },
		{ 8, 24 },
		{ ZONE_SECTORS - 8, ZONE_SECTORS },
		{ ZONE_SECTORS, 3 * ZONE_SECTORS + 8 },
		{ BLOCK_SECTORS - 8, BLOCK_SECTORS + 8 },
		{ BLOCK_SECTORS, 2 * BLOCK_SECTORS },
		{ BLOCK_SECTORS + 8, 4 * BLOCK_SECTORS - 8 },
		{ 2 * BLOCK_SECTORS, 5 * BLOCK_SECTORS },
	};
	size_t i;
	int at;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		u64 from = sizes[i / 2].from, to = sizes[i / 2].to;
		const u32 marked[] = {
			0, (from / 2) >> REGION_SHIFT,
			(from - 1) >> REGION_SHIFT,
		};
		size_t nr = from == 8 ? 1 : ARRAY_SIZE(marked);

		tears = i % 2;
		for (at = 0; at < NM_SB_COPIES + MAX_BLOCKS; at++) {
			make_disk(from, marked, nr);
			writes_left = at;
			grow(to);
			check_after(from, to, marked, nr);
			/* It is tried again, or was over. */
			writes_left = 1000;
			grow(to);
			check_after(from, to, marked, nr);
		}
		make_disk(from, marked, nr);
		grow(to);
		check_done(from, to, marked, nr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_size_changes),
		cmocka_unit_test(other_sizes_are_refused),
		cmocka_unit_test(the_first_grown_region),
		cmocka_unit_test(every_moment_of_a_crash),
	};

	return run_group(tests);
}
