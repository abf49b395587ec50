/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a mirror as one node sees it, and what follows from it: where a
 * write goes, where a read is served, who drives a resync, who may be
 * promoted.
 *
 * The link moves by a table of states and events.  The other facts have one
 * writer each, the mirror's worker.  Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_STATE_H
#define NM_STATE_H

#include "verdict.h"

enum nm_link_state {
	NM_LINK_OFF,		/* not looking for the peer */
	NM_LINK_SEARCHING,
	NM_LINK_HANDSHAKE,	/* a session stands, the verdict is being made */
	NM_LINK_CONNECTED,	/* writes go to both legs */
	NM_NR_LINK_STATES,
};

enum nm_link_event {
	NM_EV_START,		/* resume, connect message */
	NM_EV_STOP,		/* suspend, disconnect message, removal */
	NM_EV_UP,		/* the transport has a session */
	NM_EV_AGREED,		/* both nodes are ready */
	NM_EV_DOWN,		/* the session ended */
	NM_EV_REFUSED,		/* for a reason that does not go away by itself */
	NM_NR_LINK_EVENTS,
};

enum nm_sync {
	NM_SYNC_NONE,
	NM_SYNC_SOURCE,
	NM_SYNC_TARGET,
};

/* Comparing the legs while they are in use. */
enum nm_verify {
	NM_VERIFY_NONE,
	NM_VERIFY_CHECK,
	NM_VERIFY_REPAIR,	/* what differs is copied to the peer's leg */
};

struct nm_state {
	enum nm_role role;
	enum nm_role peer_role;		/* while connected */
	enum nm_link_state link;
	enum nm_sync sync;		/* while connected */
	enum nm_refusal refusal;	/* why the link is off */
	u32 flags;			/* NM_SBF_* of this leg */
	u32 peer_flags;			/* of the peer's, while connected */
	bool tracked;			/* connected: the peer marks what our leg misses */
	bool frozen;			/* resync is paused by a person */
	enum nm_verify verify;		/* goes on now */
	bool fences;			/* on_peer_loss is fence: constant */
	bool fenced;			/* not connected: the peer is out, and stays so */
	bool held;			/* new I/O waits for the peer */
};

/* The next link state, or -EINVAL where the event can't happen. */
int nm_link_next(enum nm_link_state state, enum nm_link_event event);

const char *nm_link_state_name(enum nm_link_state state);

/* How the data path behaves; the shell publishes it as one word. */
#define NM_MODE_PRIMARY	(1U << 0)	/* application I/O is taken */
#define NM_MODE_LOCAL	(1U << 1)	/* the local leg takes writes */
#define NM_MODE_REMOTE	(1U << 2)	/* the peer takes writes */
#define NM_MODE_TURNED	(1U << 3)	/* writes alone may be acknowledged (I4) */
#define NM_MODE_STALE	(1U << 4)	/* dirty regions are read from the peer (I8) */
#define NM_MODE_PEER_READ (1U << 5)	/* the peer's leg can serve every read */

unsigned int nm_mode(const struct nm_state *s);

/*
 * May this node go on writing without its peer, once a generation has turned?
 * Not on a leg that holds only a part of the data: its resync source is away.
 */
bool nm_may_write_alone(const struct nm_state *s);

/*
 * Is this a primary that lost its peer and must not take I/O, reads included,
 * before somebody vouches that the peer is fenced?  It might be primary by now.
 */
bool nm_needs_fencing(const struct nm_state *s);

/*
 * A secondary parts from a primary in an orderly way: is its leg outdated from
 * now on?  What the primary goes on to write is missing from it.  Not from a
 * source's: that primary has only a part of the data, and cannot go on alone.
 */
bool nm_stands_aside(const struct nm_state *s);

/*
 * The peer said goodbye with @bye.  Has it stood aside, as good as fenced?
 */
bool nm_peer_stood_aside(const struct nm_state *s, enum nm_refusal bye);

/* Does the peer's leg have what this one has, so that this one may go? */
bool nm_peer_has_all(const struct nm_state *s);

/*
 * Is the local leg the only one with all the data, so that nobody goes on without
 * it?  What fails on it then leaves it behind nobody.  @handed_over: the target may
 * have taken over the generation.
 */
bool nm_is_last_leg(const struct nm_state *s, bool handed_over);

/*
 * The local leg of a primary failed: may it be given up, with the peer's leg
 * alone serving the application?  Only when that one has all the data.
 */
bool nm_may_detach(const struct nm_state *s);

/* Does this primary work with the peer's leg, its own not being complete? */
bool nm_needs_peer(const struct nm_state *s);

/*
 * Has this primary no leg to serve the application from, but a peer that may
 * come back soon?  Then I/O is held for a while rather than failed; without
 * limit where nm_needs_fencing().
 */
bool nm_should_hold(const struct nm_state *s);

enum nm_read_from {
	NM_READ_LOCAL,
	NM_READ_PEER,
	NM_READ_NOWHERE,
};

/* Where a read goes; @dirty: the legs may differ in what it touches. */
enum nm_read_from nm_read_from(unsigned int mode, bool dirty);

/* Does this node copy the dirty regions (by push as source, pull as target)? */
bool nm_sync_drives(const struct nm_state *s);

/*
 * May what the local leg could not read be written to it anew, from the peer?
 * Only while both legs have the same data.
 */
bool nm_may_repair(const struct nm_state *s);

/*
 * May this node compare the legs?  Only one that nobody writes without: the
 * primary, or either node while there is none.  A repair takes a primary, since
 * its leg is the one that counts, and two nodes that repair at once, each from
 * its own leg, would exchange what differs.
 */
enum nm_refusal nm_may_verify(const struct nm_state *s, enum nm_verify verify);

/*
 * May the node be promoted?  @peer_fenced: somebody vouches that the peer is
 * dead or cut off.  @force: use even an inconsistent or outdated leg.
 * While connected the peer must agree in addition, see nm_may_peer_promote().
 */
enum nm_refusal nm_may_promote(const struct nm_state *s, bool peer_fenced,
			       bool force);

/*
 * May somebody vouch that the peer is fenced, so that I/O goes on without it?  Not
 * in a handshake: it may have made the peer fit to be promoted already.
 */
enum nm_refusal nm_may_vouch(const struct nm_state *s);

/*
 * May somebody take back that the peer is fenced, so that I/O is held again?  What
 * was written alone stays written: whoever takes over elsewhere without it has made
 * a split brain.
 */
enum nm_refusal nm_may_retract(const struct nm_state *s);

/*
 * The connected peer asks to become primary.  @we_go_first: this node asks as
 * well, and is the one that gives no way.
 */
enum nm_refusal nm_may_peer_promote(const struct nm_state *s,
				    bool we_go_first);

/*
 * May a request of the peer, @op of enum nm_op, be served?  @ready: this node
 * has declared itself ready in this session.
 */
enum nm_refusal nm_may_serve(const struct nm_state *s, bool ready, u16 op);

/* Health letter of the local and of the peer's leg: 'A', 'a' or 'D'. */
char nm_health_local(const struct nm_state *s);
char nm_health_peer(const struct nm_state *s);

#endif
