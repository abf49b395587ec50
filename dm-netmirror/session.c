// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session with the peer: handshake, loss, the end of a resync.  Everything
 * here runs in the worker.
 *
 * Handshake: both send HELLO and decide alone.  Whoever is not the target of a
 * copy makes its part durable, sends its marks and READY; the target does so
 * when it has seen that READY.  From its own READY on a node serves requests;
 * with both READYs seen it is connected.  A primary holds its I/O meanwhile,
 * so that no write falls between the marks sent and the first one mirrored.
 *
 * End of a resync in three steps: the source says SYNC_DONE when both legs are
 * flushed; the target takes over the generations durably and says SYNC_TAKEN;
 * only then the source forgets what it kept for the target.
 */
#include "mirror.h"

/* A peer that is alive must get through a handshake in this time. */
#define HANDSHAKE_TIMEOUT	(5 * HZ)

static void send_hello(struct nm_mirror *m);

int nm_session_send(struct nm_mirror *m, u16 op, const void *payload, u32 len)
{
	size_t total;

	total = nm_ctl_encode(op, m->session, payload, len, m->ctl_buf);
	return m->link.ops->send_ctl(&m->link, m->ctl_buf, total);
}

static void send_byte(struct nm_mirror *m, u16 op, u8 value)
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
	memset(m->peer_hello, 0, sizeof(*m->peer_hello));
	nm_set_link(m, NM_EV_UP);
	mod_delayed_work(m->state_wq, &m->timeout_work, HANDSHAKE_TIMEOUT);
	nm_io_freeze(m);
	send_hello(m);
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
 * End what there is of a session, and move the link by @event.  When this
 * returns, nothing of the session can reach a leg any more (I6), what the peer
 * had not flushed is dirty (I3) and I/O goes on without it.
 */
static void session_end(struct nm_mirror *m, enum nm_link_event event)
{
	bool connected = m->state.link == NM_LINK_CONNECTED;

	WRITE_ONCE(m->serving, false);
	WRITE_ONCE(m->tracking, false);
	m->session = 0;
	nm_set_link(m, event);
	cancel_delayed_work(&m->timeout_work);
	WRITE_ONCE(m->resync_stop, true);
	m->link.ops->reset(&m->link);
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
		m->link.ops->start(&m->link);
}

void nm_session_down(struct nm_mirror *m, const char *why)
{
	if (!m->session)
		return;
	nm_warn(m, "lost the peer: %s%s\n", why,
		m->state.role == NM_PRIMARY ? "; writes go on alone" : "");
	session_end(m, NM_EV_DOWN);
}

void nm_session_stop(struct nm_mirror *m, enum nm_refusal bye)
{
	if (m->session)
		send_byte(m, NM_OP_BYE, bye);
	session_end(m, NM_EV_STOP);
}

/* Durably, if the leg still takes that much. */
static void give_up_leg(struct nm_mirror *m)
{
	mutex_lock(&m->meta_mutex);
	m->sb.flags |= NM_SBF_LEG_FAILED;
	m->sb.flags &= ~NM_SBF_CONSISTENT;
	nm_meta_write_sb(m);
	mutex_unlock(&m->meta_mutex);
	nm_publish(m);
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
		dm_table_event(m->ti->table);
		return;
	}
	nm_err(m, "the local leg %pg failed; attach it when it is well again, or replace it\n",
	       m->local->bdev);
	give_up_leg(m);
	nm_session_refuse(m, NM_REFUSE_LEG_FAILED, NULL);
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
		send_byte(m, NM_OP_BYE, refusal);
	else if (m->state.link == NM_LINK_OFF)
		return;
	refused(m, refusal, why);
}

/* --- handshake ---------------------------------------------------------- */

static void send_hello(struct nm_mirror *m)
{
	struct nm_hello *h = m->hello;
	struct nm_wire_hello *wire = m->wire_buf;

	memset(h, 0, sizeof(*h));
	h->version = NM_WIRE_VERSION;
	h->src_node = m->sb.node_id;
	h->role = m->state.role;
	h->flags = m->sb.flags;
	memcpy(h->uuid, m->sb.uuid, NM_UUID_LEN);
	h->data_sectors = m->sb.data_sectors;
	h->room_sectors = bdev_nr_sectors(m->local->bdev) - m->local_offset;
	h->region_shift = m->sb.region_shift;
	h->zone_shift = m->sb.zone_shift;
	h->nr_dirty = nm_marks_count(&m->marks);
	h->gens = m->sb.gens;
	nm_hello_encode(h, wire);
	nm_session_send(m, NM_OP_HELLO, wire, sizeof(*wire));
}

