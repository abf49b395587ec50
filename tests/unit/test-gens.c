// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generations.  I4: the one left behind is remembered.  I5: two nodes that
 * part and meet again recognise how they are related, also when their lists
 * have overflowed.
 */
#include "unit.h"
#include "gens.h"

static struct nm_gens make(unsigned int nr, unsigned int covered)
{
	struct nm_gens g;
	unsigned int i;

	memset(&g, 0, sizeof(g));
	g.nr = nr;
	g.covered = covered;
	for (i = 0; i < nr; i++)
		gen_id(g.id[i], 1000 + nr - i);
	return g;
}

static void assert_is(const struct nm_gens *g, unsigned int at,
		      unsigned int letter)
{
	u8 id[NM_GEN_LEN];

	gen_id(id, letter);
	assert_memory_equal(g->id[at], id, NM_GEN_LEN);
}

static void turn(struct nm_gens *g, unsigned int letter, bool covered)
{
	u8 id[NM_GEN_LEN];

	gen_id(id, letter);
	nm_gens_turn(g, id, covered);
	assert_is(g, 0, letter);
	assert_null(nm_gens_check((const u8 (*)[NM_GEN_LEN])g->id, g->nr,
				  g->covered));
}

static const char *check(const struct nm_gens *g)
{
	return nm_gens_check((const u8 (*)[NM_GEN_LEN])g->id, g->nr, g->covered);
}

static void a_leg_without_data_is_blank(void **state)
{
	struct nm_gens g;

	(void)state;
	memset(&g, 0x5a, sizeof(g));
	nm_gens_init(&g);
	assert_int_equal(g.nr, 1);
	assert_int_equal(g.covered, 0);
	assert_true(untouched(g.id, 0, sizeof(g.id)));
	assert_true(nm_gens_blank(&g));
	assert_null(check(&g));
	g.id[0][NM_GEN_LEN - 1] = 1;
	assert_false(nm_gens_blank(&g));
}

static void the_first_generation_has_no_past(void **state)
{
	struct nm_gens g;

	(void)state;
	nm_gens_init(&g);
	turn(&g, 1, true);
	assert_int_equal(g.nr, 1);
	assert_int_equal(g.covered, 0);
	assert_false(nm_gens_blank(&g));
}

static void turning_remembers_what_is_left_behind(void **state)
{
	struct nm_gens g = make(2, 0);

	(void)state;
	turn(&g, 1, true);
	assert_int_equal(g.nr, 3);
	assert_int_equal(g.covered, 1);
	assert_is(&g, 1, 1002);
	assert_is(&g, 2, 1001);
	turn(&g, 2, true);
	assert_int_equal(g.nr, 4);
	assert_int_equal(g.covered, 2);
	assert_is(&g, 1, 1);
	/* a forced turn covers nothing, however much was covered before */
	turn(&g, 3, false);
	assert_int_equal(g.nr, 5);
	assert_int_equal(g.covered, 0);
	assert_is(&g, 1, 2);
	turn(&g, 4, true);
	assert_int_equal(g.covered, 1);
	nm_gens_settle(&g);
	assert_int_equal(g.covered, 0);
	assert_int_equal(g.nr, 6);
}

static void find_looks_at_the_list_alone(void **state)
{
	struct nm_gens g = make(5, 0);
	u8 id[NM_GEN_LEN];
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(nm_gens_find(&g, g.id[i]), i);
	gen_id(id, 1000);
	assert_int_equal(nm_gens_find(&g, id), -1);
	gen_id(g.id[5], 1000);
	assert_int_equal(nm_gens_find(&g, id), -1);
	gen_id(id, 1003);
	id[NM_GEN_LEN - 1] ^= 1;
	assert_int_equal(nm_gens_find(&g, id), -1);
}

static void adopting_takes_the_list_and_covers_nothing(void **state)
{
	struct nm_gens from = make(7, 3), g = make(2, 1);

	(void)state;
	nm_gens_adopt(&g, &from);
	assert_int_equal(g.nr, 7);
	assert_int_equal(g.covered, 0);
	assert_memory_equal(g.id, from.id, sizeof(g.id));
}

static void a_full_list_forgets_its_oldest(void **state)
{
	unsigned int covered, i;

	(void)state;
	for (covered = 0; covered < NM_MAX_GENS - 1; covered++) {
		struct nm_gens g = make(NM_MAX_GENS, covered);

		turn(&g, 1, true);
		assert_int_equal(g.nr, NM_MAX_GENS);
		assert_int_equal(g.covered, covered + 1);
		for (i = 1; i < NM_MAX_GENS; i++)
			assert_is(&g, i, 1000 + NM_MAX_GENS + 1 - i);
	}
}

