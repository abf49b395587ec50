// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control channel: messages in order, and the signs of life.
 *
 * The sender counts the messages that the receiver has room for; the receiver
 * tells in the credits of its own messages and PINGs what it has handed on.
 */
#include "rdma.h"

static void tx_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_channel *ch = cq->cq_context;
	struct nm_rdma_ctl *ctl = &ch->session->ctl;
	struct nm_rdma_tx *tx = container_of(wc->wr_cqe, struct nm_rdma_tx,
					     cqe);
	unsigned long flags;

	nm_rdma_sent(ch, wc, "a control message");
	spin_lock_irqsave(&ch->lock, flags);
	if (tx == &ctl->ping)
		ctl->ping_busy = false;
	else
		list_add(&tx->list, &ctl->free);
	spin_unlock_irqrestore(&ch->lock, flags);
	wake_up(&ctl->wait);
}

static int post_tx(struct nm_rdma_channel *ch, struct nm_rdma_tx *tx,
		   size_t len)
{
	struct nm_rdma_session *s = ch->session;
	struct nm_wire_hdr *hdr = tx->buf;
	struct ib_sge sge = { tx->dma, len, s->pd->local_dma_lkey };
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND,
		.send_flags = IB_SEND_SIGNALED,
		.wr_cqe = &tx->cqe,
		.sg_list = &sge,
		.num_sge = 1,
	};

	lockdep_assert_held(&ch->lock);
	hdr->credits = cpu_to_le16(s->ctl.owed);
	s->ctl.owed = 0;
	ib_dma_sync_single_for_device(s->dev, tx->dma, len, DMA_TO_DEVICE);
	return nm_rdma_post(ch, &wr);
}

static bool may_send(struct nm_rdma_channel *ch)
{
	struct nm_rdma_ctl *ctl = &ch->session->ctl;
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&ch->lock, flags);
	may = ch->closed || (ctl->window && !list_empty(&ctl->free));
	spin_unlock_irqrestore(&ch->lock, flags);
	return may;
}

int nm_rdma_ctl_send(struct nm_rdma_session *s, const void *msg, size_t len)
{
	struct nm_rdma_channel *ch = &s->ch[NM_CH_CONTROL];
	struct nm_rdma_tx *tx;
	int err = -ENOTCONN;

	wait_event(s->ctl.wait, may_send(ch) || READ_ONCE(s->failed));
	spin_lock_irq(&ch->lock);
	tx = list_first_entry_or_null(&s->ctl.free, struct nm_rdma_tx, list);
	if (tx && s->ctl.window && !ch->closed) {
		list_del(&tx->list);
		s->ctl.window--;
		ib_dma_sync_single_for_cpu(s->dev, tx->dma, len,
					   DMA_TO_DEVICE);
		memcpy(tx->buf, msg, len);
		err = post_tx(ch, tx, len);
	}
	spin_unlock_irq(&ch->lock);
	return err ? -ENOTCONN : 0;
}

/* The mirror's worker alone sends, and it alone ends the session. */
int nm_rdma_send_ctl(struct nm_link *link, const void *msg, size_t len)
{
	struct nm_rdma *rl = link->priv;
	struct nm_rdma_session *s = READ_ONCE(rl->session);

	return s && s->up ? nm_rdma_ctl_send(s, msg, len) : -ENOTCONN;
}

static bool all_sent(struct nm_rdma_session *s)
{
	struct nm_rdma_channel *ch = &s->ch[NM_CH_CONTROL];
	bool sent;

	spin_lock_irq(&ch->lock);
	sent = list_count_nodes(&s->ctl.free) == NM_RDMA_CTL_WINDOW;
	spin_unlock_irq(&ch->lock);
	return sent;
}

void nm_rdma_ctl_linger(struct nm_rdma_session *s)
{
	wait_event_timeout(s->ctl.wait, all_sent(s), HZ / 5);
}

/* --- signs of life ------------------------------------------------------ */

