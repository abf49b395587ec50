/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_BIO_H
#define SIM_LINUX_BIO_H

#include <linux/blk_types.h>
#include <linux/mempool.h>

struct bio_set {
	unsigned int front_pad;
	int nr_used;
	bool live;
};

#define BIOSET_NEED_BVECS	1

#define bio_op(bio)		((bio)->bi_opf & REQ_OP_MASK)
#define bio_sectors(bio)	((bio)->bi_iter.bi_size >> SECTOR_SHIFT)
#define bio_end_sector(bio)	((bio)->bi_iter.bi_sector + bio_sectors(bio))
#define bio_for_each_bvec_from(bv, bio, iter, start)			\
	for (iter = (start);						\
	     iter.bi_size && ((bv) = bvec_at((bio)->bi_io_vec, iter), true); \
	     bvec_advance((bio)->bi_io_vec, &iter, (bv).bv_len))
#define __bio_for_each_bvec(bv, bio, iter, start) \
	bio_for_each_bvec_from(bv, bio, iter, start)

int bioset_init(struct bio_set *bs, unsigned int size, unsigned int front_pad,
		int flags);
/* Fails the schedule if a bio is still out. */
void bioset_exit(struct bio_set *bs);

void bio_init(struct bio *bio, struct block_device *bdev, struct bio_vec *table,
	      unsigned short max_vecs, blk_opf_t opf);
static inline void bio_uninit(struct bio *bio)
{
	(void)bio;
}
void __bio_add_page(struct bio *bio, struct page *page, unsigned int len,
		    unsigned int offset);
struct bio *bio_alloc_bioset(struct block_device *bdev, unsigned short nr_vecs,
			     blk_opf_t opf, gfp_t gfp, struct bio_set *bs);
struct bio *bio_alloc_clone(struct block_device *bdev, struct bio *src,
			    gfp_t gfp, struct bio_set *bs);
void bio_put(struct bio *bio);
void bio_endio(struct bio *bio);
void submit_bio(struct bio *bio);
void submit_bio_noacct(struct bio *bio);
int submit_bio_wait(struct bio *bio);

static inline void bio_set_dev(struct bio *bio, struct block_device *bdev)
{
	bio->bi_bdev = bdev;
}

static inline void bio_io_error(struct bio *bio)
{
	bio->bi_status = BLK_STS_IOERR;
	bio_endio(bio);
}

/* What is left of the segment that @iter stands in. */
static inline struct bio_vec bvec_at(const struct bio_vec *bv,
				     struct bvec_iter iter)
{
	struct bio_vec at = bv[iter.bi_idx];

	at.bv_offset += iter.bi_bvec_done;
	at.bv_len -= iter.bi_bvec_done;
	if (at.bv_len > iter.bi_size)
		at.bv_len = iter.bi_size;
	return at;
}

static inline void bvec_advance(const struct bio_vec *bv,
				struct bvec_iter *iter, unsigned int bytes)
{
	iter->bi_size -= bytes;
	while (bytes) {
		unsigned int left = bv[iter->bi_idx].bv_len -
				    iter->bi_bvec_done;
		unsigned int len = bytes < left ? bytes : left;

		bytes -= len;
		iter->bi_bvec_done += len;
		if (iter->bi_bvec_done == bv[iter->bi_idx].bv_len) {
			iter->bi_bvec_done = 0;
			iter->bi_idx++;
		}
	}
}

int blk_status_to_errno(blk_status_t status);
blk_status_t errno_to_blk_status(int err);

#endif
