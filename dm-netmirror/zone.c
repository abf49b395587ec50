// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones: activation (a mark made durable before the first write, many writers
 * in one metadata write) and checkpoints (both legs flushed, marks retired).
 */
#include "mirror.h"

#define CHECKPOINT_INTERVAL	HZ
/* A zone without a write for this many checkpoints is retired. */
#define IDLE_EPOCHS		30
/* After so many with writes the nodes count a meeting. */
#define MEETING_EPOCHS		60

/* --- activation --------------------------------------------------------- */

bool nm_zone_enter(struct nm_mirror *m, struct nm_zone_wait *wait)
{
	struct nm_shard *s = nm_shard_of(m, wait->zone);
	unsigned long flags;
	bool active;

	spin_lock_irqsave(&s->lock, flags);
	active = nm_marks_write_begin(&m->marks, wait->zone);
	if (!active) {
		spin_lock(&m->list_lock);
		list_add_tail(&wait->list, &m->cold);
		spin_unlock(&m->list_lock);
	}
	spin_unlock_irqrestore(&s->lock, flags);
	if (!active)
		queue_work(m->io_wq, &m->activate_work);
	return active;
}

static bool zone_wants_mark(struct nm_mirror *m, u32 zone)
{
	struct nm_shard *s = nm_shard_of(m, zone);
	bool wants;

	spin_lock_irq(&s->lock);
	wants = m->marks.zones[zone].state == NM_ZONE_ACTIVATING;
	spin_unlock_irq(&s->lock);
	return wants;
}

static void zone_marked(struct nm_mirror *m, u32 zone, int err)
{
	struct nm_shard *s = nm_shard_of(m, zone);

	spin_lock_irq(&s->lock);
	if (m->marks.zones[zone].state == NM_ZONE_ACTIVATING) {
		if (err) {
			nm_marks_activation_failed(&m->marks, zone);
		} else {
			nm_marks_activated(&m->marks, zone);
			atomic_inc(&m->nr_active_zones);
		}
	}
	spin_unlock_irq(&s->lock);
}

/*
 * Write the mark block of each waiting write's zone, each block once, then let
 * the writes go on.  Only the zones of this batch become active: another one
 * of the same block may have asked after the block was encoded.
 */
void nm_zone_activate_work(struct work_struct *work)
{
	struct nm_mirror *m = container_of(work, struct nm_mirror,
					   activate_work);
	struct nm_zone_wait *wait, *other;
	LIST_HEAD(waits);
	int err = 0;

	spin_lock_irq(&m->list_lock);
	list_splice_init(&m->cold, &waits);
	spin_unlock_irq(&m->list_lock);
	if (list_empty(&waits))
		return;

	if (atomic_read(&m->nr_active_zones) >= m->settings.max_active_zones)
		nm_zone_checkpoint(m, m->settings.max_active_zones / 2, false);

	list_for_each_entry(wait, &waits, list) {
		u32 block = nm_mark_block_of(&m->marks, wait->zone);

		if (!zone_wants_mark(m, wait->zone))
			continue;
		mutex_lock(&m->meta_mutex);
		err = nm_meta_write_marks(m, block) ?: err;
		mutex_unlock(&m->meta_mutex);
		list_for_each_entry(other, &waits, list)
			if (nm_mark_block_of(&m->marks, other->zone) == block)
				zone_marked(m, other->zone, err);
	}
	list_for_each_entry_safe(wait, other, &waits, list) {
		list_del(&wait->list);
		wait->fn(m, wait, err);
	}
}

/* --- checkpoints -------------------------------------------------------- */

static void visit_touched(struct nm_mirror *m,
			  void (*fn)(struct nm_marks *marks, u32 zone))
{
	u32 zone;

	for (zone = 0; zone < m->marks.geo.nr_zones; zone++) {
		struct nm_zone *z = &m->marks.zones[zone];
		struct nm_shard *s = nm_shard_of(m, zone);

		if (z->state == NM_ZONE_COLD && !z->touched)
			continue;
		spin_lock_irq(&s->lock);
		fn(&m->marks, zone);
		spin_unlock_irq(&s->lock);
		cond_resched();
	}
}

