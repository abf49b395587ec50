// SPDX-License-Identifier: GPL-2.0-only
/* create: check everything, then write the metadata of this node's leg. */
#include <libgen.h>
#include <sys/random.h>
#include <unistd.h>

#include "config.h"
#include "create.h"
#include "new-leg.h"
#include "route.h"
#include "secret.h"

struct plan {
	const struct nm_opts *o;
	struct nm_config c;
	bool from_options;	/* the configuration is still to be written */
	bool makes_secret;
	char doing[NM_NAME_MAX + 16];
	struct nm_new_leg n;
};

/* --- the configuration ---------------------------------------------------- */

static const struct {
	enum nm_opt opt;
	const char *key;
} self_keys[] = {
	{ NM_OPT_LEG, "leg" }, { NM_OPT_METADATA, "metadata" },
	{ NM_OPT_ADDRESS, "address" }, { NM_OPT_DEVICE, "device" },
}, peer_keys[] = {
	{ NM_OPT_PEER_LEG, "leg" }, { NM_OPT_PEER_METADATA, "metadata" },
	{ NM_OPT_PEER_ADDRESS, "address" }, { NM_OPT_PEER_DEVICE, "device" },
}, mirror_keys[] = {
	{ NM_OPT_REGION_SIZE, "region-size" }, { NM_OPT_ZONE_SIZE, "zone-size" },
	{ NM_OPT_LINK, "link" },
};

static int set_key(struct plan *p, struct nm_node *node, const char *key,
		   enum nm_opt opt)
{
	const char *value = p->o->value[opt];
	char *why;

	if (!value || !nm_config_set(&p->c, node, "mirror", key, value, &why))
		return NM_EXIT_OK;
	nm_error("%s: --%s: %s", p->doing, nm_opt_name(opt), why);
	free(why);
	return NM_EXIT_USAGE;
}

static int name_nodes(struct plan *p)
{
	struct nm_node *self = &p->c.node[0], *peer = &p->c.node[1];
	const char *name = p->o->value[NM_OPT_NODE];
	char host[NM_NAME_MAX + 1] = "";

	if (!name) {
		gethostname(host, sizeof(host) - 1);
		host[strcspn(host, ".")] = 0;
		name = host;
	}
	if (!nm_name_is_valid(name, NM_NAME_MAX) ||
	    !nm_name_is_valid(p->o->value[NM_OPT_PEER_NAME], NM_NAME_MAX)) {
		nm_error("%s: the nodes are to be called %s and %s; expected host names",
			 p->doing, name, p->o->value[NM_OPT_PEER_NAME]);
		return NM_EXIT_USAGE;
	}
	strcpy(self->name, name);
	strcpy(peer->name, p->o->value[NM_OPT_PEER_NAME]);
	if (!strcmp(self->name, peer->name)) {
		nm_error("%s: --peer-name: both nodes would be called %s",
			 p->doing, self->name);
		return NM_EXIT_USAGE;
	}
	self->id = 0;
	peer->id = 1;
	return NM_EXIT_OK;
}

static int config_from_options(struct plan *p)
{
	struct nm_config *c = &p->c;
	int ret = NM_EXIT_OK;
	unsigned int i;

	if (!nm_given(p->o, NM_OPT_LEG) || !nm_given(p->o, NM_OPT_PEER_NAME)) {
		nm_error("%s: there is no %s; give at least --leg and --peer-name, or write the file (see netmirror.conf(5))",
			 p->doing, c->path);
		return NM_EXIT_NOT_FOUND;
	}
	p->from_options = true;
	c->mirror_line = 1;
	c->nr_nodes = NM_NR_NODES;
	ret = name_nodes(p);
	for (i = 0; !ret && i < ARRAY_SIZE(mirror_keys); i++)
		ret = set_key(p, NULL, mirror_keys[i].key, mirror_keys[i].opt);
	for (i = 0; !ret && i < ARRAY_SIZE(self_keys); i++)
		ret = set_key(p, &c->node[0], self_keys[i].key,
			      self_keys[i].opt);
	/* Nodes are alike unless told otherwise. */
	strcpy(c->node[1].leg, c->node[0].leg);
	strcpy(c->node[1].metadata, c->node[0].metadata);
	for (i = 0; !ret && i < ARRAY_SIZE(peer_keys); i++)
		ret = set_key(p, &c->node[1], peer_keys[i].key,
			      peer_keys[i].opt);
	if (ret)
		return ret;
	if (c->link == NM_LINK_KIND_RDMA)
		nm_route_find(c->node[1].name, c->node[0].address,
			      c->node[1].address);
	return nm_config_finish(c, p->o);
}

