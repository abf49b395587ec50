/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of metrics as OpenMetrics text.  Samples come mirror by mirror, but are
 * printed family by family.
 */
#ifndef NM_METRICS_H
#define NM_METRICS_H

#include <stdio.h>

#include "nm_env.h"

struct nm_family {
	const char *name;
	const char *type;	/* "gauge" or "counter" */
	const char *unit;	/* NULL: none; the name ends with it */
	const char *help;
	/* while samples are added */
	FILE *samples;
	char *text;
	size_t len;
};

void nm_family_begin(struct nm_family *f);

/*
 * One sample.  @labels is a format for the labels, with what nm_label()
 * returns for each %s.  A counter gets its "_total" here.
 */
void nm_sample(struct nm_family *f, double value, const char *labels, ...)
	__attribute__((format(printf, 3, 4)));

/* @value as the value of a label, escaped; valid until it is called 4 times. */
const char *nm_label(const char *value);

/* Print the family, unless it has no sample, and free it. */
void nm_family_end(struct nm_family *f, FILE *to);

#endif
