/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_MEMPOOL_H
#define SIM_LINUX_MEMPOOL_H

#include <linux/slab.h>

typedef struct {
	size_t size;
	int nr_used;
	bool live;
} mempool_t;

int mempool_init_slab_pool(mempool_t *pool, int min_nr,
			   struct kmem_cache *cache);
int mempool_init_kmalloc_pool(mempool_t *pool, int min_nr, size_t size);
/* Fails the schedule if an element is still out. */
void mempool_exit(mempool_t *pool);
void *mempool_alloc(mempool_t *pool, gfp_t gfp);
void mempool_free(void *element, mempool_t *pool);

#endif
