/* SPDX-License-Identifier: GPL-2.0-only */
/* The two nodes, their power and what an administrator tells them. */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "co.h"
#include "dm.h"
#include "mirror.h"

/* What all nodes of a schedule have in common. */
struct node_traits {
	u32 nr_blocks;
	u8 region_shift;
	u32 timeout_ms;
	u32 depth;
	u32 max_active_zones;
	u8 loss[SIM_NR_NODES];		/* enum nm_loss */
	u8 split[SIM_NR_NODES];		/* enum nm_split */
	bool blank[SIM_NR_NODES];	/* the leg begins without data */
};

/* Forget what the schedule before left. */
void nodes_clear(void);
void nodes_reset(const struct node_traits *traits);
const struct node_traits *nodes_traits(void);

bool node_is_on(int node);
/* Booted and not suspended; commands and I/O may be sent. */
bool node_is_ready(int node);
u64 node_ready_since(int node);	/* ns */
struct mapped_device *node_device(int node);
/* Its mirror object; NULL while it has none. */
struct nm_mirror *node_mirror(int node);
bool node_is_primary(int node);

void node_boot(int node);
void node_cut_power(int node, struct sim_rng *rng);

/* Commands run on their own; @done (may be NULL) hears the result. */
typedef void (*node_done_fn)(int node, const char *word, const char *arg,
			     int err);
void node_command(int node, const char *word, const char *arg,
		  node_done_fn done);
/*
 * @noflush: what waits for the peer waits on.  @patience: ms until somebody
 * interrupts the suspend, 0: nobody does.
 */
void node_suspend(int node, bool noflush, u32 patience);
void node_resume(int node);
/* Load a new table and change over to it. */
void node_reload(int node, bool noflush);
/* Shut down in good order. */
void node_remove(int node);
int node_nr_commands(int node);
bool node_is_suspended(int node);

#endif
