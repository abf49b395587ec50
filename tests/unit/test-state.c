// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a mirror, over every combination of what it is made of.
 *
 * I4: nothing is acknowledged alone while the peer may hold the generation.
 * I5: a leg that failed, is inconsistent or outdated is neither read nor
 * promoted, and there are never two primaries.  I8: a read never comes from
 * where the newest data may be missing, and always from somewhere when there
 * is such a place.
 */
#include "states.h"

/* --- the link ----------------------------------------------------------- */

static void every_cell_of_the_link_table(void **state)
{
	static const struct {
		enum nm_link_state from;
		enum nm_link_event event;
		int to;
	} cells[] = {
		{ NM_LINK_OFF, NM_EV_START, NM_LINK_SEARCHING },
		{ NM_LINK_OFF, NM_EV_STOP, NM_LINK_OFF },
		{ NM_LINK_OFF, NM_EV_UP, -EINVAL },
		{ NM_LINK_OFF, NM_EV_AGREED, -EINVAL },
		{ NM_LINK_OFF, NM_EV_DOWN, NM_LINK_OFF },
		{ NM_LINK_OFF, NM_EV_REFUSED, NM_LINK_OFF },
		{ NM_LINK_SEARCHING, NM_EV_START, NM_LINK_SEARCHING },
		{ NM_LINK_SEARCHING, NM_EV_STOP, NM_LINK_OFF },
		{ NM_LINK_SEARCHING, NM_EV_UP, NM_LINK_HANDSHAKE },
		{ NM_LINK_SEARCHING, NM_EV_AGREED, -EINVAL },
		{ NM_LINK_SEARCHING, NM_EV_DOWN, NM_LINK_SEARCHING },
		{ NM_LINK_SEARCHING, NM_EV_REFUSED, NM_LINK_OFF },
		{ NM_LINK_HANDSHAKE, NM_EV_START, NM_LINK_HANDSHAKE },
		{ NM_LINK_HANDSHAKE, NM_EV_STOP, NM_LINK_OFF },
		{ NM_LINK_HANDSHAKE, NM_EV_UP, -EINVAL },
		{ NM_LINK_HANDSHAKE, NM_EV_AGREED, NM_LINK_CONNECTED },
		{ NM_LINK_HANDSHAKE, NM_EV_DOWN, NM_LINK_SEARCHING },
		{ NM_LINK_HANDSHAKE, NM_EV_REFUSED, NM_LINK_OFF },
		{ NM_LINK_CONNECTED, NM_EV_START, NM_LINK_CONNECTED },
		{ NM_LINK_CONNECTED, NM_EV_STOP, NM_LINK_OFF },
		{ NM_LINK_CONNECTED, NM_EV_UP, -EINVAL },
		{ NM_LINK_CONNECTED, NM_EV_AGREED, -EINVAL },
		{ NM_LINK_CONNECTED, NM_EV_DOWN, NM_LINK_SEARCHING },
		{ NM_LINK_CONNECTED, NM_EV_REFUSED, NM_LINK_OFF },
	};
	unsigned int i;

	(void)state;
	assert_int_equal(ARRAY_SIZE(cells),
			 NM_NR_LINK_STATES * NM_NR_LINK_EVENTS);
	for (i = 0; i < ARRAY_SIZE(cells); i++) {
		/* in order, so that none is there twice */
		assert_int_equal(cells[i].from * NM_NR_LINK_EVENTS +
				 cells[i].event, i);
		assert_int_equal(nm_link_next(cells[i].from, cells[i].event),
				 cells[i].to);
	}
}

static void the_names_of_link_states(void **state)
{
	(void)state;
	assert_string_equal(nm_link_state_name(NM_LINK_OFF), "disconnected");
	assert_string_equal(nm_link_state_name(NM_LINK_SEARCHING),
			    "connecting");
	assert_string_equal(nm_link_state_name(NM_LINK_HANDSHAKE), "handshake");
	assert_string_equal(nm_link_state_name(NM_LINK_CONNECTED), "connected");
	assert_string_equal(nm_link_state_name(NM_NR_LINK_STATES), "unknown");
	assert_string_equal(nm_link_state_name(-1), "unknown");
}

