// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mark blocks on disk.  I3: what was marked when a block was written is
 * dirty when it is loaded, and a block that is torn, corrupt or missing marks
 * everything.  I9: such a block is refused with a reason.
 */
#include "unit.h"
#include "marks.h"

static const u8 uuid[NM_UUID_LEN] = "the mirror's own";
static const u8 other_uuid[NM_UUID_LEN] = "another mirror's";

static struct nm_marks m, loaded;
static struct nm_mark_disk block;

static void alloc_marks(struct nm_marks *marks, const struct nm_geometry *g)
{
	marks->geo = *g;
	marks->zones = calloc(1, nm_marks_zones_bytes(g));
	marks->dirty = calloc(1, nm_marks_map_bytes(g));
	marks->unflushed = calloc(1, nm_marks_map_bytes(g));
	marks->flushing = calloc(1, nm_marks_map_bytes(g));
}

static void free_marks(struct nm_marks *marks)
{
	free(marks->zones);
	free(marks->dirty);
	free(marks->unflushed);
	free(marks->flushing);
	memset(marks, 0, sizeof(*marks));
}

static void setup(u64 sectors, u8 region_shift, u8 zone_shift)
{
	struct nm_geometry g;
	const char *why;

	assert_int_equal(nm_geometry_init(&g, sectors, region_shift,
					  zone_shift, &why), 0);
	alloc_marks(&m, &g);
	alloc_marks(&loaded, &g);
}

static int teardown(void **state)
{
	(void)state;
	free_marks(&m);
	free_marks(&loaded);
	return 0;
}

/*
 * Zones of 64 regions of 4 KiB, so 496 zones a block; three blocks, of which
 * the last has 9 zones, of which the last has 3 regions, of which the last has
 * all its 8 sectors.
 */
static int setup_three_blocks(void **state)
{
	(void)state;
	setup((2 * 496 + 8) * 512 + 24, 3, 9);
	assert_int_equal(m.geo.nr_mark_blocks, 3);
	return 0;
}

static void encode(u32 index)
{
	u32 first, nr, zone;

	first = nm_mark_block_zones(&m.geo, index, &nr);
	nm_mark_block_begin(&m.geo, &block, uuid, index);
	for (zone = first; zone < first + nr; zone++)
		nm_mark_block_add(&m, &block, zone);
	nm_mark_block_seal(&block, 4711 + index);
}

static int check(const struct nm_mark_disk *disk, u32 index, const char **why)
{
	int err;

	*why = NULL;
	err = nm_mark_block_check(&m.geo, disk, uuid, index, why);
	if (err) {
		assert_int_equal(err, -EINVAL);
		assert_sentence(*why);
	}
	return err;
}

static void random_marks(struct nm_marks *marks, u32 nr)
{
	while (nr--) {
		u32 r = rnd(marks->geo.nr_regions);
		u32 zone = rnd(marks->geo.nr_zones);

		switch (rnd(4)) {
		case 0:
			nm_marks_set_dirty(marks, r, r);
			break;
		case 1:
			__set_bit(r, marks->unflushed);
			break;
		case 2:
			__set_bit(r, marks->flushing);
			break;
		case 3:
			marks->zones[zone].state = rnd(3);
			break;
		}
	}
}

static bool expect_dirty(u32 r)
{
	return test_bit(r, m.dirty) || test_bit(r, m.unflushed) ||
	       test_bit(r, m.flushing) ||
	       m.zones[r / m.geo.zone_regions].state != NM_ZONE_COLD;
}

/* All of @m is dirty in @loaded, and nothing else. */
static void assert_loaded_covers(unsigned int nr)
{
	u32 r, expected = 0;

	for (r = 0; r < m.geo.nr_regions; r++) {
		assert_int_equal(nm_marks_is_dirty(&loaded, r), expect_dirty(r));
		expected += expect_dirty(r);
	}
	for (; r < m.geo.nr_zones * m.geo.zone_regions; r++)
		assert_false(nm_marks_is_dirty(&loaded, r));
	assert_int_equal(nr, expected);
	assert_int_equal(nm_marks_count(&loaded), expected);
}

