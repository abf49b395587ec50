// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of a channel, made when it is created: the I/O path never allocates
 * a payload page, and what a peer can make this node hold is bounded.
 *
 * A user takes all the chunks that it needs or none, so that no two of them
 * wait for each other with half of theirs.
 */
#include <linux/slab.h>

#include "rdma.h"

int nm_rdma_pool_create(struct nm_rdma_pool *pool, unsigned int nr)
{
	pool->free = kvcalloc(nr, sizeof(*pool->free), GFP_KERNEL);
	if (!pool->free)
		return -ENOMEM;
	for (; pool->nr_free < nr; pool->nr_free++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP,
						NM_RDMA_CHUNK_ORDER);

		if (!page)
			return -ENOMEM;
		pool->free[pool->nr_free] = page;
	}
	return 0;
}

void nm_rdma_pool_destroy(struct nm_rdma_pool *pool)
{
	while (pool->nr_free)
		__free_pages(pool->free[--pool->nr_free], NM_RDMA_CHUNK_ORDER);
	kvfree(pool->free);
	pool->free = NULL;
}

unsigned int nm_rdma_pool_get(struct nm_rdma_pool *pool, u32 len,
			      struct scatterlist *sg)
{
	unsigned int nr = DIV_ROUND_UP(len, NM_RDMA_CHUNK);
	unsigned int i;

	if (nr > pool->nr_free)
		return 0;
	sg_init_table(sg, nr);
	for (i = 0; i < nr; i++, len -= NM_RDMA_CHUNK)
		sg_set_page(&sg[i], pool->free[--pool->nr_free],
			    min_t(u32, len, NM_RDMA_CHUNK), 0);
	return nr;
}

void nm_rdma_pool_put(struct nm_rdma_pool *pool, struct scatterlist *sg,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		pool->free[pool->nr_free++] = sg_page(&sg[i]);
}
