// SPDX-License-Identifier: GPL-2.0-only
/* up and down */
#include <libgen.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <netmirror/uapi.h>

#include "holders.h"
#include "lvm.h"
#include "metadata.h"
#include "mirror.h"
#include "run.h"
#include "secret.h"

#define TABLE_LEN	2048
#define REMOVE_TRIES	20	/* udev and blkid hold a device for a moment */

static void sleep_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
			      .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Does the leg belong to this mirror and this node, as it is configured? */
static int check_leg(const struct nm_config *c, const struct nm_leg *leg,
		     const struct nm_leg *meta, const struct nm_metadata *md)
{
	const struct nm_sb *sb = &md->sb;
	char uuid[NM_UUID_STRLEN + 1];

	if (md->err) {
		nm_error("cannot start %s: %s: %s; make the leg with \"" NM_TOOL_NAME
			 " create %s\"", c->name, meta->path, md->why, c->name);
		return NM_EXIT_FAILED;
	}
	nm_format_uuid(sb->uuid, uuid);
	if (!c->has_uuid || memcmp(sb->uuid, c->uuid, NM_UUID_LEN)) {
		nm_error("cannot start %s: %s belongs to the mirror with uuid %s, but %s %s",
			 c->name, meta->path, uuid, c->path, c->has_uuid ?
			 "has another uuid" : "has no uuid; write it there");
		return NM_EXIT_REFUSED;
	}
	if (sb->node_id != c->self->id) {
		nm_error("cannot start %s: %s is the leg of node %d, but node %s has id %d in %s; see that each node uses its own device",
			 c->name, meta->path, sb->node_id, c->self->name,
			 c->self->id, c->path);
		return NM_EXIT_REFUSED;
	}
	if (!(sb->flags & NM_SBF_EXTERNAL) != (leg == meta)) {
		nm_error("cannot start %s: the metadata on %s are for %s metadata, but %s says otherwise",
			 c->name, meta->path, leg == meta ? "external" :
			 "internal", c->path);
		return NM_EXIT_REFUSED;
	}
	if ((c->has_region_size && c->region_shift != sb->region_shift) ||
	    (c->has_zone_size && c->zone_shift != sb->zone_shift)) {
		nm_error("cannot start %s: %s was made with regions of %uK and zones of %uK; write that into %s",
			 c->name, meta->path, 1U << sb->region_shift >> 1,
			 1U << sb->zone_shift >> 1, c->path);
		return NM_EXIT_FAILED;
	}
	if (leg->sectors < sb->data_offset + sb->data_sectors) {
		nm_error("cannot start %s: %s has %llu sectors but the mirror needs %llu: the device was made smaller",
			 c->name, leg->path, (unsigned long long)leg->sectors,
			 (unsigned long long)(sb->data_offset +
					      sb->data_sectors));
		return NM_EXIT_FAILED;
	}
	return NM_EXIT_OK;
}

/* Read the superblock of this node's leg and check it. */
static int read_sb(const struct nm_config *c, struct nm_sb *sb)
{
	char doing[NM_NAME_MAX + 16];
	struct nm_leg leg, meta_dev = { .fd = -1 };
	const struct nm_leg *meta = &leg;
	struct nm_metadata md;
	int ret = NM_EXIT_FAILED;

	snprintf(doing, sizeof(doing), "cannot start %s", c->name);
	if (nm_leg_open(&leg, c->self->leg, false, doing))
		return NM_EXIT_FAILED;
	if (*c->self->metadata) {
		if (nm_leg_open(&meta_dev, c->self->metadata, false, doing))
			goto out;
		meta = &meta_dev;
	}
	nm_metadata_read(meta, &md);
	ret = check_leg(c, &leg, meta, &md);
	*sb = md.sb;
out:
	nm_leg_close(&meta_dev);
	nm_leg_close(&leg);
	return ret;
}

