// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <libdevmapper.h>
#include <linux/dm-ioctl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <netmirror/uapi.h>

#include "dm.h"

#define CONTROL	"/dev/" DM_DIR "/" DM_CONTROL_NODE

/* The library prints to stderr by itself; our callers have better sentences. */
static __attribute__((format(printf, 5, 6)))
void no_log(int level, const char *file, int line, int dm_errno_or_class,
	    const char *fmt, ...)
{
	(void)level;
	(void)file;
	(void)line;
	(void)dm_errno_or_class;
	(void)fmt;
}

static struct dm_task *new_task(int type, const char *name)
{
	struct dm_task *task;

	dm_log_with_errno_init(no_log);
	task = dm_task_create(type);
	if (task && name && !dm_task_set_name(task, name)) {
		dm_task_destroy(task);
		return NULL;
	}
	return task;
}

/* It never came to an ioctl: may we not, or is there no device-mapper? */
static int no_dm(void)
{
	return access(CONTROL, R_OK | W_OK) && errno == EACCES ? -EACCES :
								 -ENODEV;
}

static int run(struct dm_task *task)
{
	int err;

	if (dm_task_run(task))
		return 0;
	err = dm_task_get_errno(task);
	if (err)
		return -err;
	return no_dm();
}

/* One ioctl gives the info and either the table or the status line. */
static int query(const char *name, int type, struct nm_dm_device *d,
		 char **params)
{
	struct dm_task *task = new_task(type, name);
	char *target = NULL, *line = NULL;
	u64 start, length;
	struct dm_info info;
	int err;

	if (!task)
		return no_dm();
	if (!dm_task_no_flush(task)) {
		err = -ENOMEM;
		goto out;
	}
	err = run(task);
	if (err)
		goto out;
	if (!dm_task_get_info(task, &info) || !info.exists) {
		err = -ENXIO;
		goto out;
	}
	dm_get_next_target(task, NULL, &start, &length, &target, &line);
	if (!target || !line) {
		err = -ENODATA;
		goto out;
	}
	snprintf(d->uuid, sizeof(d->uuid), "%s", dm_task_get_uuid(task));
	snprintf(d->target, sizeof(d->target), "%s", target);
	d->dev = makedev(info.major, info.minor);
	d->event_nr = info.event_nr;
	d->open_count = info.open_count;
	d->suspended = info.suspended;
	d->sectors = length;
	*params = strdup(line);
	if (!*params)
		err = -ENOMEM;
out:
	dm_task_destroy(task);
	return err;
}

