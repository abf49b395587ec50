/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a node.  A power cut frees all of it at once; at an orderly
 * shutdown nothing may be left.
 */
#ifndef SIM_MEM_H
#define SIM_MEM_H

#include <linux/slab.h>

void mem_reset(int node);
/*
 * The @nth allocation from now on fails, of those by who calls this that may;
 * 0: none.
 */
void mem_fail(u32 nth);
/* Is it this one?  For what allocates without kmalloc() in a real kernel. */
bool mem_fails(gfp_t gfp);
int mem_nr_live(int node);
/* For what belongs to no node. */
void *world_alloc(size_t size);
void world_free(void *p);

#endif