/* Is anything unflushed? */
static bool epoch_begin(struct nm_mirror *m)
{
	bool touched = false;
	u32 zone;

	visit_touched(m, nm_marks_epoch_begin);
	for (zone = 0; zone < m->marks.geo.nr_zones && !touched; zone++)
		touched = m->marks.zones[zone].touched;
	return touched;
}

static bool has_both_legs(struct nm_mirror *m)
{
	bool both;

	spin_lock_irq(&m->state_lock);
	both = m->state.link == NM_LINK_CONNECTED &&
	       !((m->state.flags | m->state.peer_flags) & NM_SBF_LEG_FAILED);
	spin_unlock_irq(&m->state_lock);
	return both;
}

/* FUA may be a write and then a flush; that of zeroes always is. */
bool nm_loses_cache(struct block_device *bdev, u16 op, bool fua)
{
	if (op == NM_OP_FLUSH)
		return true;
	return fua && bdev_write_cache(bdev) &&
	       (op != NM_OP_WRITE || !bdev_fua(bdev));
}

void nm_zone_flush_failed(struct nm_mirror *m)
{
	nm_cache_is_lost(m);
	spin_lock_irq(&m->state_lock);
	if (m->state.role != NM_PRIMARY || nm_may_detach(&m->state))
		WRITE_ONCE(m->flush_failed, true);
	else if (!(m->state.flags & NM_SBF_LEG_FAILED))
		WRITE_ONCE(m->flush_lost, true);
	spin_unlock_irq(&m->state_lock);
}

static int flush_local(struct nm_mirror *m)
{
	int err = blkdev_issue_flush(m->local->bdev);

	if (err && !(READ_ONCE(m->state.flags) & NM_SBF_LEG_FAILED)) {
		nm_err(m, "cannot flush %pg: error %d\n", m->local->bdev, err);
		nm_zone_flush_failed(m);
		nm_todo(m, NM_TODO_LEG_FAILED);
	}
	return err;
}

/*
 * Flush the local leg and, when there is one, the peer's.  *@both tells whether
 * both were flushed within one session, so that what was unflushed before is
 * safe on both now.
 */
static int flush_legs(struct nm_mirror *m, bool *both)
{
	struct nm_req req = { .op = NM_OP_FLUSH, .flags = NM_WF_RESYNC };
	unsigned int epoch = READ_ONCE(m->peer_epoch);
	int err;

	*both = false;
	err = flush_local(m);
	if (err || !has_both_legs(m))
		return err;
	err = blk_status_to_errno(nm_io_peer_sync(m, &req));
	*both = !err && epoch == READ_ONCE(m->peer_epoch) &&
		!READ_ONCE(m->cache_lost);
	return err;
}

/* Retire the zones that rested longest until no more than @keep are active. */
static void retire(struct nm_mirror *m, unsigned int keep)
{
	unsigned int age, zone;

	for (age = IDLE_EPOCHS; ; age--) {
		for (zone = 0; zone < m->marks.geo.nr_zones; zone++) {
			struct nm_zone *z = &m->marks.zones[zone];
			struct nm_shard *s = nm_shard_of(m, zone);

			if (z->state != NM_ZONE_ACTIVE || z->epoch < age)
				continue;
			if (age < IDLE_EPOCHS &&
			    atomic_read(&m->nr_active_zones) <= keep)
				return;
			spin_lock_irq(&s->lock);
			if (nm_marks_retire(&m->marks, zone)) {
				atomic_dec(&m->nr_active_zones);
				set_bit(nm_mark_block_of(&m->marks, zone),
					m->stale_blocks);
			}
			spin_unlock_irq(&s->lock);
		}
		if (!age)
			return;
	}
}

