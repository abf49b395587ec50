/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_DEVICE_MAPPER_H
#define SIM_LINUX_DEVICE_MAPPER_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#define DM_NAME_LEN		128

#define DM_MAPIO_SUBMITTED	0
#define DM_MAPIO_REMAPPED	1
#define DM_MAPIO_REQUEUE	2
#define DM_MAPIO_KILL		4

#define DM_ENDIO_DONE		0
#define DM_ENDIO_INCOMPLETE	1
#define DM_ENDIO_REQUEUE	2

typedef enum {
	STATUSTYPE_INFO,
	STATUSTYPE_TABLE,
	STATUSTYPE_IMA,
} status_type_t;

#define DMEMIT(...) \
	(sz += (sz >= maxlen) ? 0 : \
	 scnprintf(result + sz, maxlen - sz, __VA_ARGS__))
#define DMEMIT_TARGET_NAME_VERSION(t)	DMEMIT("target_name=%s", (t)->name)

struct dm_target;
struct dm_table;
struct mapped_device;

struct dm_dev {
	struct block_device *bdev;
	char name[16];
};

typedef int (*iterate_devices_callout_fn)(struct dm_target *ti,
					  struct dm_dev *dev, sector_t start,
					  sector_t len, void *data);

struct target_type {
	const char *name;
	unsigned int version[3];
	void *module;
	int (*ctr)(struct dm_target *ti, unsigned int argc, char **argv);
	void (*dtr)(struct dm_target *ti);
	int (*map)(struct dm_target *ti, struct bio *bio);
	int (*end_io)(struct dm_target *ti, struct bio *bio,
		      blk_status_t *error);
	void (*presuspend)(struct dm_target *ti);
	void (*presuspend_undo)(struct dm_target *ti);
	void (*postsuspend)(struct dm_target *ti);
	int (*preresume)(struct dm_target *ti);
	void (*resume)(struct dm_target *ti);
	void (*status)(struct dm_target *ti, status_type_t type,
		       unsigned int flags, char *result, unsigned int maxlen);
	int (*message)(struct dm_target *ti, unsigned int argc, char **argv,
		       char *result, unsigned int maxlen);
	int (*iterate_devices)(struct dm_target *ti,
			       iterate_devices_callout_fn fn, void *data);
	void (*io_hints)(struct dm_target *ti, struct queue_limits *limits);
};

struct dm_target {
	struct dm_table *table;
	const struct target_type *type;
	sector_t begin;
	sector_t len;
	u32 max_io_len;
	unsigned int num_flush_bios;
	unsigned int num_discard_bios;
	unsigned int num_secure_erase_bios;
	unsigned int num_write_zeroes_bios;
	unsigned int per_io_data_size;
	void *private;
	char *error;
	bool flush_supported;
	bool discards_supported;
	bool limit_swap_bios;
	bool accounts_remapped_io;
	bool needs_stable_writes;
};

#define dm_target_offset(ti, sector)	((sector) - (ti)->begin)

void *dm_per_bio_data(struct bio *bio, size_t size);
void dm_accept_partial_bio(struct bio *bio, unsigned int n_sectors);
void dm_submit_bio_remap(struct bio *clone, struct bio *tgt_clone);
int dm_set_target_max_io_len(struct dm_target *ti, sector_t len);
void dm_table_event(struct dm_table *t);
struct mapped_device *dm_table_get_md(struct dm_table *t);
const char *dm_table_device_name(struct dm_table *t);
struct gendisk *dm_disk(struct mapped_device *md);
int dm_copy_name_and_uuid(struct mapped_device *md, char *name, char *uuid);
int dm_suspended(struct dm_target *ti);
int dm_noflush_suspending(struct dm_target *ti);
void dm_put_device(struct dm_target *ti, struct dm_dev *dev);

#endif
