// SPDX-License-Identifier: GPL-2.0-only
/* Spinlocks, mutexes, completions and the reference count that can be killed. */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>

#include "co.h"
#include "mem.h"

/* --- spinlocks ------------------------------------------------------------ */

void spin_lock_init(spinlock_t *lock)
{
	*lock = (spinlock_t){};
}

/*
 * A lock that a completion takes must never be held with interrupts enabled:
 * the completion could come on the same CPU.
 */
static void check_irqs(spinlock_t *lock, struct sim_co *self)
{
	if (self->atomic)
		lock->in_irq = true;
	else if (!self->nr_irqs_off)
		lock->irqs_on = true;
	if (lock->in_irq && lock->irqs_on)
		sim_fail("%s: a lock that completions take is held with interrupts enabled",
			 self->what);
}

void sim_spin_lock(spinlock_t *lock, bool irq)
{
	struct sim_co *self = sim_self();

	if (!self)
		return;
	sim_preempt_point();
	self->nr_irqs_off += irq;
	while (lock->owner) {
		if (lock->owner == self)
			sim_fail("%s takes a spinlock twice", self->what);
		lock->contended = true;
		sim_lock_wait(lock);
	}
	lock->owner = self;
	self->nr_spin++;
	check_irqs(lock, self);
}

void sim_spin_unlock(spinlock_t *lock, bool irq)
{
	struct sim_co *self = sim_self();

	if (!self)
		return;
	if (lock->owner != self)
		sim_fail("%s releases a spinlock it does not hold", self->what);
	lock->owner = NULL;
	self->nr_spin--;
	self->nr_irqs_off -= irq;
	if (lock->contended) {
		lock->contended = false;
		sim_lock_wake(lock);
	}
	sim_preempt_point();
}

void sim_assert_spin_held(const spinlock_t *lock, const char *name)
{
	if (sim_self() && lock->owner != sim_self())
		sim_fail("%s is not held", name);
}

/* --- mutexes -------------------------------------------------------------- */

void mutex_init(struct mutex *lock)
{
	lock->owner = NULL;
}

bool mutex_trylock(struct mutex *lock)
{
	struct sim_co *self = sim_self();

	sim_preempt_point();
	if (lock->owner)
		return false;
	lock->owner = self;
	if (self->nr_held == SIM_MAX_HELD)
		sim_fail("%s holds too many mutexes", self->what);
	self->held[self->nr_held++] = lock;
	return true;
}

void mutex_lock(struct mutex *lock)
{
	struct sim_co *self = sim_self();

	might_sleep();
	while (!mutex_trylock(lock)) {
		if (lock->owner == self)
			sim_fail("%s takes a mutex twice", self->what);
		sim_lock_wait(lock);
	}
}

void mutex_unlock(struct mutex *lock)
{
	struct sim_co *self = sim_self();
	int i;

	if (lock->owner != self)
		sim_fail("%s releases a mutex it does not hold", self->what);
	for (i = 0; self->held[i] != lock; i++)
		;
	self->held[i] = self->held[--self->nr_held];
	lock->owner = NULL;
	sim_lock_wake(lock);
	sim_preempt_point();
}

void sim_assert_mutex_held(const struct mutex *lock, const char *name)
{
	if (sim_self() && lock->owner != sim_self())
		sim_fail("%s is not held", name);
}

/* --- completions ---------------------------------------------------------- */

void complete(struct completion *x)
{
	x->done++;
	sim_wake(x);
}

void complete_all(struct completion *x)
{
	x->done = U32_MAX / 2;
	sim_wake(x);
}

bool completion_done(struct completion *x)
{
	return x->done;
}

static bool take(struct completion *x)
{
	if (x->done && x->done < U32_MAX / 2)
		return x->done--;
	return x->done;
}

void wait_for_completion(struct completion *x)
{
	wait_event(*x, take(x));
}

unsigned long wait_for_completion_timeout(struct completion *x,
					  unsigned long timeout)
{
	return wait_event_timeout(*x, take(x), timeout);
}

/* --- percpu_ref ----------------------------------------------------------- */

int percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release,
		    unsigned int flags, gfp_t gfp)
{
	(void)flags;
	if (mem_fails(gfp))
		return -ENOMEM;
	ref->count = 1;
	ref->live = true;
	ref->dead = false;
	ref->release = release;
	return 0;
}

void percpu_ref_exit(struct percpu_ref *ref)
{
	ref->live = false;
}

bool percpu_ref_tryget_live(struct percpu_ref *ref)
{
	sim_preempt_point();
	WARN_ON(!ref->live);
	if (ref->dead)
		return false;
	ref->count++;
	return true;
}

void percpu_ref_get(struct percpu_ref *ref)
{
	sim_preempt_point();
	WARN_ON(!ref->live || ref->count <= 0);
	ref->count++;
}

void percpu_ref_put(struct percpu_ref *ref)
{
	sim_preempt_point();
	WARN_ON(!ref->live || ref->count <= 0);
	if (--ref->count)
		return;
	WARN_ON(!ref->dead);
	ref->release(ref);
}

static void grace_period_over(void *arg)
{
	percpu_ref_put(arg);
}

void percpu_ref_kill(struct percpu_ref *ref)
{
	WARN_ON(!ref->live || ref->dead);
	ref->dead = true;
	sim_preempt_point();
	sim_spawn(sim_node(), "percpu_ref_kill", grace_period_over, ref,
		  rng_below(&sim.rng, 2) * SIM_US(30), true);
}

void percpu_ref_reinit(struct percpu_ref *ref)
{
	WARN_ON(!ref->live || ref->count);
	ref->count = 1;
	ref->dead = false;
	sim_preempt_point();
}
