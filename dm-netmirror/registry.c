// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which mirror object has the place of which node.  When a table is reloaded, the
 * new object finds the suspended old one here and takes its place.
 *
 * device-mapper destroys the old table even if the new one cannot be activated.
 * So an object whose load fails takes over as well what its device had: it keeps
 * it for the table that comes next.
 */
#include "mirror.h"

static LIST_HEAD(mirrors);
/* Protects the list; held while an old object is closed. */
static DEFINE_MUTEX(registry_lock);

static bool same_node(const struct nm_mirror *m, const struct nm_mirror *other)
{
	return !memcmp(other->link.uuid, m->sb.uuid, NM_UUID_LEN) &&
	       other->link.node_id == m->sb.node_id;
}

static bool same_device(const struct nm_mirror *m,
			const struct nm_mirror *other)
{
	return dm_table_get_md(m->ti->table) ==
	       dm_table_get_md(other->ti->table);
}

static bool same_part(const struct nm_mirror *m, const struct nm_mirror *other)
{
	return same_device(m, other) && m->ti->begin == other->ti->begin;
}

static struct nm_mirror *find(const struct nm_mirror *m,
			      bool (*fits)(const struct nm_mirror *m,
					   const struct nm_mirror *other))
{
	struct nm_mirror *other;

	list_for_each_entry(other, &mirrors, registered)
		if (other != m && fits(m, other))
			return other;
	return NULL;
}

/* As long as @old is not closed, what it knows may change. */
static void take_place(struct nm_mirror *m, struct nm_mirror *old)
{
	list_del_init(&old->registered);
	list_move(&m->registered, &mirrors);
	nm_mirror_close(old);
	memcpy(m->link.uuid, old->link.uuid, NM_UUID_LEN);
	m->link.node_id = old->link.node_id;
	m->state.role = old->state.role;
	m->state.fenced = old->state.fenced;
	m->leg_failed = old->loaded ? old->sb.flags & NM_SBF_LEG_FAILED :
				      old->leg_failed;
	m->flush_failed = old->flush_failed;
	m->flush_lost = old->flush_lost;
	m->cache_lost = old->cache_lost;
	m->suspended = true;
	nm_events_take(m, old);
}

/* Nobody was there before. */
static void take_new_place(struct nm_mirror *m)
{
	memcpy(m->link.uuid, m->sb.uuid, NM_UUID_LEN);
	m->link.node_id = m->sb.node_id;
	m->state.role = NM_SECONDARY;
	m->state.fenced = false;
	m->leg_failed = false;
	m->flush_failed = false;
	m->flush_lost = false;
	m->cache_lost = false;
	m->suspended = true;
	list_move(&m->registered, &mirrors);
}

int nm_registry_enter(struct nm_mirror *m)
{
	struct nm_mirror *old;
	int err = 0;

	mutex_lock(&registry_lock);
	old = find(m, same_node);
	if (old && (!READ_ONCE(old->suspended) || !same_device(m, old))) {
		nm_err(m, "cannot be activated: %s has the place of this node of the mirror; remove that device first\n",
		       old->name);
		err = -EBUSY;
	} else if (old) {
		take_place(m, old);
	} else if (list_empty(&m->registered) || !same_node(m, m)) {
		take_new_place(m);
	}
	mutex_unlock(&registry_lock);
	return err;
}

void nm_registry_keep(struct nm_mirror *m)
{
	struct nm_mirror *old;

	mutex_lock(&registry_lock);
	old = find(m, same_part);
	if (old && READ_ONCE(old->suspended) && list_empty(&m->registered))
		take_place(m, old);
	mutex_unlock(&registry_lock);
}

void nm_registry_leave(struct nm_mirror *m)
{
	mutex_lock(&registry_lock);
	list_del_init(&m->registered);
	mutex_unlock(&registry_lock);
}
