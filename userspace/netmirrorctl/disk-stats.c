// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/sysmacros.h>

#include "disk-stats.h"
#include "units.h"

#define NR_FIELDS	17
#define MIN_FIELDS	9	/* an old kernel counts no discards and flushes */

int nm_disk_stats_get(dev_t dev, struct nm_disk_stats *s)
{
	unsigned long long v[NR_FIELDS] = { 0 };
	char path[64];
	int i = 0;
	FILE *f;

	snprintf(path, sizeof(path), NM_SYSFS "/dev/block/%u:%u/stat",
		 major(dev), minor(dev));
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (i < NR_FIELDS && fscanf(f, "%llu", &v[i]) == 1)
		i++;
	fclose(f);
	if (i < MIN_FIELDS)
		return -EPROTO;
	*s = (struct nm_disk_stats){
		.reads = v[0], .read_bytes = v[2] << NM_SECTOR_SHIFT,
		.read_ms = v[3], .writes = v[4],
		.written_bytes = v[6] << NM_SECTOR_SHIFT, .write_ms = v[7],
		.in_flight = v[8], .flushes = v[15], .flush_ms = v[16],
	};
	return 0;
}

/* "<metadata device> <region size> 2 <leg> ...", devices as "major:minor" */
dev_t nm_table_leg(const char *table)
{
	unsigned int maj, min;

	return table && sscanf(table, "%*s %*s 2 %u:%u ", &maj, &min) == 2 ?
	       makedev(maj, min) : 0;
}
