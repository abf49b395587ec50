// SPDX-License-Identifier: GPL-2.0-only
/* The life of a mirror object: allocated by a table, loaded at first resume. */
#include <linux/vmalloc.h>

#include "io.h"

/* --- alloc and free ----------------------------------------------------- */

static int alloc_buffers(struct nm_mirror *m)
{
	unsigned int i;

	m->shards = kvcalloc(NM_NR_SHARDS, sizeof(*m->shards), GFP_KERNEL);
	m->counters = alloc_percpu(struct nm_counters);
	m->events = nm_events_alloc();
	m->hello = kzalloc(sizeof(*m->hello), GFP_KERNEL);
	m->peer_hello = kzalloc(sizeof(*m->peer_hello), GFP_KERNEL);
	m->new_gens = kzalloc(sizeof(*m->new_gens), GFP_KERNEL);
	m->old_sb = kzalloc(sizeof(*m->old_sb), GFP_KERNEL);
	m->wire_buf = kzalloc(NM_CTL_MAX_PAYLOAD, GFP_KERNEL);
	m->ctl_buf = kzalloc(NM_WIRE_HDR_LEN + NM_CTL_MAX_PAYLOAD, GFP_KERNEL);
	m->mark_page = alloc_page(GFP_KERNEL);
	m->sb_page = alloc_page(GFP_KERNEL);
	if (!m->shards || !m->counters || !m->events || !m->hello || !m->peer_hello ||
	    !m->new_gens || !m->old_sb || !m->wire_buf || !m->ctl_buf ||
	    !m->mark_page || !m->sb_page)
		return -ENOMEM;
	for (i = 0; i < NM_NR_SHARDS; i++) {
		spin_lock_init(&m->shards[i].lock);
		m->shards[i].ranges = RB_ROOT_CACHED;
	}
	return 0;
}

static int alloc_queues(struct nm_mirror *m)
{
	unsigned int flags = WQ_MEM_RECLAIM | WQ_UNBOUND;

	m->io_wq = alloc_workqueue("nm_io/%s", WQ_MEM_RECLAIM | WQ_HIGHPRI, 0,
				   m->name);
	m->server_wq = alloc_workqueue("nm_serve/%s", flags, 0, m->name);
	m->state_wq = alloc_ordered_workqueue("nm_state/%s", WQ_MEM_RECLAIM,
					      m->name);
	m->resync_wq = alloc_workqueue("nm_resync/%s", flags, NM_MAX_JOBS,
				       m->name);
	if (!m->io_wq || !m->server_wq || !m->state_wq || !m->resync_wq)
		return -ENOMEM;
	return percpu_ref_init(&m->io_ref, nm_io_drained,
			       PERCPU_REF_ALLOW_REINIT, GFP_KERNEL) ?:
	       bioset_init(&m->clones, 64, 0, 0) ?:
	       bioset_init(&m->server_bios, 64, 0, BIOSET_NEED_BVECS) ?:
	       nm_server_create(m);
}

struct nm_mirror *nm_mirror_alloc(struct dm_target *ti)
{
	struct nm_mirror *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->ti = ti;
	if (dm_copy_name_and_uuid(dm_table_get_md(ti->table), m->name, NULL))
		strscpy(m->name, dm_table_device_name(ti->table),
			sizeof(m->name));
	INIT_LIST_HEAD(&m->registered);
	mutex_init(&m->meta_mutex);
	mutex_init(&m->checkpoint_mutex);
	mutex_init(&m->resync_mutex);
	mutex_init(&m->events_lock);
	spin_lock_init(&m->list_lock);
	spin_lock_init(&m->state_lock);
	INIT_LIST_HEAD(&m->held);
	INIT_LIST_HEAD(&m->cold);
	INIT_LIST_HEAD(&m->parked);
	INIT_LIST_HEAD(&m->granted);
	INIT_LIST_HEAD(&m->ctl_list);
	INIT_LIST_HEAD(&m->cmd_list);
	init_waitqueue_head(&m->drained);
	init_waitqueue_head(&m->resync_pause);
	nm_verify_init(m);
	INIT_WORK(&m->work, nm_worker_fn);
	INIT_WORK(&m->activate_work, nm_zone_activate_work);
	INIT_WORK(&m->granted_work, nm_range_granted_work);
	INIT_DELAYED_WORK(&m->checkpoint_work, nm_zone_checkpoint_work);
	INIT_DELAYED_WORK(&m->timeout_work, nm_worker_timeout);
	INIT_DELAYED_WORK(&m->leave_work, nm_control_leave);
	INIT_DELAYED_WORK(&m->hold_work, nm_io_hold_timeout);
	INIT_DELAYED_WORK(&m->retry_work, nm_resync_retry);
	m->link.mirror = m;
	m->link.name = m->name;
	if (alloc_buffers(m) || alloc_queues(m)) {
		nm_mirror_free(m);
		return NULL;
	}
	return m;
}

