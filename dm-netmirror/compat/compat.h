/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels, force-included into every file.  The sources
 * are written for the newest kernel; a probe in this directory says by
 * compiling whether the kernel built for has a feature (NM_HAVE_*), and what
 * it lacks is made up for here and nowhere else.
 */
#ifndef NM_COMPAT_H
#define NM_COMPAT_H

#define pr_fmt(fmt)	"dm-netmirror: " fmt

#include <linux/device-mapper.h>

/* 6.11 moved the wish for stable pages from the target to the queue limits. */
static inline void nm_stable_writes(struct dm_target *ti,
				    struct queue_limits *limits)
{
#ifdef NM_HAVE_BLK_FEAT_STABLE_WRITES
	limits->features |= BLK_FEAT_STABLE_WRITES;
#else
	ti->needs_stable_writes = true;
#endif
}

#endif
