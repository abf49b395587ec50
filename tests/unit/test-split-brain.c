// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose changes are given up after a split brain.  I5: nobody's, unless a person
 * or a rule of both nodes says so, and never a primary's.  I3: a copy by marks
 * only where the marks of both nodes cover the difference.  I7: a copy that
 * began goes on in the same direction.
 */
#include "hello.h"

/* --- every combination --------------------------------------------------- */

/* The next digit of @n, which counts through all combinations. */
static unsigned int digit(unsigned int *n, unsigned int base)
{
	unsigned int d = *n % base;

	*n /= base;
	return d;
}

static void one_node(struct nm_hello *h, unsigned int *n)
{
	static const u64 since[] = { 0, 1700000000, 1700000001, ~0ULL };
	static const u64 dirty[] = { 0, 1, 1ULL << 32 };

	h->intent = digit(n, 2);
	h->split = digit(n, NM_NR_SPLITS);
	h->role = digit(n, 2);
	h->flags = digit(n, 2) ? NM_SBF_CONSISTENT : 0;
	h->alone_since = since[digit(n, ARRAY_SIZE(since))];
	h->nr_dirty = dirty[rnd(ARRAY_SIZE(dirty))];
}

/* Every rule on either side, every intent, and what the rules look at. */
static void every_split_brain(void **state)
{
	static const struct {
		const char *letters;
		u8 covered;
	} lists[] = {
		{ "CA", 0 }, { "CA", 1 }, { "ECBA", 3 }, { "ECBA", 1 },
		{ "GAB", 2 },
	};
	struct nm_hello a = hello(0), b = hello(1);
	unsigned int n, left, nr = 0;

	(void)state;
	for (n = 0; ; n++) {
		unsigned int list;

		left = n;
		one_node(&a, &left);
		one_node(&b, &left);
		a.src_node = digit(&left, 2);
		b.src_node = !a.src_node;
		if (digit(&left, 2))
			set_gens(&b.gens, "DA", 1);
		else
			set_gens(&b.gens, "DBA", 2);
		list = digit(&left, ARRAY_SIZE(lists));
		set_gens(&a.gens, lists[list].letters, lists[list].covered);
		if (left)
			break;
		if (a.role == NM_PRIMARY && b.role == NM_PRIMARY)
			continue;
		check_split_brain(&a, &b, decide(&a, &b));
		nr++;
	}
	printf("# %u pairs\n", nr);
}

/* --- scenes -------------------------------------------------------------- */

/* Both went on from B by one generation each; the marks of both say where. */
static void split(struct nm_hello *a, struct nm_hello *b)
{
	parted(a, b);
	a->flags &= ~NM_SBF_PRIMARY;
	turn(a, 'C');
	turn(b, 'D');
	a->nr_dirty = 7;
	b->nr_dirty = 9;
	a->alone_since = 1700000000;
	b->alone_since = 1700000060;
}

static void a_rule_ends_a_split_brain(void **state)
{
	static const enum nm_verdict verdicts[NM_NR_SPLITS] = {
		[NM_SPLIT_NONE] = NM_V_REFUSE,
		[NM_SPLIT_YOUNGER] = NM_V_TO_PEER,
		[NM_SPLIT_OLDER] = NM_V_FROM_PEER,
		[NM_SPLIT_LEAST_CHANGES] = NM_V_FROM_PEER,
		[NM_SPLIT_NODE_0] = NM_V_FROM_PEER,
		[NM_SPLIT_NODE_1] = NM_V_TO_PEER,
	};
	struct nm_hello a, b;
	int rule;

	(void)state;
	split(&a, &b);
	for (rule = 0; rule < NM_NR_SPLITS; rule++) {
		a.split = b.split = rule;
		expect(&a, &b, verdicts[rule]);
		/* a rule that the other does not have is none */
		b.split = rule ? NM_SPLIT_NONE : NM_SPLIT_NODE_0;
		expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	}
	/* what is in use is not given up, and what is not is */
	a.split = b.split = NM_SPLIT_NODE_0;
	b.role = NM_PRIMARY;
	expect(&a, &b, NM_V_FROM_PEER);
	a.role = NM_PRIMARY;
	b.role = NM_SECONDARY;
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	/* a crash under a primary does not make it one */
	a.role = NM_SECONDARY;
	a.flags |= NM_SBF_PRIMARY;
	expect(&a, &b, NM_V_FROM_PEER);
}

static void a_rule_that_cannot_tell_decides_nothing(void **state)
{
	struct nm_hello a, b;

	(void)state;
	split(&a, &b);
	a.nr_dirty = b.nr_dirty;
	a.split = b.split = NM_SPLIT_LEAST_CHANGES;
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	for (a.split = NM_SPLIT_YOUNGER; a.split <= NM_SPLIT_OLDER; a.split++) {
		b.split = a.split;
		a.alone_since = b.alone_since;
		expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
		/* no time is not an early time */
		a.alone_since = 0;
		expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	}
}

