/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_TARGET_H
#define NM_TARGET_H

#include <linux/device-mapper.h>

extern struct target_type nm_target;

#endif
