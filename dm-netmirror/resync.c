// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resync: copy the dirty regions, by push from the source or by pull to a
 * primary that is the target.  And repair: pull what could not be read.
 *
 * A number of jobs copy one region each.  The region's range is locked from
 * the read to the answer of the leg written (I7, trap 9), so that no write of
 * the application is overtaken by older data.
 */
#include "mirror.h"

#define JOB_BYTES	(128U << 10)

/* --- one region --------------------------------------------------------- */

static void job_granted(struct nm_mirror *m, struct nm_range *range)
{
	complete(&container_of(range, struct nm_job, range)->granted);
}

static void job_lock(struct nm_job *job, struct nm_shard *s, u64 sector,
		     u32 sectors)
{
	bool granted;

	reinit_completion(&job->granted);
	job->range.granted = job_granted;
	spin_lock_irq(&s->lock);
	granted = nm_range_lock(s, &job->range, sector, sectors);
	spin_unlock_irq(&s->lock);
	if (!granted)
		wait_for_completion(&job->granted);
}

static int local_rw(struct nm_job *job, u64 sector, u32 bytes, blk_opf_t opf)
{
	struct nm_mirror *m = job->mirror;
	struct bio_vec bvec;
	struct bio bio;
	int err;

	bio_init(&bio, m->local->bdev, &bvec, 1, opf);
	bio.bi_iter.bi_sector = m->local_offset + sector;
	__bio_add_page(&bio, job->pages, bytes, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static int peer_rw(struct nm_job *job, u64 sector, u32 bytes, u16 op)
{
	struct nm_mirror *m = job->mirror;
	struct bio_vec bvec;
	struct bio bio;
	struct nm_req req = {
		.op = op,
		.flags = NM_WF_RESYNC,
		.sector = sector,
		.len = bytes,
		.bio = &bio,
	};
	blk_status_t status;

	bio_init(&bio, m->local->bdev, &bvec, 1,
		 op == NM_OP_READ ? REQ_OP_READ : REQ_OP_WRITE);
	__bio_add_page(&bio, job->pages, bytes, 0);
	req.iter = bio.bi_iter;
	status = nm_io_peer_sync(m, &req);
	bio_uninit(&bio);
	return blk_status_to_errno(status);
}

static int push(struct nm_job *job, u64 sector, u32 bytes)
{
	void *data = page_address(job->pages);
	u16 op = NM_OP_WRITE;
	int err;

	err = local_rw(job, sector, bytes, REQ_OP_READ);
	if (err) {
		nm_err(job->mirror, "resync stops: cannot read sector %llu of %pg: error %d\n",
		       sector, job->mirror->local->bdev, err);
		return err;
	}
	if (!memchr_inv(data, 0, bytes))
		op = NM_OP_WRITE_ZEROES;
	return peer_rw(job, sector, bytes, op);
}

static int pull(struct nm_job *job, u64 sector, u32 bytes)
{
	int err;

	err = peer_rw(job, sector, bytes, NM_OP_READ);
	if (err)
		return err;
	err = local_rw(job, sector, bytes, REQ_OP_WRITE);
	if (err) {
		nm_err(job->mirror, "cannot write sector %llu of %pg: error %d\n",
		       sector, job->mirror->local->bdev, err);
		nm_todo(job->mirror, NM_TODO_LEG_FAILED);
	}
	return err;
}

static int copy_region(struct nm_job *job, u32 region)
{
	struct nm_mirror *m = job->mirror;
	const struct nm_geometry *geo = &m->marks.geo;
	u64 sector = (u64)region << geo->region_shift;
	u32 bytes = nm_region_sectors(geo, region) << SECTOR_SHIFT;
	u32 zone = nm_zone_of(geo, sector);
	struct nm_shard *s = nm_shard_of(m, zone);
	bool pulls = READ_ONCE(m->state.sync) == NM_SYNC_TARGET;
	u32 done = 0;
	int err = 0;

	job_lock(job, s, sector, bytes >> SECTOR_SHIFT);
	while (nm_marks_is_dirty(&m->marks, region) && done < bytes && !err) {
		u64 at = sector + (done >> SECTOR_SHIFT);
		u32 len = min(bytes - done, JOB_BYTES);

		err = pulls ? pull(job, at, len) : push(job, at, len);
		done += len;
	}
	spin_lock_irq(&s->lock);
	if (!err && nm_marks_copied(&m->marks, region)) {
		set_bit(nm_mark_block_of(&m->marks, zone), m->stale_blocks);
		nm_count(m, NM_C_RESYNC_REGIONS);
	}
	nm_range_unlock(m, s, &job->range);
	spin_unlock_irq(&s->lock);
	return err;
}

static void job_done(struct nm_job *job)
{
	struct nm_mirror *m = job->mirror;

	WRITE_ONCE(job->busy, false);
	if (atomic_dec_and_test(&m->nr_busy_jobs)) {
		if (!READ_ONCE(m->resync_stop))
			nm_todo(m, NM_TODO_SYNC);
		wake_up(&m->drained);
	}
}

/* --- repair ------------------------------------------------------------- */

void nm_resync_repair(struct nm_mirror *m, u32 first, u32 last)
{
	unsigned long flags;

	spin_lock_irqsave(&m->list_lock, flags);
	/* What finds no room is found again by its next reader. */
	for (; first <= last && m->nr_repairs < NM_MAX_REPAIRS; first++)
		m->repairs[m->nr_repairs++] = first;
	spin_unlock_irqrestore(&m->list_lock, flags);
	nm_todo(m, NM_TODO_REPAIR);
}

static bool next_repair(struct nm_mirror *m, u32 *region)
{
	bool found;

	spin_lock_irq(&m->list_lock);
	found = m->nr_repairs;
	if (found)
		*region = m->repairs[--m->nr_repairs];
	spin_unlock_irq(&m->list_lock);
	return found;
}

/* No mark is needed: both legs have these data, or one cannot read them. */
static int repair_region(struct nm_job *job, u32 region)
{
	struct nm_mirror *m = job->mirror;
	const struct nm_geometry *geo = &m->marks.geo;
	u64 sector = (u64)region << geo->region_shift;
	u32 bytes = nm_region_sectors(geo, region) << SECTOR_SHIFT;
	struct nm_shard *s = nm_shard_of(m, nm_zone_of(geo, sector));
	u32 done = 0;
	int err = 0;

	job_lock(job, s, sector, bytes >> SECTOR_SHIFT);
	while (done < bytes && !err) {
		u32 len = min(bytes - done, JOB_BYTES);

		err = pull(job, sector + (done >> SECTOR_SHIFT), len);
		done += len;
	}
	spin_lock_irq(&s->lock);
	nm_range_unlock(m, s, &job->range);
	spin_unlock_irq(&s->lock);
	if (!err)
		nm_count(m, NM_C_REPAIRS);
	return err;
}

static void repair_fn(struct work_struct *work)
{
	struct nm_job *job = container_of(work, struct nm_job, work);
	struct nm_mirror *m = job->mirror;
	u32 region;

	while (!READ_ONCE(m->resync_stop) && next_repair(m, &region))
		if (repair_region(job, region))
			break;
	job_done(job);
}

void nm_resync_kick_repair(struct nm_mirror *m)
{
	struct nm_job *job = &m->repair_job;

	if (!nm_may_repair(&m->state) || m->suspended || READ_ONCE(job->busy))
		return;
	WRITE_ONCE(m->resync_stop, false);
	WRITE_ONCE(job->busy, true);
	atomic_inc(&m->nr_busy_jobs);
	queue_work(m->resync_wq, &job->work);
}

/* --- the jobs ----------------------------------------------------------- */

/* The next dirty region, or nr_regions.  Sets when (ns) it may be copied. */
static u32 next_region(struct nm_mirror *m, u64 *when)
{
	u32 rate = READ_ONCE(m->settings.resync_rate);
	u32 nr = m->marks.geo.nr_regions;
	u32 region;

	mutex_lock(&m->resync_mutex);
	region = nm_marks_next_dirty(&m->marks, m->resync_cursor);
	if (region == nr)
		region = nm_marks_next_dirty(&m->marks, 0);
	m->resync_cursor = region + 1;
	*when = 0;
	if (rate) {
		*when = max(m->resync_pace, ktime_get_ns());
		m->resync_pace = *when +
			div_u64(m->region_sectors / 2 * (u64)NSEC_PER_SEC,
				rate);
	}
	mutex_unlock(&m->resync_mutex);
	return region;
}

/* Less than a tick is not waited for; it adds up. */
static bool pause_until(struct nm_mirror *m, u64 when)
{
	s64 wait = when - ktime_get_ns();

	if (wait > 0)
		wait_event_idle_timeout(m->resync_pause,
					READ_ONCE(m->resync_stop),
					nsecs_to_jiffies(wait));
	return !READ_ONCE(m->resync_stop);
}

static void job_fn(struct work_struct *work)
{
	struct nm_job *job = container_of(work, struct nm_job, work);
	struct nm_mirror *m = job->mirror;
	u64 when;
	int err = 0;

	while (!err && !READ_ONCE(m->resync_stop)) {
		u32 region = next_region(m, &when);

		if (region == m->marks.geo.nr_regions ||
		    !pause_until(m, when))
			break;
		err = copy_region(job, region);
		cond_resched();
	}
	if (err)
		WRITE_ONCE(m->resync_stop, true);
	job_done(job);
}

void nm_resync_kick(struct nm_mirror *m)
{
	int i;

	if (!nm_sync_drives(&m->state) || m->suspended)
		return;
	WRITE_ONCE(m->resync_stop, false);
	for (i = 0; i < NM_MAX_JOBS; i++) {
		struct nm_job *job = &m->jobs[i];

		if (READ_ONCE(job->busy))
			continue;
		WRITE_ONCE(job->busy, true);
		atomic_inc(&m->nr_busy_jobs);
		queue_work(m->resync_wq, &job->work);
	}
}

static bool jobs_are_done(struct nm_mirror *m)
{
	return !atomic_read(&m->nr_busy_jobs);
}

void nm_resync_halt(struct nm_mirror *m)
{
	WRITE_ONCE(m->resync_stop, true);
	wake_up_all(&m->resync_pause);
	nm_io_wait(m, jobs_are_done);
}

static unsigned int job_order(struct nm_mirror *m)
{
	return get_order(min(JOB_BYTES, m->region_sectors << SECTOR_SHIFT));
}

static int init_job(struct nm_mirror *m, struct nm_job *job, work_func_t fn)
{
	job->mirror = m;
	INIT_WORK(&job->work, fn);
	init_completion(&job->granted);
	job->pages = alloc_pages(GFP_KERNEL | __GFP_COMP, job_order(m));
	return job->pages ? 0 : -ENOMEM;
}

int nm_resync_init(struct nm_mirror *m)
{
	int i, err;

	err = init_job(m, &m->repair_job, repair_fn);
	for (i = 0; i < NM_MAX_JOBS && !err; i++)
		err = init_job(m, &m->jobs[i], job_fn);
	return err;
}

static void exit_job(struct nm_mirror *m, struct nm_job *job)
{
	if (job->pages)
		__free_pages(job->pages, job_order(m));
	job->pages = NULL;
}

void nm_resync_exit(struct nm_mirror *m)
{
	int i;

	exit_job(m, &m->repair_job);
	for (i = 0; i < NM_MAX_JOBS; i++)
		exit_job(m, &m->jobs[i]);
}
