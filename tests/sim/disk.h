/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A leg: metadata blocks with their real bytes, then data blocks that hold a
 * version each.  What was written without FUA is in a volatile cache until a
 * flush: a power cut keeps any part of it.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <linux/blkdev.h>

#include "rng.h"

#define DISK_META_BLOCKS	8
#define DISK_DATA_START		256	/* block */
#define DISK_MAX_BLOCKS		256
#define DISK_MAX_CACHED		4	/* versions of a block */
/* What a leg has where it was damaged behind the mirror's back. */
#define DISK_DAMAGED		(1ULL << 60)
/* Zeroes that the device does not know how to write by itself. */
#define DISK_ZEROES_BY_WRITE	(1U << 30)

struct disk_cached {
	u64 version;
	u64 done;		/* when its write was complete, 0: not yet */
};

struct disk_block {
	u64 now;		/* what a read returns */
	u64 durable;
	u8 nr_cached;
	struct disk_cached cached[DISK_MAX_CACHED];	/* oldest first */
};

/* How a disk behaves; drawn from the seed. */
struct disk_traits {
	bool volatile_cache;
	bool write_zeroes;
	u32 delay_us;		/* on average */
	u32 slow_percent;	/* requests that take a hundred times as long */
	u32 read_errors;	/* per mille, of the data */
	u32 write_errors;
	u32 meta_errors;	/* per mille of the writes of metadata */
	u32 flush_errors;	/* per mille; of the cache, some is lost */
};

void disk_reset(int node, u32 nr_blocks, const struct disk_traits *traits);
struct block_device *disk_bdev(int node);
struct disk_traits *disk_traits(int node);
void disk_submit(struct bio *bio);
/* Lose power: decide what survives.  The node's memory is still there. */
void disk_cut(int node, struct sim_rng *rng);

/* It answers nothing any more, or all that it was asked. */
void disk_hang(int node, bool hang);
bool disk_is_hung(int node);
/* Did a write of data fail, or a flush? */
bool disk_has_failed(int node);
/* Did a write of metadata? */
bool disk_meta_has_failed(int node);
/* Remember the leg as it is durably, and put it back to that. */
void disk_keep(int node);
void disk_restore(int node);
/* What is in the cache becomes durable. */
void disk_settle(int node);

/* For the oracles and the beginning. */
struct disk_block *disk_block(int node, u32 block);
u8 *disk_meta(int node, u32 block);	/* durable */
void disk_set_meta(int node, u32 block, const void *data);
/* Grows with each change of a durable block. */
u64 disk_meta_changes(int node, u32 block);

#endif
