// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session with the peer: its beginning, its loss, what the peer says in it.
 * Everything here runs in the worker.  The handshake is in handshake.c, the end of a
 * resync in sync-end.c.
 */
#include "mirror.h"

/* A peer that is alive must get through a handshake in this time. */
#define HANDSHAKE_TIMEOUT	(5 * HZ)

int nm_session_send(struct nm_mirror *m, u16 op, const void *payload, u32 len)
{
	size_t total;

	total = nm_ctl_encode(op, m->session, payload, len, m->ctl_buf);
	return m->link.ops->send_ctl(&m->link, m->ctl_buf, total);
}

void nm_session_send_byte(struct nm_mirror *m, u16 op, u8 value)
{
	nm_session_send(m, op, &value, 1);
}

/* --- up and down -------------------------------------------------------- */

void nm_session_up(struct nm_mirror *m)
{
	if (m->state.link != NM_LINK_SEARCHING)
		return;
	m->session = READ_ONCE(m->new_session);
	m->sent_ready = false;
	m->got_ready = false;
	m->sync_done_sent = false;
	m->handed_over = false;
	m->cache_lost_now = false;
	memset(m->peer_hello, 0, sizeof(*m->peer_hello));
	nm_set_link(m, NM_EV_UP);
	mod_delayed_work(m->state_wq, &m->timeout_work, HANDSHAKE_TIMEOUT);
	nm_io_freeze(m);
	nm_handshake_start(m);
}

static void drop_ctl(struct nm_mirror *m)
{
	struct nm_ctl *ctl, *next;
	LIST_HEAD(list);

	spin_lock_irq(&m->list_lock);
	list_splice_init(&m->ctl_list, &list);
	spin_unlock_irq(&m->list_lock);
	list_for_each_entry_safe(ctl, next, &list, list)
		kfree(ctl);
}

/*
 * Durably, if the leg still takes that much.  The last one with all the data stays
 * that: what it lost with its cache was promised to nobody, see harden().
 */
static void give_up_leg(struct nm_mirror *m)
{
	mutex_lock(&m->meta_mutex);
	m->sb.flags |= NM_SBF_LEG_FAILED;
	if (!nm_is_last_leg(&m->state, m->handed_over))
		m->sb.flags &= ~NM_SBF_CONSISTENT;
	nm_meta_write_sb(m);
	mutex_unlock(&m->meta_mutex);
	nm_publish(m);
}

/*
 * A secondary without metadata cannot write down that it is left behind: it counts
 * as failed from here on.
 */
static bool leaves_unwritten(const struct nm_mirror *m)
{
	return READ_ONCE(m->meta_failed) && m->state.role != NM_PRIMARY &&
	       nm_peer_has_all(&m->state) &&
	       !(m->sb.flags & NM_SBF_LEG_FAILED);
}

static void lose_leg(struct nm_mirror *m)
{
	nm_err(m, "the local leg %pg failed; attach it when it is well again, or replace it\n",
	       m->local->bdev);
	give_up_leg(m);
}

/*
 * End what there is of a session, and move the link by @event.  When this
 * returns, nothing of the session can reach a leg any more (I6), what the peer
 * had not flushed is dirty (I3) and I/O goes on without it.
 */
static void session_end(struct nm_mirror *m, enum nm_link_event event)
{
	bool connected = m->state.link == NM_LINK_CONNECTED;

	if (leaves_unwritten(m))
		lose_leg(m);
	WRITE_ONCE(m->serving, false);
	m->session = 0;
	nm_set_link(m, event);
	cancel_delayed_work(&m->timeout_work);
	cancel_delayed_work(&m->retry_work);
	WRITE_ONCE(m->resync_stop, true);
	m->link.ops->reset(&m->link);
	WRITE_ONCE(m->down_why, NULL);
	WRITE_ONCE(m->link.peer_timeout_ms, 0);
	/* Only now no request of the session is on its way to the leg. */
	WRITE_ONCE(m->tracking, false);
	nm_resync_halt(m);
	clear_bit(NM_TODO_LINK_UP, &m->todo);
	clear_bit(NM_TODO_LINK_DOWN, &m->todo);
	clear_bit(NM_TODO_REFUSED, &m->todo);
	clear_bit(NM_TODO_TIMEOUT, &m->todo);
	drop_ctl(m);
	if (connected) {
		nm_count(m, NM_C_LINK_LOSSES);
		nm_zone_peer_lost(m);
	}
	nm_control_promote_answer(m, NM_REFUSE_BUSY);
	nm_io_thaw(m);
	if (m->state.link == NM_LINK_SEARCHING)
		m->link.ops->start(&m->link, true);
}

