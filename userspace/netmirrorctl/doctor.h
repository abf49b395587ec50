/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What doctor looks at.  No check reads a device in this process, or waits for
 * one without a limit.
 */
#ifndef NM_DOCTOR_H
#define NM_DOCTOR_H

#include <json.h>

#include "mirror.h"

#define NM_DOCTOR_SECONDS	5	/* limit of a check that may hang */

enum nm_severity {
	NM_PROBLEM,		/* something does not work, or loses data */
	NM_WARNING,		/* something is not as it should be */
};

struct nm_doctor {
	const struct nm_opts *o;
	const char *mirror;	/* whose check it is, NULL: the node's */
	json_object *findings;	/* with --json */
	int nr[2];		/* by severity */
};

/*
 * Report a finding of @check, a word: what it is, why it matters, and what to
 * do about it, each in sentences.
 */
void nm_finding(struct nm_doctor *d, enum nm_severity severity,
		const char *check, const char *why, const char *action,
		const char *what, ...) __attribute__((format(printf, 6, 7)));

/* doctor-host.c: what concerns all mirrors of this node. */
void nm_doctor_host(struct nm_doctor *d);

/* doctor-devices.c: a mirror's leg and metadata, and who else uses them. */
void nm_doctor_devices(struct nm_doctor *d, const struct nm_mirror *m);

/* doctor-network.c: addresses, RDMA and the way to the peer. */
void nm_doctor_network(struct nm_doctor *d, const struct nm_mirror *m);

#endif
