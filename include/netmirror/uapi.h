/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words that the module and its users share: table features, core arguments,
 * messages and the names printed in a status line.
 */
#ifndef NETMIRROR_UAPI_H
#define NETMIRROR_UAPI_H

#define NM_TARGET_NAME		"netmirror"
#define NM_DM_UUID_PREFIX	"NETMIRROR-"

/* The secret: bytes of a logon key, and how the tool begins its description. */
#define NM_SECRET_MIN		16
#define NM_SECRET_MAX		64
#define NM_KEY_PREFIX		"netmirror:"

enum nm_role {
	NM_SECONDARY	= 0,
	NM_PRIMARY	= 1,
};

/* on_peer_loss: what a primary does with I/O when it loses its peer. */
enum nm_loss {
	NM_LOSS_CONTINUE	= 0,
	NM_LOSS_FENCE		= 1,	/* hold it until the peer is known to be out */
	NM_NR_LOSSES,
};

/*
 * after_split_brain: whose changes are given up.  Both nodes must have the same
 * rule, and it never takes effect against a primary.
 */
enum nm_split {
	NM_SPLIT_NONE		= 0,	/* stay apart until a person decides */
	NM_SPLIT_YOUNGER	= 1,	/* of who went on alone later */
	NM_SPLIT_OLDER		= 2,
	NM_SPLIT_LEAST_CHANGES	= 3,	/* of who has fewer dirty regions */
	NM_SPLIT_NODE_0		= 4,
	NM_SPLIT_NODE_1		= 5,
	NM_NR_SPLITS,
};

/*
 * Why something was refused.  The words are in core/names.c, one sentence
 * each; the codes travel over the wire and must keep their numbers.
 */
enum nm_refusal {
	NM_REFUSE_NOT		= 0,
	NM_REFUSE_VERSION	= 1,
	NM_REFUSE_UUID		= 2,
	NM_REFUSE_NODE_ID	= 3,
	NM_REFUSE_SIZE		= 4,	/* mirror does not fit the peer's leg */
	NM_REFUSE_GEOMETRY	= 5,	/* region or zone size differs */
	NM_REFUSE_FEATURES	= 6,
	NM_REFUSE_SPLIT_BRAIN	= 7,
	NM_REFUSE_UNRELATED	= 8,
	NM_REFUSE_INCONSISTENT	= 9,	/* no leg with usable data */
	NM_REFUSE_PRIMARY_STALE	= 10,	/* the primary would have to be overwritten */
	NM_REFUSE_TWO_PRIMARIES	= 11,
	NM_REFUSE_LEG_FAILED	= 12,
	NM_REFUSE_BUSY		= 13,	/* still fencing the old session; try again */
	NM_REFUSE_SUSPENDED	= 14,
	NM_REFUSE_DISCONNECTED	= 15,	/* by the admin */
	NM_REFUSE_PROTOCOL	= 16,	/* a message that makes no sense */
	NM_REFUSE_RESTART	= 17,	/* the handshake starts over; try again */
	NM_REFUSE_OUTDATED	= 18,
	NM_REFUSE_NO_EVIDENCE	= 19,	/* promotion without proof about the peer */
	NM_REFUSE_NO_LEG	= 20,	/* the only whole leg is the peer's */
	NM_REFUSE_PEER_IS_PRIMARY = 21,
	NM_REFUSE_AUTH		= 22,	/* no proof that the secret is the same */
	NM_REFUSE_CONNECTED	= 23,	/* the peer is there: nothing to vouch for */
	NM_REFUSE_NOT_PRIMARY	= 24,
	NM_REFUSE_IS_PRIMARY	= 25,
	NM_REFUSE_HOLDS_IO	= 26,	/* the I/O of this primary would be held */
	NM_REFUSE_NOT_IN_SYNC	= 27,	/* takes both legs, connected and in sync */
	NM_REFUSE_GOES_ON	= 28,	/* on_peer_loss says so, and nobody's word */
	NM_REFUSE_MAX		= 28,
};

#endif
