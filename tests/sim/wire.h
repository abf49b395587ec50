/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network between the two nodes, and the transport over it: an
 * implementation of struct nm_link_ops.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "link.h"

extern const struct nm_link_ops sim_link_ops;

struct wire_traits {
	u32 delay_us;		/* of a message, on average */
	u32 slow_percent;	/* messages that take a hundred times as long */
	u32 ctl_factor;		/* times as long for control messages */
	u32 close_percent;	/* ends of a session that the peer is told of */
	u32 backoff_ms;
	u32 break_percent;	/* sessions that end as soon as they begin */
	u32 request_ms;		/* so long the peer's leg may take, 0: for ever */
};

void wire_reset(const struct wire_traits *traits);
/* From now on no session breaks without an event, nor takes long to begin. */
void wire_calm(void);
/* Nothing arrives at node @to any more, or all that was held up. */
void wire_cut(int to, bool cut);
bool wire_is_cut(int to);
/* The leg of @node hangs: its peer's requests are not answered. */
void wire_watch_leg(int node);
/* The session breaks as @node sees it. */
void wire_break(int node);
/* The node lost power. */
void wire_node_off(int node);
/* Session of a node; 0: none. */
u64 wire_session(int node);
u64 wire_last_session(void);
/* When a session began or ended last, in ns. */
u64 wire_changed(void);
/* Has the node not noticed yet that this session is over? */
bool wire_is_alive(int node, u64 session);

#endif
