/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of list. */
#ifndef NM_LIST_COLUMNS_H
#define NM_LIST_COLUMNS_H

#include "diagnosis.h"

#define NM_CELL_LEN	sizeof(((struct nm_diagnosis *)0)->action)

struct nm_column {
	const char *name;	/* for -o and --sort; the heading in capitals */
	const char *help;
	bool right;		/* aligned so */
	/*
	 * Write the cell of a mirror, "-" for what is not known.  Returns what
	 * to sort by where that is a number.
	 */
	u64 (*show)(const struct nm_mirror *m, const struct nm_diagnosis *d,
		    char text[NM_CELL_LEN]);
	bool number;		/* sorted by what show() returns */
};

extern const struct nm_column nm_columns[];
extern const unsigned int nm_nr_columns;

/* The column called @name (@len bytes of it), or -1. */
int nm_column_find(const char *name, size_t len);

#endif
