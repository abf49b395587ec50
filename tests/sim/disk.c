// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <netmirror/disk.h>

#include "bio.h"
#include "co.h"
#include "disk.h"
#include "half.h"
#include "mem.h"

#define META_BLOCK		4096U
#define META_BLOCK_SECTORS	8U
#define DATA_START_SECTOR	(DISK_DATA_START * META_BLOCK_SECTORS)

struct block_device {
	int node;
};

struct disk_io {
	struct list_head list;
	struct bio *bio;
	int node;
	u64 submitted;
	bool applied;
	blk_status_t status;
};

struct disk {
	struct block_device bdev;
	struct disk_traits traits;
	u32 nr_blocks;
	u64 clock;			/* one more with each completion */
	u64 meta_changes[DISK_META_BLOCKS];
	bool hung;
	bool failed;			/* a write of data, or a flush */
	bool meta_failed;
	struct list_head inflight;
	u16 cached[DISK_MAX_BLOCKS];	/* blocks with something cached */
	u32 nr_cached;
	struct disk_block blocks[DISK_MAX_BLOCKS];
	u8 meta_now[DISK_META_BLOCKS][META_BLOCK];
	u8 meta[DISK_META_BLOCKS][META_BLOCK];
	bool meta_cached[DISK_META_BLOCKS];
};

struct copy {
	u64 blocks[DISK_MAX_BLOCKS];
	u8 meta[DISK_META_BLOCKS][META_BLOCK];
};

static struct disk disks[SIM_NR_NODES];
static struct copy copies[SIM_NR_NODES];

void disk_reset(int node, u32 nr_blocks, const struct disk_traits *traits)
{
	struct disk *d = &disks[node];

	d->bdev.node = node;
	d->traits = *traits;
	d->nr_blocks = nr_blocks;
	d->clock = 1;
	d->hung = false;
	d->failed = false;
	d->meta_failed = false;
	half_reset(node);
	d->nr_cached = 0;
	INIT_LIST_HEAD(&d->inflight);
	memset(d->blocks, 0, nr_blocks * sizeof(d->blocks[0]));
	memset(d->meta_cached, 0, sizeof(d->meta_cached));
}

struct block_device *disk_bdev(int node)
{
	return &disks[node].bdev;
}

struct disk_traits *disk_traits(int node)
{
	return &disks[node].traits;
}

struct disk_block *disk_block(int node, u32 block)
{
	return &disks[node].blocks[block];
}

u8 *disk_meta(int node, u32 block)
{
	return disks[node].meta[block];
}

u64 disk_meta_changes(int node, u32 block)
{
	return disks[node].meta_changes[block];
}

void disk_set_meta(int node, u32 block, const void *data)
{
	memcpy(disks[node].meta_now[block], data, META_BLOCK);
	memcpy(disks[node].meta[block], data, META_BLOCK);
	disks[node].meta_changes[block]++;
}

sector_t bdev_nr_sectors(struct block_device *bdev)
{
	struct disk *d = container_of(bdev, struct disk, bdev);

	return DATA_START_SECTOR + d->nr_blocks * SIM_BLOCK_SECTORS;
}

bool bdev_write_cache(struct block_device *bdev)
{
	return true;
}

/* One that does not is nothing new to these disks, but to who asks. */
bool bdev_fua(struct block_device *bdev)
{
	return container_of(bdev, struct disk, bdev)->traits.write_zeroes;
}

unsigned int bdev_write_zeroes_sectors(struct block_device *bdev)
{
	struct disk *d = container_of(bdev, struct disk, bdev);

	return d->traits.write_zeroes ? 1U << 17 : 0;
}

/* --- data ----------------------------------------------------------------- */

static void drop_cached(struct disk_block *b, u32 nr)
{
	u32 i;

	b->durable = b->cached[nr - 1].version;
	b->nr_cached -= nr;
	for (i = 0; i < b->nr_cached; i++)
		b->cached[i] = b->cached[i + nr];
}

static void block_write(struct disk *d, u32 block, u64 version)
{
	struct disk_block *b = &d->blocks[block];

	b->now = version;
	/* The device may write back when it likes. */
	if (b->nr_cached == DISK_MAX_CACHED)
		drop_cached(b, 1);
	if (!b->nr_cached)
		d->cached[d->nr_cached++] = block;
	b->cached[b->nr_cached++] = (struct disk_cached){ version, 0 };
}

