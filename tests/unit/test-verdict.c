// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who syncs from whom.  I5: an inconsistent or older leg is never a source,
 * two histories that both moved on are split brain, and equal generations do
 * not mean equal data while marks are left.  I3: a copy by marks only where
 * the source's marks cover the difference.
 */
#include "unit.h"
#include "verdict.h"
#include <netmirror/wire.h>

static struct nm_hello hello(u8 node)
{
	struct nm_hello h = {
		.version = NM_WIRE_VERSION,
		.src_node = node,
		.role = NM_SECONDARY,
		.flags = NM_SBF_CONSISTENT,
		.uuid = "the same on both",
		.data_sectors = 1 << 21,
		.room_sectors = 1 << 21,
		.region_shift = 7,
		.zone_shift = 15,
	};

	nm_gens_init(&h.gens);
	return h;
}

/* A list like "CBA", newest first; "" is blank. */
static void set_gens(struct nm_gens *g, const char *letters, u8 covered)
{
	nm_gens_init(g);
	for (g->nr = 0; *letters; letters++)
		gen_id(g->id[g->nr++], *letters);
	if (!g->nr)
		g->nr = 1;
	g->covered = covered;
}

static void turn(struct nm_hello *h, char letter)
{
	u8 id[NM_GEN_LEN];

	gen_id(id, letter);
	nm_gens_turn(&h->gens, id, true);
}

/* Both views at once; returns what @a decides. */
static struct nm_decision decide(const struct nm_hello *a,
				 const struct nm_hello *b)
{
	struct nm_decision d = nm_decide(a, b), e = nm_decide(b, a);

	assert_int_equal(e.verdict, nm_verdict_mirrored(d.verdict));
	assert_int_equal(d.verdict, nm_verdict_mirrored(e.verdict));
	assert_int_equal(d.refusal, e.refusal);
	assert_int_equal(d.verdict == NM_V_REFUSE, d.refusal != NM_REFUSE_NOT);
	assert_sentence(d.why);
	assert_sentence(e.why);
	return d;
}

static void expect(const struct nm_hello *a, const struct nm_hello *b,
		   enum nm_verdict verdict)
{
	assert_int_equal(decide(a, b).verdict, verdict);
}

static void expect_refusal(const struct nm_hello *a, const struct nm_hello *b,
			   enum nm_refusal refusal)
{
	assert_int_equal(decide(a, b).refusal, refusal);
}

/* --- every combination -------------------------------------------------- */

static bool contains(const struct nm_gens *g, const u8 *id, int *at)
{
	for (*at = 0; *at < g->nr; ++*at)
		if (!memcmp(g->id[*at], id, NM_GEN_LEN))
			return true;
	return false;
}

static bool have_common(const struct nm_gens *a, const struct nm_gens *b)
{
	int i, at;

	for (i = 0; i < a->nr; i++)
		if (contains(b, a->id[i], &at))
			return true;
	return false;
}

static bool no_data(const struct nm_hello *h)
{
	return untouched(h->gens.id[0], 0, NM_GEN_LEN);
}

/* With the same generation: who wins, as a number to compare. */
static int weight(const struct nm_hello *h)
{
	return !!(h->flags & NM_SBF_CONSISTENT) << 4 |
	       (h->role == NM_PRIMARY) << 3 |
	       !!(h->flags & NM_SBF_PRIMARY) << 2 |
	       !!h->nr_dirty << 1 | (h->src_node == 0);
}

/* What a copy needs, whatever led to it. */
static void assert_copy(const struct nm_hello *source,
			const struct nm_hello *target,
			struct nm_decision d, bool full)
{
	int at;

