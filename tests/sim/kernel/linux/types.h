/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_TYPES_H
#define SIM_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef int8_t s8;
typedef uint8_t u8;
typedef uint16_t u16;
typedef int32_t s32;
typedef uint32_t u32;
/* As in the kernel, so that %llu fits. */
typedef long long s64;
typedef unsigned long long u64;

typedef u64 sector_t;
typedef unsigned int gfp_t;

struct list_head {
	struct list_head *next, *prev;
};

#endif
