// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network, and the ends of the session over it.  Each node finds out on its
 * own that the session is over.  A message of a session that its receiver has
 * ended is dropped, however late it comes.
 */
#include <linux/slab.h>
#include <linux/wait.h>

#include "disk.h"
#include "end.h"
#include "mem.h"
#include "node.h"
#include "policy.h"

static struct wire {
	struct wire_traits traits;
	struct sim_link *end[SIM_NR_NODES];
	struct list_head ctl[SIM_NR_NODES];	/* on their way to the node */
	struct list_head held[SIM_NR_NODES];	/* requests, by a cut */
	u32 ctl_held[SIM_NR_NODES];
	bool cut[SIM_NR_NODES];
	u64 cut_epoch[SIM_NR_NODES];
	u64 last_session;
	u64 changed;		/* ns: when a session began or ended */
	bool connecting;
} wire;

void wire_reset(const struct wire_traits *traits)
{
	int i;

	memset(&wire, 0, sizeof(wire));
	wire.traits = *traits;
	for (i = 0; i < SIM_NR_NODES; i++) {
		INIT_LIST_HEAD(&wire.ctl[i]);
		INIT_LIST_HEAD(&wire.held[i]);
	}
}

void wire_calm(void)
{
	wire.traits.break_percent = 0;
	wire.traits.ctl_factor = 1;
}

u64 wire_session(int node)
{
	return wire.end[node] ? wire.end[node]->session : 0;
}

bool end_lives(const struct sim_link *end, u64 session)
{
	return end && session && end->session == session && !end->dead;
}

bool wire_is_alive(int node, u64 session)
{
	return end_lives(wire.end[node], session);
}

u64 wire_changed(void)
{
	return wire.changed;
}

u64 wire_last_session(void)
{
	return wire.last_session;
}

void wire_bind(int node, struct sim_link *end)
{
	wire.end[node] = end;
}

struct sim_link *wire_end(int node)
{
	return wire.end[node];
}

bool wire_is_cut(int to)
{
	return wire.cut[to];
}

u64 wire_delay(void)
{
	u64 us = rng_around(&sim.rng, wire.traits.delay_us);

	if (rng_percent(&sim.rng, wire.traits.slow_percent))
		us *= 100;
	return SIM_US(us);
}

/* --- the search ----------------------------------------------------------- */

static void ctl_arrived(void *arg);
static void end_session(struct sim_link *end, const char *why);

static void come_up(void *arg)
{
	struct sim_link *end = arg;
	u32 nr;

	if (end->session && !end->dead && !end->up) {
		end->up = true;
		end->coming_up = true;
		nm_link_up(end->link, end->session);
		end->coming_up = false;
		if (end->down_why)
			nm_link_down(end->link, end->down_why);
		end->down_why = NULL;
		for (nr = end->ctl_due, end->ctl_due = 0; nr; nr--)
			sim_spawn(end->node, "ctl", ctl_arrived, NULL, wire_delay(),
				  false);
	}
	end->nr_upcalls--;
	sim_wake(end);
}

static bool may_connect(void)
{
	int i;

	for (i = 0; i < SIM_NR_NODES; i++)
		if (!wire.end[i] || !wire.end[i]->started ||
		    wire.end[i]->session || wire.cut[i])
			return false;
	return true;
}

static void broke(void *arg)
{
	struct sim_link *end = wire.end[(long)arg];

	if (end && end_lives(end, end->session))
		end_session(end, "the connection broke");
}

static void broke_soon(void *arg)
{
	if (wire.traits.break_percent)
		broke(arg);
}

/* Some time in the handshake, or just after it, unless it is calm by then. */
static void break_soon(int node)
{
	u64 us = wire.traits.delay_us * rng_range(&sim.rng, 1, 10);

	sim_spawn(node, "connection error", broke_soon, (void *)(long)node,
		  SIM_US(us), true);
}

static void connect(void *arg)
{
	int i;

	(void)arg;
	wire.connecting = false;
	if (!may_connect())
		return;
	wire.last_session++;
	wire.changed = sim_now;
	trace("session %llu begins", wire.last_session);
	for (i = 0; i < SIM_NR_NODES; i++) {
		struct sim_link *end = wire.end[i];

		if (end->nr_sreqs || !list_empty(&end->sent) ||
		    !list_empty(&end->queued))
			sim_fail("I6: a session begins with requests of the one before on node %d",
				 i);
		end->session = wire.last_session;
		end->dead = false;
		end->up = false;
		end->ctl_due = 0;
		end->nr_upcalls++;
		sim_spawn(i, "link up", come_up, end, wire_delay(), false);
	}
	if (rng_percent(&sim.rng, wire.traits.break_percent))
		break_soon(rng_below(&sim.rng, SIM_NR_NODES));
}