	if (!(source->flags & NM_SBF_CONSISTENT)) {
		assert_int_equal(d.refusal, NM_REFUSE_INCONSISTENT);
	} else if (target->role == NM_PRIMARY &&
		   target->flags & NM_SBF_CONSISTENT) {
		assert_int_equal(d.refusal, NM_REFUSE_PRIMARY_STALE);
	} else {
		assert_int_equal(d.refusal, NM_REFUSE_NOT);
		assert_int_equal(full, d.verdict == NM_V_FULL_TO_PEER ||
				       d.verdict == NM_V_FULL_FROM_PEER);
		assert_false(no_data(source));
		/* the marks cover where the target stands */
		if (!full) {
			assert_true(contains(&source->gens,
					     target->gens.id[0], &at));
			assert_true(at <= source->gens.covered);
		}
		/* the target is not ahead of the source */
		if (contains(&target->gens, source->gens.id[0], &at))
			assert_int_equal(at, 0);
	}
}

/* A primary may work with the other's leg when its own has failed. */
static bool useless(const struct nm_hello *h, const struct nm_hello *other)
{
	return h->flags & NM_SBF_LEG_FAILED &&
	       (h->role != NM_PRIMARY || other->flags & NM_SBF_LEG_FAILED);
}

/* As if it were just inconsistent: it has nothing to give. */
static void without_leg(struct nm_hello *h)
{
	if (h->flags & NM_SBF_LEG_FAILED)
		h->flags &= ~NM_SBF_CONSISTENT;
}

static void check_order(const struct nm_hello *a, const struct nm_hello *b,
			enum nm_verdict v)
{
	bool a_failed = a->flags & NM_SBF_LEG_FAILED;
	bool b_failed = b->flags & NM_SBF_LEG_FAILED;
	bool a_first = nm_prepares_first(a, b, v);
	bool b_first = nm_prepares_first(b, a, nm_verdict_mirrored(v));

	if (v == NM_V_REFUSE)
		return;
	/* somebody begins, and who keeps marks for a failed leg waits for it */
	assert_true(a_first || b_first);
	if (a_failed || b_failed) {
		assert_int_equal(a_first, a_failed);
		assert_int_equal(b_first, b_failed);
		assert_int_equal(nm_verdict_is_target(v), a_failed);
	} else if (nm_verdict_is_source(v) || nm_verdict_is_target(v)) {
		assert_int_equal(a_first, nm_verdict_is_source(v));
		assert_int_equal(b_first, nm_verdict_is_target(v));
	}
	assert_int_equal(nm_must_track(b), b_failed);
}

static void check_pair(const struct nm_hello *one, const struct nm_hello *two)
{
	struct nm_decision d = decide(one, two);
	struct nm_hello copy_a = *one, copy_b = *two;
	const struct nm_hello *a = &copy_a, *b = &copy_b;
	const struct nm_hello *source = NULL, *target = NULL;
	bool a_has_b, b_has_a, full = false;
	int at_a, at_b;

	assert_false(nm_verdict_is_source(d.verdict) &&
		     nm_verdict_is_target(d.verdict));
	if (nm_verdict_is_source(d.verdict) || nm_verdict_is_target(d.verdict))
		assert_int_equal(d.verdict == NM_V_TO_PEER ||
				 d.verdict == NM_V_FULL_TO_PEER,
				 nm_verdict_is_source(d.verdict));

	if (a->role == NM_PRIMARY && b->role == NM_PRIMARY) {
		assert_int_equal(d.refusal, NM_REFUSE_TWO_PRIMARIES);
		return;
	}
	if (useless(a, b) || useless(b, a)) {
		assert_int_equal(d.refusal, NM_REFUSE_LEG_FAILED);
		return;
	}
	check_order(a, b, d.verdict);
	without_leg(&copy_a);
	without_leg(&copy_b);
	if (no_data(a) && no_data(b)) {
		if ((a->flags | b->flags) & NM_SBF_LEG_FAILED)
			assert_int_equal(d.refusal, NM_REFUSE_INCONSISTENT);
		else
			assert_int_equal(d.verdict, NM_V_NO_DATA);
		return;
	}
	assert_int_not_equal(d.verdict, NM_V_NO_DATA);

	a_has_b = contains(&a->gens, b->gens.id[0], &at_a);
	b_has_a = contains(&b->gens, a->gens.id[0], &at_b);
	if (no_data(a) || no_data(b)) {
		source = no_data(a) ? b : a;
		target = no_data(a) ? a : b;
		full = true;
	} else if (a_has_b && !at_a) {
		if (!(a->flags & b->flags & NM_SBF_CONSISTENT) &&
		    !((a->flags ^ b->flags) & NM_SBF_CONSISTENT)) {
			assert_int_equal(d.refusal, NM_REFUSE_INCONSISTENT);
			return;
		}
		if (a->flags & b->flags & NM_SBF_CONSISTENT &&
		    !a->nr_dirty && !b->nr_dirty) {
			assert_int_equal(d.verdict, NM_V_IN_SYNC);
			return;
		}
		source = weight(a) > weight(b) ? a : b;
		target = weight(a) > weight(b) ? b : a;
	} else if (a_has_b && b_has_a) {
		assert_int_equal(d.refusal, NM_REFUSE_PROTOCOL);
		return;
	} else if (a_has_b) {
		source = a;
		target = b;
		full = at_a > a->gens.covered;
	} else if (b_has_a) {
		source = b;
		target = a;
		full = at_b > b->gens.covered;
	} else {
		assert_int_equal(d.refusal, have_common(&a->gens, &b->gens) ?
				 NM_REFUSE_SPLIT_BRAIN : NM_REFUSE_UNRELATED);
		return;
	}
	assert_int_not_equal(d.verdict, NM_V_IN_SYNC);
	if (d.verdict != NM_V_REFUSE)
		assert_int_equal(nm_verdict_is_source(d.verdict), source == a);
	assert_copy(source, target, d, full);
}

