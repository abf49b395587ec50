/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generations: 128-bit random names of a data history.
 *
 * id[0] is the current one.  Whoever writes without its peer takes a new one
 * first (I4), so a node that finds its peer's current generation further down
 * in its own list knows that it is ahead, and from where.  The marks cover the
 * differences to a leg at id[1] .. id[covered].
 *
 * Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_GENS_H
#define NM_GENS_H

#include "nm_env.h"
#include <netmirror/disk.h>

struct nm_gens {
	u8 nr;			/* 1..NM_MAX_GENS */
	u8 covered;		/* 0..nr - 1 */
	u8 id[NM_MAX_GENS][NM_GEN_LEN];
};

/* Start with no data: one generation, all zero. */
void nm_gens_init(struct nm_gens *g);

/*
 * Check a list that was read or received, before it is taken over.  Returns
 * NULL or a sentence that says what is wrong: @nr or @covered out of bounds,
 * an entry twice, an empty one within the list (but for the only one of a
 * leg without data), or something behind its end.
 */
const char *nm_gens_check(const u8 id[][NM_GEN_LEN], u8 nr, u8 covered);

/* Has the leg never held data? */
bool nm_gens_blank(const struct nm_gens *g);

/* Index of @id in the list, or -1. */
int nm_gens_find(const struct nm_gens *g, const u8 *id);

/*
 * Take @id as the current generation.  @covered says that the marks cover all
 * that will differ from the generation left behind; without it (forced
 * promotion of an inconsistent leg) nothing older is covered any more.  The
 * list forgets its oldest entry when it is full, or, when every entry is
 * covered, the one after the current.
 */
void nm_gens_turn(struct nm_gens *g, const u8 *id, bool covered);

/* The peer has all: nothing is left to cover. */
void nm_gens_settle(struct nm_gens *g);

/* Take over the source's history at the end of a resync. */
void nm_gens_adopt(struct nm_gens *g, const struct nm_gens *from);

#endif