/* --- mode --------------------------------------------------------------- */

static void check_mode(const struct nm_state *s)
{
	unsigned int mode = nm_mode(s);

	assert_int_equal(mode & ~0x3fU, 0);
	if (s->role != NM_PRIMARY) {
		assert_int_equal(mode, 0);
		return;
	}
	assert_true(mode & NM_MODE_PRIMARY);
	/* I5: neither leg is read or written, whatever their state */
	if (unfenced(s)) {
		assert_int_equal(mode, NM_MODE_PRIMARY);
		assert_false(nm_may_write_alone(s));
		return;
	}

	/*
	 * Both legs while there is a peer, and only then; without the own one
	 * only when the peer marks what it misses (I3).
	 */
	assert_int_equal(!(mode & NM_MODE_REMOTE),
			 !connected(s) || (failed(s) && !s->tracked));

	/* I4 */
	if (mode & NM_MODE_TURNED) {
		assert_false(connected(s));
		assert_false(s->flags & NM_SBF_PEER_HAS_GEN);
	}
	if (nm_may_write_alone(s) && !(s->flags & NM_SBF_PEER_HAS_GEN))
		assert_true(mode & NM_MODE_TURNED);
	/* I1, I5: nobody goes on with a part of the data */
	if (nm_may_write_alone(s)) {
		assert_false(connected(s) || failed(s) || !whole(s));
		assert_int_not_equal(s->sync, NM_SYNC_TARGET);
	} else {
		assert_false(mode & NM_MODE_TURNED);
	}

	/* I5 */
	if (failed(s) || !(whole(s) || being_synced(s)))
		assert_false(mode & NM_MODE_LOCAL);
	if (s->sync == NM_SYNC_TARGET && !connected(s))
		assert_false(mode & NM_MODE_LOCAL);
	/* I1: a good leg takes every write */
	if (!failed(s) && whole(s) && s->sync != NM_SYNC_TARGET)
		assert_true(mode & NM_MODE_LOCAL);
	if (!failed(s) && being_synced(s))
		assert_true(mode & NM_MODE_LOCAL);

	if (failed(s) && !s->tracked) {
		assert_int_equal(mode, NM_MODE_PRIMARY);
		return;
	}

	/* I8 */
	assert_int_equal(!(mode & NM_MODE_STALE), !being_synced(s));
	if (mode & NM_MODE_PEER_READ) {
		assert_true(connected(s));
		assert_int_not_equal(s->sync, NM_SYNC_SOURCE);
	}
	if (connected(s) && s->sync != NM_SYNC_SOURCE)
		assert_true(mode & NM_MODE_PEER_READ);
}

static void where_writes_go(void **state)
{
	(void)state;
	for_each_state(check_mode);
}

/* --- reads -------------------------------------------------------------- */

static void where_a_mode_reads(void **state)
{
	unsigned int mode;
	int dirty;

	(void)state;
	for (mode = 0; mode < 64; mode++) {
		for (dirty = 0; dirty < 2; dirty++) {
			bool local = mode & NM_MODE_LOCAL &&
				     (!(mode & NM_MODE_STALE) || !dirty);
			bool peer = mode & NM_MODE_REMOTE &&
				    mode & NM_MODE_PEER_READ;
			enum nm_read_from from = nm_read_from(mode, dirty);

			if (!(mode & NM_MODE_PRIMARY))
				assert_int_equal(from, NM_READ_NOWHERE);
			else if (local)
				assert_int_equal(from, NM_READ_LOCAL);
			else if (peer)
				assert_int_equal(from, NM_READ_PEER);
			else
				assert_int_equal(from, NM_READ_NOWHERE);
		}
	}
}

/* I8, from the state to the leg: each leg that may be read has the newest. */
static void check_read(const struct nm_state *s)
{
	int dirty;

	for (dirty = 0; dirty < 2; dirty++) {
		enum nm_read_from from = nm_read_from(nm_mode(s), dirty);
		bool here = !failed(s) && !unfenced(s) &&
			    (being_synced(s) ? !dirty :
			     whole(s) && s->sync != NM_SYNC_TARGET);
		bool there = connected(s) && s->sync != NM_SYNC_SOURCE &&
			     (!failed(s) || s->tracked);

		if (s->role != NM_PRIMARY)
			assert_int_equal(from, NM_READ_NOWHERE);
		else if (here)
			assert_int_equal(from, NM_READ_LOCAL);
		else
			assert_int_equal(from, there ? NM_READ_PEER :
						       NM_READ_NOWHERE);
	}
}

