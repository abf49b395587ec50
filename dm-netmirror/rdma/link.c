// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RDMA link of a mirror and its session: from start() to the last channel
 * that joins, and from the first sign of trouble to the end of reset().
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "rdma.h"

/* A session that ends sooner was not worth the resync after it. */
#define SHORT_SESSION	(5 * HZ)
/* Sessions of a link that are over and not yet freed. */
#define MAX_LEAVING	4

struct workqueue_struct *nm_rdma_wq;

/* --- session ------------------------------------------------------------ */

/*
 * Nothing is posted once a channel is closed, so the drain ends; with all of
 * them drained no adapter knows our memory any more, and the requests can end.
 */
static void quiesce(struct nm_rdma_session *s)
{
	unsigned int i;

	if (s->quiet)
		return;
	s->quiet = true;
	/* That of a guest is not. */
	if (rcu_access_pointer(s->rl->active) == s)
		RCU_INIT_POINTER(s->rl->active, NULL);
	synchronize_rcu();
	for (i = 0; i < s->nr_channels; i++)
		nm_rdma_channel_close(&s->ch[i]);
	wake_up_all(&s->ctl.wait);
	for (i = 0; i < s->nr_channels; i++)
		if (s->ch[i].qp)
			rdma_disconnect(s->ch[i].id);
	for (i = 0; i < s->nr_channels; i++)
		if (s->ch[i].qp)
			ib_drain_qp(s->ch[i].qp);
	for (i = NM_CH_RESYNC; i < s->nr_channels; i++)
		nm_rdma_client_abort(&s->ch[i]);
}

/* The peer's last message may say why: the mirror gets it first. */
static void abort_work(struct work_struct *work)
{
	struct nm_rdma_session *s = container_of(work, struct nm_rdma_session,
						 abort);
	unsigned int noio = memalloc_noio_save();

	flush_work(&s->ctl.work);
	nm_link_down(s->rl->link, s->why);
	quiesce(s);
	memalloc_noio_restore(noio);
}

/*
 * The connection manager allocates memory in threads that this waits for, and
 * memory may wait for I/O of the mirror: nobody who lets I/O go on waits for this.
 */
static void free_work(struct work_struct *work)
{
	struct nm_rdma_session *s = container_of(work, struct nm_rdma_session,
						 free);
	struct nm_rdma *rl = s->rl;
	unsigned int i;

	for (i = 0; i < s->nr_channels; i++)
		nm_rdma_channel_destroy(&s->ch[i]);
	if (s->pd)
		ib_dealloc_pd(s->pd);
	for (i = 0; i < s->nr_channels; i++)
		if (s->ch[i].id)
			rdma_destroy_id(s->ch[i].id);
	kfree(s);
	if (atomic_dec_and_test(&rl->nr_leaving))
		wake_up_var(&rl->nr_leaving);
}

bool nm_rdma_session_may_begin(struct nm_rdma *rl)
{
	return atomic_read(&rl->nr_leaving) < MAX_LEAVING;
}

struct nm_rdma_session *nm_rdma_session_alloc(struct nm_rdma *rl, u64 id,
					      unsigned int nr_channels)
{
	struct nm_rdma_session *s;
	unsigned int i;

	s = kzalloc(struct_size(s, ch, nr_channels), GFP_KERNEL);
	if (!s)
		return NULL;
	s->rl = rl;
	s->id = id;
	s->nr_channels = nr_channels;
	s->last_seen = jiffies;
	INIT_DELAYED_WORK(&s->tick, nm_rdma_ctl_tick);
	INIT_WORK(&s->abort, abort_work);
	INIT_WORK(&s->free, free_work);
	INIT_WORK(&s->auth_work, nm_rdma_auth_work);
	INIT_LIST_HEAD(&s->guest);
	INIT_LIST_HEAD(&s->ctl.free);
	INIT_LIST_HEAD(&s->ctl.received);
	init_waitqueue_head(&s->ctl.wait);
	init_waitqueue_head(&s->idle);
	for (i = 0; i < nr_channels; i++) {
		struct nm_rdma_channel *ch = &s->ch[i];

		ch->session = s;
		ch->index = i;
		spin_lock_init(&ch->lock);
		INIT_LIST_HEAD(&ch->free_slots);
		INIT_LIST_HEAD(&ch->waiting);
		INIT_LIST_HEAD(&ch->starved);
		INIT_LIST_HEAD(&ch->free_sreqs);
		INIT_LIST_HEAD(&ch->todo);
		INIT_LIST_HEAD(&ch->hungry);
		INIT_LIST_HEAD(&ch->answers);
	}
	return s;
}

