/* SPDX-License-Identifier: GPL-2.0-only */
/* The section [export] of a configuration: how LIO offers the mirror. */
#ifndef NM_EXPORT_H
#define NM_EXPORT_H

#include <stdio.h>

#include "units.h"

#define NM_PORT_NAME_MAX	180	/* fits a line of the file */
#define NM_MAX_ACLS		16
#define NM_ACL_ANY		"any"

enum nm_fabric {
	NM_FABRIC_ISCSI,
	NM_FABRIC_ISER,
	NM_FABRIC_SRP,
	NM_FABRIC_LOOPBACK,
	NM_NR_FABRICS,
};

struct nm_export {
	int line;			/* of [export], 0: there is none */
	u32 fabrics;			/* bits of enum nm_fabric */
	char portal[NM_ADDRESS_STRLEN];	/* "": the default */
	char iqn[NM_PORT_NAME_MAX + 1];	/* "": from the uuid */
	u64 srp_port;			/* of the RDMA CM, 0: none */
	char acl[NM_MAX_ACLS][NM_PORT_NAME_MAX + 1];
	int nr_acls;
	char reservations[NM_PORT_NAME_MAX + 1];	/* "": none */
};

/* "iscsi" */
const char *nm_fabric_name(enum nm_fabric fabric);

static inline bool nm_export_has(const struct nm_export *e, enum nm_fabric f)
{
	return e->fabrics >> f & 1;
}

/* Is initiators' access limited to the names in e->acl? */
bool nm_export_has_acls(const struct nm_export *e);

/* Does the name belong to an iSCSI initiator, rather than to a port of SRP? */
bool nm_is_iscsi_name(const char *name);

/*
 * Set one key.  Returns 0, or -EINVAL with what is wrong in @why; to be freed.
 */
int nm_export_set(struct nm_export *e, const char *key, const char *value,
		  char **why);

/* What is wrong with the section as a whole; NULL: nothing. */
const char *nm_export_problem(const struct nm_export *e);

/* Write the section. */
void nm_export_write(const struct nm_export *e, FILE *f);

#endif
