// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a schedule in which both nodes may have gone on alone.  A rule that
 * both have, or a person, says whose changes are given up; then the other leg's
 * data, as they were, are on both legs, whatever interrupts the copy.  Without
 * that the nodes stay apart, and nothing is copied.
 */
#include "app.h"
#include "history.h"
#include "oracle.h"
#include "policy.h"
#include "world.h"

#define PATIENCE	SIM_S(60)
#define SYNC_PATIENCE	SIM_S(300)
#define NOBODY		(-1)

static const struct world *world;
static u64 content[SIM_NR_NODES][DISK_MAX_BLOCKS];

/* --- everything stands still, and apart ----------------------------------- */

static bool apart(void)
{
	return !wire_session(0) && !wire_session(1) &&
	       node_mirror(0)->state.link != NM_LINK_HANDSHAKE &&
	       node_mirror(1)->state.link != NM_LINK_HANDSHAKE;
}

static bool no_io(void)
{
	return !app_nr_inflight(0) && !app_nr_inflight(1);
}

static void part(void)
{
	int node;

	wire_calm();
	wire_cut(0, true);
	wire_cut(1, true);
	for (node = 0; node < SIM_NR_NODES; node++)
		disk_hang(node, false);
	for (node = 0; node < SIM_NR_NODES; node++)
		if (!node_is_on(node))
			node_boot(node);
	end_commands();
	for (node = 0; node < SIM_NR_NODES; node++)
		if (node_is_suspended(node))
			node_resume(node);
	end_commands();
	end_wait(apart, PATIENCE, "the end of the session");
	/* Not honest: that is how histories part although nodes fence. */
	for (node = 0; node < SIM_NR_NODES; node++)
		if (policy_may_hold(node))
			end_tell(node, "peer_fenced", NULL);
	end_wait(no_io, PATIENCE, "the end of I/O");
}

/* What is on the legs now must be there in the end, on one or the other. */
static void remember(int node)
{
	u32 block;

	disk_settle(node);
	for (block = 0; block < world->nodes.nr_blocks; block++)
		content[node][block] = disk_block(node, block)->now;
}

static void write_some(int node, struct sim_rng *rng)
{
	u32 nr = rng_range(rng, 1, 3);
	struct app_request req = { .op = APP_WRITE, .nr = 1 };

	while (nr--) {
		req.first = rng_below(rng, world->nodes.nr_blocks);
		app_submit(node, &req);
	}
	end_wait(no_io, PATIENCE, "a write alone");
}

/* Mostly on both sides, so that there is something to decide. */
static void write_apart(struct sim_rng *rng)
{
	int node;

	for (node = 0; node < SIM_NR_NODES; node++) {
		if (!node_is_primary(node) && rng_percent(rng, 60))
			end_tell(node, "promote", rng_percent(rng, 50) ?
				 "peer_fenced" : "force");
		if (node_is_primary(node) && rng_percent(rng, 80))
			write_some(node, rng);
		end_sleep(SIM_MS(rng_around(rng, 1500)));
	}
	for (node = 0; node < SIM_NR_NODES; node++)
		if (node_is_primary(node) && rng_percent(rng, 70))
			end_tell(node, "demote", NULL);
}

/* --- who loses ------------------------------------------------------------ */

static bool knows(int node, const u8 *gen)
{
	return nm_gens_find(&oracle_sb(node)->gens, gen) >= 0;
}

static bool histories_parted(void)
{
	const struct nm_gens *g[2] = { &oracle_sb(0)->gens,
				       &oracle_sb(1)->gens };
	u32 both = oracle_sb(0)->flags & oracle_sb(1)->flags;
	u32 i;

	if (!(both & NM_SBF_CONSISTENT) || knows(0, g[1]->id[0]) ||
	    knows(1, g[0]->id[0]))
		return false;
	for (i = 0; i < g[0]->nr; i++)
		if (knows(1, g[0]->id[i]))
			return true;
	return false;
}

static int lesser(u64 a, u64 b)
{
	return a == b ? NOBODY : a > b;
}

static int loser_by_rule(void)
{
	const struct node_traits *t = &world->nodes;
	u64 since[2] = { oracle_sb(0)->alone_since,
			 oracle_sb(1)->alone_since };
	int later = since[0] && since[1] ? lesser(since[1], since[0]) : NOBODY;

	if (t->split[0] != t->split[1])
		return NOBODY;
	switch (t->split[0]) {
	case NM_SPLIT_YOUNGER:
		return later;
	case NM_SPLIT_OLDER:
		return later == NOBODY ? NOBODY : !later;
	case NM_SPLIT_LEAST_CHANGES:
		return lesser(nm_marks_count(&node_mirror(0)->marks),
			      nm_marks_count(&node_mirror(1)->marks));
	case NM_SPLIT_NODE_0:
		return 0;
	case NM_SPLIT_NODE_1:
		return 1;
	}
	return NOBODY;
}

/* --- meeting again -------------------------------------------------------- */

/*
 * A person who gives up the changes of @giver says so before they can meet, and
 * need not do so again once that node has given up its generation.
 */
