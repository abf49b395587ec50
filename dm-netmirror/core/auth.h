/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proof that the peer knows the mirror's secret, as far as it is decided
 * without the secret: what is hashed with it, and in which order the nodes
 * speak.
 *
 * Each node sends a nonce and proves that it knows the secret by a hash over
 * both.  The hash names the prover, so that nobody can send a node's own proof
 * back to it; and node 0, which came to node 1, proves first, so that a
 * stranger gets nothing from node 1 to guess the secret from.
 *
 * Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_AUTH_H
#define NM_AUTH_H

#include "nm_env.h"
#include <netmirror/wire.h>

enum nm_auth_state {
	NM_AUTH_EXPECTS_CHALLENGE,
	NM_AUTH_EXPECTS_PROOF,
	NM_AUTH_DONE,		/* the peer knows the secret */
	NM_AUTH_FAILED,
	NM_NR_AUTH_STATES,
};

enum nm_auth_event {
	NM_AUTH_EV_CHALLENGE,	/* the peer's nonce came */
	NM_AUTH_EV_PROOF,	/* the peer's proof came, and is right */
	NM_AUTH_EV_WRONG,	/* a wrong proof, or something else */
	NM_NR_AUTH_EVENTS,
};

/* One exchange, as one node sees it. */
struct nm_auth {
	enum nm_auth_state state;
	u8 node_id;			/* ours */
	u8 uuid[NM_UUID_LEN];
	u64 session;
	u8 nonce[NM_NR_NODES][NM_NONCE_LEN];	/* by node */
};

/* @nonce: our own, random and of this exchange alone. */
void nm_auth_init(struct nm_auth *a, u8 node_id, const u8 *uuid, u64 session,
		  const u8 *nonce);

/*
 * Take an event, in whatever state.  Returns whether this node sends its proof
 * now.
 */
bool nm_auth_step(struct nm_auth *a, enum nm_auth_event event);

/* What is hashed; valid when both nonces are there. */
void nm_auth_proof_text(const struct nm_auth *a, u8 prover,
			struct nm_wire_auth_text *text);
void nm_auth_token_text(const struct nm_auth *a, u8 channel,
			struct nm_wire_auth_text *text);

/* Are they the same?  Takes as long whether they are or not. */
bool nm_auth_same(const u8 *a, const u8 *b, size_t len);

#endif
