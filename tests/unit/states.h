/* SPDX-License-Identifier: GPL-2.0-only */
/* Every state of a mirror, and what is true of one in words. */
#ifndef NM_UNIT_STATES_H
#define NM_UNIT_STATES_H

#include "unit.h"
#include "state.h"
#include <netmirror/wire.h>

/* The local half of a state: what the peer has no say in. */
static inline void for_each_local(void (*fn)(const struct nm_state *s))
{
	struct nm_state s = { 0 };

	for (s.role = NM_SECONDARY; s.role <= NM_PRIMARY; s.role++)
		for (s.link = 0; s.link < NM_NR_LINK_STATES; s.link++)
			for (s.sync = NM_SYNC_NONE; s.sync <= NM_SYNC_TARGET;
			     s.sync++)
				for (s.flags = 0; s.flags <= NM_SBF_ALL;
				     s.flags++)
					fn(&s);
}

static void (*per_state)(const struct nm_state *s);

static inline void with_every_peer(const struct nm_state *local)
{
	struct nm_state s = *local;
	int bits;

	for (s.peer_role = NM_SECONDARY; s.peer_role <= NM_PRIMARY;
	     s.peer_role++)
		for (s.peer_flags = 0; s.peer_flags <= NM_SBF_ALL;
		     s.peer_flags++)
			for (bits = 0; bits < 16; bits++) {
				s.frozen = bits & 1;
				s.tracked = bits >> 1 & 1;
				s.fences = bits >> 2 & 1;
				s.fenced = bits >> 3;
				per_state(&s);
			}
}

static inline void for_each_state(void (*fn)(const struct nm_state *s))
{
	per_state = fn;
	for_each_local(with_every_peer);
}

static inline bool connected(const struct nm_state *s)
{
	return s->link == NM_LINK_CONNECTED;
}

static inline bool failed(const struct nm_state *s)
{
	return s->flags & NM_SBF_LEG_FAILED;
}

/* A target that its source completes: what is not dirty is the newest. */
static inline bool being_synced(const struct nm_state *s)
{
	return connected(s) && s->sync == NM_SYNC_TARGET;
}

/* One point in the history, and not known to be an old one. */
static inline bool whole(const struct nm_state *s)
{
	return (s->flags & (NM_SBF_CONSISTENT | NM_SBF_OUTDATED)) ==
	       NM_SBF_CONSISTENT;
}

/* A primary whose peer may be primary as well by now, as far as it knows. */
static inline bool unfenced(const struct nm_state *s)
{
	return s->fences && !s->fenced && s->role == NM_PRIMARY &&
	       !connected(s);
}

static inline enum nm_sync other_end(enum nm_sync sync)
{
	switch (sync) {
	case NM_SYNC_SOURCE:
		return NM_SYNC_TARGET;
	case NM_SYNC_TARGET:
		return NM_SYNC_SOURCE;
	case NM_SYNC_NONE:
		break;
	}
	return NM_SYNC_NONE;
}

#endif
