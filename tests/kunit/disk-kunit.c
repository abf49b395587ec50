// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the metadata codecs as the kernel compiles them: the same bytes as in
 * a program (tests/unit/test-samples.c), read back, and refused when a bit is wrong.
 */
#include <kunit/test.h>

#include "samples.h"

static void superblock_bytes(struct kunit *test)
{
	struct nm_sb_disk *disk = kunit_kmalloc(test, sizeof(*disk), GFP_KERNEL);
	struct nm_sb *sb = kunit_kmalloc(test, 2 * sizeof(*sb), GFP_KERNEL);
	const char *why;

	KUNIT_ASSERT_NOT_NULL(test, disk);
	KUNIT_ASSERT_NOT_NULL(test, sb);
	sample_sb(&sb[0]);
	nm_sb_encode(&sb[0], disk);
	KUNIT_EXPECT_EQ(test, crc32c(~0U, disk, sizeof(*disk)), SAMPLE_SB_CRC);
	memset(&sb[1], 0, sizeof(*sb));
	KUNIT_EXPECT_EQ(test, nm_sb_decode(disk, &sb[1], &why), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&sb[0], &sb[1], sizeof(*sb)), 0);
}

static void superblock_with_a_wrong_bit(struct kunit *test)
{
	struct nm_sb_disk *disk = kunit_kmalloc(test, sizeof(*disk), GFP_KERNEL);
	struct nm_sb *sb = kunit_kmalloc(test, sizeof(*sb), GFP_KERNEL);
	const char *why;
	unsigned int bit;

	KUNIT_ASSERT_NOT_NULL(test, disk);
	KUNIT_ASSERT_NOT_NULL(test, sb);
	sample_sb(sb);
	nm_sb_encode(sb, disk);
	for (bit = 0; bit < 8 * sizeof(*disk); bit += 97) {
		((u8 *)disk)[bit / 8] ^= 1U << bit % 8;
		KUNIT_EXPECT_NE(test, nm_sb_decode(disk, sb, &why), 0);
		((u8 *)disk)[bit / 8] ^= 1U << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, nm_sb_decode(disk, sb, &why), 0);
}

static void alloc_marks(struct kunit *test, struct nm_marks *m)
{
	const char *why;

	KUNIT_ASSERT_EQ(test, nm_geometry_init(&m->geo, SAMPLE_SECTORS,
					       SAMPLE_REGION_SHIFT,
					       SAMPLE_ZONE_SHIFT, &why), 0);
	m->zones = kunit_kzalloc(test, nm_marks_zones_bytes(&m->geo),
				 GFP_KERNEL);
	m->dirty = kunit_kzalloc(test, nm_marks_map_bytes(&m->geo), GFP_KERNEL);
	m->unflushed = kunit_kzalloc(test, nm_marks_map_bytes(&m->geo),
				     GFP_KERNEL);
	m->flushing = kunit_kzalloc(test, nm_marks_map_bytes(&m->geo),
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->zones);
	KUNIT_ASSERT_NOT_NULL(test, m->dirty);
	KUNIT_ASSERT_NOT_NULL(test, m->unflushed);
	KUNIT_ASSERT_NOT_NULL(test, m->flushing);
}

static void mark_block_bytes(struct kunit *test)
{
	struct nm_mark_disk *disk = kunit_kmalloc(test, sizeof(*disk), GFP_KERNEL);
	struct nm_marks written = {}, read = {};
	const u8 *uuid = "the mirror's own";
	const char *why;
	u32 region;

	KUNIT_ASSERT_NOT_NULL(test, disk);
	alloc_marks(test, &written);
	alloc_marks(test, &read);
	sample_marks(&written, disk);
	KUNIT_EXPECT_EQ(test, crc32c(~0U, disk, sizeof(*disk)),
			SAMPLE_MARKS_CRC);
	KUNIT_ASSERT_EQ(test, nm_mark_block_check(&written.geo, disk, uuid, 0,
						  &why), 0);
	nm_mark_block_load(&read, disk, 0);
	/* Dirty is what was dirty, and all of the active zone. */
	for (region = 0; region < written.geo.nr_regions; region++) {
		bool active = region / written.geo.zone_regions == 5;

		KUNIT_EXPECT_EQ(test, nm_marks_is_dirty(&read, region), active ||
				nm_marks_is_dirty(&written, region));
	}
	disk->bits[7] ^= 0x10;
	KUNIT_EXPECT_NE(test, nm_mark_block_check(&written.geo, disk, uuid, 0,
						  &why), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(superblock_bytes),
	KUNIT_CASE(superblock_with_a_wrong_bit),
	KUNIT_CASE(mark_block_bytes),
	{}
};

static struct kunit_suite suite = {
	.name = "netmirror-disk",
	.test_cases = cases,
};

kunit_test_suite(suite);
