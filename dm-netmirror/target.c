// SPDX-License-Identifier: GPL-2.0-only
/* The device-mapper target: constructor, callbacks and messages. */
#include <linux/module.h>

#include "io.h"
#include "target.h"

#define MAX_IO_SECTORS	(NM_MAX_IO >> SECTOR_SHIFT)
#define MAX_DISCARD_SECTORS	(1U << 17)	/* 64 MiB */

static int nm_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct nm_mirror *m;
	int err;

	m = nm_mirror_alloc(ti);
	if (!m) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	err = nm_table_parse(m, argc, argv, &ti->error);
	if (!err)
		err = dm_set_target_max_io_len(ti, MAX_IO_SECTORS) ?:
		      nm_copy_create(m);
	if (err) {
		nm_mirror_free(m);
		return err;
	}
	ti->private = m;
	ti->per_io_data_size = sizeof(struct nm_io);
	ti->num_flush_bios = 1;
	ti->flush_supported = true;
	ti->num_write_zeroes_bios = 1;
	if (!m->no_discard && bdev_write_zeroes_sectors(m->local->bdev)) {
		ti->num_discard_bios = 1;
		ti->discards_supported = true;
	}
	return 0;
}

static void nm_dtr(struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;

	nm_mirror_close(m);
	nm_registry_leave(m);
	nm_mirror_free(m);
}

static int nm_map(struct dm_target *ti, struct bio *bio)
{
	return nm_io_map(ti->private, bio);
}

static int nm_end_io(struct dm_target *ti, struct bio *bio,
		     blk_status_t *error)
{
	return nm_io_end(ti->private, bio, error);
}

/* dm waits for all I/O next: none may be held for the peer. */
static void nm_presuspend(struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;
	struct nm_cmd cmd = { .what = NM_CMD_PRESUSPEND };

	if (m->loaded && !m->closed)
		nm_command(m, &cmd);
}

static void nm_presuspend_undo(struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;
	struct nm_cmd cmd = { .what = NM_CMD_RESUME };

	if (m->loaded && !m->closed)
		nm_command(m, &cmd);
}

static void nm_postsuspend(struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;
	struct nm_cmd cmd = { .what = NM_CMD_SUSPEND };

	if (m->loaded && !m->closed && nm_command(m, &cmd))
		nm_err(m, "suspended, but a leg or the metadata could not be flushed: error %d\n",
		       cmd.err);
}

static int nm_preresume(struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;

	return m->loaded ? 0 : nm_mirror_load(m);
}

static void nm_resume(struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;
	struct nm_cmd cmd = { .what = NM_CMD_RESUME };

	nm_command(m, &cmd);
}

static const struct {
	const char *word;
	const char *arg;
	struct nm_cmd cmd;
} messages[] = {
	{ "promote", NULL, { .what = NM_CMD_PROMOTE } },
	{ "promote", "peer_fenced",
	  { .what = NM_CMD_PROMOTE, .peer_fenced = true } },
	{ "promote", "force", { .what = NM_CMD_PROMOTE, .force = true } },
	{ "demote", NULL, { .what = NM_CMD_DEMOTE } },
	{ "connect", NULL, { .what = NM_CMD_CONNECT } },
	{ "connect", "discard", { .what = NM_CMD_CONNECT, .discard = true } },
	{ "disconnect", NULL, { .what = NM_CMD_DISCONNECT } },
	{ "peer_fenced", NULL, { .what = NM_CMD_PEER_FENCED } },
	{ "peer_unfenced", NULL, { .what = NM_CMD_PEER_UNFENCED } },
	{ "attach", NULL, { .what = NM_CMD_ATTACH } },
	{ "invalidate_local", NULL, { .what = NM_CMD_INVALIDATE_LOCAL } },
	{ "invalidate_remote", NULL, { .what = NM_CMD_INVALIDATE_REMOTE } },
	{ "frozen", NULL, { .what = NM_CMD_FREEZE } },
	{ "resync", NULL, { .what = NM_CMD_THAW } },
	{ "check", NULL, { .what = NM_CMD_CHECK } },
	{ "repair", NULL, { .what = NM_CMD_REPAIR } },
	{ "idle", NULL, { .what = NM_CMD_IDLE } },
};

static int set_rate(struct nm_mirror *m, const char *arg)
{
	unsigned int rate;

	if (kstrtouint(arg, 10, &rate)) {
		nm_err(m, "message resync_rate: '%s' is not a number of KiB a second\n",
		       arg);
		return -EINVAL;
	}
	WRITE_ONCE(m->settings.resync_rate, rate);
	return 0;
}

