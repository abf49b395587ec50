/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What data a bio carries.  A block of application data is only a version: its
 * first eight bytes.  The rest is zero or not there at all.
 */
#ifndef SIM_BIO_H
#define SIM_BIO_H

#include <linux/bio.h>

/* Bytes of a data block, the unit of the application: 4096, or a sector. */
extern u32 sim_block;
#define SIM_BLOCK_SECTORS	(sim_block >> SECTOR_SHIFT)

/* The version in block @block of what @iter describes. */
u64 *bio_content(const struct bio_vec *table, struct bvec_iter iter, u32 block);

#endif
