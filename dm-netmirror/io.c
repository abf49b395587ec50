// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path: a bio's way to both legs and back.
 *
 * map -> (held while the mirror is frozen) -> range -> zone -> issue to the
 * peer and the local leg -> both answered -> end.  A write that must not be
 * acknowledged yet (the peer is lost, a generation has to turn), or that no leg
 * can take, is parked for the worker; see hold.c.  Every step runs in the
 * context of the one before; only waiting goes through a worker.
 */
#include "io.h"

static struct nm_io *io_of(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct nm_io));
}

/* --- the end of a bio --------------------------------------------------- */

/*
 * dm hands a bio it has seen in end_io back to us as long as we say
 * DM_ENDIO_INCOMPLETE; from there on ending it is up to us, once.
 */
static void io_end_bio(struct nm_io *io, blk_status_t status)
{
	nm_copy_drop(io);
	io->ended = true;
	io->bio->bi_status = status;
	bio_endio(io->bio);
}

static void io_park(struct nm_io *io, enum nm_io_stage stage)
{
	struct nm_mirror *m = io->mirror;
	unsigned long flags;

	io->stage = stage;
	spin_lock_irqsave(&m->list_lock, flags);
	list_add_tail(&io->list, &m->parked);
	spin_unlock_irqrestore(&m->list_lock, flags);
	nm_todo(m, NM_TODO_PARKED);
	wake_up(&m->drained);
}

void nm_io_leave(struct nm_io *io, bool on_both)
{
	struct nm_mirror *m = io->mirror;
	struct nm_shard *s = nm_shard_of(m, io->zone.zone);
	unsigned long flags;

	spin_lock_irqsave(&s->lock, flags);
	if (io->peer_epoch != READ_ONCE(m->peer_epoch))
		on_both = false;
	if (io->zoned)
		nm_marks_write_end(&m->marks, io->first, io->last, on_both);
	else if (io->mirrored)
		nm_marks_set_dirty(&m->marks, io->first, io->last);
	io->zoned = false;
	nm_range_unlock(m, s, &io->range);
	spin_unlock_irqrestore(&s->lock, flags);
}

/* Data are lost: it does not matter which leg has answered now. */
static bool has_to_tell(struct nm_io *io)
{
	return io->op == NM_OP_FLUSH &&
	       unlikely(READ_ONCE(io->mirror->flush_lost)) &&
	       xchg(&io->mirror->flush_lost, false);
}

void nm_io_finish(struct nm_io *io, bool on_both, blk_status_t status)
{
	if (nm_io_is_write(io))
		nm_io_leave(io, on_both);
	if (!status && has_to_tell(io))
		status = BLK_STS_IOERR;
	io_end_bio(io, status);
}

/* The last answer of a write or flush is in. */
static void io_answered(struct nm_io *io)
{
	if (io->mirrored &&
	    (io->remote_status || nm_is_leg_error(io->local_status)))
		io_park(io, NM_IO_ANSWERED);
	else
		nm_io_finish(io, io->mirrored && io->local && !io->local_status,
			  io->local_status);
}

static void io_put(struct nm_io *io)
{
	if (atomic_dec_and_test(&io->pending))
		io_answered(io);
}

/* --- asking the legs ---------------------------------------------------- */

/*
 * What an answer of the local leg means.  A leg that turns out not to know
 * write-zeroes is well; a flush after one that failed has lost data there, even if
 * it succeeds (I2).
 */
static blk_status_t leg_status(struct nm_io *io, blk_status_t status)
{
	struct nm_mirror *m = io->mirror;

	if (status == BLK_STS_TARGET && (io->op == NM_OP_WRITE_ZEROES ||
					 io->op == NM_OP_DISCARD))
		return BLK_STS_NOTSUPP;
	if (!status && io->op == NM_OP_FLUSH &&
	    unlikely(READ_ONCE(m->flush_failed)) &&
	    xchg(&m->flush_failed, false))
		return BLK_STS_IOERR;
	if (unlikely(nm_is_leg_error(status)) &&
	    nm_loses_cache(m->local->bdev, io->op, io->bio->bi_opf & REQ_FUA))
		nm_cache_is_lost(m);
	return status;
}

