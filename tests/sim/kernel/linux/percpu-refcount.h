/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_PERCPU_REFCOUNT_H
#define SIM_LINUX_PERCPU_REFCOUNT_H

#include <linux/percpu.h>

#define PERCPU_REF_ALLOW_REINIT	1

struct percpu_ref;
typedef void (percpu_ref_func_t)(struct percpu_ref *ref);

struct percpu_ref {
	long count;
	bool live;		/* between init and exit */
	bool dead;		/* killed */
	percpu_ref_func_t *release;
};

int percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release,
		    unsigned int flags, gfp_t gfp);
void percpu_ref_exit(struct percpu_ref *ref);
/* Whether the count is zero shows some time later, as behind a grace period. */
void percpu_ref_kill(struct percpu_ref *ref);
void percpu_ref_reinit(struct percpu_ref *ref);
bool percpu_ref_tryget_live(struct percpu_ref *ref);
void percpu_ref_get(struct percpu_ref *ref);
void percpu_ref_put(struct percpu_ref *ref);

#endif
