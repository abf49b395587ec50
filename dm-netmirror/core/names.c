// SPDX-License-Identifier: GPL-2.0-only
#include "names.h"
#include <netmirror/wire.h>

static const char unknown[] = "unknown";

static const char *word(const char *const *names, size_t nr, size_t i)
{
	return i < nr && names[i] ? names[i] : unknown;
}

const char *nm_op_name(u16 op)
{
	static const char *const names[] = {
		[NM_OP_READ] = "READ",
		[NM_OP_WRITE] = "WRITE",
		[NM_OP_FLUSH] = "FLUSH",
		[NM_OP_DISCARD] = "DISCARD",
		[NM_OP_WRITE_ZEROES] = "WRITE_ZEROES",
		[NM_OP_RESPONSE] = "RESPONSE",
		[NM_OP_HELLO] = "HELLO",
		[NM_OP_MARKS] = "MARKS",
		[NM_OP_READY] = "READY",
		[NM_OP_ROLE_ASK] = "ROLE_ASK",
		[NM_OP_ROLE_ANSWER] = "ROLE_ANSWER",
		[NM_OP_ROLE_IS] = "ROLE_IS",
		[NM_OP_SYNC_DONE] = "SYNC_DONE",
		[NM_OP_SYNC_TAKEN] = "SYNC_TAKEN",
		[NM_OP_SYNCED] = "SYNCED",
		[NM_OP_MEETING] = "MEETING",
		[NM_OP_PULL_DONE] = "PULL_DONE",
		[NM_OP_PING] = "PING",
		[NM_OP_BYE] = "BYE",
		[NM_OP_AUTH_CHALLENGE] = "AUTH_CHALLENGE",
		[NM_OP_AUTH_PROOF] = "AUTH_PROOF",
	};

	return word(names, ARRAY_SIZE(names), op);
}

const char *nm_role_name(enum nm_role role)
{
	static const char *const names[] = {
		[NM_SECONDARY] = "secondary",
		[NM_PRIMARY] = "primary",
	};

	return word(names, ARRAY_SIZE(names), role);
}

const char *nm_verdict_name(enum nm_verdict v)
{
	static const char *const names[] = {
		[NM_V_IN_SYNC] = "in-sync",
		[NM_V_TO_PEER] = "to-peer",
		[NM_V_FROM_PEER] = "from-peer",
		[NM_V_FULL_TO_PEER] = "full-to-peer",
		[NM_V_FULL_FROM_PEER] = "full-from-peer",
		[NM_V_NO_DATA] = "no-data",
		[NM_V_REFUSE] = "refuse",
	};

	return word(names, ARRAY_SIZE(names), v);
}

const char *const nm_loss_names[NM_NR_LOSSES + 1] = {
	[NM_LOSS_CONTINUE] = "continue",
	[NM_LOSS_FENCE] = "fence",
};

const char *const nm_split_names[NM_NR_SPLITS + 1] = {
	[NM_SPLIT_NONE] = "none",
	[NM_SPLIT_YOUNGER] = "discard-younger",
	[NM_SPLIT_OLDER] = "discard-older",
	[NM_SPLIT_LEAST_CHANGES] = "discard-least-changes",
	[NM_SPLIT_NODE_0] = "discard-node-0",
	[NM_SPLIT_NODE_1] = "discard-node-1",
};

const char *const nm_diff_names[NM_NR_DIFFS] = {
	"after_split_brain", "on_peer_loss", "timeout_ms",
};

