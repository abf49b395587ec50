// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write intent and dirty regions, against a model of plain arrays.
 *
 * I1 and I3: a write gets in only under a durable zone, and what it touched
 * stays marked until both legs were flushed after it ended.  I7: the resync
 * finds every dirty region.
 */
#include "unit.h"
#include "marks.h"

struct model_region {
	bool dirty, unflushed, flushing;
};

struct model_zone {
	enum nm_zone_state state;
	unsigned int nr_writes;
};

static struct nm_marks m;
static struct model_region *regions;
static struct model_zone *zones;

static void setup(u64 sectors, u8 region_shift, u8 zone_shift)
{
	const char *why;

	assert_int_equal(nm_geometry_init(&m.geo, sectors, region_shift,
					  zone_shift, &why), 0);
	m.zones = calloc(1, nm_marks_zones_bytes(&m.geo));
	m.dirty = calloc(1, nm_marks_map_bytes(&m.geo));
	m.unflushed = calloc(1, nm_marks_map_bytes(&m.geo));
	m.flushing = calloc(1, nm_marks_map_bytes(&m.geo));
	regions = calloc((size_t)m.geo.nr_zones * m.geo.zone_regions,
			 sizeof(*regions));
	zones = calloc(m.geo.nr_zones, sizeof(*zones));
}

static int teardown(void **state)
{
	(void)state;
	free(m.zones);
	free(m.dirty);
	free(m.unflushed);
	free(m.flushing);
	free(regions);
	free(zones);
	memset(&m, 0, sizeof(m));
	regions = NULL;
	zones = NULL;
	return 0;
}

/* Three zones of 64 regions, the last with 6 regions and a part. */
static int setup_small(void **state)
{
	(void)state;
	setup(3 * 8192 - 58 * 128 + 8, 7, 13);
	assert_int_equal(m.geo.nr_zones, 3);
	assert_int_equal(m.geo.nr_regions, 135);
	return 0;
}

static void activate(u32 zone)
{
	assert_false(nm_marks_write_begin(&m, zone));
	nm_marks_activated(&m, zone);
}

static void write_both(u32 first, u32 last)
{
	assert_true(nm_marks_write_begin(&m, first / m.geo.zone_regions));
	assert_int_equal(nm_marks_write_end(&m, first, last, true), 0);
}

static void checkpoint(u32 zone)
{
	nm_marks_epoch_begin(&m, zone);
	nm_marks_epoch_end(&m, zone);
}

/* --- by hand ------------------------------------------------------------ */

static void a_write_waits_for_its_mark(void **state)
{
	(void)state;
	assert_int_equal(m.zones[1].state, NM_ZONE_COLD);
	assert_false(nm_marks_write_begin(&m, 1));
	assert_int_equal(m.zones[1].state, NM_ZONE_ACTIVATING);
	assert_false(nm_marks_write_begin(&m, 1));
	assert_int_equal(m.zones[1].nr_writes, 0);
	nm_marks_activated(&m, 1);
	assert_int_equal(m.zones[1].state, NM_ZONE_ACTIVE);
	assert_true(nm_marks_write_begin(&m, 1));
	assert_true(nm_marks_write_begin(&m, 1));
	assert_int_equal(m.zones[1].nr_writes, 2);
	/* the neighbours are still cold */
	assert_false(nm_marks_write_begin(&m, 0));
	assert_false(nm_marks_write_begin(&m, 2));
}

static void a_failed_activation_leaves_the_zone_cold(void **state)
{
	(void)state;
	assert_false(nm_marks_write_begin(&m, 0));
	nm_marks_activation_failed(&m, 0);
	assert_int_equal(m.zones[0].state, NM_ZONE_COLD);
	assert_false(nm_marks_write_begin(&m, 0));
	nm_marks_activated(&m, 0);
	assert_true(nm_marks_write_begin(&m, 0));
}