static void free_marks(struct nm_mirror *m)
{
	kvfree(m->marks.zones);
	kvfree(m->marks.dirty);
	kvfree(m->marks.unflushed);
	kvfree(m->marks.flushing);
	kvfree(m->synced);
	bitmap_free(m->stale_blocks);
	memset(&m->marks, 0, sizeof(m->marks));
	m->synced = NULL;
	m->stale_blocks = NULL;
}

void nm_mirror_free(struct nm_mirror *m)
{
	if (m->link.priv)
		m->link.ops->destroy(&m->link);
	nm_resync_exit(m);
	if (m->resync_wq)
		destroy_workqueue(m->resync_wq);
	if (m->state_wq)
		destroy_workqueue(m->state_wq);
	if (m->server_wq)
		destroy_workqueue(m->server_wq);
	if (m->io_wq)
		destroy_workqueue(m->io_wq);
	mempool_exit(&m->server_ios);
	nm_copy_destroy(m);
	bioset_exit(&m->server_bios);
	bioset_exit(&m->clones);
	percpu_ref_exit(&m->io_ref);
	free_marks(m);
	if (m->sb_page)
		__free_page(m->sb_page);
	if (m->mark_page)
		__free_page(m->mark_page);
	kfree(m->ctl_buf);
	kfree(m->wire_buf);
	kfree(m->old_sb);
	kfree(m->new_gens);
	kfree(m->peer_hello);
	kfree(m->hello);
	kvfree(m->events);
	free_percpu(m->counters);
	kvfree(m->shards);
	kfree(m->settings.listen);
	nm_secret_free(m->link.secret);
	kfree(m->remote_token);
	if (m->meta)
		dm_put_device(m->ti, m->meta);
	if (m->local)
		dm_put_device(m->ti, m->local);
	kfree(m);
}

/* --- load --------------------------------------------------------------- */

static int alloc_marks(struct nm_mirror *m)
{
	struct nm_geometry *geo = &m->marks.geo;
	size_t bytes = nm_marks_map_bytes(geo);

	m->marks.zones = kvzalloc(nm_marks_zones_bytes(geo), GFP_KERNEL);
	m->marks.dirty = kvzalloc(bytes, GFP_KERNEL);
	m->marks.unflushed = kvzalloc(bytes, GFP_KERNEL);
	m->marks.flushing = kvzalloc(bytes, GFP_KERNEL);
	m->synced = kvzalloc(bytes, GFP_KERNEL);
	m->stale_blocks = bitmap_zalloc(geo->nr_mark_blocks, GFP_KERNEL);
	if (!m->marks.zones || !m->marks.dirty || !m->marks.unflushed ||
	    !m->marks.flushing || !m->synced || !m->stale_blocks)
		return -ENOMEM;
	return 0;
}

static int refuse_sb(struct nm_mirror *m, const char *why)
{
	nm_err(m, "cannot be activated: %s (metadata on %pg)\n", why,
	       nm_meta_bdev(m));
	return -EINVAL;
}

static int read_sb(struct nm_mirror *m, struct nm_sb *sb)
{
	const char *why;
	int err = nm_meta_read_sb(m, sb, &why);

	return err && err != -ENOMEM ? refuse_sb(m, why) : err;
}

/*
 * Does the superblock fit the table line and the devices?  For a mirror that is
 * to grow it is changed first, in memory.
 */
static int check_sb(struct nm_mirror *m)
{
	struct nm_sb *sb = &m->sb;
	const char *why;
	bool external = sb->flags & NM_SBF_EXTERNAL;
	sector_t room = bdev_nr_sectors(m->local->bdev);

	if (external != !!m->meta)
		return refuse_sb(m, external ?
			"the metadata were made for a device of their own, the table line names none" :
			"the metadata were made for the head of the leg, the table line names a metadata device");
	if (!external && sb->data_offset != m->local_offset)
		return refuse_sb(m, "the offset of the local leg in the table line is not where the data start");
	if (m->grow && nm_sb_grow(sb, m->ti->len, &why))
		return refuse_sb(m, why);
	if (sb->data_sectors != m->ti->len)
		return refuse_sb(m, "the length of the table line is not the size of the mirror");
	if (1U << sb->region_shift != m->region_sectors)
		return refuse_sb(m, "the region size of the table line is not that of the mirror");
	if (room < m->local_offset ||
	    room - m->local_offset < sb->data_sectors)
		return refuse_sb(m, "the local leg is smaller than the mirror; it may have been shrunk");
	if (bdev_nr_sectors(nm_meta_bdev(m)) <
	    nm_meta_sectors(sb->max_mark_blocks))
		return refuse_sb(m, "the metadata device is too small");
	return 0;
}