void wire_search(void)
{
	if (wire.connecting || !may_connect())
		return;
	wire.connecting = true;
	sim_spawn(SIM_WORLD, "connect", connect, NULL,
		  SIM_MS(rng_around(&sim.rng, wire.traits.backoff_ms)) +
		  wire_delay() + 1, false);
}

/* --- the end of a session ------------------------------------------------- */

void end_done(struct sim_link *end, struct nm_req *req, blk_status_t status)
{
	req->done(req, status);
	end->nr_reqs--;
	sim_wake(end);
}

static void fail_requests(void *arg)
{
	struct sim_link *end = arg;
	struct list_head *lists[] = { &end->sent, &end->queued };
	unsigned int i;

	/* The mirror never knew of the session, and the next one may be up. */
	for (i = 0; end->dead && i < ARRAY_SIZE(lists); i++) {
		while (!list_empty(lists[i])) {
			struct nm_req *req = list_first_entry(lists[i],
							      struct nm_req,
							      list);

			list_del(&req->list);
			end_done(end, req, BLK_STS_TRANSPORT);
			if (rng_percent(&sim.rng, 30))
				sim_sleep(wire_delay() + 1);
		}
	}
	if (end->dead)
		end->nr_sent = 0;
	end->nr_upcalls--;
	sim_wake(end);
}

struct silence {
	int node;
	u64 session;
	int cut;		/* direction that must be cut still, or -1 */
	u64 cut_epoch;
	const char *why;
};

static void silence_over(void *arg)
{
	struct silence *s = arg;
	struct sim_link *end = wire.end[s->node];

	if (end_lives(end, s->session) &&
	    (s->cut < 0 || (wire.cut[s->cut] &&
			    wire.cut_epoch[s->cut] == s->cut_epoch)))
		end_session(end, s->why);
	world_free(s);
}

/*
 * @node finds out in @ms that its session is over, unless, with @cut not -1,
 * that direction was healed before.
 */
static void notice(int node, u64 ms, int cut, const char *why)
{
	struct silence *s;

	if (!wire_session(node) || !node_is_on(node))
		return;
	s = world_alloc(sizeof(*s));
	*s = (struct silence){ node, wire_session(node), cut,
			       cut < 0 ? 0 : wire.cut_epoch[cut], why };
	sim_spawn(node, "silence", silence_over, s, SIM_MS(ms) + wire_delay() + 1,
		  true);
}

static u32 timeout_ms(const struct sim_link *end)
{
	return end->link->settings.timeout_ms;
}

static void tell_peer(struct sim_link *end)
{
	int peer = !end->node;
	struct wire_msg *msg;

	if (wire_session(peer) != end->session)
		return;
	notice(peer, rng_range(&sim.rng, timeout_ms(end) / 2, timeout_ms(end)),
	       -1, "nothing was heard from it");
	if (!rng_percent(&sim.rng, wire.traits.close_percent))
		return;
	msg = world_alloc(sizeof(*msg));
	*msg = (struct wire_msg){ .kind = WIRE_CLOSE, .to = peer,
				  .session = end->session };
	wire_send(msg);
}

void end_kill(struct sim_link *end)
{
	trace("session %llu is over", end->session);
	wire.changed = sim_now;
	tell_peer(end);
	end->dead = true;
	end->nr_upcalls++;
	sim_spawn(end->node, "fail requests", fail_requests, end, wire_delay(),
		  true);
}

static void end_session(struct sim_link *end, const char *why)
{
	end_kill(end);
	if (end->coming_up) {
		end->down_why = why;
	} else if (end->up) {
		end->nr_upcalls++;
		nm_link_down(end->link, why);
		end->nr_upcalls--;
		sim_wake(end);
	} else {
		/* The mirror never knew; the search goes on. */
		end->session = 0;
		end->dead = false;
		wire_search();
	}
}

void wire_break(int node)
{
	sim_spawn(node, "connection error", broke, (void *)(long)node, 0, true);
}

/* Unless the leg of the peer has answered meanwhile. */
static void leg_given_up(void *arg)
{
	int node = (long)arg;
	struct sim_link *end = wire.end[node];

	if (end && end_lives(end, end->session) && disk_is_hung(!node))
		end_session(end, "its leg does not answer");
}

static void requests_late(void *arg)
{
	int node = (long)arg;
	struct sim_link *end = wire.end[!node];

	if (!disk_is_hung(node))
		return;
	if (end && end->nr_sent && wire_session(!node) && node_is_on(!node))
		sim_spawn(!node, "silence", leg_given_up, (void *)(long)!node,
			  wire_delay() + 1, true);
	wire_watch_leg(node);
}

void wire_watch_leg(int node)
{
	if (wire.traits.request_ms)
		sim_spawn(SIM_WORLD, "request timeout", requests_late,
			  (void *)(long)node, SIM_MS(wire.traits.request_ms),
			  false);
}

