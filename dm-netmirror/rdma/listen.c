// SPDX-License-Identifier: GPL-2.0-only
/*
 * A listener that all links with the same address share, and the requests that
 * come to it: to connect, for node 1; a knock, for node 0.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "rdma.h"

#define RELISTEN_DELAY	HZ
/* How long a listener outlives its last link, which may come back at once. */
#define SWEEP_DELAY	HZ

struct nm_rdma_listener {
	struct list_head list;
	struct sockaddr_storage addr;
	struct rdma_cm_id *id;
	struct list_head links;		/* nm_rdma.listed */
};

static LIST_HEAD(listeners);
/* Protects the listeners and their links; outermost. */
static DEFINE_MUTEX(listen_mutex);

/* --- requests ----------------------------------------------------------- */

static int reject(struct rdma_cm_id *id, enum nm_refusal refusal)
{
	struct nm_cm_rep rep = {
		.version = NM_WIRE_VERSION,
		.refusal = refusal,
	};
	struct nm_wire_cm_rep wire;

	nm_cm_rep_encode(&rep, &wire);
	rdma_reject(id, &wire, sizeof(wire), IB_CM_REJ_CONSUMER_DEFINED);
	/* The connection manager destroys the id. */
	return -ECONNREFUSED;
}

static struct nm_rdma *find_link(struct nm_rdma_listener *l,
				 const struct nm_cm_req *req, u8 node)
{
	struct nm_rdma *rl;

	lockdep_assert_held(&listen_mutex);
	list_for_each_entry(rl, &l->links, listed)
		if (!memcmp(rl->link->uuid, req->uuid, NM_UUID_LEN) &&
		    rl->link->node_id == node)
			return rl;
	return NULL;
}

static int accept(struct nm_rdma_channel *ch, struct rdma_cm_id *id,
		  const struct nm_cm_req *req)
{
	struct nm_rdma_session *s = ch->session;
	struct nm_cm_rep rep = { .version = NM_WIRE_VERSION };
	struct nm_wire_cm_rep wire;
	struct rdma_conn_param param = {
		.private_data = &wire,
		.private_data_len = sizeof(wire),
		.rnr_retry_count = 7,
	};
	int err;

	err = nm_rdma_session_bind(s, id->device) ?:
	      nm_rdma_set_ack_timeout(ch, id);
	if (err)
		goto fail;
	ch->id = id;
	id->context = ch;
	id->event_handler = nm_rdma_conn_handler;
	err = nm_rdma_channel_create(ch, id);
	if (!err && !nm_rdma_is_control(ch) && req->depth > ch->depth)
		err = -EPROTO;
	if (!err) {
		nm_rdma_take_peer(ch, req->max_inline);
		/* Fewer requests than we could take: use as many. */
		rep.depth = ch->depth;
		rep.max_inline = NM_MAX_INLINE;
		nm_cm_rep_encode(&rep, &wire);
		param.responder_resources = min(16, s->dev->attrs.max_qp_rd_atom);
		param.initiator_depth = min(16, s->dev->attrs.max_qp_init_rd_atom);
		err = rdma_accept(id, &param);
	}
	if (!err)
		return 0;
fail:
	/* The connection manager destroys the id, the session the rest. */
	if (ch->qp)
		rdma_destroy_qp(id);
	ch->qp = NULL;
	ch->id = NULL;
	nm_rdma_session_fail(s, "a channel cannot be accepted");
	return err;
}

static int turn_away(struct nm_rdma *rl, struct rdma_cm_id *id,
		     const char *why)
{
	nm_rdma_note(rl, "refused the node at %pISpc: %s\n",
		     &id->route.addr.dst_addr, why);
	return reject(id, NM_REFUSE_AUTH);
}

/* Nobody of whom nothing is known touches the session; see auth.c. */
static int take_guest(struct nm_rdma *rl, struct rdma_cm_id *id,
		      const struct nm_cm_req *req)
{
	struct nm_rdma_session *s = NULL;

	if (nm_rdma_auth_has_room(rl))
		s = nm_rdma_session_alloc(rl, req->session,
					  NM_CH_DATA + req->nr_channels);
	if (!s)
		return reject(id, NM_REFUSE_BUSY);
	list_add_tail(&s->guest, &rl->guests);
	if (accept(&s->ch[NM_CH_CONTROL], id, req))
		return -EIO;
	queue_work(nm_rdma_wq, &s->auth_work);
	return 0;
}

/*
 * Nobody is here whom the caller wants to talk to.  A link that looks for its
 * peer has found it in one that calls itself the same; with a secret, that is
 * only somebody's word.
 */
