// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: the one place where the state of a mirror changes.  Whoever has
 * something for it sets a bit; it takes the bits in the order below.
 */
#include <linux/random.h>
#include <linux/sched/mm.h>

#include "mirror.h"

void nm_todo(struct nm_mirror *m, enum nm_todo what)
{
	set_bit(what, &m->todo);
	queue_work(m->state_wq, &m->work);
}

/* Make the state visible to the data path and to those who watch. */
void nm_publish(struct nm_mirror *m)
{
	spin_lock_irq(&m->state_lock);
	m->state.flags = m->sb.flags;
	memcpy(m->generation, m->sb.gens.id[0], NM_GEN_LEN);
	WRITE_ONCE(m->mode, nm_mode(&m->state));
	spin_unlock_irq(&m->state_lock);
	nm_events_compare(m);
	dm_table_event(m->ti->table);
}

void nm_set_link(struct nm_mirror *m, enum nm_link_event event)
{
	int next = nm_link_next(m->state.link, event);

	if (WARN_ON_ONCE(next < 0))
		return;
	spin_lock_irq(&m->state_lock);
	m->state.link = next;
	if (next != NM_LINK_CONNECTED) {
		m->state.sync = NM_SYNC_NONE;
		m->state.peer_role = NM_SECONDARY;
		m->state.peer_flags = 0;
		m->state.tracked = false;
	} else {
		m->state.fenced = false;
	}
	if (event == NM_EV_START)
		m->state.refusal = NM_REFUSE_NOT;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
}

int nm_set_flags(struct nm_mirror *m, u32 set, u32 clear)
{
	int err = 0;

	mutex_lock(&m->meta_mutex);
	*m->old_sb = m->sb;
	m->sb.flags = (m->sb.flags & ~clear) | set;
	if (m->sb.flags != m->old_sb->flags)
		err = nm_meta_change_sb(m, m->old_sb);
	mutex_unlock(&m->meta_mutex);
	nm_publish(m);
	return err;
}

int nm_turn(struct nm_mirror *m, bool covered, u32 set_flags)
{
	u8 id[NM_GEN_LEN];
	int err;

	get_random_bytes(id, sizeof(id));
	mutex_lock(&m->meta_mutex);
	*m->old_sb = m->sb;
	nm_gens_turn(&m->sb.gens, id, covered);
	if (!m->sb.alone_since)
		m->sb.alone_since = ktime_get_real_seconds();
	m->sb.flags |= set_flags;
	m->sb.flags &= ~NM_SBF_PEER_HAS_GEN;
	err = nm_meta_change_sb(m, m->old_sb);
	mutex_unlock(&m->meta_mutex);
	if (!err)
		nm_info(m, "new generation %*phN\n", NM_GEN_LEN, id);
	nm_publish(m);
	return err;
}

int nm_go_alone(struct nm_mirror *m)
{
	if (m->state.link == NM_LINK_CONNECTED)
		return 0;
	if (READ_ONCE(m->meta_failed) || !nm_may_write_alone(&m->state))
		return -EIO;
	if (!(m->sb.flags & NM_SBF_PEER_HAS_GEN))
		return 0;
	return nm_turn(m, true, 0);
}

static void run_ctl(struct nm_mirror *m)
{
	struct nm_ctl *ctl, *next;
	LIST_HEAD(list);

	spin_lock_irq(&m->list_lock);
	list_splice_init(&m->ctl_list, &list);
	spin_unlock_irq(&m->list_lock);
	list_for_each_entry_safe(ctl, next, &list, list) {
		list_del(&ctl->list);
		if (ctl->msg.session == m->session)
			nm_session_ctl(m, &ctl->msg, ctl->payload);
		kfree(ctl);
	}
}

static void run_commands(struct nm_mirror *m)
{
	struct nm_cmd *cmd, *next;
	LIST_HEAD(list);

	spin_lock_irq(&m->list_lock);
	list_splice_init(&m->cmd_list, &list);
	spin_unlock_irq(&m->list_lock);
	list_for_each_entry_safe(cmd, next, &list, list) {
		list_del(&cmd->list);
		nm_control_run(m, cmd);
	}
}

/*
 * The bits are taken at once.  Taken one after the other, a message could be
 * seen before the session it belongs to, or the end of a session before its
 * last message.
 */