static void local_done(struct bio *clone)
{
	struct nm_io *io = clone->bi_private;

	io->local_status = leg_status(io, clone->bi_status);
	bio_put(clone);
	io_put(io);
}

static void remote_done(struct nm_req *req, blk_status_t status)
{
	struct nm_io *io = container_of(req, struct nm_io, req);

	io->remote_status = status;
	io_put(io);
}

/*
 * The local leg gets a clone of its own, so that the bio can end when both
 * legs have answered, in whatever order.  Discards are done as write-zeroes,
 * which may unmap but leave the same data on both legs (I7).
 */
static void submit_local(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	struct bio *clone;

	clone = bio_alloc_clone(m->local->bdev, io->copy ?: io->bio, GFP_NOIO,
				&m->clones);
	clone->bi_iter.bi_sector = m->local_offset + io->req.sector;
	if (io->op == NM_OP_DISCARD)
		clone->bi_opf = (clone->bi_opf & ~REQ_OP_MASK) |
				REQ_OP_WRITE_ZEROES;
	clone->bi_private = io;
	clone->bi_end_io = local_done;
	submit_bio_noacct(clone);
}

/*
 * The peer's leg is the only whole one: what it has in a volatile cache would be
 * lost with its power.
 */
static void harden(struct nm_io *io)
{
	if (!nm_io_is_write(io))
		return;
	io->req.flags |= NM_WF_FUA;
	if (io->op == NM_OP_DISCARD)
		io->req.op = NM_OP_WRITE_ZEROES;
}

void nm_io_issue(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	unsigned int mode = READ_ONCE(m->mode);

	/* Without the mark of its zone no write goes there: LOCAL may be new. */
	io->local = mode & NM_MODE_LOCAL && (io->zoned || !nm_io_is_write(io));
	io->mirrored = mode & NM_MODE_REMOTE;
	if (!io->mirrored && !(io->local && mode & NM_MODE_TURNED)) {
		io_park(io, NM_IO_NEW);
		return;
	}
	if (!io->local || mode & NM_MODE_STALE)
		harden(io);
	io->peer_epoch = READ_ONCE(m->peer_epoch);
	io->local_status = BLK_STS_OK;
	io->remote_status = BLK_STS_OK;
	atomic_set(&io->pending, 1 + io->local + io->mirrored);
	if (io->mirrored)
		m->link.ops->submit(&m->link, &io->req);
	if (io->local)
		submit_local(io);
	io_put(io);
}

/* --- from range to zone to issue ---------------------------------------- */

/* Without the local leg there is nothing to mark here: the peer does. */
void nm_io_enter_zone(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;

	if (READ_ONCE(m->mode) & NM_MODE_LOCAL) {
		if (!nm_zone_enter(m, &io->zone))
			return;
		io->zoned = true;
	}
	nm_io_issue(io);
}

static void write_activated(struct nm_mirror *m, struct nm_zone_wait *wait,
			    int err)
{
	struct nm_io *io = container_of(wait, struct nm_io, zone);

	if (err)
		io_park(io, NM_IO_NEW);
	else
		nm_io_enter_zone(io);
}

static void write_granted(struct nm_mirror *m, struct nm_range *range)
{
	nm_io_enter_zone(container_of(range, struct nm_io, range));
}

static void write_start(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	struct nm_shard *s = nm_shard_of(m, io->zone.zone);
	unsigned long flags;
	bool granted;

	if (m->copy_writes && io->op == NM_OP_WRITE && !io->copy)
		nm_copy_make(io);
	io->range.granted = write_granted;
	io->zone.fn = write_activated;
	spin_lock_irqsave(&s->lock, flags);
	granted = nm_range_lock(s, &io->range, io->req.sector,
				io->req.len >> SECTOR_SHIFT);
	spin_unlock_irqrestore(&s->lock, flags);
	if (granted)
		nm_io_enter_zone(io);
}

/* --- reads -------------------------------------------------------------- */

