// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a resync, in the worker.  Three steps: the source says SYNC_DONE when both
 * legs are flushed; the target takes over the generations durably and says SYNC_TAKEN;
 * only then the source forgets what it kept for the target.  A target that pulls tells
 * the source when to begin: PULL_DONE.
 */
#include "mirror.h"

static void send_sync_done(struct nm_mirror *m)
{
	struct nm_wire_gens *wire = m->wire_buf;

	/* From here on the target may hold our generation. */
	if (nm_set_flags(m, NM_SBF_PEER_HAS_GEN, 0)) {
		nm_session_meta_needed(m);
		return;
	}
	m->sync_done_sent = true;
	m->handed_over = true;
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
		if (READ_ONCE(m->meta_failed))
			nm_session_meta_needed(m);
		else
			nm_session_down(m, "a leg cannot be flushed");
		return;
	}
	if (nm_marks_count(&m->marks)) {
		nm_resync_go_on(m);
		return;
	}
	if (m->state.sync == NM_SYNC_SOURCE) {
		send_sync_done(m);
	} else {
		m->sync_done_sent = true;
		/* Before, for what is left marked at the end starts it all over. */
		nm_session_synced(m);
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
	if (READ_ONCE(m->cache_lost))
		nm_todo(m, NM_TODO_CACHE_LOST);
}

/*
 * Superblock changes at the end of a resync; @gens is what the target takes
 * over, NULL on the source.
 */
static int settle(struct nm_mirror *m, const struct nm_gens *gens)
{
	int err;

	mutex_lock(&m->meta_mutex);
	*m->old_sb = m->sb;
	if (gens)
		nm_gens_adopt(&m->sb.gens, gens);
	else
		nm_gens_settle(&m->sb.gens);
	m->sb.alone_since = 0;
	m->sb.flags |= NM_SBF_CONSISTENT | NM_SBF_PEER_HAS_GEN;
	m->sb.flags &= ~NM_SBF_OUTDATED;
	if (m->state.role != NM_PRIMARY)
		m->sb.flags &= ~NM_SBF_PRIMARY;
	err = nm_meta_change_sb(m, m->old_sb);
	mutex_unlock(&m->meta_mutex);
	/* What its cache has lost is marked until it is given up. */
	if (!err && m->state.role != NM_PRIMARY && !READ_ONCE(m->cache_lost))
		err = nm_zone_wipe(m);
	if (err)
		nm_session_meta_needed(m);
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

bool nm_session_sync_ctl(struct nm_mirror *m, const struct nm_msg *msg,
			 const void *payload)
{
	enum nm_sync sync = m->state.sync;

	if (msg->op == NM_OP_SYNC_DONE && sync == NM_SYNC_TARGET)
		got_sync_done(m, msg, payload);
	else if (msg->op == NM_OP_SYNC_TAKEN && sync == NM_SYNC_SOURCE)
		got_sync_taken(m);
	else if (msg->op == NM_OP_SYNCED && sync == NM_SYNC_SOURCE)
		got_synced(m, msg, payload);
	else if (msg->op == NM_OP_PULL_DONE && sync == NM_SYNC_SOURCE)
		send_sync_done(m);
	else
		return false;
	return true;
}
