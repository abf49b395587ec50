// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two nodes decide from the same two HELLOs, as these were decoded.  Whatever they
 * say of themselves: the verdicts are mirror images, and what is copied comes from
 * a leg that has the data (I5) and whose marks tell all that differs (I3).  What
 * was written apart is given up only where a node or a rule of both says so, and
 * never by a primary.
 */
#include "fuzz.h"
#include "inputs.h"
#include "msg.h"

enum {
	GOT_IN_SYNC, GOT_COPY, GOT_FULL_COPY, GOT_NO_DATA, GOT_REFUSAL,
	GOT_SPLIT_BRAIN, GOT_RULE, GOT_INTENT, GOT_FULL_GIVEN_UP, GOT_FOREIGN,
};

const char *const fuzz_places[] = {
	[GOT_IN_SYNC]		= "nothing is to be done",
	[GOT_COPY]		= "marked regions are copied",
	[GOT_FULL_COPY]		= "everything is copied",
	[GOT_NO_DATA]		= "neither leg has data",
	[GOT_REFUSAL]		= "the nodes stay apart",
	[GOT_SPLIT_BRAIN]	= "a split brain is seen",
	[GOT_RULE]		= "changes are given up by the rule of both",
	[GOT_INTENT]		= "changes are given up as a node wants it",
	[GOT_FULL_GIVEN_UP]	= "a leg with other changes is copied whole",
	[GOT_FOREIGN]		= "the versions differ",
	NULL
};

static bool failed(const struct nm_hello *h)
{
	return h->flags & NM_SBF_LEG_FAILED;
}

static bool usable(const struct nm_hello *h)
{
	return h->flags & NM_SBF_CONSISTENT && !failed(h);
}

static bool alike(const struct nm_hello *a, const struct nm_hello *b)
{
	return a->version == b->version && a->features == b->features &&
	       !memcmp(a->uuid, b->uuid, NM_UUID_LEN) &&
	       a->src_node != b->src_node &&
	       a->data_sectors == b->data_sectors &&
	       a->data_sectors <= b->room_sectors &&
	       b->data_sectors <= a->room_sectors &&
	       a->region_shift == b->region_shift &&
	       a->zone_shift == b->zone_shift;
}

/* The newest generation of @a that @b has, too. */
static int newest_common(const struct nm_hello *a, const struct nm_hello *b)
{
	int i;

	for (i = 0; i < a->gens.nr; i++)
		if (nm_gens_find(&b->gens, a->gens.id[i]) >= 0)
			return i;
	return -1;
}

/* Do the rule of both nodes, or one of them, say that @loser loses? */
static void check_loser(const struct nm_hello *loser,
			const struct nm_hello *winner)
{
	check(loser->role != NM_PRIMARY);
	check(!(winner->intent & NM_HELLO_DISCARD));
	if (loser->intent & NM_HELLO_DISCARD) {
		fuzz_reached(GOT_INTENT);
		return;
	}
	check(loser->split == winner->split);
	switch (loser->split) {
	case NM_SPLIT_YOUNGER:
		check(winner->alone_since);
		check(loser->alone_since > winner->alone_since);
		break;
	case NM_SPLIT_OLDER:
		check(loser->alone_since);
		check(loser->alone_since < winner->alone_since);
		break;
	case NM_SPLIT_LEAST_CHANGES:
		check(loser->nr_dirty < winner->nr_dirty);
		break;
	default:
		check(loser->split == NM_SPLIT_NODE_0 + loser->src_node);
	}
	fuzz_reached(GOT_RULE);
}

/* Both wrote since they last were the same; the marks of both are needed. */
static void check_given_up(const struct nm_hello *source,
			   const struct nm_hello *target, bool full)
{
	int at = newest_common(source, target);
	int target_at = newest_common(target, source);
	bool same;

	check(at >= 0 && target_at >= 0);
	same = !memcmp(source->gens.id[at], target->gens.id[target_at],
		       NM_GEN_LEN);
	check(full == !(same && at <= source->gens.covered &&
			target_at <= target->gens.covered));
	check_loser(target, source);
	if (full)
		fuzz_reached(GOT_FULL_GIVEN_UP);
}

static void check_copy(const struct nm_hello *source,
		       const struct nm_hello *target, bool full)
{
	bool target_blank = nm_gens_blank(&target->gens);
	int at = nm_gens_find(&source->gens, target->gens.id[0]);
	int behind = nm_gens_find(&target->gens, source->gens.id[0]);

	check(usable(source));
	check(!target_blank || !(source->flags & NM_SBF_OUTDATED));
	check(!nm_gens_blank(&source->gens));
	check(target->role != NM_PRIMARY || !usable(target));
	/* The target has not moved on from where the source stands. */
	check(behind <= 0);
	if (!target_blank && at < 0)
		check_given_up(source, target, full);
	else
		check(full == (target_blank || at > source->gens.covered));
	fuzz_reached(full ? GOT_FULL_COPY : GOT_COPY);
}

