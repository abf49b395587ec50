// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes: every region and zone has its bit, the data area never meets the
 * metadata (I3, I7), and a refusal touches nothing (I9).
 */
#include "unit.h"
#include "geometry.h"

#define EACH_SHIFT(r, z)						\
	for ((r) = NM_REGION_SHIFT_MIN; (r) <= NM_REGION_SHIFT_MAX; (r)++) \
		for ((z) = (r) + NM_ZONE_REGIONS_SHIFT_MIN;		\
		     (z) <= (r) + NM_ZONE_REGIONS_SHIFT_MAX; (z)++)

/* Everything that must hold of a geometry. */
static void assert_sound(const struct nm_geometry *g)
{
	u32 zone_bytes = g->zone_regions / 8;
	u64 regions = (u64)g->nr_regions, zones = g->nr_zones;

	/* the last region and zone hold the last sector, none is empty */
	assert_int_equal(nm_region_of(g, g->data_sectors - 1), regions - 1);
	assert_int_equal(nm_zone_of(g, g->data_sectors - 1), zones - 1);
	assert_int_equal(g->zone_regions, 1U << (g->zone_shift - g->region_shift));
	assert_true(zones * g->zone_regions >= regions);
	assert_true((zones - 1) * g->zone_regions < regions);
	/* a block holds its zones, and could not hold one more */
	assert_true(g->block_zones > 0);
	assert_true((g->block_zones + 63) / 64 * 8 + g->block_zones * zone_bytes
		    <= sizeof(((struct nm_mark_disk *)0)->bits));
	assert_true((g->block_zones + 64) / 64 * 8 +
		    (g->block_zones + 1) * zone_bytes
		    > sizeof(((struct nm_mark_disk *)0)->bits));
	/* the blocks hold all zones, and the last one is in use */
	assert_true((u64)g->nr_mark_blocks * g->block_zones >= zones);
	assert_true((u64)(g->nr_mark_blocks - 1) * g->block_zones < zones);
	/* the regions cover the data area exactly */
	assert_true(((u64)(g->nr_regions - 1) << g->region_shift) +
		    nm_region_sectors(g, g->nr_regions - 1) == g->data_sectors);
	if (g->nr_regions > 1)
		assert_int_equal(nm_region_sectors(g, 0), 1U << g->region_shift);
}

static void init_is_sound_over_many_sizes(void **state)
{
	struct nm_geometry g;
	const char *why;
	u8 r, z;
	int i;

	(void)state;
	EACH_SHIFT(r, z) {
		u64 max = min_t(u64, NM_MAX_DATA_SECTORS, NM_MAX_REGIONS << r);

		for (i = 0; i < 200; i++) {
			/* near a power of two, near the ends, anywhere */
			u64 size = 1ULL << rnd(42);

			if (i & 1)
				size += 8 * rnd(5);
			if (i % 3 == 0)
				size = rnd64() % max;
			if (i == 0)
				size = 8;
			if (i == 1)
				size = max;
			size -= size % 8;
			size = max_t(u64, 8, min(size, max));
			assert_int_equal(nm_geometry_init(&g, size, r, z, &why), 0);
			assert_true(g.data_sectors == size);
			assert_int_equal(g.region_shift, r);
			assert_int_equal(g.zone_shift, z);
			assert_sound(&g);
		}
	}
}

static void known_values(void **state)
{
	struct nm_geometry g;
	const char *why;

	(void)state;
	/* 1 GiB of 64 KiB regions in 16 MiB zones */
	assert_int_equal(nm_geometry_init(&g, 1 << 21, 7, 15, &why), 0);
	assert_int_equal(g.nr_regions, 16384);
	assert_int_equal(g.nr_zones, 64);
	assert_int_equal(g.zone_regions, 256);
	assert_int_equal(g.block_zones, 125);
	assert_int_equal(g.nr_mark_blocks, 1);
	/* the smallest and the largest zone */
	assert_int_equal(nm_geometry_init(&g, 1 << 21, 7, 13, &why), 0);
	assert_int_equal(g.block_zones, 496);
	assert_int_equal(nm_geometry_init(&g, 1 << 21, 7, 20, &why), 0);
	assert_int_equal(g.block_zones, 3);
}

