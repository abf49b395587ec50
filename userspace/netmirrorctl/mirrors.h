/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_MIRRORS_H
#define NM_MIRRORS_H

#include "mirror.h"

typedef void (*nm_mirror_fn)(void *arg, struct nm_mirror *m);

/*
 * Call @fn for the mirrors that the command line names; if it names none, for
 * each that is configured or running here.  Returns the worst enum nm_exit of
 * those that could not be read, after messages; the others are not left out.
 */
int nm_mirror_for_each(const struct nm_opts *o, nm_mirror_fn fn, void *arg);

#endif