static int emit_events(struct nm_mirror *m, const char *arg, char *result,
		       unsigned int maxlen)
{
	unsigned long long after;

	if (kstrtoull(arg, 10, &after)) {
		nm_err(m, "message events: '%s' is not the number of an event\n",
		       arg);
		return -EINVAL;
	}
	nm_events_emit(m, after, result, maxlen);
	return 1;
}

static int nm_message(struct dm_target *ti, unsigned int argc, char **argv,
		      char *result, unsigned int maxlen)
{
	struct nm_mirror *m = ti->private;
	const char *arg = argc > 1 ? argv[1] : NULL;
	unsigned int i;
	int err;

	if (argc == 1 && !strcasecmp(argv[0], "verdict")) {
		struct nm_decision verdict;
		unsigned int sz = 0;

		spin_lock_irq(&m->state_lock);
		verdict = m->verdict;
		spin_unlock_irq(&m->state_lock);
		DMEMIT("%s", verdict.why ?: "the nodes have not met since the table was loaded");
		return 1;
	}
	if (!m->loaded || m->closed) {
		nm_err(m, "message %s: the table is not active\n", argv[0]);
		return -ENXIO;
	}
	if (argc == 2 && !strcasecmp(argv[0], "events"))
		return emit_events(m, arg, result, maxlen);
	if (dm_suspended(ti)) {
		nm_err(m, "message %s: the device is suspended; resume it first\n",
		       argv[0]);
		return -EBUSY;
	}
	if (argc == 2 && !strcasecmp(argv[0], "resync_rate"))
		return set_rate(m, arg);
	if (argc == 1 && !strcasecmp(argv[0], "why")) {
		unsigned int sz = 0;

		spin_lock_irq(&m->state_lock);
		DMEMIT("%s", m->why);
		spin_unlock_irq(&m->state_lock);
		return 1;
	}
	for (i = 0; i < ARRAY_SIZE(messages) && argc <= 2; i++) {
		struct nm_cmd cmd = messages[i].cmd;

		if (strcasecmp(argv[0], messages[i].word) ||
		    !arg != !messages[i].arg ||
		    (arg && strcasecmp(arg, messages[i].arg)))
			continue;
		err = nm_command(m, &cmd);
		spin_lock_irq(&m->state_lock);
		strscpy(m->why, cmd.refusal ? nm_refusal_name(cmd.refusal) : "",
			sizeof(m->why));
		spin_unlock_irq(&m->state_lock);
		return err;
	}
	nm_err(m, "message '%s%s%s' is not known; see the documentation of the target\n",
	       argv[0], arg ? " " : "", arg ?: "");
	return -EINVAL;
}

static void nm_target_status(struct dm_target *ti, status_type_t type,
			     unsigned int flags, char *result,
			     unsigned int maxlen)
{
	nm_status(ti->private, type, result, maxlen);
}

static int nm_iterate_devices(struct dm_target *ti,
			      iterate_devices_callout_fn fn, void *data)
{
	struct nm_mirror *m = ti->private;

	return fn(ti, m->local, m->local_offset, ti->len, data);
}

static void nm_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct nm_mirror *m = ti->private;

	nm_stable_writes(ti, limits);
	/*
	 * dm cuts bios at the limit of the local leg's queue.  That queue splits
	 * by itself what is too much for it, and to the peer large is better.
	 */
	limits->max_hw_sectors = max(limits->max_hw_sectors, MAX_IO_SECTORS);
	limits->max_sectors = max(limits->max_sectors, MAX_IO_SECTORS);
	limits->max_write_zeroes_sectors =
		min(limits->max_write_zeroes_sectors, MAX_DISCARD_SECTORS);
	if (!ti->num_discard_bios)
		return;
	limits->discard_granularity = m->region_sectors << SECTOR_SHIFT;
	limits->max_hw_discard_sectors = MAX_DISCARD_SECTORS;
	limits->max_discard_sectors = MAX_DISCARD_SECTORS;
}

struct target_type nm_target = {
	.name			= NM_TARGET_NAME,
	.version		= { 1, 0, 0 },
	.module			= THIS_MODULE,
	.ctr			= nm_ctr,
	.dtr			= nm_dtr,
	.map			= nm_map,
	.end_io			= nm_end_io,
	.presuspend		= nm_presuspend,
	.presuspend_undo	= nm_presuspend_undo,
	.postsuspend		= nm_postsuspend,
	.preresume		= nm_preresume,
	.resume			= nm_resume,
	.message		= nm_message,
	.status			= nm_target_status,
	.iterate_devices	= nm_iterate_devices,
	.io_hints		= nm_io_hints,
};