static int get_config(struct plan *p, const char *name)
{
	u64 bytes, extra = p->o->given & NM_OPTS_NEW_MIRROR;
	int ret = nm_config_load(&p->c, p->o, name);

	snprintf(p->doing, sizeof(p->doing), "cannot create %s", p->c.name);
	if (ret == NM_EXIT_NOT_FOUND)
		ret = config_from_options(p);
	else if (ret == NM_EXIT_OK && extra) {
		nm_error("%s: its configuration is in %s, so --%s cannot be given; change the file",
			 p->doing, p->c.path,
			 nm_opt_name(__builtin_ctzll(extra)));
		ret = NM_EXIT_USAGE;
	}
	if (ret || !nm_given(p->o, NM_OPT_SIZE))
		return ret;
	if (nm_parse_size(p->o->value[NM_OPT_SIZE], &bytes) || !bytes ||
	    bytes % NM_BLOCK_SIZE) {
		nm_error("%s: --size %s: expected a multiple of 4K such as 512M, 10G, 1T or 20480s (sectors)",
			 p->doing, p->o->value[NM_OPT_SIZE]);
		return NM_EXIT_USAGE;
	}
	if (p->c.sectors && p->c.sectors != bytes >> NM_SECTOR_SHIFT) {
		nm_error("%s: --size %s differs from the size in %s, which holds for both nodes",
			 p->doing, p->o->value[NM_OPT_SIZE], p->c.path);
		return NM_EXIT_USAGE;
	}
	p->c.sectors = bytes >> NM_SECTOR_SHIFT;
	return NM_EXIT_OK;
}

/* --- the secret ----------------------------------------------------------- */

/* NAME.key beside the configuration. */
static void name_secret(struct nm_config *c)
{
	char *path = strdup(c->path), *cwd = NULL;
	const char *dir = path ? dirname(path) : ".";

	if (*dir != '/')
		cwd = getcwd(NULL, 0);
	snprintf(c->secret_file, sizeof(c->secret_file), "%s%s%s/%s.key",
		 cwd ? cwd : "", cwd ? "/" : "", dir, c->name);
	free(cwd);
	free(path);
}

/*
 * Is the secret there and fit, or to be made?  It is made with the mirror, or
 * when somebody asks for it: a second node that made one would stay alone.
 */
static int check_secret(struct plan *p)
{
	bool asked = nm_given(p->o, NM_OPT_SECRET);
	struct nm_config *c = &p->c;
	struct nm_secret secret;
	int ret;

	if (p->from_options && asked)
		name_secret(c);
	if (!*c->secret_file && asked) {
		nm_error("%s: --secret: %s names no file for the secret; write secret-file = " NM_CONFDIR "/%s.key below [mirror], on both nodes",
			 p->doing, c->path, c->name);
		return NM_EXIT_USAGE;
	}
	if (!*c->secret_file)
		return NM_EXIT_OK;
	ret = nm_secret_read(&secret, c->secret_file, p->doing);
	nm_secret_wipe(&secret);
	if (ret != NM_EXIT_NOT_FOUND)
		return ret;
	p->makes_secret = asked || p->from_options || !c->has_uuid;
	if (p->makes_secret)
		return NM_EXIT_OK;
	nm_error("%s: there is no %s with the secret; copy it from %s, or use --secret to make a new one for both nodes",
		 p->doing, c->secret_file, c->peer->name);
	return NM_EXIT_NOT_FOUND;
}

