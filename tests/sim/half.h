/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HALF_H
#define SIM_HALF_H

#include <linux/types.h>

/*
 * Writes of a superblock that failed: nobody knows whether the copy has it, until a
 * later one succeeds.
 */
void half_reset(int node);
/* @sb did not get to where @now is. */
void half_failed(int node, const u8 *sb, const u8 *now);
void half_written(int node, const u8 *sb);
/* The metadata are written anew, or power is lost. */
void half_forget(int node);
/* With a new generation, so that nobody knows which one is found there later? */
bool half_is_turned(int node);
/* And nothing was done about that? */
bool half_is_left(int node);
/* With the word that the leg does not stand aside any more? */
bool half_is_settled(int node);

#endif
