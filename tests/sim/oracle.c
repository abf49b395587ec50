// SPDX-License-Identifier: GPL-2.0-only
#include "bio.h"
#include "disk.h"
#include "half.h"
#include "history.h"
#include "node.h"
#include "oracle.h"
#include "policy.h"
#include "wire.h"
#include "world.h"

/*
 * An application may wait for a peer that is dying, for a handshake, and for
 * the only good leg to come back, each time that it is lost.
 */
#define MAX_WAIT	SIM_S(45)

struct seen {
	enum nm_role role;
	enum nm_link_state link;
	enum nm_sync sync;
	u64 nr_roles;
	u64 cut;		/* when power was lost last */
	u64 held;		/* ns: when I/O waited last for the peer to be out */
	u64 lossy;		/* writes issued before may be missing */
	bool behind;		/* the other node has acknowledged alone */
	bool superseded;	/* the other node was promoted since */
	bool failed;		/* the leg */
	/* durable metadata, decoded */
	u64 sb_changes;
	struct nm_sb sb;
	u64 mark_changes[DISK_META_BLOCKS];
	bool mark_sound[DISK_META_BLOCKS];
	bool valid;
};

static struct seen seen[SIM_NR_NODES];
static bool split_brain;
static bool errors_allowed;
static bool damage_allowed;
static bool rollback_allowed;

void oracle_reset(bool split)
{
	int node, i;

	memset(seen, 0, sizeof(seen));
	for (node = 0; node < SIM_NR_NODES; node++) {
		seen[node].sb_changes = ~0ULL;
		for (i = 0; i < DISK_META_BLOCKS; i++)
			seen[node].mark_changes[i] = ~0ULL;
	}
	split_brain = split;
	errors_allowed = false;
	rollback_allowed = false;
	policy_reset();
	app_check(!split);
}

void oracle_allow_damage(bool allow)
{
	damage_allowed = allow;
}

void oracle_allow_rollback(bool allow)
{
	rollback_allowed = allow;
}

void oracle_allow_errors(bool allow)
{
	errors_allowed = allow;
}

u64 oracle_nr_roles(int node)
{
	return seen[node].nr_roles;
}

bool oracle_is_whole(int node)
{
	const struct nm_sb *sb = oracle_sb(node);

	return !oracle_is_behind(node) && !seen[node].lossy &&
	       sb->flags & NM_SBF_CONSISTENT &&
	       !(sb->flags & (NM_SBF_OUTDATED | NM_SBF_LEG_FAILED));
}

bool oracle_has_good_leg(int node)
{
	struct nm_mirror *m = node_mirror(node);

	return !errors_allowed && m && m->mode & NM_MODE_PRIMARY &&
	       m->state.sync != NM_SYNC_TARGET &&
	       m->sb.flags & NM_SBF_CONSISTENT &&
	       !(m->sb.flags & NM_SBF_OUTDATED);
}

/* Another leg than that of @node has all the data, and never fails. */
bool oracle_peer_serves(int node)
{
	const struct disk_traits *t = disk_traits(!node);
	const struct nm_mirror *m = node_mirror(node);

	return m && m->mode & NM_MODE_PRIMARY && nm_peer_has_all(&m->state) &&
	       !t->read_errors && !t->write_errors && !t->meta_errors &&
	       !t->flush_errors && wire_is_alive(!node, m->session);
}

/* --- what is durable ------------------------------------------------------ */

const struct nm_sb *oracle_sb(int node)
{
	struct seen *s = &seen[node];
	const char *why = "";
	u64 changes = disk_meta_changes(node, 0) + disk_meta_changes(node, 1);
	bool stale;

	if (s->sb_changes != changes) {
		s->sb_changes = changes;
		if (nm_sb_choose((void *)disk_meta(node, 0),
				 (void *)disk_meta(node, 1), &s->sb, &stale,
				 &why))
			sim_fail("no superblock of node %c is usable: %s",
				 'a' + node, why);
	}
	return &s->sb;
}

