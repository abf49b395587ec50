/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version of the module and the tool.  dkms.conf and debian/changelog, which
 * cannot include this, repeat it.
 */
#ifndef NETMIRROR_VERSION_H
#define NETMIRROR_VERSION_H

#define NM_VERSION	"0.1"

#endif
