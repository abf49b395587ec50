// SPDX-License-Identifier: GPL-2.0-only
#include <netmirror/uapi.h>

#include "mirror.h"

static void forget(struct nm_mirror *m)
{
	nm_status_put(&m->status);
	nm_dm_put(&m->dm);
	free(m->verdict_why);
	m->verdict_why = NULL;
	m->is_up = false;
}

int nm_mirror_refresh(struct nm_mirror *m)
{
	int err;

	forget(m);
	err = nm_dm_get(m->device, &m->dm);
	if (err == -ENXIO || err == -ENODEV)
		return NM_EXIT_OK;
	if (err) {
		nm_error("cannot read the status of %s, device %s: %s", m->name,
			 m->device, strerror(-err));
		return NM_EXIT_FAILED;
	}
	if (strcmp(m->dm.target, NM_TARGET_NAME)) {
		nm_error("the device %s of the mirror %s is a %s device of device-mapper, no mirror",
			 m->device, m->name, m->dm.target);
		return NM_EXIT_FAILED;
	}
	m->is_up = true;
	m->region_bytes = nm_table_region_bytes(m->dm.table);
	if (nm_status_parse(&m->status, m->dm.status)) {
		nm_error("cannot understand the status of %s: the module and " NM_TOOL_NAME
			 " are of different versions; the line is \"%s\"",
			 m->name, m->dm.status);
		return NM_EXIT_FAILED;
	}
	return NM_EXIT_OK;
}

int nm_mirror_find(struct nm_mirror *m, const struct nm_opts *o,
		   const char *name)
{
	int ret;

	memset(m, 0, sizeof(*m));
	ret = nm_config_load(&m->config, o, name);
	if (ret == NM_EXIT_OK)
		m->has_config = true;
	else if (ret != NM_EXIT_NOT_FOUND)
		return ret;
	else if (nm_given(o, NM_OPT_CONFIG))
		return nm_config_missing(&m->config);
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->device, sizeof(m->device), "%s",
		 m->has_config ? m->config.self->device : name);
	ret = nm_mirror_refresh(m);
	if (ret == NM_EXIT_OK && !m->is_up && !m->has_config)
		return nm_config_missing(&m->config);
	return ret;
}

int nm_mirror_find_up(struct nm_mirror *m, const struct nm_opts *o,
		      const char *name)
{
	int ret = nm_mirror_find(m, o, name);

	if (ret == NM_EXIT_OK && !m->is_up) {
		nm_error("the mirror %s is down: there is no device %s; start it with \""
			 NM_TOOL_NAME " up %s\"", name, m->device, name);
		return NM_EXIT_NOT_FOUND;
	}
	return ret;
}

void nm_mirror_ask(struct nm_mirror *m)
{
	const char *verdict;

	if (!m->is_up || m->status.failed || m->verdict_why)
		return;
	verdict = nm_status_value(&m->status, "verdict");
	if (verdict && strcmp(verdict, "none") &&
	    nm_dm_message(m->device, "verdict", &m->verdict_why))
		m->verdict_why = NULL;
}

void nm_mirror_put(struct nm_mirror *m)
{
	forget(m);
	nm_config_free(&m->config);
}

const char *nm_mirror_peer_name(const struct nm_mirror *m)
{
	return m->has_config ? m->config.peer->name : "the peer";
}

static u64 regions_left(const struct nm_status *s)
{
	return nm_status_verifies(s) ? s->verify_left : s->total - s->in_sync;
}

/* The last region may be smaller than the others. */
static u64 to_bytes(const struct nm_mirror *m, u64 regions)
{
	return min(regions * m->region_bytes, m->dm.sectors << NM_SECTOR_SHIFT);
}

u64 nm_mirror_left(const struct nm_mirror *m)
{
	return to_bytes(m, regions_left(&m->status));
}

u64 nm_mirror_not_compared(const struct nm_mirror *m)
{
	return to_bytes(m, m->status.verify_left);
}

unsigned int nm_mirror_progress(const struct nm_mirror *m)
{
	u64 total = m->status.total;

	if (!total)
		return 0;
	return 10000 * (unsigned __int128)(total - regions_left(&m->status)) /
	       total;
}

char *nm_mirror_link(const struct nm_config *c)
{
	char *path;

	/* Two nodes in one kernel cannot both be /dev/netmirror/NAME. */
	if (asprintf(&path, NM_DEVDIR "/%s",
		     c->link == NM_LINK_KIND_LOOP ? c->self->device :
		     c->name) < 0)
		abort();
	return path;
}
