// SPDX-License-Identifier: GPL-2.0-only
/*
 * replace-leg: another device instead of one that failed or is to go.
 *
 * New metadata without a history are made on it, and the table gets it in place
 * of the old one, with the mirror in use or not.  The handshake that follows sees
 * a leg without data, so the peer's is copied to it, all of it.
 */
#include "new-leg.h"
#include "occupied.h"
#include "reload.h"

struct plan {
	const struct nm_opts *o;
	struct nm_mirror m;
	char doing[NM_NAME_MAX + 40];
	char old_leg[NM_PATH_MAX + 1];
	bool moves;		/* the configuration names another device now */
	struct nm_new_leg n;
	struct nm_reload r;	/* while the mirror is up */
};

/* --- would anything be lost? ---------------------------------------------- */

/* The peer has all the data, as far as this node knows. */
static bool peer_has_all(const struct nm_status *s)
{
	return nm_status_is_connected(s) && s->peer == 'A' &&
	       strcmp(s->action, "resync");
}

/*
 * A secondary whose leg has failed is apart from its peer by that, and what the
 * leg still holds is no more than the peer has.
 */
static bool leg_is_out(const struct nm_status *s)
{
	return s->local == 'D' && !nm_status_is_primary(s);
}

static int check_state(const struct plan *p)
{
	const struct nm_mirror *m = &p->m;
	const char *peer = nm_mirror_peer_name(m);

	if (!m->is_up)
		return NM_EXIT_OK;
	if (m->dm.suspended) {
		nm_error("%s: its device is suspended; when it may go on: dmsetup resume %s",
			 p->doing, m->device);
		return NM_EXIT_REFUSED;
	}
	if (*m->config.self->metadata) {
		nm_error("%s: its metadata are on %s, which is in use; first: "
			 NM_TOOL_NAME " down %s", p->doing,
			 m->config.self->metadata, m->name);
		return NM_EXIT_REFUSED;
	}
	if (m->status.failed) {
		nm_error("%s: the mirror has failed and does not tell what the peer has; first: "
			 NM_TOOL_NAME " down %s", p->doing, m->name);
		return NM_EXIT_REFUSED;
	}
	if (peer_has_all(&m->status) || leg_is_out(&m->status))
		return NM_EXIT_OK;
	if (nm_status_is_connected(&m->status))
		nm_error("%s: %s does not have all the data yet; wait for it: "
			 NM_TOOL_NAME " wait-sync %s", p->doing, peer, m->name);
	else
		nm_error("%s: %s is not connected, and this node may have data that it lacks; connect the nodes first, see \""
			 NM_TOOL_NAME " status %s\"; if %s is known to have all the data that count, stop the mirror, and replace the leg while it is down",
			 p->doing, peer, m->name, peer);
	return NM_EXIT_REFUSED;
}

/*
 * Metadata on a device of their own have been there for the old leg.  While the
 * mirror is down nobody knows whether what they say still counts.
 */
static int check_metadata(const struct plan *p)
{
	const struct nm_config *c = &p->m.config;
	struct nm_metadata md;

	if (!*c->self->metadata || nm_given(p->o, NM_OPT_FORCE))
		return NM_EXIT_OK;
	nm_metadata_read(&p->n.meta_dev, &md);
	if (md.err == -ENODATA)
		return nm_check_unoccupied(c, &p->n.leg, p->doing, false,
					   false);
	nm_error("%s: the metadata of the old leg are on %s; to lose them, and with them what they know of that leg, use --force",
		 p->doing, c->self->metadata);
	return NM_EXIT_REFUSED;
}

/* --- the table ------------------------------------------------------------ */

/* The live table with another leg: words 3 and 4 are the device and the offset. */
static int make_table(struct plan *p)
{
	const char *rest = p->m.dm.table, *leg = NULL;
	int i, len;

	for (i = 0; i < 5; i++) {
		if (i == 3)
			leg = rest;
		rest += strcspn(rest, " ");
		rest += strspn(rest, " ");
	}
	len = snprintf(p->r.table, sizeof(p->r.table), "%.*s%s %llu %s",
		       (int)(leg - p->m.dm.table), p->m.dm.table,
		       p->n.leg.path, (unsigned long long)p->n.sb.data_offset,
		       rest);
	if (len > 0 && (size_t)len < sizeof(p->r.table))
		return NM_EXIT_OK;
	nm_error("%s: its table line is too long", p->doing);
	return NM_EXIT_FAILED;
}

/* --- doing it ------------------------------------------------------------- */

