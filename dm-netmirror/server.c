// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server: the peer's requests on this node's leg.
 *
 * Overlapping requests come one after the other, since the peer that sends
 * them holds a range for each, so they go to the leg as they come.
 */
#include <linux/sched/mm.h>

#include "mirror.h"

struct nm_server_io {
	struct nm_mirror *mirror;
	struct nm_sreq *sreq;
	struct work_struct work;	/* what takes steps of our own */
	bool target;			/* the leg is the target of a resync */
	bool tracked;			/* on this leg alone: marked here */
	struct nm_zone_wait zone;
	u32 first, last;		/* regions */
};

static struct kmem_cache *server_io_cache;

static enum nm_status to_status(blk_status_t status)
{
	switch (status) {
	case BLK_STS_OK:
		return NM_ST_OK;
	case BLK_STS_NOSPC:
		return NM_ST_NOSPC;
	case BLK_STS_NOTSUPP:
		return NM_ST_NOTSUPP;
	default:
		return NM_ST_IOERR;
	}
}

blk_status_t nm_link_status(u32 status)
{
	switch (status) {
	case NM_ST_OK:
		return BLK_STS_OK;
	case NM_ST_NOSPC:
		return BLK_STS_NOSPC;
	case NM_ST_NOTSUPP:
		return BLK_STS_NOTSUPP;
	case NM_ST_REFUSED:
		/* No answer of the leg: there the session is over. */
		return BLK_STS_TRANSPORT;
	default:
		return BLK_STS_IOERR;
	}
}

static bool is_write(const struct nm_msg *msg)
{
	return msg->op != NM_OP_READ && msg->op != NM_OP_FLUSH;
}

/*
 * The peer copied whole regions to us: they are not stale any more, and stay
 * marked on disk until they are flushed here.
 */
static void note_copied(struct nm_mirror *m, const struct nm_msg *msg)
{
	const struct nm_geometry *geo = &m->marks.geo;
	u32 region = nm_region_of(geo, msg->sector);
	struct nm_shard *s;
	unsigned long flags;

	if (msg->sector != (u64)region << geo->region_shift ||
	    msg->len >> SECTOR_SHIFT != nm_region_sectors(geo, region))
		return;
	s = nm_shard_of(m, nm_zone_of(geo, msg->sector));
	spin_lock_irqsave(&s->lock, flags);
	nm_marks_copied(&m->marks, region);
	spin_unlock_irqrestore(&s->lock, flags);
}

static void leave_zone(struct nm_server_io *io)
{
	struct nm_mirror *m = io->mirror;
	struct nm_shard *s = nm_shard_of(m, io->zone.zone);
	unsigned long flags;

	spin_lock_irqsave(&s->lock, flags);
	nm_marks_write_end(&m->marks, io->first, io->last, false);
	spin_unlock_irqrestore(&s->lock, flags);
}

static void answer(struct nm_server_io *io, blk_status_t status)
{
	struct nm_mirror *m = io->mirror;
	struct nm_sreq *sreq = io->sreq;

	if (io->tracked)
		leave_zone(io);

	if (!status && is_write(&sreq->msg) && sreq->msg.flags & NM_WF_RESYNC)
		note_copied(m, &sreq->msg);
	if (status && sreq->msg.op != NM_OP_READ) {
		if (nm_loses_cache(m->local->bdev, sreq->msg.op,
				   sreq->msg.flags & NM_WF_FUA))
			nm_cache_is_lost(m);
		nm_todo(m, NM_TODO_LEG_FAILED);
	}
	if (!status && sreq->msg.op == NM_OP_FLUSH &&
	    READ_ONCE(m->cache_lost_now))
		status = BLK_STS_IOERR;
	mempool_free(io, &m->server_ios);
	m->link.ops->respond(sreq, to_status(status));
}

static blk_opf_t leg_opf(const struct nm_msg *msg)
{
	blk_opf_t fua = msg->flags & NM_WF_FUA ? REQ_FUA : 0;

	switch (msg->op) {
	case NM_OP_READ:
		return msg->flags & NM_WF_RESYNC ? NM_OPF_READ_REGION :
		       REQ_OP_READ | REQ_SYNC;
	case NM_OP_WRITE:
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | fua;
	case NM_OP_FLUSH:
		return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH;
	default:
		return REQ_OP_WRITE_ZEROES | REQ_SYNC |
		       (msg->flags & NM_WF_NOUNMAP ? REQ_NOUNMAP : 0);
	}
}

static void zero_slowly(struct work_struct *work)
{
	struct nm_server_io *io = container_of(work, struct nm_server_io,
					       work);
	struct nm_mirror *m = io->mirror;
	const struct nm_msg *msg = &io->sreq->msg;
	unsigned int noio = memalloc_noio_save();
	int err;

	err = blkdev_issue_zeroout(m->local->bdev,
				   m->local_offset + msg->sector,
				   msg->len >> SECTOR_SHIFT, GFP_NOIO,
				   msg->flags & NM_WF_NOUNMAP ?
				   BLKDEV_ZERO_NOUNMAP : 0);
	if (!err && msg->flags & NM_WF_FUA)
		err = blkdev_issue_flush(m->local->bdev);
	memalloc_noio_restore(noio);
	answer(io, errno_to_blk_status(err));
}

static void flush_target(struct work_struct *work)
{
	struct nm_server_io *io = container_of(work, struct nm_server_io,
					       work);

	answer(io, errno_to_blk_status(nm_zone_flush_target(io->mirror)));
}

