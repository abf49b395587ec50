// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel: one RC QP with one CQ and a ring of receive buffers.
 *
 * The CQ is polled in softirq, so that an answer ends a bio without a detour.
 * A receive buffer of a data channel has its header in a segment of its own:
 * the payload lands on a page boundary and becomes a bio without a copy.
 */
#include "rdma.h"

int nm_rdma_post(struct nm_rdma_channel *ch, struct ib_send_wr *wr)
{
	lockdep_assert_held(&ch->lock);
	if (ch->closed)
		return -ENOTCONN;
	ch->posted++;
	return ib_post_send(ch->qp, wr, NULL);
}

bool nm_rdma_wc_ok(struct nm_rdma_channel *ch, struct ib_wc *wc,
		   const char *what)
{
	if (likely(wc->status == IB_WC_SUCCESS))
		return true;
	if (wc->status != IB_WC_WR_FLUSH_ERR && !READ_ONCE(ch->closed))
		nm_rdma_note(ch->session->rl, "%s on channel %u failed: %s\n",
			     what, ch->index, ib_wc_status_msg(wc->status));
	nm_rdma_session_fail(ch->session, "a work request failed");
	return false;
}

bool nm_rdma_sent(struct nm_rdma_channel *ch, struct ib_wc *wc,
		  const char *what)
{
	WRITE_ONCE(ch->sent, ch->sent + 1);
	return nm_rdma_wc_ok(ch, wc, what);
}

/* --- receive ------------------------------------------------------------ */

static int post_recv(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx)
{
	struct ib_device *dev = ch->session->dev;
	struct ib_pd *pd = ch->session->pd;
	u32 len = nm_rdma_is_control(ch) ? NM_RDMA_CTL_LEN : NM_WIRE_HDR_LEN;
	struct ib_sge sge[2] = {
		{ rx->dma, len, pd->local_dma_lkey },
		{ rx->payload_dma, NM_MAX_INLINE, pd->local_dma_lkey },
	};
	struct ib_recv_wr wr = {
		.wr_cqe = &rx->cqe,
		.sg_list = sge,
		.num_sge = rx->payload ? 2 : 1,
	};

	ib_dma_sync_single_for_device(dev, rx->dma, len, DMA_FROM_DEVICE);
	if (rx->payload)
		ib_dma_sync_single_for_device(dev, rx->payload_dma,
					      NM_MAX_INLINE, DMA_FROM_DEVICE);
	return ib_post_recv(ch->qp, &wr, NULL);
}

void nm_rdma_repost(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&ch->lock, flags);
	if (!ch->closed)
		err = post_recv(ch, rx);
	spin_unlock_irqrestore(&ch->lock, flags);
	if (err)
		nm_rdma_session_fail(ch->session, "a receive cannot be posted");
}

static void recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_channel *ch = cq->cq_context;
	struct nm_rdma_rx *rx = container_of(wc->wr_cqe, struct nm_rdma_rx,
					     cqe);
	struct nm_rdma_session *s = ch->session;
	const char *why;
	int op;

	if (!nm_rdma_wc_ok(ch, wc, "a receive"))
		return;
	WRITE_ONCE(s->last_seen, jiffies);
	rx->byte_len = wc->byte_len;
	ib_dma_sync_single_for_cpu(s->dev, rx->dma,
				   min_t(u32, wc->byte_len, rx->payload ?
					 NM_WIRE_HDR_LEN : NM_RDMA_CTL_LEN),
				   DMA_FROM_DEVICE);
	if (nm_rdma_is_control(ch)) {
		nm_rdma_ctl_received(ch, rx);
		return;
	}
	op = nm_msg_op(rx->buf, min_t(u32, wc->byte_len, NM_WIRE_HDR_LEN),
		       &why);
	if (op < 0) {
		nm_rdma_note(s->rl, "message of %u bytes refused: %s\n",
			     wc->byte_len, why);
		nm_rdma_session_fail(s, "the peer sent nonsense");
	} else if (op == NM_OP_RESPONSE) {
		nm_rdma_client_response(ch, rx, wc);
	} else {
		nm_rdma_server_request(ch, rx);
	}
}