static void make_table(const struct nm_config *c, const struct nm_sb *sb,
		       char *table, size_t size)
{
	const struct nm_node *self = c->self, *peer = c->peer;
	char remote[NM_LINE_MAX], args[512] = "";
	const char *word;
	int i, nr = 0, len = 0;

	if (c->link == NM_LINK_KIND_RDMA) {
		snprintf(remote, sizeof(remote), "rdma:%s/%s", peer->address,
			 c->name);
		len = snprintf(args, sizeof(args), " listen %s", self->address);
		nr = 2;
	} else {
		snprintf(remote, sizeof(remote), "loop:%s", peer->device);
	}
	for (i = 0; i < NM_NR_SETTINGS; i++) {
		if (!(c->given_settings >> i & 1))
			continue;
		word = nm_setting_word(i, c->setting[i]);
		if (word)
			len += snprintf(args + len, sizeof(args) - len,
					" %s %s", nm_setting_arg(i), word);
		else
			len += snprintf(args + len, sizeof(args) - len,
					" %s %llu", nm_setting_arg(i),
					(unsigned long long)c->setting[i]);
		nr += 2;
	}
	if (*c->secret_file) {
		snprintf(args + len, sizeof(args) - len,
			 " secret " NM_KEY_PREFIX "%s", c->name);
		nr += 2;
	}
	len = snprintf(table, size, "%s %u 2 %s %llu %s 0",
		       *self->metadata ? self->metadata : "-",
		       1U << sb->region_shift, self->leg,
		       (unsigned long long)sb->data_offset, remote);
	if (nr)
		snprintf(table + len, size - len, " 0 %d%s", nr, args);
}

static void make_dm_uuid(const struct nm_config *c,
			 char uuid[NM_DM_UUID_LEN])
{
	char text[NM_UUID_STRLEN + 1], node[4] = "";

	nm_format_uuid(c->uuid, text);
	/* Two nodes in one kernel: the uuid of a device must be unique. */
	if (c->link == NM_LINK_KIND_LOOP)
		snprintf(node, sizeof(node), "-%d", c->self->id);
	snprintf(uuid, NM_DM_UUID_LEN, NM_DM_UUID_PREFIX "%s%s", text, node);
}

static void load_module(void)
{
	static const char *const argv[] = { "modprobe", "dm-netmirror", NULL };

	nm_run_quietly(argv, NULL);
}

/* Returns 0 or -errno; the mirror works without the link. */
static int make_link(const char *link, const char *device)
{
	char target[NM_DM_NAME_LEN + 16], *dir = strdup(link);

	if (!dir)
		return -ENOMEM;
	mkdir(dirname(dir), 0755);
	free(dir);
	snprintf(target, sizeof(target), "/dev/mapper/%s", device);
	if (unlink(link) && errno != ENOENT)
		return -errno;
	return symlink(target, link) ? -errno : 0;
}

/* udev may have started it meanwhile. */
static bool is_there(const struct nm_config *c, const char *dm_uuid)
{
	struct nm_dm_device d;
	bool same;

	if (nm_dm_get(c->self->device, &d))
		return false;
	same = !strcmp(d.uuid, dm_uuid);
	nm_dm_put(&d);
	return same;
}

static int start(const struct nm_config *c, const struct nm_sb *sb,
		 const struct nm_secret *secret, const char *dm_uuid,
		 const char *table, const char *link)
{
	char doing[NM_NAME_MAX + 16];
	int err;

	snprintf(doing, sizeof(doing), "cannot start %s", c->name);
	if (!nm_dm_has_target())
		load_module();
	if (!nm_dm_has_target()) {
		nm_error("cannot start %s: the kernel has no device-mapper target \"" NM_TARGET_NAME
			 "\" and \"modprobe dm-netmirror\" brought none; install the module",
			 c->name);
		return NM_EXIT_FAILED;
	}
	err = nm_secret_give(secret, c, doing);
	if (err)
		return err;
	err = nm_dm_create(c->self->device, dm_uuid, sb->data_sectors, table);
	if (err && !is_there(c, dm_uuid)) {
		nm_error("cannot start %s: device-mapper refused the device %s: %s; the kernel log has the reason (dmesg); the table was \"0 %llu "
			 NM_TARGET_NAME " %s\"", c->name, c->self->device,
			 strerror(-err), (unsigned long long)sb->data_sectors,
			 table);
		return NM_EXIT_FAILED;
	}
	err = make_link(link, c->self->device);
	if (err)
		nm_error("%s is up as /dev/mapper/%s, but the link %s cannot be made: %s",
			 c->name, c->self->device, link, strerror(-err));
	return NM_EXIT_OK;
}

