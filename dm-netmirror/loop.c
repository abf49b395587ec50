// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop link: both nodes of a mirror in one kernel, without RDMA.  For
 * tests, and to read how a transport meets the contract of link.h.
 *
 * The remote token is "loop:DEVICE", the name of the peer's mirror device.
 * Two links that name each other have a session as soon as both are started.
 */
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "mirror.h"

struct nm_loop {
	struct nm_link *link;
	char *peer_name;
	/* The rest is protected by loop_lock. */
	struct list_head list;		/* on loops */
	bool started;
	u64 session;			/* 0: none */
	struct nm_loop *peer;		/* while session */
	unsigned int nr_requests;	/* as client */
	unsigned int nr_served;		/* as server */
	struct list_head ctl;		/* loop_ctl, from the peer */
	bool closed;			/* by the peer: say so after its messages */
	struct work_struct ctl_work;
};

struct loop_ctl {
	struct list_head list;
	size_t len;
	u8 msg[];
};

struct loop_sreq {
	struct nm_sreq sreq;
	struct nm_loop *client;
	struct nm_loop *server;
	struct nm_req *req;
	u64 session;
	struct bio_vec bvec[];
};

static LIST_HEAD(loops);
/* Protects the list and what struct nm_loop says; taken in any context. */
static DEFINE_SPINLOCK(loop_lock);
static DECLARE_WAIT_QUEUE_HEAD(loop_idle);
static struct workqueue_struct *loop_wq;

/* --- control messages --------------------------------------------------- */

static void loop_ctl_work(struct work_struct *work)
{
	struct nm_loop *l = container_of(work, struct nm_loop, ctl_work);
	struct loop_ctl *ctl, *next;
	LIST_HEAD(list);
	bool closed;

	spin_lock_irq(&loop_lock);
	list_splice_init(&l->ctl, &list);
	closed = l->closed;
	l->closed = false;
	spin_unlock_irq(&loop_lock);
	list_for_each_entry_safe(ctl, next, &list, list) {
		struct nm_msg msg;
		const char *why;

		list_del(&ctl->list);
		if (nm_ctl_decode(ctl->msg, ctl->len, &msg, &why))
			nm_link_down(l->link, why);
		else
			nm_link_ctl(l->link, &msg, ctl->msg + NM_WIRE_HDR_LEN);
		kfree(ctl);
	}
	if (closed)
		nm_link_down(l->link, "the peer closed the link");
}

