/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_CONFDIR_H
#define NM_CONFDIR_H

#include "nm_env.h"

/* Call @fn for the name of each configured mirror, in alphabetical order. */
void nm_config_for_each(void (*fn)(void *arg, const char *name), void *arg);

/* Its uuid, from a configuration that may have errors elsewhere. */
bool nm_config_get_uuid(const char *name, u8 *uuid);

/*
 * Does the configuration of @name give that uuid?  Looks at nothing else in
 * it, so that an error in one file does not hide another mirror.
 */
bool nm_config_has_uuid(const char *name, const u8 *uuid);

#endif