/* The device exists already: ours, or somebody else's? */
static int already_there(const struct nm_opts *o, const struct nm_config *c,
			 const struct nm_dm_device *d, const char *dm_uuid)
{
	if (!strcmp(d->uuid, dm_uuid)) {
		nm_note(o, "%s is up already", c->name);
		return NM_EXIT_OK;
	}
	nm_error("cannot start %s: there is another device-mapper device %s (uuid \"%s\"); remove it, or choose another name by device = in [node %s]",
		 c->name, c->self->device, d->uuid, c->self->name);
	return NM_EXIT_REFUSED;
}

int nm_cmd_up(const struct nm_opts *o)
{
	char table[TABLE_LEN], dm_uuid[NM_DM_UUID_LEN], *link = NULL;
	char doing[NM_NAME_MAX + 16];
	struct nm_secret secret = { .len = 0 };
	struct nm_dm_device d;
	struct nm_config c;
	struct nm_sb sb;
	int ret;

	ret = nm_config_load(&c, o, o->args[0]);
	if (ret == NM_EXIT_NOT_FOUND)
		ret = nm_config_missing(&c);
	snprintf(doing, sizeof(doing), "cannot start %s", c.name);
	if (!ret)
		ret = read_sb(&c, &sb);
	if (!ret)
		ret = nm_secret_load(&secret, &c, doing);
	if (ret)
		goto out;
	make_dm_uuid(&c, dm_uuid);
	make_table(&c, &sb, table, sizeof(table));
	link = nm_mirror_link(&c);
	if (nm_given(o, NM_OPT_DRY_RUN)) {
		if (secret.len)
			printf("head -c %zu %s | keyctl padd logon " NM_KEY_PREFIX
			       "%s @s\n", secret.len, c.secret_file, c.name);
		printf("modprobe dm-netmirror\n"
		       "dmsetup create %s --uuid %s --table '0 %llu " NM_TARGET_NAME
		       " %s'\nln -sfn /dev/mapper/%s %s\n", c.self->device,
		       dm_uuid, (unsigned long long)sb.data_sectors, table,
		       c.self->device, link);
	} else if (!nm_dm_get(c.self->device, &d)) {
		ret = already_there(o, &c, &d, dm_uuid);
		nm_dm_put(&d);
	} else {
		ret = start(&c, &sb, &secret, dm_uuid, table, link);
		if (!ret)
			nm_note(o, "%s is up as %s; see \"" NM_TOOL_NAME
				" status %s\"", c.name, link, c.name);
	}
out:
	nm_secret_wipe(&secret);
	free(link);
	nm_config_free(&c);
	return ret;
}

/* Take the device away; somebody may look at it just now. */
static int stop(const struct nm_mirror *m, bool deferred)
{
	char users[512], advice[NM_VG_MAX + 80];
	int err, i;

	for (i = 0; i < REMOVE_TRIES; i++) {
		err = nm_dm_remove(m->device, deferred);
		if (err != -EBUSY)
			break;
		sleep_ms(100);
	}
	if (!err)
		return NM_EXIT_OK;
	if (err != -EBUSY) {
		nm_error("cannot stop %s: removing the device %s failed: %s",
			 m->name, m->device, strerror(-err));
		return NM_EXIT_FAILED;
	}
	nm_holders(m->dm.dev, users, sizeof(users));
	nm_lvm_way_out(m->dm.dev, advice, sizeof(advice));
	nm_error("cannot stop %s: the device %s is in use%s%s; %s; or use --force to remove it when its last user is gone",
		 m->name, m->device, *users ? " by " : "", users, advice);
	return NM_EXIT_REFUSED;
}

int nm_cmd_down(const struct nm_opts *o)
{
	bool force = nm_given(o, NM_OPT_FORCE);
	struct nm_mirror m;
	char *link = NULL;
	int ret;

	ret = nm_mirror_find(&m, o, o->args[0]);
	if (ret)
		goto out;
	if (m.has_config)
		link = nm_mirror_link(&m.config);
	if (nm_given(o, NM_OPT_DRY_RUN)) {
		printf("dmsetup remove %s%s\n", force ? "--deferred " : "",
		       m.device);
		if (link)
			printf("rm -f %s\n", link);
	} else if (!m.is_up) {
		nm_note(o, "%s is down already", m.name);
	} else {
		ret = stop(&m, force);
		if (!ret && link)
			unlink(link);
		if (!ret)
			nm_note(o, "%s is down", m.name);
	}
out:
	free(link);
	nm_mirror_put(&m);
	return ret;
}
