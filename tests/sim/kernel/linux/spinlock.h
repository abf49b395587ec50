/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_SPINLOCK_H
#define SIM_LINUX_SPINLOCK_H

#include <linux/atomic.h>
#include <linux/bug.h>

struct sim_co;

typedef struct {
	struct sim_co *owner;
	bool contended;
	bool in_irq;		/* was taken by a completion */
	bool irqs_on;		/* was taken with interrupts enabled */
} spinlock_t;

#define DEFINE_SPINLOCK(name)	spinlock_t name

void spin_lock_init(spinlock_t *lock);
void sim_spin_lock(spinlock_t *lock, bool irq);
void sim_spin_unlock(spinlock_t *lock, bool irq);
void sim_assert_spin_held(const spinlock_t *lock, const char *name);

#define spin_lock(lock)			sim_spin_lock(lock, false)
#define spin_unlock(lock)		sim_spin_unlock(lock, false)
#define spin_lock_bh(lock)		sim_spin_lock(lock, true)
#define spin_unlock_bh(lock)		sim_spin_unlock(lock, true)
#define spin_lock_irq(lock)		sim_spin_lock(lock, true)
#define spin_unlock_irq(lock)		sim_spin_unlock(lock, true)
#define spin_lock_irqsave(lock, flags)	\
	do { (flags) = 0; sim_spin_lock(lock, true); } while (0)
#define spin_unlock_irqrestore(lock, flags)	\
	do { (void)(flags); sim_spin_unlock(lock, true); } while (0)

#define lockdep_assert_held(lock)				\
	_Generic((lock),					\
		 spinlock_t *: sim_assert_spin_held,		\
		 struct mutex *: sim_assert_mutex_held)((void *)(lock), #lock)

struct mutex;
void sim_assert_mutex_held(const struct mutex *lock, const char *name);

#endif
