// SPDX-License-Identifier: GPL-2.0-only
/*
 * A job works on one region at a time, with the region's range locked, and
 * sleeps for both legs.  Resync, repair and verify are made of jobs.
 */
#include "mirror.h"

#define JOB_BYTES	(128U << 10)

static unsigned int job_order(struct nm_mirror *m)
{
	return get_order(min(JOB_BYTES, m->region_sectors << SECTOR_SHIFT));
}

int nm_job_init(struct nm_mirror *m, struct nm_job *job, work_func_t fn)
{
	job->mirror = m;
	INIT_WORK(&job->work, fn);
	init_completion(&job->granted);
	job->pages = alloc_pages(GFP_KERNEL | __GFP_COMP, job_order(m));
	return job->pages ? 0 : -ENOMEM;
}

void nm_job_exit(struct nm_mirror *m, struct nm_job *job)
{
	if (job->pages)
		__free_pages(job->pages, job_order(m));
	job->pages = NULL;
}

/* --- the region --------------------------------------------------------- */

static void job_granted(struct nm_mirror *m, struct nm_range *range)
{
	complete(&container_of(range, struct nm_job, range)->granted);
}

static u32 job_zone(const struct nm_job *job)
{
	return job->region / job->mirror->marks.geo.zone_regions;
}

void nm_job_lock(struct nm_job *job, u32 region)
{
	const struct nm_geometry *geo = &job->mirror->marks.geo;
	struct nm_shard *s;
	bool granted;

	job->region = region;
	s = nm_shard_of(job->mirror, job_zone(job));
	reinit_completion(&job->granted);
	job->range.granted = job_granted;
	spin_lock_irq(&s->lock);
	granted = nm_range_lock(s, &job->range,
				(u64)region << geo->region_shift,
				nm_region_sectors(geo, region));
	spin_unlock_irq(&s->lock);
	if (!granted)
		wait_for_completion(&job->granted);
}

void nm_job_unlock(struct nm_job *job)
{
	struct nm_mirror *m = job->mirror;
	struct nm_shard *s = nm_shard_of(m, job_zone(job));

	spin_lock_irq(&s->lock);
	nm_range_unlock(m, s, &job->range);
	spin_unlock_irq(&s->lock);
}

int nm_job_each(struct nm_job *job,
		int (*fn)(struct nm_job *job, u64 sector, u32 bytes))
{
	const struct nm_geometry *geo = &job->mirror->marks.geo;
	u64 sector = (u64)job->region << geo->region_shift;
	u32 left = nm_region_sectors(geo, job->region) << SECTOR_SHIFT;
	int err = 0;

	while (left && !err) {
		u32 bytes = min(left, JOB_BYTES);

		err = fn(job, sector, bytes);
		sector += bytes >> SECTOR_SHIFT;
		left -= bytes;
	}
	return err;
}

void nm_job_copied(struct nm_job *job)
{
	struct nm_mirror *m = job->mirror;
	u32 zone = job_zone(job);
	struct nm_shard *s = nm_shard_of(m, zone);

	spin_lock_irq(&s->lock);
	if (nm_marks_copied(&m->marks, job->region)) {
		set_bit(nm_mark_block_of(&m->marks, zone), m->stale_blocks);
		nm_count(m, NM_C_RESYNC_REGIONS);
	}
	spin_unlock_irq(&s->lock);
}

/* --- the legs ----------------------------------------------------------- */

int nm_job_local(struct nm_job *job, struct page *pages, u64 sector, u32 bytes,
		 blk_opf_t opf)
{
	struct nm_mirror *m = job->mirror;
	struct bio_vec bvec;
	struct bio bio;
	int err;

	bio_init(&bio, m->local->bdev, &bvec, 1, opf);
	bio.bi_iter.bi_sector = m->local_offset + sector;
	__bio_add_page(&bio, pages, bytes, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

int nm_job_peer(struct nm_job *job, struct page *pages, u64 sector, u32 bytes,
		u16 op)
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
	__bio_add_page(&bio, pages, bytes, 0);
	req.iter = bio.bi_iter;
	status = nm_io_peer_sync(m, &req);
	bio_uninit(&bio);
	return blk_status_to_errno(status);
}

/* --- the rate ----------------------------------------------------------- */

u64 nm_job_due(struct nm_mirror *m)
{
	u32 rate = READ_ONCE(m->settings.resync_rate);
	u64 when;

	lockdep_assert_held(&m->resync_mutex);
	if (!rate)
		return 0;
	when = max(m->resync_pace, ktime_get_ns());
	m->resync_pace = when +
		div_u64(m->region_sectors / 2 * (u64)NSEC_PER_SEC, rate);
	return when;
}

/* Less than a tick is not waited for; it adds up. */
bool nm_job_pause(struct nm_mirror *m, u64 when, const bool *stop)
{
	s64 wait = when - ktime_get_ns();

	if (wait > 0)
		wait_event_idle_timeout(m->resync_pause, READ_ONCE(*stop),
					nsecs_to_jiffies(wait));
	return !READ_ONCE(*stop);
}
