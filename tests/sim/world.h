/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One schedule: a world made from a seed, the things that happen to it, and the
 * end, when everything is healed and must come right.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <linux/types.h>

#include "disk.h"
#include "node.h"
#include "wire.h"

#define MAX_EVENTS	320
#define MAX_HOT		8

/* What can happen.  Each does nothing where it makes no sense. */
enum event {
	EV_WRITE,
	EV_READ,
	EV_FLUSH,
	EV_ZEROES,
	EV_WAIT,
	EV_CUT,
	EV_CUT_ONE_WAY,
	EV_HEAL,
	EV_BREAK,
	EV_POWER_CUT,
	EV_POWER_CUT_BOTH,
	EV_BOOT,
	EV_FAILOVER,
	EV_PROMOTE,
	EV_PROMOTE_BLINDLY,
	EV_DEMOTE,
	EV_CONNECT,
	EV_DISCONNECT,
	EV_INVALIDATE_LOCAL,
	EV_INVALIDATE_REMOTE,
	EV_SUSPEND,
	EV_RESUME,
	EV_RELOAD,
	EV_FREEZE,
	EV_THAW,
	EV_CHECK,
	EV_REPAIR,
	EV_IDLE,
	EV_DAMAGE,
	EV_STATUS,
	EV_ATTACH,
	EV_VOUCH,
	EV_RETRACT,
	EV_TAKE_OVER,
	EV_DISCARD,
	EV_HANG,
	EV_UNHANG,
	NR_EVENTS,
};

struct world {
	u64 seed;
	struct sim_pace pace;
	struct disk_traits disks[SIM_NR_NODES];
	struct wire_traits wire;
	struct node_traits nodes;
	u32 weight[NR_EVENTS];
	u32 block;		/* bytes, see bio.h */
	u32 nr_events;
	u32 gap;		/* steps between events, on average */
	u32 hot[MAX_HOT];	/* where the application writes */
	u32 nr_hot;
	bool split_brain;
	bool leg_errors;
	bool damage;
	bool rollback;
};

/* Events in a given order instead of drawn ones, each with its gap. */
struct script {
	u32 nr;
	u8 event[16];
	u16 gap[16];		/* steps; 0: until nothing moves */
};

struct run {
	u64 seed;
	const struct script *script;	/* NULL: draw */
	bool leg_errors;
	bool damage;
	bool rollback;
	bool split_brain;
	const bool *dropped;		/* [MAX_EVENTS], NULL: none */
	u32 nr_events;			/* out */
};

/* Run it; false: sim.failure says what went wrong. */
bool world_run(struct run *run);

/* events.c */
void events_reset(const struct world *w);
void event_happens(enum event ev, struct sim_rng *rng);
enum event event_draw(const struct world *w, struct sim_rng *rng);
u32 event_base_weight(enum event ev);
const char *event_name(enum event ev);
/* Has the manager promoted the other node, since this one holds its I/O? */
bool events_replaced(int node);
/* Sends what waits for the application to be quiet. */
void events_tick(void);

/* damage.c */
void damage_happens(const struct world *w, struct sim_rng *rng);
/* Find and mend all of it, on the primary, while nothing else happens. */
void damage_end(const struct world *w);

/* rollback.c */
void rollback_events(const struct world *w, u32 nr, struct sim_rng *rng);
/* Put a leg back to the copy; false: nothing can tell. */
bool rollback_end(struct sim_rng *rng);

/* ending.c */
void world_end(const struct world *w, struct sim_rng *rng);
/* Run until @fn, which must come about in @patience ns. */
void end_wait(bool (*fn)(void), u64 patience, const char *what);
void end_steps(u32 nr);
void end_sleep(u64 ns);
void end_commands(void);
void end_tell(int node, const char *word, const char *arg);
bool end_in_sync(void);

/* split.c: both histories may have gone on. */
void split_end(const struct world *w, struct sim_rng *rng);

#endif