static int nobody(struct nm_rdma_listener *l, struct rdma_cm_id *id,
		  const struct nm_cm_req *req)
{
	struct nm_rdma *same = find_link(l, req, req->src_node);

	if (same) {
		nm_rdma_note(same, "the node at %pISpc has our UUID and our node id, %u\n",
			     &id->route.addr.dst_addr, req->src_node);
		mutex_lock(&same->mutex);
		if (same->started && !same->session && !same->hmac)
			nm_link_refused(same->link, NM_REFUSE_NODE_ID);
		mutex_unlock(&same->mutex);
		return reject(id, NM_REFUSE_NODE_ID);
	}
	return reject(id, list_empty(&l->links) ? NM_REFUSE_BUSY :
						  NM_REFUSE_UUID);
}

/* The link's mutex is held. */
static int take_request(struct nm_rdma *rl, struct rdma_cm_id *id,
			const struct nm_cm_req *req)
{
	struct nm_rdma_session *s = rl->session;

	if (!rl->started)
		return reject(id, NM_REFUSE_BUSY);
	if (!rl->link->node_id) {
		if (delayed_work_pending(&rl->connect))
			mod_delayed_work(nm_rdma_wq, &rl->connect, 0);
		return reject(id, NM_REFUSE_BUSY);
	}
	if (NM_CH_DATA + req->nr_channels > NM_RDMA_MAX_CHANNELS)
		return reject(id, NM_REFUSE_PROTOCOL);
	if (rl->hmac && !(req->flags & NM_CMF_AUTH))
		return turn_away(rl, id, "it has no secret, this node has one");
	if (!rl->hmac && req->flags & NM_CMF_AUTH)
		return turn_away(rl, id, "it has a secret, this node has none");
	if (req->channel == NM_CH_CONTROL && !nm_rdma_session_may_begin(rl))
		return reject(id, NM_REFUSE_BUSY);
	if (req->channel == NM_CH_CONTROL && rl->hmac)
		return take_guest(rl, id, req);
	if (req->channel == NM_CH_CONTROL && s) {
		nm_rdma_session_fail(s, "the peer opened a new session");
		return reject(id, NM_REFUSE_BUSY);
	}
	if (req->channel == NM_CH_CONTROL) {
		s = nm_rdma_session_alloc(rl, req->session,
					  NM_CH_DATA + req->nr_channels);
		if (!s)
			return reject(id, NM_REFUSE_BUSY);
		rl->session = s;
	}
	if (!s || s->id != req->session || s->failed ||
	    req->channel >= s->nr_channels || s->ch[req->channel].id)
		return reject(id, NM_REFUSE_BUSY);
	if (rl->hmac && !nm_rdma_auth_token_fits(s, req->channel, req->token))
		return turn_away(rl, id, nm_refusal_text(NM_REFUSE_AUTH));
	if (accept(&s->ch[req->channel], id, req))
		return -EIO;
	return 0;
}

static int got_request(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct nm_rdma_listener *l = id->context;
	struct nm_cm_req req;
	struct nm_rdma *rl;
	const char *why;
	int err;

	if (nm_cm_req_decode(event->param.conn.private_data,
			     event->param.conn.private_data_len, &req, &why))
		return reject(id, NM_REFUSE_PROTOCOL);
	if (req.version != NM_WIRE_VERSION)
		return reject(id, NM_REFUSE_VERSION);
	mutex_lock(&listen_mutex);
	rl = find_link(l, &req, req.dst_node);
	if (rl) {
		mutex_lock(&rl->mutex);
		err = take_request(rl, id, &req);
		mutex_unlock(&rl->mutex);
	} else {
		err = nobody(l, id, &req);
	}
	mutex_unlock(&listen_mutex);
	return err;
}

/* --- the listener ------------------------------------------------------- */

/*
 * The device of a listener's address goes away: wait for it to come back.  An
 * @id that is not the listener's is being destroyed by who took it away.
 */
static int lost_device(struct nm_rdma_listener *l, struct rdma_cm_id *id)
{
	struct nm_rdma *rl;
	bool ours;

	mutex_lock(&listen_mutex);
	ours = l->id == id;
	if (ours) {
		l->id = NULL;
		list_for_each_entry(rl, &l->links, listed)
			mod_delayed_work(nm_rdma_wq, &rl->connect,
					 RELISTEN_DELAY);
	}
	mutex_unlock(&listen_mutex);
	/* With an error the connection manager destroys the id. */
	return ours ? -ENODEV : 0;
}

static int listen_handler(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	unsigned int noio;
	int err;

	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST) {
		/* See nm_rdma_connect_work(). */
		noio = memalloc_noio_save();
		err = got_request(id, event);
		memalloc_noio_restore(noio);
		return err;
	}
	if (event->event == RDMA_CM_EVENT_DEVICE_REMOVAL)
		return lost_device(id->context, id);
	return 0;
}

