/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_JIFFIES_H
#define SIM_LINUX_JIFFIES_H

#include <linux/types.h>

#define HZ		1000
#define NSEC_PER_SEC	1000000000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_USEC	1000L
#define MAX_JIFFY_OFFSET	((long)(~0UL >> 2))

extern u64 sim_now;	/* ns */

#define jiffies		((unsigned long)(sim_now / NSEC_PER_MSEC))
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define nsecs_to_jiffies(ns)	((unsigned long)((ns) / NSEC_PER_MSEC))
#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)

#endif