static void sectors_find_their_region_and_zone(void **state)
{
	struct nm_geometry g;
	const char *why;

	(void)state;
	assert_int_equal(nm_geometry_init(&g, (1 << 21) + 8, 7, 15, &why), 0);
	assert_int_equal(nm_region_of(&g, 127), 0);
	assert_int_equal(nm_region_of(&g, 128), 1);
	assert_int_equal(nm_zone_of(&g, 32767), 0);
	assert_int_equal(nm_zone_of(&g, 32768), 1);
	assert_int_equal(nm_region_sectors(&g, g.nr_regions - 2), 128);
	assert_int_equal(nm_region_sectors(&g, g.nr_regions - 1), 8);
}

static void init_refuses(void **state)
{
	static const struct {
		u64 size;
		u8 region, zone;
		const char *word;
	} cases[] = {
		{ 1 << 21, NM_REGION_SHIFT_MIN - 1, 15, "region size" },
		{ 1 << 21, NM_REGION_SHIFT_MAX + 1, 18, "region size" },
		{ 1 << 21, 0, 0, "region size" },
		{ 1 << 21, 255, 255, "region size" },
		{ 1 << 21, 7, 7 + NM_ZONE_REGIONS_SHIFT_MIN - 1, "zone size" },
		{ 1 << 21, 7, 7 + NM_ZONE_REGIONS_SHIFT_MAX + 1, "zone size" },
		{ 1 << 21, 7, 0, "zone size" },
		{ 1 << 21, 7, 255, "zone size" },
		{ 0, 7, 15, "multiple of 4 KiB" },
		{ 7, 7, 15, "multiple of 4 KiB" },
		{ 12, 7, 15, "multiple of 4 KiB" },
		{ NM_MAX_DATA_SECTORS + 8, 11, 20, "multiple of 4 KiB" },
		{ ~0ULL - 7, 11, 20, "multiple of 4 KiB" },
		{ (NM_MAX_REGIONS << 3) + 8, 3, 12, "too many regions" },
		{ (NM_MAX_REGIONS << 7) + 8, 7, 15, "too many regions" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nm_geometry g;
		const char *why = NULL;

		memset(&g, 0x5a, sizeof(g));
		assert_int_equal(nm_geometry_init(&g, cases[i].size,
						  cases[i].region,
						  cases[i].zone, &why),
				 -EINVAL);
		assert_sentence(why);
		assert_non_null(strstr(why, cases[i].word));
		assert_true(untouched(&g, 0x5a, sizeof(g)));
	}
}

static void assert_fits(u64 leg, u64 want, u8 r, u8 z, bool external)
{
	struct nm_geometry g, grown;
	u64 offset = 1;
	u32 max_blocks = 0;
	const char *why = NULL;
	int err;

	memset(&g, 0x5a, sizeof(g));
	err = nm_geometry_fit(&g, leg, want, r, z, external, &offset,
			      &max_blocks, &why);
	if (err) {
		assert_sentence(why);
		assert_true(err == -EINVAL || err == -ENOSPC);
		assert_true(untouched(&g, 0x5a, sizeof(g)));
		assert_true(offset == 1);
		assert_int_equal(max_blocks, 0);
		if (err == -ENOSPC) {
			/* not even the wish and twice its marks find room */
			u64 size = want ? want : leg;

			size -= size % 8;
			assert_int_equal(nm_geometry_init(&g, size, r, z, &why), 0);
			offset = nm_meta_sectors(2 * g.nr_mark_blocks);
			offset = external ? 0 : (offset + 2047) / 2048 * 2048;
			assert_true(leg < offset + (want ? size : 8));
		}
		return;
	}
	assert_sound(&g);
	if (want)
		assert_true(g.data_sectors == want - want % 8);
	assert_true(g.data_sectors <= leg && offset <= leg - g.data_sectors);
	/* room to grow to twice the size */
	assert_true(max_blocks >= 2 * g.nr_mark_blocks);
	if (!nm_geometry_init(&grown, 2 * g.data_sectors, r, z, &why))
		assert_true(grown.nr_mark_blocks <= max_blocks);
	if (external) {
		assert_true(offset == 0);
		if (!want)
			assert_true(g.data_sectors == leg - leg % 8);
		return;
	}
	assert_true(offset > 0 && offset % NM_DATA_ALIGN == 0);
	assert_true(nm_meta_sectors(max_blocks) <= offset);
	/* nothing to speak of is wasted: 4 MiB, and the marks of a grown mirror */
	if (!want)
		assert_true(leg - g.data_sectors <
			    8192 + 4 * nm_meta_sectors(g.nr_mark_blocks));
}

static void fit_over_many_sizes(void **state)
{
	u8 r, z;
	int i;

	(void)state;
	EACH_SHIFT(r, z)
		for (i = 0; i < 300; i++) {
			u64 leg = rnd64() >> (22 + rnd(42));
			u64 less = rnd(10000);
			u64 want = 0;

			if (i % 3 == 1)
				want = leg - min(leg, less);
			if (i % 3 == 2)
				want = leg ? rnd64() % leg : 0;
			assert_fits(leg, want, r, z, i & 1);
		}
}

static void fit_at_the_edge(void **state)
{
	struct nm_geometry g;
	u64 offset;
	u32 blocks;
	const char *why = NULL;

	(void)state;
	/* 1 MiB of metadata, 1 GiB of data */
	assert_int_equal(nm_geometry_fit(&g, (1 << 21) + 2048, 1 << 21, 7, 15,
					 false, &offset, &blocks, &why), 0);
	assert_int_equal(offset, 2048);
	assert_int_equal(blocks, 254);
	assert_int_equal(nm_geometry_fit(&g, (1 << 21) + 2047, 1 << 21, 7, 15,
					 false, &offset, &blocks, &why), -ENOSPC);
	assert_sentence(why);
	/* what is not a whole block is left over */
	assert_int_equal(nm_geometry_fit(&g, (1 << 22) + 5, (1 << 21) + 7, 7,
					 15, false, &offset, &blocks, &why), 0);
	assert_int_equal(g.data_sectors, 1 << 21);
	/* all that is left */
	assert_int_equal(nm_geometry_fit(&g, 2048 + 8, 0, 7, 15, false,
					 &offset, &blocks, &why), 0);
	assert_int_equal(g.data_sectors, 8);
	assert_int_equal(nm_geometry_fit(&g, 2048, 0, 7, 15, false, &offset,
					 &blocks, &why), -ENOSPC);
	/* external: the leg is all data */
	assert_int_equal(nm_geometry_fit(&g, 1 << 21, 1 << 21, 7, 15, true,
					 &offset, &blocks, &why), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(blocks, 2);
	assert_int_equal(nm_geometry_fit(&g, (1 << 21) - 1, 1 << 21, 7, 15,
					 true, &offset, &blocks, &why), -ENOSPC);
	/* no leg, a wish below a block, a wish beyond all bounds */
	assert_int_equal(nm_geometry_fit(&g, 0, 0, 7, 15, false, &offset,
					 &blocks, &why), -EINVAL);
	assert_int_equal(nm_geometry_fit(&g, 1 << 21, 7, 7, 15, false, &offset,
					 &blocks, &why), -EINVAL);
	assert_int_equal(nm_geometry_fit(&g, 1 << 21, ~0ULL, 7, 15, false,
					 &offset, &blocks, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_is_sound_over_many_sizes),
		cmocka_unit_test(known_values),
		cmocka_unit_test(sectors_find_their_region_and_zone),
		cmocka_unit_test(init_refuses),
		cmocka_unit_test(fit_over_many_sizes),
		cmocka_unit_test(fit_at_the_edge),
	};

	return run_group(tests);
}
