// SPDX-License-Identifier: GPL-2.0-only
/* export and unexport */
#include "confdir.h"
#include "lio.h"
#include "run.h"

static int set(struct nm_export *e, const char *key, const char *value)
{
	char *why;

	if (!nm_export_set(e, key, value, &why))
		return NM_EXIT_OK;
	nm_error("%s", why);
	free(why);
	return NM_EXIT_USAGE;
}

/* "--acl A,B": names of initiators have no commas. */
static int set_acls(struct nm_export *e, const char *value)
{
	char *words = strdup(value), *rest = words, *word;
	int ret = NM_EXIT_OK;

	if (!words)
		abort();
	while (!ret && (word = strsep(&rest, ",")))
		ret = set(e, "acl", word);
	free(words);
	return ret;
}

static int from_options(struct nm_export *e, const struct nm_opts *o)
{
	static const struct {
		enum nm_opt opt;
		const char *key;
	} values[] = {
		{ NM_OPT_PORTAL, "portal" },
		{ NM_OPT_IQN, "iqn" },
		{ NM_OPT_SRP_PORT, "srp-port" },
		{ NM_OPT_RESERVATIONS, "reservations" },
	};
	static const enum nm_opt fabrics[NM_NR_FABRICS] = {
		[NM_FABRIC_ISCSI]	= NM_OPT_ISCSI,
		[NM_FABRIC_ISER]	= NM_OPT_ISER,
		[NM_FABRIC_SRP]		= NM_OPT_SRP,
		[NM_FABRIC_LOOPBACK]	= NM_OPT_LOOPBACK,
	};
	int ret = NM_EXIT_OK;
	unsigned int i;

	for (i = 0; i < NM_NR_FABRICS; i++)
		if (nm_given(o, fabrics[i]))
			e->fabrics |= 1U << i;
	for (i = 0; i < ARRAY_SIZE(values) && !ret; i++)
		if (nm_given(o, values[i].opt))
			ret = set(e, values[i].key, o->value[values[i].opt]);
	if (!ret && nm_given(o, NM_OPT_ACL))
		ret = set_acls(e, o->value[NM_OPT_ACL]);
	return ret;
}

/* The section of the configuration, or one made from the options. */
static int get_export(struct nm_config *c, const struct nm_opts *o, bool *is_new)
{
	bool given = o->given & NM_OPTS_EXPORT;
	const char *problem;
	int ret;

	*is_new = given;
	if (given && c->export.line) {
		nm_error("%s has a section [export] in line %d already; change it there, on both nodes, and leave the options out",
			 c->path, c->export.line);
		return NM_EXIT_USAGE;
	}
	if (!given && !c->export.line) {
		nm_error("it is not said how to export %s: give --iscsi, --iser, --srp or --loopback, or write a section [export] into %s",
			 c->name, c->path);
		return NM_EXIT_USAGE;
	}
	ret = from_options(&c->export, o);
	if (ret)
		return ret;
	problem = nm_export_problem(&c->export);
	if (problem)
		nm_error("cannot export %s: %s", c->name, problem);
	return problem ? NM_EXIT_USAGE : NM_EXIT_OK;
}

struct collision {
	const struct nm_config *c;
	char serial[NM_HEX_STRLEN + 1];
	char name[NM_NAME_MAX + 1];	/* "": none */
};

static void look_for_collision(void *arg, const char *name)
{
	struct collision *col = arg;
	char serial[NM_HEX_STRLEN + 1];
	u8 uuid[NM_UUID_LEN];

	if (!strcmp(name, col->c->name) || !nm_config_get_uuid(name, uuid))
		return;
	nm_format_hex(uuid, serial);
	if (!strncmp(serial, col->serial, NM_LIO_NAA_DIGITS))
		snprintf(col->name, sizeof(col->name), "%s", name);
}

/* LIO puts no more than a part of the serial number into the identifier. */
static int check_collision(const struct nm_config *c, const char *doing)
{
	struct collision col = { .c = c };

	nm_format_hex(c->uuid, col.serial);
	nm_config_for_each(look_for_collision, &col);
	if (!*col.name)
		return NM_EXIT_OK;
	nm_error("%s: its uuid and that of %s have the same first %d digits, so initiators would take both for one disk; make one of them anew with another uuid",
		 doing, col.name, NM_LIO_NAA_DIGITS);
	return NM_EXIT_REFUSED;
}

static int check_role(const struct nm_mirror *m, const char *doing)
{
	if (!m->status.failed && !strcmp(m->status.role, "primary"))
		return NM_EXIT_OK;
	nm_error("%s: this node is not primary, and only a primary can use the mirror; \""
		 NM_TOOL_NAME " promote %s\" first", doing, m->name);
	return NM_EXIT_REFUSED;
}

/* What is missing afterwards is told by the first step that fails. */
static void load_module(const char *name)
{
	const char *const argv[] = { "modprobe", name, NULL };

	nm_run_quietly(argv, NULL);
}

