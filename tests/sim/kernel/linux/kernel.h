/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_KERNEL_H
#define SIM_LINUX_KERNEL_H

#include <stdio.h>

#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))((y) - 1))) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))((y) - 1)))
#define sizeof_field(t, f)	sizeof(((t *)0)->f)
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define scnprintf(buf, size, ...)	sim_scnprintf(buf, size, __VA_ARGS__)

size_t sim_scnprintf(char *buf, size_t size, const char *fmt, ...);

/* Whoever may sleep must not hold a spinlock nor be a completion. */
void might_sleep(void);
/* Give way. */
void cond_resched(void);

#endif
