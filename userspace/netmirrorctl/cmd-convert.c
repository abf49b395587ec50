// SPDX-License-Identifier: GPL-2.0-only
/*
 * convert: put a mirror under a physical volume of LVM that is in use.
 *
 * The mirror is made on the same device, with its metadata elsewhere, and is
 * primary before any logical volume moves to it; nobody copies anything before
 * all of them have moved.  So a write that still goes past the mirror is one to
 * a region that will be copied.  Every step looks first whether it was done, so
 * the command can be given again after it was interrupted.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "create.h"
#include "holders.h"
#include "lvm.h"
#include "metadata.h"
#include "mirror.h"
#include "run.h"

struct plan {
	const struct nm_opts *o;
	const char *name;
	struct nm_mirror m;
	bool is_new;			/* there is no configuration yet */
	char doing[NM_NAME_MAX + 32];
	char disk[NM_PATH_MAX + 1], meta[NM_PATH_MAX + 1];
	char mirror[NM_DM_NAME_LEN + 16];	/* its device */
	dev_t dev;			/* of the disk */
	u64 sectors;
	char group[NM_VG_MAX];
};

/* --- what it is about ----------------------------------------------------- */

static int get_config(struct plan *p)
{
	const struct nm_config *c = &p->m.config;
	const struct nm_opts *o = p->o;
	int ret = nm_config_load(&p->m.config, o, p->name);

	if (ret == NM_EXIT_NOT_FOUND && nm_given(o, NM_OPT_UNDO))
		return nm_config_missing(c);
	if (ret == NM_EXIT_NOT_FOUND) {
		if (!nm_given(o, NM_OPT_LEG) || !nm_given(o, NM_OPT_METADATA)) {
			nm_error("%s: give the physical volume as --leg and a small device for the metadata as --metadata",
				 p->doing);
			return NM_EXIT_USAGE;
		}
		p->is_new = true;
		snprintf(p->disk, sizeof(p->disk), "%s",
			 o->value[NM_OPT_LEG]);
		snprintf(p->meta, sizeof(p->meta), "%s",
			 o->value[NM_OPT_METADATA]);
		snprintf(p->mirror, sizeof(p->mirror), "/dev/mapper/%s",
			 nm_given(o, NM_OPT_DEVICE) ?
			 o->value[NM_OPT_DEVICE] : p->name);
		return NM_EXIT_OK;
	}
	if (ret)
		return ret;
	if ((nm_given(o, NM_OPT_LEG) &&
	     strcmp(o->value[NM_OPT_LEG], c->self->leg)) ||
	    (nm_given(o, NM_OPT_METADATA) &&
	     strcmp(o->value[NM_OPT_METADATA], c->self->metadata))) {
		nm_error("%s: %s exists, with the leg %s and its metadata on %s",
			 p->doing, c->path, c->self->leg,
			 *c->self->metadata ? c->self->metadata : "the leg");
		return NM_EXIT_REFUSED;
	}
	if (!*c->self->metadata) {
		nm_error("%s: %s exists and has internal metadata, so it is no mirror of convert",
			 p->doing, c->path);
		return NM_EXIT_REFUSED;
	}
	strcpy(p->disk, c->self->leg);
	strcpy(p->meta, c->self->metadata);
	snprintf(p->mirror, sizeof(p->mirror), "/dev/mapper/%s",
		 c->self->device);
	nm_mirror_put(&p->m);
	return nm_mirror_find(&p->m, o, p->name);
}

static int check_disk(struct plan *p)
{
	struct nm_leg leg;

	if (nm_leg_open(&leg, p->disk, false, p->doing))
		return NM_EXIT_FAILED;
	nm_leg_close(&leg);
	p->sectors = leg.sectors;
	p->dev = leg.rdev;
	/* LVM believes in the size that it has seen. */
	if (p->sectors % NM_BLOCK_SECTORS) {
		nm_error("%s: the size of %s, %llu sectors, is no multiple of 4 KiB; vgextend and pvmove to a mirror on another device",
			 p->doing, p->disk, (unsigned long long)p->sectors);
		return NM_EXIT_REFUSED;
	}
	return NM_EXIT_OK;
}

/* The metadata must not be on what they are about. */
static int check_metadata_device(const struct plan *p)
{
	char group[NM_VG_MAX];
	struct stat st;

	if (stat(p->meta, &st)) {
		nm_error("%s: cannot find %s: %s", p->doing, p->meta,
			 strerror(errno));
		return NM_EXIT_FAILED;
	}
	nm_lvm_group_of(st.st_rdev, group);
	if (strcmp(group, p->group) &&
	    (!S_ISBLK(st.st_mode) || st.st_rdev != p->dev))
		return NM_EXIT_OK;
	nm_error("%s: %s, for the metadata, is on %s itself, or may come to be; use a device outside of the volume group %s",
		 p->doing, p->meta, p->disk, p->group);
	return NM_EXIT_REFUSED;
}

