// SPDX-License-Identifier: GPL-2.0-only
/*
 * A leg that changes behind the mirror's back, for check and repair.  Node a is the
 * primary whenever there is one, and the leg of node b is damaged: it is never read.
 */
#include "bio.h"
#include "oracle.h"
#include "world.h"

#define PATIENCE	SIM_S(300)

static bool in_sync(int node)
{
	struct nm_mirror *m = node_mirror(node);

	return node_is_on(node) && m && m->state.link == NM_LINK_CONNECTED &&
	       m->state.sync == NM_SYNC_NONE;
}

void damage_happens(const struct world *w, struct sim_rng *rng)
{
	u32 block = rng_percent(rng, 70) ? w->hot[rng_below(rng, w->nr_hot)] :
					   rng_below(rng, w->nodes.nr_blocks);
	struct disk_block *b = disk_block(1, block);

	if (!in_sync(0) || !in_sync(1) || !node_is_primary(0) || b->nr_cached)
		return;
	trace("block %u of node b is damaged", block);
	b->now = DISK_DAMAGED;
	b->durable = DISK_DAMAGED;
}

/* --- the end: all of it is found, and mended ------------------------------ */

static bool is_over(void)
{
	return node_mirror(0)->state.verify == NM_VERIFY_NONE;
}

static int regions_that_differ(const struct world *w)
{
	u32 last = ~0U, block;
	int nr = 0;

	for (block = 0; block < w->nodes.nr_blocks; block++) {
		u32 region = (u64)block * SIM_BLOCK_SECTORS >>
			     w->nodes.region_shift;

		if (disk_block(0, block)->now == disk_block(1, block)->now ||
		    region == last)
			continue;
		last = region;
		nr++;
	}
	return nr;
}

static void verify(const char *word, int mismatches, int mended)
{
	struct nm_verify_run *v = &node_mirror(0)->verify;

	end_tell(0, word, NULL);
	end_wait(is_over, PATIENCE, word);
	if (atomic_read(&v->left))
		sim_fail("I10: a %s that nothing disturbs ends early", word);
	if (atomic_read(&v->mismatches) != mismatches ||
	    atomic_read(&v->mended) != mended)
		sim_fail("I7: a %s leaves %d regions that differ and mends %d, it should be %d and %d",
			 word, atomic_read(&v->mismatches),
			 atomic_read(&v->mended), mismatches, mended);
}

void damage_end(const struct world *w)
{
	int nr;

	end_tell(0, "idle", NULL);
	nr = regions_that_differ(w);
	verify("check", nr, 0);
	verify("repair", 0, nr);
	verify("check", 0, 0);
}
