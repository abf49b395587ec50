// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the admin and of device-mapper.  The worker runs them. */
#include "mirror.h"

/* What a leg may take to write down that its node leaves. */
#define LEAVE_PATIENCE	(5 * HZ)

static void finish(struct nm_cmd *cmd, int err, enum nm_refusal refusal)
{
	cmd->err = err;
	cmd->refusal = refusal;
	complete(&cmd->done);
}

static void refuse(struct nm_mirror *m, struct nm_cmd *cmd, const char *what,
		   enum nm_refusal refusal)
{
	nm_err(m, "cannot %s: %s\n", what, nm_refusal_text(refusal));
	finish(cmd, -EPERM, refusal);
}

static void set_role(struct nm_mirror *m, enum nm_role role)
{
	spin_lock_irq(&m->state_lock);
	m->state.role = role;
	/* Who promotes without the peer has vouched for it. */
	m->state.fenced = role == NM_PRIMARY &&
			  m->state.link != NM_LINK_CONNECTED;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
	if (role == NM_PRIMARY)
		m->discard = false;
	nm_info(m, "this node is %s now\n", nm_role_name(role));
}

/* --- promote ------------------------------------------------------------ */

/* Nothing stands against it: make it durable, then take I/O. */
static void promote(struct nm_mirror *m, struct nm_cmd *cmd)
{
	bool connected = m->state.link == NM_LINK_CONNECTED;
	bool stale = !(m->sb.flags & NM_SBF_CONSISTENT) ||
		     m->sb.flags & NM_SBF_OUTDATED;
	bool forced = stale && !(connected &&
				 m->state.sync == NM_SYNC_TARGET);
	u8 role = NM_SECONDARY;
	int err = 0;

	if (forced) {
		nm_warn(m, "promoted by force: the data of this leg may be old or mixed, and they win from now on\n");
		err = nm_turn(m, false, NM_SBF_CONSISTENT);
	} else if (!connected && m->sb.flags & NM_SBF_PEER_HAS_GEN) {
		/*
		 * What is read and flushed here from now on must not be undone
		 * by what the lost peer has marked, even if nothing is written.
		 */
		err = nm_turn(m, true, 0);
	}
	if (!err)
		err = nm_set_flags(m, NM_SBF_PRIMARY,
				   forced ? NM_SBF_OUTDATED : 0);
	if (err) {
		if (connected)
			nm_session_send(m, NM_OP_ROLE_IS, &role, 1);
		finish(cmd, err, NM_REFUSE_NOT);
		return;
	}
	set_role(m, NM_PRIMARY);
	if (connected && forced)
		nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
	nm_resync_kick(m);
	finish(cmd, 0, NM_REFUSE_NOT);
}

void nm_control_promote_answer(struct nm_mirror *m, enum nm_refusal refusal)
{
	struct nm_cmd *cmd = m->promoting;

	if (!cmd)
		return;
	m->promoting = NULL;
	if (refusal)
		refuse(m, cmd, "promote", refusal);
	else
		promote(m, cmd);
}

static void run_promote(struct nm_mirror *m, struct nm_cmd *cmd)
{
	enum nm_refusal refusal;

	if (m->state.role == NM_PRIMARY) {
		finish(cmd, 0, NM_REFUSE_NOT);
		return;
	}
	refusal = nm_may_promote(&m->state, cmd->peer_fenced, cmd->force);
	if (!refusal && m->promoting)
		refusal = NM_REFUSE_BUSY;
	if (refusal) {
		refuse(m, cmd, "promote", refusal);
	} else if (m->state.link == NM_LINK_CONNECTED) {
		m->promoting = cmd;
		if (nm_session_send(m, NM_OP_ROLE_ASK, NULL, 0))
			nm_control_promote_answer(m, NM_REFUSE_BUSY);
	} else {
		promote(m, cmd);
	}
}

/* --- demote ------------------------------------------------------------- */

