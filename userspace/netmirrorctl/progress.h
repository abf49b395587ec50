/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_PROGRESS_H
#define NM_PROGRESS_H

#include "nm_env.h"

/* How fast something shrinks; starts zeroed. */
struct nm_progress {
	double last_time;	/* 0: no sample yet */
	u64 last_left;
	double rate;		/* bytes a second, smoothed; 0: unknown */
};

double nm_now(void);		/* seconds of a clock that never jumps */

void nm_progress_sample(struct nm_progress *p, u64 left);

/* Seconds to go, -1 while that is unknown. */
long nm_progress_eta(const struct nm_progress *p);

#endif