/* Nothing in the initial RAM disk starts a mirror. */
static int check_root(const struct plan *p)
{
	char group[NM_VG_MAX];
	struct stat st;

	if (stat("/", &st))
		return NM_EXIT_OK;
	nm_lvm_group_of(st.st_dev, group);
	if (strcmp(group, p->group))
		return NM_EXIT_OK;
	nm_error("%s: the root file system is in %s, and would be needed before the mirror can be started",
		 p->doing, p->group);
	return NM_EXIT_REFUSED;
}

static int check_users(const struct plan *p)
{
	char name[256];

	if (!nm_lvm_has_strangers(p->dev, strrchr(p->mirror, '/') + 1, name,
				  sizeof(name)))
		return NM_EXIT_OK;
	nm_error("%s: %s is also used by %s, which would go on past the mirror; stop that first",
		 p->doing, p->disk, name);
	return NM_EXIT_REFUSED;
}

/* After the next restart LVM must not find the disk before the mirror. */
static int check_filter(const struct plan *p)
{
	if (!nm_lvm_sees(p->disk))
		return NM_EXIT_OK;
	nm_error("%s: after a restart, LVM would find %s on %s itself, and write past the mirror; put \"r|^%s$|\" at the head of global_filter in the section devices of /etc/lvm/lvm.conf, which is then for example: global_filter = [ \"r|^%s$|\" ]",
		 p->doing, p->group, p->disk, p->disk, p->disk);
	return NM_EXIT_REFUSED;
}

static int prepare(struct plan *p)
{
	int ret = get_config(p);

	if (!ret)
		ret = check_disk(p);
	if (!ret)
		ret = nm_lvm_group_of_pv(p->doing, p->disk, p->group);
	if (!ret && !*p->group) {
		nm_error("%s: %s belongs to no volume group, so nothing is on it; use \""
			 NM_TOOL_NAME " create\" and pvcreate", p->doing,
			 p->disk);
		ret = NM_EXIT_REFUSED;
	}
	if (!ret)
		ret = check_users(p);
	return ret;
}

/* --- the other commands --------------------------------------------------- */

static int make_metadata(const struct plan *p)
{
	const u64 passed = NM_OPTS_NEW_MIRROR | BIT(NM_OPT_SECRET);
	struct nm_opts o;
	int opt;

	nm_opts_derive(&o, p->o, "create", &p->name);
	for (opt = 0; opt < NM_NR_OPTS; opt++)
		if (passed >> opt & 1 && nm_given(p->o, opt))
			nm_opts_set(&o, opt, p->o->value[opt]);
	nm_opts_set(&o, NM_OPT_SOURCE, NULL);
	return nm_create(&o, true);
}

static int start(struct plan *p)
{
	struct nm_opts o;
	int ret = NM_EXIT_OK;

	nm_opts_derive(&o, p->o, "up", &p->name);
	if (!p->m.is_up)
		ret = nm_cmd_up(&o);
	/* The configuration may be new, too. */
	nm_mirror_put(&p->m);
	return nm_mirror_find(&p->m, p->o, p->name) ?: ret;
}

static int message(const struct plan *p, const char *text)
{
	char *reply = NULL;
	int err = nm_dm_message(p->m.device, text, &reply);

	free(reply);
	if (!err)
		return NM_EXIT_OK;
	nm_error("%s: the mirror refuses to %s: %s; the kernel log has the reason (dmesg)",
		 p->doing, text, strerror(-err));
	return NM_EXIT_FAILED;
}

static int stop(const struct plan *p)
{
	struct nm_opts o;
	int ret;

	nm_opts_derive(&o, p->o, "demote", &p->name);
	ret = nm_cmd_message(&o);
	if (ret)
		return ret;
	nm_opts_derive(&o, p->o, "down", &p->name);
	return nm_cmd_down(&o);
}

/* Nothing of the mirror is left; the content of the disk is as it was. */
static int forget(const struct plan *p)
{
	static const u8 zero[NM_SB_COPIES * NM_BLOCK_SIZE];
	const struct nm_config *c = &p->m.config;
	struct nm_leg meta;
	int err;

	err = nm_leg_open(&meta, p->meta, true, p->doing);
	if (err)
		return NM_EXIT_FAILED;
	err = nm_leg_write(&meta, 0, zero, sizeof(zero));
	if (!err)
		err = nm_leg_sync(&meta);
	nm_leg_close(&meta);
	if (err) {
		nm_error("%s: the metadata on %s cannot be wiped: %s", p->doing,
			 p->meta, strerror(-err));
		return NM_EXIT_FAILED;
	}
	if (*c->secret_file)
		unlink(c->secret_file);
	unlink(c->path);
	return NM_EXIT_OK;
}

