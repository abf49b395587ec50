// SPDX-License-Identifier: GPL-2.0-only
/* The keys of [export] and the values they take. */
#include "config.h"
#include "export.h"

static const char *const fabric_names[NM_NR_FABRICS] = {
	[NM_FABRIC_ISCSI]	= "iscsi",
	[NM_FABRIC_ISER]	= "iser",
	[NM_FABRIC_SRP]		= "srp",
	[NM_FABRIC_LOOPBACK]	= "loopback",
};

const char *nm_fabric_name(enum nm_fabric fabric)
{
	return fabric_names[fabric];
}

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool nm_is_iscsi_name(const char *name)
{
	return starts_with(name, "iqn.") || starts_with(name, "eui.") ||
	       starts_with(name, "naa.");
}

/* The port of an SRP initiator as ib_srpt calls it: 0x and 32 hex digits. */
static bool is_srp_name(const char *name)
{
	return starts_with(name, "0x") && strlen(name) == 34 &&
	       strspn(name + 2, "0123456789abcdef") == 32;
}

/* A name becomes a directory of configfs: no slash, nothing to quote. */
static bool is_port_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";

	return *name && *name != '.' && strlen(name) <= NM_PORT_NAME_MAX &&
	       strspn(name, allowed) == strlen(name);
}

static int set_fabrics(struct nm_export *e, const char *value, char **why)
{
	char *words = strdup(value), *rest = words, *word;
	int i, err = words ? 0 : -ENOMEM;

	if (!words)
		abort();
	while (!err && (word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		for (i = 0; i < NM_NR_FABRICS; i++)
			if (!strcmp(word, fabric_names[i]))
				break;
		if (i < NM_NR_FABRICS)
			e->fabrics |= 1U << i;
		else
			err = nm_config_expected(why, "fabrics = %s: expected some of iscsi, iser, srp and loopback",
						 value);
	}
	free(words);
	return err;
}

/* The port that iSCSI has when none is given. */
static int set_portal(struct nm_export *e, const char *value, char **why)
{
	const char *bracket = strrchr(value, ']');
	char *with_port;
	int err;

	if (asprintf(&with_port, "%s%s", value,
		     strchr(bracket ? bracket : value, ':') ? "" : ":3260") < 0)
		abort();
	err = nm_parse_address(with_port, e->portal);
	free(with_port);
	return err ? nm_config_expected(why, "portal = %s: expected an IP address with or without a port, such as 10.77.0.9, 10.77.0.9:3260 or [fd00::9]:3260",
					value) : 0;
}

static int add_acl(struct nm_export *e, const char *value, char **why)
{
	int i;

	if (!is_port_name(value) ||
	    (strcmp(value, NM_ACL_ANY) && !nm_is_iscsi_name(value) &&
	     !is_srp_name(value)))
		return nm_config_expected(why, "acl = %s: expected an iSCSI initiator such as iqn.1993-08.org.debian:01:abc, the port of an SRP initiator (0x and 32 hex digits in lower case), or any",
					  value);
	for (i = 0; i < e->nr_acls; i++)
		if (!strcmp(e->acl[i], value))
			return nm_config_expected(why, "acl = %s: the initiator is there twice",
						  value);
	if (e->nr_acls == NM_MAX_ACLS)
		return nm_config_expected(why, "acl = %s: there are more than %d initiators",
					  value, NM_MAX_ACLS);
	strcpy(e->acl[e->nr_acls++], value);
	return 0;
}

int nm_export_set(struct nm_export *e, const char *key, const char *value,
		  char **why)
{
	if (!strcmp(key, "fabrics"))
		return set_fabrics(e, value, why);
	if (!strcmp(key, "portal"))
		return set_portal(e, value, why);
	if (!strcmp(key, "acl"))
		return add_acl(e, value, why);
	if (!strcmp(key, "iqn")) {
		if (!starts_with(value, "iqn.") || !is_port_name(value))
			return nm_config_expected(why, "iqn = %s: expected a name such as iqn.2026-11.com.example:r0",
						  value);
		strcpy(e->iqn, value);
	} else if (!strcmp(key, "srp-port")) {
		if (nm_parse_number(value, &e->srp_port) || !e->srp_port ||
		    e->srp_port > UINT16_MAX)
			return nm_config_expected(why, "srp-port = %s: expected a number from 1 to 65535",
						  value);
	} else if (!strcmp(key, "reservations")) {
		if (*value != '/' || value[strcspn(value, " \t\\\"'")] ||
		    strlen(value) > NM_PORT_NAME_MAX)
			return nm_config_expected(why, "reservations = %s: expected the absolute path of a directory, without spaces, quotes and backslashes, and of at most %d characters",
						  value, NM_PORT_NAME_MAX);
		strcpy(e->reservations, value);
	} else {
		return nm_config_expected(why, "\"%s\" is no key of [export], which takes fabrics, portal, iqn, acl, srp-port and reservations",
					  key);
	}
	return 0;
}

bool nm_export_has_acls(const struct nm_export *e)
{
	return e->nr_acls && strcmp(e->acl[0], NM_ACL_ANY);
}

/* Is there an initiator for fabrics that name them that way? */
static bool has_name(const struct nm_export *e, bool iscsi)
{
	int i;

	for (i = 0; i < e->nr_acls; i++)
		if (nm_is_iscsi_name(e->acl[i]) == iscsi)
			return true;
	return false;
}

const char *nm_export_problem(const struct nm_export *e)
{
	bool iscsi = nm_export_has(e, NM_FABRIC_ISCSI) ||
		     nm_export_has(e, NM_FABRIC_ISER);
	bool srp = nm_export_has(e, NM_FABRIC_SRP);
	bool any = e->nr_acls && !nm_export_has_acls(e);
	int i;

	for (i = 1; i < e->nr_acls; i++)
		if (any || !strcmp(e->acl[i], NM_ACL_ANY))
			return "acl = any stands alone, or not at all";
	if (!e->fabrics)
		return "it is not said how: fabrics has some of iscsi, iser, srp and loopback";
	if (srp && any)
		return "acl = any does not work with srp: name its initiators";
	if (iscsi && !any && !has_name(e, true))
		return "it is not said to whom: acl names the iSCSI initiators, or is any for all that reach the portal";
	if (srp && !has_name(e, false))
		return "it is not said to whom: acl has the port of each SRP initiator";
	if (*e->reservations && srp)
		return "reservations do not go with srp: a registration belongs to a port of one node, and would not hold on the other";
	if (*e->reservations && any)
		return "reservations do not go with acl = any: they hold from the first moment only for initiators that are named";
	return NULL;
}

void nm_export_write(const struct nm_export *e, FILE *f)
{
	int i;

	fputs("\n[export]\nfabrics =", f);
	for (i = 0; i < NM_NR_FABRICS; i++)
		if (nm_export_has(e, i))
			fprintf(f, " %s", fabric_names[i]);
	fputc('\n', f);
	if (*e->portal)
		fprintf(f, "portal = %s\n", e->portal);
	if (*e->iqn)
		fprintf(f, "iqn = %s\n", e->iqn);
	if (e->srp_port)
		fprintf(f, "srp-port = %llu\n", (unsigned long long)e->srp_port);
	for (i = 0; i < e->nr_acls; i++)
		fprintf(f, "acl = %s\n", e->acl[i]);
	if (*e->reservations)
		fprintf(f, "reservations = %s\n", e->reservations);
}
