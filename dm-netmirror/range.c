// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges: writes that overlap go one after the other, on both legs alike, and
 * a region under resync holds back the writes into it from its read to the
 * peer's acknowledgement.
 *
 * Every range enters the tree at once and waits for the earlier ones that it
 * overlaps, so the order is that of arrival and nobody starves.
 */
#include "mirror.h"

static struct nm_range *to_range(struct interval_tree_node *node)
{
	return container_of(node, struct nm_range, node);
}

bool nm_range_lock(struct nm_shard *s, struct nm_range *range, u64 sector,
		   u32 sectors)
{
	struct interval_tree_node *other;
	u64 last = sector + sectors - 1;

	lockdep_assert_held(&s->lock);
	range->node.start = sector;
	range->node.last = last;
	range->seq = s->seq++;
	range->nr_blocking = 0;
	for (other = interval_tree_iter_first(&s->ranges, sector, last); other;
	     other = interval_tree_iter_next(other, sector, last))
		range->nr_blocking++;
	interval_tree_insert(&range->node, &s->ranges);
	return !range->nr_blocking;
}

void nm_range_unlock(struct nm_mirror *m, struct nm_shard *s,
		     struct nm_range *range)
{
	struct interval_tree_node *other;
	bool kick = false;
	u64 start = range->node.start;
	u64 last = range->node.last;

	lockdep_assert_held(&s->lock);
	interval_tree_remove(&range->node, &s->ranges);
	for (other = interval_tree_iter_first(&s->ranges, start, last); other;
	     other = interval_tree_iter_next(other, start, last)) {
		struct nm_range *r = to_range(other);

		if (r->seq < range->seq || --r->nr_blocking)
			continue;
		spin_lock(&m->list_lock);
		list_add_tail(&r->list, &m->granted);
		spin_unlock(&m->list_lock);
		kick = true;
	}
	if (kick)
		queue_work(m->io_wq, &m->granted_work);
}

void nm_range_granted_work(struct work_struct *work)
{
	struct nm_mirror *m = container_of(work, struct nm_mirror,
					   granted_work);
	struct nm_range *range, *next;
	LIST_HEAD(list);

	spin_lock_irq(&m->list_lock);
	list_splice_init(&m->granted, &list);
	spin_unlock_irq(&m->list_lock);

	list_for_each_entry_safe(range, next, &list, list) {
		list_del(&range->list);
		range->granted(m, range);
	}
}
