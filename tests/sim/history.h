/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was written to each block, and so what a read may return: the newest
 * acknowledged version, or one that was in flight and is not overwritten since.
 * Times are those of a clock that counts issues and acknowledgements.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include <linux/types.h>

void hist_reset(u32 nr_blocks);
/* The first version of a block, the same on both legs. */
void hist_init(u32 block, u64 version);
u64 hist_clock(void);

/*
 * A write @id begins; who reads now has begun at @since or later.  False: the
 * block has too many writes that may still show.
 */
bool hist_begin(u32 block, u64 id, u64 version, u64 since);
/* It ended, at the latest now; @acked: with success, @fua: durably. */
void hist_end(u32 block, u64 id, bool acked, bool fua);
/* A flush that began at @since was acknowledged. */
void hist_flushed(u64 since);

/* Could somebody who looks from @since on see @version? */
bool hist_may_see(u32 block, u64 version, u64 since);
/* May the write of @version have come after the write @id? */
bool hist_may_follow(u32 block, u64 version, u64 id);
/*
 * Writes issued before @cut that were not flushed may be gone, as those in the
 * cache of any disk that lost power, even if they are acknowledged only now.
 */
void hist_weaken(u64 cut);
void hist_show(u32 block);

#endif