/* A cold zone that was copied into: its marks on disk go one epoch later. */
static bool block_is_touched(struct nm_mirror *m, u32 index)
{
	u32 first, nr, zone;

	first = nm_mark_block_zones(&m->marks.geo, index, &nr);
	for (zone = first; zone < first + nr; zone++)
		if (m->marks.zones[zone].state == NM_ZONE_COLD &&
		    m->marks.zones[zone].touched)
			return true;
	return false;
}

/* Rewrite the mark blocks that have more marks on disk than are needed. */
static int tidy_blocks(struct nm_mirror *m)
{
	u32 i;
	int err = 0;

	for_each_set_bit(i, m->stale_blocks, m->marks.geo.nr_mark_blocks) {
		mutex_lock(&m->meta_mutex);
		err = nm_meta_write_marks(m, i);
		mutex_unlock(&m->meta_mutex);
		if (err)
			break;
		if (block_is_touched(m, i))
			set_bit(i, m->stale_blocks);
	}
	return err;
}

static void epoch_synced(struct nm_marks *marks, u32 zone)
{
	struct nm_mirror *m = container_of(marks, struct nm_mirror, marks);

	nm_marks_epoch_synced(marks, zone, m->synced);
}

static bool is_pulling(struct nm_mirror *m)
{
	bool pulling;

	spin_lock_irq(&m->state_lock);
	pulling = m->state.sync == NM_SYNC_TARGET &&
		  m->state.role == NM_PRIMARY;
	spin_unlock_irq(&m->state_lock);
	return pulling;
}

int nm_zone_checkpoint(struct nm_mirror *m, unsigned int keep, bool always)
{
	bool both = false, touched;
	int err = 0;

	mutex_lock(&m->checkpoint_mutex);
	touched = epoch_begin(m);
	if (touched || always)
		err = flush_legs(m, &both);
	if (touched && ++m->nr_checkpoints >= MEETING_EPOCHS) {
		m->nr_checkpoints = 0;
		nm_todo(m, NM_TODO_MEETING);
	}
	if (both && is_pulling(m)) {
		visit_touched(m, epoch_synced);
		nm_todo(m, NM_TODO_SYNCED);
	}
	visit_touched(m, both ? nm_marks_epoch_end : nm_marks_epoch_abort);
	if (!err) {
		retire(m, keep);
		err = tidy_blocks(m);
	}
	mutex_unlock(&m->checkpoint_mutex);
	return err;
}

/*
 * What was pushed before the last such flush was over is on the source's leg
 * durably, since that was flushed after; and on ours now.  What came later has
 * to wait for the next one.
 */
int nm_zone_flush_target(struct nm_mirror *m)
{
	int err;

	mutex_lock(&m->checkpoint_mutex);
	err = blkdev_issue_flush(m->local->bdev);
	if (!err && !READ_ONCE(m->cache_lost)) {
		visit_touched(m, nm_marks_epoch_end);
		visit_touched(m, nm_marks_epoch_begin);
	}
	mutex_unlock(&m->checkpoint_mutex);
	return err;
}

/* Does this node write metadata for itself or for a peer without a leg? */
static bool has_work(struct nm_mirror *m)
{
	bool work;

	spin_lock_irq(&m->state_lock);
	work = m->state.role == NM_PRIMARY &&
	       !(m->state.flags & NM_SBF_LEG_FAILED);
	spin_unlock_irq(&m->state_lock);
	return work || READ_ONCE(m->tracking);
}

void nm_zone_checkpoint_work(struct work_struct *work)
{
	struct nm_mirror *m = container_of(to_delayed_work(work),
					   struct nm_mirror, checkpoint_work);

	if (has_work(m))
		nm_zone_checkpoint(m, m->settings.max_active_zones, false);
	queue_delayed_work(m->io_wq, &m->checkpoint_work, CHECKPOINT_INTERVAL);
}

