// SPDX-License-Identifier: GPL-2.0-only
#include "state.h"
#include <netmirror/wire.h>

#define NO	(-EINVAL)

static const s8 link_table[NM_NR_LINK_STATES][NM_NR_LINK_EVENTS] = {
	[NM_LINK_OFF] = {
		[NM_EV_START]	= NM_LINK_SEARCHING,
		[NM_EV_STOP]	= NM_LINK_OFF,
		[NM_EV_UP]	= NO,
		[NM_EV_AGREED]	= NO,
		[NM_EV_DOWN]	= NM_LINK_OFF,
		[NM_EV_REFUSED]	= NM_LINK_OFF,
	},
	[NM_LINK_SEARCHING] = {
		[NM_EV_START]	= NM_LINK_SEARCHING,
		[NM_EV_STOP]	= NM_LINK_OFF,
		[NM_EV_UP]	= NM_LINK_HANDSHAKE,
		[NM_EV_AGREED]	= NO,
		[NM_EV_DOWN]	= NM_LINK_SEARCHING,
		[NM_EV_REFUSED]	= NM_LINK_OFF,
	},
	[NM_LINK_HANDSHAKE] = {
		[NM_EV_START]	= NM_LINK_HANDSHAKE,
		[NM_EV_STOP]	= NM_LINK_OFF,
		[NM_EV_UP]	= NO,
		[NM_EV_AGREED]	= NM_LINK_CONNECTED,
		[NM_EV_DOWN]	= NM_LINK_SEARCHING,
		[NM_EV_REFUSED]	= NM_LINK_OFF,
	},
	[NM_LINK_CONNECTED] = {
		[NM_EV_START]	= NM_LINK_CONNECTED,
		[NM_EV_STOP]	= NM_LINK_OFF,
		[NM_EV_UP]	= NO,
		[NM_EV_AGREED]	= NO,
		[NM_EV_DOWN]	= NM_LINK_SEARCHING,
		[NM_EV_REFUSED]	= NM_LINK_OFF,
	},
};

int nm_link_next(enum nm_link_state state, enum nm_link_event event)
{
	return link_table[state][event];
}

const char *nm_link_state_name(enum nm_link_state state)
{
	static const char *const names[NM_NR_LINK_STATES] = {
		[NM_LINK_OFF]		= "disconnected",
		[NM_LINK_SEARCHING]	= "connecting",
		[NM_LINK_HANDSHAKE]	= "handshake",
		[NM_LINK_CONNECTED]	= "connected",
	};

	return state < NM_NR_LINK_STATES ? names[state] : "unknown";
}

static bool connected(const struct nm_state *s)
{
	return s->link == NM_LINK_CONNECTED;
}

/* Is every region of the local leg that is not dirty fit to be read? */
static bool leg_readable(const struct nm_state *s)
{
	if (s->flags & NM_SBF_LEG_FAILED)
		return false;
	if (s->sync == NM_SYNC_TARGET)
		return connected(s);
	return s->flags & NM_SBF_CONSISTENT && !(s->flags & NM_SBF_OUTDATED);
}

bool nm_needs_fencing(const struct nm_state *s)
{
	return s->role == NM_PRIMARY && !connected(s) && s->fences &&
	       !s->fenced;
}

bool nm_stands_aside(const struct nm_state *s)
{
	return s->role != NM_PRIMARY && connected(s) &&
	       s->peer_role == NM_PRIMARY && s->sync != NM_SYNC_SOURCE;
}

bool nm_peer_stood_aside(const struct nm_state *s, enum nm_refusal bye)
{
	return s->role == NM_PRIMARY && connected(s) &&
	       s->sync != NM_SYNC_TARGET &&
	       (bye == NM_REFUSE_DISCONNECTED || bye == NM_REFUSE_SUSPENDED);
}

bool nm_may_write_alone(const struct nm_state *s)
{
	return s->role == NM_PRIMARY && !connected(s) && leg_readable(s) &&
	       !nm_needs_fencing(s);
}

bool nm_peer_has_all(const struct nm_state *s)
{
	return connected(s) && s->sync != NM_SYNC_SOURCE &&
	       !(s->peer_flags & NM_SBF_LEG_FAILED);
}

bool nm_is_last_leg(const struct nm_state *s, bool handed_over)
{
	return connected(s) && !nm_peer_has_all(s) && !handed_over;
}

bool nm_may_detach(const struct nm_state *s)
{
	return s->role == NM_PRIMARY && nm_peer_has_all(s) &&
	       !(s->flags & NM_SBF_LEG_FAILED);
}

bool nm_needs_peer(const struct nm_state *s)
{
	return s->role == NM_PRIMARY && connected(s) &&
	       (s->sync == NM_SYNC_TARGET || s->flags & NM_SBF_LEG_FAILED);
}

bool nm_should_hold(const struct nm_state *s)
{
	if (nm_needs_fencing(s))
		return true;
	return s->role == NM_PRIMARY && !leg_readable(s) &&
	       (s->link == NM_LINK_SEARCHING || s->link == NM_LINK_HANDSHAKE);
}

unsigned int nm_mode(const struct nm_state *s)
{
	unsigned int mode = 0;

	if (s->role != NM_PRIMARY)
		return 0;
	mode |= NM_MODE_PRIMARY;
	if (leg_readable(s) && !nm_needs_fencing(s))
		mode |= NM_MODE_LOCAL;
	if (s->flags & NM_SBF_LEG_FAILED && !s->tracked)
		return mode;
	if (connected(s)) {
		mode |= NM_MODE_REMOTE;
		if (s->sync == NM_SYNC_TARGET)
			mode |= NM_MODE_STALE | NM_MODE_PEER_READ;
		else if (s->sync == NM_SYNC_NONE)
			mode |= NM_MODE_PEER_READ;
	} else if (nm_may_write_alone(s) &&
		   !(s->flags & NM_SBF_PEER_HAS_GEN)) {
		mode |= NM_MODE_TURNED;
	}
	return mode;
}

