// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bytes on disk are the same whoever makes them: what these samples come to
 * here, tests/kunit/disk-kunit.c finds in the kernel.
 */
#include "unit.h"
#include "../kunit/samples.h"

static void the_superblock(void **state)
{
	struct nm_sb_disk disk;
	struct nm_sb sb;

	(void)state;
	sample_sb(&sb);
	nm_sb_encode(&sb, &disk);
	assert_int_equal(crc32c(~0U, &disk, sizeof(disk)), SAMPLE_SB_CRC);
}

static void the_marks(void **state)
{
	struct nm_mark_disk disk;
	struct nm_marks m;
	const char *why;

	(void)state;
	memset(&m, 0, sizeof(m));
	assert_int_equal(nm_geometry_init(&m.geo, SAMPLE_SECTORS,
					  SAMPLE_REGION_SHIFT,
					  SAMPLE_ZONE_SHIFT, &why), 0);
	m.zones = calloc(1, nm_marks_zones_bytes(&m.geo));
	m.dirty = calloc(1, nm_marks_map_bytes(&m.geo));
	m.unflushed = calloc(1, nm_marks_map_bytes(&m.geo));
	m.flushing = calloc(1, nm_marks_map_bytes(&m.geo));
	sample_marks(&m, &disk);
	assert_int_equal(crc32c(~0U, &disk, sizeof(disk)), SAMPLE_MARKS_CRC);
	free(m.zones);
	free(m.dirty);
	free(m.unflushed);
	free(m.flushing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_superblock),
		cmocka_unit_test(the_marks),
	};

	return run_group(tests);
}
