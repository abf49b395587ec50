/* SPDX-License-Identifier: GPL-2.0-only */
/* One CPU for counters: their updates never meet a preemption. */
#ifndef SIM_LINUX_PERCPU_H
#define SIM_LINUX_PERCPU_H

#include <linux/slab.h>

#define alloc_percpu(type)	((type *)kzalloc(sizeof(type), GFP_KERNEL))
#define free_percpu		kfree
#define this_cpu_inc(x)		((x)++)
#define per_cpu_ptr(p, cpu)	((void)(cpu), (p))
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < 1; (cpu)++)

#endif