static u32 region_of(u32 block)
{
	return (u64)block * SIM_BLOCK_SECTORS >> nodes_traits()->region_shift;
}

/* Mark blocks have one zone or more of 64 regions each. */
static bool is_marked(int node, const struct nm_geometry *geo, u32 region)
{
	u32 zone = region / geo->zone_regions;
	u32 index = zone / geo->block_zones;
	u32 nth = zone % geo->block_zones;
	const struct nm_mark_disk *disk =
		(void *)disk_meta(node, NM_FIRST_MARK_BLOCK + index);
	const u8 *bits = disk->bits + DIV_ROUND_UP(geo->block_zones, 64) * 8 +
			 nth * (geo->zone_regions / 8);
	u32 bit = region % geo->zone_regions;

	return nm_mark_block_zone_active(disk, nth) ||
	       bits[bit / 8] >> bit % 8 & 1;
}

static void geometry(struct nm_geometry *geo)
{
	const struct nm_sb *sb = oracle_sb(0);
	const char *why;

	nm_geometry_init(geo, sb->data_sectors, sb->region_shift,
			 sb->zone_shift, &why);
}

static bool marks_are_sound(int node, const struct nm_geometry *geo, u32 index)
{
	struct seen *s = &seen[node];
	u32 block = NM_FIRST_MARK_BLOCK + index;
	u64 changes = disk_meta_changes(node, block);
	const char *why;

	if (s->mark_changes[index] != changes) {
		s->mark_changes[index] = changes;
		s->mark_sound[index] = !nm_mark_block_check(geo,
					(void *)disk_meta(node, block),
					oracle_sb(node)->uuid, index, &why);
	}
	return s->mark_sound[index];
}

static bool is_covered(int node, const struct nm_geometry *geo, u32 block)
{
	u32 region = region_of(block);
	u32 index = region / geo->zone_regions / geo->block_zones;

	return !marks_are_sound(node, geo, index) ||
	       is_marked(node, geo, region);
}

/*
 * What the node would bring to a handshake: its marks in memory, as long as it
 * is up.
 */
static bool is_covered_now(int node, const struct nm_geometry *geo, u32 block)
{
	const struct nm_mirror *m = node_mirror(node);
	u32 region = region_of(block);

	if (!m || !m->loaded || m->closed)
		return is_covered(node, geo, block);
	return test_bit(region, m->marks.dirty) ||
	       test_bit(region, m->marks.unflushed) ||
	       test_bit(region, m->marks.flushing) ||
	       m->marks.zones[region / geo->zone_regions].nr_writes;
}

static struct nm_hello hello_of(int node)
{
	const struct nm_sb *sb = oracle_sb(node);
	struct nm_hello h = {
		.version = NM_WIRE_VERSION, .src_node = node,
		.flags = sb->flags, .data_sectors = sb->data_sectors,
		.room_sectors = sb->data_sectors,
		.region_shift = sb->region_shift,
		.zone_shift = sb->zone_shift, .nr_dirty = 1, .gens = sb->gens,
	};

	return h;
}

/* Would the nodes copy nothing but what is marked, if they met now? */
static bool rely_on_marks(void)
{
	struct nm_hello a = hello_of(0), b = hello_of(1);
	enum nm_verdict v = nm_decide(&a, &b).verdict;

	return v == NM_V_IN_SYNC || v == NM_V_TO_PEER || v == NM_V_FROM_PEER;
}

/* Could the block differ after a loss of power now? */
static bool may_differ(u32 block)
{
	const struct disk_block *b[2] = { disk_block(0, block),
					  disk_block(1, block) };
	u64 version = b[0]->durable;
	int node;
	u32 i;

	if (b[0]->now == DISK_DAMAGED || b[1]->now == DISK_DAMAGED)
		return false;
	for (node = 0; node < 2; node++) {
		if (b[node]->durable != version)
			return true;
		for (i = 0; i < b[node]->nr_cached; i++)
			if (b[node]->cached[i].version != version)
				return true;
	}
	return false;
}

