// SPDX-License-Identifier: GPL-2.0-only
/* lvcreate and lvremove: a mirror whose leg on this node is a logical volume. */
#include <libgen.h>
#include <unistd.h>

#include <geometry.h>

#include "create.h"
#include "lvm.h"
#include "mirror.h"
#include "run.h"

#define NODE_LEN	(NM_NAME_MAX + 1 + NM_VG_MAX)
#define LV_LEN		(NM_VG_MAX + NM_NAME_MAX + 2)

struct plan {
	const struct nm_opts *o;
	const char *name;		/* of the mirror and of the LV */
	struct nm_config c;
	bool is_first;		/* node of the mirror: it has no configuration yet */
	char doing[NM_NAME_MAX + 32];
	char group[NM_VG_MAX], peer_group[NM_VG_MAX];
	char peer[NODE_LEN];
	u64 sectors;			/* of the mirror */
	u64 data_offset;
	char lv[LV_LEN], leg[LV_LEN + 8], peer_leg[LV_LEN + 8];
	char lv_size[32], size[32];
	bool has_key;			/* before anything was done */
};

static char *key_path(const struct nm_config *c)
{
	char *dir = strdup(c->path), *path;

	if (!dir || asprintf(&path, "%s/%s.key", dirname(dir), c->name) < 0)
		abort();
	free(dir);
	return path;
}

/* --- what is asked for ---------------------------------------------------- */

/* "/dev/VG/NAME" of a leg that this command has made. */
static bool group_of_leg(const struct nm_config *c, char group[NM_VG_MAX])
{
	const char *path = c->self->leg, *slash = strrchr(path, '/');
	size_t len = slash - path - strlen("/dev/");

	if (strncmp(path, "/dev/", strlen("/dev/")) ||
	    slash < path + strlen("/dev/") || len >= NM_VG_MAX ||
	    strcmp(slash + 1, c->name) || *c->self->metadata)
		return false;
	memcpy(group, path + strlen("/dev/"), len);
	group[len] = 0;
	return nm_name_is_valid(group, NM_VG_MAX - 1);
}

static int parse_peer(struct plan *p)
{
	const char *peer = p->o->value[NM_OPT_PEER];
	size_t len;

	if (!peer)
		return NM_EXIT_OK;
	len = strcspn(peer, ":");
	snprintf(p->peer, sizeof(p->peer), "%.*s", (int)len, peer);
	snprintf(p->peer_group, sizeof(p->peer_group), "%s",
		 peer[len] ? peer + len + 1 : p->group);
	if (nm_name_is_valid(p->peer, NM_NAME_MAX) &&
	    (!*p->peer_group || nm_name_is_valid(p->peer_group, NM_VG_MAX - 1)))
		return NM_EXIT_OK;
	nm_error("%s: --peer %s: expected the host name of the other node, with or without its volume group, as in beta or beta:vg",
		 p->doing, peer);
	return NM_EXIT_USAGE;
}

static int parse_size(struct plan *p)
{
	const char *text = p->o->value[NM_OPT_SIZE];
	u64 bytes;

	if (!text)
		return NM_EXIT_OK;
	if (nm_parse_size(text, &bytes) || !bytes || bytes % NM_BLOCK_SIZE) {
		nm_error("%s: --size %s: expected a multiple of 4K such as 512M, 10G, 1T or 20480s (sectors)",
			 p->doing, text);
		return NM_EXIT_USAGE;
	}
	p->sectors = bytes >> NM_SECTOR_SHIFT;
	return NM_EXIT_OK;
}

static int first_node(struct plan *p)
{
	const char *region = p->o->value[NM_OPT_REGION_SIZE];
	const char *zone = p->o->value[NM_OPT_ZONE_SIZE];
	char *why;

	if (!*p->group || !*p->peer || !p->sectors) {
		nm_error("%s: there is no %s; copy it from the other node, or, on the first one, give a volume group, --size and --peer",
			 p->doing, p->c.path);
		return NM_EXIT_NOT_FOUND;
	}
	p->is_first = true;
	if ((!region || !nm_config_set(&p->c, NULL, "mirror", "region-size",
				       region, &why)) &&
	    (!zone || !nm_config_set(&p->c, NULL, "mirror", "zone-size", zone,
				     &why)))
		return NM_EXIT_OK;
	nm_error("%s: %s", p->doing, why);
	free(why);
	return NM_EXIT_USAGE;
}

