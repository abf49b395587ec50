/* SPDX-License-Identifier: GPL-2.0-only */
/* Another table for a mirror that is up, in use or not. */
#ifndef NM_RELOAD_H
#define NM_RELOAD_H

#include "mirror.h"
#include "secret.h"

#define NM_TABLE_LEN	2048

struct nm_reload {
	const struct nm_mirror *m;	/* as it is with the live table */
	const char *doing;		/* "cannot make r0 larger", for messages */
	u64 sectors;
	char table[NM_TABLE_LEN];
	struct nm_secret secret;	/* nm_secret_load() and nm_secret_wipe() */
};

/* The same by hand, on stdout. */
void nm_reload_print(const struct nm_reload *r);

/*
 * Load the table and let it take effect.  If the kernel does not want it, the
 * old one goes on.  Returns an enum nm_exit after a message.
 */
int nm_reload_run(const struct nm_reload *r);

#endif
