/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_STATUS_JSON_H
#define NM_STATUS_JSON_H

#include <json.h>

#include "diagnosis.h"

#define NM_SCHEMA_VERSION	1

/* A mirror as netmirrorctl(8) describes it; @eta in seconds, -1: unknown. */
json_object *nm_status_json(const struct nm_mirror *m,
			    const struct nm_diagnosis *d, long eta);

/* Print and free; on one line, or laid out for people. */
void nm_json_print(json_object *json, bool one_line);

/* A number that fits no int64 would be a lie; ours do. */
static inline json_object *nm_json_u64(u64 n)
{
	return json_object_new_int64(n);
}

#endif
