/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_STATUS_JSON_H
#define NM_STATUS_JSON_H

#include <json.h>

#include "diagnosis.h"
#include "progress.h"

/*
 * One for all documents.  Files in schema/ describe them; what is added there
 * keeps the version, what goes away or changes its meaning does not.
 */
#define NM_SCHEMA_VERSION	1

/* A mirror as schema/status.json describes it; @p may be NULL. */
json_object *nm_status_json(const struct nm_mirror *m,
			    const struct nm_diagnosis *d,
			    const struct nm_progress *p);

/* Print and free; on one line, or laid out for people. */
void nm_json_print(json_object *json, bool one_line);

/* A number that fits no int64 would be a lie; ours do. */
static inline json_object *nm_json_u64(u64 n)
{
	return json_object_new_int64(n);
}

#endif