static int send_marks(struct nm_mirror *m)
{
	u64 next = 0;
	int err = 0;

	while (next < m->marks.geo.nr_regions && !err) {
		size_t len = nm_marks_encode(m->marks.dirty,
					     m->marks.geo.nr_regions, next,
					     m->wire_buf, NM_CTL_MAX_PAYLOAD,
					     &next);

		err = nm_session_send(m, NM_OP_MARKS, m->wire_buf, len);
		cond_resched();
	}
	return err;
}

/*
 * From now on this node's is the only leg: nothing that was acknowledged is in
 * its cache alone, what the peer's misses is marked, and the peer does not have
 * the generation that goes on here (I1, I3, I4).
 */
static int prepare_tracking(struct nm_mirror *m, bool peer_has_gen)
{
	int err;

	err = blkdev_issue_flush(m->local->bdev);
	if (!err)
		err = nm_verdict_is_full(m->verdict.verdict) ?
		      nm_zone_mark_all(m) : nm_zone_write_all(m);
	if (!err && (peer_has_gen || m->sb.flags & NM_SBF_PEER_HAS_GEN))
		err = nm_turn(m, true, 0);
	return err;
}

/* This node keeps its data. */
static int prepare_source(struct nm_mirror *m)
{
	enum nm_verdict v = m->verdict.verdict;
	int at, err = 0;

	if (v == NM_V_NO_DATA)
		return 0;
	at = nm_gens_find(&m->sb.gens, m->peer_hello->gens.id[0]);
	/* What lies further back than the peer need not be covered any more. */
	if (at >= 0 && at < m->sb.gens.covered)
		m->sb.gens.covered = at;
	if (nm_must_track(m->peer_hello))
		return prepare_tracking(m, at == 0 || nm_verdict_is_full(v));
	if (v == NM_V_FULL_TO_PEER)
		err = nm_zone_mark_all(m);
	/* After a full copy has begun, or with equal data, the peer has it. */
	if (!err && (v != NM_V_TO_PEER || at == 0))
		err = nm_set_flags(m, NM_SBF_PEER_HAS_GEN, 0);
	return err;
}

/*
 * This leg will be written in pieces: it is not one point in the history until
 * that is over.  With a full copy it belongs to the source's history at once,
 * so that the copy can go on after an interruption.
 */
static int prepare_target(struct nm_mirror *m)
{
	int err;

	mutex_lock(&m->meta_mutex);
	m->sb.flags &= ~NM_SBF_CONSISTENT;
	if (m->verdict.verdict == NM_V_FULL_FROM_PEER) {
		nm_gens_adopt(&m->sb.gens, &m->peer_hello->gens);
		m->sb.flags |= NM_SBF_PEER_HAS_GEN;
	}
	err = nm_meta_write_sb(m);
	mutex_unlock(&m->meta_mutex);
	nm_publish(m);
	if (!err && m->verdict.verdict == NM_V_FULL_FROM_PEER)
		nm_zone_mark(m, 0, m->marks.geo.nr_regions);
	return err;
}

static void agreed(struct nm_mirror *m)
{
	enum nm_verdict v = m->verdict.verdict;

	cancel_delayed_work(&m->timeout_work);
	if (v == NM_V_IN_SYNC &&
	    nm_set_flags(m, 0, NM_SBF_OUTDATED |
			 (m->state.role == NM_PRIMARY ? 0 : NM_SBF_PRIMARY))) {
		nm_session_refuse(m, NM_REFUSE_LEG_FAILED,
				  "the metadata cannot be written");
		return;
	}
	spin_lock_irq(&m->state_lock);
	m->state.peer_role = m->peer_hello->role;
	m->state.peer_flags = m->peer_hello->flags;
	m->state.tracked = nm_must_track(m->hello);
	if (nm_verdict_is_source(v)) {
		m->state.sync = NM_SYNC_SOURCE;
		m->state.peer_flags &= ~NM_SBF_CONSISTENT;
	} else if (nm_verdict_is_target(v)) {
		m->state.sync = NM_SYNC_TARGET;
	}
	spin_unlock_irq(&m->state_lock);
	m->sync_total = nm_marks_count(&m->marks);
	m->hold_over = false;
	nm_set_link(m, NM_EV_AGREED);
	nm_info(m, "connected: %s (%s); %llu regions of %u to copy\n",
		m->verdict.why, nm_verdict_name(v), m->sync_total,
		m->marks.geo.nr_regions);
	nm_io_thaw(m);
	nm_resync_kick(m);
}

