// SPDX-License-Identifier: GPL-2.0-only
/*
 * The peer's requests.
 *
 * They arrive in softirq; a worker of the channel takes them on, since a bio
 * may have to wait for a queue.  The payload of a small write stays in its
 * receive buffer, which goes back to the adapter before the answer does.
 */
#include <linux/sched/mm.h>

#include "rdma.h"

static void add_todo(struct nm_rdma_sreq *r, enum nm_rdma_step step)
{
	struct nm_rdma_channel *ch = r->ch;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	r->step = step;
	list_add_tail(&r->list, &ch->todo);
	spin_unlock_irqrestore(&ch->lock, flags);
	queue_work(nm_rdma_wq, &ch->work);
}

/* --- the end of a request ----------------------------------------------- */

static void free_pages_of(struct nm_rdma_sreq *r)
{
	unsigned int i;

	for (i = 0; i < r->nr_pages; i++)
		__free_page(r->bvec[i].bv_page);
	r->nr_pages = 0;
}

static void sreq_free(struct nm_rdma_sreq *r)
{
	struct nm_rdma_channel *ch = r->ch;
	struct nm_rdma_session *s = ch->session;
	unsigned long flags;

	free_pages_of(r);
	spin_lock_irqsave(&ch->lock, flags);
	list_add_tail(&r->list, &ch->free_sreqs);
	ch->nr_sreqs--;
	/* Under the lock: the session may be gone once it is dropped. */
	wake_up_all(&s->idle);
	spin_unlock_irqrestore(&ch->lock, flags);
}

static void destroy_rw(struct nm_rdma_sreq *r)
{
	struct nm_rdma_channel *ch = r->ch;

	if (!r->rw_ready)
		return;
	rdma_rw_ctx_destroy(&r->rw, ch->qp, ch->id->port_num, r->sg,
			    r->nr_pages, r->sreq.msg.op == NM_OP_READ ?
			    DMA_TO_DEVICE : DMA_FROM_DEVICE);
	r->rw_ready = false;
}

static void answer_sent(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_sreq *r = container_of(wc->wr_cqe, struct nm_rdma_sreq,
					      send_cqe);

	nm_rdma_wc_ok(r->ch, wc, "an answer");
	if (r->rw_ready)
		add_todo(r, NM_RDMA_PUSHED);
	else
		sreq_free(r);
}

static struct ib_send_wr *prepare_answer(struct nm_rdma_sreq *r)
{
	struct ib_device *dev = r->ch->session->dev;
	struct ib_send_wr *wr = &r->send_wr;
	struct nm_rsp rsp = {
		.nr = 1,
		.session = r->ch->session->id,
		.entry = { { r->sreq.msg.tag, r->status } },
	};

	ib_dma_sync_single_for_cpu(dev, r->rsp_dma, NM_WIRE_HDR_LEN,
				   DMA_TO_DEVICE);
	nm_rsp_encode(&rsp, r->rsp);
	ib_dma_sync_single_for_device(dev, r->rsp_dma, NM_WIRE_HDR_LEN,
				      DMA_TO_DEVICE);
	memset(wr, 0, sizeof(*wr));
	wr->opcode = IB_WR_SEND;
	if (r->sreq.msg.rkey && dev->attrs.device_cap_flags &
				IB_DEVICE_MEM_MGT_EXTENSIONS) {
		wr->opcode = IB_WR_SEND_WITH_INV;
		wr->ex.invalidate_rkey = r->sreq.msg.rkey;
	}
	wr->send_flags = IB_SEND_SIGNALED;
	wr->wr_cqe = &r->send_cqe;
	wr->sg_list = &r->sge;
	wr->num_sge = 1;
	return wr;
}

static void answer(struct nm_rdma_sreq *r, enum nm_status status)
{
	struct nm_rdma_channel *ch = r->ch;
	struct ib_send_wr *wr;
	unsigned long flags;
	int err;

	r->status = status;
	if (r->rx)
		nm_rdma_repost(ch, r->rx);
	r->rx = NULL;
	wr = prepare_answer(r);
	spin_lock_irqsave(&ch->lock, flags);
	err = nm_rdma_post(ch, wr);
	spin_unlock_irqrestore(&ch->lock, flags);
	if (!err)
		return;
	nm_rdma_session_fail(ch->session, "an answer cannot be sent");
	sreq_free(r);
}

/* --- payload ------------------------------------------------------------ */