static void run(struct nm_mirror *m)
{
	unsigned long todo = xchg(&m->todo, 0);

	if (test_bit(NM_TODO_LINK_UP, &todo))
		nm_session_up(m);
	if (test_bit(NM_TODO_CTL, &todo))
		run_ctl(m);
	if (test_bit(NM_TODO_LEG_FAILED, &todo))
		nm_session_leg_failed(m);
	if (test_bit(NM_TODO_META_FAILED, &todo))
		nm_session_meta_failed(m);
	if (test_bit(NM_TODO_CACHE_LOST, &todo))
		nm_session_cache_lost(m);
	if (test_bit(NM_TODO_TIMEOUT, &todo) &&
	    m->state.link == NM_LINK_HANDSHAKE)
		nm_session_down(m, "the handshake took too long");
	if (test_bit(NM_TODO_LINK_DOWN, &todo))
		nm_session_down(m, READ_ONCE(m->down_why));
	if (test_bit(NM_TODO_REFUSED, &todo))
		nm_session_refuse(m, READ_ONCE(m->link_refusal), NULL);
	if (test_bit(NM_TODO_HOLD_OVER, &todo)) {
		m->hold_over = true;
		nm_io_thaw(m);
	}
	if (test_bit(NM_TODO_PARKED, &todo))
		nm_io_run_parked(m);
	if (test_bit(NM_TODO_SYNC, &todo))
		nm_session_sync_drained(m);
	if (test_bit(NM_TODO_VERIFIED, &todo))
		nm_verify_over(m);
	if (test_bit(NM_TODO_RETRY, &todo))
		nm_resync_kick(m);
	if (test_bit(NM_TODO_REPAIR, &todo))
		nm_resync_kick_repair(m);
	if (test_bit(NM_TODO_MEETING, &todo))
		nm_session_meet(m);
	if (test_bit(NM_TODO_SYNCED, &todo))
		nm_session_synced(m);
	if (test_bit(NM_TODO_COMMAND, &todo))
		run_commands(m);
}

/* I/O waits for the worker: no memory that it asks for is to wait for that I/O. */
void nm_worker_fn(struct work_struct *work)
{
	unsigned int noio = memalloc_noio_save();

	run(container_of(work, struct nm_mirror, work));
	memalloc_noio_restore(noio);
}

void nm_worker_timeout(struct work_struct *work)
{
	nm_todo(container_of(to_delayed_work(work), struct nm_mirror,
			     timeout_work), NM_TODO_TIMEOUT);
}

int nm_command(struct nm_mirror *m, struct nm_cmd *cmd)
{
	init_completion(&cmd->done);
	spin_lock_irq(&m->list_lock);
	list_add_tail(&cmd->list, &m->cmd_list);
	spin_unlock_irq(&m->list_lock);
	nm_todo(m, NM_TODO_COMMAND);
	wait_for_completion(&cmd->done);
	return cmd->err;
}

/* --- upcalls of the transport ------------------------------------------- */

void nm_link_up(struct nm_link *link, u64 session)
{
	struct nm_mirror *m = link->mirror;

	WRITE_ONCE(m->new_session, session);
	nm_todo(m, NM_TODO_LINK_UP);
}

void nm_link_down(struct nm_link *link, const char *why)
{
	WRITE_ONCE(link->mirror->down_why, why);
	nm_todo(link->mirror, NM_TODO_LINK_DOWN);
}

void nm_link_refused(struct nm_link *link, enum nm_refusal refusal)
{
	WRITE_ONCE(link->mirror->link_refusal, refusal);
	nm_todo(link->mirror, NM_TODO_REFUSED);
}

void nm_link_ctl(struct nm_link *link, const struct nm_msg *msg,
		 const void *payload)
{
	struct nm_mirror *m = link->mirror;
	struct nm_ctl *ctl;

	ctl = kmalloc(struct_size(ctl, payload, msg->len),
		      GFP_NOIO | __GFP_NOFAIL);
	ctl->msg = *msg;
	memcpy(ctl->payload, payload, msg->len);
	spin_lock_irq(&m->list_lock);
	list_add_tail(&ctl->list, &m->ctl_list);
	spin_unlock_irq(&m->list_lock);
	nm_todo(m, NM_TODO_CTL);
}