/* Somebody begins; and who keeps marks for a failed leg waits for its node. */
static void check_order(const struct nm_hello *a, const struct nm_hello *b,
			enum nm_verdict v)
{
	bool a_first = nm_prepares_first(a, b, v);
	bool b_first = nm_prepares_first(b, a, nm_verdict_mirrored(v));

	check(a_first || b_first);
	check(!failed(a) || (a_first && !b_first));
	check(!failed(b) || (b_first && !a_first));
	check(nm_must_track(a) == failed(a));
}

static void check_refusal(const struct nm_hello *a, const struct nm_hello *b,
			  enum nm_refusal refusal)
{
	check(refusal != NM_REFUSE_NOT && refusal <= NM_REFUSE_MAX);
	if (a->version != b->version) {
		check(refusal == NM_REFUSE_VERSION);
		fuzz_reached(GOT_FOREIGN);
	}
	if (refusal == NM_REFUSE_SPLIT_BRAIN) {
		check(nm_gens_find(&a->gens, b->gens.id[0]) < 0);
		check(nm_gens_find(&b->gens, a->gens.id[0]) < 0);
		fuzz_reached(GOT_SPLIT_BRAIN);
	}
	fuzz_reached(GOT_REFUSAL);
}

static void check_pair(const struct nm_hello *a, const struct nm_hello *b)
{
	struct nm_decision d = nm_decide(a, b), e = nm_decide(b, a);
	bool full = nm_verdict_is_full(d.verdict);

	check(e.verdict == nm_verdict_mirrored(d.verdict));
	check(d.verdict == nm_verdict_mirrored(e.verdict));
	check(d.refusal == e.refusal);
	check(fuzz_sentence(d.why) && fuzz_sentence(e.why));
	if (d.verdict == NM_V_REFUSE) {
		check_refusal(a, b, d.refusal);
		return;
	}
	check(d.refusal == NM_REFUSE_NOT);
	check(alike(a, b));
	check(a->role != NM_PRIMARY || b->role != NM_PRIMARY);
	check(!failed(a) || !failed(b));
	check_order(a, b, d.verdict);
	if (nm_verdict_is_source(d.verdict)) {
		check_copy(a, b, full);
	} else if (nm_verdict_is_target(d.verdict)) {
		check_copy(b, a, full);
	} else if (d.verdict == NM_V_NO_DATA) {
		check(nm_gens_blank(&a->gens) && nm_gens_blank(&b->gens));
		fuzz_reached(GOT_NO_DATA);
	} else {
		check(d.verdict == NM_V_IN_SYNC);
		check(usable(a) && usable(b));
		check(!a->nr_dirty && !b->nr_dirty);
		check(!memcmp(a->gens.id[0], b->gens.id[0], NM_GEN_LEN));
		fuzz_reached(GOT_IN_SYNC);
	}
}

/* The letter 0 is a generation without data. */
static void fill_wire(const struct fuzz_node_in *in, const u8 *letters,
		      size_t nr, struct nm_wire_hello *wire)
{
	size_t i;

	memset(wire, 0, sizeof(*wire));
	wire->version = cpu_to_le16(in->version ^ NM_WIRE_VERSION);
	wire->src_node = in->src_node;
	wire->role = in->role;
	wire->flags = cpu_to_le32(in->flags);
	memset(wire->uuid, in->uuid, NM_UUID_LEN);
	wire->features = cpu_to_le64(in->features);
	wire->data_sectors = cpu_to_le64((u64)le16_to_cpu(in->size) *
					 NM_BLOCK_SECTORS);
	wire->room_sectors = cpu_to_le64((u64)le16_to_cpu(in->room) *
					 NM_BLOCK_SECTORS);
	wire->region_shift = in->region_shift;
	wire->zone_shift = in->zone_shift;
	wire->nr_gens = in->nr_gens;
	wire->nr_covered = in->nr_covered;
	wire->split = in->split;
	wire->intent = in->intent;
	wire->alone_since = cpu_to_le64(in->alone_since);
	wire->nr_dirty = cpu_to_le64(in->nr_dirty);
	for (i = 0; i < nr; i++)
		memset(wire->gens[i], letters[i], NM_GEN_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_node_in in[NM_NR_NODES];
	struct nm_hello h[NM_NR_NODES];
	struct nm_wire_hello wire;
	const char *why;
	int i;

	if (size < sizeof(in))
		return 0;
	memcpy(in, data, sizeof(in));
	data += sizeof(in);
	size -= sizeof(in);
	for (i = 0; i < NM_NR_NODES; i++) {
		size_t nr = min_t(size_t, size,
				  min_t(u8, in[i].nr_gens, NM_MAX_GENS));

		fill_wire(&in[i], data, nr, &wire);
		data += nr;
		size -= nr;
		if (nm_hello_decode(&wire, sizeof(wire), &h[i], &why))
			return 0;
	}
	check_pair(&h[0], &h[1]);
	return 0;
}
