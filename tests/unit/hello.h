/* SPDX-License-Identifier: GPL-2.0-only */
/* Two nodes as they describe themselves, and what they should make of it. */
#ifndef NM_UNIT_HELLO_H
#define NM_UNIT_HELLO_H

#include "unit.h"
#include "verdict.h"
#include <netmirror/wire.h>

static inline struct nm_hello hello(u8 node)
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
static inline void set_gens(struct nm_gens *g, const char *letters, u8 covered)
{
	nm_gens_init(g);
	for (g->nr = 0; *letters; letters++)
		gen_id(g->id[g->nr++], *letters);
	if (!g->nr)
		g->nr = 1;
	g->covered = covered;
}

static inline void turn(struct nm_hello *h, char letter)
{
	u8 id[NM_GEN_LEN];

	gen_id(id, letter);
	nm_gens_turn(&h->gens, id, true);
}

/* Both views at once; returns what @a decides. */
static inline struct nm_decision decide(const struct nm_hello *a,
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

static inline void expect(const struct nm_hello *a, const struct nm_hello *b,
			  enum nm_verdict verdict)
{
	assert_int_equal(decide(a, b).verdict, verdict);
}

static inline void expect_refusal(const struct nm_hello *a,
				  const struct nm_hello *b,
				  enum nm_refusal refusal)
{
	assert_int_equal(decide(a, b).refusal, refusal);
}

/* --- generations --------------------------------------------------------- */

static inline bool contains(const struct nm_gens *g, const u8 *id, int *at)
{
	for (*at = 0; *at < g->nr; ++*at)
		if (!memcmp(g->id[*at], id, NM_GEN_LEN))
			return true;
	return false;
}

/* Both at generation B, in sync; node 0 was primary. */
static inline void parted(struct nm_hello *a, struct nm_hello *b)
{
	*a = hello(0);
	*b = hello(1);
	set_gens(&a->gens, "BA", 0);
	set_gens(&b->gens, "BA", 0);
	a->flags |= NM_SBF_PRIMARY;
}

/* --- split brain --------------------------------------------------------- */

/* Rules that only matter after a split brain; mostly the same on both. */
static inline void random_rules(struct nm_hello *a, struct nm_hello *b)
{
	a->split = rnd(NM_NR_SPLITS);
	b->split = rnd(4) ? a->split : rnd(NM_NR_SPLITS);
	a->intent = (rnd(4) ? 0 : NM_HELLO_DISCARD) |
		    (rnd(2) ? NM_HELLO_FENCES : 0);
	b->intent = (rnd(4) ? 0 : NM_HELLO_DISCARD) |
		    (rnd(2) ? NM_HELLO_FENCES : 0);
	a->alone_since = rnd(3);
	b->alone_since = rnd(3);
}

/* Do the marks of both say what happened since they last were the same? */
static inline bool both_cover(const struct nm_hello *a,
			      const struct nm_hello *b)
{
	int i, j, at, ignored;

	for (i = 0; !contains(&b->gens, a->gens.id[i], &at); i++)
		;
	/* not if each has another idea of when that was */
	for (j = 0; j < at; j++)
		if (contains(&a->gens, b->gens.id[j], &ignored))
			return false;
	return i <= a->gens.covered && j <= b->gens.covered;
}

/* Whose changes are given up, as people would say it; NULL: nobody's. */
static inline const struct nm_hello *loser_of(const struct nm_hello *a,
					      const struct nm_hello *b)
{
	bool a_gives_up = a->intent & NM_HELLO_DISCARD;
	bool b_gives_up = b->intent & NM_HELLO_DISCARD;
	const struct nm_hello *later;

	/* whoever gives up of his own accord does, whatever the rule */
	if (a_gives_up || b_gives_up) {
		if (a_gives_up && b_gives_up)
			return NULL;
		return a_gives_up ? a : b;
	}
	if (a->split != b->split)
		return NULL;
	switch (a->split) {
	case NM_SPLIT_YOUNGER:
	case NM_SPLIT_OLDER:
		if (!a->alone_since || !b->alone_since ||
		    a->alone_since == b->alone_since)
			return NULL;
		later = a->alone_since > b->alone_since ? a : b;
		if (a->split == NM_SPLIT_YOUNGER)
			return later;
		return later == a ? b : a;
	case NM_SPLIT_LEAST_CHANGES:
		if (a->nr_dirty == b->nr_dirty)
			return NULL;
		return a->nr_dirty < b->nr_dirty ? a : b;
	case NM_SPLIT_NODE_0:
		return a->src_node == 0 ? a : b;
	case NM_SPLIT_NODE_1:
		return a->src_node == 1 ? a : b;
	}
	return NULL;
}

static inline void check_split_brain(const struct nm_hello *a,
				     const struct nm_hello *b,
				     struct nm_decision d)
{
	const struct nm_hello *loser = loser_of(a, b);
	const struct nm_hello *winner = loser == a ? b : a;

	/* never what somebody is using, and never for a leg that is gone */
	if (!loser || loser->role == NM_PRIMARY ||
	    (a->flags | b->flags) & NM_SBF_LEG_FAILED) {
		assert_int_equal(d.refusal, NM_REFUSE_SPLIT_BRAIN);
		return;
	}
	if (!(winner->flags & NM_SBF_CONSISTENT)) {
		assert_int_equal(d.refusal, NM_REFUSE_INCONSISTENT);
		return;
	}
	assert_int_equal(d.refusal, NM_REFUSE_NOT);
	assert_int_equal(nm_verdict_is_source(d.verdict), winner == a);
	assert_int_equal(nm_verdict_is_target(d.verdict), winner == b);
	assert_int_equal(nm_verdict_is_full(d.verdict), !both_cover(a, b));
}

#endif
