// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to the nodes.  The cluster manager is honest: it vouches for a
 * peer that is dead or cut off and not primary, and only promotes a node that
 * has all that was acknowledged.
 */
#include "app.h"
#include "history.h"
#include "oracle.h"
#include "policy.h"
#include "world.h"

static const struct world *world;
static int nr_promoting[SIM_NR_NODES];
static bool closing[SIM_NR_NODES];	/* no new I/O: it will be demoted */
static bool replaced[SIM_NR_NODES];	/* primary that holds its I/O */
static u64 blind_sessions;	/* so far, when a promotion had no evidence */

static const struct {
	const char *name;
	u32 weight;
} events[NR_EVENTS] = {
	[EV_WRITE]		= { "write", 60 },
	[EV_READ]		= { "read", 25 },
	[EV_FLUSH]		= { "flush", 10 },
	[EV_ZEROES]		= { "zeroes", 6 },
	[EV_WAIT]		= { "wait", 15 },
	[EV_CUT]		= { "cut the link", 4 },
	[EV_CUT_ONE_WAY]	= { "cut one way", 4 },
	[EV_HEAL]		= { "heal", 12 },
	[EV_BREAK]		= { "break the session", 4 },
	[EV_POWER_CUT]		= { "power cut", 5 },
	[EV_POWER_CUT_BOTH]	= { "power cut of both", 1 },
	[EV_BOOT]		= { "boot", 15 },
	[EV_FAILOVER]		= { "failover", 4 },
	[EV_PROMOTE]		= { "promote", 12 },
	[EV_PROMOTE_BLINDLY]	= { "promote without evidence", 2 },
	[EV_DEMOTE]		= { "demote", 5 },
	[EV_CONNECT]		= { "connect", 4 },
	[EV_DISCONNECT]		= { "disconnect", 2 },
	[EV_INVALIDATE_LOCAL]	= { "invalidate local", 2 },
	[EV_INVALIDATE_REMOTE]	= { "invalidate remote", 2 },
	[EV_SUSPEND]		= { "suspend", 3 },
	[EV_RESUME]		= { "resume", 8 },
	[EV_RELOAD]		= { "reload", 3 },
	[EV_FREEZE]		= { "freeze resync", 2 },
	[EV_THAW]		= { "thaw resync", 4 },
	[EV_CHECK]		= { "check", 4 },
	[EV_REPAIR]		= { "repair", 4 },
	[EV_IDLE]		= { "idle", 1 },
	[EV_DAMAGE]		= { "damage", 20 },
	[EV_STATUS]		= { "status", 2 },
	[EV_ATTACH]		= { "attach", 3 },
	[EV_VOUCH]		= { "peer_fenced", 4 },
	[EV_RETRACT]		= { "peer_unfenced", 1 },
	[EV_TAKE_OVER]		= { "take over", 4 },
	[EV_DISCARD]		= { "connect discard", 2 },
	[EV_HANG]		= { "a leg hangs", 2 },
	[EV_UNHANG]		= { "no leg hangs", 6 },
};

const char *event_name(enum event ev)
{
	return events[ev].name;
}

void events_reset(const struct world *w)
{
	world = w;
	memset(nr_promoting, 0, sizeof(nr_promoting));
	memset(closing, 0, sizeof(closing));
	memset(replaced, 0, sizeof(replaced));
}

u32 event_base_weight(enum event ev)
{
	return events[ev].weight;
}

enum event event_draw(const struct world *w, struct sim_rng *rng)
{
	u32 sum = 0, at, i;

	for (i = 0; i < NR_EVENTS; i++)
		sum += w->weight[i];
	at = rng_below(rng, sum);
	for (i = 0; at >= w->weight[i]; i++)
		at -= w->weight[i];
	return i;
}

static int some_node(struct sim_rng *rng)
{
	return rng_below(rng, SIM_NR_NODES);
}

/* --- I/O ------------------------------------------------------------------ */

/* The primary, seldom the other one. */
static int node_for_io(struct sim_rng *rng)
{
	int node = node_is_primary(1) && !node_is_primary(0);

	if (node_is_primary(0) && node_is_primary(1))
		node = some_node(rng);
	return rng_percent(rng, 3) ? !node : node;
}

static void do_io(enum app_op op, struct sim_rng *rng)
{
	int node = node_for_io(rng);
	u32 at = world->hot[rng_below(rng, world->nr_hot)];
	struct app_request req = { .op = op, .first = at, .nr = 1 };

	if (!node_is_on(node) || !node_device(node) || closing[node] ||
	    !node_mirror(node) ||
	    (!node_is_ready(node) && !node_is_suspended(node)))
		return;
	if (rng_percent(rng, 30))
		req.nr = rng_range(rng, 1, APP_MAX_BLOCKS);
	req.nr = min(req.nr, world->nodes.nr_blocks - at);
	if (op == APP_ZEROES && rng_percent(rng, 50))
		req.op = APP_DISCARD;
	if ((op == APP_ZEROES) && !world->disks[node].write_zeroes)
		return;
	if (op == APP_FLUSH)
		req.first = req.nr = 0;
	if (op == APP_WRITE || req.op == APP_ZEROES)
		req.fua = rng_percent(rng, 15);
	if (op == APP_WRITE)
		req.preflush = rng_percent(rng, 8);
	app_submit(node, &req);
}