int nm_rdma_session_bind(struct nm_rdma_session *s, struct ib_device *dev)
{
	if (s->dev)
		return s->dev == dev ? 0 : -EXDEV;
	s->pd = ib_alloc_pd(dev, 0);
	if (IS_ERR(s->pd)) {
		int err = PTR_ERR(s->pd);

		s->pd = NULL;
		return err;
	}
	s->dev = dev;
	return 0;
}

/*
 * The requests end at once, not only when the mirror resets the link: it may
 * be waiting for one of them.
 */
void nm_rdma_session_fail(struct nm_rdma_session *s, const char *why)
{
	if (xchg(&s->failed, true))
		return;
	wake_up(&s->rl->wait);
	wake_up(&s->ctl.wait);
	s->why = why;
	if (READ_ONCE(s->up))
		queue_work(nm_rdma_wq, &s->abort);
	else if (s->rl->link->node_id && !s->knocks)
		mod_delayed_work(nm_rdma_wq, &s->rl->connect, 0);
}

static void session_up(struct nm_rdma_session *s)
{
	struct nm_rdma *rl = s->rl;
	unsigned int i;

	lockdep_assert_held(&rl->mutex);
	WRITE_ONCE(s->last_seen, jiffies);
	s->last_tick = jiffies;
	for (i = 0; i < s->nr_channels; i++)
		s->ch[i].tick_since = jiffies;
	rcu_assign_pointer(rl->active, s);
	rl->joined_at = jiffies;
	rl->joined = true;
	rl->told = false;
	nm_link_up(rl->link, s->id);
	WRITE_ONCE(s->up, true);
	if (READ_ONCE(s->failed))
		queue_work(nm_rdma_wq, &s->abort);
	queue_work(nm_rdma_wq, &s->ctl.work);
	queue_delayed_work(nm_rdma_wq, &s->tick, 0);
}

/* One that reset() has taken away does not stand any more. */
void nm_rdma_session_joined(struct nm_rdma_channel *ch)
{
	struct nm_rdma_session *s = ch->session;

	if (atomic_inc_return(&s->nr_joined) != s->nr_channels)
		return;
	mutex_lock(&s->rl->mutex);
	if (s->rl->session == s)
		session_up(s);
	mutex_unlock(&s->rl->mutex);
}

void nm_rdma_session_end(struct nm_rdma_session *s)
{
	unsigned int i;

	if (!xchg(&s->failed, true) && s->up)
		nm_rdma_ctl_linger(s);
	wake_up(&s->rl->wait);
	wake_up(&s->ctl.wait);
	cancel_work_sync(&s->auth_work);
	cancel_delayed_work_sync(&s->tick);
	cancel_work_sync(&s->abort);
	quiesce(s);
	if (s->ctl.work.func)
		cancel_work_sync(&s->ctl.work);
	for (i = NM_CH_RESYNC; i < s->nr_channels; i++)
		if (s->ch[i].sreqs)
			nm_rdma_server_wait(&s->ch[i]);
	atomic_inc(&s->rl->nr_leaving);
	queue_work(nm_rdma_wq, &s->free);
}

