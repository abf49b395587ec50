// SPDX-License-Identifier: GPL-2.0-only
/*
 * A leg that is put back to an older copy of itself, data and metadata.  If the
 * nodes have met twice since that copy was made, all of it is copied anew.
 */
#include "oracle.h"
#include "world.h"

#define PATIENCE	SIM_S(300)

static int kept;

void rollback_events(const struct world *w, u32 nr, struct sim_rng *rng)
{
	if (nr != w->nr_events / 3)
		return;
	kept = rng_below(rng, SIM_NR_NODES);
	disk_keep(kept);
	trace("a copy of the leg of node %c is made", 'a' + kept);
}

/*
 * Both nodes are up, were in sync a moment ago, and nothing is written.  A resync
 * that has begun anew, from the leg that is put back, would leave nothing.
 */
bool rollback_end(struct sim_rng *rng)
{
	node_cut_power(kept, rng);
	end_sleep(SIM_S(2));
	trace("the leg of node %c is put back to the copy", 'a' + kept);
	oracle_allow_rollback(true);
	disk_restore(kept);
	if (oracle_sb(kept)->meetings + 1 >= oracle_sb(!kept)->meetings ||
	    !(oracle_sb(!kept)->flags & NM_SBF_CONSISTENT))
		return false;
	node_boot(kept);
	end_wait(end_in_sync, PATIENCE, "being in sync");
	oracle_allow_rollback(false);
	oracle_check_equal();
	return true;
}
