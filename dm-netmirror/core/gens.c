// SPDX-License-Identifier: GPL-2.0-only
#include "gens.h"

static bool same(const u8 *a, const u8 *b)
{
	return !memcmp(a, b, NM_GEN_LEN);
}

void nm_gens_init(struct nm_gens *g)
{
	memset(g, 0, sizeof(*g));
	g->nr = 1;
}

static bool empty(const u8 *id)
{
	return !memchr_inv(id, 0, NM_GEN_LEN);
}

const char *nm_gens_check(const u8 id[][NM_GEN_LEN], u8 nr, u8 covered)
{
	int i, j;

	if (!nr || nr > NM_MAX_GENS)
		return "the number of generations is out of bounds";
	if (covered >= nr)
		return "more generations are covered than there are";
	for (i = 0; i < nr; i++) {
		if (empty(id[i]) && nr > 1)
			return "the list of generations has an empty entry";
		for (j = 0; j < i; j++)
			if (same(id[i], id[j]))
				return "the list of generations has an entry twice";
	}
	for (; i < NM_MAX_GENS; i++)
		if (!empty(id[i]))
			return "there is something behind the list of generations";
	return NULL;
}

bool nm_gens_blank(const struct nm_gens *g)
{
	return empty(g->id[0]);
}

int nm_gens_find(const struct nm_gens *g, const u8 *id)
{
	int i;

	for (i = 0; i < g->nr; i++)
		if (same(g->id[i], id))
			return i;
	return -1;
}

void nm_gens_turn(struct nm_gens *g, const u8 *id, bool covered)
{
	if (nm_gens_blank(g)) {
		nm_gens_init(g);
		memcpy(g->id[0], id, NM_GEN_LEN);
		return;
	}
	if (g->nr == NM_MAX_GENS) {
		/*
		 * With every entry covered the oldest one is where an
		 * unfinished peer stands: forget the one after the current.
		 */
		if (g->covered == g->nr - 1) {
			memmove(g->id[1], g->id[2],
				(g->nr - 2) * NM_GEN_LEN);
			g->covered--;
		}
		g->nr--;
	}
	memmove(g->id[1], g->id[0], g->nr * NM_GEN_LEN);
	memcpy(g->id[0], id, NM_GEN_LEN);
	g->nr++;
	if (covered)
		g->covered++;
	else
		g->covered = 0;
}

void nm_gens_settle(struct nm_gens *g)
{
	g->covered = 0;
}

void nm_gens_adopt(struct nm_gens *g, const struct nm_gens *from)
{
	*g = *from;
	g->covered = 0;
}
