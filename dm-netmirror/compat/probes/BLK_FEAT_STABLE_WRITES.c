// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blkdev.h>

blk_features_t probe(void);
blk_features_t probe(void)
{
	return BLK_FEAT_STABLE_WRITES;
}
