/* SPDX-License-Identifier: GPL-2.0-only */
/* The file with the secret by which the nodes of a mirror know each other. */
#ifndef NM_SECRET_H
#define NM_SECRET_H

#include <netmirror/uapi.h>

#include "config.h"

struct nm_secret {
	u8 bytes[NM_SECRET_MAX];
	size_t len;
};

/*
 * Read and check the file.  @doing begins the message, such as "cannot start
 * r0".  Returns an enum nm_exit; NM_EXIT_NOT_FOUND without a message.
 */
int nm_secret_read(struct nm_secret *s, const char *path, const char *doing);

/*
 * Read the secret of a configured mirror; its length is 0 where there is none.
 * Returns an enum nm_exit after a message.
 */
int nm_secret_load(struct nm_secret *s, const struct nm_config *c,
		   const char *doing);

/* Let the tables that this process loads use it.  Returns an enum nm_exit. */
int nm_secret_give(const struct nm_secret *s, const struct nm_config *c,
		   const char *doing);

/* Make the file, with a random secret.  Returns 0 or -errno. */
int nm_secret_make(const char *path);

/* Nothing of it stays in memory. */
void nm_secret_wipe(struct nm_secret *s);

#endif
