// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: node 0 connects the channels one after the other, node 1
 * accepts them on a listener that all links with the same address share.
 */
#include <linux/inet.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "rdma.h"

#define STEP_MS		1000
#define RELISTEN_DELAY	HZ

struct nm_rdma_listener {
	struct list_head list;
	struct sockaddr_storage addr;
	struct rdma_cm_id *id;
	struct list_head links;		/* nm_rdma.listed */
};

static LIST_HEAD(listeners);
/* Protects the listeners and their links; outermost. */
static DEFINE_MUTEX(listen_mutex);

/* --- addresses ---------------------------------------------------------- */

/* "ADDRESS:PORT", with @named "ADDRESS:PORT/NAME"; IPv6 in brackets. */
int nm_rdma_parse_addr(const char *text, bool named,
		       struct sockaddr_storage *addr)
{
	char host[INET6_ADDRSTRLEN + 1], port[8];
	const char *end = strchrnul(text, '/');
	const char *host_end, *p;
	u16 nr;

	if (named ? !end[0] || !end[1] : end[0])
		return -EINVAL;

	if (*text == '[') {
		text++;
		host_end = strchr(text, ']');
		if (!host_end || host_end > end)
			return -EINVAL;
		p = host_end + 1;
	} else {
		host_end = strchrnul(text, ':');
		if (host_end > end)
			host_end = end;
		p = host_end;
	}
	if (host_end == text || host_end - text >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, host_end - text);
	host[host_end - text] = '\0';
	if (*p++ != ':' || p >= end || end - p >= sizeof(port))
		return -EINVAL;
	memcpy(port, p, end - p);
	port[end - p] = '\0';
	if (kstrtou16(port, 10, &nr) || !nr)
		return -EINVAL;
	return inet_pton_with_scope(&init_net, AF_UNSPEC, host, port, addr);
}

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

/* --- events of a connection ---------------------------------------------- */

static void step_done(struct nm_rdma_channel *ch, int err)
{
	ch->cm_error = err;
	smp_store_release(&ch->cm_done, true);
	wake_up(&ch->session->rl->wait);
}

static void take_peer(struct nm_rdma_channel *ch, u32 max_inline)
{
	ch->max_inline = min(max_inline, ch->session->rl->link->settings.max_inline);
}

static int established(struct nm_rdma_channel *ch, struct rdma_cm_event *event)
{
	struct nm_cm_rep rep;
	const char *why;

	if (ch->session->rl->link->node_id) {
		ch->joined = true;
		nm_rdma_session_joined(ch);
		return 0;
	}
	if (nm_cm_rep_decode(event->param.conn.private_data,
			     event->param.conn.private_data_len, &rep, &why) ||
	    rep.refusal || rep.depth < ch->depth)
		return -EPROTO;
	take_peer(ch, rep.max_inline);
	return 0;
}

static enum nm_refusal rejected(struct rdma_cm_id *id,
				struct rdma_cm_event *event)
{
	struct nm_cm_rep rep;
	const char *why;
	const void *data;
	u8 len;

	data = rdma_consumer_reject_data(id, event, &len);
	if (!data || nm_cm_rep_decode(data, len, &rep, &why))
		return NM_REFUSE_BUSY;
	return rep.refusal;
}

static int conn_handler(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct nm_rdma_channel *ch = id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		step_done(ch, 0);
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		step_done(ch, established(ch, event));
		break;
	case RDMA_CM_EVENT_REJECTED:
		ch->session->rl->refusal = rejected(id, event);
		step_done(ch, -ECONNREFUSED);
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		step_done(ch, -ECONNRESET);
		nm_rdma_session_fail(ch->session, "the connection was closed");
		break;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		step_done(ch, -ENODEV);
		nm_rdma_session_fail(ch->session, "the RDMA device is removed");
		break;
	default:
		step_done(ch, event->status ?: -EIO);
		nm_rdma_session_fail(ch->session, rdma_event_msg(event->event));
	}
	return 0;
}

static void open_listener(struct nm_rdma *rl);

/* --- node 0 ------------------------------------------------------------- */