/* An id that came to nothing is the caller's to destroy, without the mutex. */
static int try_listen(struct nm_rdma_listener *l, struct rdma_cm_id **failed)
{
	struct rdma_cm_id *id;
	int err;

	lockdep_assert_held(&listen_mutex);
	id = rdma_create_id(&init_net, listen_handler, l, RDMA_PS_TCP,
			    IB_QPT_RC);
	if (IS_ERR(id))
		return PTR_ERR(id);
	err = rdma_bind_addr(id, (struct sockaddr *)&l->addr) ?:
	      rdma_listen(id, 128);
	if (err)
		*failed = id;
	else
		l->id = id;
	return err;
}

/* Until there is an RDMA device with the address, try once a second. */
static void open_listener(struct nm_rdma *rl)
{
	struct nm_rdma_listener *l;
	struct rdma_cm_id *failed = NULL;
	int err = 0;

	mutex_lock(&listen_mutex);
	l = rl->listener;
	if (l && !l->id)
		err = try_listen(l, &failed);
	mutex_unlock(&listen_mutex);
	/* Waits for handlers, which take the mutex. */
	if (failed)
		rdma_destroy_id(failed);
	if (!err)
		return;
	if (!rl->told)
		pr_notice("%s: cannot listen at %pISpc yet: error %d\n",
			  rl->link->name, &rl->local, err);
	rl->told = true;
	queue_delayed_work(nm_rdma_wq, &rl->connect, RELISTEN_DELAY);
}

/* The session, if it failed before it stood, and failed guests. */
static void drop_half(struct nm_rdma *rl)
{
	struct nm_rdma_session *s, *next;
	LIST_HEAD(dropped);

	mutex_lock(&rl->mutex);
	s = rl->session;
	if (s && s->failed && !s->up) {
		rl->session = NULL;
		list_add(&s->guest, &dropped);
	}
	list_for_each_entry_safe(s, next, &rl->guests, guest)
		if (READ_ONCE(s->failed))
			list_move(&s->guest, &dropped);
	mutex_unlock(&rl->mutex);
	nm_rdma_sessions_end(&dropped);
}

void nm_rdma_tend_listener(struct nm_rdma *rl)
{
	drop_half(rl);
	open_listener(rl);
}

/* --- link --------------------------------------------------------------- */

static int listen_addr(struct nm_rdma *rl)
{
	const char *listen = rl->link->settings.listen;
	struct sockaddr_in *in = (struct sockaddr_in *)&rl->local;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&rl->local;

	if (listen)
		return nm_rdma_parse_addr(listen, false, &rl->local);
	rl->local = rl->peer;
	if (rl->local.ss_family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_ANY);
	else
		in6->sin6_addr = in6addr_any;
	return 0;
}

int nm_rdma_listen(struct nm_rdma *rl)
{
	struct nm_rdma_listener *l;
	int err = listen_addr(rl);

	if (err)
		return err;
	mutex_lock(&listen_mutex);
	list_for_each_entry(l, &listeners, list)
		if (!memcmp(&l->addr, &rl->local, sizeof(l->addr)))
			goto found;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l) {
		mutex_unlock(&listen_mutex);
		return -ENOMEM;
	}
	l->addr = rl->local;
	INIT_LIST_HEAD(&l->links);
	list_add(&l->list, &listeners);
found:
	rl->listener = l;
	list_add(&rl->listed, &l->links);
	mutex_unlock(&listen_mutex);
	return 0;
}

static struct nm_rdma_listener *take_unused(struct rdma_cm_id **id)
{
	struct nm_rdma_listener *l, *unused = NULL;

	mutex_lock(&listen_mutex);
	list_for_each_entry(l, &listeners, list)
		if (list_empty(&l->links))
			unused = l;
	if (unused) {
		list_del(&unused->list);
		*id = unused->id;
		unused->id = NULL;
	}
	mutex_unlock(&listen_mutex);
	return unused;
}

static void sweep(struct work_struct *work)
{
	struct nm_rdma_listener *l;
	struct rdma_cm_id *id;

	while ((l = take_unused(&id))) {
		/* Waits for handlers, which take the mutex. */
		if (id)
			rdma_destroy_id(id);
		kfree(l);
	}
}

static DECLARE_DELAYED_WORK(sweep_work, sweep);

void nm_rdma_unlisten(struct nm_rdma *rl)
{
	mutex_lock(&listen_mutex);
	if (rl->listener) {
		list_del_init(&rl->listed);
		if (list_empty(&rl->listener->links))
			mod_delayed_work(nm_rdma_wq, &sweep_work, SWEEP_DELAY);
	}
	rl->listener = NULL;
	mutex_unlock(&listen_mutex);
}

void nm_rdma_listen_exit(void)
{
	mod_delayed_work(nm_rdma_wq, &sweep_work, 0);
	flush_delayed_work(&sweep_work);
}
