// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which mirror objects are live.  When a table is reloaded, the new object
 * finds the suspended old one here and takes its place.
 */
#include "mirror.h"

static LIST_HEAD(mirrors);
/* Protects the list; held while an old object is closed. */
static DEFINE_MUTEX(registry_lock);

static struct nm_mirror *find(struct nm_mirror *m)
{
	struct nm_mirror *other;

	list_for_each_entry(other, &mirrors, registered)
		if (!memcmp(other->sb.uuid, m->sb.uuid, NM_UUID_LEN) &&
		    other->sb.node_id == m->sb.node_id)
			return other;
	return NULL;
}

int nm_registry_enter(struct nm_mirror *m)
{
	struct nm_mirror *old;
	int err = 0;

	mutex_lock(&registry_lock);
	old = find(m);
	if (old && !READ_ONCE(old->suspended)) {
		nm_err(m, "cannot be activated: %s is the same node of the same mirror and is active\n",
		       old->name);
		err = -EBUSY;
	} else {
		if (old) {
			m->state.role = old->state.role;
			m->state.fenced = old->state.fenced;
			m->leg_failed = old->sb.flags & NM_SBF_LEG_FAILED;
			list_del_init(&old->registered);
			nm_mirror_close(old);
			nm_events_take(m, old);
		}
		list_add(&m->registered, &mirrors);
	}
	mutex_unlock(&registry_lock);
	return err;
}

void nm_registry_leave(struct nm_mirror *m)
{
	mutex_lock(&registry_lock);
	list_del_init(&m->registered);
	mutex_unlock(&registry_lock);
}