static void ping(struct nm_rdma_session *s)
{
	struct nm_rdma_channel *ch = &s->ch[NM_CH_CONTROL];
	int err = 0;

	spin_lock_irq(&ch->lock);
	if (!s->ctl.ping_busy && !ch->closed) {
		nm_ctl_encode(NM_OP_PING, s->id, NULL, 0, s->ctl.ping.buf);
		err = post_tx(ch, &s->ctl.ping, NM_WIRE_HDR_LEN);
		s->ctl.ping_busy = !err;
	}
	spin_unlock_irq(&ch->lock);
	if (err)
		nm_rdma_session_fail(s, "a sign of life cannot be sent");
}

/* A leg that hangs must not hang the application on the other node. */
static bool peer_hangs(struct nm_rdma_session *s)
{
	unsigned int ms = s->rl->link->settings.request_timeout_ms;
	unsigned int i;

	for (i = NM_CH_RESYNC; ms && i < s->nr_channels; i++)
		if (nm_rdma_client_waits_since(&s->ch[i],
					       jiffies - msecs_to_jiffies(ms)))
			return true;
	return false;
}

/*
 * Does a channel get nothing through, while the others do?  A send queue
 * completes in order, so one with work has to move on.  After a sleep of this
 * node the time begins anew.
 */
static bool stuck(struct nm_rdma_channel *ch, unsigned long now, bool slept)
{
	unsigned int ms = max_t(unsigned int, NM_RDMA_STUCK_MS,
				ch->session->rl->link->settings.timeout_ms);
	unsigned int sent = READ_ONCE(ch->sent);
	bool busy;

	spin_lock_irq(&ch->lock);
	busy = ch->posted != sent;
	spin_unlock_irq(&ch->lock);
	if (!busy || slept || sent != ch->tick_sent) {
		ch->tick_sent = sent;
		ch->tick_since = now;
	}
	return time_after(now, ch->tick_since + msecs_to_jiffies(ms));
}

static bool any_stuck(struct nm_rdma_session *s, unsigned long now, bool slept)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < s->nr_channels; i++)
		any |= stuck(&s->ch[i], now, slept);
	return any;
}

/*
 * As often as the less patient of the two needs to hear; that the peer is not,
 * nobody knows before its HELLO.
 */
static unsigned long ping_period(const struct nm_link *link)
{
	unsigned int peers = READ_ONCE(link->peer_timeout_ms);
	unsigned int ms = min(link->settings.timeout_ms,
			      peers ?: NM_MIN_TIMEOUT_MS);

	return max(1UL, msecs_to_jiffies(ms) / 5);
}

void nm_rdma_ctl_tick(struct work_struct *work)
{
	struct nm_rdma_session *s = container_of(to_delayed_work(work),
						 struct nm_rdma_session, tick);
	unsigned long timeout =
		msecs_to_jiffies(s->rl->link->settings.timeout_ms);
	unsigned long period = timeout / 5;
	unsigned long now = jiffies;
	unsigned long death;
	bool slept;

	/*
	 * A tick that comes late says that this node slept, not that the peer
	 * did: what has arrived meanwhile is looked at first.
	 */
	slept = time_after(now, s->last_tick + 2 * period);
	if (slept)
		WRITE_ONCE(s->last_seen, now - timeout + period);
	s->last_tick = now;
	death = READ_ONCE(s->last_seen) + timeout;
	if (time_after_eq(now, death)) {
		nm_rdma_session_fail(s, "no sign of life from the peer");
		return;
	}
	if (any_stuck(s, now, slept)) {
		nm_rdma_session_fail(s, "a channel gets nothing through");
		return;
	}
	if (peer_hangs(s)) {
		nm_rdma_session_fail(s, "the peer's leg does not answer");
		return;
	}
	ping(s);
	/* Not later than the moment at which the peer counts as dead. */
	queue_delayed_work(nm_rdma_wq, &s->tick,
			   clamp(death - now, 1UL,
				 ping_period(s->rl->link)));
}

/* --- receive ------------------------------------------------------------ */

struct nm_rdma_rx *nm_rdma_ctl_next(struct nm_rdma_session *s,
				    struct nm_msg *msg)
{
	struct nm_rdma_channel *ch = &s->ch[NM_CH_CONTROL];
	struct nm_rdma_rx *rx;
	const char *why;