/* What was said on the command line has to be what the configuration says. */
static int second_node(struct plan *p)
{
	const struct nm_config *c = &p->c;
	char group[NM_VG_MAX];

	if (!group_of_leg(c, group)) {
		nm_error("%s: its leg on this node is %s in %s, no logical volume /dev/GROUP/%s with internal metadata; use \""
			 NM_TOOL_NAME " create\"", p->doing, c->self->leg,
			 c->path, c->name);
		return NM_EXIT_REFUSED;
	}
	if (*p->group && strcmp(p->group, group)) {
		nm_error("%s: the volume group here is %s in %s, not %s",
			 p->doing, group, c->path, p->group);
		return NM_EXIT_USAGE;
	}
	if (!c->sectors || (p->sectors && p->sectors != c->sectors)) {
		nm_error("%s: the size is %llus in %s, and both nodes need the same",
			 p->doing, (unsigned long long)c->sectors, c->path);
		return NM_EXIT_USAGE;
	}
	if (*p->peer && strcmp(p->peer, c->peer->name)) {
		nm_error("%s: the other node is %s in %s, not %s; is this %s?",
			 p->doing, c->peer->name, c->path, p->peer,
			 c->self->name);
		return NM_EXIT_USAGE;
	}
	strcpy(p->group, group);
	p->sectors = c->sectors;
	return NM_EXIT_OK;
}

/* The LV has room for the metadata, so that the mirror has the size asked for. */
static int measure(struct plan *p)
{
	struct nm_geometry geo;
	u32 max_mark_blocks;
	const char *why;

	if (nm_geometry_fit(&geo, NM_MAX_DATA_SECTORS * 2, p->sectors,
			    p->c.region_shift, p->c.zone_shift, false,
			    &p->data_offset, &max_mark_blocks, &why)) {
		nm_error("%s: %s", p->doing, why);
		return NM_EXIT_USAGE;
	}
	snprintf(p->size, sizeof(p->size), "%llus",
		 (unsigned long long)p->sectors);
	snprintf(p->lv_size, sizeof(p->lv_size), "%llus",
		 (unsigned long long)(p->sectors + p->data_offset));
	snprintf(p->lv, sizeof(p->lv), "%s/%s", p->group, p->name);
	snprintf(p->leg, sizeof(p->leg), "/dev/%s", p->lv);
	snprintf(p->peer_leg, sizeof(p->peer_leg), "/dev/%s/%s", p->peer_group,
		 p->name);
	return NM_EXIT_OK;
}

static int prepare(struct plan *p)
{
	const struct nm_opts *o = p->o;
	char *key;
	int ret;

	if (!p->name) {
		nm_error("the logical volume needs a name: --name");
		return NM_EXIT_USAGE;
	}
	snprintf(p->doing, sizeof(p->doing), "cannot create %.*s", NM_NAME_MAX,
		 p->name);
	if (o->nr_args) {
		if (!nm_name_is_valid(o->args[0], NM_VG_MAX - 1)) {
			nm_error("%s: \"%s\" is no name of a volume group",
				 p->doing, o->args[0]);
			return NM_EXIT_USAGE;
		}
		strcpy(p->group, o->args[0]);
	}
	ret = parse_peer(p);
	if (!ret)
		ret = parse_size(p);
	if (ret)
		return ret;
	ret = nm_config_load(&p->c, o, p->name);
	if (ret == NM_EXIT_NOT_FOUND)
		ret = first_node(p);
	else if (!ret)
		ret = second_node(p);
	if (!ret)
		ret = measure(p);
	if (!ret) {
		key = key_path(&p->c);
		p->has_key = !access(key, F_OK);
		free(key);
	}
	return ret;
}

/* --- the other commands --------------------------------------------------- */

