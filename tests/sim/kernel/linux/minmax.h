/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_MINMAX_H
#define SIM_LINUX_MINMAX_H

#define min(a, b)						\
({								\
	__auto_type __a = (a);					\
	__auto_type __b = (b);					\
								\
	__a < __b ? __a : __b;					\
})
#define max(a, b)						\
({								\
	__auto_type __a = (a);					\
	__auto_type __b = (b);					\
								\
	__a > __b ? __a : __b;					\
})
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define swap(a, b)						\
do {								\
	__auto_type __a = (a);					\
								\
	(a) = (b);						\
	(b) = __a;						\
} while (0)
#define min_not_zero(a, b)	((a) && (b) ? min(a, b) : (a) ?: (b))

#endif
