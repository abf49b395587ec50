// SPDX-License-Identifier: GPL-2.0-only
#include "list-columns.h"

/* Is there a status line to look at? */
static bool known(const struct nm_mirror *m)
{
	return m->is_up && !m->status.failed;
}

static u64 put(char *text, const char *value)
{
	snprintf(text, NM_CELL_LEN, "%s", value && *value ? value : "-");
	return 0;
}

static u64 put_size(char *text, bool is_known, u64 bytes)
{
	if (!is_known)
		return put(text, NULL);
	nm_format_size(bytes, text);
	return bytes;
}

static u64 put_number(char *text, bool is_known, u64 n)
{
	if (!is_known)
		return put(text, NULL);
	snprintf(text, NM_CELL_LEN, "%llu", (unsigned long long)n);
	return n;
}

/* A value of the status line, whatever it is. */
static u64 put_value(char *text, const struct nm_mirror *m, const char *key)
{
	return put(text, known(m) ? nm_status_value(&m->status, key) : NULL);
}

#define SHOW(name)							\
	static u64 show_##name(const struct nm_mirror *m,		\
			       const struct nm_diagnosis *d, char *text)

SHOW(name) { (void)d; return put(text, m->name); }
SHOW(state) { (void)m; return put(text, d->state); }
SHOW(what) { (void)m; return put(text, d->what); }
SHOW(action) { (void)m; return put(text, d->action); }

SHOW(uuid)
{
	char uuid[NM_UUID_STRLEN + 1];

	(void)d;
	if (!m->has_config || !m->config.has_uuid)
		return put(text, NULL);
	nm_format_uuid(m->config.uuid, uuid);
	return put(text, uuid);
}

SHOW(role) { (void)d; return put(text, known(m) ? m->status.role : NULL); }
SHOW(link) { (void)d; return put(text, known(m) ? m->status.link : NULL); }

SHOW(reason)
{
	(void)d;
	return put(text, known(m) && m->status.refusal != NM_REFUSE_NOT ?
		   nm_refusal_name(m->status.refusal) : NULL);
}

SHOW(health)
{
	char letters[3] = { m->status.local, m->status.peer };

	(void)d;
	return put(text, known(m) ? letters : NULL);
}

SHOW(sync) { (void)d; return put(text, known(m) ? m->status.action : NULL); }

SHOW(percent)
{
	unsigned int done;

	(void)d;
	if (!known(m))
		return put(text, NULL);
	done = nm_mirror_progress(m);
	snprintf(text, NM_CELL_LEN, "%u.%02u", done / 100, done % 100);
	return done + 1;
}

SHOW(left)
{
	(void)d;
	return put_size(text, known(m), known(m) ? nm_mirror_left(m) : 0);
}

SHOW(mismatches)
{
	(void)d;
	return put_number(text, known(m), m->status.mismatches);
}

SHOW(size)
{
	(void)d;
	return put_size(text, m->is_up, m->dm.sectors << NM_SECTOR_SHIFT);
}

SHOW(region)
{
	(void)d;
	return put_size(text, m->is_up, m->region_bytes);
}

SHOW(open)
{
	(void)d;
	return put_number(text, m->is_up, m->dm.open_count);
}

SHOW(device) { (void)d; return put(text, m->is_up ? m->device : NULL); }

SHOW(generation)
{
	(void)d;
	return put(text, known(m) && !m->status.blank ? m->status.generation :
							NULL);
}

#define SELF(m)	((m)->has_config ? (m)->config.self : NULL)
#define PEER(m)	((m)->has_config ? (m)->config.peer : NULL)

SHOW(node) { (void)d; return put(text, SELF(m) ? SELF(m)->name : NULL); }
SHOW(leg) { (void)d; return put(text, SELF(m) ? SELF(m)->leg : NULL); }
SHOW(address) { (void)d; return put(text, SELF(m) ? SELF(m)->address : NULL); }
SHOW(peer) { (void)d; return put(text, PEER(m) ? PEER(m)->name : NULL); }
SHOW(peer_leg) { (void)d; return put(text, PEER(m) ? PEER(m)->leg : NULL); }

SHOW(peer_address)
{
	(void)d;
	return put(text, PEER(m) ? PEER(m)->address : NULL);
}

SHOW(peer_role) { (void)d; return put_value(text, m, "peer_role"); }
SHOW(io_held) { (void)d; return put_value(text, m, "io_held"); }
SHOW(verdict) { (void)d; return put_value(text, m, "verdict"); }

#define TEXT(word, help)	{ #word, help, false, show_##word, false }
#define NUMBER(word, help)	{ #word, help, true, show_##word, true }

const struct nm_column nm_columns[] = {
	TEXT(name, "name of the mirror"),
	TEXT(uuid, "its uuid"),
	TEXT(state, "how it is, in one word"),
	TEXT(what, "how it is, in a sentence"),
	TEXT(action, "what to do next"),
	TEXT(role, "primary or secondary, this node"),
	TEXT(peer_role, "the same of the peer, while connected"),
	TEXT(link, "state of the link"),
	TEXT(reason, "why the nodes refuse each other"),
	TEXT(health, "this node's and the peer's leg: A in sync, a behind, D failed or away"),
	TEXT(sync, "what goes on: idle, resync, recover, check, repair or frozen"),
	NUMBER(percent, "in sync, or compared"),
	NUMBER(left, "still to copy or to compare"),
	NUMBER(mismatches, "regions that the last check found to differ"),
	NUMBER(size, "of the mirror"),
	NUMBER(region, "size of a region"),
	NUMBER(open, "how often the device is open"),
	TEXT(device, "device of device-mapper"),
	TEXT(node, "this node's name"),
	TEXT(leg, "this node's leg"),
	TEXT(address, "this node's address"),
	TEXT(peer, "the other node's name"),
	TEXT(peer_leg, "its leg"),
	TEXT(peer_address, "its address"),
	TEXT(io_held, "what I/O waits for"),
	TEXT(verdict, "what the last handshake came to"),
	TEXT(generation, "the current one"),
};

const unsigned int nm_nr_columns = ARRAY_SIZE(nm_columns);

int nm_column_find(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < nm_nr_columns; i++)
		if (strlen(nm_columns[i].name) == len &&
		    !strncmp(nm_columns[i].name, name, len))
			return i;
	return -1;
}