static void run_demote(struct nm_mirror *m, struct nm_cmd *cmd)
{
	u8 role = NM_SECONDARY;
	int err = 0;

	if (m->state.role != NM_PRIMARY) {
		finish(cmd, 0, NM_REFUSE_NOT);
		return;
	}
	if (disk_openers(dm_disk(dm_table_get_md(m->ti->table)))) {
		nm_err(m, "cannot demote: the device is in use; unmount or close it first\n");
		finish(cmd, -EBUSY, NM_REFUSE_NOT);
		return;
	}
	nm_resync_halt(m);
	nm_io_freeze(m);
	if (!(m->sb.flags & NM_SBF_LEG_FAILED))
		err = nm_zone_checkpoint(m, 0, true);
	if (!err)
		err = nm_set_flags(m, 0, NM_SBF_PRIMARY);
	if (!err) {
		set_role(m, NM_SECONDARY);
		if (m->state.link == NM_LINK_CONNECTED)
			nm_session_send(m, NM_OP_ROLE_IS, &role, 1);
		else if (m->state.link == NM_LINK_HANDSHAKE)
			/* Our HELLO told another role. */
			nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
	} else {
		nm_err(m, "cannot demote: a leg or the metadata cannot be flushed: error %d\n",
		       err);
	}
	nm_io_thaw(m);
	nm_resync_kick(m);
	finish(cmd, err, NM_REFUSE_NOT);
}

/* --- link --------------------------------------------------------------- */

static int start_link(struct nm_mirror *m)
{
	int err;

	if (m->state.link != NM_LINK_OFF || m->closed || m->suspended)
		return 0;
	if (m->sb.flags & NM_SBF_LEG_FAILED && m->state.role != NM_PRIMARY)
		return 0;
	nm_set_link(m, NM_EV_START);
	err = m->link.ops->start(&m->link, false);
	if (err) {
		nm_err(m, "cannot begin to look for the peer at %s: error %d\n",
		       m->remote_token, err);
		nm_session_stop(m, NM_REFUSE_NOT);
	}
	return err;
}

/*
 * The metadata take longer than the primary should wait for a node that leaves: it
 * is told so, and nothing is promised to it.  The worker is in stand_aside().
 */
void nm_control_leave(struct work_struct *work)
{
	struct nm_mirror *m = container_of(to_delayed_work(work),
					   struct nm_mirror, leave_work);

	nm_warn(m, "the leg takes long to write down that this node leaves; the primary goes on\n");
	nm_session_send_byte(m, NM_OP_BYE, NM_REFUSE_RESTART);
}

/* Write down that the primary goes on without this node. */
static bool stand_aside(struct nm_mirror *m)
{
	int err;

	queue_delayed_work(m->io_wq, &m->leave_work, LEAVE_PATIENCE);
	err = nm_set_flags(m, NM_SBF_OUTDATED, 0);
	cancel_delayed_work_sync(&m->leave_work);
	return !err && !READ_ONCE(m->meta_failed);
}

/*
 * A primary takes the goodbye of a secondary as the word that this one is
 * outdated from now on.  Who has not written that down does not say it; and the
 * peer may see another state than this node, when a handshake or a resync ends.
 */
static void stop_link(struct nm_mirror *m, enum nm_refusal why)
{
	enum nm_refusal bye = why;

	if (nm_stands_aside(&m->state) ? !stand_aside(m) :
	    m->state.role != NM_PRIMARY &&
	    (m->state.link == NM_LINK_HANDSHAKE ||
	     m->state.peer_role == NM_PRIMARY))
		bye = NM_REFUSE_RESTART;
	spin_lock_irq(&m->state_lock);
	m->state.refusal = why;
	spin_unlock_irq(&m->state_lock);
	nm_session_stop(m, bye);
}

static void run_connect(struct nm_mirror *m, struct nm_cmd *cmd)
{
	bool discard = cmd->discard && m->state.link != NM_LINK_CONNECTED;
	bool changes;

	if (cmd->discard && m->state.role == NM_PRIMARY) {
		refuse(m, cmd, "give up the changes of this node",
		       NM_REFUSE_IS_PRIMARY);
		return;
	}
	changes = discard != m->discard;
	m->discard = discard;
	/* Our HELLO said something else. */
	if (changes && m->state.link == NM_LINK_HANDSHAKE)
		nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
	finish(cmd, start_link(m), NM_REFUSE_NOT);
}

static void run_disconnect(struct nm_mirror *m, struct nm_cmd *cmd)
{
	if (m->state.fences && m->state.role == NM_PRIMARY &&
	    m->state.link == NM_LINK_CONNECTED) {
		refuse(m, cmd, "disconnect", NM_REFUSE_HOLDS_IO);
		return;
	}
	if (nm_needs_peer(&m->state)) {
		refuse(m, cmd, "disconnect", NM_REFUSE_NO_LEG);
		return;
	}
	m->discard = false;
	stop_link(m, NM_REFUSE_DISCONNECTED);
	finish(cmd, 0, NM_REFUSE_NOT);
}

/*
 * Somebody vouches that the peer is out, or takes it back.  What is under way then
 * goes on to its end, and is acknowledged.
 */