static void pulled(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_sreq *r = container_of(wc->wr_cqe, struct nm_rdma_sreq,
					      rw_cqe);

	r->status = nm_rdma_wc_ok(r->ch, wc, "a read of the peer's memory") ?
		    NM_ST_OK : NM_ST_IOERR;
	add_todo(r, NM_RDMA_PULLED);
}

static int get_pages(struct nm_rdma_sreq *r)
{
	u32 left = r->sreq.msg.len;

	sg_init_table(r->sg, DIV_ROUND_UP(left, PAGE_SIZE));
	while (left) {
		struct page *page = alloc_page(GFP_NOIO);
		u32 len = min_t(u32, left, PAGE_SIZE);

		if (!page)
			return -ENOMEM;
		bvec_set_page(&r->bvec[r->nr_pages], page, len, 0);
		sg_set_page(&r->sg[r->nr_pages++], page, len, 0);
		left -= len;
	}
	r->sreq.bvec = r->bvec;
	r->sreq.nr_bvecs = r->nr_pages;
	return 0;
}

/* Move the payload between our pages and the peer's memory. */
static int move(struct nm_rdma_sreq *r, enum dma_data_direction dir,
		struct ib_cqe *cqe, struct ib_send_wr *chain)
{
	struct nm_rdma_channel *ch = r->ch;
	struct ib_send_wr *wr;
	unsigned long flags;
	int err;

	err = rdma_rw_ctx_init(&r->rw, ch->qp, ch->id->port_num, r->sg,
			       r->nr_pages, 0, r->sreq.msg.addr,
			       r->sreq.msg.rkey, dir);
	if (err < 0)
		return err;
	r->rw_ready = true;
	wr = rdma_rw_ctx_wrs(&r->rw, ch->qp, ch->id->port_num, cqe, chain);
	spin_lock_irqsave(&ch->lock, flags);
	err = nm_rdma_post(ch, wr);
	spin_unlock_irqrestore(&ch->lock, flags);
	if (err)
		destroy_rw(r);
	return err;
}

/* --- the steps, in process context -------------------------------------- */

static void step_new(struct nm_rdma_sreq *r)
{
	const struct nm_msg *msg = &r->sreq.msg;
	bool pull = msg->op == NM_OP_WRITE && !(msg->flags & NM_WF_INLINE);

	if (msg->flags & NM_WF_INLINE) {
		ib_dma_sync_single_for_cpu(r->ch->session->dev,
					   r->rx->payload_dma, msg->len,
					   DMA_FROM_DEVICE);
		bvec_set_page(&r->bvec[0], r->rx->payload, msg->len, 0);
		r->sreq.bvec = r->bvec;
		r->sreq.nr_bvecs = 1;
	} else {
		r->sreq.nr_bvecs = 0;
		nm_rdma_repost(r->ch, r->rx);
		r->rx = NULL;
	}
	if ((pull || msg->op == NM_OP_READ) && get_pages(r))
		answer(r, NM_ST_IOERR);
	else if (!pull)
		nm_link_request(r->ch->session->rl->link, &r->sreq);
	else if (move(r, DMA_FROM_DEVICE, &r->rw_cqe, NULL))
		answer(r, NM_ST_IOERR);
}

static void step(struct nm_rdma_sreq *r)
{
	switch (r->step) {
	case NM_RDMA_NEW:
		step_new(r);
		break;
	case NM_RDMA_PULLED:
		destroy_rw(r);
		if (r->status)
			sreq_free(r);
		else
			nm_link_request(r->ch->session->rl->link, &r->sreq);
		break;
	case NM_RDMA_PUSH:
		if (move(r, DMA_TO_DEVICE, NULL, prepare_answer(r)))
			answer(r, NM_ST_IOERR);
		break;
	case NM_RDMA_PUSHED:
		destroy_rw(r);
		sreq_free(r);
		break;
	}
}

static void server_work(struct work_struct *work)
{
	struct nm_rdma_channel *ch = container_of(work, struct nm_rdma_channel,
						  work);
	unsigned int noio = memalloc_noio_save();
	struct nm_rdma_sreq *r;

	for (;;) {
		spin_lock_irq(&ch->lock);
		r = list_first_entry_or_null(&ch->todo, struct nm_rdma_sreq,
					     list);
		if (r)
			list_del(&r->list);
		spin_unlock_irq(&ch->lock);
		if (!r)
			break;
		step(r);
	}
	memalloc_noio_restore(noio);
}

void nm_rdma_respond(struct nm_sreq *sreq, enum nm_status status)
{
	struct nm_rdma_sreq *r = container_of(sreq, struct nm_rdma_sreq, sreq);

	r->status = status;
	if (!status && sreq->msg.op == NM_OP_READ)
		add_todo(r, NM_RDMA_PUSH);
	else
		answer(r, status);
}

