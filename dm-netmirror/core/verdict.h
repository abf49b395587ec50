/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who syncs from whom: the decision at a handshake.
 *
 * Both nodes decide alone, from the same two HELLOs, and come to mirror-image
 * verdicts.  Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_VERDICT_H
#define NM_VERDICT_H

#include "gens.h"
#include <netmirror/uapi.h>

enum nm_verdict {
	NM_V_IN_SYNC,		/* nothing to do */
	NM_V_TO_PEER,		/* copy the marked regions of both to the peer */
	NM_V_FROM_PEER,
	NM_V_FULL_TO_PEER,	/* copy everything to the peer */
	NM_V_FULL_FROM_PEER,
	NM_V_NO_DATA,		/* neither leg has data yet: stay connected */
	NM_V_REFUSE,		/* stay apart; nm_decision.refusal says why */
};

/* One node as a HELLO describes it. */
struct nm_hello {
	u16 version;
	u8 src_node;
	u8 role;		/* enum nm_role */
	u32 flags;		/* NM_SBF_* */
	u8 uuid[NM_UUID_LEN];
	u64 features;
	u64 data_sectors;
	u64 room_sectors;
	u8 region_shift;
	u8 zone_shift;
	u8 split;		/* enum nm_split */
	u8 intent;		/* NM_HELLO_* */
	u16 timeout_ms;
	u64 nr_dirty;
	u64 alone_since;
	u64 meetings;
	struct nm_gens gens;
};

/*
 * Settings that both nodes should have alike.  The legs are safe all the same,
 * so the nodes connect, and say so.
 */
#define NM_DIFF_SPLIT	(1U << 0)	/* after_split_brain */
#define NM_DIFF_LOSS	(1U << 1)	/* on_peer_loss */
#define NM_DIFF_TIMEOUT	(1U << 2)	/* timeout_ms */
#define NM_NR_DIFFS	3

unsigned int nm_differences(const struct nm_hello *me,
			    const struct nm_hello *peer);

struct nm_decision {
	enum nm_verdict verdict;
	enum nm_refusal refusal;	/* NM_REFUSE_NOT unless NM_V_REFUSE */
	const char *why;		/* a sentence for people, seen from @me */
};

/*
 * Decide.  NM_SBF_PRIMARY in @flags of a node whose role is secondary means
 * that it crashed as primary.
 */
struct nm_decision nm_decide(const struct nm_hello *me,
			     const struct nm_hello *peer);

/*
 * Does this node send its marks before the peer does?  Whoever keeps its data
 * does; but a primary whose leg failed before the peer, which must have those
 * marks durable, and a new generation, when it takes the first write alone.
 */
bool nm_prepares_first(const struct nm_hello *me, const struct nm_hello *peer,
		       enum nm_verdict v);

/*
 * Does this node alone take the peer's writes, because the peer's own leg
 * failed?  Then each of them must be marked here before it is issued (I3), and
 * the peer must not have the generation they belong to (I4).
 */
bool nm_must_track(const struct nm_hello *peer);

/*
 * A primary finds out, in the handshake that came to verdict @v, that its metadata
 * cannot be written.  May it give its leg up and go on with the peer's?  Only if
 * that one has all the data.
 */
bool nm_may_give_up(const struct nm_hello *me, const struct nm_hello *peer,
		    enum nm_verdict v);

/*
 * What both nodes note when they meet, the number of times that they have.  Whatever
 * breaks in between, neither is more than one ahead of the other, since nobody counts
 * on before the other one has caught up.  So a node that is two behind has been put
 * back to an older copy of itself.
 */
u64 nm_next_meeting(u64 mine, u64 peers);

/* The same verdict as the peer sees it. */
enum nm_verdict nm_verdict_mirrored(enum nm_verdict v);

static inline bool nm_verdict_is_target(enum nm_verdict v)
{
	return v == NM_V_FROM_PEER || v == NM_V_FULL_FROM_PEER;
}

static inline bool nm_verdict_is_source(enum nm_verdict v)
{
	return v == NM_V_TO_PEER || v == NM_V_FULL_TO_PEER;
}

static inline bool nm_verdict_is_full(enum nm_verdict v)
{
	return v == NM_V_FULL_TO_PEER || v == NM_V_FULL_FROM_PEER;
}

#endif