/* --- moving --------------------------------------------------------------- */

/* What LVM was asked for, it has to have done: the kernel knows. */
static int check_moved(const struct plan *p, dev_t from, const char *path)
{
	char group[NM_VG_MAX], users[512];

	nm_lvm_group_on(from, group);
	if (!*group)
		return NM_EXIT_OK;
	nm_holders(from, users, sizeof(users));
	nm_error("%s: LVM has not moved everything: %s is still used by %s",
		 p->doing, path, users);
	return NM_EXIT_FAILED;
}

static int move(const struct plan *p, const char *from, dev_t from_dev,
		const char *to)
{
	const char *argv[NM_LVM_MOVE_ARGS];
	int ret = nm_lvm_move_args(p->doing, p->group, from, to, argv);

	if (!ret)
		ret = nm_run(p->doing, argv, NULL);
	nm_lvm_args_free(argv);
	return ret ? ret : check_moved(p, from_dev, from);
}

static int go_back(const struct plan *p)
{
	int ret = move(p, p->mirror, p->m.dm.dev, p->disk);

	if (!ret)
		ret = stop(p);
	return ret ? ret : forget(p);
}

/*
 * Has the peer ever had a part in it?  A history of more than one generation
 * says so as well as the flag.
 */
static int look_for_peer(const struct plan *p, bool *took_part)
{
	const char *losses = nm_status_value(&p->m.status, "link_losses");
	struct nm_metadata md;
	struct nm_leg meta;

	if (nm_leg_open(&meta, p->meta, false, p->doing))
		return NM_EXIT_FAILED;
	nm_metadata_read(&meta, &md);
	nm_leg_close(&meta);
	if (md.err) {
		nm_error("%s: %s: %s", p->doing, p->meta, md.why);
		return NM_EXIT_FAILED;
	}
	*took_part = md.sb.flags & NM_SBF_PEER_HAS_GEN || md.sb.gens.nr > 1 ||
		     !strcmp(p->m.status.link, "connected") ||
		     (losses && strcmp(losses, "0"));
	return NM_EXIT_OK;
}

/* The peer must not have copied anything before all writes are seen. */
static int refuse_peer(const struct plan *p)
{
	nm_error("%s: its peer was connected before all of %s sat on the mirror, so the legs may differ where no mark says so; go back with \""
		 NM_TOOL_NAME " convert %s --undo\", and begin anew", p->doing,
		 p->group, p->name);
	return NM_EXIT_REFUSED;
}

static int switch_over(const struct plan *p)
{
	int ret = message(p, "disconnect");

	/* Nobody else has this mirror with data. */
	if (!ret && strcmp(p->m.status.role, "primary"))
		ret = message(p, "promote peer_fenced");
	if (ret)
		return ret;
	if (!nm_lvm_sees(p->mirror)) {
		nm_error("%s: LVM does not take %s for a physical volume; see that global_filter and filter in /etc/lvm/lvm.conf, or the devices file, accept it",
			 p->doing, p->mirror);
		return NM_EXIT_REFUSED;
	}
	ret = move(p, p->disk, p->dev, p->mirror);
	return ret ? ret : message(p, "connect");
}

/* What an interrupted run has begun goes on, or back if somebody says so. */
static int resume(const struct plan *p)
{
	char group[NM_VG_MAX];
	bool took_part;
	int ret = look_for_peer(p, &took_part);

	if (ret)
		return ret;
	nm_lvm_group_on(p->dev, group);
	if (took_part)
		return *group ? refuse_peer(p) : NM_EXIT_OK;
	ret = switch_over(p);
	if (ret)
		nm_error("to try again: " NM_TOOL_NAME " convert %s; to go back: "
			 NM_TOOL_NAME " convert %s --undo", p->name, p->name);
	return ret;
}

static int convert(struct plan *p)
{
	int ret;

	if (!p->is_new) {
		ret = start(p);
		return ret ? ret : resume(p);
	}
	ret = make_metadata(p);
	if (ret)
		return ret;
	ret = start(p);
	if (ret) {
		forget(p);
		return ret;
	}
	ret = switch_over(p);
	if (ret && go_back(p) == NM_EXIT_OK)
		nm_error("everything is as it was before");
	else if (ret)
		nm_error("to try again: " NM_TOOL_NAME " convert %s; to go back: "
			 NM_TOOL_NAME " convert %s --undo", p->name, p->name);
	return ret;
}

