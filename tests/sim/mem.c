// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/mempool.h>

#include "co.h"
#include "mem.h"

#define MAGIC_LIVE	0x4c495645U
#define MAGIC_FREE	0x46524545U

struct mem_head {
	u32 magic;
	u8 node;
	u8 class;
	struct mem_head *next;		/* free, or with a sanitizer: live */
	struct mem_head *prev;
} __attribute__((aligned(16)));

static int nr_live[SIM_NR_NODES + 1];

static struct {
	struct sim_co *co;
	u32 in;
} failure;

#ifdef __SANITIZE_ADDRESS__
/* Each allocation on its own, so that the sanitizer sees its bounds and end. */
static struct mem_head *live[SIM_NR_NODES + 1];

static void *mem_alloc(int node, size_t size)
{
	struct mem_head *h = malloc(sizeof(*h) + size);

	*h = (struct mem_head){ .magic = MAGIC_LIVE, .node = node,
				.next = live[node] };
	if (live[node])
		live[node]->prev = h;
	live[node] = h;
	nr_live[node]++;
	return h + 1;
}

static void mem_free(struct mem_head *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		live[h->node] = h->next;
	if (h->next)
		h->next->prev = h->prev;
	nr_live[h->node]--;
	free(h);
}

void mem_reset(int node)
{
	failure.in = 0;
	while (live[node])
		mem_free(live[node]);
}
#else
#define ARENA_SIZE	(16UL << 20)
#define NR_CLASSES	22		/* 2^class bytes with the head */

static struct mem_arena {
	char *base;
	size_t used;
	struct mem_head *free[NR_CLASSES];
} arenas[SIM_NR_NODES + 1];

static void *mem_alloc(int node, size_t size)
{
	struct mem_arena *a = &arenas[node];
	int class = 64 - __builtin_clzl(size + sizeof(struct mem_head) - 1);
	struct mem_head *h = a->free[class];

	if (h) {
		a->free[class] = h->next;
	} else {
		if (!a->base)
			a->base = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (a->used + (1UL << class) > ARENA_SIZE)
			sim_fail("node %d is out of memory", node);
		h = (void *)(a->base + a->used);
		a->used += 1UL << class;
	}
	h->magic = MAGIC_LIVE;
	h->node = node;
	h->class = class;
	nr_live[node]++;
	return h + 1;
}

static void mem_free(struct mem_head *h)
{
	struct mem_arena *a = &arenas[h->node];
	size_t size = (1UL << h->class) - sizeof(*h);

	if (h->magic != MAGIC_LIVE)
		sim_fail("%s is freed", h->magic == MAGIC_FREE ?
			 "free memory" : "what was not allocated");
	h->magic = MAGIC_FREE;
	memset(h + 1, 0x6b, min(size, (size_t)128));
	h->next = a->free[h->class];
	a->free[h->class] = h;
	nr_live[h->node]--;
}

void mem_reset(int node)
{
	struct mem_arena *a = &arenas[node];

	failure.in = 0;
	a->used = 0;
	memset(a->free, 0, sizeof(a->free));
	nr_live[node] = 0;
}
#endif

int mem_nr_live(int node)
{
	return nr_live[node];
}

void *world_alloc(size_t size)
{
	return mem_alloc(SIM_WORLD, size);
}

void world_free(void *p)
{
	mem_free((struct mem_head *)p - 1);
}

/* --- the kernel's names --------------------------------------------------- */

static void check_gfp(gfp_t gfp)
{
	if (!(gfp & GFP_ATOMIC) && sim_self())
		might_sleep();
}

void mem_fail(u32 nth)
{
	failure.co = sim_self();
	failure.in = nth;
}

bool mem_fails(gfp_t gfp)
{
	return failure.in && failure.co == sim_self() && gfp & GFP_KERNEL &&
	       !(gfp & __GFP_NOFAIL) && !--failure.in;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *p;

	check_gfp(gfp);
	if (unlikely(mem_fails(gfp)))
		return NULL;
	p = mem_alloc(sim_node(), size);
	/* What is not asked to be zero never is, and is the same in a replay. */
	memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, size);
	return p;
}

void kfree(const void *p)
{
	if (p)
		mem_free((struct mem_head *)p - 1);
}

char *kstrdup(const char *s, gfp_t gfp)
{
	char *copy = kmalloc(strlen(s) + 1, gfp);

	if (copy)
		strcpy(copy, s);
	return copy;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned int i, nr = 1U << order;
	struct page *pages = kzalloc(nr * (sizeof(*pages) + PAGE_SIZE), gfp);

	for (i = 0; pages && i < nr; i++)
		pages[i].address = (char *)(pages + nr) + i * PAGE_SIZE;
	return pages;
}

void __free_pages(struct page *page, unsigned int order)
{
	(void)order;
	kfree(page);
}

/* Made once, before any node is. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
	struct kmem_cache *cache = malloc(sizeof(*cache));

	(void)name;
	cache->size = size;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	free(cache);
}

int mempool_init_kmalloc_pool(mempool_t *pool, int min_nr, size_t size)
{
	(void)min_nr;
	if (mem_fails(GFP_KERNEL))
		return -ENOMEM;
	*pool = (mempool_t){ .size = size, .live = true };
	return 0;
}

int mempool_init_slab_pool(mempool_t *pool, int min_nr,
			   struct kmem_cache *cache)
{
	return mempool_init_kmalloc_pool(pool, min_nr, cache->size);
}

void mempool_exit(mempool_t *pool)
{
	if (pool->nr_used)
		sim_fail("a mempool ends with elements in use");
	pool->live = false;
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	WARN_ON(!pool->live);
	pool->nr_used++;
	return kmalloc(pool->size, gfp);
}

void mempool_free(void *element, mempool_t *pool)
{
	WARN_ON(!pool->live);
	pool->nr_used--;
	kfree(element);
}
