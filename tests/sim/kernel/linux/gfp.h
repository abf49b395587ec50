/* SPDX-License-Identifier: GPL-2.0-only */
/* What may fail does so where mem_fail() says; what is not given back is a leak. */
#ifndef SIM_LINUX_GFP_H
#define SIM_LINUX_GFP_H

#include <linux/types.h>

#define GFP_KERNEL	1U	/* may sleep */
#define GFP_NOIO	2U	/* may sleep, but not for I/O */
#define GFP_ATOMIC	4U
#define GFP_NOWAIT	4U
#define __GFP_NOFAIL	8U
#define __GFP_ZERO	16U
#define __GFP_COMP	0U
#define __GFP_NOWARN	0U

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)

/* Pages of one allocation stand side by side, as do their contents. */
struct page {
	void *address;
};

struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);

#define alloc_page(gfp)		alloc_pages(gfp, 0)
#define __free_page(page)	__free_pages(page, 0)

static inline void *page_address(const struct page *page)
{
	return page->address;
}

static inline unsigned int get_order(unsigned long bytes)
{
	unsigned int order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

#endif
