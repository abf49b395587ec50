/* SPDX-License-Identifier: GPL-2.0-only */
/* The table line of a mirror that is up, taken apart. */
#ifndef NM_TABLE_LINE_H
#define NM_TABLE_LINE_H

#include "nm_env.h"

#define NM_TABLE_WORDS	64

struct nm_table_line {
	const char *meta;		/* "-": at the head of the leg */
	const char *local;		/* as device-mapper prints it, "252:16" */
	u64 offset;			/* sector of the leg where the data start */
	const char *remote;
	const char *listen, *secret;	/* NULL where there is none */
	/* Settings that are not the default; keys and values alternate. */
	int nr_settings;
	char *settings[NM_TABLE_WORDS];

	char *text;			/* the strings above point into it */
};

/*
 * Returns 0, or -EPROTO when @line is not what this version expects.
 * Free with nm_table_line_put() in any case.
 */
int nm_table_line_parse(struct nm_table_line *t, const char *line);
void nm_table_line_put(struct nm_table_line *t);

/* Is @key of a status line a setting, which a table line could have? */
bool nm_is_setting(const char *key);

#endif
