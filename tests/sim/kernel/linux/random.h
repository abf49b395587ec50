/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_RANDOM_H
#define SIM_LINUX_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *buf, size_t len);
u64 get_random_u64(void);
u32 get_random_u32(void);
u32 get_random_u32_below(u32 ceil);

#endif