static void one_node_gives_up_its_changes(void **state)
{
	struct nm_hello a, b;
	int rule;

	(void)state;
	split(&a, &b);
	for (rule = 0; rule < NM_NR_SPLITS; rule++) {
		/* a person goes before every rule, also before two of them */
		a.split = rule;
		b.split = NM_SPLIT_NODE_0;
		a.intent = 0;
		b.intent = NM_HELLO_DISCARD;
		expect(&a, &b, NM_V_TO_PEER);
		a.role = NM_PRIMARY;
		expect(&a, &b, NM_V_TO_PEER);
		a.role = NM_SECONDARY;
		b.role = NM_PRIMARY;
		expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
		b.role = NM_SECONDARY;
		/* two persons do not agree: nothing is lost twice */
		a.intent = NM_HELLO_DISCARD;
		expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
	}
	a.intent = b.intent = 0;
	a.split = b.split = NM_SPLIT_NONE;

	/* where there is nothing to be given up, nothing is */
	split(&a, &b);
	b.gens = a.gens;
	a.intent = NM_HELLO_DISCARD;
	a.nr_dirty = b.nr_dirty = 0;
	expect(&a, &b, NM_V_IN_SYNC);
	set_gens(&b.gens, "BA", 0);
	expect(&a, &b, NM_V_TO_PEER);
	set_gens(&b.gens, "YX", 0);
	expect_refusal(&a, &b, NM_REFUSE_UNRELATED);
	a.role = b.role = NM_PRIMARY;
	expect_refusal(&a, &b, NM_REFUSE_TWO_PRIMARIES);
}

/* I3: without marks on either side all of it is copied. */
static void what_is_not_marked_on_both_is_copied_whole(void **state)
{
	struct nm_hello a, b;

	(void)state;
	split(&a, &b);
	b.intent = NM_HELLO_DISCARD;
	expect(&a, &b, NM_V_TO_PEER);
	b.gens.covered = 0;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	b.gens.covered = 1;
	a.gens.covered = 0;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	/* further back than one generation, on either side */
	set_gens(&a.gens, "FECBA", 3);
	set_gens(&b.gens, "DBA", 1);
	expect(&a, &b, NM_V_TO_PEER);
	a.gens.covered = 2;
	expect(&a, &b, NM_V_FULL_TO_PEER);
	/* each remembers another point as the last in common */
	set_gens(&a.gens, "CAB", 2);
	set_gens(&b.gens, "DBA", 2);
	expect(&a, &b, NM_V_FULL_TO_PEER);
	/* a leg that is only a part of its history is no source */
	split(&a, &b);
	b.intent = NM_HELLO_DISCARD;
	b.flags = 0;
	expect(&a, &b, NM_V_TO_PEER);
	a.flags = 0;
	expect_refusal(&a, &b, NM_REFUSE_INCONSISTENT);
	b.flags = NM_SBF_CONSISTENT;
	expect_refusal(&a, &b, NM_REFUSE_INCONSISTENT);
	/* the one to go on with works on a leg that is gone */
	a.role = NM_PRIMARY;
	a.flags = NM_SBF_LEG_FAILED;
	expect_refusal(&a, &b, NM_REFUSE_SPLIT_BRAIN);
}

/*
 * What a source and a target of a copy write down before it begins: the source
 * has no use for marks that reach further back than its peer, the target is a
 * part of the source's history from then on if it had another one.
 */
static void begin_copy(struct nm_hello *source, struct nm_hello *target)
{
	int at;

	if (contains(&source->gens, target->gens.id[0], &at) &&
	    at < source->gens.covered)
		source->gens.covered = at;
	target->flags &= ~NM_SBF_CONSISTENT;
	if (!contains(&source->gens, target->gens.id[0], &at))
		nm_gens_adopt(&target->gens, &source->gens);
	assert_null(nm_gens_check((const u8 (*)[NM_GEN_LEN])target->gens.id,
				  target->gens.nr, target->gens.covered));
}

/*
 * The changes were given up and the copy broke off: whatever happened to rules,
 * intents, roles, clocks and marks since, it goes on in the same direction, and
 * a person who says the contrary is too late.
 */
