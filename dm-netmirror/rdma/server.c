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

/* The channel's lock is held; the session may be gone once it is dropped. */
static void sreq_free(struct nm_rdma_sreq *r)
{
	struct nm_rdma_channel *ch = r->ch;

	lockdep_assert_held(&ch->lock);
	nm_rdma_pool_put(&ch->payload, r->sg, r->nr_chunks);
	if (r->nr_chunks && !list_empty(&ch->hungry))
		queue_work(nm_rdma_wq, &ch->work);
	r->nr_chunks = 0;
	list_add_tail(&r->list, &ch->free_sreqs);
	if (!--ch->nr_sreqs)
		wake_up_all(&ch->session->idle);
}

static void destroy_rw(struct nm_rdma_sreq *r)
{
	struct nm_rdma_channel *ch = r->ch;

	if (!r->rw_ready)
		return;
	rdma_rw_ctx_destroy(&r->rw, ch->qp, ch->id->port_num, r->sg,
			    r->nr_chunks, r->sreq.msg.op == NM_OP_READ ?
			    DMA_TO_DEVICE : DMA_FROM_DEVICE);
	r->rw_ready = false;
}

static void add_entry(struct nm_rsp *rsp, const struct nm_rdma_sreq *r)
{
	rsp->entry[rsp->nr].tag = r->sreq.msg.tag;
	rsp->entry[rsp->nr++].status = r->status;
}

static struct ib_send_wr *prepare_answer(struct nm_rdma_sreq *r,
					 const struct nm_rsp *rsp)
{
	struct ib_device *dev = r->ch->session->dev;
	struct ib_send_wr *wr = &r->send_wr;

	ib_dma_sync_single_for_cpu(dev, r->rsp_dma, NM_WIRE_HDR_LEN,
				   DMA_TO_DEVICE);
	nm_rsp_encode(rsp, r->rsp);
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

/*
 * Send the answers that wait, as long as few are in flight: several in one
 * message, but only one that invalidates.  The first of them lends its buffer,
 * the others are done.
 */
static int send_answers(struct nm_rdma_channel *ch)
{
	struct nm_rdma_sreq *r, *next, *first;
	int err = 0;

	lockdep_assert_held(&ch->lock);
	while (!list_empty(&ch->answers) &&
	       ch->nr_answers < NM_RDMA_MAX_ANSWERS) {
		struct nm_rsp rsp = { .session = ch->session->id };

		first = list_first_entry(&ch->answers, struct nm_rdma_sreq,
					 list);
		list_del(&first->list);
		add_entry(&rsp, first);
		list_for_each_entry_safe(r, next, &ch->answers, list) {
			if (rsp.nr == NM_RSP_ENTRIES || r->sreq.msg.rkey)
				break;
			list_del(&r->list);
			add_entry(&rsp, r);
			sreq_free(r);
		}
		err = nm_rdma_post(ch, prepare_answer(first, &rsp)) ?: err;
		if (err)
			sreq_free(first);
		else
			ch->nr_answers++;
	}
	return err;
}

static void answer_sent(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_sreq *r = container_of(wc->wr_cqe, struct nm_rdma_sreq,
					      send_cqe);
	struct nm_rdma_channel *ch = r->ch;
	unsigned long flags;

	nm_rdma_sent(ch, wc, "an answer");
	destroy_rw(r);
	spin_lock_irqsave(&ch->lock, flags);
	ch->nr_answers--;
	if (send_answers(ch))
		nm_rdma_session_fail(ch->session, "an answer cannot be sent");
	sreq_free(r);
	spin_unlock_irqrestore(&ch->lock, flags);
}

static void answer(struct nm_rdma_sreq *r, enum nm_status status)
{
	struct nm_rdma_channel *ch = r->ch;
	struct nm_rdma_rx *rx = r->rx;
	unsigned long flags;

	r->status = status;
	r->rx = NULL;
	if (rx)
		nm_rdma_repost(ch, rx);
	spin_lock_irqsave(&ch->lock, flags);
	list_add_tail(&r->list, &ch->answers);
	if (send_answers(ch))
		nm_rdma_session_fail(ch->session, "an answer cannot be sent");
	spin_unlock_irqrestore(&ch->lock, flags);
}

/* --- payload ------------------------------------------------------------ */

static void pulled(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_sreq *r = container_of(wc->wr_cqe, struct nm_rdma_sreq,
					      rw_cqe);

	r->status = nm_rdma_sent(r->ch, wc, "a read of the peer's memory") ?
		    NM_ST_OK : NM_ST_IOERR;
	add_todo(r, NM_RDMA_PULLED);
}

static bool get_chunks(struct nm_rdma_sreq *r)
{
	unsigned int i;

	lockdep_assert_held(&r->ch->lock);
	r->nr_chunks = nm_rdma_pool_get(&r->ch->payload, r->sreq.msg.len,
					r->sg);
	for (i = 0; i < r->nr_chunks; i++)
		bvec_set_page(&r->bvec[i], sg_page(&r->sg[i]),
			      r->sg[i].length, 0);
	r->sreq.nr_bvecs = r->nr_chunks;
	return r->nr_chunks;
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
			       r->nr_chunks, 0, r->sreq.msg.addr,
			       r->sreq.msg.rkey, dir);
	if (err < 0)
		return err;
	r->rw_ready = true;
	wr = rdma_rw_ctx_wrs(&r->rw, ch->qp, ch->id->port_num, cqe, chain);
	spin_lock_irqsave(&ch->lock, flags);
	err = nm_rdma_post(ch, wr);
	if (!err && chain)
		ch->nr_answers++;
	spin_unlock_irqrestore(&ch->lock, flags);
	if (err)
		destroy_rw(r);
	return err;
}

