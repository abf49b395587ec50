// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a schedule: no fault any more, both nodes up, the link whole.  The
 * mirror must get in sync in a bounded time, serve what was acknowledged, and
 * go down without a trace.
 */
#include "app.h"
#include "half.h"
#include "history.h"
#include "mem.h"
#include "oracle.h"
#include "policy.h"
#include "world.h"

#define PATIENCE	SIM_S(60)
/* A copy of everything, each block from a slow disk over a slow network. */
#define SYNC_PATIENCE	SIM_S(300)

static const struct world *world;
static int primary;

static void describe(char *buf, size_t size)
{
	size_t len = 0;
	int node;

	*buf = 0;
	for (node = 0; node < SIM_NR_NODES; node++) {
		struct nm_mirror *m = node_mirror(node);

		if (!m)
			continue;
		len += sim_scnprintf(buf + len, size - len,
			" %c: %s, %s, sync %u, flags %x, refusal %s, %llu dirty, commands %d;",
			'a' + node, nm_role_name(m->state.role),
			nm_link_state_name(m->state.link), m->state.sync,
			m->state.flags, nm_refusal_name(m->state.refusal),
			nm_marks_count(&m->marks), node_nr_commands(node));
	}
}

void end_wait(bool (*fn)(void), u64 patience, const char *what)
{
	u64 limit = sim_now + patience;
	char state[400];

	while (!fn()) {
		if (sim_now < limit && sim.steps < 3000000 && sim_step())
			continue;
		if (fn())
			return;
		if (sim_tracing)
			sim_show_alive();
		describe(state, sizeof(state));
		sim_fail("I10: %s does not come about:%s", what, state);
	}
}

static bool all_commands_done(void)
{
	return !node_nr_commands(0) && !node_nr_commands(1);
}

static bool no_io(void)
{
	return !app_nr_inflight(0) && !app_nr_inflight(1);
}

static bool in_sync(int node)
{
	struct nm_mirror *m = node_mirror(node);
	struct nm_mirror *peer = node_mirror(!node);

	return m && peer && m->state.link == NM_LINK_CONNECTED &&
	       m->state.sync == NM_SYNC_NONE && !m->cache_lost &&
	       m->state.flags & NM_SBF_CONSISTENT &&
	       m->state.peer_role == peer->state.role;
}

bool end_in_sync(void)
{
	return in_sync(0) && in_sync(1);
}

static bool settled(void)
{
	return all_commands_done() && no_io();
}

void end_commands(void)
{
	end_wait(all_commands_done, PATIENCE, "the end of commands");
}

void end_tell(int node, const char *word, const char *arg)
{
	node_command(node, word, arg, NULL);
	end_wait(all_commands_done, PATIENCE, word);
}

static void tell(int node, const char *word)
{
	end_tell(node, word, NULL);
}

void end_steps(u32 nr)
{
	while (nr-- && sim_step())
		;
}

void end_sleep(u64 ns)
{
	u64 limit = sim_now + ns;

	while (sim_now < limit && sim_step())
		;
}

static bool is_off(int node)
{
	struct nm_mirror *m = node_mirror(node);

	return m && m->state.link == NM_LINK_OFF;
}

/* The newest data were on the leg of @node alone, and that failed. */
static bool has_lost_all(int node)
{
	const struct nm_sb *sb = &node_mirror(node)->sb;
	const struct nm_sb *peer = &node_mirror(!node)->sb;

	return disk_has_failed(node) && !(sb->flags & NM_SBF_CONSISTENT) &&
	       nm_gens_find(&sb->gens, peer->gens.id[0]) > 0;
}

/*
 * Nothing is left that a repair could go by.  A generation that may be on disk, but
 * counts for nothing in memory, can pass for one that moved on: a person decides.
 */
static bool nothing_is_left(void)
{
	if (!world->leg_errors)
		return false;
	if (half_is_turned(0) || half_is_turned(1))
		return !end_in_sync();
	return has_lost_all(0) || has_lost_all(1) ||
	       !((node_mirror(0)->sb.flags | node_mirror(1)->sb.flags) &
		 NM_SBF_CONSISTENT);
}

/* It may be held until the nodes are repaired. */
static bool no_io_or_held(void)
{
	return no_io() || policy_may_hold(0) || policy_may_hold(1);
}

/* It stood aside just when the other one's leg was said to be invalid. */
static bool is_last_leg(int node)
{
	return node_mirror(node)->sb.flags & NM_SBF_OUTDATED &&
	       nm_gens_blank(&node_mirror(!node)->sb.gens);
}

/*
 * They may stand apart for what one of them said before it went down, and a leg
 * that failed waits for its repair.
 */
static void repair(void)
{
	u64 limit = sim_now + SIM_S(60);
	int node;

	end_wait(no_io_or_held, PATIENCE, "the end of I/O");
	while (!end_in_sync() && !is_off(0) && !is_off(1) &&
	       sim_now < limit && sim_step())
		;
	for (node = 0; node < SIM_NR_NODES; node++) {
		if (node_mirror(node)->sb.flags & NM_SBF_LEG_FAILED ||
		    node_mirror(node)->meta_failed)
			tell(node, "attach");
		if (is_last_leg(node)) {
			end_sleep(SIM_S(6));
			end_tell(node, "promote", "force");
		}
		if (world->leg_errors)
			tell(node, "resync");
		if (is_off(node))
			tell(node, "connect");
	}
}

