/* SPDX-License-Identifier: GPL-2.0-only */
/* A warning of the kernel is a failure of the schedule. */
#ifndef SIM_LINUX_BUG_H
#define SIM_LINUX_BUG_H

#include <linux/compiler.h>

void sim_fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#define WARN_ON(cond)						\
({								\
	bool __warn = !!(cond);					\
								\
	if (unlikely(__warn))					\
		sim_fail("WARN_ON(%s) in %s()", #cond, __func__); \
	__warn;							\
})
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN(cond, ...)		WARN_ON(cond)
#define WARN_ONCE(cond, ...)	WARN_ON(cond)
#define BUG_ON(cond)		((void)WARN_ON(cond))
#define BUG()			sim_fail("BUG() in %s()", __func__)

#endif