void oracle_check_marks(void)
{
	struct nm_geometry geo;
	bool looked = false;
	u32 block;

	if (split_brain || rollback_allowed)
		return;
	for (block = 0; block < nodes_traits()->nr_blocks; block++) {
		if (!may_differ(block))
			continue;
		if (!looked) {
			if (!rely_on_marks())
				return;
			geometry(&geo);
			looked = true;
		}
		if (!is_covered(0, &geo, block) && !is_covered(1, &geo, block))
			sim_fail("I3: block %u may differ between the legs and is marked nowhere: %llu and %llu",
				 block, disk_block(0, block)->now,
				 disk_block(1, block)->now);
		if (!errors_allowed && !is_covered_now(0, &geo, block) &&
		    !is_covered_now(1, &geo, block))
			sim_fail("I3: block %u may differ between the legs and nobody that is up remembers it: %llu and %llu",
				 block, disk_block(0, block)->now,
				 disk_block(1, block)->now);
	}
}

/*
 * A generation that was turned says that the other node went on alone, whether
 * it came to acknowledge anything or not.
 */
bool oracle_is_behind(int node)
{
	const struct nm_gens *theirs = &oracle_sb(!node)->gens;

	return seen[node].behind ||
	       (!nm_gens_blank(theirs) &&
		nm_gens_find(&oracle_sb(node)->gens, theirs->id[0]) < 0);
}

/* --- acknowledgements ----------------------------------------------------- */

static bool is_on(int node, u32 block, u64 version, u64 id)
{
	u64 now = disk_block(node, block)->now;

	return now == version || now == DISK_DAMAGED ||
	       hist_may_follow(block, now, id);
}

static void acked_alone(const struct app_result *r, u32 block)
{
	int peer = !r->node;
	const struct nm_sb *sb = oracle_sb(r->node);
	struct nm_geometry geo;

	if (policy_bars_ack(r) && seen[peer].cut < r->issued)
		sim_fail("I5: a write to block %u is acknowledged alone by node %c, whose peer is not known to be out",
			 block, 'a' + r->node);
	geometry(&geo);
	if (!is_covered(r->node, &geo, block))
		sim_fail("I3: a write to block %u is acknowledged without a durable mark; the peer does not have it",
			 block);
	/* A resync goes on until the peer has it. */
	if (!(oracle_sb(peer)->flags & NM_SBF_CONSISTENT)) {
		seen[peer].behind = true;
		return;
	}
	/* A peer that lost it with its cache had it when it answered. */
	if (sb->flags & NM_SBF_PEER_HAS_GEN) {
		if (seen[peer].cut < r->issued)
			sim_fail("I4: a write to block %u is acknowledged alone under a generation that the peer may have",
				 block);
		return;
	}
	if (nm_gens_find(&oracle_sb(peer)->gens, sb->gens.id[0]) >= 0)
		sim_fail("I4: a write to block %u is acknowledged alone under a generation that the peer has",
			 block);
	seen[peer].behind = true;
}

static void check_write(const struct app_result *r)
{
	u32 i;

	for (i = 0; i < r->nr; i++) {
		u32 block = r->first + i;

		if (!is_on(r->node, block, r->version[i], r->id + i))
			sim_fail("I1: a write to block %u is acknowledged that the local leg does not have",
				 block);
		if (!is_on(!r->node, block, r->version[i], r->id + i))
			acked_alone(r, block);
	}
}

/* What is durable on @node must not be older than what was acknowledged. */
static void check_durable(int node, u32 block, u64 since)
{
	u64 version = disk_block(node, block)->durable;

	if (version != DISK_DAMAGED && !hist_may_see(block, version, since))
		sim_fail("I2: block %u is acknowledged as durable, but version %llu would come back on node %c",
			 block, version, 'a' + node);
}

/* Could the peer be promoted, with nothing to say that it is behind? */
static bool peer_passes_for_new(int node)
{
	const struct nm_sb *sb = oracle_sb(node), *peer = oracle_sb(!node);

	return peer->flags & NM_SBF_CONSISTENT &&
	       nm_gens_find(&peer->gens, sb->gens.id[0]) >= 0;
}

