// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: their addresses and events; node 0, which connects the channels
 * one after the other; and the knock of node 1.  Who is called is in listen.c.
 */
#include <linux/inet.h>
#include <linux/random.h>
#include <linux/sched/mm.h>

#include "rdma.h"

#define STEP_MS		1000
#define KNOCK_AGAIN	(30 * HZ)
/* The most that a queue pair can be told: 7 times after the first one. */
#define RETRIES		7

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

/* --- events of a connection ---------------------------------------------- */

static void step_done(struct nm_rdma_channel *ch, int err)
{
	ch->cm_error = err;
	/* Pairs with wait_step(): who sees that it is done sees the error. */
	smp_store_release(&ch->cm_done, true);
	wake_up(&ch->session->rl->wait);
}

void nm_rdma_take_peer(struct nm_rdma_channel *ch, u32 max_inline)
{
	ch->max_inline = min(max_inline, ch->session->rl->link->settings.max_inline);
}

static int established(struct nm_rdma_channel *ch, struct rdma_cm_event *event)
{
	struct nm_cm_rep rep;
	const char *why;

	if (ch->session->knocks)
		return -EPROTO;
	if (ch->session->rl->link->node_id) {
		WRITE_ONCE(ch->joined, true);
		wake_up(&ch->session->rl->wait);
		nm_rdma_session_joined(ch);
		return 0;
	}
	if (nm_cm_rep_decode(event->param.conn.private_data,
			     event->param.conn.private_data_len, &rep, &why) ||
	    rep.refusal || rep.depth < ch->depth)
		return -EPROTO;
	nm_rdma_take_peer(ch, rep.max_inline);
	ch->joined = true;
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

int nm_rdma_conn_handler(struct rdma_cm_id *id, struct rdma_cm_event *event)
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
		ch->refusal = rejected(id, event);
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

/* --- who calls ---------------------------------------------------------- */

static int wait_step(struct nm_rdma_channel *ch)
{
	struct nm_rdma *rl = ch->session->rl;

	/* Pairs with step_done(). */
	if (!wait_event_timeout(rl->wait, smp_load_acquire(&ch->cm_done) ||
				READ_ONCE(rl->stop),
				msecs_to_jiffies(STEP_MS)))
		return -ETIMEDOUT;
	if (!ch->cm_done)
		return -EINTR;
	ch->cm_done = false;
	if (ch->cm_error == -ECONNREFUSED)
		rl->refusal = ch->refusal;
	return ch->cm_error;
}

/*
 * On the control channel a lost packet is a sign of life that nobody sees, and the next
 * one waits for it: so the shortest timeout with which the retries do not end before the
 * peer counts as dead.  The connection manager's own is longer than that, 0.5 s or 2 s,
 * but stays for the data: rxe cannot repeat a request that a registration follows.
 */
int nm_rdma_set_ack_timeout(struct nm_rdma_channel *ch, struct rdma_cm_id *id)
{
	const struct nm_link_settings *set = &ch->session->rl->link->settings;
	u32 units = set->timeout_ms * USEC_PER_MSEC / (4 * (1 + RETRIES)) + 1;

	/* It is told as n of 4.096 us * 2^n. */
	return nm_rdma_is_control(ch) ?
		rdma_set_ack_timeout(id, order_base_2(units)) : 0;
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
		.flags = s->rl->hmac ? NM_CMF_AUTH : 0,
		.max_inline = NM_MAX_INLINE,
	};
	struct rdma_conn_param param = {
		.private_data = &wire,
		.private_data_len = sizeof(wire),
		.retry_count = RETRIES,
		.rnr_retry_count = 7,
	};
	struct rdma_cm_id *id;
	int err;

	id = rdma_create_id(&init_net, nm_rdma_conn_handler, ch,
			    RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(id))
		return PTR_ERR(id);
	ch->id = id;
	err = nm_rdma_set_ack_timeout(ch, id) ?:
	      rdma_resolve_addr(id, NULL, (struct sockaddr *)&s->rl->peer,
				STEP_MS) ?: wait_step(ch);
	if (!err)
		err = rdma_resolve_route(id, STEP_MS) ?: wait_step(ch);
	if (!err)
		err = nm_rdma_session_bind(s, id->device) ?:
		      nm_rdma_channel_create(ch, id);
	if (!err && s->rl->hmac && !nm_rdma_is_control(ch))
		err = nm_rdma_auth_token(s, ch->index, req.token);
	if (err)
		return err;
	memcpy(req.uuid, link->uuid, NM_UUID_LEN);
	req.depth = nm_rdma_is_control(ch) ? NM_RDMA_CTL_WINDOW : ch->depth;
	nm_cm_req_encode(&req, &wire);
	param.responder_resources = min(16, s->dev->attrs.max_qp_rd_atom);
	param.initiator_depth = min(16, s->dev->attrs.max_qp_init_rd_atom);
	return rdma_connect(id, &param) ?: wait_step(ch);
}