static int wait_step(struct nm_rdma_channel *ch)
{
	struct nm_rdma *rl = ch->session->rl;

	if (!wait_event_timeout(rl->wait, smp_load_acquire(&ch->cm_done) ||
				READ_ONCE(rl->stop),
				msecs_to_jiffies(STEP_MS)))
		return -ETIMEDOUT;
	if (!ch->cm_done)
		return -EINTR;
	ch->cm_done = false;
	return ch->cm_error;
}

static int connect_channel(struct nm_rdma_channel *ch)
{
	struct nm_rdma_session *s = ch->session;
	struct nm_link *link = s->rl->link;
	struct nm_wire_cm_req wire;
	struct nm_cm_req req = {
		.version = NM_WIRE_VERSION,
		.channel = ch->index,
		.nr_channels = s->nr_channels - NM_CH_DATA,
		.src_node = link->node_id,
		.dst_node = 1 - link->node_id,
		.session = s->id,
		.max_inline = NM_MAX_INLINE,
	};
	struct rdma_conn_param param = {
		.private_data = &wire,
		.private_data_len = sizeof(wire),
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
	struct rdma_cm_id *id;
	int err;

	id = rdma_create_id(&init_net, conn_handler, ch, RDMA_PS_TCP,
			    IB_QPT_RC);
	if (IS_ERR(id))
		return PTR_ERR(id);
	ch->id = id;
	err = rdma_resolve_addr(id, NULL, (struct sockaddr *)&s->rl->peer,
				STEP_MS) ?: wait_step(ch);
	if (!err)
		err = rdma_resolve_route(id, STEP_MS) ?: wait_step(ch);
	if (!err)
		err = nm_rdma_session_bind(s, id->device) ?:
		      nm_rdma_channel_create(ch, id);
	if (err)
		return err;
	memcpy(req.uuid, link->uuid, NM_UUID_LEN);
	req.depth = nm_rdma_is_control(ch) ? NM_RDMA_CTL_WINDOW : ch->depth;
	nm_cm_req_encode(&req, &wire);
	param.responder_resources = min(16, s->dev->attrs.max_qp_rd_atom);
	param.initiator_depth = min(16, s->dev->attrs.max_qp_init_rd_atom);
	return rdma_connect(id, &param) ?: wait_step(ch);
}

static void try_again(struct nm_rdma *rl)
{
	rl->backoff_ms = clamp(2 * rl->backoff_ms, 100U,
			       rl->link->settings.max_backoff_ms);
	if (!READ_ONCE(rl->stop))
		queue_delayed_work(nm_rdma_wq, &rl->connect,
				   msecs_to_jiffies(rl->backoff_ms));
}

/* A session of node 1 that never stood. */
static void drop_half(struct nm_rdma *rl)
{
	struct nm_rdma_session *s = NULL;

	mutex_lock(&rl->mutex);
	if (rl->session && rl->session->failed && !rl->session->up) {
		s = rl->session;
		rl->session = NULL;
	}
	mutex_unlock(&rl->mutex);
	if (s)
		nm_rdma_session_destroy(s);
}

/*
 * Does the peer's answer end the search?  That it does not know the mirror may
 * only mean that it is not started there.
 */
static bool is_final(struct nm_rdma *rl)
{
	if (rl->refusal == NM_REFUSE_UUID && !rl->told) {
		pr_notice("%s: the peer at %pISpc has no mirror with our UUID, or it is not started there\n",
			  rl->link->name, &rl->peer);
		rl->told = true;
	}
	return rl->refusal && rl->refusal != NM_REFUSE_UUID &&
	       !nm_refusal_is_transient(rl->refusal);
}

void nm_rdma_connect_work(struct work_struct *work)
{
	struct nm_rdma *rl = container_of(to_delayed_work(work),
					  struct nm_rdma, connect);
	unsigned int nr = NM_CH_DATA + rl->link->settings.nr_channels;
	struct nm_rdma_session *s;
	unsigned int i;
	int err = 0;

	if (rl->link->node_id) {
		drop_half(rl);
		open_listener(rl);
		return;
	}
	rl->refusal = NM_REFUSE_NOT;
	s = nm_rdma_session_alloc(rl, get_random_u64() | 1, nr);
	if (!s) {
		try_again(rl);
		return;
	}
	for (i = 0; i < nr && !err; i++)
		err = connect_channel(&s->ch[i]);
	if (err) {
		nm_rdma_session_destroy(s);
		if (is_final(rl))
			nm_link_refused(rl->link, rl->refusal);
		else
			try_again(rl);
		return;
	}
	mutex_lock(&rl->mutex);
	rl->session = s;
	mutex_unlock(&rl->mutex);
	for (i = 0; i < nr; i++)
		nm_rdma_session_joined(&s->ch[i]);
}

/* --- node 1 ------------------------------------------------------------- */

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
				 const struct nm_cm_req *req)
{
	struct nm_rdma *rl;

	lockdep_assert_held(&listen_mutex);
	list_for_each_entry(rl, &l->links, listed)
		if (!memcmp(rl->link->uuid, req->uuid, NM_UUID_LEN) &&
		    rl->link->node_id == req->dst_node)
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

	err = nm_rdma_session_bind(s, id->device);
	if (err)
		return err;
	ch->id = id;
	id->context = ch;
	id->event_handler = conn_handler;
	err = nm_rdma_channel_create(ch, id);
	if (!err && !nm_rdma_is_control(ch) && req->depth > ch->depth)
		err = -EPROTO;
	if (!err) {
		take_peer(ch, req->max_inline);
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
	/* The connection manager destroys the id, the session the rest. */
	if (ch->qp)
		rdma_destroy_qp(id);
	ch->qp = NULL;
	ch->id = NULL;
	nm_rdma_session_fail(s, "a channel cannot be accepted");
	return err;
}

/* The link's mutex is held. */
static int take_request(struct nm_rdma *rl, struct rdma_cm_id *id,
			const struct nm_cm_req *req)
{
	struct nm_rdma_session *s = rl->session;

	if (!rl->started)
		return reject(id, NM_REFUSE_BUSY);
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
	rl = find_link(l, &req);
	if (rl) {
		mutex_lock(&rl->mutex);
		err = take_request(rl, id, &req);
		mutex_unlock(&rl->mutex);
	} else {
		err = reject(id, list_empty(&l->links) ? NM_REFUSE_BUSY :
							 NM_REFUSE_UUID);
	}
	mutex_unlock(&listen_mutex);
	return err;
}

/* The device of a listener's address goes away: wait for it to come back. */
static int lost_device(struct nm_rdma_listener *l)
{
	struct nm_rdma *rl;
	bool ours;

	mutex_lock(&listen_mutex);
	ours = l->id;
	l->id = NULL;
	if (ours)
		list_for_each_entry(rl, &l->links, listed)
			queue_delayed_work(nm_rdma_wq, &rl->connect,
					   RELISTEN_DELAY);
	mutex_unlock(&listen_mutex);
	/* With an error the connection manager destroys the id. */
	return ours ? -ENODEV : 0;
}

static int listen_handler(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		return got_request(id, event);
	if (event->event == RDMA_CM_EVENT_DEVICE_REMOVAL)
		return lost_device(id->context);
	return 0;
}

static int try_listen(struct nm_rdma_listener *l)
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
		rdma_destroy_id(id);
	else
		l->id = id;
	return err;
}

