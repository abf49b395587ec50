/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel tells about a mirror: its status line and its table line. */
#ifndef NM_STATUS_LINE_H
#define NM_STATUS_LINE_H

#include <names.h>

#include "nm_env.h"

#define NM_MAX_WORDS	128

struct nm_status {
	bool failed;			/* the line is "Fail": nothing else is set */
	char local, peer;		/* health: 'A', 'a' or 'D' */
	u64 in_sync, total;		/* regions */
	const char *action;
	u64 mismatches;
	u64 verify_left;		/* regions that the last check left out */
	const char *role;
	const char *link;		/* "refused" without the reason */
	enum nm_refusal refusal;	/* NM_REFUSE_NOT unless refused */
	const char *generation;
	bool blank;			/* the generation is all zero */
	int nr_features;
	char **features;
	int nr_pairs;			/* keys and values alternate in pairs */
	char **pairs;
	bool read_only, needs_check;

	char *text;			/* the strings above point into it */
	char *words[NM_MAX_WORDS];
};

/*
 * Returns 0, or -EPROTO when @line is not what this version expects.
 * Free with nm_status_put() in any case.
 */
int nm_status_parse(struct nm_status *s, const char *line);
void nm_status_put(struct nm_status *s);

static inline bool nm_status_syncs(const struct nm_status *s)
{
	return !strcmp(s->action, "resync") || !strcmp(s->action, "recover");
}

static inline bool nm_status_verifies(const struct nm_status *s)
{
	return !strcmp(s->action, "check") || !strcmp(s->action, "repair");
}

/* Is there anything whose progress can be watched? */
static inline bool nm_status_works(const struct nm_status *s)
{
	return nm_status_syncs(s) || nm_status_verifies(s);
}

static inline bool nm_status_in_sync(const struct nm_status *s)
{
	return s->local == 'A' && s->peer == 'A' && s->in_sync == s->total &&
	       !strcmp(s->link, "connected");
}

static inline bool nm_status_is_primary(const struct nm_status *s)
{
	return !strcmp(s->role, "primary");
}

static inline bool nm_status_is_connected(const struct nm_status *s)
{
	return !strcmp(s->link, "connected");
}

/* The setting, counter or other value of that name, or NULL. */
const char *nm_status_value(const struct nm_status *s, const char *key);
bool nm_status_is(const struct nm_status *s, const char *key,
		  const char *value);

/* Why the nodes are apart although they look for each other, if that is known. */
enum nm_refusal nm_status_apart(const struct nm_status *s);

/* Has the primary gone on without this node's leg, as that leg knows? */
bool nm_status_outdated(const struct nm_status *s);

/* The refusal of that name, or NM_REFUSE_NOT. */
enum nm_refusal nm_refusal_by_name(const char *name);

/* Bytes of a region as the table line says, 0 if it makes no sense. */
u64 nm_table_region_bytes(const char *table);

#endif