static unsigned int round_trip(void)
{
	unsigned int nr = 0;
	const char *why;
	u32 index, nth, first, nr_zones;

	for (index = 0; index < m.geo.nr_mark_blocks; index++) {
		encode(index);
		assert_int_equal(check(&block, index, &why), 0);
		assert_int_equal(le64_to_cpu(block.seq), 4711 + index);
		nr += nm_mark_block_load(&loaded, &block, index);
		/* the same for dump-md */
		first = nm_mark_block_zones(&m.geo, index, &nr_zones);
		for (nth = 0; nth < nr_zones; nth++) {
			u32 r, marked = 0, zone = first + nth;

			for (r = zone * m.geo.zone_regions;
			     r < (zone + 1) * m.geo.zone_regions; r++)
				marked += test_bit(r, m.dirty) ||
					  test_bit(r, m.unflushed) ||
					  test_bit(r, m.flushing);
			assert_int_equal(nm_mark_block_zone_active(&block, nth),
					 m.zones[zone].state != NM_ZONE_COLD);
			assert_int_equal(nm_mark_block_zone_regions(&m.geo,
								    &block, nth),
					 marked);
		}
	}
	return nr;
}

/* --- tests -------------------------------------------------------------- */

static void zones_of_a_block(void **state)
{
	u32 nr;

	(void)state;
	assert_int_equal(nm_mark_block_zones(&m.geo, 0, &nr), 0);
	assert_int_equal(nr, 496);
	assert_int_equal(nm_mark_block_zones(&m.geo, 1, &nr), 496);
	assert_int_equal(nr, 496);
	assert_int_equal(nm_mark_block_zones(&m.geo, 2, &nr), 992);
	assert_int_equal(nr, 9);
	assert_int_equal(nm_mark_block_of(&m, 0), 0);
	assert_int_equal(nm_mark_block_of(&m, 495), 0);
	assert_int_equal(nm_mark_block_of(&m, 496), 1);
	assert_int_equal(nm_mark_block_of(&m, 1000), 2);
}

static void bits_lie_where_the_format_says(void **state)
{
	u32 i;

	(void)state;
	m.zones[3].state = NM_ZONE_ACTIVE;
	m.zones[495].state = NM_ZONE_ACTIVATING;
	nm_marks_set_dirty(&m, 64 * 2 + 9, 64 * 2 + 9);
	encode(0);
	assert_int_equal(le32_to_cpu(block.magic), NM_MARK_MAGIC);
	assert_int_equal(le32_to_cpu(block.index), 0);
	assert_int_equal(le32_to_cpu(block.nr_zones), 496);
	assert_memory_equal(block.uuid, uuid, NM_UUID_LEN);
	for (i = 0; i < sizeof(block.bits); i++)
		assert_int_equal(block.bits[i],
				 i == 0 ? 8 : i == 61 ? 128 :
				 i == 64 + 2 * 8 + 1 ? 2 : 0);
}

/* crc32c of the whole block with crc = 0, done the plain way. */
static void the_checksum_is_what_the_format_says(void **state)
{
	__le32 crc;

	(void)state;
	random_marks(&m, 100);
	encode(1);
	crc = block.crc;
	block.crc = 0;
	assert_int_equal(le32_to_cpu(crc), crc32c(~0U, &block, sizeof(block)));
}

static void empty_marks_load_as_clean(void **state)
{
	(void)state;
	assert_int_equal(round_trip(), 0);
	assert_int_equal(nm_marks_count(&loaded), 0);
}

static void marks_come_back(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		random_marks(&m, 1 + rnd(400));
		assert_loaded_covers(round_trip());
		teardown(NULL);
		setup_three_blocks(NULL);
	}
}

