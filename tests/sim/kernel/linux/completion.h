/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_COMPLETION_H
#define SIM_LINUX_COMPLETION_H

#include <linux/wait.h>

struct completion {
	unsigned int done;
};

#define DECLARE_COMPLETION_ONSTACK(name)	struct completion name = { 0 }

static inline void init_completion(struct completion *x)
{
	x->done = 0;
}

#define reinit_completion	init_completion

void complete(struct completion *x);
void complete_all(struct completion *x);
void wait_for_completion(struct completion *x);
unsigned long wait_for_completion_timeout(struct completion *x,
					  unsigned long timeout);
bool completion_done(struct completion *x);

#define wait_for_completion_io	wait_for_completion

#endif
