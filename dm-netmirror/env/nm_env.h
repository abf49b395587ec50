/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pure core may use, in the kernel.  userspace/env/nm_env.h gives the
 * same names to the tool, the tests and the simulator: the include path
 * chooses.  Nothing here does I/O, locks, allocates or reads a clock.
 */
#ifndef NM_ENV_H
#define NM_ENV_H

#include <asm/byteorder.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#endif