static void what_was_given_up_stays_so(void **state)
{
	struct nm_hello a, b;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		split(&a, &b);
		if (rnd(2))
			a.gens.covered = 0;
		b.intent = NM_HELLO_DISCARD;
		assert_true(nm_verdict_is_source(decide(&a, &b).verdict));
		begin_copy(&a, &b);
		random_rules(&a, &b);
		a.flags |= rnd64() & (NM_SBF_OUTDATED | NM_SBF_PRIMARY |
				      NM_SBF_PEER_HAS_GEN);
		b.flags |= rnd64() & (NM_SBF_OUTDATED | NM_SBF_PRIMARY |
				      NM_SBF_PEER_HAS_GEN);
		a.nr_dirty = rnd(3);
		b.nr_dirty = rnd(3);
		/* the target's leg may be in use, through the source */
		a.role = rnd(2);
		b.role = a.role ? NM_SECONDARY : rnd(2);
		expect(&a, &b, NM_V_TO_PEER);
		/* and the source may go on */
		turn(&a, 'H');
		expect(&a, &b, NM_V_TO_PEER);
		begin_copy(&a, &b);
		turn(&a, 'I');
		expect(&a, &b, NM_V_TO_PEER);
	}
}

/* --- a long life --------------------------------------------------------- */

struct life {
	struct nm_hello node[2];
	bool ahead[2];		/* wrote since they last were the same */
	int target;		/* of a copy that broke off, or -1 */
	unsigned int letter;
};

/* Time goes by while they are apart.  A part of the data takes no writes. */
static void live_apart(struct life *l, u64 now)
{
	u8 id[NM_GEN_LEN];
	int i;

	for (i = 0; i < 2; i++) {
		struct nm_hello *h = &l->node[i];

		if (i == l->target || rnd(3))
			continue;
		l->ahead[i] = true;
		h->nr_dirty = 1 + rnd(5);
		gen_id(id, l->letter++);
		nm_gens_turn(&h->gens, id, true);
	}
	random_rules(&l->node[0], &l->node[1]);
	l->node[0].alone_since = now;
	l->node[1].alone_since = now + rnd(2);
}

/* Returns whose changes are given up, if need be by a person. */
static int end_split(struct life *l, struct nm_decision d)
{
	struct nm_hello *node = l->node;
	const struct nm_hello *loser = loser_of(&node[0], &node[1]);
	int i;

	if (!loser) {
		assert_int_equal(d.refusal, NM_REFUSE_SPLIT_BRAIN);
		i = rnd(2);
		node[i].intent = NM_HELLO_DISCARD;
		node[!i].intent = 0;
		d = decide(&node[0], &node[1]);
		loser = &node[i];
	}
	i = loser == &node[1];
	assert_int_equal(d.verdict, i ? NM_V_TO_PEER : NM_V_FROM_PEER);
	return i;
}

/*
 * The nodes part and meet, and what each did since they last were the same
 * decides, whatever was lost of the end of a resync, and wherever one broke
 * off.  All is marked, so nothing ever needs a full copy.
 */
static void random_lives(void **state)
{
	struct life l = {
		.node = { hello(0), hello(1) },
		.target = -1,
		.letter = 1,
	};
	struct nm_hello *node = l.node;
	unsigned int round, nr_splits = 0, broken = 0;
	u8 id[NM_GEN_LEN];

	(void)state;
	gen_id(id, l.letter++);
	nm_gens_turn(&node[0].gens, id, true);
	nm_gens_adopt(&node[1].gens, &node[0].gens);
	for (round = 0; round < 30000; round++) {
		struct nm_decision d;
		int to;

		live_apart(&l, 1700000000 + round);
		d = decide(&node[0], &node[1]);
		if (l.target >= 0) {
			to = l.target;
			assert_int_equal(d.verdict, to ? NM_V_TO_PEER :
							 NM_V_FROM_PEER);
		} else if (l.ahead[0] && l.ahead[1]) {
			to = end_split(&l, d);
			nr_splits++;
		} else if (l.ahead[0] || l.ahead[1]) {
			to = l.ahead[0];
			assert_int_equal(d.verdict, to ? NM_V_TO_PEER :
							 NM_V_FROM_PEER);
		} else {
			assert_int_equal(d.verdict, NM_V_IN_SYNC);
			continue;
		}
		if (!rnd(4))
			continue;		/* nobody was ready */
		begin_copy(&node[!to], &node[to]);
		l.target = to;
		l.ahead[to] = false;
		if (!rnd(3)) {
			broken++;
			continue;		/* the resync did not finish */
		}
		nm_gens_adopt(&node[to].gens, &node[!to].gens);
		node[to].flags |= NM_SBF_CONSISTENT;
		if (rnd(3))			/* else SYNC_TAKEN was lost */
			nm_gens_settle(&node[!to].gens);
		node[0].nr_dirty = node[1].nr_dirty = 0;
		l.ahead[0] = l.ahead[1] = false;
		l.target = -1;
	}
	assert_true(nr_splits > 100 && broken > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_brain),
		cmocka_unit_test(a_rule_ends_a_split_brain),
		cmocka_unit_test(a_rule_that_cannot_tell_decides_nothing),
		cmocka_unit_test(one_node_gives_up_its_changes),
		cmocka_unit_test(what_is_not_marked_on_both_is_copied_whole),
		cmocka_unit_test(what_was_given_up_stays_so),
		cmocka_unit_test(random_lives),
	};

	return run_group(tests);
}
