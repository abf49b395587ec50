/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes, times, identifiers and addresses as people write them. */
#ifndef NM_UNITS_H
#define NM_UNITS_H

#include "nm_env.h"
#include <netmirror/disk.h>

#define NM_SECTOR_SHIFT		9
#define NM_UUID_STRLEN		36
#define NM_HEX_STRLEN		32
#define NM_ADDRESS_STRLEN	64
#define NM_SIZE_STRLEN		32

/* "64K", "1G", "2048s"; "0" is the only number without a unit. */
int nm_parse_size(const char *s, u64 *bytes);
/* "500ms", "2s" */
int nm_parse_ms(const char *s, u64 *ms);
/* Digits only. */
int nm_parse_number(const char *s, u64 *n);
/* 32 hex digits, with or without dashes; not all zero. */
int nm_parse_uuid(const char *s, u8 *uuid);
/*
 * "10.77.0.1", "10.77.0.1:7790", "[fd00::2]:7790", "[fd00::2]"; written to
 * @out with its port.  Numbers only: a mirror must not depend on a name server.
 */
int nm_parse_address(const char *s, char out[NM_ADDRESS_STRLEN]);

void nm_format_uuid(const u8 *uuid, char out[NM_UUID_STRLEN + 1]);
void nm_format_hex(const u8 *id, char out[NM_HEX_STRLEN + 1]);
/* "1.5 GiB" */
void nm_format_size(u64 bytes, char out[NM_SIZE_STRLEN]);
/* "1h 02m", "3m 20s", "12s" */
void nm_format_seconds(u64 seconds, char out[NM_SIZE_STRLEN]);

#endif