/*
 * A copy of the superblock that cannot be written is no reason to do without the
 * data: what goes on from here is what goes on whenever the metadata fail.
 */
static void rewrite_sb(struct nm_mirror *m)
{
	mutex_lock(&m->meta_mutex);
	if (!nm_meta_write_sb(m))
		m->sb_stale = false;
	mutex_unlock(&m->meta_mutex);
}

/*
 * Take over the superblock @sb as it was read, and the marks.  Those of a mirror
 * that grows are read as the old size has them.
 */
static int load_marks(struct nm_mirror *m, const struct nm_sb *sb)
{
	struct nm_geometry old, now;
	const char *why;
	int err;

	m->sb = *sb;
	if (m->leg_failed && sb->data_sectors != m->ti->len)
		return refuse_sb(m, "its leg has failed; attach it or replace it before the mirror grows");
	if (m->grow && nm_sb_grow(&m->sb, m->ti->len, &why))
		return refuse_sb(m, why);
	if (nm_geometry_init(&old, sb->data_sectors, sb->region_shift,
			     sb->zone_shift, &why) ||
	    nm_geometry_init(&m->marks.geo, m->sb.data_sectors,
			     m->sb.region_shift, m->sb.zone_shift, &why))
		return refuse_sb(m, why);
	err = alloc_marks(m) ?: nm_resync_init(m);
	if (err)
		return err;
	now = m->marks.geo;
	m->marks.geo = old;
	err = nm_meta_load_marks(m);
	m->marks.geo = now;
	if (!err && m->sb.data_sectors > sb->data_sectors)
		err = nm_meta_grow(m, sb);
	else if (!err && m->sb_stale)
		rewrite_sb(m);
	return err;
}

static int load(struct nm_mirror *m)
{
	/* Where the metadata start does not depend on what they say. */
	int err = read_sb(m, &m->sb) ?: check_sb(m) ?: nm_registry_enter(m);

	if (err)
		return err;
	m->meta_failed = false;
	/* The old table may have written since we looked. */
	return read_sb(m, m->old_sb) ?: load_marks(m, m->old_sb);
}

/* A load that fails may be tried again, with this table or the next one. */
int nm_mirror_load(struct nm_mirror *m)
{
	int err = load(m);

	if (err) {
		nm_resync_exit(m);
		free_marks(m);
		nm_registry_keep(m);
		return err;
	}
	if (nm_gens_blank(&m->sb.gens)) {
		/* A new leg has lost nothing. */
		m->flush_failed = false;
		m->cache_lost = false;
	} else if (m->leg_failed) {
		/* One that was given up is not taken back unasked. */
		m->sb.flags |= NM_SBF_LEG_FAILED;
		m->sb.flags &= ~NM_SBF_CONSISTENT;
	}

	m->link.data_sectors = m->sb.data_sectors;
	m->link.settings = m->settings.link;
	m->link.settings.listen = m->settings.listen;
	m->state.fences = m->settings.loss == NM_LOSS_FENCE;
	m->suspending = true;
	m->loaded = true;
	nm_publish(m);
	if (m->meta_failed)
		nm_todo(m, NM_TODO_META_FAILED);
	queue_delayed_work(m->io_wq, &m->checkpoint_work, HZ);
	nm_info(m, "activated: mirror %pUb, node %u, %llu sectors, %llu regions of %u dirty%s\n",
		m->sb.uuid, m->sb.node_id, m->sb.data_sectors,
		nm_marks_count(&m->marks), m->marks.geo.nr_regions,
		m->state.role == NM_SECONDARY &&
		m->sb.flags & NM_SBF_PRIMARY ?
			", was primary when it went down" : "");
	return 0;
}

void nm_mirror_close(struct nm_mirror *m)
{
	struct nm_cmd cmd = { .what = NM_CMD_CLOSE };

	if (!m->loaded || m->closed)
		return;
	nm_command(m, &cmd);
	cancel_delayed_work_sync(&m->timeout_work);
	cancel_delayed_work_sync(&m->hold_work);
	cancel_delayed_work_sync(&m->retry_work);
	cancel_delayed_work_sync(&m->checkpoint_work);
	flush_workqueue(m->state_wq);
	flush_workqueue(m->io_wq);
}

u64 nm_counter_sum(struct nm_mirror *m, enum nm_counter what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(m->counters, cpu)->c[what];
	return sum;
}