static void meet(int giver)
{
	int node;

	part();
	if (!histories_parted())
		giver = NOBODY;
	for (node = 0; node < SIM_NR_NODES; node++) {
		end_tell(node, "resync", NULL);
		end_tell(node, "connect", node == giver ? "discard" : NULL);
	}
	wire_cut(0, false);
	wire_cut(1, false);
}

static bool reports(int node)
{
	enum nm_refusal refusal = node_mirror(node)->state.refusal;

	return node_mirror(node)->state.link == NM_LINK_OFF &&
	       (refusal == NM_REFUSE_SPLIT_BRAIN ||
		refusal == NM_REFUSE_TWO_PRIMARIES);
}

static bool one_reports(void)
{
	return reports(0) || reports(1);
}

static bool decided(void)
{
	return end_in_sync() || one_reports();
}

static void check_leg(int node, const u64 *want, const char *what)
{
	u32 block;

	for (block = 0; block < world->nodes.nr_blocks; block++)
		if (disk_block(node, block)->now != want[block])
			sim_fail("I5: %s: block %u of node %c is version %llu instead of %llu",
				 what, block, 'a' + node,
				 disk_block(node, block)->now, want[block]);
}

/* A link that breaks keeps one of them from hearing it; a person asks again. */
static void must_stay_apart(void)
{
	int tries;

	for (tries = 0; tries < 3; tries++) {
		end_wait(one_reports, PATIENCE, "the report of a split brain");
		end_sleep(SIM_S(2));
		if (reports(0) && reports(1))
			break;
		meet(NOBODY);
	}
	if (!reports(0) || !reports(1))
		sim_fail("I5: a split brain is not reported on both nodes");
	check_leg(0, content[0], "two histories are not merged unasked");
	check_leg(1, content[1], "two histories are not merged unasked");
}

/* Something comes between. */
static void interrupt(int winner, struct sim_rng *rng)
{
	end_steps(rng_around(rng, 60));
	switch (rng_below(rng, 4)) {
	case 0:
		node_cut_power(0, rng);
		break;
	case 1:
		node_cut_power(1, rng);
		break;
	case 2:
		node_cut_power(0, rng);
		node_cut_power(1, rng);
		break;
	}
	part();
	if (node_is_primary(winner) && rng_percent(rng, 50))
		write_some(winner, rng);
	if (node_is_primary(winner) && rng_percent(rng, 50))
		end_tell(winner, "demote", NULL);
	remember(winner);
}

/*
 * As long as the loser has not given up its generation, the rule is applied
 * again.  How much was changed may look different then.
 */
static int loser_now(int loser, int giver)
{
	int now;

	if (giver != NOBODY || !histories_parted())
		return loser;
	now = loser_by_rule();
	if (now != loser && world->nodes.split[0] != NM_SPLIT_LEAST_CHANGES)
		sim_fail("I5: the rule for a split brain changes its mind");
	return now;
}

static void must_become(int winner, int giver)
{
	int tries;

	for (tries = 0; tries < 3; tries++) {
		end_wait(decided, SYNC_PATIENCE,
			 "being in sync after a split brain");
		if (end_in_sync())
			break;
		/* A person's word does not survive a loss of power. */
		meet(giver);
	}
	if (!end_in_sync())
		sim_fail("I10: the decision about a split brain does not take effect");
	check_leg(winner, content[winner], "the winner's data change");
	check_leg(!winner, content[winner], "the loser has not got them all");
}

/* --- whatever it was, it must be possible to go on ------------------------ */

static void resolve(void)
{
	int node;

	part();
	for (node = 0; node < SIM_NR_NODES; node++)
		if (node_is_primary(node))
			end_tell(node, "demote", NULL);
	if (node_mirror(0)->sb.flags & NM_SBF_OUTDATED ||
	    !(node_mirror(0)->sb.flags & NM_SBF_CONSISTENT))
		end_tell(0, "promote", "force");
	end_tell(1, "invalidate_local", NULL);
	meet(NOBODY);
}

static void must_be_refused(int node, const char *word, const char *arg,
			    int err)
{
	if (!err)
		sim_fail("I5: %s %s is taken on a primary", word, arg);
}

void split_end(const struct world *w, struct sim_rng *rng)
{
	int giver = rng_percent(rng, 40) ? (int)rng_below(rng, 2) : NOBODY;
	u32 nr = rng_below(rng, 4);
	int loser;

	world = w;
	part();
	write_apart(rng);
	remember(0);
	remember(1);
	if (!histories_parted()) {
		resolve();
		return;
	}
	if (giver != NOBODY && node_is_primary(giver)) {
		node_command(giver, "connect", "discard", must_be_refused);
		end_commands();
		giver = NOBODY;
	}
	loser = giver != NOBODY ? giver : loser_by_rule();
	for (; nr && loser != NOBODY && !node_is_primary(loser); nr--) {
		meet(giver);
		interrupt(!loser, rng);
		loser = loser_now(loser, giver);
	}
	trace("%s changes are to be given up",
	      loser == NOBODY ? "nobody's" : loser ? "b's" : "a's");
	meet(giver);
	if (loser == NOBODY || node_is_primary(loser)) {
		must_stay_apart();
		resolve();
	} else {
		must_become(!loser, giver);
	}
}
