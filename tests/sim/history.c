// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "co.h"
#include "disk.h"
#include "history.h"

#define MAX_WRITES	32

struct hist_write {
	u64 id;
	u64 version;
	u64 issued;
	u64 ended;		/* 0: in flight */
	u64 gone;		/* overwritten by what was acknowledged then */
	bool acked;
	bool durable;
	bool maybe_lost;	/* does not overwrite for sure */
};

struct hist_block {
	u32 nr;
	struct hist_write w[MAX_WRITES];
};

static struct hist_block blocks[DISK_MAX_BLOCKS];
static u32 nr_blocks;
static u64 clock;

void hist_reset(u32 nr)
{
	u32 i;

	nr_blocks = nr;
	clock = 1;
	for (i = 0; i < nr; i++)
		blocks[i].nr = 0;
}

void hist_init(u32 block, u64 version)
{
	blocks[block].nr = 1;
	blocks[block].w[0] = (struct hist_write){
		.version = version, .issued = 1, .ended = 1, .acked = true,
		.durable = true,
	};
}

u64 hist_clock(void)
{
	return ++clock;
}

static bool overwrites(const struct hist_write *new,
		       const struct hist_write *old)
{
	return new->acked && !new->maybe_lost && old->ended &&
	       old->ended < new->issued;
}

/* Room comes from what no read and no loss of power can bring back. */
static void make_room(struct hist_block *b, u64 since)
{
	u32 i, j, kept = 0;

	for (i = 0; i < b->nr; i++) {
		bool over = false;

		for (j = 0; j < b->nr && !over; j++)
			over = b->w[j].durable && overwrites(&b->w[j], &b->w[i]);
		if (!over || b->w[i].gone > since)
			b->w[kept++] = b->w[i];
	}
	b->nr = kept;
}

bool hist_begin(u32 block, u64 id, u64 version, u64 since)
{
	struct hist_block *b = &blocks[block];

	if (b->nr == MAX_WRITES)
		make_room(b, since);
	if (b->nr == MAX_WRITES)
		return false;
	b->w[b->nr++] = (struct hist_write){
		.id = id, .version = version, .issued = hist_clock(),
	};
	return true;
}

static void update_gone(struct hist_block *b)
{
	u32 i, j;

	for (i = 0; i < b->nr; i++) {
		bool over = false;

		for (j = 0; j < b->nr && !over; j++)
			over = overwrites(&b->w[j], &b->w[i]);
		if (!over)
			b->w[i].gone = 0;
		else if (!b->w[i].gone)
			b->w[i].gone = clock;
	}
}

void hist_end(u32 block, u64 id, bool acked, bool fua)
{
	struct hist_block *b = &blocks[block];
	u32 i;

	for (i = 0; i < b->nr && b->w[i].id != id; i++)
		;
	if (i == b->nr)
		return;
	b->w[i].ended = hist_clock();
	b->w[i].acked = acked;
	b->w[i].durable = acked && fua;
	if (b->w[i].durable)
		b->w[i].maybe_lost = false;
	if (acked)
		update_gone(b);
}

void hist_flushed(u64 since)
{
	u32 i, j;

	for (i = 0; i < nr_blocks; i++) {
		struct hist_block *b = &blocks[i];

		for (j = 0; j < b->nr; j++)
			if (b->w[j].acked && b->w[j].ended < since)
				b->w[j].durable = true;
	}
}

bool hist_may_see(u32 block, u64 version, u64 since)
{
	const struct hist_block *b = &blocks[block];
	u32 i;

	for (i = 0; i < b->nr; i++)
		if (b->w[i].version == version &&
		    (!b->w[i].gone || b->w[i].gone > since))
			return true;
	return false;
}

bool hist_may_follow(u32 block, u64 version, u64 id)
{
	const struct hist_block *b = &blocks[block];
	u64 issued = 0;
	u32 i;

	for (i = 0; i < b->nr; i++)
		if (b->w[i].id == id)
			issued = b->w[i].issued;
	for (i = 0; i < b->nr; i++)
		if (b->w[i].version == version &&
		    (!b->w[i].ended || b->w[i].ended > issued))
			return true;
	return false;
}

void hist_weaken(u64 cut)
{
	u32 i, j;

	for (i = 0; i < nr_blocks; i++) {
		struct hist_block *b = &blocks[i];
		bool weaker = false;

		for (j = 0; j < b->nr; j++) {
			struct hist_write *w = &b->w[j];

			if ((w->acked || !w->ended) && !w->durable &&
			    !w->maybe_lost && w->issued < cut) {
				w->maybe_lost = true;
				weaker = true;
			}
		}
		if (weaker)
			update_gone(b);
	}
}

void hist_show(u32 block)
{
	const struct hist_block *b = &blocks[block];
	u32 i;

	for (i = 0; i < b->nr; i++)
		printf("  block %u: write %llu version %llu issued %llu ended %llu%s%s%s gone %llu\n",
		       block, b->w[i].id, b->w[i].version, b->w[i].issued,
		       b->w[i].ended, b->w[i].acked ? " acked" : "",
		       b->w[i].durable ? " durable" : "",
		       b->w[i].maybe_lost ? " maybe lost" : "", b->w[i].gone);
}
