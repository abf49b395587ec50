/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_MUTEX_H
#define SIM_LINUX_MUTEX_H

#include <linux/spinlock.h>

struct mutex {
	struct sim_co *owner;
};

#define DEFINE_MUTEX(name)	struct mutex name

void mutex_init(struct mutex *lock);
void mutex_lock(struct mutex *lock);
bool mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
#define mutex_destroy(lock)	((void)(lock))

#endif