/* A session that was about to break may stand against it once. */
static void tell_until(int node, const char *word, bool primary)
{
	int tries;

	for (tries = 0; tries < 3; tries++) {
		tell(node, word);
		if (node_is_primary(node) == primary)
			return;
		end_sleep(SIM_S(3));
		repair();
		end_wait(end_in_sync, SYNC_PATIENCE, "being in sync");
	}
	sim_fail("%s does not succeed on a node in sync with its peer", word);
}

/*
 * The other node is primary now, or was: what is held here fails, as of an
 * application that was killed.
 */
static void step_down(int node)
{
	if (node_is_primary(node) && events_replaced(node)) {
		node_suspend(node, false, 0);
		end_wait(all_commands_done, PATIENCE, "suspend");
		node_resume(node);
		end_wait(all_commands_done, PATIENCE, "resume");
		tell(node, "demote");
	}
}

static void heal(void)
{
	int node;

	trace("the end begins");
	wire_calm();
	wire_cut(0, false);
	wire_cut(1, false);
	for (node = 0; node < SIM_NR_NODES; node++) {
		disk_traits(node)->read_errors = 0;
		disk_traits(node)->write_errors = 0;
		disk_traits(node)->meta_errors = 0;
		disk_traits(node)->flush_errors = 0;
		disk_hang(node, false);
		if (!node_is_on(node))
			node_boot(node);
	}
	end_commands();
	for (node = 0; node < SIM_NR_NODES; node++)
		if (node_is_suspended(node))
			node_resume(node);
	end_wait(all_commands_done, PATIENCE, "resume");
	/* What was under way may fail yet. */
	if (world->leg_errors)
		end_sleep(SIM_S(3));
	for (node = 0; node < SIM_NR_NODES; node++) {
		tell(node, "attach");
		step_down(node);
		tell(node, "resync");
		tell(node, "connect");
	}
}

static void read_everything(void)
{
	u32 block, nr = world->nodes.nr_blocks;

	for (block = 0; block < nr; block += APP_MAX_BLOCKS) {
		struct app_request req = {
			.op = APP_READ, .first = block,
			.nr = min(nr - block, (u32)APP_MAX_BLOCKS),
		};

		app_submit(primary, &req);
	}
	end_wait(no_io, PATIENCE, "reading everything");
}

static void check_contents(void)
{
	u64 now = hist_clock();
	u32 block;

	for (block = 0; block < world->nodes.nr_blocks; block++) {
		u64 version = disk_block(primary, block)->now;

		if (hist_may_see(block, version, now))
			continue;
		if (sim_tracing)
			hist_show(block);
		sim_fail("I1: block %u ends as version %llu", block, version);
	}
}

static void work(struct sim_rng *rng)
{
	struct app_request flush = { .op = APP_FLUSH };
	struct app_request write = { .op = APP_WRITE, .first = world->hot[0],
				     .nr = 1 };

	primary = node_is_primary(1);
	if (!node_is_primary(primary)) {
		primary = world->damage ? 0 : rng_below(rng, 2);
		tell_until(primary, "promote", true);
	}
	read_everything();
	app_submit(primary, &write);
	end_wait(no_io_or_held, PATIENCE, "a write");
	app_submit(primary, &flush);
	end_wait(no_io_or_held, PATIENCE, "a flush");
	repair();
	end_wait(end_in_sync, SYNC_PATIENCE, "being in sync");
	end_wait(no_io, PATIENCE, "the end of I/O");
	if (world->damage)
		damage_end(world);
	tell_until(primary, "demote", false);
}

static bool powered_off(void)
{
	return !node_is_on(0) && !node_is_on(1);
}

static void shut_down(void)
{
	const char *what = "?";
	int node;

	for (node = 0; node < SIM_NR_NODES; node++)
		node_remove(node);
	end_wait(powered_off, PATIENCE, "shutting down");
	for (node = 0; node < SIM_NR_NODES; node++) {
		u64 limit = sim_now + SIM_S(2);
		u32 steps = 1000;	/* however fast time passes */

		while (sim_nr_alive(node, &what) &&
		       (sim_now < limit || steps) && sim_step())
			steps -= !!steps;
		if (sim_nr_alive(node, &what))
			sim_fail("%s goes on after the removal of the device",
				 what);
		if (mem_nr_live(node))
			sim_fail("%d pieces of memory leak on node %c",
				 mem_nr_live(node), 'a' + node);
	}
}

void world_end(const struct world *w, struct sim_rng *rng)
{
	world = w;
	oracle_check_marks();
	if (w->split_brain)
		split_end(w, rng);
	heal();
	repair();
	if (nothing_is_left())
		return;
	end_wait(end_in_sync, SYNC_PATIENCE, "being in sync");
	end_wait(settled, PATIENCE, "quiet");
	oracle_check_marks();
	if (w->rollback && !rollback_end(rng))
		return;
	work(rng);
	oracle_check_equal();
	if (!w->split_brain)
		check_contents();
	oracle_check_marks();
	shut_down();
}
