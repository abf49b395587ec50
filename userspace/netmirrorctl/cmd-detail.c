// SPDX-License-Identifier: GPL-2.0-only
/*
 * detail: all that is known about a mirror, on one page.  It comes from the
 * configuration and from device-mapper; nothing is read from a device, since a
 * leg that hangs would hang whoever looks at it.
 */
#include <stdarg.h>
#include <sys/sysmacros.h>

#include "display.h"
#include "metadata.h"
#include "status-json.h"
#include "table-line.h"

static u64 flags_of(const struct nm_status *s)
{
	const char *value = nm_status_value(s, "leg_flags");
	u64 flags = 0;

	if (value)
		nm_parse_number(value, &flags);
	return flags;
}

/* --- text ----------------------------------------------------------------- */

static __attribute__((format(printf, 2, 3)))
void field(const char *label, const char *fmt, ...)
{
	va_list args;

	printf("%19s : ", label);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static void print_identity(const struct nm_opts *o, const struct nm_mirror *m,
			   const struct nm_diagnosis *d)
{
	char uuid[NM_UUID_STRLEN + 1];

	printf("%s:\n", m->name);
	if (m->has_config && m->config.has_uuid) {
		nm_format_uuid(m->config.uuid, uuid);
		field("UUID", "%s", uuid);
	}
	field("Configuration", "%s", m->has_config ? m->config.path : "none");
	fputs(nm_paint(o, d), stdout);
	field("State", "%s: %s", d->state, d->what);
	fputs(nm_paint(o, NULL), stdout);
	if (*d->action)
		field("Action", "%s", d->action);
}

static void print_size(const struct nm_mirror *m)
{
	char size[NM_SIZE_STRLEN], region[NM_SIZE_STRLEN];
	char *link = m->has_config ? nm_mirror_link(&m->config) : NULL;

	nm_format_size(m->dm.sectors << NM_SECTOR_SHIFT, size);
	nm_format_size(m->region_bytes, region);
	field("Size", "%llu sectors (%s)", (unsigned long long)m->dm.sectors,
	      size);
	field("Region Size", "%s", region);
	field("Device", "/dev/mapper/%s (%u:%u)%s%s", m->device,
	      major(m->dm.dev), minor(m->dm.dev), link ? ", " : "",
	      link ? link : "");
	field("Opened", "%d times", m->dm.open_count);
	free(link);
}

static void print_configured_node(const struct nm_node *n)
{
	field("Name", "%s (node %d)", n->name, n->id);
	if (*n->address)
		field("Address", "%s", n->address);
	field("Leg", "%s", n->leg);
	field("Metadata", "%s", *n->metadata ? n->metadata : "internal");
}

static void print_self(const struct nm_mirror *m, const struct nm_table_line *t)
{
	const struct nm_status *s = &m->status;
	u64 flags = flags_of(s);
	unsigned int i;

	heading("This node");
	if (m->has_config)
		print_configured_node(m->config.self);
	if (!m->is_up)
		return;
	field("In Use", "%s, data from sector %llu, metadata %s", t->local,
	      (unsigned long long)t->offset,
	      strcmp(t->meta, "-") ? t->meta : "internal");
	if (s->failed)
		return;
	field("Role", "%s%s", s->role, s->read_only ? ", read-only" : "");
	field("Leg State", "%s", nm_leg_words(s->local, true));
	printf("%19s :", "Leg Flags");
	for (i = 0; i < NM_NR_FLAGS; i++)
		if (flags >> i & 1)
			printf(" %s", nm_flag_names[i]);
	puts(flags ? "" : " none");
	field("Generation", "%s", s->blank ? "none yet" : s->generation);
}

static void print_peer(const struct nm_mirror *m)
{
	const struct nm_status *s = &m->status;
	const char *role = nm_status_value(s, "peer_role");

	heading("Peer");
	if (m->has_config)
		print_configured_node(m->config.peer);
	if (!m->is_up || s->failed)
		return;
	field("Role", "%s", role ? role : "unknown");
	field("Leg State", "%s",
	      nm_leg_words(s->peer, nm_status_is_connected(s)));
}

static void print_link(const struct nm_mirror *m, const struct nm_table_line *t)
{
	const struct nm_status *s = &m->status;
	const char *verdict = nm_status_value(s, "verdict");
	enum nm_refusal apart = nm_status_apart(s);
	const char *differs = nm_status_value(s, "differs");

	heading("Link");
	field("Remote", "%s", t->remote);
	if (t->listen)
		field("Listens", "%s", t->listen);
	field("Secret", "%s", t->secret ? t->secret : "none");
	if (s->failed)
		return;
	if (s->refusal != NM_REFUSE_NOT)
		field("State", "%s (%s): %s", s->link,
		      nm_refusal_name(s->refusal), nm_refusal_text(s->refusal));
	else
		field("State", "%s", s->link);
	if (s->refusal == NM_REFUSE_NOT && apart != NM_REFUSE_NOT)
		field("Apart Since", "%s", nm_refusal_text(apart));
	if (verdict)
		field("Last Verdict", "%s%s%s", verdict,
		      m->verdict_why ? ": " : "",
		      m->verdict_why ? m->verdict_why : "");
	if (differs)
		field("Nodes Differ In", "%s",
		      strcmp(differs, "none") ? differs : "nothing");
}

static void print_sync(const struct nm_mirror *m)
{
	const struct nm_status *s = &m->status;
	unsigned int done = nm_mirror_progress(m);
	const char *held = nm_status_value(s, "io_held");
	char left[NM_SIZE_STRLEN];

	heading("Data");
	nm_format_size(nm_mirror_left(m), left);
	field("Sync", "%s, %u.%02u%%, %s left", s->action, done / 100,
	      done % 100, left);
	field("In Sync", "%llu of %llu regions", (unsigned long long)s->in_sync,
	      (unsigned long long)s->total);
	field("Mismatches", "%llu", (unsigned long long)s->mismatches);
	if (held)
		field("I/O Waits For", "%s", strcmp(held, "no") ? held :
		      "nothing");
}

static void print_policies(const struct nm_status *s)
{
	static const char *const policies[] = {
		"on_peer_loss", "after_split_brain",
	};
	const char *value;
	unsigned int i;

	heading("Policies");
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		value = nm_status_value(s, policies[i]);
		field(policies[i], "%s", value ? value : "unknown");
	}
	for (i = 0; (int)i < s->nr_features; i++)
		field("feature", "%s", s->features[i]);
}