static const struct refusal {
	const char *name;
	const char *text;
	const char *advice;
} refusals[] = {
	[NM_REFUSE_NOT] = {
		"none", "nothing was refused", "" },
	[NM_REFUSE_VERSION] = {
		"version", "the nodes speak different protocol versions",
		"install the same version of dm-netmirror on both nodes" },
	[NM_REFUSE_UUID] = {
		"uuid", "the peer's metadata belong to another mirror",
		"check the address of the peer and the local device on both nodes" },
	[NM_REFUSE_NODE_ID] = {
		"node-id", "both nodes have the same node id",
		"replace the leg that was copied from the other node's" },
	[NM_REFUSE_SIZE] = {
		"size", "the mirror has another size on the peer, or does not fit its leg",
		"give both legs the same size, then resize the mirror" },
	[NM_REFUSE_GEOMETRY] = {
		"geometry", "the nodes disagree on the region or zone size",
		"replace the leg with the wrong sizes" },
	[NM_REFUSE_FEATURES] = {
		"features", "the nodes use different features",
		"load the same table features on both nodes" },
	[NM_REFUSE_SPLIT_BRAIN] = {
		"split-brain", "both legs were written apart from each other",
		"connect again, on the node whose changes are to be lost as a secondary and with discard" },
	[NM_REFUSE_UNRELATED] = {
		"unrelated", "the legs have no common history",
		"invalidate the leg that is to be overwritten and connect again" },
	[NM_REFUSE_INCONSISTENT] = {
		"inconsistent", "the only leg that could be copied from is inconsistent",
		"restore a backup, or promote by force and expect damaged data" },
	[NM_REFUSE_PRIMARY_STALE] = {
		"primary-stale", "the primary has the older data and would have to be overwritten",
		"stop using the mirror on the primary, demote it and connect again" },
	[NM_REFUSE_TWO_PRIMARIES] = {
		"two-primaries", "both nodes are primary",
		"demote one of them" },
	[NM_REFUSE_LEG_FAILED] = {
		"leg-failed", "a leg has failed and was not replaced",
		"attach the failed leg when it is well again, or replace it" },
	[NM_REFUSE_BUSY] = {
		"busy", "a session with the peer is just beginning or ending", "" },
	[NM_REFUSE_SUSPENDED] = {
		"suspended", "the mirror is suspended on the peer", "" },
	[NM_REFUSE_DISCONNECTED] = {
		"disconnected", "the peer was disconnected by its administrator",
		"connect the mirror on the peer" },
	[NM_REFUSE_PROTOCOL] = {
		"protocol", "the peer received a message that makes no sense",
		"look into the kernel log of both nodes and report a bug" },
	[NM_REFUSE_RESTART] = {
		"restart", "the handshake has to start over", "" },
	[NM_REFUSE_OUTDATED] = {
		"outdated", "the leg is outdated: the peer has newer data",
		"connect to the peer, or promote by force and lose its newer data" },
	[NM_REFUSE_NO_EVIDENCE] = {
		"no-evidence", "nothing proves that the peer is not in use",
		"connect to the peer, or make sure it is down and promote with --peer-fenced" },
	[NM_REFUSE_NO_LEG] = {
		"no-leg", "without the peer this primary has no leg with all the data",
		"wait until the resync is over, or demote this node first" },
	[NM_REFUSE_PEER_IS_PRIMARY] = {
		"peer-is-primary", "the peer is primary",
		"demote the peer first" },
	[NM_REFUSE_AUTH] = {
		"auth", "the peer could not prove that it knows the secret",
		"load the mirror with the same secret on both nodes and connect again" },
	[NM_REFUSE_CONNECTED] = {
		"connected", "the peer is connected", "" },
	[NM_REFUSE_NOT_PRIMARY] = {
		"not-primary", "this node is not primary",
		"give the command on the primary, or promote this node first" },
	[NM_REFUSE_IS_PRIMARY] = {
		"is-primary", "this node is primary, whose data are never given up",
		"demote it first" },
	[NM_REFUSE_HOLDS_IO] = {
		"holds-io", "the I/O of this primary would be held, since on_peer_loss is fence",
		"disconnect the secondary instead, which then stands aside" },
	[NM_REFUSE_NOT_IN_SYNC] = {
		"not-in-sync", "that takes both legs, connected and in sync",
		"wait until both legs are in sync" },
	[NM_REFUSE_GOES_ON] = {
		"goes-on", "this primary goes on without its peer, since on_peer_loss is continue",
		"to end that, stop the applications and demote it" },
};

static_assert(ARRAY_SIZE(refusals) == NM_REFUSE_MAX + 1, "refusals");

static const struct refusal *refusal_of(enum nm_refusal r)
{
	static const struct refusal none = { unknown, unknown, "" };

	return (size_t)r < ARRAY_SIZE(refusals) ? &refusals[r] : &none;
}

const char *nm_refusal_name(enum nm_refusal r)
{
	return refusal_of(r)->name;
}

const char *nm_refusal_text(enum nm_refusal r)
{
	return refusal_of(r)->text;
}

const char *nm_refusal_advice(enum nm_refusal r)
{
	return refusal_of(r)->advice;
}

bool nm_refusal_is_transient(enum nm_refusal r)
{
	return r == NM_REFUSE_BUSY || r == NM_REFUSE_SUSPENDED ||
	       r == NM_REFUSE_RESTART;
}