static void where_reads_go(void **state)
{
	(void)state;
	for_each_state(check_read);
}

/* --- resync ------------------------------------------------------------- */

/* I7: each region is copied from one end, and by the primary if there is one. */
static void one_of_two_drives(void **state)
{
	enum nm_sync sync;
	int roles;

	(void)state;
	for (sync = NM_SYNC_NONE; sync <= NM_SYNC_TARGET; sync++) {
		/* bit 0: a is primary, bit 1: b is; never both */
		for (roles = 0; roles < 3; roles++) {
			struct nm_state a = {
				.role = roles & 1,
				.peer_role = roles >> 1,
				.link = NM_LINK_CONNECTED,
				.sync = sync,
			};
			struct nm_state b = {
				.role = roles >> 1,
				.peer_role = roles & 1,
				.link = NM_LINK_CONNECTED,
				.sync = other_end(sync),
			};
			bool by_a = nm_sync_drives(&a);
			bool by_b = nm_sync_drives(&b);

			assert_int_equal(by_a + by_b, sync != NM_SYNC_NONE);
			if (sync != NM_SYNC_NONE && roles)
				assert_int_equal(by_a, a.role == NM_PRIMARY);
			else if (sync != NM_SYNC_NONE)
				assert_int_equal(by_a, sync == NM_SYNC_SOURCE);
		}
	}
}

static void check_drives(const struct nm_state *s)
{
	if (!nm_sync_drives(s))
		return;
	assert_true(connected(s));
	assert_false(s->frozen);
	assert_false((s->flags | s->peer_flags) & NM_SBF_LEG_FAILED);
	assert_int_not_equal(s->sync, NM_SYNC_NONE);
	/* a target that is not primary writes nothing of its own accord */
	if (s->sync == NM_SYNC_TARGET)
		assert_int_equal(s->role, NM_PRIMARY);
}

/* --- verify ------------------------------------------------------------- */

static enum nm_refusal expect_verify(const struct nm_state *s,
				     enum nm_verify verify)
{
	bool peer_writes = connected(s) && s->peer_role == NM_PRIMARY;

	if (failed(s) || s->peer_flags & NM_SBF_LEG_FAILED)
		return NM_REFUSE_LEG_FAILED;
	if (s->role == NM_SECONDARY && peer_writes)
		return NM_REFUSE_NOT_PRIMARY;
	if (s->role == NM_SECONDARY && verify == NM_VERIFY_REPAIR)
		return NM_REFUSE_NOT_PRIMARY;
	if (!connected(s) || s->sync != NM_SYNC_NONE || !whole(s) ||
	    !(s->peer_flags & NM_SBF_CONSISTENT))
		return NM_REFUSE_NOT_IN_SYNC;
	return NM_REFUSE_NOT;
}

static void check_verify(const struct nm_state *s)
{
	enum nm_verify verify;

	for (verify = NM_VERIFY_CHECK; verify <= NM_VERIFY_REPAIR; verify++)
		assert_int_equal(nm_may_verify(s, verify),
				 expect_verify(s, verify));
}

static void who_may_compare_the_legs(void **state)
{
	(void)state;
	for_each_state(check_verify);
}

/* Nobody repairs from a leg that is not the one in use, and never two. */
static void one_of_two_repairs(void **state)
{
	int roles;

	(void)state;
	for (roles = 0; roles < 3; roles++) {
		struct nm_state a = {
			.role = roles & 1,
			.peer_role = roles >> 1,
			.link = NM_LINK_CONNECTED,
			.flags = NM_SBF_CONSISTENT,
			.peer_flags = NM_SBF_CONSISTENT,
		};
		struct nm_state b = a;

		b.role = a.peer_role;
		b.peer_role = a.role;
		assert_int_equal(!nm_may_verify(&a, NM_VERIFY_REPAIR), a.role);
		assert_int_equal(!nm_may_verify(&b, NM_VERIFY_REPAIR), b.role);
		assert_int_equal(!nm_may_verify(&a, NM_VERIFY_CHECK), !b.role);
		assert_int_equal(!nm_may_verify(&b, NM_VERIFY_CHECK), !a.role);
	}
}

