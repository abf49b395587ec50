/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the policies promise, judged by what is durable and by what the cluster
 * manager did, not by what the module thinks of it.
 */
#ifndef SIM_POLICY_H
#define SIM_POLICY_H

#include "app.h"

struct nm_mirror;

void policy_reset(void);
void policy_event(int node, const struct nm_mirror *m);
void policy_power_cut(int node);

/* The manager begins to say, and has said, that the node's peer is fenced. */
void policy_vouch(int node);
void policy_vouched(int node, int err);
/* It begins to take that back, and has. */
void policy_retract(int node);
void policy_retracted(int node, int err);
/* A BYE with "disconnected" was handed to the node. */
void policy_goodbye(int node, u64 session);

/* on_peer_loss is fence, the peer is lost and nobody vouches for it. */
bool policy_must_hold(int node);
/* Then, or when the node has not heard that it needn't, requests wait. */
bool policy_may_hold(int node);
/* That the node alone has a write is not enough for it. */
bool policy_bars_ack(const struct app_result *r);
/* A request of any kind succeeded. */
void policy_acked(const struct app_result *r);
/* The node parted from its primary in good order, and knows it. */
bool policy_is_aside(int node);

#endif
