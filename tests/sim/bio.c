// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blkdev.h>
#include <linux/completion.h>

#include "bio.h"
#include "co.h"
#include "disk.h"
#include "mem.h"

u32 sim_block;

int bioset_init(struct bio_set *bs, unsigned int size, unsigned int front_pad,
		int flags)
{
	(void)size;
	(void)flags;
	if (mem_fails(GFP_KERNEL))
		return -ENOMEM;
	*bs = (struct bio_set){ .front_pad = front_pad, .live = true };
	return 0;
}

void bioset_exit(struct bio_set *bs)
{
	if (bs->nr_used)
		sim_fail("a bio_set ends with bios in use");
	bs->live = false;
}

void bio_init(struct bio *bio, struct block_device *bdev, struct bio_vec *table,
	      unsigned short max_vecs, blk_opf_t opf)
{
	*bio = (struct bio){ .bi_bdev = bdev, .bi_io_vec = table,
			     .bi_max_vecs = max_vecs, .bi_opf = opf };
}

void __bio_add_page(struct bio *bio, struct page *page, unsigned int len,
		    unsigned int offset)
{
	if (bio->bi_vcnt == bio->bi_max_vecs)
		sim_fail("a bio has no room for another page");
	bio->bi_io_vec[bio->bi_vcnt++] = (struct bio_vec){
		.bv_page = page, .bv_len = len, .bv_offset = offset,
	};
	bio->bi_iter.bi_size += len;
}

struct bio *bio_alloc_bioset(struct block_device *bdev, unsigned short nr_vecs,
			     blk_opf_t opf, gfp_t gfp, struct bio_set *bs)
{
	size_t size = sizeof(struct bio) + nr_vecs * sizeof(struct bio_vec);
	char *p = kmalloc(bs->front_pad + size, gfp);
	struct bio *bio = (struct bio *)(p + bs->front_pad);

	WARN_ON(!bs->live);
	bs->nr_used++;
	bio_init(bio, bdev, bio->bi_inline_vecs, nr_vecs, opf);
	bio->bi_pool = bs;
	return bio;
}

struct bio *bio_alloc_clone(struct block_device *bdev, struct bio *src,
			    gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio = bio_alloc_bioset(bdev, 0, src->bi_opf, gfp, bs);

	bio->bi_io_vec = src->bi_io_vec;
	bio->bi_iter = src->bi_iter;
	return bio;
}

void bio_put(struct bio *bio)
{
	WARN_ON(!bio->bi_pool->live);
	bio->bi_pool->nr_used--;
	kfree((char *)bio - bio->bi_pool->front_pad);
}

void bio_endio(struct bio *bio)
{
	sim_preempt_point();
	bio->bi_end_io(bio);
}

void submit_bio_noacct(struct bio *bio)
{
	sim_preempt_point();
	disk_submit(bio);
}

void submit_bio(struct bio *bio)
{
	submit_bio_noacct(bio);
}

static void wait_done(struct bio *bio)
{
	complete(bio->bi_private);
}

int submit_bio_wait(struct bio *bio)
{
	DECLARE_COMPLETION_ONSTACK(done);

	might_sleep();
	bio->bi_private = &done;
	bio->bi_end_io = wait_done;
	submit_bio(bio);
	wait_for_completion(&done);
	return blk_status_to_errno(bio->bi_status);
}

int blkdev_issue_flush(struct block_device *bdev)
{
	struct bio bio;

	bio_init(&bio, bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	return submit_bio_wait(&bio);
}

int blkdev_issue_zeroout(struct block_device *bdev, sector_t sector,
			 sector_t nr_sects, gfp_t gfp, unsigned int flags)
{
	struct bio bio;

	(void)gfp;
	(void)flags;
	bio_init(&bio, bdev, NULL, 0, REQ_OP_WRITE_ZEROES);
	bio.bi_iter.bi_sector = sector;
	bio.bi_iter.bi_size = nr_sects << SECTOR_SHIFT;
	bio.bi_opf |= DISK_ZEROES_BY_WRITE;
	return submit_bio_wait(&bio);
}

static const struct {
	blk_status_t status;
	int err;
} errors[] = {
	{ BLK_STS_OK, 0 },
	{ BLK_STS_NOTSUPP, -EOPNOTSUPP },
	{ BLK_STS_TIMEOUT, -ETIMEDOUT },
	{ BLK_STS_NOSPC, -ENOSPC },
	{ BLK_STS_TRANSPORT, -ENOLINK },
	{ BLK_STS_TARGET, -EREMOTEIO },
	{ BLK_STS_RESOURCE, -ENOMEM },
	{ BLK_STS_OFFLINE, -ENODEV },
	{ BLK_STS_IOERR, -EIO },
};

int blk_status_to_errno(blk_status_t status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].status == status)
			return errors[i].err;
	return -EIO;
}

blk_status_t errno_to_blk_status(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].err == err)
			return errors[i].status;
	return BLK_STS_IOERR;
}

/* --- contents ------------------------------------------------------------- */

u64 *bio_content(const struct bio_vec *table, struct bvec_iter iter, u32 block)
{
	struct bio_vec bv;

	bvec_advance(table, &iter, block * sim_block);
	bv = bvec_at(table, iter);
	return (u64 *)((char *)page_address(bv.bv_page) + bv.bv_offset);
}