/* The size is that of the mirror, whatever the file says. */
static int name_leg(struct plan *p)
{
	struct nm_config *c = &p->m.config;
	const char *leg = p->o->value[NM_OPT_LEG];
	char *why;

	strcpy(p->old_leg, c->self->leg);
	if (p->m.is_up)
		c->sectors = p->m.dm.sectors;
	if (!c->sectors || !c->has_uuid) {
		nm_error("%s: %s has no uuid or no size; copy them from the configuration of %s",
			 p->doing, c->path, c->peer->name);
		return NM_EXIT_FAILED;
	}
	if (!leg)
		return NM_EXIT_OK;
	if (nm_config_set(c, c->self, "node", "leg", leg, &why)) {
		nm_error("%s: --leg: %s", p->doing, why);
		free(why);
		return NM_EXIT_USAGE;
	}
	p->moves = strcmp(p->old_leg, c->self->leg);
	return NM_EXIT_OK;
}

static int prepare(struct plan *p)
{
	bool force = nm_given(p->o, NM_OPT_FORCE);
	int ret = nm_mirror_find(&p->m, p->o, p->o->args[0]);

	if (ret)
		return ret;
	if (!p->m.has_config)
		return nm_config_missing(&p->m.config);
	ret = check_state(p);
	if (!ret)
		ret = name_leg(p);
	if (!ret)
		ret = nm_new_leg_open(&p->n, false,
				      force || *p->m.config.self->metadata);
	if (!ret)
		ret = check_metadata(p);
	if (!ret)
		ret = nm_new_leg_fit(&p->n, true);
	if (!ret && p->m.is_up) {
		p->r.sectors = p->m.dm.sectors;
		ret = make_table(p);
		if (!ret)
			ret = nm_secret_load(&p->r.secret, &p->m.config,
					     p->doing);
	}
	return ret;
}

static int confirm(const struct plan *p)
{
	char question[2 * NM_PATH_MAX + 256];

	snprintf(question, sizeof(question),
		 "What %s holds will be lost, and the data of this node's leg will be those of %s, which are copied to it.",
		 p->n.leg.path, p->m.config.peer->name);
	return nm_confirm(p->o, question) ? NM_EXIT_OK : NM_EXIT_REFUSED;
}

/* The configuration comes last: before that, the old leg is as good as it was. */
static int replace(struct plan *p)
{
	const struct nm_config *c = &p->m.config;
	int ret = NM_EXIT_FAILED;

	if (p->moves && nm_config_prepare_leg(c, c->self->leg))
		return NM_EXIT_FAILED;
	if (!nm_new_leg_write(&p->n, false, nm_given(p->o, NM_OPT_FORCE))) {
		/* device-mapper opens it for itself alone. */
		nm_new_leg_close(&p->n);
		ret = p->m.is_up ? nm_reload_run(&p->r) : NM_EXIT_OK;
	}
	if (p->moves && ret)
		nm_config_drop(c);
	else if (p->moves && nm_config_commit(c))
		ret = NM_EXIT_FAILED;
	return ret;
}

static void print_commands(const struct plan *p)
{
	const char *name = p->m.name;

	printf("# new metadata on %s: uuid and size of %s, no history\n",
	       p->n.meta->path, name);
	if (p->moves)
		printf("sed -i 's,^leg *= *%s$,leg = %s,' %s   # of [node %s]\n",
		       p->old_leg, p->n.leg.path, p->m.config.path,
		       p->m.config.self->name);
	if (p->m.is_up)
		nm_reload_print(&p->r);
}

static void report(const struct plan *p)
{
	const char *name = p->m.name, *peer = p->m.config.peer->name;

	nm_note(p->o, "%s uses %s as its leg now, without data", name,
		p->m.config.self->leg);
	if (p->moves)
		nm_note(p->o, "%s says so here; change leg in [node %s] of that file on %s as well",
			p->m.config.path, p->m.config.self->name, peer);
	if (p->m.is_up)
		nm_note(p->o, "all data are copied from %s; follow it with \""
			NM_TOOL_NAME " wait-sync %s\"", peer, name);
	else
		nm_note(p->o, "next: " NM_TOOL_NAME " up %s; all data are copied from %s then",
			name, peer);
}

int nm_cmd_replace_leg(const struct nm_opts *o)
{
	struct plan p = { .o = o };
	int ret;

	snprintf(p.doing, sizeof(p.doing), "cannot replace the leg of %.*s",
		 NM_NAME_MAX, o->args[0]);
	p.r.m = &p.m;
	p.r.doing = p.doing;
	nm_new_leg_init(&p.n, &p.m.config, p.doing);
	ret = prepare(&p);
	if (!ret && nm_given(o, NM_OPT_DRY_RUN)) {
		print_commands(&p);
	} else if (!ret) {
		ret = confirm(&p);
		if (!ret)
			ret = replace(&p);
		if (!ret)
			report(&p);
	}
	nm_secret_wipe(&p.r.secret);
	nm_new_leg_close(&p.n);
	nm_mirror_put(&p.m);
	return ret;
}
