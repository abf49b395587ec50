// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.h"
#include <netmirror/wire.h>

static struct nm_decision refuse(enum nm_refusal refusal, const char *why)
{
	return (struct nm_decision){ NM_V_REFUSE, refusal, why };
}

static struct nm_decision decided(enum nm_verdict v, const char *why)
{
	return (struct nm_decision){ v, NM_REFUSE_NOT, why };
}

static bool failed(const struct nm_hello *h)
{
	return h->flags & NM_SBF_LEG_FAILED;
}

static bool consistent(const struct nm_hello *h)
{
	return h->flags & NM_SBF_CONSISTENT && !failed(h);
}

static bool outdated(const struct nm_hello *h)
{
	return h->flags & NM_SBF_OUTDATED;
}

/*
 * A primary without a leg of its own may work on the other's.  Any other node
 * with a failed leg has nothing to offer.
 */
static bool leg_is_missing(const struct nm_hello *h,
			   const struct nm_hello *other)
{
	return failed(h) && (h->role != NM_PRIMARY || failed(other));
}

/* Was the leg of @h put back to an older copy of itself?  See nm_next_meeting(). */
static bool rolled_back(const struct nm_hello *h, const struct nm_hello *other)
{
	return h->meetings < other->meetings &&
	       other->meetings - h->meetings > 1;
}

/* Can the two nodes be the halves of one mirror at all? */
static struct nm_decision compatible(const struct nm_hello *me,
				     const struct nm_hello *peer)
{
	if (me->version != peer->version)
		return refuse(NM_REFUSE_VERSION,
			      "the nodes speak different protocol versions");
	if (me->features != peer->features)
		return refuse(NM_REFUSE_FEATURES,
			      "the nodes use different features");
	if (memcmp(me->uuid, peer->uuid, NM_UUID_LEN))
		return refuse(NM_REFUSE_UUID,
			      "the peer's metadata belong to another mirror");
	if (me->src_node == peer->src_node)
		return refuse(NM_REFUSE_NODE_ID,
			      "both nodes have the same node id");
	if (me->data_sectors > peer->room_sectors ||
	    peer->data_sectors > me->room_sectors)
		return refuse(NM_REFUSE_SIZE,
			      "the mirror does not fit one of the legs");
	if (me->data_sectors != peer->data_sectors)
		return refuse(NM_REFUSE_SIZE,
			      "the nodes disagree on the size of the mirror");
	if (me->region_shift != peer->region_shift ||
	    me->zone_shift != peer->zone_shift)
		return refuse(NM_REFUSE_GEOMETRY,
			      "the nodes disagree on the region or zone size");
	if (me->role == NM_PRIMARY && peer->role == NM_PRIMARY)
		return refuse(NM_REFUSE_TWO_PRIMARIES,
			      "both nodes are primary");
	if (leg_is_missing(me, peer) || leg_is_missing(peer, me))
		return refuse(NM_REFUSE_LEG_FAILED,
			      "a leg has failed and was not replaced");
	return decided(NM_V_IN_SYNC, NULL);
}

/*
 * Copy in the direction given, unless that would read from a leg that is not
 * consistent or overwrite the one in use.  A primary whose leg is inconsistent
 * reads from its peer, so its leg may be the target.
 */
static struct nm_decision copy(const struct nm_hello *me,
			       const struct nm_hello *peer, bool to_peer,
			       bool full, const char *why)
{
	const struct nm_hello *source = to_peer ? me : peer;
	const struct nm_hello *target = to_peer ? peer : me;

	if (!consistent(source))
		return refuse(NM_REFUSE_INCONSISTENT,
			      "the leg with the newer data is inconsistent");
	if (outdated(source) && nm_gens_blank(&target->gens))
		return refuse(NM_REFUSE_OUTDATED,
			      "the only leg with data is outdated");
	if (target->role == NM_PRIMARY && consistent(target))
		return refuse(NM_REFUSE_PRIMARY_STALE,
			      "the primary has the older data; demote it first");
	if (to_peer)
		return decided(full ? NM_V_FULL_TO_PEER : NM_V_TO_PEER, why);
	return decided(full ? NM_V_FULL_FROM_PEER : NM_V_FROM_PEER, why);
}

/*
 * -1, 0 or 1 as @key ranks @me above or below @peer.  Each rule must give the
 * peer the opposite answer.
 */
static int rank(bool me, bool peer)
{
	return (int)me - (int)peer;
}

/*
 * Both are of the same generation.  That alone does not mean the same data:
 * writes may have been in flight when a node went away, and the marks of
 * either side tell where.
 */
