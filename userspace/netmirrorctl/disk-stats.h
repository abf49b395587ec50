/* SPDX-License-Identifier: GPL-2.0-only */
/* What the block layer counts of a device: Documentation/block/stat.rst. */
#ifndef NM_DISK_STATS_H
#define NM_DISK_STATS_H

#include <sys/types.h>

#include "nm_env.h"

struct nm_disk_stats {
	u64 reads, read_bytes, read_ms;		/* ms: of all of them, added up */
	u64 writes, written_bytes, write_ms;
	u64 flushes, flush_ms;
	u64 in_flight;
};

/* Returns 0 or -errno.  Waits for nothing. */
int nm_disk_stats_get(dev_t dev, struct nm_disk_stats *s);

/* The device of the local leg in a table line; 0 if it cannot be told. */
dev_t nm_table_leg(const char *table);

#endif
