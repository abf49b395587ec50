/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What wire.c and link.c share: the ends of a session and the messages between
 * them.
 */
#ifndef SIM_END_H
#define SIM_END_H

#include "co.h"
#include "mirror.h"
#include "wire.h"

/* What a node's mirror has of the session. */
struct sim_link {
	struct nm_link *link;
	int node;
	bool started;
	u64 session;		/* 0: none */
	bool dead;		/* over, and not reset yet */
	bool up;		/* nm_link_up() was called */
	bool coming_up;		/* or is being called */
	const char *down_why;	/* it ended meanwhile */
	bool ctl_busy;
	u32 ctl_due;		/* arrived while busy or not up */
	u32 next_tag;
	u32 nr_sent;		/* requests without an answer yet */
	u32 nr_reqs;		/* submitted and not done */
	u32 nr_sreqs;
	u32 nr_upcalls;
	struct list_head sent;
	struct list_head queued;
};

enum wire_kind {
	WIRE_CTL,
	WIRE_CLOSE,
	WIRE_REQUEST,
	WIRE_RESPONSE,
};

struct wire_msg {
	struct list_head list;
	enum wire_kind kind;
	int to;
	u64 session;
	struct nm_msg msg;
	enum nm_status status;
	u32 len;		/* bytes of a control message */
	u32 nr_blocks;
	u64 content[];		/* versions, or the control message */
};

/* Does the session still stand, as this end sees it? */
bool end_lives(const struct sim_link *end, u64 session);
/* Nothing is taken from the session any more; its requests end by and by. */
void end_kill(struct sim_link *end);
/* A request is over, one way or the other. */
void end_done(struct sim_link *end, struct nm_req *req, blk_status_t status);

u64 wire_delay(void);
void wire_send(struct wire_msg *msg);
/* Begin a session if both ends want one. */
void wire_search(void);
/* The end of @node that looks for its peer; NULL: none. */
void wire_bind(int node, struct sim_link *end);
struct sim_link *wire_end(int node);

/* Upcalls of the wire. */
void link_request_arrived(struct sim_link *end, struct wire_msg *msg);
void link_response_arrived(struct sim_link *end, struct wire_msg *msg);

#endif