static void serve_in_work(struct nm_server_io *io, work_func_t fn)
{
	INIT_WORK(&io->work, fn);
	queue_work(io->mirror->server_wq, &io->work);
}

static void server_done(struct bio *bio)
{
	struct nm_server_io *io = bio->bi_private;
	blk_status_t status = bio->bi_status;
	bool zero = bio_op(bio) == REQ_OP_WRITE_ZEROES;

	bio_put(bio);
	/* A leg may find out only now that it does not know write-zeroes. */
	if (zero && (status == BLK_STS_TARGET || status == BLK_STS_NOTSUPP))
		serve_in_work(io, zero_slowly);
	else
		answer(io, status);
}

static void serve(struct nm_server_io *io)
{
	struct nm_mirror *m = io->mirror;
	struct nm_sreq *sreq = io->sreq;
	const struct nm_msg *msg = &sreq->msg;
	bool zero = msg->op == NM_OP_DISCARD || msg->op == NM_OP_WRITE_ZEROES;
	struct bio *bio;
	unsigned int i;

	/* The block layer knows FUA only for plain writes. */
	if (zero && (!bdev_write_zeroes_sectors(m->local->bdev) ||
		     msg->flags & NM_WF_FUA)) {
		serve_in_work(io, zero_slowly);
		return;
	}
	if (msg->op == NM_OP_FLUSH && msg->flags & NM_WF_RESYNC && io->target) {
		serve_in_work(io, flush_target);
		return;
	}
	bio = bio_alloc_bioset(m->local->bdev, sreq->nr_bvecs, leg_opf(msg),
			       GFP_NOIO, &m->server_bios);
	bio->bi_iter.bi_sector = m->local_offset + msg->sector;
	for (i = 0; i < sreq->nr_bvecs; i++)
		__bio_add_page(bio, sreq->bvec[i].bv_page,
			       sreq->bvec[i].bv_len, sreq->bvec[i].bv_offset);
	if (zero)
		bio->bi_iter.bi_size = msg->len;
	bio->bi_private = io;
	bio->bi_end_io = server_done;
	submit_bio(bio);
}

/* --- writes of a peer without a leg of its own --------------------------- */

static void track(struct nm_server_io *io)
{
	if (nm_zone_enter(io->mirror, &io->zone))
		serve(io);
}

static void zone_ready(struct nm_mirror *m, struct nm_zone_wait *wait, int err)
{
	struct nm_server_io *io = container_of(wait, struct nm_server_io,
					       zone);
	struct nm_sreq *sreq = io->sreq;

	if (!err) {
		track(io);
		return;
	}
	/* The leg is well, its metadata are not. */
	mempool_free(io, &m->server_ios);
	m->link.ops->respond(sreq, to_status(errno_to_blk_status(err)));
}

/* The peer's writes do not cross a zone: its zones are the same. */
static bool prepare_tracking(struct nm_server_io *io)
{
	const struct nm_geometry *geo = &io->mirror->marks.geo;
	const struct nm_msg *msg = &io->sreq->msg;
	u64 last = msg->sector + (msg->len >> SECTOR_SHIFT) - 1;

	io->zone.zone = nm_zone_of(geo, msg->sector);
	io->zone.fn = zone_ready;
	io->first = nm_region_of(geo, msg->sector);
	io->last = nm_region_of(geo, last);
	return nm_zone_of(geo, last) == io->zone.zone;
}

void nm_link_request(struct nm_link *link, struct nm_sreq *sreq)
{
	struct nm_mirror *m = link->mirror;
	const struct nm_msg *msg = &sreq->msg;
	struct nm_server_io *io;
	enum nm_refusal refusal;
	unsigned long flags;
	bool target;

	spin_lock_irqsave(&m->state_lock, flags);
	/* Pairs with get_ready(): who may be served knows whether to track. */
	refusal = nm_may_serve(&m->state, smp_load_acquire(&m->serving),
			       msg->op);
	target = m->state.sync == NM_SYNC_TARGET;
	spin_unlock_irqrestore(&m->state_lock, flags);
	if (refusal) {
		nm_warn_ratelimited(m, "refused %s of the peer: %s\n",
				    nm_op_name(msg->op),
				    nm_refusal_text(refusal));
		link->ops->respond(sreq, NM_ST_REFUSED);
		return;
	}
	nm_count(m, msg->op == NM_OP_READ ? NM_C_PEER_READS :
					    NM_C_PEER_WRITES);
	io = mempool_alloc(&m->server_ios, GFP_NOIO);
	io->mirror = m;
	io->sreq = sreq;
	io->target = target;
	io->tracked = is_write(msg) && READ_ONCE(m->tracking);
	if (!io->tracked) {
		serve(io);
	} else if (prepare_tracking(io)) {
		track(io);
	} else {
		mempool_free(io, &m->server_ios);
		link->ops->respond(sreq, NM_ST_INVALID);
	}
}

int nm_server_create(struct nm_mirror *m)
{
	return mempool_init_slab_pool(&m->server_ios, 64, server_io_cache);
}

int nm_server_init(void)
{
	server_io_cache = KMEM_CACHE(nm_server_io, 0);
	return server_io_cache ? 0 : -ENOMEM;
}

void nm_server_exit(void)
{
	kmem_cache_destroy(server_io_cache);
}