static void get_ready(struct nm_mirror *m)
{
	enum nm_verdict v = m->verdict.verdict;
	int err;

	err = nm_verdict_is_target(v) ? prepare_target(m) : prepare_source(m);
	if (err) {
		nm_session_refuse(m, NM_REFUSE_LEG_FAILED,
				  "the metadata cannot be written");
		return;
	}
	if (v == NM_V_TO_PEER || v == NM_V_FROM_PEER)
		err = send_marks(m);
	if (err)
		return;
	m->sent_ready = true;
	WRITE_ONCE(m->tracking, nm_must_track(m->peer_hello));
	/* Pairs with nm_link_request(): who serves knows whether to track. */
	smp_store_release(&m->serving, true);
	send_byte(m, NM_OP_READY, v);
	if (m->got_ready)
		agreed(m);
}

static void got_hello(struct nm_mirror *m, const struct nm_msg *msg,
		      const void *payload)
{
	const char *why;

	if (nm_hello_decode(payload, msg->len, m->peer_hello, &why)) {
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, why);
		return;
	}
	m->verdict = nm_decide(m->hello, m->peer_hello);
	if (m->verdict.verdict == NM_V_REFUSE) {
		nm_session_refuse(m, m->verdict.refusal, m->verdict.why);
		return;
	}
	if (nm_prepares_first(m->hello, m->peer_hello, m->verdict.verdict))
		get_ready(m);
}

static void mark_run(void *arg, u64 first, u64 nr)
{
	nm_zone_mark(arg, first, nr);
}

static void got_marks(struct nm_mirror *m, const struct nm_msg *msg,
		      const void *payload)
{
	const char *why;
	u64 next;

	if (nm_marks_decode(payload, msg->len, m->marks.geo.nr_regions,
			    mark_run, m, &next, &why))
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, why);
}

static void got_ready(struct nm_mirror *m, const u8 *verdict)
{
	if (nm_verdict_mirrored(m->verdict.verdict) != *verdict) {
		nm_session_refuse(m, NM_REFUSE_RESTART,
				  "the nodes came to different verdicts");
		return;
	}
	m->got_ready = true;
	if (m->sent_ready)
		agreed(m);
	else
		get_ready(m);
}

static void handshake_ctl(struct nm_mirror *m, const struct nm_msg *msg,
			  const void *payload)
{
	bool hello_seen = m->peer_hello->version;

	if (msg->op == NM_OP_HELLO && !hello_seen)
		got_hello(m, msg, payload);
	else if (msg->op == NM_OP_MARKS && hello_seen)
		got_marks(m, msg, payload);
	else if (msg->op == NM_OP_READY && hello_seen && !m->got_ready)
		got_ready(m, payload);
	else
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, NULL);
}

/* --- the end of a resync ------------------------------------------------ */

static void send_sync_done(struct nm_mirror *m)
{
	struct nm_wire_gens *wire = m->wire_buf;

	/* From here on the target may hold our generation. */
	if (nm_set_flags(m, NM_SBF_PEER_HAS_GEN, 0)) {
		nm_session_refuse(m, NM_REFUSE_LEG_FAILED,
				  "the metadata cannot be written");
		return;
	}
	m->sync_done_sent = true;
	nm_gens_encode(&m->sb.gens, wire);
	nm_session_send(m, NM_OP_SYNC_DONE, wire, sizeof(*wire));
}

/* The resync jobs of this node found nothing more to copy. */
void nm_session_sync_drained(struct nm_mirror *m)
{
	if (!nm_sync_drives(&m->state) || m->sync_done_sent)
		return;
	nm_resync_halt(m);
	if (!nm_sync_drives(&m->state))
		return;
	/*
	 * A target that was promoted in the middle does not know what the source
	 * had pushed into its cache: flush in any case.
	 */
	if (nm_zone_checkpoint(m, m->settings.max_active_zones, true)) {
		nm_session_down(m, "a leg cannot be flushed");
		return;
	}
	if (nm_marks_count(&m->marks)) {
		nm_resync_kick(m);
		return;
	}
	if (m->state.sync == NM_SYNC_SOURCE) {
		send_sync_done(m);
	} else {
		m->sync_done_sent = true;
		nm_session_send(m, NM_OP_PULL_DONE, NULL, 0);
	}
}

static void sync_over(struct nm_mirror *m)
{
	spin_lock_irq(&m->state_lock);
	m->state.sync = NM_SYNC_NONE;
	m->state.peer_flags |= NM_SBF_CONSISTENT;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
	nm_info(m, "resync finished, both legs have the same data\n");
}

/*
 * Superblock changes at the end of a resync; @gens is what the target takes
 * over, NULL on the source.
 */
