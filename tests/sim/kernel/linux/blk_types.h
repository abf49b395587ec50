/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_BLK_TYPES_H
#define SIM_LINUX_BLK_TYPES_H

#include <linux/gfp.h>
#include <linux/types.h>

#define SECTOR_SHIFT	9
#define SECTOR_SIZE	512

typedef u8 blk_status_t;
typedef u32 blk_opf_t;

#define BLK_STS_OK		0
#define BLK_STS_NOTSUPP		1
#define BLK_STS_TIMEOUT		2
#define BLK_STS_NOSPC		3
#define BLK_STS_TRANSPORT	4
#define BLK_STS_TARGET		5
#define BLK_STS_RESOURCE	9
#define BLK_STS_IOERR		10
#define BLK_STS_DM_REQUEUE	11
#define BLK_STS_AGAIN		12
#define BLK_STS_OFFLINE		17

enum {
	REQ_OP_READ		= 0,
	REQ_OP_WRITE		= 1,
	REQ_OP_FLUSH		= 2,
	REQ_OP_DISCARD		= 3,
	REQ_OP_WRITE_ZEROES	= 9,
};

#define REQ_OP_MASK	0xffU
#define REQ_SYNC	(1U << 11)
#define REQ_META	(1U << 12)
#define REQ_NOMERGE	(1U << 14)
#define REQ_IDLE	(1U << 15)
#define REQ_FUA		(1U << 17)
#define REQ_PREFLUSH	(1U << 18)
#define REQ_NOUNMAP	(1U << 24)

struct block_device;
struct bio_set;

struct bvec_iter {
	sector_t bi_sector;
	unsigned int bi_size;
	unsigned int bi_idx;
	unsigned int bi_bvec_done;
};

struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};

struct bio {
	struct block_device *bi_bdev;
	blk_opf_t bi_opf;
	blk_status_t bi_status;
	unsigned short bi_vcnt;
	unsigned short bi_max_vecs;
	struct bvec_iter bi_iter;
	void (*bi_end_io)(struct bio *bio);
	void *bi_private;
	struct bio_vec *bi_io_vec;
	struct bio_set *bi_pool;
	struct bio_vec bi_inline_vecs[];
};

typedef void (bio_end_io_t)(struct bio *bio);

#endif