/* --- power and link ------------------------------------------------------- */

static void power_cut(int node, struct sim_rng *rng)
{
	if (!node_is_on(node))
		return;
	nr_promoting[node] = 0;
	closing[node] = false;
	replaced[node] = false;
	disk_hang(node, false);
	node_cut_power(node, rng);
	oracle_check_marks();
}

static void boot(int node)
{
	if (!node_is_on(node))
		node_boot(node);
}

/* --- roles ---------------------------------------------------------------- */

static bool is_connected(int node)
{
	struct nm_mirror *m = node_mirror(node);

	return m && m->state.link == NM_LINK_CONNECTED;
}

static void promote_done(int node, const char *word, const char *arg, int err)
{
	(void)word;
	(void)arg;
	(void)err;
	nr_promoting[node]--;
}

/* It stood aside, and no handshake is about to change that. */
static bool must_refuse(int node)
{
	return policy_is_aside(node) && !wire_session(node) &&
	       node_mirror(node)->state.link != NM_LINK_HANDSHAKE &&
	       !disk_is_hung(node);
}

static void promote(int node)
{
	int peer = !node;

	if (!node_is_ready(node) || nr_promoting[node] ||
	    node_is_primary(node) || (world->damage && node))
		return;
	if (is_connected(node)) {
		/* The nodes agree, even if both are told. */
		nr_promoting[node]++;
		node_command(node, "promote", NULL, promote_done);
	} else if (nr_promoting[peer]) {
		return;
	} else if (world->split_brain) {
		nr_promoting[node]++;
		node_command(node, "promote", sim_now / 1000 % 3 ?
			     "peer_fenced" : "force", promote_done);
	} else if (!node_is_primary(peer) && !node_nr_commands(peer) &&
		   (!oracle_is_behind(node) || must_refuse(node))) {
		nr_promoting[node]++;
		node_command(node, "promote", "peer_fenced", promote_done);
	}
}

static void blind_done(int node, const char *word, const char *arg, int err)
{
	struct nm_mirror *m = node_mirror(node);

	(void)word;
	(void)arg;
	nr_promoting[node]--;
	if (!err && m && m->state.link != NM_LINK_CONNECTED &&
	    blind_sessions == wire_last_session())
		sim_fail("I5: node %c is promoted without evidence",
			 'a' + node);
}

static void promote_blindly(int node)
{
	if (!node_is_ready(node) || wire_session(node) || nr_promoting[0] ||
	    nr_promoting[1] || node_is_primary(0) || node_is_primary(1))
		return;
	blind_sessions = wire_last_session();
	nr_promoting[node]++;
	node_command(node, "promote", NULL, blind_done);
}

static void demote_done(int node, const char *word, const char *arg, int err)
{
	(void)word;
	(void)arg;
	closing[node] = false;
	if (!err)
		replaced[node] = false;
}

void events_tick(void)
{
	int node;

	for (node = 0; node < SIM_NR_NODES; node++) {
		if (closing[node] && !app_nr_inflight(node) &&
		    node_is_ready(node) && !node_nr_commands(node))
			node_command(node, "demote", NULL, demote_done);
	}
}

static void vouch_done(int node, const char *word, const char *arg, int err)
{
	(void)word;
	(void)arg;
	policy_vouched(node, err);
}

static bool is_out(int node)
{
	return !node_is_on(node) ||
	       (!node_is_primary(node) && !nr_promoting[node] &&
		!node_nr_commands(node) &&
		(wire_is_cut(0) || wire_is_cut(1)));
}

static void vouch(int node)
{
	if (!node_is_ready(node) || !node_is_primary(node) || replaced[node])
		return;
	if (!world->split_brain && !is_out(!node))
		return;
	policy_vouch(node);
	node_command(node, "peer_fenced", NULL, vouch_done);
}

static void retract_done(int node, const char *word, const char *arg, int err)
{
	(void)word;
	(void)arg;
	policy_retracted(node, err);
}

/* Anybody may, at any time: at worst I/O waits. */
static void retract(int node)
{
	if (!node_is_ready(node) || node_nr_commands(node))
		return;
	policy_retract(node);
	node_command(node, "peer_unfenced", NULL, retract_done);
}

/*
 * A primary that lost its peer and fences does not need to be dead for the other
 * node to be promoted.
 */
static void take_over(int node)
{
	int peer = !node;

	if (!node_is_ready(node) || is_connected(node) ||
	    node_is_primary(node) || !node_is_primary(peer) ||
	    !policy_must_hold(peer) || nr_promoting[0] || nr_promoting[1] ||
	    node_nr_commands(peer) || oracle_is_behind(node))
		return;
	replaced[peer] = true;
	nr_promoting[node]++;
	node_command(node, "promote", "peer_fenced", promote_done);
}