static int settle(struct nm_mirror *m, const struct nm_gens *gens)
{
	int err;

	mutex_lock(&m->meta_mutex);
	if (gens)
		nm_gens_adopt(&m->sb.gens, gens);
	else
		nm_gens_settle(&m->sb.gens);
	m->sb.flags |= NM_SBF_CONSISTENT | NM_SBF_PEER_HAS_GEN;
	m->sb.flags &= ~NM_SBF_OUTDATED;
	if (m->state.role != NM_PRIMARY)
		m->sb.flags &= ~NM_SBF_PRIMARY;
	err = nm_meta_write_sb(m);
	mutex_unlock(&m->meta_mutex);
	if (!err && m->state.role != NM_PRIMARY)
		err = nm_zone_wipe(m);
	if (err)
		nm_session_refuse(m, NM_REFUSE_LEG_FAILED,
				  "the metadata cannot be written");
	return err;
}

static void got_sync_done(struct nm_mirror *m, const struct nm_msg *msg,
			  const void *payload)
{
	const char *why;

	if (nm_gens_decode(payload, msg->len, m->new_gens, &why)) {
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, why);
		return;
	}
	nm_resync_halt(m);
	if (m->state.link != NM_LINK_CONNECTED || settle(m, m->new_gens))
		return;
	if (m->state.role == NM_PRIMARY)
		nm_zone_copied(m);
	nm_session_send(m, NM_OP_SYNC_TAKEN, NULL, 0);
	sync_over(m);
}

static void got_sync_taken(struct nm_mirror *m)
{
	/*
	 * A write has failed on one leg, since SYNC_DONE or without the target's
	 * knowledge: marks are left that must not be wiped.
	 */
	if (nm_marks_count(&m->marks))
		nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
	else if (!settle(m, NULL))
		sync_over(m);
}

/* The target that pulls keeps the source's marks up to date. */
void nm_session_synced(struct nm_mirror *m)
{
	u64 nr = m->marks.geo.nr_regions;
	u64 next = 0;

	mutex_lock(&m->checkpoint_mutex);
	while (m->state.sync == NM_SYNC_TARGET && next < nr) {
		size_t len = nm_marks_encode(m->synced, nr, next, m->wire_buf,
					     NM_CTL_MAX_PAYLOAD, &next);

		if (nm_session_send(m, NM_OP_SYNCED, m->wire_buf, len))
			break;
	}
	memset(m->synced, 0, nm_marks_map_bytes(&m->marks.geo));
	mutex_unlock(&m->checkpoint_mutex);
}

static void synced_run(void *arg, u64 first, u64 nr)
{
	nm_zone_synced(arg, first, nr);
}

static void got_synced(struct nm_mirror *m, const struct nm_msg *msg,
		       const void *payload)
{
	const char *why;
	u64 next;

	if (nm_marks_decode(payload, msg->len, m->marks.geo.nr_regions,
			    synced_run, m, &next, &why))
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, why);
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
	send_byte(m, NM_OP_ROLE_ANSWER, refusal);
	if (refusal == NM_REFUSE_NOT)
		role_is(m, NM_PRIMARY);
}

static void connected_ctl(struct nm_mirror *m, const struct nm_msg *msg,
			  const void *payload)
{
	const u8 *byte = payload;
	enum nm_sync sync = m->state.sync;

	if (msg->op == NM_OP_ROLE_ASK)
		role_asked(m);
	else if (msg->op == NM_OP_ROLE_ANSWER)
		nm_control_promote_answer(m, *byte);
	else if (msg->op == NM_OP_ROLE_IS)
		role_is(m, *byte);
	else if (msg->op == NM_OP_SYNC_DONE && sync == NM_SYNC_TARGET)
		got_sync_done(m, msg, payload);
	else if (msg->op == NM_OP_SYNC_TAKEN && sync == NM_SYNC_SOURCE)
		got_sync_taken(m);
	else if (msg->op == NM_OP_SYNCED && sync == NM_SYNC_SOURCE)
		got_synced(m, msg, payload);
	else if (msg->op == NM_OP_PULL_DONE && sync == NM_SYNC_SOURCE)
		send_sync_done(m);
	else
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, NULL);
}

void nm_session_ctl(struct nm_mirror *m, const struct nm_msg *msg,
		    const void *payload)
{
	if (msg->op == NM_OP_BYE)
		refused(m, *(const u8 *)payload, NULL);
	else if (m->state.link == NM_LINK_HANDSHAKE)
		handshake_ctl(m, msg, payload);
	else if (m->state.link == NM_LINK_CONNECTED)
		connected_ctl(m, msg, payload);
}