static void a_write_on_one_leg_is_dirty_at_once(void **state)
{
	u32 r;

	(void)state;
	activate(1);
	assert_true(nm_marks_write_begin(&m, 1));
	assert_int_equal(nm_marks_write_end(&m, 64, 127, false), 64);
	assert_int_equal(m.zones[1].nr_writes, 0);
	assert_int_equal(nm_marks_count(&m), 64);
	assert_true(nm_marks_write_begin(&m, 1));
	assert_int_equal(nm_marks_write_end(&m, 70, 71, false), 0);
	for (r = 0; r < m.geo.nr_regions; r++)
		assert_int_equal(nm_marks_is_dirty(&m, r), r >= 64 && r < 128);
}

static void a_write_on_both_is_dirty_when_the_peer_is_lost(void **state)
{
	(void)state;
	activate(0);
	write_both(3, 5);
	assert_int_equal(nm_marks_count(&m), 0);
	nm_marks_set_dirty(&m, 4, 4);
	assert_int_equal(nm_marks_peer_lost(&m, 0), 2);
	assert_int_equal(nm_marks_count(&m), 3);
	assert_int_equal(nm_marks_peer_lost(&m, 0), 0);
	/* dirty outlives a checkpoint, but holds no zone active */
	checkpoint(0);
	assert_int_equal(nm_marks_count(&m), 3);
	assert_true(nm_marks_retire(&m, 0));
}

/* A checkpoint covers only what had ended when it began. */
static void a_write_that_ends_in_a_checkpoint_is_not_flushed_by_it(void **state)
{
	(void)state;
	activate(0);
	write_both(1, 1);
	assert_true(nm_marks_write_begin(&m, 0));
	nm_marks_epoch_begin(&m, 0);
	nm_marks_write_end(&m, 2, 2, true);
	/* also of a region that the checkpoint does cover */
	write_both(1, 1);
	nm_marks_epoch_end(&m, 0);
	assert_false(nm_marks_retire(&m, 0));
	assert_int_equal(nm_marks_peer_lost(&m, 0), 2);
	assert_true(nm_marks_is_dirty(&m, 1));
	assert_true(nm_marks_is_dirty(&m, 2));
}

static void a_peer_lost_during_a_checkpoint_leaves_all_dirty(void **state)
{
	(void)state;
	activate(0);
	write_both(1, 2);
	nm_marks_epoch_begin(&m, 0);
	write_both(3, 3);
	assert_int_equal(nm_marks_peer_lost(&m, 0), 3);
	nm_marks_epoch_end(&m, 0);
	assert_int_equal(nm_marks_count(&m), 3);
}

static void an_aborted_checkpoint_leaves_all_unflushed(void **state)
{
	(void)state;
	activate(0);
	write_both(1, 2);
	nm_marks_epoch_begin(&m, 0);
	write_both(2, 3);
	nm_marks_epoch_abort(&m, 0);
	nm_marks_epoch_end(&m, 0);
	assert_false(nm_marks_retire(&m, 0));
	assert_int_equal(nm_marks_peer_lost(&m, 0), 3);
}

/* Two checkpoints that overlap: the first end must not vouch for the second. */
static void what_a_second_begin_adds_is_kept_by_an_abort(void **state)
{
	(void)state;
	activate(0);
	write_both(1, 1);
	nm_marks_epoch_begin(&m, 0);
	write_both(2, 2);
	nm_marks_epoch_begin(&m, 0);
	nm_marks_epoch_abort(&m, 0);
	assert_int_equal(nm_marks_peer_lost(&m, 0), 2);
}