void nm_rdma_server_request(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx)
{
	struct nm_rdma_session *s = ch->session;
	struct nm_rdma_sreq *r;
	struct nm_msg msg;
	const char *why = "more requests than agreed";
	unsigned long flags;

	if (rx->byte_len < NM_WIRE_HDR_LEN ||
	    nm_request_decode(rx->buf, NM_WIRE_HDR_LEN,
			      rx->byte_len - NM_WIRE_HDR_LEN,
			      s->rl->link->data_sectors, &msg, &why) ||
	    msg.session != s->id)
		goto refuse;
	spin_lock_irqsave(&ch->lock, flags);
	r = list_first_entry_or_null(&ch->free_sreqs, struct nm_rdma_sreq,
				     list);
	if (r) {
		list_del(&r->list);
		ch->nr_sreqs++;
	}
	spin_unlock_irqrestore(&ch->lock, flags);
	if (!r)
		goto refuse;
	r->sreq.msg = msg;
	r->rx = rx;
	add_todo(r, NM_RDMA_NEW);
	return;
refuse:
	nm_rdma_note(s->rl, "request refused: %s\n", why);
	nm_rdma_session_fail(s, "the peer sent nonsense");
}

static bool is_idle(struct nm_rdma_channel *ch)
{
	unsigned long flags;
	bool idle;

	spin_lock_irqsave(&ch->lock, flags);
	idle = !ch->nr_sreqs;
	spin_unlock_irqrestore(&ch->lock, flags);
	return idle;
}

void nm_rdma_server_wait(struct nm_rdma_channel *ch)
{
	wait_event(ch->session->idle, is_idle(ch));
	flush_work(&ch->work);
}

/* --- create and destroy ------------------------------------------------- */

static int create_sreq(struct nm_rdma_channel *ch, struct nm_rdma_sreq *r)
{
	struct nm_rdma_session *s = ch->session;

	r->ch = ch;
	r->sreq.link = s->rl->link;
	r->rw_cqe.done = pulled;
	r->send_cqe.done = answer_sent;
	r->bvec = kcalloc(NM_RDMA_MAX_PAGES, sizeof(*r->bvec), GFP_KERNEL);
	r->sg = kcalloc(NM_RDMA_MAX_PAGES, sizeof(*r->sg), GFP_KERNEL);
	r->rsp = kzalloc(NM_WIRE_HDR_LEN, GFP_KERNEL);
	if (!r->bvec || !r->sg || !r->rsp)
		return -ENOMEM;
	r->rsp_dma = ib_dma_map_single(s->dev, r->rsp, NM_WIRE_HDR_LEN,
				       DMA_TO_DEVICE);
	if (ib_dma_mapping_error(s->dev, r->rsp_dma)) {
		kfree(r->rsp);
		r->rsp = NULL;
		return -ENOMEM;
	}
	r->sge.addr = r->rsp_dma;
	r->sge.length = NM_WIRE_HDR_LEN;
	r->sge.lkey = s->pd->local_dma_lkey;
	list_add_tail(&r->list, &ch->free_sreqs);
	return 0;
}

int nm_rdma_server_create(struct nm_rdma_channel *ch)
{
	unsigned int i;
	int err = 0;

	INIT_WORK(&ch->work, server_work);
	/*
	 * A sreq is free when its answer's completion was seen, the client's
	 * credit comes with the answer itself: as many again may be waiting.
	 */
	ch->sreqs = kvcalloc(2 * ch->depth, sizeof(*ch->sreqs), GFP_KERNEL);
	if (!ch->sreqs)
		return -ENOMEM;
	for (i = 0; i < 2 * ch->depth && !err; i++)
		err = create_sreq(ch, &ch->sreqs[i]);
	return err;
}

void nm_rdma_server_destroy(struct nm_rdma_channel *ch)
{
	unsigned int i;

	for (i = 0; ch->sreqs && i < 2 * ch->depth; i++) {
		struct nm_rdma_sreq *r = &ch->sreqs[i];

		if (r->rsp)
			ib_dma_unmap_single(ch->session->dev, r->rsp_dma,
					    NM_WIRE_HDR_LEN, DMA_TO_DEVICE);
		kfree(r->rsp);
		kfree(r->sg);
		kfree(r->bvec);
	}
	kvfree(ch->sreqs);
	ch->sreqs = NULL;
}
