// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who syncs from whom.  I5: an inconsistent or older leg is never a source,
 * two histories that both moved on are split brain, and equal generations do
 * not mean equal data while marks are left.  I3: a copy by marks only where
 * the source's marks cover the difference.
 */
#include "hello.h"

/* --- every combination -------------------------------------------------- */

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
	return !!(h->flags & NM_SBF_CONSISTENT) << 5 |
	       !(h->flags & NM_SBF_OUTDATED) << 4 |
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
	} else if (source->flags & NM_SBF_OUTDATED && no_data(target)) {
		/* I5: who has newer data is not asked any more */
		assert_int_equal(d.refusal, NM_REFUSE_OUTDATED);
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

/* The leg in use goes only if the other one is as good or better. */
static void check_give_up(const struct nm_hello *a, const struct nm_hello *b,
			  enum nm_verdict v)
{
	bool may = nm_may_give_up(a, b, v);

	assert_int_equal(may, a->role == NM_PRIMARY &&
			 !((a->flags | b->flags) & NM_SBF_LEG_FAILED) &&
			 (v == NM_V_IN_SYNC || v == NM_V_FROM_PEER ||
			  v == NM_V_FULL_FROM_PEER));
	if (may)
		assert_true(b->flags & NM_SBF_CONSISTENT);
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
	check_give_up(a, b, d.verdict);
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
	} else if (have_common(&a->gens, &b->gens)) {
		check_split_brain(a, b, d);
		return;
	} else {
		/* no rule and no intent merges what never was one */
		assert_int_equal(d.refusal, NM_REFUSE_UNRELATED);
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
		{ "X", 0 }, { "YX", 1 }, { "AB", 1 }, { "GAB", 2 },
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
					random_rules(&a, &b);
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

/* I5: who was left behind by a primary is never copied from by a guess. */
static void who_stood_aside_takes_the_others_writes(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	a.flags |= NM_SBF_OUTDATED;
	expect(&a, &b, NM_V_IN_SYNC);
	/* even if it crashed as primary before, or has marks, or more of them */
	a.nr_dirty = 8;
	expect(&a, &b, NM_V_FROM_PEER);
	b.nr_dirty = 1;
	expect(&a, &b, NM_V_FROM_PEER);
	b.role = NM_PRIMARY;
	expect(&a, &b, NM_V_FROM_PEER);
	b.role = NM_SECONDARY;
	/* if both did, the rules after that one are as good as ever */
	b.flags |= NM_SBF_OUTDATED;
	expect(&a, &b, NM_V_TO_PEER);
	/* but it is better than a leg that is only a part of the data */
	b.flags = 0;
	expect(&a, &b, NM_V_TO_PEER);
	/* and what the generations tell is no guess */
	parted(&a, &b);
	a.flags |= NM_SBF_OUTDATED;
	turn(&b, 'C');
	expect(&a, &b, NM_V_FROM_PEER);
	/* whoever had newer data has lost them: that is for a person to decide */
	nm_gens_init(&b.gens);
	expect_refusal(&a, &b, NM_REFUSE_OUTDATED);
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

/* --- older copies --------------------------------------------------------- */

/* Whatever breaks, neither is more than one ahead of the other. */
static void meetings_are_counted_together(void **state)
{
	u64 count[2] = { 0, 0 };
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		u64 next = nm_next_meeting(count[0], count[1]);
		int noted = rnd(4);

		assert_true(next == nm_next_meeting(count[1], count[0]));
		assert_true(next >= count[0] && next >= count[1]);
		if (noted & 1)
			count[0] = next;
		if (noted & 2)
			count[1] = next;
		assert_true(count[0] + 1 >= count[1] &&
			    count[1] + 1 >= count[0]);
	}
	assert_true(count[0] > 1000);
}

/* I5: an old copy is not taken for what it was, whatever else speaks for it. */
static void an_older_copy_gets_everything(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	a.meetings = 7;
	b.meetings = 6;
	expect(&a, &b, NM_V_IN_SYNC);
	b.meetings = 5;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	b.nr_dirty = 5;
	b.flags |= NM_SBF_PRIMARY;
	a.flags |= NM_SBF_OUTDATED;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	b.role = NM_PRIMARY;
	expect_refusal(&a, &b, NM_REFUSE_PRIMARY_STALE);
	b.role = NM_SECONDARY;
	a.flags &= ~NM_SBF_CONSISTENT;
	expect_refusal(&a, &b, NM_REFUSE_INCONSISTENT);
	/* behind as well, and the marks of the other one do not reach so far */
	parted(&a, &b);
	turn(&a, 'C');
	a.meetings = 7;
	b.meetings = 6;
	expect(&a, &b, NM_V_TO_PEER);
	b.meetings = 5;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	/* a leg without data has nothing to compare */
	set_gens(&b.gens, "", 0);
	b.meetings = 9;
	expect(&a, &b, NM_V_FULL_TO_PEER);
}

/* Its generation is the newer one, its data lack what the other one had. */
static void an_older_copy_that_went_on_is_a_split_brain(void **state)
{
	struct nm_hello a, b;

	(void)state;
	parted(&a, &b);
	turn(&b, 'C');
	a.meetings = 7;
	b.meetings = 6;
	expect(&a, &b, NM_V_FROM_PEER);
	b.meetings = 5;
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	b.intent = NM_HELLO_DISCARD;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	b.intent = 0;
	a.intent = NM_HELLO_DISCARD;
	expect(&a, &b, NM_V_FULL_FROM_PEER);
	/* and if both went on, no mark says where they differ */
	turn(&a, 'D');
	expect(&a, &b, NM_V_FULL_FROM_PEER);
	b.meetings = 6;
	expect(&a, &b, NM_V_FROM_PEER);
}

static void settings_are_compared(void **state)
{
	struct nm_hello a = hello(0), b = hello(1);

	(void)state;
	assert_int_equal(nm_differences(&a, &b), 0);
	a.intent = NM_HELLO_DISCARD;
	a.timeout_ms = 500;
	assert_int_equal(nm_differences(&a, &b), 0);
	b.timeout_ms = 501;
	assert_int_equal(nm_differences(&a, &b), NM_DIFF_TIMEOUT);
	assert_int_equal(nm_differences(&b, &a), NM_DIFF_TIMEOUT);
	b.timeout_ms = 500;
	b.intent = NM_HELLO_FENCES;
	assert_int_equal(nm_differences(&a, &b), NM_DIFF_LOSS);
	b.split = NM_SPLIT_OLDER;
	assert_int_equal(nm_differences(&b, &a), NM_DIFF_LOSS | NM_DIFF_SPLIT);
	/* A peer of another version has told nothing. */
	b.version++;
	assert_int_equal(nm_differences(&a, &b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meetings_are_counted_together),
		cmocka_unit_test(an_older_copy_gets_everything),
		cmocka_unit_test(an_older_copy_that_went_on_is_a_split_brain),
		cmocka_unit_test(every_combination),
		cmocka_unit_test(mirroring_twice_changes_nothing),
		cmocka_unit_test(what_does_not_match_is_refused),
		cmocka_unit_test(legs_may_differ_in_size),
		cmocka_unit_test(primary_crashed_and_nobody_wrote),
		cmocka_unit_test(primary_crashed_and_the_survivor_took_writes),
		cmocka_unit_test(the_link_broke_under_a_primary),
		cmocka_unit_test(both_went_on),
		cmocka_unit_test(who_stood_aside_takes_the_others_writes),
		cmocka_unit_test(a_forced_promotion_of_a_target_is_split_brain),
		cmocka_unit_test(a_resync_was_interrupted),
		cmocka_unit_test(the_end_of_a_resync_was_missed),
		cmocka_unit_test(a_leg_was_rolled_back),
		cmocka_unit_test(a_new_leg_gets_everything),
		cmocka_unit_test(legs_that_never_met),
		cmocka_unit_test(settings_are_compared),
	};

	return run_group(tests);
}
