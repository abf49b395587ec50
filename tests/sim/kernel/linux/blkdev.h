/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_BLKDEV_H
#define SIM_LINUX_BLKDEV_H

#include <linux/bio.h>

#define BLK_FEAT_STABLE_WRITES	1U

struct queue_limits {
	unsigned int features;
	unsigned int max_hw_sectors;
	unsigned int max_sectors;
	unsigned int max_segments;
	unsigned int max_write_zeroes_sectors;
	unsigned int discard_granularity;
	unsigned int max_hw_discard_sectors;
	unsigned int max_discard_sectors;
};

struct gendisk {
	int nr_openers;
};

static inline int disk_openers(struct gendisk *disk)
{
	return disk->nr_openers;
}

sector_t bdev_nr_sectors(struct block_device *bdev);
unsigned int bdev_write_zeroes_sectors(struct block_device *bdev);
bool bdev_write_cache(struct block_device *bdev);
bool bdev_fua(struct block_device *bdev);
int blkdev_issue_flush(struct block_device *bdev);
#define BLKDEV_ZERO_NOUNMAP	(1 << 0)

int blkdev_issue_zeroout(struct block_device *bdev, sector_t sector,
			 sector_t nr_sects, gfp_t gfp, unsigned int flags);

#endif