/* --- all zones ---------------------------------------------------------- */

void nm_zone_peer_lost(struct nm_mirror *m)
{
	u32 zone;

	/*
	 * A write that both legs have, but that ends only after its zone was
	 * visited, sees the new epoch under the shard's lock and marks its
	 * regions dirty itself.
	 */
	WRITE_ONCE(m->peer_epoch, m->peer_epoch + 1);
	for (zone = 0; zone < m->marks.geo.nr_zones; zone++) {
		struct nm_shard *s = nm_shard_of(m, zone);

		spin_lock_irq(&s->lock);
		nm_marks_peer_lost(&m->marks, zone);
		spin_unlock_irq(&s->lock);
		cond_resched();
	}
}

void nm_zone_mark(struct nm_mirror *m, u64 first, u64 nr)
{
	u32 per_zone = m->marks.geo.zone_regions;
	u32 region = first;
	u32 end = first + nr;

	while (region < end) {
		u32 zone = region / per_zone;
		u32 last = min((zone + 1) * per_zone, end) - 1;
		struct nm_shard *s = nm_shard_of(m, zone);

		spin_lock_irq(&s->lock);
		nm_marks_set_dirty(&m->marks, region, last);
		spin_unlock_irq(&s->lock);
		region = last + 1;
		cond_resched();
	}
}

void nm_zone_synced(struct nm_mirror *m, u64 first, u64 nr)
{
	u32 region;

	for (region = first; region < first + nr; region++) {
		u32 zone = region / m->marks.geo.zone_regions;
		struct nm_shard *s = nm_shard_of(m, zone);

		spin_lock_irq(&s->lock);
		if (READ_ONCE(m->cache_lost))
			nm_marks_copied(&m->marks, region);
		else if (nm_marks_clear(&m->marks, region))
			set_bit(nm_mark_block_of(&m->marks, zone),
				m->stale_blocks);
		spin_unlock_irq(&s->lock);
	}
}

int nm_zone_write_all(struct nm_mirror *m)
{
	u32 i;
	int err = 0;

	for (i = 0; i < m->marks.geo.nr_mark_blocks && !err; i++) {
		mutex_lock(&m->meta_mutex);
		err = nm_meta_write_marks(m, i);
		mutex_unlock(&m->meta_mutex);
		cond_resched();
	}
	return err;
}

int nm_zone_mark_all(struct nm_mirror *m)
{
	nm_zone_mark(m, 0, m->marks.geo.nr_regions);
	return nm_zone_write_all(m);
}

/* What is dirty is the same on both legs, but perhaps not flushed. */
void nm_zone_copied(struct nm_mirror *m)
{
	u32 region = 0;

	for (;;) {
		struct nm_shard *s;
		u32 zone;

		region = nm_marks_next_dirty(&m->marks, region);
		if (region == m->marks.geo.nr_regions)
			return;
		zone = region / m->marks.geo.zone_regions;
		s = nm_shard_of(m, zone);
		spin_lock_irq(&s->lock);
		nm_marks_copied(&m->marks, region);
		spin_unlock_irq(&s->lock);
	}
}

int nm_zone_wipe(struct nm_mirror *m)
{
	u32 zone;
	int err;

	mutex_lock(&m->checkpoint_mutex);
	for (zone = 0; zone < m->marks.geo.nr_zones; zone++) {
		struct nm_shard *s = nm_shard_of(m, zone);

		spin_lock_irq(&s->lock);
		if (m->marks.zones[zone].nr_dirty ||
		    m->marks.zones[zone].touched)
			set_bit(nm_mark_block_of(&m->marks, zone),
				m->stale_blocks);
		nm_marks_wipe(&m->marks, zone);
		spin_unlock_irq(&s->lock);
		cond_resched();
	}
	err = tidy_blocks(m);
	mutex_unlock(&m->checkpoint_mutex);
	return err;
}
