/* SPDX-License-Identifier: GPL-2.0-only */
/* Which addresses two nodes use with each other. */
#ifndef NM_ROUTE_H
#define NM_ROUTE_H

#include "units.h"

/*
 * Fill in what is "": the peer's address, found by its host name, and this
 * node's, from which packets to the peer go out.  What cannot be found stays
 * as it is.
 */
void nm_route_find(const char *peer_name, char self[NM_ADDRESS_STRLEN],
		   char peer[NM_ADDRESS_STRLEN]);

#endif