static void create_options(const struct plan *p, struct nm_opts *o)
{
	static const enum nm_opt passed[] = {
		NM_OPT_ADDRESS, NM_OPT_PEER_ADDRESS, NM_OPT_REGION_SIZE,
		NM_OPT_ZONE_SIZE, NM_OPT_SECRET,
	};
	unsigned int i;

	nm_opts_derive(o, p->o, "create", &p->name);
	for (i = 0; i < ARRAY_SIZE(passed); i++)
		if (nm_given(p->o, passed[i]))
			nm_opts_set(o, passed[i], p->o->value[passed[i]]);
	/* A new LV has what its extents had before: that is nobody's. */
	nm_opts_set(o, NM_OPT_FORCE, NULL);
	if (!p->is_first)
		return;
	nm_opts_set(o, NM_OPT_SOURCE, NULL);
	nm_opts_set(o, NM_OPT_LEG, p->leg);
	nm_opts_set(o, NM_OPT_SIZE, p->size);
	nm_opts_set(o, NM_OPT_PEER_NAME, p->peer);
	nm_opts_set(o, NM_OPT_PEER_LEG, p->peer_leg);
}

static int make_leg(const struct plan *p)
{
	struct nm_opts o;

	create_options(p, &o);
	return nm_create(&o, false);
}

static int start(const struct plan *p)
{
	struct nm_opts o;

	nm_opts_derive(&o, p->o, "up", &p->name);
	return nm_cmd_up(&o);
}

/* Nobody else can have the mirror yet, so nobody else uses it. */
static int promote(const struct plan *p)
{
	struct nm_opts o;

	if (!p->is_first)
		return NM_EXIT_OK;
	nm_opts_derive(&o, p->o, "promote", &p->name);
	nm_opts_set(&o, NM_OPT_PEER_FENCED, NULL);
	return nm_cmd_message(&o);
}

static void stop(const struct plan *p)
{
	struct nm_opts o;

	nm_opts_derive(&o, p->o, "down", &p->name);
	nm_cmd_down(&o);
}

static void remove_files(const struct nm_config *c, bool with_key)
{
	char *key = key_path(c);

	unlink(c->path);
	if (with_key)
		unlink(key);
	free(key);
}

/* --- lvcreate ------------------------------------------------------------- */

static void print_option(const struct nm_opts *o, enum nm_opt opt)
{
	if (nm_given(o, opt))
		printf(" --%s%s%s", nm_opt_name(opt), o->value[opt] ? " " : "",
		       o->value[opt] ? o->value[opt] : "");
}

static void print_commands(const struct plan *p, const char *const lvcreate[])
{
	struct nm_opts o;
	int opt;

	nm_run_print(lvcreate);
	create_options(p, &o);
	printf(NM_TOOL_NAME " create %s", p->name);
	for (opt = 0; opt < NM_NR_OPTS; opt++)
		if (opt != NM_OPT_QUIET)
			print_option(&o, opt);
	printf("\n" NM_TOOL_NAME " up %s\n", p->name);
	if (p->is_first)
		printf(NM_TOOL_NAME " promote %s --peer-fenced\n", p->name);
}

static int do_it(const struct plan *p, const char *const lvcreate[])
{
	const char *const lvremove[] = { "lvremove", "--yes", p->lv, NULL };
	int ret = nm_run(p->doing, lvcreate, NULL);

	if (ret)
		return ret;
	ret = make_leg(p);
	if (ret)
		goto out_lv;
	ret = start(p);
	if (!ret)
		ret = promote(p);
	if (!ret)
		return ret;
	stop(p);
	if (p->is_first)
		remove_files(&p->c, !p->has_key);
out_lv:
	nm_run(p->doing, lvremove, NULL);
	return ret;
}

static void report(const struct plan *p)
{
	const struct nm_config *c = &p->c;
	char size[NM_SIZE_STRLEN];

	nm_format_size(p->sectors << NM_SECTOR_SHIFT, size);
	if (!p->is_first) {
		nm_note(p->o, "%s, %s, has its leg on %s; see \"" NM_TOOL_NAME
			" status %s\"", p->name, size, p->leg, p->name);
		return;
	}
	nm_note(p->o, "%s, %s, is primary on this node as " NM_DEVDIR
		"/%s, with its leg on %s", p->name, size, p->name, p->leg);
	nm_note(p->o, "next: copy %s%s to %s, and there: " NM_TOOL_NAME
		" lvcreate --name %s", c->path,
		nm_given(p->o, NM_OPT_SECRET) ? " and the .key beside it" : "",
		p->peer, p->name);
}

