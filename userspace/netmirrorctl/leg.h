/* SPDX-License-Identifier: GPL-2.0-only */
/* A device (or, for tests, a regular file) that holds data or metadata. */
#ifndef NM_LEG_H
#define NM_LEG_H

#include <sys/types.h>

#include "nm_env.h"

struct nm_leg {
	const char *path;	/* the caller's */
	int fd;			/* -1: closed */
	u64 sectors;
	bool is_file;
	dev_t rdev;
};

/*
 * Open for reading, or, with @exclusive, for writing and only if nobody else
 * uses the device.  Returns 0 or -errno; the message begins with @doing, as in
 * "cannot create r0", and has been printed.
 */
int nm_leg_open(struct nm_leg *leg, const char *path, bool exclusive,
		const char *doing);
void nm_leg_close(struct nm_leg *leg);

/* Returns 0 or -errno, -EIO where less than all could be done. */
int nm_leg_read(const struct nm_leg *leg, u64 offset, void *buf, size_t len);
int nm_leg_write(const struct nm_leg *leg, u64 offset, const void *buf,
		 size_t len);
/* Make what was written durable, and forget what is cached. */
int nm_leg_sync(const struct nm_leg *leg);

/*
 * What a foreign signature says, as in "an ext4 file system"; "" when there is
 * none.  Returns 0 or -errno.
 */
int nm_leg_signature(const struct nm_leg *leg, char *what, size_t size);

/* Remove every foreign signature.  Returns 0 or -errno. */
int nm_leg_wipe(const struct nm_leg *leg);

#endif
