/* SPDX-License-Identifier: GPL-2.0-only */
/* Core arguments of the table line with a number or a word as value. */
#ifndef NM_TABLE_H
#define NM_TABLE_H

#include "mirror.h"

struct nm_table_key {
	const char *word;
	size_t offset;		/* of an unsigned int in struct nm_settings */
	unsigned int dflt;
	unsigned int min, max;
	const char *const *words;	/* the value is the place in them; or NULL */
};

/* In the order in which they are printed; ends with an empty word. */
extern const struct nm_table_key nm_table_keys[];

unsigned int *nm_table_value(struct nm_settings *s,
			     const struct nm_table_key *key);

#endif
