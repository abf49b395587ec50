/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_DIAGNOSIS_H
#define NM_DIAGNOSIS_H

#include "mirror.h"

/* How a mirror is, and what the person in front of it does next. */
struct nm_diagnosis {
	const char *state;	/* one word, part of the JSON interface */
	bool healthy;
	bool stuck;		/* nothing gets better until somebody acts */
	char what[1024];	/* a sentence */
	char action[2048];	/* sentences with commands; "" when there is nothing to do */
};

void nm_diagnose(const struct nm_mirror *m, struct nm_diagnosis *d);

#endif
