// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O that waits: while a handshake goes on (frozen), while there is no leg to
 * serve the application from but a peer that may come back (held), and where
 * the legs' answers ask for a decision (parked).  All of it belongs to the
 * worker.
 */
#include "io.h"

/*
 * So long the application waits for a peer that has the only good leg.  For a
 * peer that has to be fenced it waits without limit.
 */
#define HOLD_TIMEOUT	(30 * HZ)

/* --- freeze and hold ---------------------------------------------------- */

void nm_io_drained(struct percpu_ref *ref)
{
	struct nm_mirror *m = container_of(ref, struct nm_mirror, io_ref);

	WRITE_ONCE(m->io_idle, true);
	wake_up(&m->drained);
}

static bool has_parked(struct nm_mirror *m)
{
	return !list_empty_careful(&m->parked);
}

void nm_io_wait(struct nm_mirror *m, bool (*done)(struct nm_mirror *m))
{
	while (!done(m)) {
		wait_event(m->drained, done(m) || has_parked(m));
		nm_io_run_parked(m);
	}
}

static bool is_idle(struct nm_mirror *m)
{
	return READ_ONCE(m->io_idle);
}

static void kill_ref(struct nm_mirror *m)
{
	if (m->io_killed)
		return;
	m->io_killed = true;
	m->io_idle = false;
	percpu_ref_kill(&m->io_ref);
}

/*
 * A session may end while this waits, and wants to freeze or to thaw as well:
 * that is left to who was first.
 */
void nm_io_freeze(struct nm_mirror *m)
{
	if (m->io_frozen || m->io_freezing)
		return;
	m->io_freezing = true;
	kill_ref(m);
	nm_io_wait(m, is_idle);
	m->io_freezing = false;
	m->io_frozen = true;
}

static bool may_hold(struct nm_mirror *m)
{
	return nm_should_hold(&m->state) && !m->suspending && !m->closed &&
	       (!m->hold_over || nm_needs_fencing(&m->state));
}

static void set_held(struct nm_mirror *m, bool held)
{
	if (m->state.held == held)
		return;
	spin_lock_irq(&m->state_lock);
	m->state.held = held;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
}

static void begin_hold(struct nm_mirror *m)
{
	bool fencing = nm_needs_fencing(&m->state);

	kill_ref(m);
	if (!fencing)
		queue_delayed_work(m->state_wq, &m->hold_work, HOLD_TIMEOUT);
	if (m->state.held)
		return;
	set_held(m, true);
	if (fencing)
		nm_warn(m, "the peer may be in use elsewhere: I/O waits until it is back, or is said to be fenced (message peer_fenced)\n");
	else
		nm_warn(m, "no usable leg here: I/O waits up to %u s for the peer\n",
			HOLD_TIMEOUT / HZ);
}

void nm_io_hold_timeout(struct work_struct *work)
{
	nm_todo(container_of(to_delayed_work(work), struct nm_mirror,
			     hold_work), NM_TODO_HOLD_OVER);
}

static void start_again(struct work_struct *work)
{
	nm_io_start(container_of(work, struct nm_io, work));
}

void nm_io_thaw(struct nm_mirror *m)
{
	struct nm_io *io, *next;
	LIST_HEAD(list);

	/* A handshake holds I/O as well, and thaws when it is over. */
	if (m->io_freezing || m->state.link == NM_LINK_HANDSHAKE)
		return;
	if (may_hold(m)) {
		begin_hold(m);
		return;
	}
	cancel_delayed_work(&m->hold_work);
	set_held(m, false);
	if (!m->io_killed)
		return;
	nm_io_freeze(m);
	m->io_frozen = false;
	m->io_killed = false;
	percpu_ref_reinit(&m->io_ref);
	spin_lock_irq(&m->list_lock);
	list_splice_init(&m->held, &list);
	list_for_each_entry(io, &list, list)
		percpu_ref_get(&m->io_ref);
	spin_unlock_irq(&m->list_lock);
	list_for_each_entry_safe(io, next, &list, list) {
		list_del(&io->list);
		/* Those that wait for memory must wait where nobody needs them. */
		INIT_WORK(&io->work, start_again);
		if (m->copy_writes)
			queue_work(m->server_wq, &io->work);
		else
			nm_io_start(io);
	}
}

/* --- what is parked ------------------------------------------------------ */

/*
 * Back to the start, if the peer may come back: the bio waits with those that
 * came while I/O was held.
 */
