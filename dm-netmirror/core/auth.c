// SPDX-License-Identifier: GPL-2.0-only
#include "auth.h"

/* A challenge and then a proof; anything else fails. */
static const struct {
	u8 next;		/* enum nm_auth_state */
	s8 answers;		/* node that sends its proof now, -1: none */
} edges[NM_NR_AUTH_STATES][NM_NR_AUTH_EVENTS] = {
	[NM_AUTH_EXPECTS_CHALLENGE] = {
		[NM_AUTH_EV_CHALLENGE]	= { NM_AUTH_EXPECTS_PROOF, 0 },
		[NM_AUTH_EV_PROOF]	= { NM_AUTH_FAILED, -1 },
		[NM_AUTH_EV_WRONG]	= { NM_AUTH_FAILED, -1 },
	},
	[NM_AUTH_EXPECTS_PROOF] = {
		[NM_AUTH_EV_CHALLENGE]	= { NM_AUTH_FAILED, -1 },
		[NM_AUTH_EV_PROOF]	= { NM_AUTH_DONE, 1 },
		[NM_AUTH_EV_WRONG]	= { NM_AUTH_FAILED, -1 },
	},
	[NM_AUTH_DONE] = {
		[NM_AUTH_EV_CHALLENGE]	= { NM_AUTH_FAILED, -1 },
		[NM_AUTH_EV_PROOF]	= { NM_AUTH_FAILED, -1 },
		[NM_AUTH_EV_WRONG]	= { NM_AUTH_FAILED, -1 },
	},
	[NM_AUTH_FAILED] = {
		[NM_AUTH_EV_CHALLENGE]	= { NM_AUTH_FAILED, -1 },
		[NM_AUTH_EV_PROOF]	= { NM_AUTH_FAILED, -1 },
		[NM_AUTH_EV_WRONG]	= { NM_AUTH_FAILED, -1 },
	},
};

void nm_auth_init(struct nm_auth *a, u8 node_id, const u8 *uuid, u64 session,
		  const u8 *nonce)
{
	memset(a, 0, sizeof(*a));
	a->state = NM_AUTH_EXPECTS_CHALLENGE;
	a->node_id = node_id;
	memcpy(a->uuid, uuid, NM_UUID_LEN);
	a->session = session;
	memcpy(a->nonce[node_id], nonce, NM_NONCE_LEN);
}

bool nm_auth_step(struct nm_auth *a, enum nm_auth_event event)
{
	s8 answers = edges[a->state][event].answers;

	a->state = edges[a->state][event].next;
	return answers == a->node_id;
}

static void fill_text(const struct nm_auth *a, const char *label, u8 prover,
		      u8 channel, struct nm_wire_auth_text *text)
{
	memset(text, 0, sizeof(*text));
	memcpy(text->label, label, sizeof(text->label));
	text->version = cpu_to_le16(NM_WIRE_VERSION);
	text->prover = prover;
	text->channel = channel;
	text->session = cpu_to_le64(a->session);
	memcpy(text->uuid, a->uuid, NM_UUID_LEN);
	memcpy(text->nonce, a->nonce, sizeof(text->nonce));
}

void nm_auth_proof_text(const struct nm_auth *a, u8 prover,
			struct nm_wire_auth_text *text)
{
	fill_text(a, NM_AUTH_LABEL_PROOF, prover, 0, text);
}

/* Node 0 connects the channels. */
void nm_auth_token_text(const struct nm_auth *a, u8 channel,
			struct nm_wire_auth_text *text)
{
	fill_text(a, NM_AUTH_LABEL_TOKEN, 0, channel, text);
}

/* Volatile reads: no compiler may stop at the first difference. */
bool nm_auth_same(const u8 *a, const u8 *b, size_t len)
{
	u8 diff = 0;

	for (; len; len--, a++, b++)
		diff |= READ_ONCE(*a) ^ READ_ONCE(*b);
	return !diff;
}