static void set_apart(struct nm_mirror *m, enum nm_refusal apart)
{
	spin_lock_irq(&m->state_lock);
	m->apart = apart;
	spin_unlock_irq(&m->state_lock);
}

void nm_session_down(struct nm_mirror *m, const char *why)
{
	if (!m->session)
		return;
	set_apart(m, NM_REFUSE_NOT);
	nm_event(m, NM_EVENT_PEER_LOST, why);
	nm_warn(m, "lost the peer: %s%s\n", why,
		m->state.role == NM_PRIMARY && !m->state.fences ?
		"; writes go on alone" : "");
	session_end(m, NM_EV_DOWN);
}

void nm_session_request_failed(struct nm_mirror *m, bool by_leg)
{
	nm_session_down(m, "a request failed on the peer");
	/* The peer's goodbye, which says so, comes too late. */
	if (by_leg)
		set_apart(m, NM_REFUSE_LEG_FAILED);
}

void nm_session_stop(struct nm_mirror *m, enum nm_refusal bye)
{
	if (m->session)
		nm_session_send_byte(m, NM_OP_BYE, bye);
	set_apart(m, NM_REFUSE_NOT);
	session_end(m, NM_EV_STOP);
}

/*
 * The session starts over: what the leg had not flushed, and the writes in
 * flight, become dirty with its end, and the next handshake hands these marks
 * to the peer.
 */
static void detach(struct nm_mirror *m)
{
	nm_err(m, "the local leg %pg failed; the application goes on with the peer's; attach the leg when it is well again, or replace it\n",
	       m->local->bdev);
	give_up_leg(m);
	m->hold_over = false;
	nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
}

void nm_session_leg_failed(struct nm_mirror *m)
{
	if (m->sb.flags & NM_SBF_LEG_FAILED)
		return;
	if (nm_may_detach(&m->state)) {
		detach(m);
		return;
	}
	if (m->state.role == NM_PRIMARY) {
		nm_publish(m);
		return;
	}
	lose_leg(m);
	nm_session_refuse(m, NM_REFUSE_LEG_FAILED, NULL);
}

/*
 * What was unflushed since becomes dirty with the end of the session, and a leg that is
 * not consistent is the target of the next one.
 */
void nm_session_cache_lost(struct nm_mirror *m)
{
	if (!READ_ONCE(m->cache_lost) || !nm_peer_has_all(&m->state) ||
	    m->sb.flags & NM_SBF_LEG_FAILED)
		return;
	nm_warn(m, "a flush of %pg has failed; what it may have lost is copied from the peer\n",
		m->local->bdev);
	if (nm_set_flags(m, 0, NM_SBF_CONSISTENT))
		nm_session_meta_needed(m);
	else
		nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
}

static void refuse_without_metadata(struct nm_mirror *m)
{
	nm_session_refuse(m, NM_REFUSE_LEG_FAILED,
			  "the metadata cannot be written");
}

void nm_session_meta_failed(struct nm_mirror *m)
{
	if (m->sb.flags & NM_SBF_LEG_FAILED || !READ_ONCE(m->meta_failed))
		return;
	if (nm_peer_has_all(&m->state))
		nm_session_leg_failed(m);
	else if (READ_ONCE(m->tracking))
		/* What the peer writes next cannot be marked. */
		refuse_without_metadata(m);
	else
		nm_publish(m);
}

void nm_session_meta_needed(struct nm_mirror *m)
{
	if (m->state.link == NM_LINK_HANDSHAKE ?
	    nm_may_give_up(m->hello, m->peer_hello, m->verdict.verdict) :
	    nm_may_detach(&m->state))
		detach(m);
	else
		refuse_without_metadata(m);
}

/*
 * A peer parted by its admin, or by its leg, comes back when that is over; so
 * this node goes on looking for it.
 */
static bool peer_comes_back(struct nm_mirror *m, enum nm_refusal refusal)
{
	if (refusal == NM_REFUSE_LEG_FAILED)
		return !(m->sb.flags & NM_SBF_LEG_FAILED) &&
		       !READ_ONCE(m->meta_failed);
	return nm_refusal_is_transient(refusal) ||
	       refusal == NM_REFUSE_DISCONNECTED;
}