/* A peer that was lost may come back, or leave the local leg to read from. */
static void read_from_peer_done(struct nm_req *req, blk_status_t status)
{
	struct nm_io *io = container_of(req, struct nm_io, req);

	io->remote_status = status;
	if (status == BLK_STS_TRANSPORT) {
		io_park(io, NM_IO_NEW);
		return;
	}
	if (!status && io->local_failed)
		nm_resync_repair(io->mirror, io->first, io->last);
	io_end_bio(io, status);
}

static void read_from_peer(struct nm_io *io)
{
	io->remote_status = BLK_STS_OK;
	io->req.done = read_from_peer_done;
	nm_count(io->mirror, NM_C_REMOTE_READS);
	io->mirror->link.ops->submit(&io->mirror->link, &io->req);
}

enum nm_read_from nm_io_read_place(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	unsigned int mode = READ_ONCE(m->mode);
	bool dirty = false;

	if (mode & NM_MODE_STALE) {
		struct nm_shard *s = nm_shard_of(m, io->zone.zone);
		unsigned long flags;

		spin_lock_irqsave(&s->lock, flags);
		dirty = nm_marks_any_dirty(&m->marks, io->first, io->last);
		spin_unlock_irqrestore(&s->lock, flags);
	}
	return nm_read_from(mode, dirty);
}

static void read_local(struct nm_io *io)
{
	bio_set_dev(io->bio, io->mirror->local->bdev);
	io->bio->bi_iter.bi_sector = io->mirror->local_offset + io->req.sector;
}

/* --- start: from map, or when the mirror thaws -------------------------- */

static void io_prepare(struct nm_mirror *m, struct nm_io *io, struct bio *bio)
{
	const struct nm_geometry *geo = &m->marks.geo;
	u64 sector = dm_target_offset(m->ti, bio->bi_iter.bi_sector);
	u32 sectors = bio_sectors(bio);

	io->mirror = m;
	io->bio = bio;
	io->copy = NULL;
	io->iter = bio->bi_iter;
	io->local = false;
	io->mirrored = false;
	io->zoned = false;
	io->local_failed = false;
	io->local_status = BLK_STS_OK;
	io->remote_status = BLK_STS_OK;
	io->ended = false;
	io->req = (struct nm_req){
		.sector = sector,
		.len = sectors << SECTOR_SHIFT,
		.bio = bio,
		.iter = bio->bi_iter,
		.done = remote_done,
	};
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		io->op = NM_OP_READ;
		nm_count(m, NM_C_APP_READS);
		break;
	case REQ_OP_DISCARD:
		io->op = NM_OP_DISCARD;
		nm_count(m, NM_C_APP_WRITES);
		break;
	case REQ_OP_WRITE_ZEROES:
		io->op = NM_OP_WRITE_ZEROES;
		if (bio->bi_opf & REQ_NOUNMAP)
			io->req.flags |= NM_WF_NOUNMAP;
		nm_count(m, NM_C_APP_WRITES);
		break;
	default:
		io->op = sectors ? NM_OP_WRITE : NM_OP_FLUSH;
		nm_count(m, sectors ? NM_C_APP_WRITES : NM_C_APP_FLUSHES);
	}
	io->req.op = io->op;
	if (bio->bi_opf & REQ_FUA &&
	    (io->op == NM_OP_WRITE || io->op == NM_OP_WRITE_ZEROES))
		io->req.flags |= NM_WF_FUA;
	if (io->op == NM_OP_FLUSH) {
		io->req.sector = 0;
		return;
	}
	io->zone.zone = nm_zone_of(geo, sector);
	io->first = nm_region_of(geo, sector);
	io->last = nm_region_of(geo, sector + sectors - 1);
}

void nm_io_read_start(struct nm_io *io)
{
	switch (nm_io_read_place(io)) {
	case NM_READ_LOCAL:
		read_local(io);
		submit_bio_noacct(io->bio);
		break;
	case NM_READ_PEER:
		read_from_peer(io);
		break;
	case NM_READ_NOWHERE:
		io_park(io, NM_IO_NEW);
		break;
	}
}