static int loop_send_ctl(struct nm_link *link, const void *msg, size_t len)
{
	struct nm_loop *l = link->priv;
	struct loop_ctl *ctl;

	ctl = kmalloc(struct_size(ctl, msg, len), GFP_NOIO | __GFP_NOFAIL);
	ctl->len = len;
	memcpy(ctl->msg, msg, len);
	spin_lock_irq(&loop_lock);
	if (!l->session) {
		spin_unlock_irq(&loop_lock);
		kfree(ctl);
		return -ENOTCONN;
	}
	list_add_tail(&ctl->list, &l->peer->ctl);
	queue_work(loop_wq, &l->peer->ctl_work);
	spin_unlock_irq(&loop_lock);
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static int loop_create(struct nm_link *link, const char *addr, char **error)
{
	struct nm_loop *l;

	if (!*addr) {
		*error = "The remote token loop: needs the name of the peer's device";
		return -EINVAL;
	}
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	l->peer_name = kstrdup(addr, GFP_KERNEL);
	if (!l->peer_name) {
		kfree(l);
		return -ENOMEM;
	}
	l->link = link;
	INIT_LIST_HEAD(&l->list);
	INIT_LIST_HEAD(&l->ctl);
	INIT_WORK(&l->ctl_work, loop_ctl_work);
	link->priv = l;
	return 0;
}

static void loop_destroy(struct nm_link *link)
{
	struct nm_loop *l = link->priv;

	kfree(l->peer_name);
	kfree(l);
}

/* --- session ------------------------------------------------------------ */

static struct nm_loop *find_peer(struct nm_loop *l)
{
	struct nm_loop *p;

	lockdep_assert_held(&loop_lock);
	list_for_each_entry(p, &loops, list)
		if (p != l && p->started && !p->session &&
		    !strcmp(p->link->name, l->peer_name) &&
		    !strcmp(l->link->name, p->peer_name))
			return p;
	return NULL;
}

static void forget(struct nm_loop *l)
{
	lockdep_assert_held(&loop_lock);
	l->started = false;
	list_del_init(&l->list);
}

static int loop_start(struct nm_link *link, bool again)
{
	struct nm_loop *l = link->priv;
	struct nm_loop *peer;
	enum nm_refusal refusal = NM_REFUSE_NOT;
	u64 session = get_random_u64() | 1;

	spin_lock_irq(&loop_lock);
	l->started = true;
	list_move(&l->list, &loops);
	peer = find_peer(l);
	if (peer) {
		if (memcmp(link->uuid, peer->link->uuid, NM_UUID_LEN))
			refusal = NM_REFUSE_UUID;
		else if (link->node_id == peer->link->node_id)
			refusal = NM_REFUSE_NODE_ID;
		else if (!nm_secrets_match(link->secret, peer->link->secret))
			refusal = NM_REFUSE_AUTH;
	}
	if (peer && refusal) {
		forget(l);
		forget(peer);
		nm_link_refused(link, refusal);
		nm_link_refused(peer->link, refusal);
	} else if (peer) {
		l->peer = peer;
		peer->peer = l;
		l->session = session;
		peer->session = session;
		nm_link_up(link, session);
		nm_link_up(peer->link, session);
	}
	spin_unlock_irq(&loop_lock);
	return 0;
}

static bool loop_is_idle(struct nm_loop *l)
{
	bool idle;

	spin_lock_irq(&loop_lock);
	idle = !l->nr_requests && !l->nr_served;
	spin_unlock_irq(&loop_lock);
	return idle;
}

static void loop_reset(struct nm_link *link)
{
	struct nm_loop *l = link->priv;
	struct loop_ctl *ctl, *next;

	spin_lock_irq(&loop_lock);
	forget(l);
	if (l->session) {
		l->peer->session = 0;
		l->peer->closed = true;
		queue_work(loop_wq, &l->peer->ctl_work);
		forget(l->peer);
		l->session = 0;
	}
	spin_unlock_irq(&loop_lock);
	wait_event(loop_idle, loop_is_idle(l));
	cancel_work_sync(&l->ctl_work);
	list_for_each_entry_safe(ctl, next, &l->ctl, list) {
		list_del(&ctl->list);
		kfree(ctl);
	}
	l->closed = false;
}

/* --- requests ----------------------------------------------------------- */

static struct loop_sreq *make_sreq(struct nm_req *req)
{
	struct loop_sreq *ls;
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int nr = 0;

	if (req->bio && (req->op == NM_OP_READ || req->op == NM_OP_WRITE))
		__bio_for_each_bvec(bv, req->bio, iter, req->iter)
			nr++;
	ls = kzalloc(struct_size(ls, bvec, nr), GFP_NOIO | __GFP_NOFAIL);
	ls->req = req;
	ls->sreq.msg.op = req->op;
	ls->sreq.msg.flags = req->flags;
	ls->sreq.msg.sector = req->sector;
	ls->sreq.msg.len = req->len;
	ls->sreq.bvec = ls->bvec;
	if (!nr)
		return ls;
	__bio_for_each_bvec(bv, req->bio, iter, req->iter)
		ls->bvec[ls->sreq.nr_bvecs++] = bv;
	return ls;
}

static void loop_submit(struct nm_link *link, struct nm_req *req)
{
	struct nm_loop *l = link->priv;
	struct loop_sreq *ls = make_sreq(req);
	unsigned long flags;

	spin_lock_irqsave(&loop_lock, flags);
	if (!l->session) {
		spin_unlock_irqrestore(&loop_lock, flags);
		kfree(ls);
		req->done(req, BLK_STS_TRANSPORT);
		return;
	}
	ls->client = l;
	ls->server = l->peer;
	ls->session = l->session;
	ls->sreq.link = l->peer->link;
	l->nr_requests++;
	l->peer->nr_served++;
	spin_unlock_irqrestore(&loop_lock, flags);
	nm_link_request(ls->sreq.link, &ls->sreq);
}

static void loop_respond(struct nm_sreq *sreq, enum nm_status status)
{
	struct loop_sreq *ls = container_of(sreq, struct loop_sreq, sreq);
	blk_status_t result = nm_link_status(status);
	unsigned long flags;

	spin_lock_irqsave(&loop_lock, flags);
	if (ls->client->session != ls->session)
		result = BLK_STS_TRANSPORT;
	spin_unlock_irqrestore(&loop_lock, flags);
	ls->req->done(ls->req, result);

	spin_lock_irqsave(&loop_lock, flags);
	ls->client->nr_requests--;
	ls->server->nr_served--;
	wake_up_all(&loop_idle);
	spin_unlock_irqrestore(&loop_lock, flags);
	kfree(ls);
}

const struct nm_link_ops nm_loop_ops = {
	.name		= "loop",
	.create		= loop_create,
	.destroy	= loop_destroy,
	.start		= loop_start,
	.reset		= loop_reset,
	.send_ctl	= loop_send_ctl,
	.submit		= loop_submit,
	.respond	= loop_respond,
};

int nm_loop_init(void)
{
	loop_wq = alloc_workqueue("nm_loop", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return loop_wq ? 0 : -ENOMEM;
}

void nm_loop_exit(void)
{
	destroy_workqueue(loop_wq);
}
