// SPDX-License-Identifier: GPL-2.0-only
/*
 * Online verify: read every region from both legs and compare, while the
 * application goes on.
 *
 * A region is compared with its range locked, and a write holds its range until
 * both legs have answered: so a write on its way is no difference.  That is the
 * lock of the primary.  Where neither node is primary nobody writes, and a run
 * ends before the peer is allowed to become primary.  What differs is read once
 * more from both legs before it counts.
 *
 * A repair copies what differs to the peer's leg, still under the lock.  First
 * the region is marked dirty, durably.  After that it counts as copied by a
 * resync: unflushed until a checkpoint has flushed both legs, and dirty again
 * if the peer is lost before (I3).  If the peer is lost in the middle of the
 * copy, the region stays dirty, and the next handshake has it copied.
 *
 * The peer's data come over the link as they are.  A digest in their stead would
 * save nearly all of that traffic, at the price of one more request in the
 * protocol; reading and comparing would cost as much.
 */
#include "mirror.h"

static const char *const names[] = {
	[NM_VERIFY_CHECK]	= "check",
	[NM_VERIFY_REPAIR]	= "repair",
};

static bool is_repair(const struct nm_mirror *m)
{
	return READ_ONCE(m->state.verify) == NM_VERIFY_REPAIR;
}

/* --- one region --------------------------------------------------------- */

enum outcome {
	SAME,
	DIFFERENT,
	UNREADABLE,		/* on the local leg */
};

static struct nm_verify_job *to_verify_job(struct nm_job *job)
{
	return container_of(job, struct nm_verify_job, job);
}

/* Returns an enum outcome, or -ENOLINK when the session is over. */
static int compare(struct nm_verify_job *vj, u64 sector, u32 bytes)
{
	struct nm_job *job = &vj->job;
	int local, peer;

	local = nm_job_local(job, job->pages, sector, bytes,
			     NM_OPF_READ_REGION);
	peer = nm_job_peer(job, vj->peer_pages, sector, bytes, NM_OP_READ);
	if (peer == -ENOLINK)
		return peer;
	if (local)
		return UNREADABLE;
	if (peer || memcmp(page_address(job->pages),
			   page_address(vj->peer_pages), bytes))
		return DIFFERENT;
	return SAME;
}

/* The mark is durable before the write that it covers. */
static int mark(struct nm_verify_job *vj)
{
	struct nm_mirror *m = vj->job.mirror;
	u32 zone = vj->job.region / m->marks.geo.zone_regions;
	int err;

	if (vj->marked)
		return 0;
	nm_zone_mark(m, vj->job.region, 1);
	mutex_lock(&m->meta_mutex);
	err = nm_meta_write_marks(m, nm_mark_block_of(&m->marks, zone));
	mutex_unlock(&m->meta_mutex);
	vj->marked = !err;
	return err;
}

static int verify_piece(struct nm_job *job, u64 sector, u32 bytes)
{
	struct nm_verify_job *vj = to_verify_job(job);
	int outcome;

	outcome = compare(vj, sector, bytes);
	if (outcome > SAME)
		outcome = compare(vj, sector, bytes);
	if (outcome <= SAME)
		return outcome;
	vj->differs = true;
	if (!is_repair(job->mirror))
		return 0;
	if (outcome == UNREADABLE) {
		nm_resync_repair(job->mirror, job->region, job->region);
		return 0;
	}
	return mark(vj) ?:
	       nm_job_peer(job, job->pages, sector, bytes, NM_OP_WRITE);
}

static void count_region(struct nm_verify_job *vj)
{
	struct nm_mirror *m = vj->job.mirror;
	const struct nm_geometry *geo = &m->marks.geo;
	u32 region = vj->job.region;

	if (vj->differs) {
		atomic_inc(vj->marked ? &m->verify.mended :
					&m->verify.mismatches);
		nm_warn_ratelimited(m, "the legs differ in region %u, from sector %llu on%s\n",
				    region, (u64)region << geo->region_shift,
				    vj->marked ? "; mended" : "");
	}
	atomic_dec(&m->verify.left);
}

static int verify_region(struct nm_verify_job *vj, u32 region)
{
	struct nm_job *job = &vj->job;
	int err;

	vj->differs = false;
	vj->marked = false;
	nm_job_lock(job, region);
	err = nm_job_each(job, verify_piece);
	if (!err && vj->marked)
		nm_job_copied(job);
	nm_job_unlock(job);
	if (!err)
		count_region(vj);
	return err;
}