static void marks_come_back_at_every_geometry(void **state)
{
	static const struct {
		u64 sectors;
		u8 region, zone;
	} cases[] = {
		{ 8, 3, 9 }, { 504, 3, 9 }, { 512, 3, 9 }, { 520, 3, 9 },
		{ 1 << 20, 7, 15 }, { (1 << 22) + 8, 7, 15 },
		{ 5 * 65536 + 8, 3, 16 }, { 1 << 25, 11, 24 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(cases[i].sectors, cases[i].region, cases[i].zone);
		random_marks(&m, 100);
		assert_loaded_covers(round_trip());
		teardown(NULL);
	}
}

/* Loading counts a region that is dirty already only once. */
static void loading_twice_changes_nothing(void **state)
{
	(void)state;
	random_marks(&m, 200);
	assert_true(round_trip() > 0);
	assert_int_equal(round_trip(), 0);
}

static void a_missing_block_is_all_dirty(void **state)
{
	u32 r;

	(void)state;
	assert_int_equal(nm_mark_block_load(&loaded, NULL, 2), 8 * 64 + 3);
	assert_int_equal(nm_marks_count(&loaded), 8 * 64 + 3);
	assert_int_equal(nm_marks_next_dirty(&loaded, 0), 992 * 64);
	assert_int_equal(nm_mark_block_load(&loaded, NULL, 0), 496 * 64);
	for (r = 0; r < m.geo.nr_zones * 64; r++)
		assert_int_equal(nm_marks_is_dirty(&loaded, r),
				 r < m.geo.nr_regions && r / 64 / 496 != 1);
}

static void every_flipped_bit_is_refused(void **state)
{
	const char *why;
	u32 bit;
	u8 *p = (u8 *)&block;

	(void)state;
	random_marks(&m, 500);
	encode(2);
	for (bit = 0; bit < 8 * NM_BLOCK_SIZE; bit++) {
		p[bit / 8] ^= 1U << bit % 8;
		assert_int_equal(check(&block, 2, &why), -EINVAL);
		p[bit / 8] ^= 1U << bit % 8;
	}
	assert_int_equal(check(&block, 2, &why), 0);
}

static void every_reason_of_refusal(void **state)
{
	struct nm_mark_disk good;
	const char *why;

	(void)state;
	encode(1);
	good = block;

	block.magic = 0;
	check(&block, 1, &why);
	assert_string_equal(why, "no mark block");
	block = good;
	block.bits[100] ^= 1;
	check(&block, 1, &why);
	assert_non_null(strstr(why, "checksum"));
	block = good;
	memcpy(block.uuid, other_uuid, NM_UUID_LEN);
	nm_mark_block_seal(&block, 1);
	check(&block, 1, &why);
	assert_non_null(strstr(why, "another mirror"));
	check(&good, 0, &why);
	assert_non_null(strstr(why, "elsewhere"));
	block = good;
	block.nr_zones = cpu_to_le32(495);
	nm_mark_block_seal(&block, 1);
	check(&block, 1, &why);
	assert_non_null(strstr(why, "another size"));
	block = good;
	block.pad[23] = 1;
	nm_mark_block_seal(&block, 1);
	check(&block, 1, &why);
	assert_non_null(strstr(why, "reserved"));
	block = good;
	nm_mark_block_seal(&block, 77);
	assert_int_equal(check(&block, 1, &why), 0);
}

/* New sectors up to one, old ones from there on. */
static void a_torn_block_is_refused_or_whole(void **state)
{
	struct nm_mark_disk old, new, torn;
	const char *why;
	int i, cut;

	(void)state;
	for (i = 0; i < 50; i++) {
		random_marks(&m, 1 + rnd(50));
		encode(0);
		old = block;
		random_marks(&m, 1 + rnd(50));
		encode(0);
		nm_mark_block_seal(&block, 4712);
		new = block;
		for (cut = 0; cut <= NM_BLOCK_SIZE; cut += 512) {
			memcpy(&torn, &old, sizeof(torn));
			memcpy(&torn, &new, cut);
			assert_int_equal(!check(&torn, 0, &why),
					 !memcmp(&torn, &old, sizeof(torn)) ||
					 !memcmp(&torn, &new, sizeof(torn)));
		}
	}
}

int main(void)
{
#define THREE(test) \
	cmocka_unit_test_setup_teardown(test, setup_three_blocks, teardown)
	const struct CMUnitTest tests[] = {
		THREE(zones_of_a_block),
		THREE(bits_lie_where_the_format_says),
		THREE(the_checksum_is_what_the_format_says),
		THREE(empty_marks_load_as_clean),
		THREE(marks_come_back),
		cmocka_unit_test_teardown(marks_come_back_at_every_geometry,
					  teardown),
		THREE(loading_twice_changes_nothing),
		THREE(a_missing_block_is_all_dirty),
		THREE(every_flipped_bit_is_refused),
		THREE(every_reason_of_refusal),
		THREE(a_torn_block_is_refused_or_whole),
	};

	return run_group(tests);
}
