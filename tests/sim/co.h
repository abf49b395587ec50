/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coroutines, the schedule and its time.
 *
 * Whatever runs in a simulated kernel (a process, a work item, a completion) is
 * a coroutine, as if on a CPU of its own.  One seed decides which one goes on.
 * Time passes when none can.
 */
#ifndef SIM_CO_H
#define SIM_CO_H

#include <linux/kernel.h>
#include <linux/list.h>

#include "rng.h"
#include "switch.h"

#define SIM_NR_NODES	2
#define SIM_WORLD	2	/* what belongs to no node */

#define NSEC_PER_MSEC	1000000L
#define SIM_MS(n)	((n) * 1000000ULL)
#define SIM_US(n)	((n) * 1000ULL)
#define SIM_S(n)	((n) * 1000000000ULL)

#define SIM_MAX_HELD	8

enum sim_co_state {
	SIM_CO_FREE,
	SIM_CO_READY,
	SIM_CO_WAITING,
};

struct mutex;

struct sim_co {
	void (*fn)(void *arg);
	void *arg;
	const char *what;
	u8 node;
	u8 state;		/* enum sim_co_state */
	bool atomic;		/* a completion: must not sleep */
	bool lazy;		/* seldom chosen */
	bool woken;
	int nr_spin;		/* spinlocks held */
	int nr_irqs_off;
	int ready_at;		/* index in the list of the ready, or -1 */
	int timer_at;		/* index in the heap of timers, or -1 */
	int queued_at;		/* index in the list of those with a wq */
	u64 due;
	u64 seq;
	const void *wq;		/* on this wait queue */
	const void *lock;	/* waits for this lock */
	struct mutex *held[SIM_MAX_HELD];
	int nr_held;
	struct sim_stack stack;
};

/* How a schedule is chosen; drawn from its seed. */
struct sim_pace {
	u32 preempt_mean;	/* preemption points between preemptions, 0: none */
	u32 lazy_percent;	/* coroutines that are seldom chosen */
	u32 jump_one_in;	/* time passes although somebody is ready, 0: never */
};

struct sim_sched {
	struct sim_rng rng;
	struct sim_pace pace;
	u64 steps;
	char failure[512];	/* empty: none */
	bool failed;
};

extern struct sim_sched sim;
extern u64 sim_now;

/* Begin a schedule: no coroutine, time 0. */
void sim_sched_reset(u64 seed, const struct sim_pace *pace);

/* The one that runs; NULL: the scheduler itself. */
struct sim_co *sim_self(void);
/* The node on whose behalf code runs. */
int sim_node(void);
/* For code that is not in a coroutine. */
void sim_set_node(int node);

/* Run @fn on @node after @delay ns.  @atomic: it is a completion. */
struct sim_co *sim_spawn(int node, const char *what, void (*fn)(void *),
			 void *arg, u64 delay, bool atomic);
/* Forget one that has not begun to run. */
void sim_unspawn(struct sim_co *co);
/* End every coroutine of a node, wherever it stands. */
void sim_kill(int node);
/* Not finished ones of a node; @what of one of them if it is not NULL. */
int sim_nr_alive(int node, const char **what);

void sim_yield(void);
void sim_sleep(u64 ns);
/* One step; false when there is nothing left to do. */
bool sim_step(void);

/* Wait for a lock; whoever releases it calls sim_lock_wake(). */
void sim_lock_wait(const void *lock);
void sim_lock_wake(const void *lock);

/* Show each coroutine that is not finished. */
void sim_show_alive(void);

void sim_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define trace(...)						\
do {								\
	if (unlikely(sim_tracing))				\
		sim_trace(__VA_ARGS__);				\
} while (0)

/* Who is called, on the stack of the program, when a schedule has failed. */
void sim_on_failure(void (*fn)(void));

#endif
