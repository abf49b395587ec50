// SPDX-License-Identifier: GPL-2.0-only
#include "lio.h"
#include "status-json.h"

static void add(json_object *to, const char *key, json_object *value)
{
	json_object_object_add(to, key, value);
}

static json_object *string(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static const char *health(char letter, bool in_reach)
{
	switch (letter) {
	case 'A':
		return "in-sync";
	case 'a':
		return "out-of-sync";
	case 'D':
		return in_reach ? "failed" : "unreachable";
	default:
		return NULL;
	}
}

/* A leg by its node; what the configuration does not say is null. */
static json_object *leg(const struct nm_node *node, bool local,
			const char *health)
{
	json_object *j = json_object_new_object();

	add(j, "node", string(node ? node->name : NULL));
	add(j, "local", json_object_new_boolean(local));
	add(j, "device", string(node ? node->leg : NULL));
	add(j, "metadata", string(!node ? NULL : *node->metadata ?
				  node->metadata : "internal"));
	add(j, "address", string(node && *node->address ? node->address : NULL));
	add(j, "health", string(health));
	return j;
}

static json_object *legs(const struct nm_mirror *m)
{
	const struct nm_status *s = &m->status;
	bool known = m->is_up && !s->failed;
	bool connected = known && !strcmp(s->link, "connected");
	json_object *j = json_object_new_array();

	json_object_array_add(j, leg(m->has_config ? m->config.self : NULL, true,
				     health(known ? s->local : 0, true)));
	json_object_array_add(j, leg(m->has_config ? m->config.peer : NULL, false,
				     health(known ? s->peer : 0, connected)));
	return j;
}

static json_object *sync_part(const struct nm_mirror *m,
			      const struct nm_progress *p)
{
	long eta = p ? nm_progress_eta(p) : -1;
	json_object *j = json_object_new_object();

	add(j, "action", string(m->status.action));
	add(j, "progress",
	    json_object_new_double(nm_mirror_progress(m) / 10000.0));
	add(j, "left", nm_json_u64(nm_mirror_left(m)));
	add(j, "rate", p && p->rate >= 1 ? nm_json_u64(p->rate) : NULL);
	add(j, "eta", eta < 0 ? NULL : json_object_new_int64(eta));
	add(j, "regions_in_sync", nm_json_u64(m->status.in_sync));
	add(j, "regions_total", nm_json_u64(m->status.total));
	add(j, "mismatches", nm_json_u64(m->status.mismatches));
	add(j, "not_compared", nm_json_u64(nm_mirror_not_compared(m)));
	return j;
}

static json_object *link_part(const struct nm_status *s)
{
	json_object *j = json_object_new_object();
	bool refused = s->refusal != NM_REFUSE_NOT;

	add(j, "state", string(s->link));
	add(j, "refusal", string(refused ? nm_refusal_name(s->refusal) : NULL));
	add(j, "reason", string(refused ? nm_refusal_text(s->refusal) : NULL));
	return j;
}

/* A value of the status line, null where that says that it is not known. */
static json_object *known_word(const struct nm_status *s, const char *key)
{
	const char *value = nm_status_value(s, key);

	return value && strcmp(value, "unknown") && strcmp(value, "none") ?
	       string(value) : NULL;
}

static json_object *words(const char *list)
{
	json_object *j = json_object_new_array();

	while (list && *list && strcmp(list, "none")) {
		size_t len = strcspn(list, ",");

		json_object_array_add(j, json_object_new_string_len(list, len));
		list += len + (list[len] == ',');
	}
	return j;
}

/* What the nodes made of each other when they met last. */
static json_object *handshake_part(const struct nm_mirror *m)
{
	json_object *j = json_object_new_object();
	const struct nm_status *s = &m->status;

	add(j, "verdict", known_word(s, "verdict"));
	add(j, "why", string(m->verdict_why));
	add(j, "apart", known_word(s, "apart"));
	add(j, "differs", words(nm_status_value(s, "differs")));
	return j;
}

/* Settings and counters share the core arguments; unknown ones stay readable. */
static json_object *counters(const struct nm_status *s)
{
	json_object *j = json_object_new_object();
	u64 n;
	int i;

	for (i = 0; i < s->nr_pairs; i++) {
		const char *value = s->pairs[2 * i + 1];

		add(j, s->pairs[2 * i], nm_parse_number(value, &n) ?
		    string(value) : nm_json_u64(n));
	}
	return j;
}

static json_object *features(const struct nm_status *s)
{
	json_object *j = json_object_new_array();
	int i;

	for (i = 0; i < s->nr_features; i++)
		json_object_array_add(j, string(s->features[i]));
	return j;
}

static json_object *identity(const struct nm_mirror *m)
{
	char uuid[NM_UUID_STRLEN + 1];

	if (!m->has_config || !m->config.has_uuid)
		return NULL;
	nm_format_uuid(m->config.uuid, uuid);
	return string(uuid);
}

json_object *nm_status_json(const struct nm_mirror *m,
			    const struct nm_diagnosis *d,
			    const struct nm_progress *p)
{
	json_object *j = json_object_new_object();
	const struct nm_status *s = &m->status;
	bool known = m->is_up && !s->failed;

	add(j, "schema_version", json_object_new_int(NM_SCHEMA_VERSION));
	add(j, "name", string(m->name));
	add(j, "device", string(m->device));
	add(j, "uuid", identity(m));
	add(j, "state", string(d->state));
	add(j, "what", string(d->what));
	add(j, "action", string(*d->action ? d->action : NULL));
	add(j, "size", m->is_up ? nm_json_u64(m->dm.sectors << NM_SECTOR_SHIFT) :
				  NULL);
	add(j, "region_size", m->is_up ? nm_json_u64(m->region_bytes) : NULL);
	add(j, "open_count", m->is_up ? json_object_new_int(m->dm.open_count) :
					NULL);
	add(j, "exported", json_object_new_boolean(nm_mirror_is_exported(m)));
	add(j, "suspended", m->is_up ?
	    json_object_new_boolean(m->dm.suspended) : NULL);
	add(j, "event_number", m->is_up ? nm_json_u64(m->dm.event_nr) : NULL);
	add(j, "role", known ? string(s->role) : NULL);
	add(j, "peer_role", known ? known_word(s, "peer_role") : NULL);
	add(j, "link", known ? link_part(s) : NULL);
	add(j, "handshake", known ? handshake_part(m) : NULL);
	add(j, "legs", legs(m));
	add(j, "sync", known ? sync_part(m, p) : NULL);
	add(j, "io_held", known ? string(nm_status_value(s, "io_held")) : NULL);
	add(j, "outdated", known ?
	    json_object_new_boolean(nm_status_outdated(s)) : NULL);
	add(j, "generation", known && !s->blank ? string(s->generation) : NULL);
	add(j, "read_only", known ? json_object_new_boolean(s->read_only) : NULL);
	add(j, "needs_check", known ? json_object_new_boolean(s->needs_check) :
				      NULL);
	add(j, "features", known ? features(s) : NULL);
	add(j, "counters", known ? counters(s) : NULL);
	return j;
}

void nm_json_print(json_object *json, bool one_line)
{
	puts(json_object_to_json_string_ext(json, one_line ?
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE :
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(json);
}