static void run_vouch(struct nm_mirror *m, struct nm_cmd *cmd, bool fenced)
{
	enum nm_refusal refusal = fenced ? nm_may_vouch(&m->state) :
					   nm_may_retract(&m->state);

	if (refusal) {
		refuse(m, cmd, fenced ? "take the peer for fenced" :
		       "take back that the peer is fenced", refusal);
		return;
	}
	spin_lock_irq(&m->state_lock);
	m->state.fenced = fenced;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
	if (fenced)
		nm_info(m, "the peer is said to be fenced\n");
	else
		nm_info(m, "the peer is no longer said to be fenced\n");
	nm_io_thaw(m);
	finish(cmd, 0, NM_REFUSE_NOT);
}

/* --- attach ------------------------------------------------------------- */

static int refuse_leg(struct nm_mirror *m, const char *why)
{
	nm_err(m, "cannot attach the leg %pg: %s; to replace it, make new metadata on another device and reload the table\n",
	       m->local->bdev, why);
	return -EINVAL;
}

/*
 * All metadata are written anew from memory: which of the last writes arrived
 * before the failure is not known.
 */
static int attach(struct nm_mirror *m)
{
	bool failed = m->sb.flags & NM_SBF_LEG_FAILED;
	const char *why = "its superblocks cannot be read";
	int err;

	err = nm_meta_read_sb(m, m->old_sb, &why);
	if (err)
		return refuse_leg(m, why);
	if (memcmp(m->old_sb->uuid, m->sb.uuid, NM_UUID_LEN) ||
	    m->old_sb->node_id != m->sb.node_id)
		return refuse_leg(m, "it belongs to another mirror or node");

	mutex_lock(&m->meta_mutex);
	m->meta_failed = false;
	m->flush_failed = false;
	m->sb.seq = max(m->sb.seq, m->old_sb->seq);
	m->sb.flags &= ~NM_SBF_LEG_FAILED;
	err = nm_meta_write_sb(m);
	mutex_unlock(&m->meta_mutex);
	if (!err)
		err = nm_zone_write_all(m);
	if (err) {
		if (failed)
			m->sb.flags |= NM_SBF_LEG_FAILED;
		return refuse_leg(m, "its metadata cannot be written");
	}
	return 0;
}

static void run_attach(struct nm_mirror *m, struct nm_cmd *cmd)
{
	int err = 0;

	if (m->sb.flags & NM_SBF_LEG_FAILED || READ_ONCE(m->meta_failed)) {
		err = attach(m);
		nm_publish(m);
		if (!err)
			nm_info(m, "the local leg is attached again\n");
		if (!err && m->session)
			nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
		else if (!err)
			err = start_link(m);
	}
	finish(cmd, err, NM_REFUSE_NOT);
}

/* --- invalidate --------------------------------------------------------- */

static void run_invalidate_local(struct nm_mirror *m, struct nm_cmd *cmd)
{
	int err;

	if (m->state.role == NM_PRIMARY) {
		nm_err(m, "cannot invalidate the local leg of a primary; demote it first\n");
		finish(cmd, -EBUSY, NM_REFUSE_NOT);
		return;
	}
	if (m->state.sync == NM_SYNC_SOURCE ||
	    m->state.link == NM_LINK_HANDSHAKE) {
		nm_err(m, "cannot invalidate the local leg while the peer's is being filled from it; disconnect first\n");
		finish(cmd, -EBUSY, NM_REFUSE_NOT);
		return;
	}
	if (READ_ONCE(m->meta_failed)) {
		nm_err(m, "cannot invalidate the local leg: its metadata cannot be written; attach or replace it first\n");
		finish(cmd, -EIO, NM_REFUSE_NOT);
		return;
	}
	mutex_lock(&m->meta_mutex);
	*m->old_sb = m->sb;
	nm_gens_init(&m->sb.gens);
	m->sb.alone_since = 0;
	m->sb.flags &= NM_SBF_EXTERNAL;
	err = nm_meta_change_sb(m, m->old_sb);
	mutex_unlock(&m->meta_mutex);
	nm_publish(m);
	if (!err)
		nm_info(m, "the local leg is invalid and waits for a full copy\n");
	if (!err && m->session)
		nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
	finish(cmd, err, NM_REFUSE_NOT);
}