static void print_numbers(const struct nm_mirror *m,
			  const struct nm_table_line *t)
{
	const struct nm_status *s = &m->status;
	u64 n;
	int i;

	heading("Settings that are not the default");
	for (i = 0; i < t->nr_settings; i++)
		field(t->settings[2 * i], "%s", t->settings[2 * i + 1]);
	if (!t->nr_settings)
		field("none", "\"netmirrorctl detail %s --json\" has all",
		      m->name);
	heading("Counters");
	for (i = 0; i < s->nr_pairs; i++)
		if (!nm_is_setting(s->pairs[2 * i]) &&
		    strcmp(s->pairs[2 * i], "leg_flags") &&
		    !nm_parse_number(s->pairs[2 * i + 1], &n))
			field(s->pairs[2 * i], "%llu", (unsigned long long)n);
}

static void print_text(const struct nm_opts *o, const struct nm_mirror *m,
		       const struct nm_table_line *t)
{
	struct nm_diagnosis d;

	nm_diagnose(m, &d);
	print_identity(o, m, &d);
	if (m->is_up)
		print_size(m);
	print_self(m, t);
	print_peer(m);
	if (!m->is_up)
		return;
	print_link(m, t);
	if (m->status.failed)
		return;
	print_sync(m);
	print_policies(&m->status);
	print_numbers(m, t);
}

/* --- JSON ----------------------------------------------------------------- */

static void add(json_object *to, const char *key, json_object *value)
{
	json_object_object_add(to, key, value);
}

static json_object *string(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static json_object *value_of(const char *text)
{
	u64 n;

	return nm_parse_number(text, &n) ? string(text) : nm_json_u64(n);
}

static json_object *table_part(const struct nm_table_line *t)
{
	json_object *j = json_object_new_object();

	add(j, "leg", string(t->local));
	add(j, "metadata", strcmp(t->meta, "-") ? string(t->meta) : NULL);
	add(j, "data_offset", nm_json_u64(t->offset << NM_SECTOR_SHIFT));
	add(j, "remote", string(t->remote));
	add(j, "listen", string(t->listen));
	add(j, "secret", string(t->secret));
	return j;
}

/* All settings, or those that are not the default. */
static json_object *settings_part(char *const *pairs, int nr)
{
	json_object *j = json_object_new_object();
	int i;

	for (i = 0; i < nr; i++)
		if (nm_is_setting(pairs[2 * i]))
			add(j, pairs[2 * i], value_of(pairs[2 * i + 1]));
	return j;
}

static json_object *flags_part(const struct nm_status *s)
{
	json_object *j = json_object_new_array();
	u64 flags = flags_of(s);
	unsigned int i;

	for (i = 0; i < NM_NR_FLAGS; i++)
		if (flags >> i & 1)
			json_object_array_add(j, string(nm_flag_names[i]));
	return j;
}

static void print_json(const struct nm_mirror *m, const struct nm_table_line *t)
{
	const struct nm_status *s = &m->status;
	bool known = m->is_up && !s->failed;
	struct nm_diagnosis d;
	json_object *j;

	nm_diagnose(m, &d);
	j = nm_status_json(m, &d, NULL);
	add(j, "configuration", string(m->has_config ? m->config.path : NULL));
	add(j, "device_number", NULL);
	if (m->is_up) {
		char number[32];

		snprintf(number, sizeof(number), "%u:%u", major(m->dm.dev),
			 minor(m->dm.dev));
		add(j, "device_number", string(number));
	}
	add(j, "table", m->is_up ? table_part(t) : NULL);
	add(j, "settings", known ? settings_part(s->pairs, s->nr_pairs) : NULL);
	add(j, "changed_settings",
	    m->is_up ? settings_part(t->settings, t->nr_settings) : NULL);
	add(j, "leg_flags", known ? flags_part(s) : NULL);
	nm_json_print(j, false);
}

int nm_cmd_detail(const struct nm_opts *o)
{
	struct nm_table_line t = { 0 };
	struct nm_mirror m;
	int ret;

	ret = nm_mirror_find(&m, o, o->args[0]);
	if (!ret && m.is_up && nm_table_line_parse(&t, m.dm.table)) {
		nm_error("cannot understand the table of %s: the module and " NM_TOOL_NAME
			 " are of different versions; the line is \"%s\"",
			 m.name, m.dm.table);
		ret = NM_EXIT_FAILED;
	}
	if (!ret) {
		nm_mirror_ask(&m);
		if (nm_given(o, NM_OPT_JSON))
			print_json(&m, &t);
		else
			print_text(o, &m, &t);
	}
	nm_table_line_put(&t);
	nm_mirror_put(&m);
	return ret;
}