static void forget_clean(struct disk *d)
{
	u32 i, kept = 0;

	for (i = 0; i < d->nr_cached; i++)
		if (d->blocks[d->cached[i]].nr_cached)
			d->cached[kept++] = d->cached[i];
	d->nr_cached = kept;
}

/* The write of a block is complete; @fua: and durable. */
static void block_written(struct disk *d, u32 block, u64 version, bool fua)
{
	struct disk_block *b = &d->blocks[block];
	u32 i;

	for (i = b->nr_cached; i--;) {
		if (b->cached[i].version != version || b->cached[i].done)
			continue;
		b->cached[i].done = d->clock;
		if (fua)
			drop_cached(b, i + 1);
		return;
	}
}

static void flush(struct disk *d, u64 until)
{
	u32 i, j, block;

	for (i = 0; i < d->nr_cached; i++) {
		struct disk_block *b = &d->blocks[d->cached[i]];

		for (j = b->nr_cached; j--;) {
			if (b->cached[j].done && b->cached[j].done <= until) {
				drop_cached(b, j + 1);
				break;
			}
		}
	}
	forget_clean(d);
	for (block = 0; block < DISK_META_BLOCKS; block++) {
		if (!d->meta_cached[block])
			continue;
		d->meta_cached[block] = false;
		memcpy(d->meta[block], d->meta_now[block], META_BLOCK);
		d->meta_changes[block]++;
	}
}

/*
 * A flush has failed: some of what it had to write is in the cache no more.  Reads
 * may go on to see that, but no later flush writes it.
 */
static void lose_cached(struct disk *d)
{
	u32 mode = rng_below(&sim.rng, 4);
	u32 i, j;

	for (i = 0; i < d->nr_cached; i++) {
		struct disk_block *b = &d->blocks[d->cached[i]];
		u32 nr = 0, kept;

		while (nr < b->nr_cached && b->cached[nr].done)
			nr++;
		kept = mode < 2 ? 0 : rng_below(&sim.rng, nr + 1);
		if (kept)
			b->durable = b->cached[kept - 1].version;
		b->nr_cached -= nr;
		for (j = 0; j < b->nr_cached; j++)
			b->cached[j] = b->cached[j + nr];
	}
	forget_clean(d);
}

void disk_settle(int node)
{
	flush(&disks[node], disks[node].clock);
}

/* --- errors --------------------------------------------------------------- */

static bool is_meta(const struct bio *bio)
{
	return bio->bi_iter.bi_sector < DATA_START_SECTOR;
}

static bool is_flush(const struct bio *bio)
{
	return bio_op(bio) == REQ_OP_FLUSH || bio->bi_opf & REQ_PREFLUSH;
}

static u8 *meta_content(const struct bio *bio)
{
	const struct bio_vec *bv = bio->bi_io_vec;

	return (u8 *)page_address(bv->bv_page) + bv->bv_offset;
}

bool disk_has_failed(int node)
{
	return disks[node].failed;
}

bool disk_meta_has_failed(int node)
{
	return disks[node].meta_failed;
}

static bool is_sb(const struct bio *bio)
{
	return bio->bi_iter.bi_size && is_meta(bio) &&
	       bio->bi_iter.bi_sector / META_BLOCK_SECTORS < NM_SB_COPIES;
}

static void note_failure(struct disk *d, const struct bio *bio)
{
	if (!is_meta(bio) || is_flush(bio)) {
		d->failed = true;
		return;
	}
	d->meta_failed = true;
	if (is_sb(bio))
		half_failed(d->bdev.node, meta_content(bio),
			    d->meta_now[bio->bi_iter.bi_sector / META_BLOCK_SECTORS]);
}

/* --- backups -------------------------------------------------------------- */

void disk_keep(int node)
{
	struct disk *d = &disks[node];
	u32 i;

	for (i = 0; i < d->nr_blocks; i++)
		copies[node].blocks[i] = d->blocks[i].durable;
	memcpy(copies[node].meta, d->meta, sizeof(d->meta));
}

void disk_restore(int node)
{
	struct disk *d = &disks[node];
	u32 i;

	for (i = 0; i < d->nr_blocks; i++)
		d->blocks[i] = (struct disk_block){
			.now = copies[node].blocks[i],
			.durable = copies[node].blocks[i],
		};
	d->nr_cached = 0;
	memset(d->meta_cached, 0, sizeof(d->meta_cached));
	for (i = 0; i < DISK_META_BLOCKS; i++)
		disk_set_meta(node, i, copies[node].meta[i]);
}

