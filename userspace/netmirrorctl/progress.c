// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>

#include "progress.h"

#define MIN_INTERVAL	0.2	/* s: less says nothing about the rate */
#define SMOOTHING	0.3	/* weight of the newest sample */
#define MAX_ETA		(100L * 24 * 3600)

double nm_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void nm_progress_sample(struct nm_progress *p, u64 left)
{
	double now = nm_now(), rate;

	/* New writes and losses of the peer let it grow: begin anew. */
	if (!p->last_time || left > p->last_left) {
		p->last_time = now;
		p->last_left = left;
		return;
	}
	if (now - p->last_time < MIN_INTERVAL)
		return;
	rate = (p->last_left - left) / (now - p->last_time);
	p->rate = p->rate ? p->rate + SMOOTHING * (rate - p->rate) : rate;
	p->last_time = now;
	p->last_left = left;
}

long nm_progress_eta(const struct nm_progress *p)
{
	if (p->rate < 1 || p->last_left / p->rate > MAX_ETA)
		return -1;
	return p->last_left / p->rate + 1;
}
