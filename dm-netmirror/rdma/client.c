// SPDX-License-Identifier: GPL-2.0-only
/*
 * Our requests.
 *
 * A request is done when its answer has come, its send has completed and its
 * MR is invalid: before that the adapter may still touch the buffer, were it
 * only to repeat a packet.
 */
#include "rdma.h"

#define TAG_SLOTS	0xffff		/* the rest counts uses of the slot */

/* --- payload ------------------------------------------------------------ */

static void copy_bounce(struct nm_rdma_slot *slot, bool to_bio)
{
	struct nm_req *req = slot->req;
	struct bvec_iter iter;
	struct bio_vec bv;
	size_t done = 0;

	__bio_for_each_segment(bv, req->bio, iter, req->iter) {
		void *at = bvec_kmap_local(&bv);

		if (to_bio)
			sg_pcopy_to_buffer(slot->sg, slot->nr_sg, at,
					   bv.bv_len, done);
		else
			sg_pcopy_from_buffer(slot->sg, slot->nr_sg, at,
					     bv.bv_len, done);
		kunmap_local(at);
		done += bv.bv_len;
	}
}

static void put_bounce(struct nm_rdma_slot *slot)
{
	struct nm_rdma_channel *ch = slot->ch;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	nm_rdma_pool_put(&ch->bounce, slot->sg, slot->nr_sg);
	spin_unlock_irqrestore(&ch->lock, flags);
	slot->bounced = false;
	slot->nr_sg = 0;
}

static void unmap(struct nm_rdma_slot *slot)
{
	struct ib_device *dev = slot->ch->session->dev;
	unsigned int i;

	for (i = 0; i < slot->nr_mapped; i++)
		ib_dma_unmap_page(dev, slot->sge[1 + i].addr,
				  slot->sge[1 + i].length, DMA_TO_DEVICE);
	slot->nr_mapped = 0;
	if (slot->nr_sg) {
		ib_dma_unmap_sg(dev, slot->sg, slot->nr_sg, slot->dir);
		if (slot->bounced) {
			if (slot->dir == DMA_FROM_DEVICE && !slot->status)
				copy_bounce(slot, true);
			put_bounce(slot);
		}
	}
	slot->nr_sg = 0;
}

/* Payload behind the header, if it has few enough segments. */
static bool map_inline(struct nm_rdma_slot *slot)
{
	struct nm_rdma_channel *ch = slot->ch;
	struct ib_device *dev = ch->session->dev;
	struct nm_req *req = slot->req;
	struct bvec_iter iter;
	struct bio_vec bv;

	if (req->op != NM_OP_WRITE || req->len > ch->max_inline)
		return false;
	__bio_for_each_bvec(bv, req->bio, iter, req->iter) {
		struct ib_sge *sge = &slot->sge[1 + slot->nr_mapped];

		if (slot->nr_mapped == ch->max_sges)
			goto undo;
		sge->addr = ib_dma_map_page(dev, bv.bv_page, bv.bv_offset,
					    bv.bv_len, DMA_TO_DEVICE);
		if (ib_dma_mapping_error(dev, sge->addr))
			goto undo;
		sge->length = bv.bv_len;
		sge->lkey = ch->session->pd->local_dma_lkey;
		slot->nr_mapped++;
	}
	return true;
undo:
	unmap(slot);
	return false;
}

static unsigned int fill_sg(struct nm_rdma_slot *slot)
{
	struct nm_req *req = slot->req;
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int nr = 0;

	sg_init_table(slot->sg, NM_RDMA_MAX_PAGES);
	__bio_for_each_bvec(bv, req->bio, iter, req->iter) {
		if (nr == NM_RDMA_MAX_PAGES)
			return 0;
		sg_set_page(&slot->sg[nr++], bv.bv_page, bv.bv_len,
			    bv.bv_offset);
	}
	sg_mark_end(&slot->sg[nr - 1]);
	return nr;
}

/* False: no chunks are left; the slot waits, and is sent by who frees some. */
static bool get_bounce(struct nm_rdma_slot *slot)
{
	struct nm_rdma_channel *ch = slot->ch;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	slot->nr_sg = nm_rdma_pool_get(&ch->bounce, slot->req->len, slot->sg);
	if (!slot->nr_sg)
		list_add_tail(&slot->list, &ch->starved);
	spin_unlock_irqrestore(&ch->lock, flags);
	slot->bounced = slot->nr_sg;
	if (slot->bounced && slot->dir == DMA_TO_DEVICE)
		copy_bounce(slot, false);
	return slot->bounced;
}

static int map_sg(struct nm_rdma_slot *slot, unsigned int nr)
{
	struct ib_device *dev = slot->ch->session->dev;
	int mapped = ib_dma_map_sg(dev, slot->sg, nr, slot->dir);

	if (!mapped)
		return -ENOMEM;
	if (ib_map_mr_sg(slot->mr, slot->sg, mapped, NULL,
			 PAGE_SIZE) == mapped)
		return 0;
	ib_dma_unmap_sg(dev, slot->sg, nr, slot->dir);
	return -EINVAL;
}

