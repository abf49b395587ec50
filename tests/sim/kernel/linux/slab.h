/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_SLAB_H
#define SIM_LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/kernel.h>

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *p);
char *kstrdup(const char *s, gfp_t gfp);

#define kzalloc(size, gfp)	kmalloc(size, (gfp) | __GFP_ZERO)
#define kcalloc(n, size, gfp)	kzalloc((n) * (size), gfp)
#define kmalloc_array(n, size, gfp)	kmalloc((n) * (size), gfp)
#define kvmalloc		kmalloc
#define kvzalloc		kzalloc
#define kvcalloc		kcalloc
#define kvfree			kfree
#define kfree_sensitive		kfree
#define bitmap_zalloc(n, gfp)	\
	((unsigned long *)kcalloc(BITS_TO_LONGS(n), sizeof(long), gfp))
#define bitmap_free		kfree

struct kmem_cache {
	size_t size;
};

struct kmem_cache *kmem_cache_create(const char *name, size_t size);
void kmem_cache_destroy(struct kmem_cache *cache);

#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type))

#endif