enum nm_read_from nm_read_from(unsigned int mode, bool dirty)
{
	if (!(mode & NM_MODE_PRIMARY))
		return NM_READ_NOWHERE;
	if (mode & NM_MODE_LOCAL && !(mode & NM_MODE_STALE && dirty))
		return NM_READ_LOCAL;
	if (mode & NM_MODE_REMOTE && mode & NM_MODE_PEER_READ)
		return NM_READ_PEER;
	return NM_READ_NOWHERE;
}

bool nm_sync_drives(const struct nm_state *s)
{
	if (!connected(s) || s->frozen ||
	    (s->flags | s->peer_flags) & NM_SBF_LEG_FAILED)
		return false;
	switch (s->sync) {
	case NM_SYNC_SOURCE:
		return s->peer_role != NM_PRIMARY;
	case NM_SYNC_TARGET:
		return s->role == NM_PRIMARY;
	case NM_SYNC_NONE:
		break;
	}
	return false;
}

bool nm_may_repair(const struct nm_state *s)
{
	return s->role == NM_PRIMARY && connected(s) &&
	       s->sync == NM_SYNC_NONE &&
	       !((s->flags | s->peer_flags) & NM_SBF_LEG_FAILED);
}

enum nm_refusal nm_may_verify(const struct nm_state *s, enum nm_verify verify)
{
	bool others_write = connected(s) && s->peer_role == NM_PRIMARY;

	if ((s->flags | s->peer_flags) & NM_SBF_LEG_FAILED)
		return NM_REFUSE_LEG_FAILED;
	if (s->role != NM_PRIMARY &&
	    (others_write || verify == NM_VERIFY_REPAIR))
		return NM_REFUSE_NOT_PRIMARY;
	if (nm_health_local(s) != 'A' || nm_health_peer(s) != 'A')
		return NM_REFUSE_NOT_IN_SYNC;
	return NM_REFUSE_NOT;
}

enum nm_refusal nm_may_promote(const struct nm_state *s, bool peer_fenced,
			       bool force)
{
	bool usable = s->flags & NM_SBF_CONSISTENT &&
		      !(s->flags & NM_SBF_OUTDATED);

	if (s->flags & NM_SBF_LEG_FAILED)
		return NM_REFUSE_LEG_FAILED;
	if (connected(s)) {
		if (s->peer_role == NM_PRIMARY)
			return NM_REFUSE_PEER_IS_PRIMARY;
		if (s->sync == NM_SYNC_TARGET || usable || force)
			return NM_REFUSE_NOT;
		return NM_REFUSE_INCONSISTENT;
	}
	if (s->link == NM_LINK_HANDSHAKE)
		return NM_REFUSE_BUSY;
	if (force)
		return NM_REFUSE_NOT;
	if (!(s->flags & NM_SBF_CONSISTENT))
		return NM_REFUSE_INCONSISTENT;
	if (s->flags & NM_SBF_OUTDATED)
		return NM_REFUSE_OUTDATED;
	return peer_fenced ? NM_REFUSE_NOT : NM_REFUSE_NO_EVIDENCE;
}

enum nm_refusal nm_may_vouch(const struct nm_state *s)
{
	if (s->role != NM_PRIMARY)
		return NM_REFUSE_NOT_PRIMARY;
	if (s->link == NM_LINK_HANDSHAKE)
		return NM_REFUSE_BUSY;
	return connected(s) ? NM_REFUSE_CONNECTED : NM_REFUSE_NOT;
}

enum nm_refusal nm_may_retract(const struct nm_state *s)
{
	enum nm_refusal refusal = nm_may_vouch(s);

	return refusal || s->fences ? refusal : NM_REFUSE_GOES_ON;
}

enum nm_refusal nm_may_peer_promote(const struct nm_state *s,
				    bool we_go_first)
{
	if (!connected(s))
		return NM_REFUSE_BUSY;
	return s->role == NM_PRIMARY || we_go_first ? NM_REFUSE_TWO_PRIMARIES :
						      NM_REFUSE_NOT;
}

enum nm_refusal nm_may_serve(const struct nm_state *s, bool ready, u16 op)
{
	if (!ready)
		return NM_REFUSE_BUSY;
	if (s->flags & NM_SBF_LEG_FAILED)
		return NM_REFUSE_LEG_FAILED;
	if (op == NM_OP_FLUSH)
		return NM_REFUSE_NOT;
	if (op != NM_OP_READ)
		return s->role == NM_PRIMARY ? NM_REFUSE_TWO_PRIMARIES :
					       NM_REFUSE_NOT;
	if (s->sync == NM_SYNC_TARGET || !(s->flags & NM_SBF_CONSISTENT))
		return NM_REFUSE_INCONSISTENT;
	return s->flags & NM_SBF_OUTDATED ? NM_REFUSE_OUTDATED : NM_REFUSE_NOT;
}

char nm_health_local(const struct nm_state *s)
{
	if (s->flags & NM_SBF_LEG_FAILED)
		return 'D';
	if (s->sync == NM_SYNC_TARGET || !(s->flags & NM_SBF_CONSISTENT) ||
	    s->flags & NM_SBF_OUTDATED)
		return 'a';
	return 'A';
}

char nm_health_peer(const struct nm_state *s)
{
	if (!connected(s) || s->peer_flags & NM_SBF_LEG_FAILED)
		return 'D';
	if (s->sync == NM_SYNC_SOURCE || !(s->peer_flags & NM_SBF_CONSISTENT))
		return 'a';
	return 'A';
}