/* --- the jobs ----------------------------------------------------------- */

/* The next region, or nr_regions.  *@when: see nm_job_due(). */
static u32 next_region(struct nm_mirror *m, u64 *when)
{
	u32 region;

	mutex_lock(&m->resync_mutex);
	region = m->verify.next;
	if (region < m->marks.geo.nr_regions)
		m->verify.next++;
	*when = nm_job_due(m);
	mutex_unlock(&m->resync_mutex);
	return region;
}

static void job_fn(struct work_struct *work)
{
	struct nm_job *job = container_of(work, struct nm_job, work);
	struct nm_mirror *m = job->mirror;
	struct nm_verify_run *v = &m->verify;
	u64 when;

	while (!READ_ONCE(v->stop)) {
		u32 region = next_region(m, &when);

		if (region == m->marks.geo.nr_regions ||
		    !nm_job_pause(m, when, &v->stop))
			break;
		if (verify_region(to_verify_job(job), region))
			WRITE_ONCE(v->stop, true);
		cond_resched();
	}
	if (atomic_dec_and_test(&v->nr_busy)) {
		nm_todo(m, NM_TODO_VERIFIED);
		wake_up(&m->drained);
	}
}

void nm_verify_init(struct nm_mirror *m)
{
	int i;

	for (i = 0; i < NM_VERIFY_JOBS; i++) {
		struct nm_job *job = &m->verify.jobs[i].job;

		job->mirror = m;
		INIT_WORK(&job->work, job_fn);
		init_completion(&job->granted);
	}
}

/* --- the run ------------------------------------------------------------ */

static void set_verify(struct nm_mirror *m, enum nm_verify verify)
{
	spin_lock_irq(&m->state_lock);
	m->state.verify = verify;
	spin_unlock_irq(&m->state_lock);
	nm_publish(m);
}

/* No resync goes on, so the pages of its jobs are free. */
static void start(struct nm_mirror *m, enum nm_verify verify)
{
	struct nm_verify_run *v = &m->verify;
	int i;

	nm_info(m, "%s: comparing %u regions of both legs\n",
		names[verify], m->marks.geo.nr_regions);
	v->next = 0;
	WRITE_ONCE(v->stop, false);
	atomic_set(&v->left, m->marks.geo.nr_regions);
	atomic_set(&v->mismatches, 0);
	atomic_set(&v->mended, 0);
	atomic_set(&v->nr_busy, NM_VERIFY_JOBS);
	set_verify(m, verify);
	for (i = 0; i < NM_VERIFY_JOBS; i++) {
		struct nm_verify_job *vj = &v->jobs[i];

		vj->job.pages = m->jobs[2 * i].pages;
		vj->peer_pages = m->jobs[2 * i + 1].pages;
		queue_work(m->resync_wq, &vj->job.work);
	}
}

enum nm_refusal nm_verify_begin(struct nm_mirror *m, enum nm_verify verify)
{
	enum nm_refusal refusal = nm_may_verify(&m->state, verify);

	if (refusal || m->state.verify == verify)
		return refusal;
	nm_verify_halt(m);
	/* The session may have ended meanwhile. */
	refusal = nm_may_verify(&m->state, verify);
	if (!refusal)
		start(m, verify);
	return refusal;
}

void nm_verify_over(struct nm_mirror *m)
{
	struct nm_verify_run *v = &m->verify;
	u32 nr = m->marks.geo.nr_regions;
	u32 left = atomic_read(&v->left);

	if (m->state.verify == NM_VERIFY_NONE || atomic_read(&v->nr_busy))
		return;
	nm_info(m, "%s %s: %u of %u regions compared, %u differ, %u mended\n",
		names[m->state.verify], left ? "ended early" : "finished",
		nr - left, nr, atomic_read(&v->mismatches),
		atomic_read(&v->mended));
	set_verify(m, NM_VERIFY_NONE);
}

static bool jobs_are_done(struct nm_mirror *m)
{
	return !atomic_read(&m->verify.nr_busy);
}

void nm_verify_halt(struct nm_mirror *m)
{
	WRITE_ONCE(m->verify.stop, true);
	wake_up_all(&m->resync_pause);
	nm_io_wait(m, jobs_are_done);
	nm_verify_over(m);
}