/* The others are loaded by the kernel, when their directories are made. */
static void load_modules(const struct nm_export *e)
{
	load_module("target_core_mod");
	if (nm_export_has(e, NM_FABRIC_SRP))
		load_module("ib_srpt");
}

static int do_export(const struct nm_mirror *m, const struct nm_lio *lio,
		     const struct nm_steps *steps, bool is_new,
		     const char *doing)
{
	const struct nm_config *c = &m->config;
	int ret;

	if (is_new && nm_config_prepare_export(c, m->dm.sectors))
		return NM_EXIT_FAILED;
	ret = nm_steps_run(steps, doing);
	if (ret) {
		nm_lio_remove(lio, false, doing);
		if (is_new)
			nm_config_drop(c);
		return ret;
	}
	return is_new && nm_config_commit(c) ? NM_EXIT_FAILED : NM_EXIT_OK;
}

static void report(const struct nm_opts *o, const struct nm_mirror *m,
		   const struct nm_lio *lio, bool is_new)
{
	const struct nm_export *e = &m->config.export;

	if (nm_export_has(e, NM_FABRIC_ISCSI) ||
	    nm_export_has(e, NM_FABRIC_ISER))
		nm_note(o, "%s is exported as %s", m->name, lio->iqn);
	else
		nm_note(o, "%s is exported", m->name);
	if (is_new)
		nm_note(o, "wrote [export] into %s; copy it to %s, so that the export is the same there",
			m->config.path, m->config.peer->name);
}

static int export(const struct nm_opts *o, struct nm_mirror *m,
		  const struct nm_lio *lio, bool is_new, const char *doing)
{
	const struct nm_export *e = &m->config.export;
	bool dry = nm_given(o, NM_OPT_DRY_RUN);
	struct nm_steps steps = { 0 };
	struct nm_reservations r = { .nr = 0 };
	enum nm_presence presence;
	int ret = NM_EXIT_OK;

	if (*e->reservations)
		ret = nm_reservations_check_dir(e->reservations, doing);
	if (!ret)
		ret = nm_reservations_read(&r, e, lio->serial, lio->iqn, doing);
	if (ret)
		goto out;
	nm_lio_plan(lio, m, &r, &steps);
	presence = nm_steps_presence(&steps);
	if (presence == NM_PRESENT_ALL) {
		nm_note(o, "%s is exported already", m->name);
	} else if (presence == NM_PRESENT_PART) {
		nm_error("%s: it is exported in part, or in another way: an export was interrupted, or [export] was changed since; \""
			 NM_TOOL_NAME " unexport %s\" first", doing, m->name);
		ret = NM_EXIT_REFUSED;
	} else if (dry) {
		printf("modprobe target_core_mod\n");
		if (nm_export_has(e, NM_FABRIC_SRP))
			printf("modprobe ib_srpt\n");
		nm_steps_print(&steps);
	} else {
		ret = do_export(m, lio, &steps, is_new, doing);
		if (!ret)
			report(o, m, lio, is_new);
	}
	nm_steps_free(&steps);
out:
	nm_reservations_free(&r);
	return ret;
}

int nm_cmd_export(const struct nm_opts *o)
{
	char doing[NM_DM_NAME_LEN + 16];
	struct nm_mirror m;
	struct nm_lio lio;
	bool is_new;
	int ret;

	ret = nm_mirror_find_up(&m, o, o->args[0]);
	if (!ret && !m.has_config)
		ret = nm_config_missing(&m.config);
	if (ret)
		goto out;
	snprintf(doing, sizeof(doing), "cannot export %s", m.name);
	ret = get_export(&m.config, o, &is_new);
	if (!ret)
		ret = check_role(&m, doing);
	if (!ret)
		ret = check_collision(&m.config, doing);
	if (ret)
		goto out;
	if (!nm_given(o, NM_OPT_DRY_RUN))
		load_modules(&m.config.export);
	nm_lio_init(&lio, &m.config);
	ret = export(o, &m, &lio, is_new, doing);
out:
	nm_mirror_put(&m);
	return ret;
}

int nm_cmd_unexport(const struct nm_opts *o)
{
	bool dry = nm_given(o, NM_OPT_DRY_RUN), was;
	char doing[NM_DM_NAME_LEN + 32];
	struct nm_config c;
	struct nm_lio lio;
	int ret;

	ret = nm_config_load(&c, o, o->args[0]);
	if (ret == NM_EXIT_NOT_FOUND)
		ret = nm_config_missing(&c);
	if (ret)
		goto out;
	snprintf(doing, sizeof(doing), "cannot end the export of %s", c.name);
	nm_lio_init(&lio, &c);
	was = nm_lio_is_exported(&lio);
	ret = nm_lio_remove(&lio, dry, doing);
	if (!ret && !dry)
		nm_note(o, was ? "%s is not exported any more" :
			"%s is not exported", c.name);
out:
	nm_config_free(&c);
	return ret;
}