static int make_secret(const struct plan *p)
{
	int err = p->makes_secret ? nm_secret_make(p->c.secret_file) : 0;

	if (err)
		nm_error("%s: the file with the secret, %s, cannot be made: %s",
			 p->doing, p->c.secret_file, strerror(-err));
	return err;
}

/* --- the superblock ------------------------------------------------------- */

static int random_id(u8 *id)
{
	return getrandom(id, NM_GEN_LEN, 0) == NM_GEN_LEN ? 0 : -EIO;
}

/* The history that the leg begins with, if it has data. */
static int begin_history(struct plan *p)
{
	struct nm_sb *sb = &p->n.sb;
	u8 id[NM_GEN_LEN];

	if (!p->c.has_uuid && random_id(p->c.uuid))
		goto no_random;
	memcpy(sb->uuid, p->c.uuid, NM_UUID_LEN);
	if (nm_given(p->o, NM_OPT_SOURCE)) {
		if (random_id(id))
			goto no_random;
		nm_gens_turn(&sb->gens, id, false);
		sb->flags |= NM_SBF_CONSISTENT;
	} else if (nm_given(p->o, NM_OPT_ASSUME_CLEAN)) {
		/* The one history that both nodes know without talking. */
		nm_gens_turn(&sb->gens, sb->uuid, false);
		sb->flags |= NM_SBF_CONSISTENT | NM_SBF_PEER_HAS_GEN;
	}
	return NM_EXIT_OK;
no_random:
	nm_error("%s: the kernel gives no random numbers", p->doing);
	return NM_EXIT_FAILED;
}

/* Is what the leg holds the data of the mirror? */
static bool content_counts(const struct plan *p)
{
	return nm_given(p->o, NM_OPT_SOURCE) ||
	       nm_given(p->o, NM_OPT_ASSUME_CLEAN);
}

static int make_leg(struct plan *p)
{
	bool stays = *p->c.self->metadata && content_counts(p);
	int ret;

	ret = nm_new_leg_open(&p->n, stays, nm_given(p->o, NM_OPT_FORCE));
	if (!ret)
		ret = nm_new_leg_fit(&p->n, false);
	return ret ? ret : begin_history(p);
}

/* --- doing it ------------------------------------------------------------- */

static bool amends_config(const struct plan *p)
{
	return p->from_options || !p->c.has_uuid || !p->c.has_size;
}

static int confirm(const struct plan *p)
{
	char question[2 * NM_LINE_MAX + 128];

	if (!nm_given(p->o, NM_OPT_FORCE))
		return NM_EXIT_OK;
	snprintf(question, sizeof(question),
		 "What %s holds will be lost%s%s.", p->n.meta->path,
		 p->n.meta == &p->n.leg ? "" : ", and perhaps what is on ",
		 p->n.meta == &p->n.leg ? "" : p->n.leg.path);
	return nm_confirm(p->o, question) ? NM_EXIT_OK : NM_EXIT_REFUSED;
}

static int write_all(struct plan *p)
{
	bool amends = amends_config(p);
	int err;

	if (amends && nm_config_prepare(&p->c, p->from_options,
					p->n.sb.data_sectors))
		return NM_EXIT_FAILED;
	if (make_secret(p)) {
		if (amends)
			nm_config_drop(&p->c);
		return NM_EXIT_FAILED;
	}
	err = nm_new_leg_write(&p->n, content_counts(p),
			       nm_given(p->o, NM_OPT_FORCE));
	if (err) {
		if (p->makes_secret)
			unlink(p->c.secret_file);
		if (amends)
			nm_config_drop(&p->c);
		return NM_EXIT_FAILED;
	}
	return amends && nm_config_commit(&p->c) ? NM_EXIT_FAILED : NM_EXIT_OK;
}