static void retire_is_refused_while_it_matters(void **state)
{
	(void)state;
	assert_false(nm_marks_retire(&m, 0));		/* cold */
	assert_false(nm_marks_write_begin(&m, 0));
	assert_false(nm_marks_retire(&m, 0));		/* activating */
	assert_int_equal(m.zones[0].state, NM_ZONE_ACTIVATING);
	nm_marks_activated(&m, 0);
	assert_true(nm_marks_write_begin(&m, 0));
	assert_false(nm_marks_retire(&m, 0));		/* in flight */
	nm_marks_write_end(&m, 63, 63, true);
	assert_false(nm_marks_retire(&m, 0));		/* unflushed */
	nm_marks_epoch_begin(&m, 0);
	assert_false(nm_marks_retire(&m, 0));		/* being flushed */
	assert_int_equal(m.zones[0].state, NM_ZONE_ACTIVE);
	nm_marks_epoch_end(&m, 0);
	assert_true(nm_marks_retire(&m, 0));
	assert_int_equal(m.zones[0].state, NM_ZONE_COLD);
	/* its mark may be gone: the next write waits again */
	assert_false(nm_marks_write_begin(&m, 0));
}

static void a_checkpoint_touches_only_its_zone(void **state)
{
	(void)state;
	activate(0);
	activate(1);
	activate(2);
	write_both(63, 63);
	write_both(64, 64);
	write_both(127, 127);
	write_both(128, 128);
	checkpoint(1);
	assert_true(nm_marks_retire(&m, 1));
	assert_false(nm_marks_retire(&m, 0));
	assert_false(nm_marks_retire(&m, 2));
	assert_int_equal(nm_marks_peer_lost(&m, 1), 0);
	assert_int_equal(nm_marks_peer_lost(&m, 0), 1);
	assert_int_equal(nm_marks_peer_lost(&m, 2), 1);
	nm_marks_set_dirty(&m, 64, 64);
	nm_marks_wipe(&m, 1);
	assert_int_equal(nm_marks_count(&m), 2);
	assert_true(nm_marks_is_dirty(&m, 63) && nm_marks_is_dirty(&m, 128));
}

static void the_epoch_counts_since_the_last_write(void **state)
{
	int i;

	(void)state;
	activate(0);
	for (i = 0; i < 300; i++) {
		assert_int_equal(m.zones[0].epoch, min(i, 127));
		nm_marks_epoch_begin(&m, 0);
	}
	write_both(0, 0);
	assert_int_equal(m.zones[0].epoch, 0);
}

static void a_copied_region_is_unflushed_a_cleared_one_is_not(void **state)
{
	(void)state;
	activate(0);
	assert_int_equal(nm_marks_set_dirty(&m, 0, 2), 3);
	assert_true(nm_marks_copied(&m, 0));
	assert_false(nm_marks_copied(&m, 0));
	assert_true(nm_marks_clear(&m, 1));
	assert_false(nm_marks_clear(&m, 1));
	assert_int_equal(nm_marks_count(&m), 1);
	assert_false(nm_marks_retire(&m, 0));
	assert_int_equal(nm_marks_peer_lost(&m, 0), 1);
	assert_true(nm_marks_is_dirty(&m, 0));
	assert_false(nm_marks_is_dirty(&m, 1));
	assert_true(nm_marks_is_dirty(&m, 2));
}

/* A part of a region does not make it clean. */
static void a_write_into_a_dirty_region_leaves_it_dirty(void **state)
{
	(void)state;
	activate(0);
	nm_marks_set_dirty(&m, 7, 7);
	write_both(7, 7);
	checkpoint(0);
	assert_true(nm_marks_is_dirty(&m, 7));
}

static void the_scan_finds_every_dirty_region(void **state)
{
	u32 nr = m.geo.nr_regions, r, from;

	(void)state;
	assert_int_equal(nm_marks_next_dirty(&m, 0), nr);
	for (r = 0; r < nr; r++) {
		nm_marks_set_dirty(&m, r, r);
		for (from = 0; from <= nr + 70; from++)
			assert_int_equal(nm_marks_next_dirty(&m, from),
					 from <= r ? r : nr);
		nm_marks_clear(&m, r);
	}
	nm_marks_set_dirty(&m, 0, 0);
	nm_marks_set_dirty(&m, nr - 1, nr - 1);
	assert_int_equal(nm_marks_next_dirty(&m, 0), 0);
	assert_int_equal(nm_marks_next_dirty(&m, 1), nr - 1);
	assert_int_equal(nm_marks_next_dirty(&m, nr), nr);
	assert_int_equal(nm_marks_next_dirty(&m, ~0U), nr);
}

