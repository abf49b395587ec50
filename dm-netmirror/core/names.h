/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words for codes, the same in the log, the status line and the tool.
 * No function returns NULL: an unknown code is "unknown".
 */
#ifndef NM_NAMES_H
#define NM_NAMES_H

#include "verdict.h"

const char *nm_op_name(u16 op);			/* "READ" */
const char *nm_role_name(enum nm_role role);	/* "primary" */
const char *nm_verdict_name(enum nm_verdict v);	/* "full-from-peer" */
const char *nm_refusal_name(enum nm_refusal r);	/* "split-brain" */
/* One sentence: what is wrong, as the node that is refused would read it. */
const char *nm_refusal_text(enum nm_refusal r);
/* One sentence: what the admin does next; "" when nothing is to be done. */
const char *nm_refusal_advice(enum nm_refusal r);
/* Values of on_peer_loss and after_split_brain; each ends with NULL. */
extern const char *const nm_loss_names[NM_NR_LOSSES + 1];
extern const char *const nm_split_names[NM_NR_SPLITS + 1];
/* The settings behind NM_DIFF_*, by number of the bit, as the table has them. */
extern const char *const nm_diff_names[NM_NR_DIFFS];
/* Does it make sense to try again without anybody doing anything? */
bool nm_refusal_is_transient(enum nm_refusal r);

#endif
