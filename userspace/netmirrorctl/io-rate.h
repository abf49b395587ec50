/* SPDX-License-Identifier: GPL-2.0-only */
/* How much I/O a mirror has, and how long it takes, between two looks. */
#ifndef NM_IO_RATE_H
#define NM_IO_RATE_H

#include "disk-stats.h"
#include "mirror.h"

struct nm_io_part {
	double per_second, bytes;	/* bytes a second */
	double ms, leg_ms;		/* each took so long; -1: there was none */
};

/* Starts zeroed. */
struct nm_io_rate {
	bool known;			/* there were two looks */
	struct nm_io_part reads, writes;
	u64 in_flight;
	/* the last look */
	double time;			/* 0: none yet */
	struct nm_disk_stats mirror, leg;
};

/* Look at @m, which was read just now.  One that is down is forgotten. */
void nm_io_rate_sample(struct nm_io_rate *r, const struct nm_mirror *m);

/* "1.5 MiB/s, 380/s, 0.21 ms each (local leg 0.15 ms)" */
void nm_io_part_text(const struct nm_io_part *p, char *text, size_t size);

#endif