static void every_combination(void **state)
{
	static const struct {
		const char *letters;
		u8 covered;
	} lists[] = {
		{ "", 0 }, { "A", 0 }, { "BA", 0 }, { "BA", 1 },
		{ "CBA", 0 }, { "CBA", 1 }, { "CBA", 2 },
		{ "DA", 0 }, { "DA", 1 }, { "EBA", 1 },
		{ "X", 0 }, { "YX", 1 }, { "AB", 1 },
	};
	static const u64 dirty[] = { 0, 1, 1ULL << 32 };
	static const u32 idle = NM_SBF_OUTDATED | NM_SBF_PEER_HAS_GEN |
				NM_SBF_EXTERNAL;
	unsigned int la, lb, bits, x, nr = 0;
	struct nm_hello a = hello(0), b = hello(1);

	(void)state;
	for (la = 0; la < ARRAY_SIZE(lists); la++)
		for (lb = 0; lb < ARRAY_SIZE(lists); lb++) {
			set_gens(&a.gens, lists[la].letters, lists[la].covered);
			set_gens(&b.gens, lists[lb].letters, lists[lb].covered);
			for (bits = 0; bits < 256; bits++)
				for (x = 0; x < 9; x++) {
					a.role = bits & 1;
					b.role = bits >> 1 & 1;
					/* these flags do not matter here */
					a.flags = rnd64() & idle;
					b.flags = rnd64() & idle;
					if (bits & 4)
						a.flags |= NM_SBF_CONSISTENT;
					if (bits & 8)
						b.flags |= NM_SBF_CONSISTENT;
					if (bits & 16)
						a.flags |= NM_SBF_PRIMARY;
					if (bits & 32)
						b.flags |= NM_SBF_PRIMARY;
					if (bits & 64)
						a.flags |= NM_SBF_LEG_FAILED;
					if (bits & 128)
						b.flags |= NM_SBF_LEG_FAILED;
					a.nr_dirty = dirty[x / 3];
					b.nr_dirty = dirty[x % 3];
					check_pair(&a, &b);
					nr++;
				}
		}
	printf("# %u pairs\n", nr);
}

static void mirroring_twice_changes_nothing(void **state)
{
	int v;

	(void)state;
	for (v = NM_V_IN_SYNC; v <= NM_V_REFUSE; v++) {
		enum nm_verdict w = nm_verdict_mirrored(v);

		assert_int_equal(nm_verdict_mirrored(w), v);
		assert_int_equal(nm_verdict_is_source(v),
				 nm_verdict_is_target(w));
		assert_int_equal(w == (enum nm_verdict)v,
				 !nm_verdict_is_source(v) &&
				 !nm_verdict_is_target(v));
	}
}

