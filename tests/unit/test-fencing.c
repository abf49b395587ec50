// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for whom when a primary has lost its peer.  I5: whoever fences takes
 * no I/O while its peer may be primary, and a leg that was left behind is not
 * promoted.  I10: there is always a word that ends the wait.
 */
#include "states.h"

/* --- waiting --------------------------------------------------------------- */

static enum nm_refusal expect_vouch(const struct nm_state *s)
{
	if (s->role == NM_SECONDARY)
		return NM_REFUSE_NOT_PRIMARY;
	if (s->link == NM_LINK_HANDSHAKE)
		return NM_REFUSE_BUSY;
	return connected(s) ? NM_REFUSE_CONNECTED : NM_REFUSE_NOT;
}

static enum nm_refusal expect_retract(const struct nm_state *s)
{
	if (expect_vouch(s))
		return expect_vouch(s);
	return s->fences ? NM_REFUSE_NOT : NM_REFUSE_GOES_ON;
}

static void check_fencing(const struct nm_state *s)
{
	struct nm_state vouched = *s, retracted = *s, trusting = *s;
	unsigned int mode = nm_mode(s);

	trusting.fences = false;
	vouched.fenced = true;
	assert_int_equal(nm_needs_fencing(s), unfenced(s));
	assert_int_equal(nm_may_vouch(s), expect_vouch(s));
	if (unfenced(s)) {
		assert_true(nm_should_hold(s));
		assert_false(mode & (NM_MODE_LOCAL | NM_MODE_TURNED));
		/* it never waits for what nobody may say; a handshake ends */
		assert_int_equal(nm_may_vouch(s),
				 s->link == NM_LINK_HANDSHAKE ?
				 NM_REFUSE_BUSY : NM_REFUSE_NOT);
	} else {
		/* who need not fence is not hindered */
		assert_int_equal(mode, nm_mode(&trusting));
		assert_int_equal(nm_should_hold(s), nm_should_hold(&trusting));
	}
	/* the word is taken back where it can be given, and has an effect */
	assert_int_equal(nm_may_retract(s), expect_retract(s));
	if (nm_may_retract(s) == NM_REFUSE_NOT) {
		retracted.fenced = false;
		assert_true(unfenced(&retracted));
		assert_int_equal(nm_may_vouch(&retracted), NM_REFUSE_NOT);
	}
	/* somebody's word is enough to go on as if nothing had to be fenced */
	assert_false(nm_needs_fencing(&vouched));
	assert_int_equal(nm_mode(&vouched), nm_mode(&trusting));
	assert_int_equal(nm_should_hold(&vouched), nm_should_hold(&trusting));
	assert_int_equal(nm_may_write_alone(&vouched),
			 nm_may_write_alone(&trusting));
}

static void who_fences_waits_for_a_word(void **state)
{
	(void)state;
	for_each_state(check_fencing);
}

static void check_standing_aside(const struct nm_state *s)
{
	int bye;

	/* nobody was left behind by a node that does not write */
	if (nm_stands_aside(s)) {
		assert_true(connected(s));
		assert_int_equal(s->role, NM_SECONDARY);
		assert_int_equal(s->peer_role, NM_PRIMARY);
	}
	for (bye = NM_REFUSE_NOT; bye <= NM_REFUSE_MAX; bye++) {
		if (!nm_peer_stood_aside(s, bye))
			continue;
		assert_true(connected(s));
		assert_int_equal(s->role, NM_PRIMARY);
		/* only these goodbyes come after the flag is durable */
		assert_true(bye == NM_REFUSE_DISCONNECTED ||
			    bye == NM_REFUSE_SUSPENDED);
	}
}

static void nobody_stands_aside_without_reason(void **state)
{
	(void)state;
	for_each_state(check_standing_aside);
}

/* --- both ends of a goodbye ---------------------------------------------- */

/* A primary and a connected secondary that is in that part of a resync. */
static void make_pair(struct nm_state *here, struct nm_state *there,
		      enum nm_sync sync)
{
	*there = (struct nm_state){
		.role = NM_SECONDARY,
		.peer_role = NM_PRIMARY,
		.link = NM_LINK_CONNECTED,
		.sync = sync,
		.flags = sync == NM_SYNC_TARGET ? 0 : NM_SBF_CONSISTENT,
		.peer_flags = sync == NM_SYNC_SOURCE ? 0 : NM_SBF_CONSISTENT,
	};
	*here = (struct nm_state){
		.role = NM_PRIMARY,
		.peer_role = NM_SECONDARY,
		.link = NM_LINK_CONNECTED,
		.sync = other_end(sync),
		.flags = there->peer_flags,
		.peer_flags = there->flags,
	};
}

