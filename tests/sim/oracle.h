/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracles: they look at what is durable on both legs and at what the
 * application was told, and know everything that happened.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "app.h"

struct nm_sb;

/* @split_brain: both nodes may be promoted, and their data part. */
void oracle_reset(bool split_brain);
/* A write or flush succeeded: I1, I2, I3 and I4. */
void oracle_acked(const struct app_result *r);
/* Something changed on a node: roles, sessions. */
void oracle_event(int node);
void oracle_power_cut(int node);
/* Whatever may differ between the legs is marked durably: I3. */
void oracle_check_marks(void);
/* Everything is quiet and in sync: I7. */
void oracle_check_equal(void);
/* Nobody is waiting for more than the bounds say: I10. */
void oracle_check_waits(void);

/* What is durable on its leg. */
const struct nm_sb *oracle_sb(int node);
/* Role changes of a node so far. */
u64 oracle_nr_roles(int node);
/* Is the node's leg all it needs to serve I/O? */
bool oracle_peer_serves(int node);
bool oracle_has_good_leg(int node);
/* May the other node hold acknowledged writes that this one does not? */
bool oracle_is_behind(int node);
/* Has it all that was acknowledged, so that the other leg may be given up? */
bool oracle_is_whole(int node);
/* A disk that fails makes errors legitimate. */
void oracle_allow_errors(bool allow);
/* One that was put back is not as anybody left it. */
void oracle_allow_rollback(bool allow);
/* One that was changed by somebody else makes differences legitimate. */
void oracle_allow_damage(bool allow);

#endif