static void run_invalidate_remote(struct nm_mirror *m, struct nm_cmd *cmd)
{
	int err;

	if (m->state.link != NM_LINK_CONNECTED ||
	    m->state.sync == NM_SYNC_TARGET ||
	    m->state.peer_role == NM_PRIMARY ||
	    !(m->sb.flags & NM_SBF_CONSISTENT)) {
		nm_err(m, "cannot invalidate the peer's leg: it must be connected and secondary, and the local leg in sync\n");
		finish(cmd, -EINVAL, NM_REFUSE_NOT);
		return;
	}
	nm_io_freeze(m);
	err = nm_zone_mark_all(m);
	if (!err)
		nm_session_refuse(m, NM_REFUSE_RESTART, NULL);
	nm_io_thaw(m);
	finish(cmd, err, NM_REFUSE_NOT);
}

/* --- resync, suspend, resume -------------------------------------------- */

static void set_frozen(struct nm_mirror *m, bool frozen)
{
	spin_lock_irq(&m->state_lock);
	m->state.frozen = frozen;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
	if (frozen)
		nm_resync_halt(m);
	else
		nm_resync_kick(m);
}

static void run_verify(struct nm_mirror *m, struct nm_cmd *cmd)
{
	bool repair = cmd->what == NM_CMD_REPAIR;
	enum nm_refusal refusal;

	if (m->suspended || m->closed) {
		finish(cmd, -EBUSY, NM_REFUSE_NOT);
		return;
	}
	refusal = nm_verify_begin(m, repair ? NM_VERIFY_REPAIR :
					      NM_VERIFY_CHECK);
	if (refusal)
		refuse(m, cmd, repair ? "repair" : "check", refusal);
	else
		finish(cmd, 0, NM_REFUSE_NOT);
}

/*
 * dm has waited for the application's I/O.  A secondary leaves its peer, since
 * its leg must not change while it is suspended.
 */
static int run_suspend(struct nm_mirror *m)
{
	m->suspending = true;
	m->suspended = true;
	nm_resync_halt(m);
	if (m->state.role != NM_PRIMARY) {
		if (m->state.link != NM_LINK_OFF)
			stop_link(m, NM_REFUSE_SUSPENDED);
		return 0;
	}
	nm_publish(m);
	if (m->sb.flags & NM_SBF_LEG_FAILED)
		return 0;
	return nm_zone_checkpoint(m, 0, true);
}

static int run_resume(struct nm_mirror *m)
{
	m->suspending = false;
	m->suspended = false;
	m->hold_over = false;
	nm_publish(m);
	nm_resync_kick(m);
	if (m->state.link == NM_LINK_OFF &&
	    (m->state.refusal == NM_REFUSE_NOT ||
	     m->state.refusal == NM_REFUSE_SUSPENDED))
		return start_link(m);
	return 0;
}

void nm_control_run(struct nm_mirror *m, struct nm_cmd *cmd)
{
	int err = 0;

	switch (cmd->what) {
	case NM_CMD_PROMOTE:
		run_promote(m, cmd);
		return;
	case NM_CMD_DEMOTE:
		run_demote(m, cmd);
		return;
	case NM_CMD_INVALIDATE_LOCAL:
		run_invalidate_local(m, cmd);
		return;
	case NM_CMD_INVALIDATE_REMOTE:
		run_invalidate_remote(m, cmd);
		return;
	case NM_CMD_ATTACH:
		run_attach(m, cmd);
		return;
	case NM_CMD_CONNECT:
		run_connect(m, cmd);
		return;
	case NM_CMD_DISCONNECT:
		run_disconnect(m, cmd);
		return;
	case NM_CMD_PEER_FENCED:
		run_vouch(m, cmd, true);
		return;
	case NM_CMD_PEER_UNFENCED:
		run_vouch(m, cmd, false);
		return;
	case NM_CMD_FREEZE:
		set_frozen(m, true);
		break;
	case NM_CMD_THAW:
		set_frozen(m, false);
		break;
	case NM_CMD_PRESUSPEND:
		m->suspending = true;
		nm_io_thaw(m);
		break;
	case NM_CMD_CHECK:
	case NM_CMD_REPAIR:
		run_verify(m, cmd);
		return;
	case NM_CMD_IDLE:
		nm_verify_halt(m);
		break;
	case NM_CMD_SUSPEND:
		err = run_suspend(m);
		break;
	case NM_CMD_RESUME:
		err = run_resume(m);
		break;
	case NM_CMD_CLOSE:
		stop_link(m, NM_REFUSE_SUSPENDED);
		m->closed = true;
		break;
	}
	finish(cmd, err, NM_REFUSE_NOT);
}
