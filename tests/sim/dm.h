/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of device-mapper's core that a bio and an administrator meet. */
#ifndef SIM_DM_H
#define SIM_DM_H

#include <linux/device-mapper.h>

struct mapped_device {
	int node;
	struct gendisk disk;
	struct dm_table *live;
	bool suspended;
	bool blocked;			/* new I/O is put off */
	bool suspending;		/* presuspend until I/O is drained */
	bool noflush;
	u32 nr_lossy;			/* suspends that may have failed I/O */
	int nr_inflight;
	struct list_head deferred;	/* dm_io */
};

struct dm_table {
	struct mapped_device *md;
	struct dm_target ti;
};

/* All of these may sleep, and run on the node of the device. */
struct mapped_device *dm_create(int node);
/* Make a table; NULL with *@err when the constructor fails. */
struct dm_table *dm_table_load(struct mapped_device *md, u64 sectors, int *err);
/*
 * @noflush: what the target pushes back waits for the resume.  Gives up with
 * -EINTR where I/O takes longer than @patience ms, 0: never.
 */
int dm_suspend(struct mapped_device *md, bool noflush, u32 patience);
/* Activates @table if there is one, and destroys the one before. */
int dm_resume(struct mapped_device *md, struct dm_table *table);
void dm_remove(struct mapped_device *md);
int dm_message(struct mapped_device *md, const char *word, const char *arg);

void dm_submit_bio(struct mapped_device *md, struct bio *bio);

#endif
