/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_HOLDERS_H
#define NM_HOLDERS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Who uses a block device, as a list for people: devices stacked on it, mount
 * points, swap, else the processes that have it open.  "" when nobody is found.
 */
void nm_holders(dev_t dev, char *list, size_t size);

#endif