	spin_lock_irq(&ch->lock);
	rx = list_first_entry_or_null(&s->ctl.received, struct nm_rdma_rx,
				      list);
	if (rx)
		list_del(&rx->list);
	spin_unlock_irq(&ch->lock);
	if (!rx)
		return NULL;
	if (nm_ctl_decode(rx->buf, rx->byte_len, msg, &why) ||
	    msg->session != s->id) {
		nm_rdma_note(s->rl, "control message refused\n");
		nm_rdma_session_fail(s, "the peer sent nonsense");
		return NULL;
	}
	spin_lock_irq(&ch->lock);
	s->ctl.window += msg->credits;
	spin_unlock_irq(&ch->lock);
	wake_up(&s->ctl.wait);
	return rx;
}

void nm_rdma_ctl_done(struct nm_rdma_session *s, struct nm_rdma_rx *rx,
		      const struct nm_msg *msg)
{
	struct nm_rdma_channel *ch = &s->ch[NM_CH_CONTROL];

	nm_rdma_repost(ch, rx);
	spin_lock_irq(&ch->lock);
	s->ctl.owed += msg->op != NM_OP_PING;
	spin_unlock_irq(&ch->lock);
}

static void ctl_work(struct work_struct *work)
{
	struct nm_rdma_session *s = container_of(work, struct nm_rdma_session,
						 ctl.work);
	struct nm_rdma_rx *rx;
	struct nm_msg msg;

	while ((rx = nm_rdma_ctl_next(s, &msg))) {
		if (msg.op != NM_OP_PING)
			nm_link_ctl(s->rl->link, &msg,
				    rx->buf + NM_WIRE_HDR_LEN);
		nm_rdma_ctl_done(s, rx, &msg);
	}
}

void nm_rdma_ctl_received(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx)
{
	struct nm_rdma_session *s = ch->session;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	list_add_tail(&rx->list, &s->ctl.received);
	spin_unlock_irqrestore(&ch->lock, flags);
	/* Before the session is up the mirror could not place it. */
	if (READ_ONCE(s->up))
		queue_work(nm_rdma_wq, &s->ctl.work);
	else
		wake_up(&s->rl->wait);
}

/* --- create and destroy ------------------------------------------------- */

static int create_tx(struct nm_rdma_session *s, struct nm_rdma_tx *tx)
{
	tx->cqe.done = tx_done;
	tx->buf = kzalloc(NM_RDMA_CTL_LEN, GFP_KERNEL);
	if (!tx->buf)
		return -ENOMEM;
	tx->dma = ib_dma_map_single(s->dev, tx->buf, NM_RDMA_CTL_LEN,
				    DMA_TO_DEVICE);
	if (!ib_dma_mapping_error(s->dev, tx->dma))
		return 0;
	kfree(tx->buf);
	tx->buf = NULL;
	return -ENOMEM;
}

int nm_rdma_ctl_create(struct nm_rdma_channel *ch)
{
	struct nm_rdma_session *s = ch->session;
	unsigned int i;
	int err;

	INIT_WORK(&s->ctl.work, ctl_work);
	s->ctl.window = NM_RDMA_CTL_WINDOW;
	err = create_tx(s, &s->ctl.ping);
	for (i = 0; i < NM_RDMA_CTL_WINDOW && !err; i++) {
		err = create_tx(s, &s->ctl.tx[i]);
		if (!err)
			list_add_tail(&s->ctl.tx[i].list, &s->ctl.free);
	}
	return err;
}

static void destroy_tx(struct nm_rdma_session *s, struct nm_rdma_tx *tx)
{
	if (tx->buf)
		ib_dma_unmap_single(s->dev, tx->dma, NM_RDMA_CTL_LEN,
				    DMA_TO_DEVICE);
	kfree(tx->buf);
	tx->buf = NULL;
}

void nm_rdma_ctl_destroy(struct nm_rdma_channel *ch)
{
	struct nm_rdma_session *s = ch->session;
	unsigned int i;

	destroy_tx(s, &s->ctl.ping);
	for (i = 0; i < NM_RDMA_CTL_WINDOW; i++)
		destroy_tx(s, &s->ctl.tx[i]);
}
