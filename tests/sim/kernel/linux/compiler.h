/* SPDX-License-Identifier: GPL-2.0-only */
/* A word that others may read or write at once is a place to be preempted. */
#ifndef SIM_LINUX_COMPILER_H
#define SIM_LINUX_COMPILER_H

extern int sim_preempt_in;
void sim_preempt_now(void);

/* Let the schedule go on elsewhere, now and then. */
static inline void sim_preempt_point(void)
{
	if (__builtin_expect(--sim_preempt_in <= 0, 0))
		sim_preempt_now();
}

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define READ_ONCE(x)						\
({								\
	sim_preempt_point();					\
	*(const volatile __typeof__(x) *)&(x);			\
})
#define WRITE_ONCE(x, v)					\
do {								\
	*(volatile __typeof__(x) *)&(x) = (v);			\
	sim_preempt_point();					\
} while (0)
#define smp_load_acquire(p)	READ_ONCE(*(p))
#define smp_store_release(p, v)	WRITE_ONCE(*(p), v)
#define smp_mb()		do { } while (0)
#define smp_rmb()		do { } while (0)
#define smp_wmb()		do { } while (0)
#define smp_mb__before_atomic()	do { } while (0)
#define smp_mb__after_atomic()	do { } while (0)

#define __init
#define __exit
#define __percpu
#define __must_check	__attribute__((__warn_unused_result__))
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define ____cacheline_aligned_in_smp
#define fallthrough	__attribute__((__fallthrough__))

#endif