bool events_replaced(int node)
{
	return replaced[node];
}

static void failover(struct sim_rng *rng)
{
	int node = node_is_primary(1);

	if (!node_is_primary(node))
		return;
	power_cut(node, rng);
	promote(!node);
}

/* --- everything else ------------------------------------------------------ */

static void command(int node, const char *word)
{
	if (node_is_ready(node))
		node_command(node, word, NULL, NULL);
}

/*
 * Only a leg that the other one can replace, and does not get its data from:
 * they are in sync or are getting there, or cannot meet now.
 */
static void invalidate_local(int node)
{
	struct nm_mirror *m = node_mirror(node);

	if (!node_is_ready(node) || node_is_primary(node) ||
	    !oracle_is_whole(!node) || node_nr_commands(0) ||
	    node_nr_commands(1) || disk_is_hung(0) || disk_is_hung(1))
		return;
	if (is_connected(node) ? m->state.sync != NM_SYNC_SOURCE :
	    wire_is_cut(node) && !wire_session(node))
		node_command(node, "invalidate_local", NULL, NULL);
}

static void status(int node)
{
	char line[1024];
	struct nm_mirror *m = node_mirror(node);

	if (!m || !m->loaded)
		return;
	nm_status(m, STATUSTYPE_INFO, line, sizeof(line));
	node_command(node, "events", "3", NULL);
}

void event_happens(enum event ev, struct sim_rng *rng)
{
	int node = some_node(rng);

	trace("event: %s", event_name(ev));
	switch (ev) {
	case EV_WRITE:
		do_io(APP_WRITE, rng);
		break;
	case EV_READ:
		do_io(APP_READ, rng);
		break;
	case EV_FLUSH:
		do_io(APP_FLUSH, rng);
		break;
	case EV_ZEROES:
		do_io(APP_ZEROES, rng);
		break;
	case EV_CUT:
		wire_cut(0, true);
		wire_cut(1, true);
		break;
	case EV_CUT_ONE_WAY:
		wire_cut(node, true);
		break;
	case EV_HEAL:
		wire_cut(0, false);
		wire_cut(1, false);
		break;
	case EV_BREAK:
		if (node_is_on(node))
			wire_break(node);
		break;
	case EV_POWER_CUT:
		power_cut(node, rng);
		break;
	case EV_POWER_CUT_BOTH:
		power_cut(0, rng);
		power_cut(1, rng);
		break;
	case EV_BOOT:
		boot(node);
		break;
	case EV_FAILOVER:
		failover(rng);
		break;
	case EV_PROMOTE:
		promote(node);
		break;
	case EV_PROMOTE_BLINDLY:
		promote_blindly(node);
		break;
	case EV_DEMOTE:
		if (node_is_primary(node) && node_is_ready(node))
			closing[node] = true;
		break;
	case EV_CONNECT:
		command(node, "connect");
		break;
	case EV_DISCONNECT:
		command(node, "disconnect");
		break;
	case EV_INVALIDATE_LOCAL:
		invalidate_local(node);
		break;
	case EV_INVALIDATE_REMOTE:
		command(node, "invalidate_remote");
		break;
	case EV_SUSPEND:
		if (node_is_ready(node) && !node_nr_commands(node))
			node_suspend(node, rng_percent(rng, 50),
				     rng_percent(rng, 20) ?
				     rng_range(rng, 1, 20) : 0);
		break;
	case EV_RESUME:
		if (node_is_suspended(node) && !node_nr_commands(node))
			node_resume(node);
		break;
	case EV_RELOAD:
		if (node_is_ready(node) && !node_nr_commands(node))
			node_reload(node, rng_percent(rng, 50));
		break;
	case EV_FREEZE:
		command(node, "frozen");
		break;
	case EV_THAW:
		command(node, "resync");
		break;
	case EV_CHECK:
		command(node, "check");
		break;
	case EV_REPAIR:
		command(node, "repair");
		break;
	case EV_IDLE:
		command(node, "idle");
		break;
	case EV_STATUS:
		status(node);
		break;
	case EV_ATTACH:
		command(node, "attach");
		break;
	case EV_VOUCH:
		vouch(node);
		break;
	case EV_RETRACT:
		retract(node);
		break;
	case EV_TAKE_OVER:
		take_over(node);
		break;
	case EV_DISCARD:
		if (node_is_ready(node))
			node_command(node, "connect", "discard", NULL);
		break;
	case EV_HANG:
		if (!disk_is_hung(node)) {
			disk_hang(node, true);
			wire_watch_leg(node);
		}
		break;
	case EV_UNHANG:
		disk_hang(0, false);
		disk_hang(1, false);
		break;
	case EV_DAMAGE:
		damage_happens(world, rng);
		break;
	case EV_WAIT:
	case NR_EVENTS:
		break;
	}
}