/* Go on with a bio that was held. */
void nm_io_start(struct nm_io *io)
{
	io->local = false;
	io->mirrored = false;
	io->remote_status = BLK_STS_OK;
	if (!(READ_ONCE(io->mirror->mode) & NM_MODE_PRIMARY))
		io_end_bio(io, BLK_STS_IOERR);
	else if (io->op == NM_OP_READ)
		nm_io_read_start(io);
	else if (io->op == NM_OP_FLUSH)
		nm_io_issue(io);
	else
		write_start(io);
}

/* A write never crosses a zone; what follows comes back as another bio. */
static void io_clip(struct nm_mirror *m, struct bio *bio)
{
	u64 sector = dm_target_offset(m->ti, bio->bi_iter.bi_sector);
	u64 left = (1ULL << m->marks.geo.zone_shift) -
		   (sector & ((1ULL << m->marks.geo.zone_shift) - 1));

	if (bio_sectors(bio) > left)
		dm_accept_partial_bio(bio, left);
}

/* False: the mirror is frozen, and the bio waits in nm_mirror.held. */
static bool io_enter(struct nm_mirror *m, struct nm_io *io)
{
	unsigned long flags;
	bool entered;

	if (likely(percpu_ref_tryget_live(&m->io_ref)))
		return true;
	spin_lock_irqsave(&m->list_lock, flags);
	entered = percpu_ref_tryget_live(&m->io_ref);
	if (!entered)
		list_add_tail(&io->list, &m->held);
	spin_unlock_irqrestore(&m->list_lock, flags);
	return entered;
}

int nm_io_map(struct nm_mirror *m, struct bio *bio)
{
	struct nm_io *io = io_of(bio);

	if (unlikely(!(READ_ONCE(m->mode) & NM_MODE_PRIMARY))) {
		io->mirror = NULL;
		return DM_MAPIO_KILL;
	}
	io_clip(m, bio);
	io_prepare(m, io, bio);
	if (!io_enter(m, io))
		return DM_MAPIO_SUBMITTED;
	if (io->op == NM_OP_READ && nm_io_read_place(io) == NM_READ_LOCAL) {
		read_local(io);
		return DM_MAPIO_REMAPPED;
	}
	nm_io_start(io);
	return DM_MAPIO_SUBMITTED;
}

static void read_again(struct work_struct *work)
{
	struct nm_io *io = container_of(work, struct nm_io, work);

	io->bio->bi_iter = io->iter;
	read_from_peer(io);
}

/*
 * dm's end_io, for every bio that map did not kill.  A read that the local leg
 * failed is tried on the peer, or when that is not there the worker decides.
 */
int nm_io_end(struct nm_mirror *m, struct bio *bio, blk_status_t *error)
{
	struct nm_io *io = io_of(bio);
	unsigned int mode = READ_ONCE(m->mode);

	if (!io->mirror)
		return DM_ENDIO_DONE;
	if (unlikely(*error) && io->op == NM_OP_READ && !io->ended &&
	    *error != BLK_STS_NOTSUPP) {
		nm_warn_ratelimited(m, "cannot read sector %llu of %pg\n",
				    io->req.sector, m->local->bdev);
		io->local_failed = true;
		io->local_status = *error;
		if (nm_read_from(mode & ~NM_MODE_LOCAL, true) == NM_READ_PEER) {
			INIT_WORK(&io->work, read_again);
			queue_work(m->io_wq, &io->work);
		} else {
			io_park(io, NM_IO_NEW);
		}
		return DM_ENDIO_INCOMPLETE;
	}
	percpu_ref_put(&m->io_ref);
	return DM_ENDIO_DONE;
}

/* --- requests of the mirror itself --------------------------------------- */

struct sync_req {
	struct nm_req *req;
	struct completion done;
	blk_status_t status;
};

static void peer_sync_done(struct nm_req *req, blk_status_t status)
{
	struct sync_req *sync = req->context;

	sync->status = status;
	complete(&sync->done);
}

blk_status_t nm_io_peer_sync(struct nm_mirror *m, struct nm_req *req)
{
	struct sync_req sync = { .req = req };

	init_completion(&sync.done);
	req->done = peer_sync_done;
	req->context = &sync;
	m->link.ops->submit(&m->link, req);
	wait_for_completion(&sync.done);
	return sync.status;
}
