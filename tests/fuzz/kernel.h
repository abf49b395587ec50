/* SPDX-License-Identifier: GPL-2.0-only */
/* What table.c and target.c use of the kernel and the simulator's has not. */
#ifndef NM_FUZZ_KERNEL_H
#define NM_FUZZ_KERNEL_H

#include <linux/device-mapper.h>

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= -4095UL;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

struct dm_arg_set {
	unsigned int argc;
	char **argv;
};

struct dm_arg {
	unsigned int min, max;
	char *error;
};

const char *dm_shift_arg(struct dm_arg_set *as);
int dm_read_arg_group(const struct dm_arg *arg, struct dm_arg_set *as,
		      unsigned int *nr, char **error);

typedef unsigned int blk_mode_t;
blk_mode_t dm_table_get_mode(struct dm_table *t);
int dm_get_device(struct dm_target *ti, const char *path, blk_mode_t mode,
		  struct dm_dev **dev);

int kstrtouint(const char *s, unsigned int base, unsigned int *n);
int kstrtoull(const char *s, unsigned int base, unsigned long long *n);

/* The mirror that is made and freed, and what is asked of it. */
struct nm_cmd;
extern struct nm_cmd fuzz_cmd;		/* the last one */
extern unsigned int fuzz_nr_cmds;

/* Fail the @nth allocation or device from now on; 0: none. */
void fuzz_fail_at(unsigned int nth);
/* Allocations and devices that were not given back. */
unsigned int fuzz_nr_held(void);

#endif
