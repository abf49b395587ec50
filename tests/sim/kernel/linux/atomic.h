/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_ATOMIC_H
#define SIM_LINUX_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>

typedef struct {
	int counter;
} atomic_t;

#define ATOMIC_INIT(i)	{ (i) }

static inline int atomic_read(const atomic_t *v)
{
	sim_preempt_point();
	return v->counter;
}

static inline void atomic_set(atomic_t *v, int i)
{
	v->counter = i;
}

static inline int atomic_add_return(int i, atomic_t *v)
{
	sim_preempt_point();
	return v->counter += i;
}

#define atomic_inc(v)		((void)atomic_add_return(1, v))
#define atomic_dec(v)		((void)atomic_add_return(-1, v))
#define atomic_add(i, v)	((void)atomic_add_return(i, v))
#define atomic_sub(i, v)	((void)atomic_add_return(-(i), v))
#define atomic_inc_return(v)	atomic_add_return(1, v)
#define atomic_dec_return(v)	atomic_add_return(-1, v)
#define atomic_dec_and_test(v)	(!atomic_add_return(-1, v))

#define xchg(p, v)						\
({								\
	__typeof__(*(p)) __old;					\
								\
	sim_preempt_point();					\
	__old = *(p);						\
	*(p) = (v);						\
	__old;							\
})
#define cmpxchg(p, from, to)					\
({								\
	__typeof__(*(p)) __old;					\
								\
	sim_preempt_point();					\
	__old = *(p);						\
	if (__old == (from))					\
		*(p) = (to);					\
	__old;							\
})

#endif