/* ... unless that is where an unfinished peer stands. */
static void a_full_covered_list_keeps_its_oldest(void **state)
{
	struct nm_gens g = make(NM_MAX_GENS, NM_MAX_GENS - 1);
	unsigned int i;

	(void)state;
	turn(&g, 1, true);
	assert_int_equal(g.nr, NM_MAX_GENS);
	assert_int_equal(g.covered, NM_MAX_GENS - 1);
	assert_is(&g, 1, 1000 + NM_MAX_GENS);
	for (i = 2; i < NM_MAX_GENS; i++)
		assert_is(&g, i, 1000 + NM_MAX_GENS - i);
	for (i = 0; i < 1000; i++)
		turn(&g, 2000 + i, true);
	assert_is(&g, NM_MAX_GENS - 1, 1001);
	assert_int_equal(g.covered, NM_MAX_GENS - 1);
	turn(&g, 5000, false);
	assert_int_equal(g.covered, 0);
	assert_int_equal(g.nr, NM_MAX_GENS);
}

/*
 * A pair that parts and meets for a long time.  Only one writes at a time, so
 * the other's current generation is always found in its list, and within what
 * is covered.
 */
static void random_walk(void **state)
{
	struct nm_gens node[2];
	unsigned int letter = 1, writer = 0, full = 0, step;

	(void)state;
	nm_gens_init(&node[0]);
	nm_gens_init(&node[1]);
	turn(&node[0], letter++, true);
	nm_gens_adopt(&node[1], &node[0]);
	for (step = 0; step < 50000; step++) {
		struct nm_gens *w = &node[writer], *r = &node[!writer];
		int at;

		if (rnd(step / 10000 % 2 ? 200 : 3)) {
			turn(w, letter++, true);
			full += w->covered == NM_MAX_GENS - 1;
		} else {
			nm_gens_adopt(r, w);
			nm_gens_settle(w);
			if (rnd(2))
				writer = !writer;
			continue;
		}
		at = nm_gens_find(w, r->id[0]);
		assert_true(at > 0);
		assert_int_equal(at, w->covered);
		assert_int_equal(nm_gens_find(r, w->id[0]), -1);
	}
	/* the walk came to where it is hard */
	assert_true(full > 100);
}

static void check_finds_what_is_wrong(void **state)
{
	struct nm_gens g;
	int i, j;

	(void)state;
	for (i = 1; i <= NM_MAX_GENS; i++)
		for (j = 0; j <= 255; j++) {
			g = make(i, j);
			assert_int_equal(!check(&g), j < i);
		}
	g = make(1, 0);
	g.nr = 0;
	assert_sentence(check(&g));
	g = make(NM_MAX_GENS, 0);
	g.nr++;
	assert_sentence(check(&g));
	for (i = 0; i < 2; i++) {
		g = make(2, 0);
		gen_id(g.id[i], 0);
		assert_non_null(strstr(check(&g), "empty"));
	}
	for (i = 0; i < 9; i++) {
		g = make(9, 0);
		gen_id(g.id[i], 0);
		assert_non_null(strstr(check(&g), "empty"));
		for (j = 0; j < 9; j++) {
			g = make(9, 0);
			memcpy(g.id[j], g.id[i], NM_GEN_LEN);
			if (i == j)
				assert_null(check(&g));
			else
				assert_non_null(strstr(check(&g), "twice"));
		}
	}
	for (i = 9; i < NM_MAX_GENS; i++) {
		g = make(9, 0);
		g.id[i][NM_GEN_LEN - 1] = 1;
		assert_non_null(strstr(check(&g), "behind"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leg_without_data_is_blank),
		cmocka_unit_test(the_first_generation_has_no_past),
		cmocka_unit_test(turning_remembers_what_is_left_behind),
		cmocka_unit_test(find_looks_at_the_list_alone),
		cmocka_unit_test(adopting_takes_the_list_and_covers_nothing),
		cmocka_unit_test(a_full_list_forgets_its_oldest),
		cmocka_unit_test(a_full_covered_list_keeps_its_oldest),
		cmocka_unit_test(random_walk),
		cmocka_unit_test(check_finds_what_is_wrong),
	};

	return run_group(tests);
}
