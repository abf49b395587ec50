// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "co.h"

#define MAX_COS		512
/* So many steps in no time at all: somebody turns in circles. */
#define MAX_STILL	500000

struct sim_sched sim;
u64 sim_now;
int sim_preempt_in;

static struct sim_co cos[MAX_COS];
static struct sim_co *free_cos[MAX_COS];
static int nr_free;
static int nr_made;
static struct sim_co *ready[MAX_COS];
static int nr_ready;
static struct sim_co *timers[MAX_COS];	/* a heap by due, then seq */
static int nr_timers;
static struct sim_co *queued[MAX_COS];	/* in wait_event */
static int nr_queued;
static int nr_for_locks;
static struct sim_co *self;
static int scheduler_node = SIM_WORLD;
static u64 next_seq;
static u32 nr_still;		/* steps since time passed */

static void to_scheduler(void)
{
	stack_leave(&self->stack);
}

static void run(struct sim_co *co)
{
	self = co;
	stack_enter(&co->stack);
	self = NULL;
}

/* --- lists ---------------------------------------------------------------- */

static void ready_add(struct sim_co *co)
{
	co->state = SIM_CO_READY;
	co->ready_at = nr_ready;
	ready[nr_ready++] = co;
}

static void ready_del(struct sim_co *co)
{
	struct sim_co *last = ready[--nr_ready];

	ready[co->ready_at] = last;
	last->ready_at = co->ready_at;
	co->ready_at = -1;
}

