/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel remembers of a mirror: the answer to the message "events". */
#ifndef NM_HISTORY_H
#define NM_HISTORY_H

#include <time.h>

#include "nm_env.h"

#define NM_TIME_STRLEN	32

struct nm_event {
	u64 sequence;		/* 0: not of the kernel's making */
	struct timespec time;
	const char *code;
	const char *text;
};

struct nm_history {
	char began[NM_TIME_STRLEN];	/* another time: another history */
	u64 newest;		/* number of the newest event, 0: none */
	u64 lost;		/* of those asked for, overwritten by newer ones */
	char *reply;
	char *rest;
};

/*
 * Ask @device for its events after number @after.  Returns 0 or -errno, -EPROTO
 * when the answer is not what this version expects.  Free with
 * nm_history_put() in any case.
 */
int nm_history_get(struct nm_history *h, const char *device, u64 after);
void nm_history_put(struct nm_history *h);

/* The next event, 0 after the last one, or -EPROTO.  @ev points into @h. */
int nm_history_next(struct nm_history *h, struct nm_event *ev);

/* As RFC 3339 has it, in UTC. */
void nm_format_time(const struct timespec *t, char out[NM_TIME_STRLEN]);

#endif
