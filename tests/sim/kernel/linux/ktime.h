/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_KTIME_H
#define SIM_LINUX_KTIME_H

#include <linux/jiffies.h>

static inline u64 ktime_get_ns(void)
{
	return sim_now;
}

static inline u64 ktime_get_real_ns(void)
{
	return 1700000000 * NSEC_PER_SEC + sim_now;
}

static inline u64 ktime_get_real_seconds(void)
{
	return ktime_get_real_ns() / NSEC_PER_SEC;
}

#endif
