/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits is found by the address of what it waits for, so a queue holds
 * nothing.  A wake-up between the evaluation of a condition and the sleep that
 * follows is not lost.
 */
#ifndef SIM_LINUX_WAIT_H
#define SIM_LINUX_WAIT_H

#include <linux/jiffies.h>
#include <linux/spinlock.h>

typedef struct {
	bool used;
} wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name)	wait_queue_head_t name
#define init_waitqueue_head(wq)		((void)((wq)->used = true))

/* Be on the queue from now on. */
void sim_wait_prepare(const void *wq);
/* Sleep, unless woken since; false: the time is up.  0 ns: no limit. */
bool sim_wait_sleep(u64 until);
void sim_wait_finish(void);
void sim_wake(const void *wq);

#define wake_up(wq)	sim_wake(wq)
#define wake_up_all(wq)	sim_wake(wq)

#define wait_event(wq, cond)					\
do {								\
	might_sleep();						\
	while (1) {						\
		sim_wait_prepare(&(wq));			\
		if (cond)					\
			break;					\
		sim_wait_sleep(0);				\
	}							\
	sim_wait_finish();					\
} while (0)

/* 0: the time is up and the condition false; else at least 1. */
#define wait_event_timeout(wq, cond, timeout)			\
({								\
	long __left = (timeout);				\
	u64 __until = sim_now + __left * NSEC_PER_MSEC + 1;	\
								\
	might_sleep();						\
	while (1) {						\
		sim_wait_prepare(&(wq));			\
		if (cond) {					\
			__left = __left ?: 1;			\
			break;					\
		}						\
		if (!__left)					\
			break;					\
		if (!sim_wait_sleep(__until))			\
			__left = 0;				\
	}							\
	sim_wait_finish();					\
	__left;							\
})

#define wait_event_idle		wait_event
#define wait_event_idle_timeout		wait_event_timeout
#define wait_event_killable(wq, cond)	({ wait_event(wq, cond); 0; })
#define wait_event_interruptible	wait_event_killable

void might_sleep(void);

#endif