void nm_rdma_back_off(struct nm_rdma *rl)
{
	rl->backoff_ms = clamp(2 * rl->backoff_ms, 100U,
			       rl->link->settings.max_backoff_ms);
}

static void try_again(struct nm_rdma *rl)
{
	nm_rdma_back_off(rl);
	if (!READ_ONCE(rl->stop))
		queue_delayed_work(nm_rdma_wq, &rl->connect,
				   msecs_to_jiffies(rl->backoff_ms));
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

/*
 * Node 1 does not connect, but it knocks until it is heard: node 0 then comes at
 * once, and a peer that calls itself node 1, too, says so.
 */
static void knock(struct nm_rdma *rl)
{
	struct nm_rdma_session *s;
	int err;

	if (rl->heard)
		return;
	rl->refusal = NM_REFUSE_NOT;
	s = nm_rdma_session_alloc(rl, get_random_u64() | 1, NM_CH_DATA + 1);
	if (s) {
		s->knocks = true;
		err = connect_channel(&s->ch[NM_CH_CONTROL]);
		nm_rdma_session_end(s);
		rl->heard = err == -ECONNREFUSED &&
			    rl->refusal != NM_REFUSE_UUID;
	}
	if (rl->refusal == NM_REFUSE_NODE_ID)
		nm_link_refused(rl->link, rl->refusal);
	else if (!rl->heard && !READ_ONCE(rl->stop))
		queue_delayed_work(nm_rdma_wq, &rl->connect, KNOCK_AGAIN);
}

static bool has_session(struct nm_rdma *rl)
{
	bool has;

	mutex_lock(&rl->mutex);
	has = rl->session || !list_empty(&rl->guests);
	mutex_unlock(&rl->mutex);
	return has;
}

static void connect_or_knock(struct nm_rdma *rl)
{
	unsigned int nr = NM_CH_DATA + rl->link->settings.nr_channels;
	struct nm_rdma_session *s;
	unsigned int i;
	int err;

	nm_rdma_tend_listener(rl);
	if (has_session(rl))
		return;
	if (!nm_rdma_session_may_begin(rl)) {
		try_again(rl);
		return;
	}
	if (rl->link->node_id) {
		knock(rl);
		return;
	}
	rl->refusal = NM_REFUSE_NOT;
	s = nm_rdma_session_alloc(rl, get_random_u64() | 1, nr);
	if (!s) {
		try_again(rl);
		return;
	}
	err = connect_channel(&s->ch[NM_CH_CONTROL]) ?:
	      nm_rdma_authenticate(s);
	for (i = NM_CH_RESYNC; i < nr && !err; i++)
		err = connect_channel(&s->ch[i]);
	if (err) {
		nm_rdma_session_end(s);
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

/* I/O may be waiting for this connection: no memory is to wait for that I/O. */
void nm_rdma_connect_work(struct work_struct *work)
{
	unsigned int noio = memalloc_noio_save();

	connect_or_knock(container_of(to_delayed_work(work), struct nm_rdma,
				      connect));
	memalloc_noio_restore(noio);
}
