/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers that a seed repeats. */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <linux/types.h>

struct sim_rng {
	u64 s;
};

static inline u64 rng_next(struct sim_rng *r)
{
	/* splitmix64 */
	u64 z = r->s += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A stream of its own for @what of @seed. */
static inline struct sim_rng rng_of(u64 seed, u64 what)
{
	struct sim_rng r = { seed };

	r.s = rng_next(&r) + what * 0xd1342543de82ef95ULL;
	rng_next(&r);
	return r;
}

static inline u32 rng_below(struct sim_rng *r, u32 n)
{
	return (u64)(u32)(rng_next(r) >> 32) * n >> 32;
}

static inline u32 rng_range(struct sim_rng *r, u32 from, u32 to)
{
	return from + rng_below(r, to - from + 1);
}

static inline bool rng_percent(struct sim_rng *r, u32 percent)
{
	return rng_below(r, 100) < percent;
}

/* 0 and up, @mean on average, short ones most often. */
static inline u32 rng_around(struct sim_rng *r, u32 mean)
{
	return (u64)rng_below(r, 2 * mean + 1) * rng_range(r, 1, 100) / 50;
}

#endif