static struct nm_decision same_generation(const struct nm_hello *me,
					  const struct nm_hello *peer)
{
	int r;

	r = rank(rolled_back(peer, me), rolled_back(me, peer));
	if (r)
		return copy(me, peer, r > 0, true,
			    "a leg that is an older copy of itself gets a full copy");
	r = rank(consistent(me), consistent(peer));
	if (r)
		return copy(me, peer, r > 0, false,
			    "an interrupted resync goes on");
	if (!consistent(me))
		return refuse(NM_REFUSE_INCONSISTENT,
			      "both legs are inconsistent");
	if (!me->nr_dirty && !peer->nr_dirty)
		return decided(NM_V_IN_SYNC, "both legs have the same data");

	r = rank(!outdated(me), !outdated(peer));
	if (r)
		return copy(me, peer, r > 0, false,
			    "writes in flight are copied from the node that was not told to stand aside");
	r = rank(me->role == NM_PRIMARY, peer->role == NM_PRIMARY);
	if (r)
		return copy(me, peer, r > 0, false,
			    "writes in flight when the link broke are copied from the primary");
	r = rank(me->flags & NM_SBF_PRIMARY, peer->flags & NM_SBF_PRIMARY);
	if (r)
		return copy(me, peer, r > 0, false,
			    "writes in flight at the crash are copied from the former primary");
	r = rank(me->nr_dirty, peer->nr_dirty);
	if (!r)
		r = rank(me->src_node < peer->src_node,
			 peer->src_node < me->src_node);
	return copy(me, peer, r > 0, false,
		    "writes in flight are copied from the node that marked them");
}

/* --- split brain -------------------------------------------------------- */

/*
 * Who loses by the rule that both nodes have: above 0 the peer, below 0 this
 * node, 0 nobody.
 */
static int loses_by_rule(const struct nm_hello *me, const struct nm_hello *peer)
{
	int later = rank(me->alone_since > peer->alone_since,
			 peer->alone_since > me->alone_since);

	if (!me->alone_since || !peer->alone_since)
		later = 0;
	switch ((enum nm_split)me->split) {
	case NM_SPLIT_YOUNGER:
		return -later;
	case NM_SPLIT_OLDER:
		return later;
	case NM_SPLIT_LEAST_CHANGES:
		return rank(me->nr_dirty > peer->nr_dirty,
			    peer->nr_dirty > me->nr_dirty);
	case NM_SPLIT_NODE_0:
		return rank(me->src_node != 0, peer->src_node != 0);
	case NM_SPLIT_NODE_1:
		return rank(me->src_node != 1, peer->src_node != 1);
	case NM_SPLIT_NONE:
	case NM_NR_SPLITS:
		break;
	}
	return 0;
}

/*
 * Do the marks of both sides cover what lies between their last common
 * generation, number @at of @me and @peer_at of @peer, and today?
 */
static bool all_covered(const struct nm_hello *me, int at,
			const struct nm_hello *peer, int peer_at)
{
	return !rolled_back(me, peer) && !rolled_back(peer, me) &&
	       !memcmp(me->gens.id[at], peer->gens.id[peer_at], NM_GEN_LEN) &&
	       at <= me->gens.covered && peer_at <= peer->gens.covered;
}

/*
 * Both legs were written apart from each other since a generation that both
 * know.  Only a person or a rule that both nodes have may say whose changes are
 * given up, and those of a primary never are.
 */
static struct nm_decision split_brain(const struct nm_hello *me, int at,
				      const struct nm_hello *peer, int peer_at)
{
	bool i_give_up = me->intent & NM_HELLO_DISCARD;
	bool peer_gives_up = peer->intent & NM_HELLO_DISCARD;
	const struct nm_hello *loser;
	int r;

	if (i_give_up && peer_gives_up)
		return refuse(NM_REFUSE_SPLIT_BRAIN,
			      "both legs were written apart from each other, and both nodes want to give up their changes");
	r = rank(peer_gives_up, i_give_up);
	if (!r && me->split != peer->split)
		return refuse(NM_REFUSE_SPLIT_BRAIN,
			      "both legs were written apart from each other, and the nodes have different rules for that (after_split_brain)");
	if (!r)
		r = loses_by_rule(me, peer);
	if (!r)
		return refuse(NM_REFUSE_SPLIT_BRAIN, me->split ?
			      "both legs were written apart from each other, and the rule for that (after_split_brain) does not tell whose changes to give up" :
			      "both legs were written apart from each other");
	loser = r > 0 ? peer : me;
	if (loser->role == NM_PRIMARY)
		return refuse(NM_REFUSE_SPLIT_BRAIN,
			      "both legs were written apart from each other, and the changes to be given up are those of the primary");
	if (failed(me) || failed(peer))
		return refuse(NM_REFUSE_SPLIT_BRAIN,
			      "both legs were written apart from each other, and the one to go on with has failed");
	return copy(me, peer, r > 0, !all_covered(me, at, peer, peer_at),
		    i_give_up || peer_gives_up ?
		    "after a split brain, the changes of one node are given up as its administrator said" :
		    "after a split brain, the changes of one node are given up by the rule of both");
}