/*
 * An MR cannot have gaps: chunks of our own where the bio's segments do.
 * -EAGAIN: the slot waits for them.
 */
static int map_mr(struct nm_rdma_slot *slot)
{
	unsigned int nr = fill_sg(slot);
	int err;

	if (nr && !map_sg(slot, nr)) {
		slot->nr_sg = nr;
		return 0;
	}
	if (!get_bounce(slot))
		return -EAGAIN;
	err = map_sg(slot, slot->nr_sg);
	if (err)
		put_bounce(slot);
	return err;
}

/* --- the way of a request ----------------------------------------------- */

static void send(struct nm_rdma_slot *slot);

/* The next slot that waits for chunks, if there are enough of them now. */
static struct nm_rdma_slot *first_starved(struct nm_rdma_channel *ch)
{
	struct nm_rdma_slot *slot;

	lockdep_assert_held(&ch->lock);
	slot = list_first_entry_or_null(&ch->starved, struct nm_rdma_slot,
					list);
	if (!slot || ch->closed || READ_ONCE(ch->session->failed) ||
	    ch->bounce.nr_free < DIV_ROUND_UP(slot->req->len, NM_RDMA_CHUNK))
		return NULL;
	list_del(&slot->list);
	return slot;
}

/* Free the slot, or use it for the next request. */
static void slot_done(struct nm_rdma_slot *slot)
{
	struct nm_rdma_channel *ch = slot->ch;
	struct nm_req *req = slot->req;
	blk_status_t status = slot->status;
	struct nm_rdma_slot *starved;
	struct nm_req *next;
	unsigned long flags;

	unmap(slot);
	spin_lock_irqsave(&ch->lock, flags);
	starved = first_starved(ch);
	slot->tag += TAG_SLOTS + 1;
	next = ch->closed || READ_ONCE(ch->session->failed) ? NULL :
	       list_first_entry_or_null(&ch->waiting, struct nm_req, list);
	slot->req = next;
	slot->since = jiffies;
	if (next)
		list_del(&next->list);
	else
		list_add(&slot->list, &ch->free_slots);
	spin_unlock_irqrestore(&ch->lock, flags);
	req->done(req, status);
	if (starved)
		send(starved);
	if (next)
		send(slot);
}

static void slot_put(struct nm_rdma_slot *slot)
{
	struct nm_rdma_channel *ch = slot->ch;
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&ch->lock, flags);
	last = slot->refs && !--slot->refs;
	spin_unlock_irqrestore(&ch->lock, flags);
	if (last)
		slot_done(slot);
}

static void send_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_slot *slot = container_of(wc->wr_cqe,
						 struct nm_rdma_slot,
						 send_cqe);

	if (nm_rdma_sent(slot->ch, wc, "a send"))
		slot_put(slot);
}

static void reg_done(struct ib_cq *cq, struct ib_wc *wc)
{
	nm_rdma_wc_ok(cq->cq_context, wc, "a registration");
}

static void inv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct nm_rdma_slot *slot = container_of(wc->wr_cqe,
						 struct nm_rdma_slot, inv_cqe);

	if (nm_rdma_sent(slot->ch, wc, "an invalidation"))
		slot_put(slot);
}

static void prepare_reg(struct nm_rdma_slot *slot)
{
	struct ib_reg_wr *reg = &slot->reg_wr;

	ib_update_fast_reg_key(slot->mr, ib_inc_rkey(slot->mr->rkey));
	memset(reg, 0, sizeof(*reg));
	reg->wr.opcode = IB_WR_REG_MR;
	reg->wr.wr_cqe = &slot->reg_cqe;
	reg->wr.next = &slot->send_wr;
	reg->mr = slot->mr;
	reg->key = slot->mr->rkey;
	reg->access = slot->dir == DMA_TO_DEVICE ? IB_ACCESS_REMOTE_READ :
		      IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE;
	slot->registered = true;
}