void wire_node_off(int node)
{
	struct sim_link *peer = wire.end[!node];

	if (peer && peer->session && wire.end[node] &&
	    peer->session == wire.end[node]->session)
		notice(!node, rng_range(&sim.rng, 1, timeout_ms(peer)),
		       -1, "nothing was heard from it");
	wire.end[node] = NULL;
	INIT_LIST_HEAD(&wire.ctl[node]);
	INIT_LIST_HEAD(&wire.held[node]);
	wire.ctl_held[node] = 0;
}

/* --- messages ------------------------------------------------------------- */

static void arrived(void *arg)
{
	struct wire_msg *msg = arg;
	struct sim_link *end = wire.end[msg->to];

	if (wire.cut[msg->to]) {
		list_add_tail(&msg->list, &wire.held[msg->to]);
		return;
	}
	if (!end_lives(end, msg->session)) {
		trace("a message of session %llu comes too late", msg->session);
		world_free(msg);
	} else if (!end->up || end->coming_up) {
		sim_spawn(msg->to, "request", arrived, msg, wire_delay() + 1,
			  msg->kind == WIRE_RESPONSE);
	} else if (msg->kind == WIRE_REQUEST) {
		link_request_arrived(end, msg);
	} else {
		link_response_arrived(end, msg);
	}
}

/* False: it was of an older session. */
static bool ctl_take(struct sim_link *end, struct wire_msg *msg)
{
	const u8 *payload = (u8 *)msg->content + NM_WIRE_HDR_LEN;
	const char *why;

	if (!end_lives(end, msg->session)) {
		world_free(msg);
		return false;
	}
	if (msg->kind == WIRE_CLOSE) {
		end_session(end, "the peer closed the connection");
	} else if (nm_ctl_decode(msg->content, msg->len, &msg->msg, &why)) {
		sim_fail("a control message is wrong: %s", why);
	} else {
		trace("gets %s", nm_op_name(msg->msg.op));
		nm_link_ctl(end->link, &msg->msg, payload);
		if (msg->msg.op == NM_OP_BYE &&
		    *payload == NM_REFUSE_DISCONNECTED &&
		    end_lives(end, msg->session))
			policy_goodbye(end->node, msg->session);
	}
	world_free(msg);
	return true;
}

/* One message came; in whatever order that is heard, they are in theirs. */
static void ctl_arrived(void *arg)
{
	int node = sim_node();
	struct sim_link *end = wire.end[node];

	(void)arg;
	if (wire.cut[node]) {
		wire.ctl_held[node]++;
		return;
	}
	if (end && (end->ctl_busy || (end_lives(end, end->session) &&
				      (!end->up || end->coming_up)))) {
		end->ctl_due++;
		return;
	}
	if (end) {
		end->ctl_busy = true;
		end->ctl_due++;
		while (end->ctl_due) {
			struct wire_msg *msg =
				list_first_entry_or_null(&wire.ctl[node],
							 struct wire_msg, list);

			if (!msg)
				break;
			list_del(&msg->list);
			if (!ctl_take(end, msg))
				continue;
			end->ctl_due--;
		}
		end->ctl_due = 0;
		end->ctl_busy = false;
		sim_wake(end);
	} else if (!list_empty(&wire.ctl[node])) {
		list_del(wire.ctl[node].next);
	}
}

/* One that takes longer is taken for the loss of the peer. */
static u64 ctl_delay(void)
{
	return min(wire_delay() * wire.traits.ctl_factor, SIM_MS(500));
}

void wire_send(struct wire_msg *msg)
{
	if (!node_is_on(msg->to)) {
		world_free(msg);
		return;
	}
	if (msg->kind == WIRE_CTL || msg->kind == WIRE_CLOSE) {
		list_add_tail(&msg->list, &wire.ctl[msg->to]);
		sim_spawn(msg->to, "ctl", ctl_arrived, NULL, ctl_delay(), false);
	} else {
		sim_spawn(msg->to, msg->kind == WIRE_REQUEST ? "request" :
			  "response", arrived, msg, wire_delay(),
			  msg->kind == WIRE_RESPONSE);
	}
}

void wire_cut(int to, bool cut)
{
	struct wire_msg *msg, *next;
	int from = !to;

	if (wire.cut[to] == cut)
		return;
	wire.cut[to] = cut;
	if (cut) {
		u32 ms = wire.end[to] ? timeout_ms(wire.end[to]) : 500;

		/* Both ends find out, the one that hears nothing sooner. */
		wire.cut_epoch[to]++;
		notice(to, rng_range(&sim.rng, ms / 2, ms), to,
		       "nothing was heard from it");
		notice(from, rng_range(&sim.rng, ms * 3 / 4, 2 * ms), to,
		       "it does not answer");
		return;
	}
	list_for_each_entry_safe(msg, next, &wire.held[to], list) {
		list_del(&msg->list);
		wire_send(msg);
	}
	for (; wire.ctl_held[to]; wire.ctl_held[to]--)
		if (node_is_on(to))
			sim_spawn(to, "ctl", ctl_arrived, NULL, wire_delay(), false);
	wire_search();
}