/* --- a primary whose leg fails ------------------------------------------- */

static void check_leg_failure(const struct nm_state *s)
{
	struct nm_state after = *s;

	if (nm_peer_has_all(s)) {
		assert_true(connected(s));
		assert_false(s->peer_flags & NM_SBF_LEG_FAILED);
		assert_int_not_equal(s->sync, NM_SYNC_SOURCE);
	}
	/* nobody may go on without the last leg, and one that may is not it */
	if (nm_is_last_leg(s, false)) {
		assert_true(connected(s));
		assert_true(s->sync == NM_SYNC_SOURCE ||
			    s->peer_flags & NM_SBF_LEG_FAILED);
		assert_false(nm_may_detach(s));
	}
	assert_false(nm_is_last_leg(s, true));
	assert_true(nm_is_last_leg(s, false) || nm_peer_has_all(s) ||
		    !connected(s));
	/* not the last good copy, and not a peer that has only a part */
	if (nm_may_detach(s)) {
		assert_int_equal(s->role, NM_PRIMARY);
		assert_true(connected(s));
		assert_int_not_equal(s->sync, NM_SYNC_SOURCE);
		assert_false((s->flags | s->peer_flags) & NM_SBF_LEG_FAILED);
		/* until the peer tracks, nothing is written anywhere */
		after.flags |= NM_SBF_LEG_FAILED;
		after.tracked = false;
		assert_int_equal(nm_mode(&after), NM_MODE_PRIMARY);
		assert_true(nm_peer_has_all(s));
	}
	/*
	 * Held is only what no leg may serve, and somebody is awaited: a peer
	 * that is looked for, or a person who vouches for it.
	 */
	if (nm_should_hold(s)) {
		assert_int_equal(s->role, NM_PRIMARY);
		assert_false(nm_mode(s) & (NM_MODE_LOCAL | NM_MODE_REMOTE));
		assert_true(s->link == NM_LINK_SEARCHING ||
			    s->link == NM_LINK_HANDSHAKE || unfenced(s));
	}
}

static void what_a_failed_leg_leads_to(void **state)
{
	(void)state;
	for_each_state(check_leg_failure);
}

static void nobody_drives_without_reason(void **state)
{
	(void)state;
	for_each_state(check_drives);
}

/* --- promotion ---------------------------------------------------------- */

static enum nm_refusal expect_promote(const struct nm_state *s,
				      bool peer_fenced, bool force)
{
	if (failed(s))
		return NM_REFUSE_LEG_FAILED;
	switch (s->link) {
	case NM_LINK_CONNECTED:
		/* not even by force */
		if (s->peer_role == NM_PRIMARY)
			return NM_REFUSE_PEER_IS_PRIMARY;
		if (force || whole(s) || being_synced(s))
			return NM_REFUSE_NOT;
		return NM_REFUSE_INCONSISTENT;
	case NM_LINK_HANDSHAKE:
		return NM_REFUSE_BUSY;
	default:
		if (force)
			return NM_REFUSE_NOT;
		if (!(s->flags & NM_SBF_CONSISTENT))
			return NM_REFUSE_INCONSISTENT;
		if (s->flags & NM_SBF_OUTDATED)
			return NM_REFUSE_OUTDATED;
		return peer_fenced ? NM_REFUSE_NOT : NM_REFUSE_NO_EVIDENCE;
	}
}

static void check_promote(const struct nm_state *s)
{
	int evidence;

	for (evidence = 0; evidence < 4; evidence++) {
		bool fenced = evidence & 1, force = evidence & 2;
		enum nm_refusal r = nm_may_promote(s, fenced, force);

		assert_int_equal(r, expect_promote(s, fenced, force));
		if (r != NM_REFUSE_NOT)
			continue;
		/* I5 */
		assert_false(failed(s));
		assert_true(connected(s) ? s->peer_role == NM_SECONDARY :
					   fenced || force);
		assert_true(force || whole(s) || being_synced(s));
	}
}