static void refused(struct nm_mirror *m, enum nm_refusal refusal,
		    const char *why)
{
	bool again = peer_comes_back(m, refusal);
	const char *advice = nm_refusal_advice(refusal);

	set_apart(m, refusal);
	nm_event(m, NM_EVENT_PARTED, why ?: nm_refusal_text(refusal));
	if (again) {
		nm_info(m, "the connection is put off: %s\n",
			why ?: nm_refusal_text(refusal));
	} else {
		nm_err(m, "stands alone: %s%s%s\n",
		       why ?: nm_refusal_text(refusal),
		       *advice ? "; " : "", advice);
		spin_lock_irq(&m->state_lock);
		m->state.refusal = refusal;
		spin_unlock_irq(&m->state_lock);
	}
	session_end(m, again ? NM_EV_DOWN : NM_EV_REFUSED);
}

void nm_session_refuse(struct nm_mirror *m, enum nm_refusal refusal,
		       const char *why)
{
	if (m->session)
		nm_session_send_byte(m, NM_OP_BYE, refusal);
	else if (m->state.link == NM_LINK_OFF)
		return;
	refused(m, refusal, why);
}

/* --- meetings ----------------------------------------------------------- */

static void send_meeting(struct nm_mirror *m, u64 meetings)
{
	struct nm_wire_meeting wire = { .meetings = cpu_to_le64(meetings) };

	nm_session_send(m, NM_OP_MEETING, &wire, sizeof(wire));
}

/* The secondary notes it first, and the primary when it hears that it did. */
void nm_session_meet(struct nm_mirror *m)
{
	if (m->state.link == NM_LINK_CONNECTED && m->state.role == NM_PRIMARY)
		send_meeting(m, m->sb.meetings + 1);
}

static void got_meeting(struct nm_mirror *m, const void *payload)
{
	const struct nm_wire_meeting *wire = payload;
	u64 meetings = le64_to_cpu(wire->meetings);

	if (!nm_meta_note_meetings(m, meetings) && m->state.role != NM_PRIMARY)
		send_meeting(m, meetings);
}

/* --- control messages --------------------------------------------------- */

static void role_is(struct nm_mirror *m, u8 role)
{
	spin_lock_irq(&m->state_lock);
	m->state.peer_role = role;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
	nm_info(m, "the peer is %s now\n", nm_role_name(role));
	nm_resync_kick(m);
}

/*
 * The peer becomes primary.  If we push a resync to it, it pulls from now on:
 * stop before saying yes, so that no region is copied from both ends.
 */
static void role_asked(struct nm_mirror *m)
{
	/* When both ask at once, node 0 goes first. */
	bool we_go_first = m->promoting && m->sb.node_id == 0;
	enum nm_refusal refusal = nm_may_peer_promote(&m->state, we_go_first);

	if (refusal == NM_REFUSE_NOT) {
		nm_resync_halt(m);
		if (m->state.link != NM_LINK_CONNECTED)
			return;
		m->sync_done_sent = false;
	}
	nm_session_send_byte(m, NM_OP_ROLE_ANSWER, refusal);
	if (refusal == NM_REFUSE_NOT)
		role_is(m, NM_PRIMARY);
}

static void connected_ctl(struct nm_mirror *m, const struct nm_msg *msg,
			  const void *payload)
{
	const u8 *byte = payload;

	if (msg->op == NM_OP_ROLE_ASK)
		role_asked(m);
	else if (msg->op == NM_OP_ROLE_ANSWER)
		nm_control_promote_answer(m, *byte);
	else if (msg->op == NM_OP_ROLE_IS)
		role_is(m, *byte);
	else if (msg->op == NM_OP_MEETING)
		got_meeting(m, payload);
	else if (!nm_session_sync_ctl(m, msg, payload))
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, NULL);
}

/* The peer leaves, and says why. */
static void got_bye(struct nm_mirror *m, enum nm_refusal why)
{
	if (why == NM_REFUSE_DISCONNECTED && nm_stands_aside(&m->state)) {
		if (nm_set_flags(m, NM_SBF_OUTDATED, 0))
			nm_err(m, "cannot write down that the primary has left; do not promote this node\n");
	} else if (nm_peer_stood_aside(&m->state, why)) {
		spin_lock_irq(&m->state_lock);
		m->state.fenced = true;
		spin_unlock_irq(&m->state_lock);
	}
	refused(m, why, NULL);
}

void nm_session_ctl(struct nm_mirror *m, const struct nm_msg *msg,
		    const void *payload)
{
	if (msg->op == NM_OP_BYE) {
		got_bye(m, *(const u8 *)payload);
	} else if (m->state.link == NM_LINK_HANDSHAKE) {
		/* One that was given up, since the link broke, has no more to do. */
		if (!READ_ONCE(m->down_why))
			nm_handshake_ctl(m, msg, payload);
	} else if (m->state.link == NM_LINK_CONNECTED) {
		connected_ctl(m, msg, payload);
	}
}