static void any_dirty_looks_at_the_range_alone(void **state)
{
	u32 first, last;

	(void)state;
	nm_marks_set_dirty(&m, 70, 71);
	for (first = 64; first < 128; first++)
		for (last = first; last < 128; last++)
			assert_int_equal(nm_marks_any_dirty(&m, first, last),
					 first <= 71 && last >= 70);
	assert_false(nm_marks_any_dirty(&m, 0, 63));
	assert_false(nm_marks_any_dirty(&m, 128, 134));
}

/* --- against the model -------------------------------------------------- */

static void assert_same_as_model(void)
{
	u32 zone, r, nr = 0, next = m.geo.nr_regions;

	for (zone = 0; zone < m.geo.nr_zones; zone++) {
		u32 in_zone = 0;
		bool touched = false;

		for (r = zone * m.geo.zone_regions;
		     r < (zone + 1) * m.geo.zone_regions; r++) {
			if (regions[r].dirty && r < next)
				next = r;
			in_zone += regions[r].dirty;
			touched |= regions[r].unflushed || regions[r].flushing;
			assert_int_equal(test_bit(r, m.dirty), regions[r].dirty);
			assert_int_equal(test_bit(r, m.unflushed),
					 regions[r].unflushed);
			assert_int_equal(test_bit(r, m.flushing),
					 regions[r].flushing);
		}
		assert_int_equal(m.zones[zone].nr_dirty, in_zone);
		assert_int_equal(m.zones[zone].touched, touched);
		assert_int_equal(m.zones[zone].state, zones[zone].state);
		assert_int_equal(m.zones[zone].nr_writes, zones[zone].nr_writes);
		nr += in_zone;
	}
	assert_int_equal(nm_marks_count(&m), nr);
	assert_int_equal(nm_marks_next_dirty(&m, 0), next);
}

static u32 model_set_dirty(u32 first, u32 last)
{
	u32 nr = 0;

	for (; first <= last; first++) {
		nr += !regions[first].dirty;
		regions[first].dirty = true;
	}
	return nr;
}

static void random_step(void)
{
	u32 zr = m.geo.zone_regions;
	u32 zone = rnd(m.geo.nr_zones);
	struct model_zone *z = &zones[zone];
	u32 start = zone * zr;
	u32 end = min(start + zr, m.geo.nr_regions);
	u32 first = start + rnd(end - start);
	u32 last = first + rnd(min(end - first, 4U));
	u32 r, nr = 0;
	bool flag;

	switch (rnd(14)) {
	case 0 ... 2:
		assert_int_equal(nm_marks_write_begin(&m, zone),
				 z->state == NM_ZONE_ACTIVE);
		if (z->state == NM_ZONE_ACTIVE)
			z->nr_writes++;
		else
			z->state = NM_ZONE_ACTIVATING;
		break;
	case 3:
		if (z->state != NM_ZONE_ACTIVATING)
			break;
		if (rnd(4)) {
			nm_marks_activated(&m, zone);
			z->state = NM_ZONE_ACTIVE;
		} else {
			nm_marks_activation_failed(&m, zone);
			z->state = NM_ZONE_COLD;
		}
		break;
	case 4 ... 5:
		if (!z->nr_writes)
			break;
		z->nr_writes--;
		flag = rnd(4);
		if (flag)
			for (r = first; r <= last; r++)
				regions[r].unflushed = true;
		else
			nr = model_set_dirty(first, last);
		assert_int_equal(nm_marks_write_end(&m, first, last, flag), nr);
		break;
	case 6:
		assert_int_equal(nm_marks_set_dirty(&m, first, last),
				 model_set_dirty(first, last));
		break;
	case 7:
		assert_int_equal(nm_marks_copied(&m, first),
				 regions[first].dirty);
		regions[first].unflushed |= regions[first].dirty;
		regions[first].dirty = false;
		break;
	case 8:
		assert_int_equal(nm_marks_clear(&m, first),
				 regions[first].dirty);
		regions[first].dirty = false;
		break;
	case 9:
		nm_marks_epoch_begin(&m, zone);
		for (r = start; r < end; r++) {
			regions[r].flushing |= regions[r].unflushed;
			regions[r].unflushed = false;
		}
		break;
	case 10:
		nm_marks_epoch_end(&m, zone);
		for (r = start; r < end; r++)
			regions[r].flushing = false;
		break;
	case 11:
		flag = rnd(2);
		for (r = start; r < end; r++) {
			if (flag) {
				regions[r].unflushed |= regions[r].flushing;
			} else if (regions[r].unflushed || regions[r].flushing) {
				nr += model_set_dirty(r, r);
				regions[r].unflushed = false;
			}
			regions[r].flushing = false;
		}
		if (flag)
			nm_marks_epoch_abort(&m, zone);
		else
			assert_int_equal(nm_marks_peer_lost(&m, zone), nr);
		break;
	case 12:
		flag = z->state == NM_ZONE_ACTIVE && !z->nr_writes;
		for (r = start; r < end; r++)
			if (regions[r].unflushed || regions[r].flushing)
				flag = false;
		assert_int_equal(nm_marks_retire(&m, zone), flag);
		if (flag)
			z->state = NM_ZONE_COLD;
		break;
	case 13:
		flag = false;
		for (r = first; r <= last; r++)
			flag |= regions[r].dirty;
		assert_int_equal(nm_marks_any_dirty(&m, first, last), flag);
		if (rnd(20))
			break;
		nm_marks_wipe(&m, zone);
		memset(&regions[start], 0, zr * sizeof(*regions));
		break;
	}
}