/* --- the decision ------------------------------------------------------- */

/* The newest generation of @a that @b knows as well, or -1. */
static int common(const struct nm_gens *a, const struct nm_gens *b)
{
	int i;

	for (i = 0; i < a->nr; i++)
		if (nm_gens_find(b, a->id[i]) >= 0)
			return i;
	return -1;
}

struct nm_decision nm_decide(const struct nm_hello *me,
			     const struct nm_hello *peer)
{
	struct nm_decision d = compatible(me, peer);
	bool blank = nm_gens_blank(&me->gens);
	bool peer_blank = nm_gens_blank(&peer->gens);
	int at, peer_at;

	if (d.verdict == NM_V_REFUSE)
		return d;
	if (blank && peer_blank && (failed(me) || failed(peer)))
		return refuse(NM_REFUSE_INCONSISTENT,
			      "a leg has failed and the other has no data");
	if (blank && peer_blank)
		return decided(NM_V_NO_DATA, "neither leg has data yet");
	if (blank || peer_blank)
		return copy(me, peer, peer_blank, true,
			    "a leg without data gets a full copy");

	at = nm_gens_find(&me->gens, peer->gens.id[0]);
	peer_at = nm_gens_find(&peer->gens, me->gens.id[0]);
	if (at == 0)
		return same_generation(me, peer);
	if (at > 0 && peer_at > 0)
		return refuse(NM_REFUSE_PROTOCOL,
			      "each history says that the other is the older one");
	/* Who went on from an older copy lacks what the other one has since. */
	if ((at > 0 && rolled_back(me, peer)) ||
	    (peer_at > 0 && rolled_back(peer, me)))
		return split_brain(me, max(at, 0), peer, max(peer_at, 0));
	if (at > 0)
		return copy(me, peer, true, at > me->gens.covered ||
			    rolled_back(peer, me),
			    "the peer missed writes");
	if (peer_at > 0)
		return copy(me, peer, false, peer_at > peer->gens.covered ||
			    rolled_back(me, peer),
			    "this leg missed writes");
	at = common(&me->gens, &peer->gens);
	peer_at = common(&peer->gens, &me->gens);
	if (at >= 0)
		return split_brain(me, at, peer, peer_at);
	return refuse(NM_REFUSE_UNRELATED,
		      "the legs have no common history");
}

unsigned int nm_differences(const struct nm_hello *me,
			    const struct nm_hello *peer)
{
	unsigned int differences = 0;

	if (me->version != peer->version)
		return 0;
	if (me->split != peer->split)
		differences |= NM_DIFF_SPLIT;
	if ((me->intent ^ peer->intent) & NM_HELLO_FENCES)
		differences |= NM_DIFF_LOSS;
	if (me->timeout_ms && peer->timeout_ms &&
	    me->timeout_ms != peer->timeout_ms)
		differences |= NM_DIFF_TIMEOUT;
	return differences;
}

bool nm_prepares_first(const struct nm_hello *me, const struct nm_hello *peer,
		       enum nm_verdict v)
{
	if (failed(me) || failed(peer))
		return failed(me);
	return !nm_verdict_is_target(v);
}

bool nm_may_give_up(const struct nm_hello *me, const struct nm_hello *peer,
		    enum nm_verdict v)
{
	return me->role == NM_PRIMARY && !failed(me) && !failed(peer) &&
	       (v == NM_V_IN_SYNC || nm_verdict_is_target(v));
}

u64 nm_next_meeting(u64 mine, u64 peers)
{
	return mine == peers ? mine + 1 : max(mine, peers);
}

bool nm_must_track(const struct nm_hello *peer)
{
	return failed(peer);
}

enum nm_verdict nm_verdict_mirrored(enum nm_verdict v)
{
	switch (v) {
	case NM_V_TO_PEER:
		return NM_V_FROM_PEER;
	case NM_V_FROM_PEER:
		return NM_V_TO_PEER;
	case NM_V_FULL_TO_PEER:
		return NM_V_FULL_FROM_PEER;
	case NM_V_FULL_FROM_PEER:
		return NM_V_FULL_TO_PEER;
	case NM_V_IN_SYNC:
	case NM_V_NO_DATA:
	case NM_V_REFUSE:
		break;
	}
	return v;
}