/* --- nodes that do not belong together ---------------------------------- */

static void what_does_not_match_is_refused(void **state)
{
	struct nm_hello a = hello(0), b;

	(void)state;
	set_gens(&a.gens, "A", 0);
	/* each case leaves the ones after it wrong too: the first is named */
	b = a;
	b.role = a.role = NM_PRIMARY;
	expect_refusal(&a, &b, NM_REFUSE_NODE_ID);
	b.src_node = 1;
	expect_refusal(&a, &b, NM_REFUSE_TWO_PRIMARIES);
	b.zone_shift++;
	expect_refusal(&a, &b, NM_REFUSE_GEOMETRY);
	b.zone_shift--;
	b.region_shift++;
	expect_refusal(&a, &b, NM_REFUSE_GEOMETRY);
	b.data_sectors -= 8;
	expect_refusal(&a, &b, NM_REFUSE_SIZE);
	b.data_sectors += 8;
	b.room_sectors = b.data_sectors - 1;
	expect_refusal(&a, &b, NM_REFUSE_SIZE);
	b.src_node = 0;
	expect_refusal(&a, &b, NM_REFUSE_NODE_ID);
	b.uuid[NM_UUID_LEN - 1] ^= 1;
	expect_refusal(&a, &b, NM_REFUSE_UUID);
	b.features = 1ULL << 63;
	expect_refusal(&a, &b, NM_REFUSE_FEATURES);
	b.version++;
	expect_refusal(&a, &b, NM_REFUSE_VERSION);
}

/* The failed leg of a secondary is refused, and room to spare is fine. */
static void legs_may_differ_in_size(void **state)
{
	struct nm_hello a = hello(0), b = hello(1);

	(void)state;
	set_gens(&a.gens, "A", 0);
	set_gens(&b.gens, "A", 0);
	b.room_sectors = ~0ULL;
	expect(&a, &b, NM_V_IN_SYNC);
	b.flags |= NM_SBF_LEG_FAILED;
	expect_refusal(&a, &b, NM_REFUSE_LEG_FAILED);
}

/* --- scenes ------------------------------------------------------------- */

/* Both at generation B, in sync; node 0 was primary. */
static void parted(struct nm_hello *a, struct nm_hello *b)
{
	*a = hello(0);
	*b = hello(1);
	set_gens(&a->gens, "BA", 0);
	set_gens(&b->gens, "BA", 0);
	a->flags |= NM_SBF_PRIMARY;
}

static void primary_crashed_and_nobody_wrote(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	expect(&a, &b, NM_V_IN_SYNC);
	/* with writes in flight, also when it is the other one's number */
	a.nr_dirty = 256;
	expect(&a, &b, NM_V_TO_PEER);
	a.src_node = 1;
	b.src_node = 0;
	expect(&a, &b, NM_V_TO_PEER);
	/* the survivor was promoted and has served reads: its data stay */
	b.role = NM_PRIMARY;
	b.flags |= NM_SBF_PRIMARY;
	expect(&a, &b, NM_V_FROM_PEER);
	/* ... and the survivor crashed as well, without a write */
	b.role = NM_SECONDARY;
	expect(&a, &b, NM_V_TO_PEER);
}

static void primary_crashed_and_the_survivor_took_writes(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	a.nr_dirty = 256;
	b.role = NM_PRIMARY;
	b.flags |= NM_SBF_PRIMARY;
	turn(&b, 'C');
	b.nr_dirty = 3;
	expect(&a, &b, NM_V_FROM_PEER);
	b.role = NM_SECONDARY;
	expect(&a, &b, NM_V_FROM_PEER);
}