/*
 * A leg that is being copied to has to be durable when that is over.  The
 * peer's has to be if it was there, or passes for a leg that has it all.
 */
static void check_flush(const struct app_result *r, u32 first, u32 nr)
{
	struct nm_mirror *m = node_mirror(r->node);
	bool was_there = r->session && wire_session(r->node) == r->session &&
			 m->session == r->session &&
			 m->state.link == NM_LINK_CONNECTED &&
			 m->state.sync != NM_SYNC_SOURCE &&
			 seen[!r->node].cut < r->issued;
	bool remote = was_there || peer_passes_for_new(r->node);
	bool local = m->state.sync != NM_SYNC_TARGET &&
		     m->sb.flags & NM_SBF_CONSISTENT;
	u32 block;

	for (block = first; block < first + nr; block++) {
		if (local)
			check_durable(r->node, block, r->issued);
		if (remote)
			check_durable(!r->node, block, r->issued);
	}
}

/* Where legs may fail, either of them alone may have what is acknowledged. */
static void note_who_has_it(const struct app_result *r)
{
	int node;
	u32 i;

	for (i = 0; i < r->nr; i++)
		for (node = 0; node < SIM_NR_NODES; node++)
			if (!is_on(node, r->first + i, r->version[i],
				   r->id + i))
				seen[node].behind = true;
}

void oracle_acked(const struct app_result *r)
{
	if (errors_allowed) {
		note_who_has_it(r);
		return;
	}
	if (r->op == APP_FLUSH) {
		check_flush(r, 0, nodes_traits()->nr_blocks);
		return;
	}
	check_write(r);
	if (r->fua)
		check_flush(r, r->first, r->nr);
}

/* --- events --------------------------------------------------------------- */

static bool leg_is_good(int node)
{
	const struct nm_mirror *m = node_mirror(node);
	bool up = m && m->loaded && !m->closed;
	u32 flags = up ? m->sb.flags : oracle_sb(node)->flags;

	return flags & NM_SBF_CONSISTENT && !(flags & NM_SBF_LEG_FAILED);
}

void oracle_power_cut(int node)
{
	struct nm_mirror *m = node_mirror(node);
	struct seen *s = &seen[node];

	oracle_check_marks();
	policy_power_cut(node);
	s->cut = hist_clock();
	s->lossy = s->cut;
	s->role = NM_SECONDARY;
	s->link = NM_LINK_OFF;
	s->sync = NM_SYNC_NONE;
	s->nr_roles++;
	seen[!node].superseded = false;
	/* What it had in its cache until it knew to be the only leg left. */
	if (errors_allowed && !(m && m->tracking) &&
	    (seen[!node].failed || !leg_is_good(!node)))
		hist_weaken(s->cut);
}

static void promoted(int node)
{
	struct seen *s = &seen[node], *peer = &seen[!node];

	if (split_brain)
		return;
	if (peer->role == NM_PRIMARY && !events_replaced(!node))
		sim_fail("I5: both nodes are primary");
	if (s->behind && s->sync != NM_SYNC_TARGET)
		sim_fail("I5: node %c is promoted, and lacks what the other one acknowledged",
			 'a' + node);
	if (s->sync == NM_SYNC_TARGET)
		s->lossy = peer->lossy;
	if (s->lossy && !s->superseded)
		hist_weaken(s->lossy);
	s->lossy = 0;
	if (s->link != NM_LINK_CONNECTED)
		peer->superseded = true;
}

static void synced(int node)
{
	seen[node].behind = false;
	seen[node].superseded = false;
}

/* Did a resync end just before power was lost, or unseen in a reload? */
static bool took_over(int node)
{
	const struct nm_sb *sb = oracle_sb(node);

	return sb->flags & NM_SBF_CONSISTENT &&
	       nm_gens_find(&sb->gens, oracle_sb(!node)->gens.id[0]) >= 0;
}

