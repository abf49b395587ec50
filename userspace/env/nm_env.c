// SPDX-License-Identifier: GPL-2.0-only
/* The two functions of nm_env.h that userspace has no library for. */
#include "nm_env.h"

/* Castagnoli, reflected, as the kernel's crc32c(): no final inversion. */
u32 crc32c(u32 crc, const void *data, unsigned int len)
{
	const u8 *p = data;
	int i;

	while (len--) {
		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return crc;
}

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	for (; bytes; bytes--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}
