/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_BITOPS_H
#define SIM_LINUX_BITOPS_H

#include <linux/compiler.h>
#include <linux/types.h>

#define BITS_PER_LONG		64
#define BIT(n)			(1UL << (n))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define hweight_long(x)		((unsigned long)__builtin_popcountl(x))
#define __ffs(x)		((unsigned long)__builtin_ctzl(x))

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= BIT(nr % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] &= ~BIT(nr % BITS_PER_LONG);
}

static inline void set_bit(unsigned long nr, unsigned long *map)
{
	sim_preempt_point();
	__set_bit(nr, map);
}

static inline void clear_bit(unsigned long nr, unsigned long *map)
{
	sim_preempt_point();
	__clear_bit(nr, map);
}

static inline bool test_and_set_bit(unsigned long nr, unsigned long *map)
{
	bool old;

	sim_preempt_point();
	old = test_bit(nr, map);
	__set_bit(nr, map);
	return old;
}

static inline bool test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool old;

	sim_preempt_point();
	old = test_bit(nr, map);
	__clear_bit(nr, map);
	return old;
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long nr, unsigned long from)
{
	while (from < nr && !test_bit(from, map))
		from++;
	return from;
}

#define for_each_set_bit(bit, map, nr)				\
	for ((bit) = find_next_bit(map, nr, 0); (bit) < (nr);	\
	     (bit) = find_next_bit(map, nr, (bit) + 1))

#endif
