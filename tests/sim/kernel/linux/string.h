/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_STRING_H
#define SIM_LINUX_STRING_H

#include <string.h>
#include <strings.h>

#include <linux/types.h>

void *memchr_inv(const void *start, int c, size_t bytes);
ssize_t strscpy(char *to, const char *from, size_t size);

static inline void memzero_explicit(void *p, size_t n)
{
	memset(p, 0, n);
}

#endif
