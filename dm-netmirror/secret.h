/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two nodes of a mirror know and nobody else. */
#ifndef NM_SECRET_H
#define NM_SECRET_H

#include <linux/types.h>
#include <netmirror/uapi.h>

struct nm_secret {
	char *name;		/* description of the key it was copied from */
	unsigned int len;
	u8 bytes[NM_SECRET_MAX];
};

/*
 * Copy the logon key @name, which the caller's keyrings must have.  May sleep.
 * Returns an ERR_PTR with a sentence in @error.
 */
struct nm_secret *nm_secret_get(const char *name, char **error);
/* NULL is fine. */
void nm_secret_free(struct nm_secret *secret);
/* Are they the same, or is there none on both sides? */
bool nm_secrets_match(const struct nm_secret *a, const struct nm_secret *b);

#endif