static void the_link_broke_under_a_primary(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	a.role = NM_PRIMARY;
	expect(&a, &b, NM_V_IN_SYNC);
	a.nr_dirty = 1;			/* unflushed, nothing acknowledged since */
	expect(&a, &b, NM_V_TO_PEER);
	turn(&a, 'C');			/* it went on alone */
	expect(&a, &b, NM_V_TO_PEER);
	turn(&a, 'D');
	expect(&a, &b, NM_V_TO_PEER);
}

static void both_went_on(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	turn(&a, 'C');
	turn(&b, 'D');
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	a.nr_dirty = b.nr_dirty = 7;
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	turn(&a, 'E');
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	/* one of them discards its changes: it starts from nothing */
	nm_gens_init(&b.gens);
	b.flags &= ~NM_SBF_CONSISTENT;
	expect(&a, &b, NM_V_FULL_TO_PEER);
}

static void a_forced_promotion_of_a_target_is_split_brain(void **state)
{
	struct nm_hello a, b;
	u8 id[NM_GEN_LEN];

	(void)state;
	parted(&a, &b);
	turn(&a, 'C');
	gen_id(id, 'F');
	nm_gens_turn(&b.gens, id, false);
	b.role = NM_PRIMARY;
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
}

static void a_resync_was_interrupted(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	turn(&a, 'C');
	a.nr_dirty = 100;
	b.flags &= ~NM_SBF_CONSISTENT;
	expect(&a, &b, NM_V_TO_PEER);
	/* the target crashed too, then the source, then both went on */
	b.nr_dirty = 5;
	expect(&a, &b, NM_V_TO_PEER);
	turn(&a, 'D');
	expect(&a, &b, NM_V_TO_PEER);
	/* the target's leg is in use through the source */
	b.role = NM_PRIMARY;
	a.flags &= ~NM_SBF_PRIMARY;
	expect(&a, &b, NM_V_TO_PEER);
	/* the target has taken the source's history over already */
	nm_gens_adopt(&b.gens, &a.gens);
	expect(&a, &b, NM_V_TO_PEER);
	b.nr_dirty = 0;
	a.nr_dirty = 0;
	expect(&a, &b, NM_V_TO_PEER);
	/* the source lost its consistency as well */
	a.flags &= ~NM_SBF_CONSISTENT;
	expect_refusal(&a, &b, NM_REFUSE_INCONSISTENT);
}

static void the_end_of_a_resync_was_missed(void **state)
{
	struct nm_hello a, b;

	(void)state;
	/* SYNC_DONE did not arrive */
	parted(&a, &b);
	turn(&a, 'C');
	b.flags &= ~NM_SBF_CONSISTENT;
	expect(&a, &b, NM_V_TO_PEER);
	/* SYNC_TAKEN did not arrive: the source still covers B */
	nm_gens_adopt(&b.gens, &a.gens);
	b.flags |= NM_SBF_CONSISTENT;
	assert_int_equal(a.gens.covered, 1);
	expect(&a, &b, NM_V_IN_SYNC);
	/* writes were in flight */
	a.nr_dirty = 2;
	expect(&a, &b, NM_V_TO_PEER);
	/* the source went on alone after it sent SYNC_DONE */
	turn(&a, 'D');
	expect(&a, &b, NM_V_TO_PEER);
	set_gens(&b.gens, "BA", 0);
	expect(&a, &b, NM_V_TO_PEER);
	/* the target was promoted at once and wrote */
	set_gens(&a.gens, "CBA", 1);
	set_gens(&b.gens, "ECBA", 1);
	expect(&a, &b, NM_V_FROM_PEER);
}

static void a_leg_was_rolled_back(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	turn(&a, 'C');
	nm_gens_adopt(&b.gens, &a.gens);
	nm_gens_settle(&a.gens);
	set_gens(&b.gens, "BA", 0);	/* from a snapshot */
	expect(&a, &b, NM_V_FULL_TO_PEER);
	turn(&a, 'D');
	expect(&a, &b, NM_V_FULL_TO_PEER);
	set_gens(&b.gens, "CBA", 0);
	expect(&a, &b, NM_V_TO_PEER);
	/* the one rolled back is in use */
	set_gens(&b.gens, "BA", 0);
	b.role = NM_PRIMARY;
	expect_refusal(&a, &b, NM_REFUSE_PRIMARY_STALE);
}