static int create_rx(struct nm_rdma_channel *ch)
{
	struct ib_device *dev = ch->session->dev;
	bool control = nm_rdma_is_control(ch);
	u32 len = control ? NM_RDMA_CTL_LEN : NM_WIRE_HDR_LEN;
	unsigned int i;

	ch->rx = kcalloc(ch->nr_rx, sizeof(*ch->rx), GFP_KERNEL);
	if (!ch->rx)
		return -ENOMEM;
	for (i = 0; i < ch->nr_rx; i++) {
		struct nm_rdma_rx *rx = &ch->rx[i];

		rx->cqe.done = recv_done;
		rx->buf = kmalloc(len, GFP_KERNEL);
		if (!rx->buf)
			return -ENOMEM;
		rx->dma = ib_dma_map_single(dev, rx->buf, len,
					    DMA_FROM_DEVICE);
		if (ib_dma_mapping_error(dev, rx->dma)) {
			kfree(rx->buf);
			rx->buf = NULL;
			return -ENOMEM;
		}
		if (control)
			continue;
		rx->payload = alloc_pages(GFP_KERNEL | __GFP_COMP,
					  get_order(NM_MAX_INLINE));
		if (!rx->payload)
			return -ENOMEM;
		rx->payload_dma = ib_dma_map_page(dev, rx->payload, 0,
						  NM_MAX_INLINE,
						  DMA_FROM_DEVICE);
		if (ib_dma_mapping_error(dev, rx->payload_dma)) {
			__free_pages(rx->payload, get_order(NM_MAX_INLINE));
			rx->payload = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

static void destroy_rx(struct nm_rdma_channel *ch)
{
	struct ib_device *dev = ch->session->dev;
	u32 len = nm_rdma_is_control(ch) ? NM_RDMA_CTL_LEN : NM_WIRE_HDR_LEN;
	unsigned int i;

	for (i = 0; ch->rx && i < ch->nr_rx; i++) {
		struct nm_rdma_rx *rx = &ch->rx[i];

		if (rx->payload) {
			ib_dma_unmap_page(dev, rx->payload_dma, NM_MAX_INLINE,
					  DMA_FROM_DEVICE);
			__free_pages(rx->payload, get_order(NM_MAX_INLINE));
		}
		if (rx->buf)
			ib_dma_unmap_single(dev, rx->dma, len,
					    DMA_FROM_DEVICE);
		kfree(rx->buf);
	}
	kfree(ch->rx);
	ch->rx = NULL;
}

/* --- queue pair --------------------------------------------------------- */

static void qp_event(struct ib_event *event, void *context)
{
	struct nm_rdma_channel *ch = context;

	if (event->event != IB_EVENT_COMM_EST)
		nm_rdma_session_fail(ch->session, "the queue pair failed");
}

static int create_qp(struct nm_rdma_channel *ch, struct rdma_cm_id *id)
{
	struct nm_rdma_session *s = ch->session;
	struct ib_qp_init_attr attr = {
		.event_handler = qp_event,
		.qp_context = ch,
		.qp_type = IB_QPT_RC,
		.sq_sig_type = IB_SIGNAL_REQ_WR,
	};
	unsigned int nr_cqe;
	int err;

	ch->max_sges = min_t(unsigned int, NM_RDMA_INLINE_SGES,
			     s->dev->attrs.max_send_sge - 1);
	/*
	 * Of each request of ours: registration, send, invalidation; of each
	 * of the peer's: the answer; rdma_rw adds its own.  One to drain.
	 */
	attr.cap.max_send_wr = nm_rdma_is_control(ch) ?
		NM_RDMA_CTL_WINDOW + 3 : 4 * ch->depth + 2;
	attr.cap.max_recv_wr = ch->nr_rx + 1;
	attr.cap.max_send_sge = 1 + ch->max_sges;
	attr.cap.max_recv_sge = nm_rdma_is_control(ch) ? 1 : 2;
	if (!nm_rdma_is_control(ch)) {
		attr.port_num = id->port_num;
		attr.cap.max_rdma_ctxs = ch->depth *
			rdma_rw_mr_factor(s->dev, id->port_num,
					  NM_RDMA_MAX_PAGES);
	}
	nr_cqe = attr.cap.max_send_wr + attr.cap.max_recv_wr +
		 3 * attr.cap.max_rdma_ctxs;
	ch->cq = ib_alloc_cq(s->dev, ch, min_t(u32, nr_cqe,
					       s->dev->attrs.max_cqe),
			     ch->index % s->dev->num_comp_vectors,
			     IB_POLL_SOFTIRQ);
	if (IS_ERR(ch->cq)) {
		err = PTR_ERR(ch->cq);
		ch->cq = NULL;
		return err;
	}
	attr.send_cq = ch->cq;
	attr.recv_cq = ch->cq;
	err = rdma_create_qp(id, s->pd, &attr);
	if (!err)
		ch->qp = id->qp;
	return err;
}

int nm_rdma_channel_create(struct nm_rdma_channel *ch, struct rdma_cm_id *id)
{
	struct nm_link_settings *set = &ch->session->rl->link->settings;
	unsigned int i;
	int err;

	ch->depth = min_t(unsigned int, set->depth,
			  (ch->session->dev->attrs.max_qp_wr - 4) / 8);
	/* A response for each request of ours, and the peer's requests. */
	ch->nr_rx = nm_rdma_is_control(ch) ? 2 * NM_RDMA_CTL_WINDOW :
					     2 * ch->depth;
	err = create_qp(ch, id) ?: create_rx(ch);
	if (!err && nm_rdma_is_control(ch))
		err = nm_rdma_ctl_create(ch);
	else if (!err)
		err = nm_rdma_client_create(ch) ?: nm_rdma_server_create(ch);
	for (i = 0; i < ch->nr_rx && !err; i++)
		err = post_recv(ch, &ch->rx[i]);
	return err;
}

void nm_rdma_channel_close(struct nm_rdma_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	ch->closed = true;
	spin_unlock_irqrestore(&ch->lock, flags);
}

/* Closed, disconnected and drained before, if it was ever connected. */
void nm_rdma_channel_destroy(struct nm_rdma_channel *ch)
{
	if (ch->qp)
		rdma_destroy_qp(ch->id);
	ch->qp = NULL;
	if (nm_rdma_is_control(ch)) {
		nm_rdma_ctl_destroy(ch);
	} else {
		nm_rdma_client_destroy(ch);
		nm_rdma_server_destroy(ch);
	}
	if (ch->session->pd)
		destroy_rx(ch);
	if (ch->cq)
		ib_free_cq(ch->cq);
	ch->cq = NULL;
}