/* Until there is an RDMA device with the address, try once a second. */
static void open_listener(struct nm_rdma *rl)
{
	struct nm_rdma_listener *l;
	int err = 0;

	mutex_lock(&listen_mutex);
	l = rl->listener;
	if (l && !l->id)
		err = try_listen(l);
	mutex_unlock(&listen_mutex);
	if (!err)
		return;
	if (!rl->told)
		pr_notice("%s: cannot listen at %pISpc yet: error %d\n",
			  rl->link->name, &rl->local, err);
	rl->told = true;
	queue_delayed_work(nm_rdma_wq, &rl->connect, RELISTEN_DELAY);
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
	open_listener(rl);
	return 0;
}

void nm_rdma_unlisten(struct nm_rdma *rl)
{
	struct nm_rdma_listener *l;
	struct rdma_cm_id *id = NULL;
	bool last = false;

	mutex_lock(&listen_mutex);
	l = rl->listener;
	rl->listener = NULL;
	if (l) {
		list_del_init(&rl->listed);
		last = list_empty(&l->links);
	}
	if (last) {
		list_del(&l->list);
		id = l->id;
		l->id = NULL;
	}
	mutex_unlock(&listen_mutex);
	/* Waits for handlers, which take the mutex. */
	if (id)
		rdma_destroy_id(id);
	if (last)
		kfree(l);
}