static void report(const struct plan *p)
{
	bool dry = nm_given(p->o, NM_OPT_DRY_RUN);
	char uuid[NM_UUID_STRLEN + 1], size[NM_SIZE_STRLEN];
	const struct nm_sb *sb = &p->n.sb;

	nm_format_uuid(sb->uuid, uuid);
	nm_format_size(sb->data_sectors << NM_SECTOR_SHIFT, size);
	nm_note(p->o, "%s %s: node %s (%d), leg %s, %s, data from sector %llu, metadata %s",
		dry ? "would create" : "created", p->c.name, p->c.self->name,
		sb->node_id, p->n.leg.path, size,
		(unsigned long long)sb->data_offset,
		p->n.meta == &p->n.leg ? "internal" : p->n.meta->path);
	if (!dry || p->c.has_uuid)
		nm_note(p->o, "uuid = %s", uuid);
	if (p->c.sectors && sb->data_sectors < p->c.sectors)
		nm_note(p->o, "note: %s is too small for the configured size; write size = %llus into %s on both nodes",
			p->n.leg.path, (unsigned long long)sb->data_sectors,
			p->c.path);
	if (p->n.leg.is_file)
		nm_note(p->o, "note: %s is a regular file; device-mapper needs a block device (losetup)",
			p->n.leg.path);
	if (amends_config(p))
		nm_note(p->o, "%s %s; copy it to %s before \"" NM_TOOL_NAME " create %s\" there",
			dry ? "would write" : "wrote", p->c.path,
			p->c.peer->name, p->c.name);
	if (p->makes_secret)
		nm_note(p->o, "%s %s with the secret; copy it to %s as well, for root's eyes only",
			dry ? "would make" : "made", p->c.secret_file,
			p->c.peer->name);
}

int nm_create(const struct nm_opts *o, bool leg_in_use)
{
	struct plan p = { .o = o };
	int ret;

	if (nm_given(o, NM_OPT_SOURCE) && nm_given(o, NM_OPT_ASSUME_CLEAN)) {
		nm_error("--source says that only this leg has the data, --assume-clean that both have; give one of them");
		return NM_EXIT_USAGE;
	}
	nm_new_leg_init(&p.n, &p.c, p.doing);
	p.n.in_use = leg_in_use;
	ret = get_config(&p, o->args[0]);
	if (!ret)
		ret = check_secret(&p);
	if (!ret)
		ret = make_leg(&p);
	if (!ret && !nm_given(o, NM_OPT_DRY_RUN)) {
		ret = confirm(&p);
		if (!ret)
			ret = write_all(&p);
	}
	if (!ret)
		report(&p);
	nm_new_leg_close(&p.n);
	nm_config_free(&p.c);
	return ret;
}

/*
 * The node that makes the configuration is the one to begin with: nobody else
 * can have the mirror yet.
 */
static int start(const struct nm_opts *from, bool is_first)
{
	const char *const *name = (const char *const *)from->args;
	struct nm_opts o;
	int ret;

	nm_opts_derive(&o, from, "up", name);
	ret = nm_cmd_up(&o);
	if (ret || !is_first)
		return ret;
	nm_opts_derive(&o, from, "promote", name);
	nm_opts_set(&o, NM_OPT_PEER_FENCED, NULL);
	ret = nm_cmd_message(&o);
	if (!ret)
		nm_note(from, "%s is primary on this node", *name);
	return ret;
}

int nm_cmd_create(const struct nm_opts *from)
{
	const char *config = from->value[NM_OPT_CONFIG];
	bool starts = nm_given(from, NM_OPT_START);
	bool dry_run = nm_given(from, NM_OPT_DRY_RUN);
	bool imports = config && !strcmp(config, "-");
	struct nm_opts o = *from;
	bool is_first;
	char *path;
	int ret;

	if (imports) {
		ret = nm_config_import(o.args[0]);
		if (ret)
			return ret;
		o.given &= ~BIT(NM_OPT_CONFIG);
	}
	path = nm_config_path(&o, o.args[0]);
	is_first = access(path, F_OK);
	if (starts && is_first && !nm_given(&o, NM_OPT_ASSUME_CLEAN))
		nm_opts_set(&o, NM_OPT_SOURCE, NULL);
	ret = nm_create(&o, false);
	if (imports && (ret || dry_run))
		unlink(path);
	free(path);
	if (!ret && starts && !dry_run)
		ret = start(&o, is_first);
	return ret;
}