static void hold_or_fail(struct nm_io *io, blk_status_t status)
{
	struct nm_mirror *m = io->mirror;

	if (!may_hold(m)) {
		if (m->suspending && dm_noflush_suspending(m->ti))
			status = BLK_STS_DM_REQUEUE;
		nm_io_finish(io, false, status);
		return;
	}
	if (nm_io_is_write(io))
		nm_io_leave(io, false);
	nm_copy_drop(io);
	begin_hold(m);
	spin_lock_irq(&m->list_lock);
	list_add_tail(&io->list, &m->held);
	spin_unlock_irq(&m->list_lock);
	percpu_ref_put(&m->io_ref);
}

/*
 * A leg did not take the write or flush.  Without the peer it ends well when
 * the local leg has it and a generation is durable that the peer does not have
 * (I4): a flush, too, since what it covers may be lost from the peer's cache.
 * The zone's mark, durable since before, covers the difference.
 * Without the local leg it starts over, once the peer has marked what that leg
 * misses.
 */
static void parked_answered(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	bool leg_given_up = m->sb.flags & NM_SBF_LEG_FAILED;
	int err;

	if (nm_is_leg_error(io->local_status)) {
		if (leg_given_up && (!io->remote_status ||
				     io->remote_status == BLK_STS_TRANSPORT))
			hold_or_fail(io, io->local_status);
		else
			nm_io_finish(io, false, io->local_status);
		return;
	}
	if (!io->local) {
		hold_or_fail(io, BLK_STS_IOERR);
		return;
	}
	err = nm_go_alone(m);
	if (err)
		hold_or_fail(io, errno_to_blk_status(err));
	else
		nm_io_finish(io, false, io->local_status);
}

static void parked_read(struct nm_io *io)
{
	enum nm_read_from from = nm_io_read_place(io);

	io->bio->bi_iter = io->iter;
	io->bio->bi_status = BLK_STS_OK;
	io->remote_status = BLK_STS_OK;
	if (from == NM_READ_NOWHERE ||
	    (from == NM_READ_LOCAL && io->local_failed))
		hold_or_fail(io, io->local_status ?: BLK_STS_IOERR);
	else
		nm_io_read_start(io);
}

/*
 * A write or flush that found no leg, or one that would have been alone on it,
 * or whose zone could not be marked.
 */
static void parked_new(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	bool local = READ_ONCE(m->mode) & NM_MODE_LOCAL;
	int err = 0;

	if (nm_io_is_write(io) && local && READ_ONCE(m->meta_failed))
		err = -EIO;
	else
		err = nm_go_alone(m);
	if (err)
		hold_or_fail(io, errno_to_blk_status(err));
	else if (nm_io_is_write(io) && !io->zoned)
		nm_io_enter_zone(io);
	else
		nm_io_issue(io);
}

/*
 * Do these say that the session, or the local leg, is over?  Then that comes
 * first, with all of them on the list: who ends a session waits for copies,
 * which may wait for one of them.
 */
static bool ends_something(struct nm_mirror *m, struct list_head *list)
{
	bool lost = false, peer_failed = false;
	bool failed = READ_ONCE(m->meta_failed);
	struct nm_io *io;

	list_for_each_entry(io, list, list) {
		if (io->remote_status && io->remote_status != BLK_STS_TRANSPORT)
			peer_failed = true;
		if (io->remote_status)
			lost = true;
		else if (io->op != NM_OP_READ && io->stage == NM_IO_ANSWERED)
			failed = true;
	}
	lost = lost && m->state.link == NM_LINK_CONNECTED;
	failed = failed && nm_may_detach(&m->state);
	if (!lost && !failed)
		return false;
	spin_lock_irq(&m->list_lock);
	list_splice_init(list, &m->parked);
	spin_unlock_irq(&m->list_lock);
	if (lost)
		nm_session_request_failed(m, peer_failed);
	else
		nm_session_leg_failed(m);
	return true;
}

void nm_io_run_parked(struct nm_mirror *m)
{
	struct nm_io *io, *next;
	LIST_HEAD(list);

	do {
		spin_lock_irq(&m->list_lock);
		list_splice_init(&m->parked, &list);
		spin_unlock_irq(&m->list_lock);
	} while (!list_empty(&list) && ends_something(m, &list));

	list_for_each_entry_safe(io, next, &list, list) {
		list_del(&io->list);
		if (io->op == NM_OP_READ)
			parked_read(io);
		else if (io->stage == NM_IO_NEW)
			parked_new(io);
		else
			parked_answered(io);
	}
}
