/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Persistent reservations that LIO keeps in a file, which has to be where the
 * other node finds it: on a file system that is on a mirror, and that is written
 * synchronously, as LIO itself does not flush.
 */
#ifndef NM_RESERVATIONS_H
#define NM_RESERVATIONS_H

#include "export.h"

#define NM_MAX_REGISTRATIONS	256

struct nm_reservations {
	char *line[NM_MAX_REGISTRATIONS];	/* as res_aptpl_metadata takes it */
	int nr;
	bool has_holder;
};

/* The file of the disk with that serial number; to be freed. */
char *nm_reservations_file(const char *dir, const char *serial);

/* Is the directory a place where reservations survive this node?  An enum nm_exit. */
int nm_reservations_check_dir(const char *dir, const char *doing);

/*
 * Read what was registered with the target @iqn.  A file that was not written to
 * its end, or that names initiators that have no access now, is refused.  Returns
 * an enum nm_exit after a message; free in any case.
 */
int nm_reservations_read(struct nm_reservations *r, const struct nm_export *e,
			 const char *serial, const char *iqn,
			 const char *doing);
void nm_reservations_free(struct nm_reservations *r);

#endif