static void random_walk(u64 sectors, u8 region_shift, u8 zone_shift, int steps)
{
	setup(sectors, region_shift, zone_shift);
	while (steps--) {
		random_step();
		if (steps % 16 == 0)
			assert_same_as_model();
	}
	assert_same_as_model();
}

static void random_walk_in_three_zones(void **state)
{
	(void)state;
	random_walk(3 * 8192 - 58 * 128 + 8, 7, 13, 60000);
}

static void random_walk_in_one_region(void **state)
{
	(void)state;
	random_walk(8, 3, 9, 20000);
}

static void random_walk_in_the_largest_zones(void **state)
{
	(void)state;
	random_walk(2 * (1 << 16) - 4096, 3, 16, 4000);
}

int main(void)
{
#define SMALL(test) cmocka_unit_test_setup_teardown(test, setup_small, teardown)
#define WALK(test) cmocka_unit_test_teardown(test, teardown)
	const struct CMUnitTest tests[] = {
		SMALL(a_write_waits_for_its_mark),
		SMALL(a_failed_activation_leaves_the_zone_cold),
		SMALL(a_write_on_one_leg_is_dirty_at_once),
		SMALL(a_write_on_both_is_dirty_when_the_peer_is_lost),
		SMALL(a_write_that_ends_in_a_checkpoint_is_not_flushed_by_it),
		SMALL(a_peer_lost_during_a_checkpoint_leaves_all_dirty),
		SMALL(an_aborted_checkpoint_leaves_all_unflushed),
		SMALL(what_a_second_begin_adds_is_kept_by_an_abort),
		SMALL(retire_is_refused_while_it_matters),
		SMALL(a_checkpoint_touches_only_its_zone),
		SMALL(the_epoch_counts_since_the_last_write),
		SMALL(a_copied_region_is_unflushed_a_cleared_one_is_not),
		SMALL(a_write_into_a_dirty_region_leaves_it_dirty),
		SMALL(the_scan_finds_every_dirty_region),
		SMALL(any_dirty_looks_at_the_range_alone),
		WALK(random_walk_in_three_zones),
		WALK(random_walk_in_one_region),
		WALK(random_walk_in_the_largest_zones),
	};

	return run_group(tests);
}