static void connected(int node, struct nm_mirror *m)
{
	struct seen *s = &seen[node], *peer = &seen[!node];
	enum nm_verdict v = m->verdict.verdict;

	if (rollback_allowed)
		return;
	if (!errors_allowed && strstr(m->verdict.why, "older copy"))
		sim_fail("I7: the leg of node %c is taken for an older copy, or that of its peer",
			 'a' + node);
	/* The other one may have gone on already. */
	if (!wire_is_alive(!node, m->session))
		return;
	if (s->behind && took_over(node))
		synced(node);
	if (peer->behind && took_over(!node))
		synced(!node);
	if (s->behind && peer->behind)
		sim_fail("I5: a split brain is merged");
	if (split_brain)
		return;
	if (s->behind && !nm_verdict_is_target(v))
		sim_fail("I5: node %c lacks acknowledged writes and is no target of the resync (%s)",
			 'a' + node, m->verdict.why);
	if (nm_verdict_is_target(v))
		s->lossy = s->superseded || !peer->superseded ? peer->lossy : 0;
	else if (v == NM_V_IN_SYNC)
		s->lossy = peer->lossy = min(s->lossy, peer->lossy);
}

void oracle_event(int node)
{
	struct nm_mirror *m = node_mirror(node);
	struct seen *s = &seen[node];

	if (!m || !m->loaded || m->closed)
		return;
	policy_event(node, m);
	if (half_is_left(node) && !m->meta_mutex.owner)
		sim_fail("I4: node %c leaves a generation on one copy of its superblock that is not in force",
			 'a' + node);
	if (m->state.link == NM_LINK_CONNECTED &&
	    s->link != NM_LINK_CONNECTED)
		connected(node, m);
	if (m->state.link == NM_LINK_CONNECTED && s->sync == NM_SYNC_TARGET &&
	    m->state.sync == NM_SYNC_NONE)
		synced(node);
	/* Neither leg has what the one that lost power had not flushed. */
	if (errors_allowed && !s->failed &&
	    m->sb.flags & NM_SBF_LEG_FAILED && seen[!node].lossy)
		hist_weaken(seen[!node].lossy);
	s->failed = m->sb.flags & NM_SBF_LEG_FAILED;
	/* Somebody said so: what had to wait, and was not yet failed, waits anew. */
	if (s->link == NM_LINK_OFF && m->state.link == NM_LINK_SEARCHING)
		s->held = sim_now;
	s->link = m->state.link;
	s->sync = m->state.sync;
	if (m->state.role != s->role) {
		s->nr_roles++;
		s->role = m->state.role;
		if (s->role == NM_PRIMARY)
			promoted(node);
	}
	if (!errors_allowed && !damage_allowed &&
	    (atomic_read(&m->verify.mismatches) ||
	     atomic_read(&m->verify.mended)))
		sim_fail("I7: node %c finds a difference between legs that are in sync",
			 'a' + node);
	if (m->state.refusal == NM_REFUSE_PROTOCOL)
		sim_fail("I10: the nodes do not understand each other");
	if (m->state.refusal == NM_REFUSE_SPLIT_BRAIN && !split_brain &&
	    !half_is_turned(0) && !half_is_turned(1))
		sim_fail("I5: a split brain is reported where there is none");
}

/* --- the end -------------------------------------------------------------- */

void oracle_check_equal(void)
{
	u32 block;

	for (block = 0; block < nodes_traits()->nr_blocks; block++)
		if (disk_block(0, block)->now != disk_block(1, block)->now)
			sim_fail("I7: block %u differs after the resync: %llu and %llu",
				 block, disk_block(0, block)->now,
				 disk_block(1, block)->now);
}

void oracle_check_waits(void)
{
	u64 since;
	int node;

	for (node = 0; node < SIM_NR_NODES; node++) {
		if (policy_may_hold(node) || disk_is_hung(0) || disk_is_hung(1))
			seen[node].held = sim_now;
		since = max(max(app_oldest(node), node_ready_since(node)),
			    max(wire_changed(), seen[node].held));
		if (node_is_ready(node) && sim_now - since > MAX_WAIT)
			sim_fail("I10: a request on node %c waits for more than 45 s",
				 'a' + node);
	}
}
