// SPDX-License-Identifier: GPL-2.0-only
/*
 * A copy of the payload of a write, made once and sent to both legs (feature
 * copy_writes).  For those who change a page while it is being written: with
 * O_DIRECT nobody keeps it stable, and the legs would differ (I7).
 *
 * Under memory pressure the pages come from a reserve that is large enough for
 * one write.  Only one caller at a time waits for it, so that no two of them
 * hold a part each (I11).
 */
#include <linux/sched/mm.h>

#include "io.h"

#define MAX_PAGES	(NM_MAX_IO >> PAGE_SHIFT)

int nm_copy_create(struct nm_mirror *m)
{
	mutex_init(&m->copy_mutex);
	if (!m->copy_writes)
		return 0;
	return mempool_init_page_pool(&m->copy_pages, MAX_PAGES, 0) ?:
	       bioset_init(&m->copies, 16, 0,
			   BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER);
}

void nm_copy_destroy(struct nm_mirror *m)
{
	bioset_exit(&m->copies);
	mempool_exit(&m->copy_pages);
}

static void free_pages_of(struct nm_mirror *m, struct bio *copy)
{
	struct bvec_iter_all all;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, copy, all)
		mempool_free(bv->bv_page, &m->copy_pages);
}

/* False: not enough pages without waiting. */
static bool fill(struct nm_mirror *m, struct bio *copy, u32 len, gfp_t gfp)
{
	while (len) {
		u32 part = min_t(u32, len, PAGE_SIZE);
		struct page *page = mempool_alloc(&m->copy_pages, gfp);

		if (!page)
			return false;
		__bio_add_page(copy, page, part, 0);
		len -= part;
	}
	return true;
}

void nm_copy_make(struct nm_io *io)
{
	struct nm_mirror *m = io->mirror;
	unsigned int nr = DIV_ROUND_UP(io->req.len, PAGE_SIZE);
	struct bvec_iter from = io->iter, to;
	struct bio *copy;

	copy = bio_alloc_bioset(m->local->bdev, nr, io->bio->bi_opf, GFP_NOIO,
				&m->copies);
	if (!fill(m, copy, io->req.len, GFP_NOWAIT | __GFP_NOWARN)) {
		free_pages_of(m, copy);
		bio_reset(copy, m->local->bdev, io->bio->bi_opf);
		mutex_lock(&m->copy_mutex);
		fill(m, copy, io->req.len, GFP_NOIO);
		mutex_unlock(&m->copy_mutex);
	}
	to = copy->bi_iter;
	bio_copy_data_iter(copy, &to, io->bio, &from);
	io->copy = copy;
	io->req.bio = copy;
	io->req.iter = copy->bi_iter;
}

void nm_copy_drop(struct nm_io *io)
{
	if (!io->copy)
		return;
	free_pages_of(io->mirror, io->copy);
	bio_put(io->copy);
	io->copy = NULL;
	io->req.bio = io->bio;
	io->req.iter = io->iter;
}