int nm_dm_get(const char *name, struct nm_dm_device *d)
{
	int err;

	memset(d, 0, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%s", name);
	err = query(name, DM_DEVICE_TABLE, d, &d->table);
	/*
	 * The status last, so that the event number is not newer than it.  Ours
	 * never waits; what those of other targets do is their own business.
	 */
	if (!err && !strcmp(d->target, NM_TARGET_NAME))
		err = query(name, DM_DEVICE_STATUS, d, &d->status);
	if (err)
		nm_dm_put(d);
	return err;
}

void nm_dm_put(struct nm_dm_device *d)
{
	free(d->table);
	free(d->status);
	d->table = NULL;
	d->status = NULL;
}

bool nm_dm_has_target(void)
{
	struct dm_task *task = new_task(DM_DEVICE_LIST_VERSIONS, NULL);
	struct dm_versions *v, *last = NULL;
	bool found = false;

	if (task && !run(task))
		for (v = dm_task_get_versions(task); v && v != last && !found;
		     last = v, v = (void *)((char *)v + v->next))
			found = !strcmp(v->name, NM_TARGET_NAME);
	if (task)
		dm_task_destroy(task);
	return found;
}

/* Run a task that changes device nodes, and wait for udev to have made them. */
static int run_with_udev(struct dm_task *task)
{
	uint32_t cookie = 0;
	int err;

	if (!dm_task_set_cookie(task, &cookie, 0))
		return -ENOMEM;
	err = run(task);
	dm_udev_wait(cookie);
	return err;
}

int nm_dm_add_key(const char *name, const void *key, size_t len)
{
	return syscall(SYS_add_key, "logon", name, key, len,
		       KEY_SPEC_PROCESS_KEYRING) < 0 ? -errno : 0;
}

int nm_dm_create(const char *name, const char *uuid, u64 sectors,
		 const char *table)
{
	struct dm_task *task = new_task(DM_DEVICE_CREATE, name);
	int err = no_dm();

	if (task && dm_task_set_uuid(task, uuid) &&
	    dm_task_add_target(task, 0, sectors, NM_TARGET_NAME, table))
		err = run_with_udev(task);
	if (task)
		dm_task_destroy(task);
	return err;
}

int nm_dm_reload(const char *name, u64 sectors, const char *table)
{
	struct dm_task *task = new_task(DM_DEVICE_RELOAD, name);
	int err = no_dm();

	if (task && dm_task_add_target(task, 0, sectors, NM_TARGET_NAME, table))
		err = run(task);
	if (task)
		dm_task_destroy(task);
	return err;
}

int nm_dm_resume(const char *name)
{
	struct dm_task *task = new_task(DM_DEVICE_RESUME, name);
	int err = no_dm();

	if (task) {
		err = run_with_udev(task);
		dm_task_destroy(task);
	}
	return err;
}

int nm_dm_clear(const char *name)
{
	struct dm_task *task = new_task(DM_DEVICE_CLEAR, name);
	int err = no_dm();

	if (task) {
		err = run(task);
		dm_task_destroy(task);
	}
	return err;
}

int nm_dm_remove(const char *name, bool deferred)
{
	struct dm_task *task = new_task(DM_DEVICE_REMOVE, name);
	int err = no_dm();

	if (task && (!deferred || dm_task_deferred_remove(task)))
		err = run_with_udev(task);
	if (task)
		dm_task_destroy(task);
	return err;
}

int nm_dm_ask(const char *name, const char *message, char **reply)
{
	struct dm_task *task = new_task(DM_DEVICE_TARGET_MSG, name);
	const char *text;
	int err = no_dm();

	*reply = NULL;
	if (task && dm_task_set_sector(task, 0) &&
	    dm_task_set_message(task, message))
		err = run(task);
	if (!err) {
		text = dm_task_get_message_response(task);
		if (text && *text)
			*reply = strdup(text);
	}
	if (task)
		dm_task_destroy(task);
	return err;
}

int nm_dm_message(const char *name, const char *message, char **reply)
{
	int err = nm_dm_ask(name, message, reply);

	if (*reply)
		(*reply)[strcspn(*reply, "\n")] = 0;
	return err;
}

int nm_dm_for_each(void (*fn)(void *arg, const char *name), void *arg)
{
	struct dm_task *task = new_task(DM_DEVICE_LIST, NULL);
	struct dm_names *n;
	struct nm_dm_device d;
	int err;

	if (!task)
		return no_dm();
	err = run(task);
	if (err)
		goto out;
	n = dm_task_get_names(task);
	while (n && n->dev) {
		if (!nm_dm_get(n->name, &d)) {
			if (!strcmp(d.target, NM_TARGET_NAME))
				fn(arg, n->name);
			nm_dm_put(&d);
		}
		n = n->next ? (void *)((char *)n + n->next) : NULL;
	}
out:
	dm_task_destroy(task);
	return err;
}

int nm_dm_watch_open(void)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int nm_dm_watch_arm(int fd)
{
	struct dm_ioctl io = {
		.version = { 4, 37, 0 },	/* the first that has DM_DEV_ARM_POLL */
		.data_size = sizeof(io),
	};

	return ioctl(fd, DM_DEV_ARM_POLL, &io) ? -errno : 0;
}

int nm_dm_watch_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) < 0 ? -errno : 0;
}
