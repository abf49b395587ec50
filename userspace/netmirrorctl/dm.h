/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device-mapper, in the few calls that the tool needs.  dm.c is the only file
 * that knows libdevmapper; the tests have a second implementation on plain
 * files.  Every function returns 0 or -errno and prints nothing.
 */
#ifndef NM_DM_H
#define NM_DM_H

#include <sys/types.h>

#include "nm_env.h"

#define NM_DM_NAME_LEN	128
#define NM_DM_UUID_LEN	129

struct nm_dm_device {
	char name[NM_DM_NAME_LEN];
	char uuid[NM_DM_UUID_LEN];
	dev_t dev;
	u32 event_nr;
	int open_count;
	bool suspended;
	u64 sectors;
	char target[32];
	char *table;		/* parameters of the table line */
	char *status;		/* status line; NULL with another target */
};

/*
 * Fill @d; -ENXIO when there is no device of that name, -ENODATA when it has no
 * table, -ENODEV when there is no device-mapper.  Does not wait for I/O or a flush.  Free with nm_dm_put().
 */
int nm_dm_get(const char *name, struct nm_dm_device *d);
void nm_dm_put(struct nm_dm_device *d);

/* Does the kernel have our target? */
bool nm_dm_has_target(void);

/*
 * Give the kernel a key that a table may name.  Only tables that this process
 * loads find it, and it goes away with the process.
 */
int nm_dm_add_key(const char *name, const void *key, size_t len);

int nm_dm_create(const char *name, const char *uuid, u64 sectors,
		 const char *table);
/* Load a table beside the live one, in place of what was loaded before. */
int nm_dm_reload(const char *name, u64 sectors, const char *table);
/*
 * Let the loaded table take the place of the live one.  The kernel suspends the
 * device for it and resumes it, all in one, so that nobody is left suspended by
 * a caller that dies.  After an error the device is either suspended with the
 * new table, or goes on with the old one.
 */
int nm_dm_resume(const char *name);
/* Drop the loaded table. */
int nm_dm_clear(const char *name);
/* -EBUSY while it is open; @deferred: removed when the last user closes it. */
int nm_dm_remove(const char *name, bool deferred);

/* Send a message; *@reply is its answer or NULL, to be freed. */
int nm_dm_message(const char *name, const char *message, char **reply);

/* The same for a question, whose answer may have several lines. */
int nm_dm_ask(const char *name, const char *message, char **reply);

/* Call @fn for the name of each device with our target. */
int nm_dm_for_each(void (*fn)(void *arg, const char *name), void *arg);

/*
 * Following events without missing one: open, then arm, read the status, wait,
 * and again.  An event that comes after the arming ends the wait.
 */
int nm_dm_watch_open(void);		/* a file descriptor or -errno */
int nm_dm_watch_arm(int fd);
int nm_dm_watch_wait(int fd, int timeout_ms);

#endif