static bool sooner(const struct sim_co *a, const struct sim_co *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void timer_place(struct sim_co *co, int at)
{
	timers[at] = co;
	co->timer_at = at;
}

static void timer_sift(struct sim_co *co, int at)
{
	int child;

	while (at && sooner(co, timers[(at - 1) / 2])) {
		timer_place(timers[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	for (;;) {
		child = 2 * at + 1;
		if (child >= nr_timers)
			break;
		if (child + 1 < nr_timers &&
		    sooner(timers[child + 1], timers[child]))
			child++;
		if (sooner(co, timers[child]))
			break;
		timer_place(timers[child], at);
		at = child;
	}
	timer_place(co, at);
}

static void timer_add(struct sim_co *co, u64 due)
{
	co->due = due;
	co->seq = next_seq++;
	timer_sift(co, nr_timers++);
}

static void timer_del(struct sim_co *co)
{
	int at = co->timer_at;
	struct sim_co *last = timers[--nr_timers];

	co->timer_at = -1;
	if (last != co)
		timer_sift(last, at);
}

static void queued_add(struct sim_co *co, const void *wq)
{
	co->wq = wq;
	co->queued_at = nr_queued;
	queued[nr_queued++] = co;
}

static void queued_del(struct sim_co *co)
{
	struct sim_co *last = queued[--nr_queued];

	queued[co->queued_at] = last;
	last->queued_at = co->queued_at;
	co->wq = NULL;
}

/* --- life ----------------------------------------------------------------- */

static void release(struct sim_co *co)
{
	if (co->wq)
		queued_del(co);
	nr_for_locks -= !!co->lock;
	co->lock = NULL;
	co->state = SIM_CO_FREE;
	free_cos[nr_free++] = co;
}

static void co_main(void)
{
	stack_entered();
	self->fn(self->arg);
	if (self->nr_spin || self->nr_held)
		sim_fail("%s ended with a lock held", self->what);
	release(self);
	to_scheduler();
	abort();
}

static struct sim_co *make(void)
{
	struct sim_co *co;

	if (nr_made == MAX_COS) {
		fprintf(stderr, "too many coroutines\n");
		sim_show_alive();
		exit(2);
	}
	co = &cos[nr_made++];
	stack_make(&co->stack);
	return co;
}

struct sim_co *sim_spawn(int node, const char *what, void (*fn)(void *),
			 void *arg, u64 delay, bool atomic)
{
	struct sim_co *co = nr_free ? free_cos[--nr_free] : make();
	struct sim_stack stack = co->stack;

	*co = (struct sim_co){
		.fn = fn,
		.arg = arg,
		.what = what,
		.node = node,
		.atomic = atomic,
		.lazy = rng_percent(&sim.rng, sim.pace.lazy_percent),
		.ready_at = -1,
		.timer_at = -1,
		.stack = stack,
	};
	stack_prepare(&co->stack, co_main);
	if (delay) {
		co->state = SIM_CO_WAITING;
		timer_add(co, sim_now + delay);
	} else {
		ready_add(co);
	}
	return co;
}

static void forget(struct sim_co *co)
{
	if (co->ready_at >= 0)
		ready_del(co);
	if (co->timer_at >= 0)
		timer_del(co);
	release(co);
}

void sim_unspawn(struct sim_co *co)
{
	forget(co);
}

void sim_kill(int node)
{
	int i;

	for (i = 0; i < nr_made; i++) {
		struct sim_co *co = &cos[i];

		if (co->state == SIM_CO_FREE || co->node != node)
			continue;
		/* Locks of the module itself outlive the node. */
		while (co->nr_held) {
			struct mutex *lock = co->held[--co->nr_held];

			lock->owner = NULL;
			sim_lock_wake(lock);
		}
		forget(co);
	}
}

int sim_nr_alive(int node, const char **what)
{
	int i, nr = 0;

	for (i = 0; i < nr_made; i++) {
		if (cos[i].state == SIM_CO_FREE || cos[i].node != node)
			continue;
		nr++;
		if (what)
			*what = cos[i].what;
	}
	return nr;
}

void sim_show_alive(void)
{
	static const char *const states[] = { "free", "ready", "waiting" };
	int i;

	for (i = 0; i < nr_made; i++) {
		const struct sim_co *co = &cos[i];

		if (co->state == SIM_CO_FREE)
			continue;
		printf("  node %d: %s: %s%s%s", co->node, co->what,
		       states[co->state], co->wq ? ", in wait_event" : "",
		       co->lock ? ", for a lock" : "");
		if (co->timer_at >= 0)
			printf(", until %llu us", co->due / 1000);
		printf("\n");
	}
}

void sim_sched_reset(u64 seed, const struct sim_pace *pace)
{
	int i;

	nr_ready = 0;
	nr_timers = 0;
	nr_free = 0;
	for (i = nr_made - 1; i >= 0; i--) {
		while (cos[i].state != SIM_CO_FREE && cos[i].nr_held)
			cos[i].held[--cos[i].nr_held]->owner = NULL;
		release(&cos[i]);
	}
	self = NULL;
	scheduler_node = SIM_WORLD;
	sim_now = SIM_S(1);
	next_seq = 0;
	nr_still = 0;
	sim.rng = rng_of(seed, 1);
	sim.pace = *pace;
	sim.steps = 0;
	sim.failed = false;
	sim.failure[0] = 0;
	sim_preempt_in = pace->preempt_mean ?: 1 << 30;
}

struct sim_co *sim_self(void)
{
	return self;
}

int sim_node(void)
{
	return self ? self->node : scheduler_node;
}

void sim_set_node(int node)
{
	scheduler_node = node;
}

/* --- the schedule --------------------------------------------------------- */

static struct sim_co *pick(void)
{
	struct sim_co *co = ready[rng_below(&sim.rng, nr_ready)];
	int tries = 3;

	while (co->lazy && tries--)
		co = ready[rng_below(&sim.rng, nr_ready)];
	return co;
}

static void timer_fire(void)
{
	struct sim_co *co = timers[0];

	timer_del(co);
	if (co->due > sim_now) {
		sim_now = co->due;
		nr_still = 0;
	}
	ready_add(co);
}

static void (*on_failure)(void);

void sim_on_failure(void (*fn)(void))
{
	on_failure = fn;
}

bool sim_step(void)
{
	struct sim_co *co;

	if (!nr_ready && !nr_timers)
		return false;
	if (!nr_ready ||
	    (nr_timers && sim.pace.jump_one_in &&
	     !rng_below(&sim.rng, sim.pace.jump_one_in)))
		timer_fire();
	sim.steps++;
	co = pick();
	ready_del(co);
	run(co);
	if (unlikely(++nr_still > MAX_STILL))
		sim_fail("I10: %s turns in circles", co->what);
	if (unlikely(sim.failed))
		on_failure();
	return true;
}

void sim_yield(void)
{
	ready_add(self);
	to_scheduler();
}

void sim_preempt_now(void)
{
	u32 mean = sim.pace.preempt_mean;

	sim_preempt_in = mean ? 1 + rng_around(&sim.rng, mean) : 1 << 30;
	if (self && mean)
		sim_yield();
}

void sim_sleep(u64 ns)
{
	self->state = SIM_CO_WAITING;
	timer_add(self, sim_now + ns);
	to_scheduler();
}

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!sim.failed)
		vsnprintf(sim.failure, sizeof(sim.failure), fmt, ap);
	va_end(ap);
	sim.failed = true;
	trace("FAILED: %s", sim.failure);
	if (self) {
		self->state = SIM_CO_WAITING;
		to_scheduler();
	}
	on_failure();
	abort();
}

/* --- waiting -------------------------------------------------------------- */

void might_sleep(void)
{
	if (!self)
		sim_fail("something sleeps outside of every context");
	if (self->nr_spin)
		sim_fail("%s sleeps with a spinlock held", self->what);
	if (self->nr_irqs_off)
		sim_fail("%s sleeps with interrupts disabled", self->what);
	if (self->atomic)
		sim_fail("the completion %s sleeps", self->what);
}

void cond_resched(void)
{
	might_sleep();
	sim_preempt_point();
}

void sim_wait_prepare(const void *wq)
{
	if (!self->wq)
		queued_add(self, wq);
	self->woken = false;
}

bool sim_wait_sleep(u64 until)
{
	if (self->woken)
		return true;
	if (until && until <= sim_now)
		return false;
	self->state = SIM_CO_WAITING;
	if (until)
		timer_add(self, until);
	to_scheduler();
	return self->woken;
}

void sim_wait_finish(void)
{
	queued_del(self);
}

void sim_wake(const void *wq)
{
	int i;

	sim_preempt_point();
	for (i = 0; i < nr_queued; i++) {
		struct sim_co *co = queued[i];

		if (co->wq != wq)
			continue;
		co->woken = true;
		/* Whoever waits for a lock meanwhile is not asleep here. */
		if (co->state != SIM_CO_WAITING || co->lock || co == self)
			continue;
		if (co->timer_at >= 0)
			timer_del(co);
		ready_add(co);
	}
}

void sim_lock_wait(const void *lock)
{
	self->lock = lock;
	nr_for_locks++;
	self->state = SIM_CO_WAITING;
	to_scheduler();
	self->lock = NULL;
	nr_for_locks--;
}

void sim_lock_wake(const void *lock)
{
	int i;

	for (i = 0; nr_for_locks && i < nr_made; i++)
		if (cos[i].state == SIM_CO_WAITING && cos[i].lock == lock)
			ready_add(&cos[i]);
}