/* --- requests ------------------------------------------------------------- */

static u64 version_to_write(const struct bio *bio, u32 i)
{
	switch (bio_op(bio)) {
	case REQ_OP_WRITE:
		return *bio_content(bio->bi_io_vec, bio->bi_iter, i);
	case REQ_OP_WRITE_ZEROES:
		return 0;
	default:
		/* What a discard leaves is anybody's guess. */
		return ~0ULL - bio->bi_iter.bi_sector;
	}
}

static u32 first_block(const struct bio *bio)
{
	return (bio->bi_iter.bi_sector - DATA_START_SECTOR) /
	       SIM_BLOCK_SECTORS;
}

static void apply_data(struct disk *d, struct bio *bio)
{
	u32 first = first_block(bio);
	u32 nr = bio->bi_iter.bi_size / sim_block;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (bio_op(bio) == REQ_OP_READ)
			*bio_content(bio->bi_io_vec, bio->bi_iter, i) =
				d->blocks[first + i].now;
		else
			block_write(d, first + i, version_to_write(bio, i));
	}
}

static void complete_data(struct disk *d, struct bio *bio)
{
	u32 first = first_block(bio);
	u32 nr = bio->bi_iter.bi_size / sim_block;
	bool fua = bio->bi_opf & REQ_FUA || !d->traits.volatile_cache;
	u32 i;

	for (i = 0; i < nr; i++)
		block_written(d, first + i, version_to_write(bio, i), fua);
	if (fua)
		forget_clean(d);
}

static void apply_meta(struct disk *d, struct bio *bio)
{
	u32 block = bio->bi_iter.bi_sector / META_BLOCK_SECTORS;

	if (bio->bi_iter.bi_size != META_BLOCK || block >= DISK_META_BLOCKS)
		sim_fail("strange metadata request: block %u, %u bytes", block,
			 bio->bi_iter.bi_size);
	if (bio_op(bio) == REQ_OP_READ) {
		memcpy(meta_content(bio), d->meta_now[block], META_BLOCK);
		return;
	}
	memcpy(d->meta_now[block], meta_content(bio), META_BLOCK);
	if (bio->bi_opf & REQ_FUA || !d->traits.volatile_cache) {
		memcpy(d->meta[block], d->meta_now[block], META_BLOCK);
		d->meta_cached[block] = false;
		d->meta_changes[block]++;
	} else {
		d->meta_cached[block] = true;
	}
}

static void apply(struct disk *d, struct disk_io *io)
{
	struct bio *bio = io->bio;

	io->applied = true;
	if (is_flush(bio))
		flush(d, io->submitted);
	if (!bio->bi_iter.bi_size)
		return;
	if (is_meta(bio))
		apply_meta(d, bio);
	else
		apply_data(d, bio);
}

static u64 delay(struct disk *d)
{
	u64 us = rng_around(&sim.rng, d->traits.delay_us);

	if (rng_percent(&sim.rng, d->traits.slow_percent))
		us *= 100;
	return SIM_US(us);
}

static void wait_while_hung(struct disk *d)
{
	if (!d->hung)
		return;
	do {
		sim_wait_prepare(&d->hung);
		sim_wait_sleep(0);
	} while (d->hung);
	sim_wait_finish();
}

void disk_hang(int node, bool hang)
{
	disks[node].hung = hang;
	if (!hang)
		sim_wake(&disks[node].hung);
}

bool disk_is_hung(int node)
{
	return disks[node].hung;
}

/* A disk that does not know FUA is told to flush all of it after such a write. */
static bool fua_is_flush(struct disk *d, const struct bio *bio)
{
	return bio->bi_opf & REQ_FUA && !bdev_fua(&d->bdev);
}

static void disk_run(void *arg)
{
	struct disk_io *io = arg;
	struct disk *d = &disks[io->node];
	struct bio *bio = io->bio;
	bool writes = bio_op(bio) != REQ_OP_READ;
	bool has_data = bio->bi_iter.bi_size;

	wait_while_hung(d);
	if (!io->status && writes && is_sb(bio))
		half_written(io->node, meta_content(bio));
	if (!io->status || (has_data && writes && rng_percent(&sim.rng, 50)))
		apply(d, io);
	if (rng_percent(&sim.rng, 30))
		sim_sleep(delay(d) + 1);
	/* Flushes come one after the other: the next one is done when this was told. */
	if (io->status && (is_flush(bio) || fua_is_flush(d, bio)))
		lose_cached(d);
	d->clock++;
	if (io->applied && writes && has_data && !is_meta(bio))
		complete_data(d, bio);
	list_del(&io->list);
	bio->bi_status = io->status;
	world_free(io);
	bio_endio(bio);
}

