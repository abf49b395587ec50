// SPDX-License-Identifier: GPL-2.0-only
#include "disk.h"
#include "half.h"
#include "history.h"
#include "node.h"
#include "oracle.h"
#include "policy.h"
#include "wire.h"

struct promise {
	bool vouched;		/* the peer is out, since it was lost */
	int nr_vouching;	/* being said */
	bool retracting;	/* being taken back, and not said since */
	u64 hold;		/* since when I/O must be held, 0: not */
	u64 retracted;		/* when a word was taken back, since it was lost */
	bool aside;		/* left a primary that may go on */
	bool settling;		/* power was cut where that ends, see below */
	u64 goodbye;		/* the session whose end was announced */
	/* as last seen */
	u64 session;
	bool connected;
	enum nm_role role, peer_role;
	enum nm_sync sync;
};

static struct promise promises[SIM_NR_NODES];

void policy_reset(void)
{
	memset(promises, 0, sizeof(promises));
}

/* --- on_peer_loss --------------------------------------------------------- */

static bool is_alone(int node)
{
	const struct nm_mirror *m = node_mirror(node);

	/* Until the mode follows the state, I/O may take the old way. */
	return m && m->loaded && !m->closed &&
	       nodes_traits()->loss[node] == NM_LOSS_FENCE &&
	       m->state.role == NM_PRIMARY &&
	       m->state.link != NM_LINK_CONNECTED &&
	       !(m->mode & NM_MODE_REMOTE);
}

/* A handshake that breaks may have taken back what was vouched for. */
bool policy_may_hold(int node)
{
	return is_alone(node) && (!promises[node].vouched ||
				  !node_mirror(node)->state.fenced);
}

/* Could it be promoted, with what is durable on its leg? */
static bool is_promotable(int node)
{
	u32 flags = oracle_sb(node)->flags;

	return flags & NM_SBF_CONSISTENT && !(flags & NM_SBF_OUTDATED);
}

static void update_hold(int node)
{
	struct promise *p = &promises[node];

	if (!is_alone(node) || p->vouched || p->nr_vouching ||
	    !is_promotable(!node))
		p->hold = 0;
	else if (!p->hold)
		p->hold = hist_clock();
}

bool policy_must_hold(int node)
{
	update_hold(node);
	return promises[node].hold;
}

/* What was under way when a word was taken back goes on to its end. */
bool policy_bars_ack(const struct app_result *r)
{
	return policy_must_hold(r->node) &&
	       r->issued > promises[r->node].retracted;
}

void policy_acked(const struct app_result *r)
{
	if (policy_must_hold(r->node) && r->issued > promises[r->node].hold)
		sim_fail("I5: node %c serves I/O that must be held until its peer is known to be out",
			 'a' + r->node);
}

void policy_vouch(int node)
{
	promises[node].nr_vouching++;
	promises[node].retracting = false;
}

void policy_vouched(int node, int err)
{
	struct promise *p = &promises[node];

	p->nr_vouching--;
	if (!err && !p->connected)
		p->vouched = true;
}

void policy_retract(int node)
{
	promises[node].retracting = true;
}

void policy_retracted(int node, int err)
{
	struct promise *p = &promises[node];

	if (!err && p->retracting) {
		p->vouched = false;
		p->retracted = hist_clock();
	}
	p->retracting = false;
	update_hold(node);
}

/* --- standing aside ------------------------------------------------------- */

void policy_goodbye(int node, u64 session)
{
	promises[node].goodbye = session;
}

bool policy_is_aside(int node)
{
	struct promise *p = &promises[node];
	const struct nm_mirror *m = node_mirror(node);

	/*
	 * A handshake ends it before the nodes count as connected.  If it cannot
	 * write that twice, the leg is in sync once, as far as it knows itself.
	 */
	if (((m && (m->state.link == NM_LINK_HANDSHAKE ||
		    half_is_settled(node))) || p->settling) &&
	    !(oracle_sb(node)->flags & NM_SBF_OUTDATED))
		p->aside = false;
	return p->aside;
}

static void parted(int node, const struct nm_mirror *m)
{
	struct promise *p = &promises[node];
	bool by_itself = m->state.link == NM_LINK_OFF &&
			 (m->state.refusal == NM_REFUSE_DISCONNECTED ||
			  m->state.refusal == NM_REFUSE_SUSPENDED);

	/* Who has the newest data does not stand aside. */
	if (p->role == NM_PRIMARY || p->peer_role != NM_PRIMARY ||
	    p->sync == NM_SYNC_SOURCE)
		return;
	if (by_itself || p->goodbye == p->session)
		p->aside = true;
}

/* --- events --------------------------------------------------------------- */

/* The peer counts on it from now on, if it has not left already. */
static void connected(int node, const struct nm_mirror *m)
{
	promises[node].vouched = false;
	promises[node].retracted = 0;
	promises[node].aside = false;
	promises[node].session = m->session;
	if (wire_is_alive(!node, m->session))
		promises[!node].vouched = false;
}

void policy_event(int node, const struct nm_mirror *m)
{
	struct promise *p = &promises[node];
	bool is_connected = m->state.link == NM_LINK_CONNECTED;

	if (is_connected && !p->connected)
		connected(node, m);
	else if (!is_connected && p->connected)
		parted(node, m);
	if (m->state.role != p->role) {
		p->vouched = m->state.role == NM_PRIMARY && !is_connected;
		p->retracting = false;
		p->retracted = 0;
	}
	p->connected = is_connected;
	p->role = m->state.role;
	p->peer_role = m->state.peer_role;
	p->sync = m->state.sync;
	policy_is_aside(node);
	p->settling = false;
	update_hold(node);
	update_hold(!node);
}

void policy_power_cut(int node)
{
	/* What could not be written down is forgotten. */
	bool aside = policy_is_aside(node) && !disk_meta_has_failed(node);
	const struct nm_mirror *m = node_mirror(node);

	promises[node] = (struct promise){
		.aside = aside,
		.settling = m && m->state.link == NM_LINK_HANDSHAKE,
	};
}
