/* SPDX-License-Identifier: GPL-2.0-only */
/* The application: I/O on the mirror's device, checked against the history. */
#ifndef SIM_APP_H
#define SIM_APP_H

#include <linux/types.h>

enum app_op {
	APP_READ,
	APP_WRITE,
	APP_FLUSH,
	APP_ZEROES,
	APP_DISCARD,
	APP_NR_OPS,
};

#define APP_MAX_BLOCKS	6

struct app_request {
	enum app_op op;
	u32 first;
	u32 nr;
	bool fua;
	bool preflush;
};

/* What the oracles look at when a request is acknowledged. */
struct app_result {
	int node;
	enum app_op op;
	u32 first;
	u32 nr;
	bool fua;
	u64 issued;
	u64 session;		/* of the node, when it was issued */
	u64 id;			/* of the first block's write */
	const u64 *version;
};

void app_reset(u32 nr_blocks);
void app_submit(int node, const struct app_request *req);
int app_nr_inflight(int node);
/* When the oldest request in flight was issued; sim_now if there is none. */
u64 app_oldest(int node);
void app_power_cut(int node);
/* Do reads and errors count? Not where two histories are on the way. */
void app_check(bool check);

#endif
