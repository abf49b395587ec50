// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake: both send HELLO and decide alone.  Whoever is not the target of
 * a copy makes its part durable, sends its marks and READY; the target does so
 * when it has seen that READY.  From its own READY on a node serves requests;
 * with both READYs seen it is connected.  A primary holds its I/O meanwhile,
 * so that no write falls between the marks sent and the first one mirrored.
 *
 * Everything here runs in the worker.
 */
#include "mirror.h"

void nm_handshake_start(struct nm_mirror *m)
{
	struct nm_hello *h = m->hello;
	struct nm_wire_hello *wire = m->wire_buf;

	memset(h, 0, sizeof(*h));
	h->version = NM_WIRE_VERSION;
	h->src_node = m->sb.node_id;
	h->role = m->state.role;
	h->flags = m->sb.flags;
	h->split = m->settings.split;
	h->intent = (m->discard ? NM_HELLO_DISCARD : 0) |
		    (m->state.fences ? NM_HELLO_FENCES : 0);
	h->timeout_ms = m->settings.link.timeout_ms;
	h->alone_since = m->sb.alone_since;
	h->meetings = m->sb.meetings;
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

/* Do both nodes tell each other what they have marked? */
static bool sends_marks(struct nm_mirror *m)
{
	return m->verdict.verdict == NM_V_TO_PEER ||
	       m->verdict.verdict == NM_V_FROM_PEER;
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
	if (err)
		nm_cache_is_lost(m);
	else
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
	/* The handshake has shown that nobody has newer data. */
	if (nm_verdict_is_source(v))
		err = nm_set_flags(m, 0, NM_SBF_OUTDATED);
	if (err)
		return err;
	at = nm_gens_find(&m->sb.gens, m->peer_hello->gens.id[0]);
	/* What lies further back than the peer need not be covered any more. */
	if (at >= 0 && at < m->sb.gens.covered)
		m->sb.gens.covered = at;
	if (nm_must_track(m->peer_hello))
		return prepare_tracking(m, at == 0 || nm_verdict_is_full(v));
	if (v == NM_V_FULL_TO_PEER)
		err = nm_zone_mark_all(m);
	/*
	 * A peer with equal data has our generation.  It takes it over before a
	 * full copy, and when it gives up its own after a split brain.
	 */
	if (!err && (v != NM_V_TO_PEER || at <= 0))
		err = nm_set_flags(m, NM_SBF_PEER_HAS_GEN, 0);
	return err;
}

/*
 * This leg will be written in pieces: it is not one point in the history until
 * that is over.  With a full copy, or when it gives up a generation that the
 * source does not know, it belongs to the source's history at once, so that the
 * copy can go on after an interruption.
 */
static int prepare_target(struct nm_mirror *m)
{
	int err;

	mutex_lock(&m->meta_mutex);
	*m->old_sb = m->sb;
	m->sb.flags &= ~NM_SBF_CONSISTENT;
	if (m->verdict.verdict == NM_V_FULL_FROM_PEER ||
	    nm_gens_find(&m->peer_hello->gens, m->sb.gens.id[0]) < 0) {
		nm_gens_adopt(&m->sb.gens, &m->peer_hello->gens);
		m->sb.alone_since = 0;
		m->sb.flags |= NM_SBF_PEER_HAS_GEN;
	}
	err = nm_meta_change_sb(m, m->old_sb);
	mutex_unlock(&m->meta_mutex);
	nm_publish(m);
	if (err)
		return err;
	/* What was lost is dirty since the last session's end, and is copied now. */
	WRITE_ONCE(m->cache_lost, false);
	WRITE_ONCE(m->flush_failed, false);
	if (m->verdict.verdict == NM_V_FULL_FROM_PEER)
		nm_zone_mark(m, 0, m->marks.geo.nr_regions);
	return 0;
}

/* Both legs are the same: what was noted while they were apart is over. */
static int settle_in_sync(struct nm_mirror *m)
{
	u32 over = NM_SBF_OUTDATED;
	int err = 0;

	if (m->state.role != NM_PRIMARY)
		over |= NM_SBF_PRIMARY;
	mutex_lock(&m->meta_mutex);
	if (m->sb.flags & over || m->sb.alone_since) {
		*m->old_sb = m->sb;
		m->sb.flags &= ~over;
		m->sb.alone_since = 0;
		err = nm_meta_change_sb(m, m->old_sb);
	}
	mutex_unlock(&m->meta_mutex);
	return err;
}

static void agreed(struct nm_mirror *m)
{
	enum nm_verdict v = m->verdict.verdict;

	/*
	 * Metadata may take their time.  If the link broke meanwhile, the peer may
	 * have been promoted since: not a single read may be served.
	 */
	if (READ_ONCE(m->down_why))
		return;
	if (v == NM_V_IN_SYNC && settle_in_sync(m)) {
		nm_session_meta_needed(m);
		return;
	}
	nm_publish(m);
	if (READ_ONCE(m->down_why))
		return;
	cancel_delayed_work(&m->timeout_work);
	spin_lock_irq(&m->state_lock);
	m->state.peer_role = m->peer_hello->role;
	m->state.peer_flags = m->peer_hello->flags;
	m->state.tracked = nm_must_track(m->hello);
	m->apart = NM_REFUSE_NOT;
	if (nm_verdict_is_source(v)) {
		m->state.sync = NM_SYNC_SOURCE;
		m->state.peer_flags &= ~NM_SBF_CONSISTENT;
	} else if (nm_verdict_is_target(v)) {
		m->state.sync = NM_SYNC_TARGET;
	}
	spin_unlock_irq(&m->state_lock);
	m->sync_total = nm_marks_count(&m->marks);
	m->hold_over = false;
	m->discard = false;
	nm_event(m, NM_EVENT_VERDICT, m->verdict.why);
	nm_set_link(m, NM_EV_AGREED);
	nm_info(m, "connected: %s (%s); %llu regions of %u to copy\n",
		m->verdict.why, nm_verdict_name(v), m->sync_total,
		m->marks.geo.nr_regions);
	nm_io_thaw(m);
	nm_resync_kick(m);
	/* Before, there may have been no peer to go on with. */
	if (READ_ONCE(m->meta_failed))
		nm_todo(m, NM_TODO_META_FAILED);
	if (READ_ONCE(m->cache_lost))
		nm_todo(m, NM_TODO_CACHE_LOST);
}

static void get_ready(struct nm_mirror *m)
{
	enum nm_verdict v = m->verdict.verdict;
	int err;

	/* If it cannot be noted, nothing is wrong but that it is not counted. */
	nm_meta_note_meetings(m, nm_next_meeting(m->hello->meetings,
						 m->peer_hello->meetings));
	err = nm_verdict_is_target(v) ? prepare_target(m) : prepare_source(m);
	if (err) {
		nm_session_meta_needed(m);
		return;
	}
	if (sends_marks(m))
		err = send_marks(m);
	if (err)
		return;
	m->sent_ready = true;
	/* From here on the peer may be as good as this node. */
	spin_lock_irq(&m->state_lock);
	m->state.fenced = false;
	spin_unlock_irq(&m->state_lock);
	WRITE_ONCE(m->tracking, nm_must_track(m->peer_hello));
	/* Pairs with nm_link_request(): who serves knows whether to track. */
	smp_store_release(&m->serving, true);
	nm_session_send_byte(m, NM_OP_READY, v);
	if (m->got_ready)
		agreed(m);
}

/* Decide, and keep it for whoever asks. */
static void decide(struct nm_mirror *m)
{
	struct nm_decision verdict = nm_decide(m->hello, m->peer_hello);
	unsigned int differs = nm_differences(m->hello, m->peer_hello);
	bool news = differs != m->differs;
	int i;

	spin_lock_irq(&m->state_lock);
	m->verdict = verdict;
	m->differs = differs;
	spin_unlock_irq(&m->state_lock);
	WRITE_ONCE(m->link.peer_timeout_ms, m->peer_hello->timeout_ms);
	for (i = 0; news && i < NM_NR_DIFFS; i++)
		if (differs >> i & 1)
			nm_warn(m, "the peer has another %s; give both nodes the same\n",
				nm_diff_names[i]);
}

static void got_hello(struct nm_mirror *m, const struct nm_msg *msg,
		      const void *payload)
{
	const char *why;

	if (nm_hello_decode(payload, msg->len, m->peer_hello, &why)) {
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, why);
		return;
	}
	decide(m);
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

void nm_handshake_ctl(struct nm_mirror *m, const struct nm_msg *msg,
		      const void *payload)
{
	bool hello_seen = m->peer_hello->version;

	if (msg->op == NM_OP_HELLO && !hello_seen)
		got_hello(m, msg, payload);
	else if (msg->op == NM_OP_MARKS && hello_seen && sends_marks(m))
		got_marks(m, msg, payload);
	else if (msg->op == NM_OP_READY && hello_seen && !m->got_ready)
		got_ready(m, payload);
	else
		nm_session_refuse(m, NM_REFUSE_PROTOCOL, NULL);
}
