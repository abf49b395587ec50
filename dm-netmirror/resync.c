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

/* A region that cannot be read is tried again so much later. */
#define RETRY_DELAY	(30 * HZ)

/* --- one region --------------------------------------------------------- */

/* The source cannot read it: no reason not to copy the rest. */
#define UNREADABLE	(-ENODATA)

static int push(struct nm_job *job, u64 sector, u32 bytes)
{
	void *data = page_address(job->pages);
	u16 op = NM_OP_WRITE;
	int err;

	err = nm_job_local(job, job->pages, sector, bytes, NM_OPF_READ_REGION);
	if (err) {
		nm_warn_ratelimited(job->mirror, "not copied: cannot read sector %llu of %pg: error %d\n",
				    sector, job->mirror->local->bdev, err);
		return UNREADABLE;
	}
	if (!memchr_inv(data, 0, bytes))
		op = NM_OP_WRITE_ZEROES;
	return nm_job_peer(job, job->pages, sector, bytes, op);
}

static int pull(struct nm_job *job, u64 sector, u32 bytes)
{
	int err;

	err = nm_job_peer(job, job->pages, sector, bytes, NM_OP_READ);
	if (err == -EIO)
		return UNREADABLE;
	if (err)
		return err;
	err = nm_job_local(job, job->pages, sector, bytes, REQ_OP_WRITE);
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
	bool pulls = READ_ONCE(m->state.sync) == NM_SYNC_TARGET;
	int err = 0;

	nm_job_lock(job, region);
	if (nm_marks_is_dirty(&m->marks, region)) {
		err = nm_job_each(job, pulls ? pull : push);
		if (!err)
			nm_job_copied(job);
	}
	nm_job_unlock(job);
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
	int err;

	nm_job_lock(job, region);
	err = nm_job_each(job, pull);
	nm_job_unlock(job);
	if (!err)
		nm_count(job->mirror, NM_C_REPAIRS);
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

/*
 * The next dirty region, or nr_regions.  *@when: see nm_job_due().  When some had
 * to be left out, the scan does not begin anew.
 */
static u32 next_region(struct nm_mirror *m, u64 *when)
{
	u32 nr = m->marks.geo.nr_regions;
	u32 region;

	mutex_lock(&m->resync_mutex);
	region = nm_marks_next_dirty(&m->marks, m->resync_cursor);
	if (region == nr && !m->nr_unreadable)
		region = nm_marks_next_dirty(&m->marks, 0);
	m->resync_cursor = min(region + 1, nr);
	*when = nm_job_due(m);
	mutex_unlock(&m->resync_mutex);
	return region;
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
		    !nm_job_pause(m, when, &m->resync_stop))
			break;
		err = copy_region(job, region);
		if (err == UNREADABLE) {
			mutex_lock(&m->resync_mutex);
			m->nr_unreadable++;
			mutex_unlock(&m->resync_mutex);
			err = 0;
		}
		cond_resched();
	}
	if (err)
		WRITE_ONCE(m->resync_stop, true);
	job_done(job);
}

void nm_resync_kick(struct nm_mirror *m)
{
	int i;

	/*
	 * What becomes dirty after the end was told keeps its mark, and the session
	 * starts over: copied now, it would pass for flushed.
	 */
	if (!nm_sync_drives(&m->state) || m->suspended || m->sync_done_sent)
		return;
	cancel_delayed_work(&m->retry_work);
	WRITE_ONCE(m->resync_stop, false);
	if (!atomic_read(&m->nr_busy_jobs)) {
		mutex_lock(&m->resync_mutex);
		m->resync_cursor = 0;
		m->nr_unreadable = 0;
		mutex_unlock(&m->resync_mutex);
	}
	for (i = 0; i < NM_MAX_JOBS; i++) {
		struct nm_job *job = &m->jobs[i];

		if (READ_ONCE(job->busy))
			continue;
		WRITE_ONCE(job->busy, true);
		atomic_inc(&m->nr_busy_jobs);
		queue_work(m->resync_wq, &job->work);
	}
}

void nm_resync_go_on(struct nm_mirror *m)
{
	if (!m->nr_unreadable) {
		nm_resync_kick(m);
		return;
	}
	nm_warn(m, "%u regions are not copied, since their source cannot be read; trying again in %u s\n",
		m->nr_unreadable, RETRY_DELAY / HZ);
	queue_delayed_work(m->state_wq, &m->retry_work, RETRY_DELAY);
}

void nm_resync_retry(struct work_struct *work)
{
	nm_todo(container_of(to_delayed_work(work), struct nm_mirror,
			     retry_work), NM_TODO_RETRY);
}

static bool jobs_are_done(struct nm_mirror *m)
{
	return !atomic_read(&m->nr_busy_jobs);
}

void nm_resync_halt(struct nm_mirror *m)
{
	nm_verify_halt(m);
	WRITE_ONCE(m->resync_stop, true);
	wake_up_all(&m->resync_pause);
	nm_io_wait(m, jobs_are_done);
}

int nm_resync_init(struct nm_mirror *m)
{
	int i, err;

	err = nm_job_init(m, &m->repair_job, repair_fn);
	for (i = 0; i < NM_MAX_JOBS && !err; i++)
		err = nm_job_init(m, &m->jobs[i], job_fn);
	return err;
}

void nm_resync_exit(struct nm_mirror *m)
{
	int i;

	nm_job_exit(m, &m->repair_job);
	for (i = 0; i < NM_MAX_JOBS; i++)
		nm_job_exit(m, &m->jobs[i]);
}