static void a_new_leg_gets_everything(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	a.role = NM_PRIMARY;
	nm_gens_init(&b.gens);
	expect(&a, &b, NM_V_FULL_TO_PEER);
	b.flags &= ~NM_SBF_CONSISTENT;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	/* the primary's own leg is the new one: it reads from the peer */
	a.role = NM_SECONDARY;
	b.role = NM_PRIMARY;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	a.flags &= ~NM_SBF_CONSISTENT;
	expect_refusal(&a, &b, NM_REFUSE_INCONSISTENT);
	nm_gens_init(&a.gens);
	expect(&a, &b, NM_V_NO_DATA);
}

static void legs_that_never_met(void **state)
{
	struct nm_hello a = hello(0), b = hello(1);

	(void)state;
	set_gens(&a.gens, "BA", 0);
	set_gens(&b.gens, "YX", 0);
	expect_refusal(&a, &b, NM_REFUSE_UNRELATED);
	set_gens(&b.gens, "AB", 0);
	expect_refusal(&a, &b, NM_REFUSE_PROTOCOL);
}

/* --- a long life -------------------------------------------------------- */

/*
 * The nodes part and meet, and what each did since they last were the same
 * decides, whatever was lost of the end of a resync.
 */
static void random_lives(void **state)
{
	struct nm_hello node[2] = { hello(0), hello(1) };
	unsigned int letter = 1, round, split = 0, i;
	bool ahead[2] = { false, false };
	u8 id[NM_GEN_LEN];

	(void)state;
	gen_id(id, letter++);
	nm_gens_turn(&node[0].gens, id, true);
	nm_gens_adopt(&node[1].gens, &node[0].gens);
	for (round = 0; round < 20000; round++) {
		struct nm_decision d;

		for (i = 0; i < 2; i++) {
			if (rnd(3))
				continue;
			ahead[i] = true;
			node[i].nr_dirty = 1 + rnd(5);
			gen_id(id, letter++);
			nm_gens_turn(&node[i].gens, id, true);
		}
		d = decide(&node[0], &node[1]);
		if (ahead[0] && ahead[1]) {
			assert_int_equal(d.refusal, NM_REFUSE_SPLIT_BRAIN);
			split++;
			ahead[rnd(2)] = false;	/* the one to be discarded */
		} else if (ahead[0] || ahead[1]) {
			assert_int_equal(d.verdict, ahead[0] ? NM_V_TO_PEER :
							       NM_V_FROM_PEER);
			if (!rnd(3))
				continue;	/* the resync did not finish */
		} else {
			assert_int_equal(d.verdict, NM_V_IN_SYNC);
		}
		i = ahead[1];
		nm_gens_adopt(&node[!i].gens, &node[i].gens);
		if (rnd(3))			/* else SYNC_TAKEN was lost */
			nm_gens_settle(&node[i].gens);
		node[0].nr_dirty = node[1].nr_dirty = 0;
		ahead[0] = ahead[1] = false;
	}
	assert_true(split > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
		cmocka_unit_test(mirroring_twice_changes_nothing),
		cmocka_unit_test(what_does_not_match_is_refused),
		cmocka_unit_test(legs_may_differ_in_size),
		cmocka_unit_test(primary_crashed_and_nobody_wrote),
		cmocka_unit_test(primary_crashed_and_the_survivor_took_writes),
		cmocka_unit_test(the_link_broke_under_a_primary),
		cmocka_unit_test(both_went_on),
		cmocka_unit_test(a_forced_promotion_of_a_target_is_split_brain),
		cmocka_unit_test(a_resync_was_interrupted),
		cmocka_unit_test(the_end_of_a_resync_was_missed),
		cmocka_unit_test(a_leg_was_rolled_back),
		cmocka_unit_test(a_new_leg_gets_everything),
		cmocka_unit_test(legs_that_never_met),
		cmocka_unit_test(random_lives),
	};

	return run_group(tests);
}