static blk_status_t fate(struct disk *d, const struct bio *bio)
{
	bool read = bio_op(bio) == REQ_OP_READ;
	u32 errors = read ? d->traits.read_errors : d->traits.write_errors;

	if (is_flush(bio)) {
		errors = d->traits.flush_errors;
	} else if (is_meta(bio)) {
		errors = read ? 0 : d->traits.meta_errors;
		if (!read)
			half_forget(d->bdev.node);
	}

	if (bio_op(bio) == REQ_OP_WRITE_ZEROES && !d->traits.write_zeroes &&
	    !(bio->bi_opf & DISK_ZEROES_BY_WRITE))
		return BLK_STS_NOTSUPP;
	if (!errors || rng_below(&sim.rng, 1000) >= errors)
		return BLK_STS_OK;
	if (!read)
		note_failure(d, bio);
	return BLK_STS_IOERR;
}

void disk_submit(struct bio *bio)
{
	struct disk *d = container_of(bio->bi_bdev, struct disk, bdev);
	struct disk_io *io = world_alloc(sizeof(*io));

	if (bio->bi_bdev->node != sim_node())
		sim_fail("node %d writes to the other node's leg", sim_node());
	if (bio_end_sector(bio) > bdev_nr_sectors(bio->bi_bdev))
		sim_fail("a request goes beyond the end of the leg");
	*io = (struct disk_io){ .bio = bio, .node = d->bdev.node,
				.submitted = d->clock,
				.status = fate(d, bio) };
	list_add_tail(&io->list, &d->inflight);
	sim_spawn(d->bdev.node, "disk", disk_run, io, delay(d), true);
}

/* --- power ---------------------------------------------------------------- */

/*
 * A sector arrives as a whole.  What a small mirror has in its metadata blocks
 * lies within the first one, so the pieces are smaller here.
 */
#define PIECE	64

static void tear(u8 *to, const u8 *from, struct sim_rng *rng)
{
	u32 i;

	for (i = 0; i < META_BLOCK; i += PIECE)
		if (rng_percent(rng, 50))
			memcpy(to + i, from + i, PIECE);
}

static void cut_inflight(struct disk *d, struct bio *bio, struct sim_rng *rng)
{
	u32 block = bio->bi_iter.bi_sector / META_BLOCK_SECTORS;

	if (bio_op(bio) == REQ_OP_READ || !bio->bi_iter.bi_size ||
	    rng_percent(rng, 30))
		return;
	if (!is_meta(bio))
		apply_data(d, bio);
	else if (rng_percent(rng, 40))
		apply_meta(d, bio);
	else
		tear(d->meta[block], meta_content(bio), rng);
}

static void cut_block(struct disk_block *b, u32 mode, struct sim_rng *rng)
{
	u32 kept;

	if (mode == 0)
		kept = 0;
	else if (mode == 1)
		kept = b->nr_cached;
	else
		kept = rng_below(rng, b->nr_cached + 1);
	if (kept)
		b->durable = b->cached[kept - 1].version;
	b->now = b->durable;
	b->nr_cached = 0;
}

void disk_cut(int node, struct sim_rng *rng)
{
	struct disk *d = &disks[node];
	u32 mode = rng_below(rng, 4);
	struct disk_io *io;
	u32 i;

	half_forget(node);
	list_for_each_entry(io, &d->inflight, list)
		if (!io->applied)
			cut_inflight(d, io->bio, rng);
	INIT_LIST_HEAD(&d->inflight);
	for (i = 0; i < d->nr_cached; i++)
		cut_block(&d->blocks[d->cached[i]], mode, rng);
	d->nr_cached = 0;
	/* What a flush that failed has lost. */
	for (i = 0; i < d->nr_blocks; i++)
		d->blocks[i].now = d->blocks[i].durable;
	for (i = 0; i < DISK_META_BLOCKS; i++) {
		if (d->meta_cached[i])
			tear(d->meta[i], d->meta_now[i], rng);
		d->meta_cached[i] = false;
		memcpy(d->meta_now[i], d->meta[i], META_BLOCK);
		d->meta_changes[i]++;
	}
}