void nm_rdma_sessions_end(struct list_head *list)
{
	struct nm_rdma_session *s, *next;

	list_for_each_entry_safe(s, next, list, guest)
		nm_rdma_session_end(s);
}

/* --- link --------------------------------------------------------------- */

static int rdma_link_create(struct nm_link *link, const char *addr,
			    char **error)
{
	struct nm_rdma *rl = kzalloc(sizeof(*rl), GFP_KERNEL);
	int err;

	if (!rl)
		return -ENOMEM;
	if (nm_rdma_parse_addr(addr, true, &rl->peer)) {
		*error = "The remote token must be rdma:ADDRESS:PORT/NAME, IPv6 addresses in brackets";
		kfree(rl);
		return -EINVAL;
	}
	rl->link = link;
	err = nm_rdma_auth_create(rl, error);
	if (err) {
		kfree(rl);
		return err;
	}
	mutex_init(&rl->mutex);
	INIT_LIST_HEAD(&rl->listed);
	INIT_LIST_HEAD(&rl->guests);
	init_waitqueue_head(&rl->wait);
	INIT_DELAYED_WORK(&rl->connect, nm_rdma_connect_work);
	link->priv = rl;
	return 0;
}

static void rdma_link_destroy(struct nm_link *link)
{
	struct nm_rdma *rl = link->priv;

	wait_var_event(&rl->nr_leaving, !atomic_read(&rl->nr_leaving));
	nm_rdma_auth_destroy(rl);
	kfree(rl);
}

/* After a session that did not last the next one should not come at once. */
static void choose_backoff(struct nm_rdma *rl, bool again)
{
	bool joined = rl->joined;

	rl->joined = false;
	if (!again || (joined && time_after(jiffies, rl->joined_at +
						     SHORT_SESSION)))
		rl->backoff_ms = 0;
	else if (joined)
		nm_rdma_back_off(rl);
}

static int rdma_link_start(struct nm_link *link, bool again)
{
	struct nm_rdma *rl = link->priv;
	int err;

	choose_backoff(rl, again);
	mutex_lock(&rl->mutex);
	rl->started = true;
	WRITE_ONCE(rl->stop, false);
	mutex_unlock(&rl->mutex);
	rl->heard = false;
	err = nm_rdma_listen(rl);
	if (!err)
		mod_delayed_work(nm_rdma_wq, &rl->connect,
				 msecs_to_jiffies(rl->backoff_ms));
	return err;
}

static void rdma_link_reset(struct nm_link *link)
{
	struct nm_rdma *rl = link->priv;
	LIST_HEAD(sessions);

	WRITE_ONCE(rl->stop, true);
	wake_up(&rl->wait);
	cancel_delayed_work_sync(&rl->connect);
	mutex_lock(&rl->mutex);
	rl->started = false;
	list_splice_init(&rl->guests, &sessions);
	if (rl->session)
		list_add(&rl->session->guest, &sessions);
	rl->session = NULL;
	mutex_unlock(&rl->mutex);
	nm_rdma_unlisten(rl);
	nm_rdma_sessions_end(&sessions);
	cancel_delayed_work_sync(&rl->connect);
}

const struct nm_link_ops nm_rdma_ops = {
	.name		= "rdma",
	.create		= rdma_link_create,
	.destroy	= rdma_link_destroy,
	.start		= rdma_link_start,
	.reset		= rdma_link_reset,
	.send_ctl	= nm_rdma_send_ctl,
	.submit		= nm_rdma_submit,
	.respond	= nm_rdma_respond,
};

int nm_rdma_init(void)
{
	nm_rdma_wq = alloc_workqueue("nm_rdma", WQ_MEM_RECLAIM | WQ_HIGHPRI |
				     WQ_UNBOUND, 0);
	return nm_rdma_wq ? 0 : -ENOMEM;
}

void nm_rdma_exit(void)
{
	nm_rdma_listen_exit();
	destroy_workqueue(nm_rdma_wq);
}