int nm_cmd_lvcreate(const struct nm_opts *o)
{
	struct plan p = { .o = o, .name = o->value[NM_OPT_NAME] };
	const char *const lvcreate[] = {
		"lvcreate", "--yes", "--name", p.name, "--size", p.lv_size,
		"--addtag", NM_LVM_TAG, p.group, NULL
	};
	int ret = prepare(&p);

	if (!ret && nm_given(o, NM_OPT_DRY_RUN))
		print_commands(&p, lvcreate);
	else if (!ret)
		ret = do_it(&p, lvcreate);
	if (!ret && !nm_given(o, NM_OPT_DRY_RUN))
		report(&p);
	nm_config_free(&p.c);
	return ret;
}

/* --- lvremove ------------------------------------------------------------- */

/* Was the leg made by lvcreate? */
static int check_tag(const struct plan *p)
{
	const char *const argv[] = {
		"lvs", "--noheadings", "--options", "lv_name", p->lv,
		"--select", "lv_tags=" NM_LVM_TAG, NULL
	};
	char *out;
	int ret = nm_run(p->doing, argv, &out);

	if (!ret && !*out) {
		nm_error("%s: the logical volume %s has no tag " NM_LVM_TAG
			 ", so it was not made for a mirror; see \""
			 NM_TOOL_NAME " down\"", p->doing, p->lv);
		ret = NM_EXIT_REFUSED;
	}
	free(out);
	return ret;
}

static int confirm_remove(const struct plan *p)
{
	char question[1024];
	struct nm_mirror m;
	bool alone;
	int ret = nm_mirror_find(&m, p->o, p->name);

	if (!ret) {
		alone = !m.is_up || m.status.peer != 'A';
		snprintf(question, sizeof(question),
			 "The leg of %s on this node, %s, will be lost%s.",
			 p->name, p->leg, alone ?
			 ", and the other node perhaps does not have all of its data" :
			 "");
		if (!nm_confirm(p->o, question))
			ret = NM_EXIT_REFUSED;
	}
	nm_mirror_put(&m);
	return ret;
}

static int remove_all(const struct plan *p, const char *const lvremove[])
{
	struct nm_opts o;
	int ret = confirm_remove(p);

	if (ret)
		return ret;
	nm_opts_derive(&o, p->o, "down", &p->name);
	ret = nm_cmd_down(&o);
	if (!ret)
		ret = nm_run(p->doing, lvremove, NULL);
	if (ret)
		return ret;
	remove_files(&p->c, true);
	nm_note(p->o, "%s is gone from this node; next, if it is to go from %s as well, there: "
		NM_TOOL_NAME " lvremove %s", p->name, p->c.peer->name, p->name);
	return NM_EXIT_OK;
}

int nm_cmd_lvremove(const struct nm_opts *o)
{
	struct plan p = { .o = o, .name = o->args[0] };
	const char *const lvremove[] = { "lvremove", "--yes", p.lv, NULL };
	int ret;

	snprintf(p.doing, sizeof(p.doing), "cannot remove %.*s", NM_NAME_MAX,
		 p.name);
	ret = nm_config_load(&p.c, o, p.name);
	if (ret == NM_EXIT_NOT_FOUND)
		ret = nm_config_missing(&p.c);
	if (!ret && !group_of_leg(&p.c, p.group)) {
		nm_error("%s: its leg on this node is %s in %s, no logical volume of lvcreate; see \""
			 NM_TOOL_NAME " down\"", p.doing, p.c.self->leg,
			 p.c.path);
		ret = NM_EXIT_REFUSED;
	}
	if (ret)
		goto out;
	snprintf(p.lv, sizeof(p.lv), "%s/%s", p.group, p.name);
	snprintf(p.leg, sizeof(p.leg), "/dev/%s", p.lv);
	ret = check_tag(&p);
	if (!ret && nm_given(o, NM_OPT_DRY_RUN)) {
		printf(NM_TOOL_NAME " down %s\n", p.name);
		nm_run_print(lvremove);
		printf("rm -f %s\n", p.c.path);
	} else if (!ret) {
		ret = remove_all(&p, lvremove);
	}
out:
	nm_config_free(&p.c);
	return ret;
}