/* --- the steps, in process context -------------------------------------- */

static bool needs_chunks(const struct nm_msg *msg)
{
	return msg->op == NM_OP_READ ||
	       (msg->op == NM_OP_WRITE && !(msg->flags & NM_WF_INLINE));
}

static void step_new(struct nm_rdma_sreq *r)
{
	const struct nm_msg *msg = &r->sreq.msg;

	if (msg->flags & NM_WF_INLINE) {
		ib_dma_sync_single_for_cpu(r->ch->session->dev,
					   r->rx->payload_dma, msg->len,
					   DMA_FROM_DEVICE);
		bvec_set_page(&r->bvec[0], r->rx->payload, msg->len, 0);
		r->sreq.nr_bvecs = 1;
	} else {
		nm_rdma_repost(r->ch, r->rx);
		r->rx = NULL;
	}
	if (msg->op != NM_OP_WRITE || msg->flags & NM_WF_INLINE)
		nm_link_request(r->ch->session->rl->link, &r->sreq);
	else if (move(r, DMA_FROM_DEVICE, &r->rw_cqe, NULL))
		answer(r, NM_ST_IOERR);
}

static void step_pulled(struct nm_rdma_sreq *r)
{
	struct nm_rdma_channel *ch = r->ch;

	destroy_rw(r);
	if (!r->status) {
		nm_link_request(ch->session->rl->link, &r->sreq);
		return;
	}
	spin_lock_irq(&ch->lock);
	sreq_free(r);
	spin_unlock_irq(&ch->lock);
}

static void step_push(struct nm_rdma_sreq *r)
{
	struct nm_rsp rsp = { .session = r->ch->session->id };

	add_entry(&rsp, r);
	if (move(r, DMA_TO_DEVICE, NULL, prepare_answer(r, &rsp)))
		answer(r, NM_ST_IOERR);
}

static void step(struct nm_rdma_sreq *r)
{
	switch (r->step) {
	case NM_RDMA_NEW:
		step_new(r);
		break;
	case NM_RDMA_PULLED:
		step_pulled(r);
		break;
	case NM_RDMA_PUSH:
		step_push(r);
		break;
	}
}

/*
 * The next request that can go on.  One that needs chunks when there are not
 * enough of them waits in hungry, and with it those that need some after it.
 */
static struct nm_rdma_sreq *next_sreq(struct nm_rdma_channel *ch)
{
	struct nm_rdma_sreq *r;

	lockdep_assert_held(&ch->lock);
	r = list_first_entry_or_null(&ch->hungry, struct nm_rdma_sreq, list);
	if (r && get_chunks(r)) {
		list_del(&r->list);
		return r;
	}
	while (!list_empty(&ch->todo)) {
		r = list_first_entry(&ch->todo, struct nm_rdma_sreq, list);
		list_del(&r->list);
		if (r->step != NM_RDMA_NEW || !needs_chunks(&r->sreq.msg) ||
		    (list_empty(&ch->hungry) && get_chunks(r)))
			return r;
		list_add_tail(&r->list, &ch->hungry);
	}
	return NULL;
}

static void server_work(struct work_struct *work)
{
	struct nm_rdma_channel *ch = container_of(work, struct nm_rdma_channel,
						  work);
	unsigned int noio = memalloc_noio_save();
	struct nm_rdma_sreq *r;

	for (;;) {
		spin_lock_irq(&ch->lock);
		r = next_sreq(ch);
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
	r->sreq.nr_bvecs = 0;
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
	r->bvec = kcalloc(NM_RDMA_MAX_CHUNKS, sizeof(*r->bvec), GFP_KERNEL);
	r->sreq.bvec = r->bvec;
	r->sg = kcalloc(NM_RDMA_MAX_CHUNKS, sizeof(*r->sg), GFP_KERNEL);
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
	/* A chunk for each small request, or a few of the largest. */
	return err ?: nm_rdma_pool_create(&ch->payload,
					  max_t(unsigned int, ch->depth,
						4 * NM_RDMA_MAX_CHUNKS));
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
	nm_rdma_pool_destroy(&ch->payload);
}
