// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include <linux/wait.h>

#include "co.h"
#include "disk.h"
#include "dm.h"
#include "oracle.h"
#include "target.h"

/* One bio of the application; a clone of it for each part that is mapped. */
struct dm_io {
	struct list_head list;		/* deferred */
	struct mapped_device *md;
	struct bio *bio;
	int nr_pending;
	blk_status_t status;
};

struct dm_target_io {
	struct dm_io *io;
	struct dm_target *ti;
	unsigned int *len;		/* while it is being mapped */
	struct bio clone;
};

static struct dm_target_io *tio_of(struct bio *clone)
{
	return container_of(clone, struct dm_target_io, clone);
}

void *dm_per_bio_data(struct bio *bio, size_t size)
{
	return (char *)tio_of(bio) - size;
}

void dm_accept_partial_bio(struct bio *bio, unsigned int n_sectors)
{
	struct dm_target_io *tio = tio_of(bio);

	BUG_ON(!tio->len);
	BUG_ON(n_sectors > bio_sectors(bio));
	*tio->len -= bio_sectors(bio) - n_sectors;
	bio->bi_iter.bi_size = n_sectors << SECTOR_SHIFT;
}

int dm_set_target_max_io_len(struct dm_target *ti, sector_t len)
{
	ti->max_io_len = len;
	return 0;
}

void dm_table_event(struct dm_table *t)
{
	if (t->md->live == t)
		oracle_event(t->md->node);
}

struct mapped_device *dm_table_get_md(struct dm_table *t)
{
	return t->md;
}

const char *dm_table_device_name(struct dm_table *t)
{
	return t->md->node ? "b" : "a";
}

int dm_copy_name_and_uuid(struct mapped_device *md, char *name, char *uuid)
{
	(void)uuid;
	strscpy(name, md->node ? "b" : "a", DM_NAME_LEN);
	return 0;
}

struct gendisk *dm_disk(struct mapped_device *md)
{
	return &md->disk;
}

int dm_suspended(struct dm_target *ti)
{
	return ti->table->md->suspended;
}

int dm_noflush_suspending(struct dm_target *ti)
{
	return ti->table->md->suspending && ti->table->md->noflush;
}

void dm_put_device(struct dm_target *ti, struct dm_dev *dev)
{
	(void)ti;
	kfree(dev);
}

/* --- I/O ------------------------------------------------------------------ */

static void start(struct dm_io *io);

static void start_again(void *arg)
{
	start(arg);
}

/* It begins again, from the start, after the resume. */
static bool push_back(struct dm_io *io)
{
	struct mapped_device *md = io->md;

	if (!md->suspending || !md->noflush) {
		io->status = BLK_STS_IOERR;
		return false;
	}
	io->status = BLK_STS_OK;
	list_add(&io->list, &md->deferred);
	md->nr_inflight--;
	sim_wake(md);
	return true;
}

static void put_io(struct dm_io *io, blk_status_t status)
{
	struct mapped_device *md = io->md;
	struct bio *bio = io->bio;

	/* To be pushed back supersedes any error. */
	if (status && io->status != BLK_STS_DM_REQUEUE)
		io->status = status;
	if (--io->nr_pending)
		return;
	if (io->status == BLK_STS_DM_REQUEUE && push_back(io))
		return;
	if (bio->bi_opf & REQ_PREFLUSH && bio->bi_iter.bi_size && !io->status) {
		/* The flush before the data is done. */
		bio->bi_opf &= ~REQ_PREFLUSH;
		sim_spawn(md->node, "dm wq", start_again, io, 0, false);
		return;
	}
	bio->bi_status = io->status;
	kfree(io);
	md->nr_inflight--;
	sim_wake(md);
	bio_endio(bio);
}

static void free_tio(struct dm_target_io *tio)
{
	kfree((char *)tio - tio->ti->per_io_data_size);
}

static void clone_endio(struct bio *clone)
{
	struct dm_target_io *tio = tio_of(clone);
	struct dm_io *io = tio->io;
	blk_status_t error = clone->bi_status;
	int r = tio->ti->type->end_io(tio->ti, clone, &error);

	if (r == DM_ENDIO_INCOMPLETE)
		return;
	WARN_ON(r != DM_ENDIO_DONE);
	free_tio(tio);
	put_io(io, error);
}

static void map(struct dm_io *io, struct bvec_iter iter, blk_opf_t opf,
		unsigned int *len)
{
	struct dm_target *ti = &io->md->live->ti;
	size_t pad = ti->per_io_data_size;
	char *p = kmalloc(pad + sizeof(struct dm_target_io), GFP_NOIO);
	struct dm_target_io *tio = (struct dm_target_io *)(p + pad);
	int r;

	bio_init(&tio->clone, NULL, io->bio->bi_io_vec, 0, opf);
	tio->clone.bi_iter = iter;
	tio->clone.bi_end_io = clone_endio;
	tio->io = io;
	tio->ti = ti;
	tio->len = len;
	io->nr_pending++;
	r = ti->type->map(ti, &tio->clone);
	switch (r) {
	case DM_MAPIO_SUBMITTED:
		break;
	case DM_MAPIO_REMAPPED:
		submit_bio_noacct(&tio->clone);
		break;
	case DM_MAPIO_KILL:
		free_tio(tio);
		put_io(io, BLK_STS_IOERR);
		break;
	default:
		sim_fail("map returned %d", r);
	}
}