static void send(struct nm_rdma_slot *slot)
{
	struct nm_rdma_channel *ch = slot->ch;
	struct nm_req *req = slot->req;
	struct ib_device *dev = ch->session->dev;
	struct ib_send_wr *wr = &slot->send_wr;
	struct nm_msg msg = {
		.op = req->op,
		.flags = req->flags,
		.session = ch->session->id,
		.tag = slot->tag,
		.len = req->len,
		.sector = req->sector,
	};
	unsigned long flags;
	int err = 0;

	slot->answered = false;
	slot->registered = false;
	slot->status = BLK_STS_TRANSPORT;
	slot->dir = req->op == NM_OP_READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	if (map_inline(slot)) {
		msg.flags |= NM_WF_INLINE;
	} else if (req->op == NM_OP_WRITE || req->op == NM_OP_READ) {
		err = map_mr(slot);
		if (err == -EAGAIN)
			return;
		if (!err) {
			prepare_reg(slot);
			msg.addr = slot->mr->iova;
			msg.rkey = slot->mr->rkey;
		}
	}
	ib_dma_sync_single_for_cpu(dev, slot->hdr_dma, NM_WIRE_HDR_LEN,
				   DMA_TO_DEVICE);
	nm_request_encode(&msg, slot->hdr);
	ib_dma_sync_single_for_device(dev, slot->hdr_dma, NM_WIRE_HDR_LEN,
				      DMA_TO_DEVICE);
	memset(wr, 0, sizeof(*wr));
	wr->opcode = IB_WR_SEND;
	wr->send_flags = IB_SEND_SIGNALED;
	wr->wr_cqe = &slot->send_cqe;
	wr->sg_list = slot->sge;
	wr->num_sge = 1 + slot->nr_mapped;

	spin_lock_irqsave(&ch->lock, flags);
	slot->refs = 2;		/* send and answer */
	if (!err)
		err = nm_rdma_post(ch, slot->registered ? &slot->reg_wr.wr :
							  wr);
	if (err)
		slot->refs = 0;
	spin_unlock_irqrestore(&ch->lock, flags);
	if (err) {
		nm_rdma_session_fail(ch->session, "a request cannot be sent");
		slot_done(slot);
	}
}

static struct nm_rdma_channel *choose(struct nm_rdma_session *s,
				      const struct nm_req *req)
{
	if (req->flags & NM_WF_RESYNC)
		return &s->ch[NM_CH_RESYNC];
	return &s->ch[NM_CH_DATA + raw_smp_processor_id() %
		      (s->nr_channels - NM_CH_DATA)];
}

void nm_rdma_submit(struct nm_link *link, struct nm_req *req)
{
	struct nm_rdma *rl = link->priv;
	struct nm_rdma_session *s;
	struct nm_rdma_slot *slot = NULL;
	struct nm_rdma_channel *ch;
	unsigned long flags;
	bool queued = false;

	rcu_read_lock();
	s = rcu_dereference(rl->active);
	if (s) {
		ch = choose(s, req);
		spin_lock_irqsave(&ch->lock, flags);
		if (!ch->closed) {
			queued = true;
			slot = list_first_entry_or_null(&ch->free_slots,
							struct nm_rdma_slot,
							list);
			if (slot) {
				list_del(&slot->list);
				slot->req = req;
				slot->since = jiffies;
			} else {
				list_add_tail(&req->list, &ch->waiting);
			}
		}
		spin_unlock_irqrestore(&ch->lock, flags);
	}
	/* Within the read side, so that the session outlives it. */
	if (slot)
		send(slot);
	rcu_read_unlock();
	if (!queued)
		req->done(req, BLK_STS_TRANSPORT);
}

static bool answer(struct nm_rdma_channel *ch, u32 tag, u32 status,
		   struct ib_wc *wc)
{
	struct nm_rdma_slot *slot;
	unsigned long flags;
	bool invalidate;
	int err = 0;

	if ((tag & TAG_SLOTS) >= ch->depth)
		return false;
	slot = &ch->slots[tag & TAG_SLOTS];
	spin_lock_irqsave(&ch->lock, flags);
	if (!slot->req || slot->tag != tag || slot->answered || !slot->refs) {
		spin_unlock_irqrestore(&ch->lock, flags);
		return false;
	}
	slot->answered = true;
	slot->status = nm_link_status(status);
	if (wc->wc_flags & IB_WC_WITH_INVALIDATE &&
	    slot->registered && wc->ex.invalidate_rkey == slot->mr->rkey)
		slot->registered = false;
	invalidate = slot->registered;
	if (invalidate) {
		/* The answer's reference goes over to the invalidation. */
		memset(&slot->inv_wr, 0, sizeof(slot->inv_wr));
		slot->inv_wr.opcode = IB_WR_LOCAL_INV;
		slot->inv_wr.wr_cqe = &slot->inv_cqe;
		slot->inv_wr.send_flags = IB_SEND_SIGNALED;
		slot->inv_wr.ex.invalidate_rkey = slot->mr->rkey;
		slot->registered = false;
		err = nm_rdma_post(ch, &slot->inv_wr);
	}
	spin_unlock_irqrestore(&ch->lock, flags);
	if (err)
		nm_rdma_session_fail(ch->session,
				     "an invalidation cannot be sent");
	else if (!invalidate)
		slot_put(slot);
	return true;
}