static void promotion_takes_evidence(void **state)
{
	(void)state;
	for_each_state(check_promote);
}

static void check_peer_promote(const struct nm_state *s)
{
	enum nm_refusal r = nm_may_peer_promote(s, false);

	if (!connected(s))
		assert_int_equal(r, NM_REFUSE_BUSY);
	else if (s->role == NM_PRIMARY)
		assert_int_equal(r, NM_REFUSE_TWO_PRIMARIES);
	else
		assert_int_equal(r, NM_REFUSE_NOT);
	/* of two that ask each other, one is refused */
	assert_int_not_equal(nm_may_peer_promote(s, true), NM_REFUSE_NOT);
}

static void the_peer_may_be_primary_when_we_are_not(void **state)
{
	(void)state;
	for_each_state(check_peer_promote);
}

/* --- serving ------------------------------------------------------------ */

static enum nm_refusal expect_serve(const struct nm_state *s, bool ready,
				    u16 op)
{
	if (!ready)
		return NM_REFUSE_BUSY;
	if (failed(s))
		return NM_REFUSE_LEG_FAILED;
	switch (op) {
	case NM_OP_FLUSH:
		return NM_REFUSE_NOT;
	case NM_OP_READ:
		/* I5, I8 */
		if (s->sync == NM_SYNC_TARGET ||
		    !(s->flags & NM_SBF_CONSISTENT))
			return NM_REFUSE_INCONSISTENT;
		return whole(s) ? NM_REFUSE_NOT : NM_REFUSE_OUTDATED;
	default:
		/* one writer: the primary takes nothing from its peer */
		return s->role == NM_PRIMARY ? NM_REFUSE_TWO_PRIMARIES :
					       NM_REFUSE_NOT;
	}
}

static void check_serve(const struct nm_state *s)
{
	int ready;
	u16 op;

	for (ready = 0; ready < 2; ready++)
		for (op = NM_OP_READ; op <= NM_OP_WRITE_ZEROES; op++)
			assert_int_equal(nm_may_serve(s, ready, op),
					 expect_serve(s, ready, op));
}

static void what_is_served(void **state)
{
	(void)state;
	for_each_local(check_serve);
}

/* --- health ------------------------------------------------------------- */

static void check_health(const struct nm_state *s)
{
	char local = nm_health_local(s), peer = nm_health_peer(s);

	if (failed(s))
		assert_int_equal(local, 'D');
	else if (whole(s) && s->sync != NM_SYNC_TARGET)
		assert_int_equal(local, 'A');
	else
		assert_int_equal(local, 'a');
	/* what is called alive is what a primary uses for all it does */
	if (s->role == NM_PRIMARY && local == 'A' && !unfenced(s))
		assert_true(nm_mode(s) & NM_MODE_LOCAL);

	if (!connected(s) || s->peer_flags & NM_SBF_LEG_FAILED)
		assert_int_equal(peer, 'D');
	else if (s->sync != NM_SYNC_SOURCE &&
		 s->peer_flags & NM_SBF_CONSISTENT)
		assert_int_equal(peer, 'A');
	else
		assert_int_equal(peer, 'a');
}

static void health_letters(void **state)
{
	(void)state;
	for_each_state(check_health);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_link_table),
		cmocka_unit_test(the_names_of_link_states),
		cmocka_unit_test(where_writes_go),
		cmocka_unit_test(where_a_mode_reads),
		cmocka_unit_test(where_reads_go),
		cmocka_unit_test(what_a_failed_leg_leads_to),
		cmocka_unit_test(one_of_two_drives),
		cmocka_unit_test(nobody_drives_without_reason),
		cmocka_unit_test(who_may_compare_the_legs),
		cmocka_unit_test(one_of_two_repairs),
		cmocka_unit_test(promotion_takes_evidence),
		cmocka_unit_test(the_peer_may_be_primary_when_we_are_not),
		cmocka_unit_test(what_is_served),
		cmocka_unit_test(health_letters),
	};

	return run_group(tests);
}