static void map_data(struct dm_io *io)
{
	struct bvec_iter iter = io->bio->bi_iter;
	unsigned int left = bio_sectors(io->bio);

	while (left) {
		unsigned int len = left;
		struct bvec_iter part = iter;

		map(io, part, io->bio->bi_opf, &len);
		if (io->bio->bi_io_vec)
			bvec_advance(io->bio->bi_io_vec, &iter,
				     len << SECTOR_SHIFT);
		else
			iter.bi_size -= len << SECTOR_SHIFT;
		iter.bi_sector += len;
		left -= len;
	}
}

static void start(struct dm_io *io)
{
	struct bvec_iter nothing = {};

	might_sleep();
	io->nr_pending = 1;
	if (io->bio->bi_opf & REQ_PREFLUSH)
		map(io, nothing, REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC, NULL);
	else
		map_data(io);
	put_io(io, BLK_STS_OK);
}

void dm_submit_bio(struct mapped_device *md, struct bio *bio)
{
	struct dm_io *io = kmalloc(sizeof(*io), GFP_NOIO);

	*io = (struct dm_io){ .md = md, .bio = bio };
	if (md->blocked) {
		list_add_tail(&io->list, &md->deferred);
		return;
	}
	md->nr_inflight++;
	start(io);
}

/* --- life ----------------------------------------------------------------- */

struct mapped_device *dm_create(int node)
{
	struct mapped_device *md = kzalloc(sizeof(*md), GFP_KERNEL);

	md->node = node;
	md->suspended = true;
	md->blocked = true;
	INIT_LIST_HEAD(&md->deferred);
	return md;
}

struct dm_table *dm_table_load(struct mapped_device *md, u64 sectors, int *err)
{
	struct dm_table *t = kzalloc(sizeof(*t), GFP_KERNEL | __GFP_NOFAIL);

	t->md = md;
	t->ti.table = t;
	t->ti.type = &nm_target;
	t->ti.len = sectors;
	*err = nm_target.ctr(&t->ti, 0, NULL);
	if (!*err)
		return t;
	kfree(t);
	return NULL;
}

static void table_destroy(struct dm_table *t)
{
	nm_target.dtr(&t->ti);
	kfree(t);
}

static void run_deferred(struct mapped_device *md)
{
	struct dm_io *io, *next;
	LIST_HEAD(list);

	md->blocked = false;
	list_splice_init(&md->deferred, &list);
	list_for_each_entry_safe(io, next, &list, list) {
		list_del(&io->list);
		md->nr_inflight++;
		start(io);
	}
}

static bool wait_for_io(struct mapped_device *md, u32 patience)
{
	if (patience)
		return wait_event_timeout(*md, !md->nr_inflight, patience);
	wait_event(*md, !md->nr_inflight);
	return true;
}

int dm_suspend(struct mapped_device *md, bool noflush, u32 patience)
{
	struct dm_target *ti = &md->live->ti;
	bool drained;

	if (md->suspended)
		return -EINVAL;
	md->noflush = noflush;
	md->suspending = true;
	nm_target.presuspend(ti);
	md->blocked = true;
	drained = wait_for_io(md, patience);
	md->suspended = drained;
	md->suspending = false;
	md->nr_lossy += !noflush;
	if (!drained) {
		/* The target fails I/O until it knows. */
		md->nr_lossy += noflush;
		run_deferred(md);
		nm_target.presuspend_undo(ti);
		return -EINTR;
	}
	nm_target.postsuspend(ti);
	return 0;
}

int dm_resume(struct mapped_device *md, struct dm_table *table)
{
	struct dm_table *old = NULL;
	int err;

	if (table) {
		old = md->live;
		md->live = table;
	}
	err = nm_target.preresume(&md->live->ti);
	if (!err) {
		nm_target.resume(&md->live->ti);
		run_deferred(md);
		md->suspended = false;
	}
	if (old)
		table_destroy(old);
	return err;
}

void dm_remove(struct mapped_device *md)
{
	if (!md->suspended) {
		nm_target.presuspend(&md->live->ti);
		md->suspended = true;
		nm_target.postsuspend(&md->live->ti);
	}
	table_destroy(md->live);
	kfree(md);
}

/* The history has each number once, in order, as far as there is room. */
static void check_history(const char *text, unsigned long long after, size_t room)
{
	unsigned long long newest, lost, nr;
	const char *line = text;

	if (sscanf(text, "began %*s newest %llu lost %llu", &newest, &lost) != 2)
		sim_fail("the history begins with: %s", text);
	after += lost;
	while ((line = strchr(line, '\n'))) {
		if (sscanf(++line, "%llu", &nr) != 1 || nr != ++after)
			sim_fail("event %llu is missing: %s", after, line);
	}
	/* After a boot it begins anew: what was seen before is more. */
	if (after < newest && strlen(text) < room / 2)
		sim_fail("the history ends with %llu, not %llu", after, newest);
}

int dm_message(struct mapped_device *md, const char *word, const char *arg)
{
	char *argv[] = { (char *)word, (char *)arg };
	char result[1024];
	struct dm_target *ti = &md->live->ti;
	int ret;

	ret = nm_target.message(ti, arg ? 2 : 1, argv, result, sizeof(result));
	if (ret == 1 && !strcmp(word, "events"))
		check_history(result, strtoull(arg, NULL, 10), sizeof(result));
	return ret;
}
