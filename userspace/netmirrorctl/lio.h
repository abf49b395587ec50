/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LIO, the kernel's SCSI target, through configfs: which steps export a mirror,
 * and how an export is taken away.  Whatever initiators know a disk by comes
 * from the uuid of the mirror, so that it is the same disk on both nodes.
 */
#ifndef NM_LIO_H
#define NM_LIO_H

#include "mirror.h"
#include "reservations.h"
#include "steps.h"

#define NM_LIO_NAA_DIGITS	25	/* of the serial that LIO puts into the NAA */

struct nm_lio {
	char name[NM_NAME_MAX + 1];
	char serial[NM_UUID_STRLEN + 1];
	char iqn[NM_PORT_NAME_MAX + 1];
	char hba[sizeof(NM_TARGETDIR) + 32];	/* directory of the adapter */
	char backstore[sizeof(NM_TARGETDIR) + 32 + 1 + NM_NAME_MAX];
	char loop_target[32], loop_initiator[32];	/* "naa.5001405..." */
	unsigned int rtpi;	/* of the first port; the others follow */
	char dbroot[256];
};

/* What a mirror is called in LIO. */
void nm_lio_init(struct nm_lio *lio, const struct nm_config *c);

/* The steps that export @m, with the registrations @r. */
void nm_lio_plan(const struct nm_lio *lio, const struct nm_mirror *m,
		 const struct nm_reservations *r, struct nm_steps *s);

/* Is there a backstore of the mirror? */
bool nm_lio_is_exported(const struct nm_lio *lio);
bool nm_mirror_is_exported(const struct nm_mirror *m);

/*
 * Take away all that is left of an export, whole or in part; targets that offer
 * other disks as well lose only this one.  @dry: print the commands instead.
 * Returns an enum nm_exit after a message that begins with @doing.
 */
int nm_lio_remove(const struct nm_lio *lio, bool dry, const char *doing);

#endif