void nm_rdma_client_response(struct nm_rdma_channel *ch,
			     struct nm_rdma_rx *rx, struct ib_wc *wc)
{
	struct nm_rsp rsp;
	const char *why = "unknown tag or session";
	unsigned int i;
	bool ok;

	ok = !nm_rsp_decode(rx->buf, rx->byte_len, &rsp, &why) &&
	     rsp.session == ch->session->id;
	nm_rdma_repost(ch, rx);
	for (i = 0; ok && i < rsp.nr; i++)
		ok = answer(ch, rsp.entry[i].tag, rsp.entry[i].status, wc);
	if (!ok) {
		nm_rdma_note(ch->session->rl, "response refused: %s\n", why);
		nm_rdma_session_fail(ch->session, "the peer sent nonsense");
	}
}

bool nm_rdma_client_waits_since(struct nm_rdma_channel *ch, unsigned long then)
{
	unsigned long flags;
	bool waits = false;
	unsigned int i;

	spin_lock_irqsave(&ch->lock, flags);
	for (i = 0; i < ch->depth && !waits; i++)
		waits = ch->slots[i].req &&
			time_before(ch->slots[i].since, then);
	spin_unlock_irqrestore(&ch->lock, flags);
	return waits;
}

/* The QP is drained: nothing completes any more but by this. */
void nm_rdma_client_abort(struct nm_rdma_channel *ch)
{
	struct nm_req *req, *next;
	unsigned int i;
	LIST_HEAD(list);

	INIT_LIST_HEAD(&ch->starved);
	for (i = 0; ch->slots && i < ch->depth; i++) {
		struct nm_rdma_slot *slot = &ch->slots[i];

		if (!slot->req)
			continue;
		slot->status = BLK_STS_TRANSPORT;
		slot_done(slot);
	}
	spin_lock_irq(&ch->lock);
	list_splice_init(&ch->waiting, &list);
	spin_unlock_irq(&ch->lock);
	list_for_each_entry_safe(req, next, &list, list) {
		list_del(&req->list);
		req->done(req, BLK_STS_TRANSPORT);
	}
}

/* --- create and destroy ------------------------------------------------- */

static int create_slot(struct nm_rdma_channel *ch, struct nm_rdma_slot *slot)
{
	struct nm_rdma_session *s = ch->session;

	slot->ch = ch;
	slot->tag = slot - ch->slots;
	slot->send_cqe.done = send_done;
	slot->reg_cqe.done = reg_done;
	slot->inv_cqe.done = inv_done;
	slot->sg = kcalloc(NM_RDMA_MAX_PAGES, sizeof(*slot->sg), GFP_KERNEL);
	slot->hdr = kzalloc(NM_WIRE_HDR_LEN, GFP_KERNEL);
	if (!slot->sg || !slot->hdr)
		return -ENOMEM;
	slot->hdr_dma = ib_dma_map_single(s->dev, slot->hdr, NM_WIRE_HDR_LEN,
					  DMA_TO_DEVICE);
	if (ib_dma_mapping_error(s->dev, slot->hdr_dma)) {
		kfree(slot->hdr);
		slot->hdr = NULL;
		return -ENOMEM;
	}
	slot->sge[0].addr = slot->hdr_dma;
	slot->sge[0].length = NM_WIRE_HDR_LEN;
	slot->sge[0].lkey = s->pd->local_dma_lkey;
	slot->mr = ib_alloc_mr(s->pd, IB_MR_TYPE_MEM_REG, NM_RDMA_MAX_PAGES);
	if (IS_ERR(slot->mr)) {
		int err = PTR_ERR(slot->mr);

		slot->mr = NULL;
		return err;
	}
	list_add_tail(&slot->list, &ch->free_slots);
	return 0;
}

int nm_rdma_client_create(struct nm_rdma_channel *ch)
{
	unsigned int i;
	int err = 0;

	ch->slots = kvcalloc(ch->depth, sizeof(*ch->slots), GFP_KERNEL);
	if (!ch->slots)
		return -ENOMEM;
	for (i = 0; i < ch->depth && !err; i++)
		err = create_slot(ch, &ch->slots[i]);
	return err ?: nm_rdma_pool_create(&ch->bounce, NM_RDMA_MAX_CHUNKS);
}

void nm_rdma_client_destroy(struct nm_rdma_channel *ch)
{
	unsigned int i;

	for (i = 0; ch->slots && i < ch->depth; i++) {
		struct nm_rdma_slot *slot = &ch->slots[i];

		if (slot->mr)
			ib_dereg_mr(slot->mr);
		if (slot->hdr)
			ib_dma_unmap_single(ch->session->dev, slot->hdr_dma,
					    NM_WIRE_HDR_LEN, DMA_TO_DEVICE);
		kfree(slot->hdr);
		kfree(slot->sg);
	}
	kvfree(ch->slots);
	ch->slots = NULL;
	nm_rdma_pool_destroy(&ch->bounce);
}