static void part(struct nm_state *s, enum nm_link_state link)
{
	s->link = link;
	s->sync = NM_SYNC_NONE;
	s->peer_role = NM_SECONDARY;
	s->peer_flags = 0;
}

/*
 * The primary takes the secondary for fenced if and only if that has stood
 * aside, and who stood aside is not promoted: so there is one primary (I5) and
 * it goes on (I10).
 */
static void a_secondary_that_parts_fences_itself(void **state)
{
	struct nm_state here, there;
	enum nm_sync sync;
	int fences;

	(void)state;
	for (sync = NM_SYNC_NONE; sync <= NM_SYNC_TARGET; sync++)
		for (fences = 0; fences < 2; fences++) {
			if (sync == NM_SYNC_SOURCE)
				continue;
			make_pair(&here, &there, sync);
			here.fences = fences;
			assert_true(nm_stands_aside(&there));
			there.flags |= NM_SBF_OUTDATED;
			assert_true(nm_peer_stood_aside(&here,
							NM_REFUSE_DISCONNECTED));
			assert_true(nm_peer_stood_aside(&here,
							NM_REFUSE_SUSPENDED));
			here.fenced = true;

			part(&here, NM_LINK_SEARCHING);
			assert_true(nm_may_write_alone(&here));
			assert_false(nm_should_hold(&here));
			part(&there, NM_LINK_OFF);
			assert_int_equal(nm_may_promote(&there, true, false),
					 sync == NM_SYNC_NONE ?
					 NM_REFUSE_OUTDATED :
					 NM_REFUSE_INCONSISTENT);
			/* only who gives up the other's data may have it */
			assert_int_equal(nm_may_promote(&there, false, true),
					 NM_REFUSE_NOT);
		}
}

/*
 * A primary that is being filled has nothing without its source, which misses
 * nothing: it stays fit to be promoted, and is no good as a fence.
 */
static void a_source_does_not_stand_aside(void **state)
{
	struct nm_state here, there;

	(void)state;
	make_pair(&here, &there, NM_SYNC_SOURCE);
	here.fences = true;
	assert_false(nm_stands_aside(&there));
	assert_false(nm_peer_stood_aside(&here, NM_REFUSE_DISCONNECTED));
	assert_false(nm_peer_stood_aside(&here, NM_REFUSE_SUSPENDED));

	part(&here, NM_LINK_SEARCHING);
	assert_true(nm_should_hold(&here));
	here.fenced = true;
	assert_false(nm_may_write_alone(&here));
	assert_true(nm_should_hold(&here));
	part(&there, NM_LINK_OFF);
	assert_int_equal(nm_may_promote(&there, true, false), NM_REFUSE_NOT);
}

/* A link that breaks says nothing about the peer: it may be promoted. */
static void a_broken_link_is_not_a_goodbye(void **state)
{
	struct nm_state here = {
		.role = NM_PRIMARY,
		.link = NM_LINK_CONNECTED,
		.flags = NM_SBF_CONSISTENT,
		.fences = true,
	};

	(void)state;
	assert_false(nm_peer_stood_aside(&here, NM_REFUSE_NOT));
	assert_false(nm_peer_stood_aside(&here, NM_REFUSE_RESTART));
	assert_false(nm_peer_stood_aside(&here, NM_REFUSE_LEG_FAILED));
	assert_false(nm_needs_fencing(&here));
	for (here.link = NM_LINK_OFF; here.link < NM_LINK_CONNECTED;
	     here.link++) {
		assert_true(nm_needs_fencing(&here));
		assert_true(nm_should_hold(&here));
		assert_int_equal(nm_mode(&here), NM_MODE_PRIMARY);
	}
	/* it comes back: nothing is left to hold */
	assert_true(nm_mode(&here) & NM_MODE_LOCAL);
	assert_false(nm_should_hold(&here));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_fences_waits_for_a_word),
		cmocka_unit_test(nobody_stands_aside_without_reason),
		cmocka_unit_test(a_secondary_that_parts_fences_itself),
		cmocka_unit_test(a_source_does_not_stand_aside),
		cmocka_unit_test(a_broken_link_is_not_a_goodbye),
	};

	return run_group(tests);
}