/* --- the command ---------------------------------------------------------- */

static int print_commands(const struct plan *p)
{
	bool undo = nm_given(p->o, NM_OPT_UNDO);
	const char *from = undo ? p->mirror : p->disk;
	const char *to = undo ? p->disk : p->mirror;
	const char *argv[NM_LVM_MOVE_ARGS];
	int ret = nm_lvm_move_args(p->doing, p->group, from, to, argv);

	if (ret)
		goto out;
	if (!undo && p->is_new)
		printf("# metadata of %s, for which %s is the source, go to %s\n",
		       p->name, p->disk, p->meta);
	if (!undo && !p->m.is_up)
		printf(NM_TOOL_NAME " up %s\n", p->name);
	if (!undo)
		printf(NM_TOOL_NAME " disconnect %s\n" NM_TOOL_NAME
		       " promote %s --peer-fenced\n", p->name, p->name);
	if (undo && p->m.is_up && !strcmp(p->m.status.link, "connected"))
		printf(NM_TOOL_NAME " pause %s\n" NM_TOOL_NAME
		       " invalidate --peer %s\n" NM_TOOL_NAME
		       " disconnect %s\n", p->name, p->name, p->name);
	nm_run_print(argv);
	if (undo)
		printf(NM_TOOL_NAME " demote %s\n" NM_TOOL_NAME " down %s\n"
		       "# the metadata on %s are wiped\nrm -f %s\n", p->name,
		       p->name, p->meta, p->m.config.path);
	else
		printf(NM_TOOL_NAME " connect %s\n", p->name);
out:
	nm_lvm_args_free(argv);
	return ret;
}

/*
 * Writes go past the mirror from now on.  If the way back is interrupted and
 * the mirror used again, a peer that was in sync has to get everything.
 */
static int part(const struct plan *p)
{
	int ret;

	if (strcmp(p->m.status.link, "connected"))
		return NM_EXIT_OK;
	ret = message(p, "frozen");
	if (!ret)
		ret = message(p, "invalidate_remote");
	return ret ? ret : message(p, "disconnect");
}

static int run_undo(struct plan *p)
{
	const struct nm_status *s = &p->m.status;
	int ret;

	if (!p->m.is_up || strcmp(s->role, "primary") || s->local != 'A') {
		nm_error("%s: only a primary with a good leg has all data on %s; see \""
			 NM_TOOL_NAME " status %s\"", p->doing, p->disk,
			 p->name);
		return NM_EXIT_REFUSED;
	}
	if (nm_given(p->o, NM_OPT_DRY_RUN))
		return print_commands(p);
	if (!nm_confirm(p->o, "The mirror will be gone, and its data are on this node alone."))
		return NM_EXIT_REFUSED;
	ret = part(p);
	if (!ret)
		ret = go_back(p);
	if (!ret)
		nm_note(p->o, "%s is on %s itself again; next: take \"r|^%s$|\" out of global_filter in /etc/lvm/lvm.conf; what %s has of the mirror is out of date from now on",
			p->group, p->disk, p->disk, p->m.config.peer->name);
	return ret;
}

static int run_convert(struct plan *p)
{
	int ret = check_metadata_device(p);

	if (!ret)
		ret = check_root(p);
	if (!ret)
		ret = check_filter(p);
	if (ret)
		return ret;
	if (nm_given(p->o, NM_OPT_DRY_RUN))
		return print_commands(p);
	ret = convert(p);
	if (ret)
		return ret;
	nm_note(p->o, "%s is on the mirror %s now", p->group, p->name);
	nm_note(p->o, "next: copy %s%s to %s, and there: " NM_TOOL_NAME
		" create %s; " NM_TOOL_NAME " up %s", p->m.config.path,
		*p->m.config.secret_file ? " and the .key beside it" : "",
		p->m.config.peer->name, p->name, p->name);
	return NM_EXIT_OK;
}

int nm_cmd_convert(const struct nm_opts *o)
{
	struct plan p = { .o = o, .name = o->args[0] };
	int ret;

	snprintf(p.doing, sizeof(p.doing), "cannot convert %.*s", NM_NAME_MAX,
		 p.name);
	ret = prepare(&p);
	if (!ret)
		ret = nm_given(o, NM_OPT_UNDO) ? run_undo(&p) :
						 run_convert(&p);
	nm_mirror_put(&p.m);
	return ret;
}
