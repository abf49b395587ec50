/* SPDX-License-Identifier: GPL-2.0-only */
/* A mirror of this node: what the configuration and the kernel say about it. */
#ifndef NM_MIRROR_H
#define NM_MIRROR_H

#include "config.h"
#include "dm.h"
#include "status-line.h"

struct nm_mirror {
	char name[NM_DM_NAME_LEN];
	struct nm_config config;
	bool has_config;		/* else it was made with dmsetup alone */
	char device[NM_DM_NAME_LEN];	/* of device-mapper */
	bool is_up;
	struct nm_dm_device dm;		/* while up */
	struct nm_status status;
	u64 region_bytes;
	char *verdict_why;		/* a sentence, once nm_mirror_ask() was called */
};

/*
 * Find mirror @name by its configuration, else by its device, and read it.
 * Returns an enum nm_exit after a message; a mirror that is down is no error.
 * Free with nm_mirror_put() in any case.
 */
int nm_mirror_find(struct nm_mirror *m, const struct nm_opts *o,
		   const char *name);

/* As nm_mirror_find(), and the mirror must be up: NM_EXIT_NOT_FOUND if not. */
int nm_mirror_find_up(struct nm_mirror *m, const struct nm_opts *o,
		      const char *name);

/* Read again what the kernel says.  Returns an enum nm_exit after a message. */
int nm_mirror_refresh(struct nm_mirror *m);
/*
 * Ask the kernel what the last handshake was decided by, if there was one.  As
 * all that is read here, the answer waits for no I/O.
 */
void nm_mirror_ask(struct nm_mirror *m);
void nm_mirror_put(struct nm_mirror *m);

/* How the peer's node is called, or "the peer". */
const char *nm_mirror_peer_name(const struct nm_mirror *m);

/* Bytes that are still to be copied, or compared while that goes on. */
u64 nm_mirror_left(const struct nm_mirror *m);
/* Hundredths of a percent in sync, or compared. */
unsigned int nm_mirror_progress(const struct nm_mirror *m);
/* Bytes that the last check or repair has not compared. */
u64 nm_mirror_not_compared(const struct nm_mirror *m);

/* "/dev/netmirror/NAME" of a configured mirror; to be freed. */
char *nm_mirror_link(const struct nm_config *c);

#endif
