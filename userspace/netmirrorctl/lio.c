// SPDX-License-Identifier: GPL-2.0-only
/* The identity of an export, and the steps that make it. */
#include <glob.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lio.h"

#define INFINIBAND	"/sys/class/infiniband"
#define DEFAULT_PORTAL	"0.0.0.0:3260"
#define MODEL_LEN	16	/* of the product in an INQUIRY */
#define PORTS		4	/* relative port ids of a mirror */

/* As the kernel does when the module is loaded. */
static void default_dbroot(char *dir, size_t size)
{
	struct stat st;

	snprintf(dir, size, "%s", !stat("/etc/target", &st) &&
		 S_ISDIR(st.st_mode) ? "/etc/target" : "/var/target");
}

static void read_dbroot(char *dir, size_t size)
{
	FILE *f = fopen(NM_TARGETDIR "/dbroot", "re");

	if (!f || !fgets(dir, size, f))
		default_dbroot(dir, size);
	dir[strcspn(dir, "\n")] = 0;
	if (f)
		fclose(f);
}

void nm_lio_init(struct nm_lio *lio, const struct nm_config *c)
{
	const u8 *id = c->uuid;
	char hex[NM_HEX_STRLEN + 1];

	memset(lio, 0, sizeof(*lio));
	strcpy(lio->name, c->name);
	nm_format_uuid(id, lio->serial);
	nm_format_hex(id, hex);
	if (*c->export.iqn)
		strcpy(lio->iqn, c->export.iqn);
	else
		snprintf(lio->iqn, sizeof(lio->iqn),
			 "iqn.2003-01.org.linux-iscsi.netmirror:%s",
			 lio->serial);
	/* The number of the adapter means nothing outside of this node. */
	snprintf(lio->hba, sizeof(lio->hba), NM_TARGETDIR "/core/iblock_%u",
		 (id[0] & 0x7f) << 24 | id[1] << 16 | id[2] << 8 | id[3]);
	snprintf(lio->backstore, sizeof(lio->backstore), "%s/%s", lio->hba,
		 lio->name);
	snprintf(lio->loop_target, sizeof(lio->loop_target),
		 "naa.5001405%.9s", hex);
	snprintf(lio->loop_initiator, sizeof(lio->loop_initiator),
		 "naa.5001405%.9s", hex + 9);
	/* Never 0, and room for the ports of one mirror. */
	lio->rtpi = ((id[0] << 8 | id[1]) % (0x10000 / PORTS - 1) + 1) * PORTS;
	read_dbroot(lio->dbroot, sizeof(lio->dbroot));
}

bool nm_lio_is_exported(const struct nm_lio *lio)
{
	struct stat st;

	return !stat(lio->backstore, &st);
}

bool nm_mirror_is_exported(const struct nm_mirror *m)
{
	struct nm_lio lio;

	if (!m->has_config)
		return false;
	nm_lio_init(&lio, &m->config);
	return nm_lio_is_exported(&lio);
}

static bool can_discard(dev_t dev)
{
	unsigned long long max = 0;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path),
		 "/sys/dev/block/%u:%u/queue/discard_max_bytes", major(dev),
		 minor(dev));
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &max) != 1)
		max = 0;
	if (f)
		fclose(f);
	return max;
}

/*
 * Reservations hold across a failover only if they are where the other node
 * finds them; all are kept, whether the initiator asked for that or not, as it
 * does not see the failover as a loss of power.  Without such a place LIO says
 * that it has no reservations, rather than forget them.
 */
static void plan_reservations(const struct nm_lio *lio,
			      const struct nm_export *e,
			      const struct nm_reservations *r,
			      struct nm_steps *s)
{
	const char *backstore = lio->backstore;
	char *file;
	int i;

	if (!*e->reservations) {
		nm_steps_add(s, NM_STEP_WRITE, "0", "%s/attrib/emulate_pr",
			     backstore);
		return;
	}
	file = nm_reservations_file(e->reservations, lio->serial);
	nm_steps_add(s, NM_STEP_SHARED_LINK, file, "%s/pr/aptpl_%s",
		     lio->dbroot, lio->serial);
	free(file);
	nm_steps_add(s, NM_STEP_WRITE, "1", "%s/attrib/force_pr_aptpl",
		     backstore);
	for (i = 0; i < r->nr; i++)
		nm_steps_add(s, NM_STEP_WRITE, r->line[i],
			     "%s/pr/res_aptpl_metadata", backstore);
}

static void plan_backstore(const struct nm_lio *lio, const struct nm_mirror *m,
			   const struct nm_reservations *r, struct nm_steps *s)
{
	char path[NM_DM_NAME_LEN + 16], control[sizeof(path) + 16];
	char model[MODEL_LEN + 1];
	const char *dir = lio->backstore;

	snprintf(path, sizeof(path), "/dev/mapper/%s", m->device);
	snprintf(control, sizeof(control), "udev_path=%s", path);
	snprintf(model, sizeof(model), "%.*s", MODEL_LEN, lio->name);

	/* Where the kernel writes reservations and ALUA states. */
	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, "%s/pr", lio->dbroot);
	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, "%s/alua", lio->dbroot);
	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, "%s", lio->hba);
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s", dir);
	nm_steps_add(s, NM_STEP_WRITE, control, "%s/control", dir);
	nm_steps_add(s, NM_STEP_WRITE, path, "%s/udev_path", dir);
	nm_steps_add(s, NM_STEP_WRITE, "1", "%s/enable", dir);
	nm_steps_add(s, NM_STEP_WRITE, "LIO-ORG", "%s/wwn/vendor_id", dir);
	nm_steps_add(s, NM_STEP_WRITE, model, "%s/wwn/product_id", dir);
	nm_steps_add(s, NM_STEP_WRITE, "1", "%s/wwn/revision", dir);
	nm_steps_add(s, NM_STEP_WRITE, lio->serial, "%s/wwn/vpd_unit_serial",
		     dir);
	if (can_discard(m->dm.dev))
		nm_steps_add(s, NM_STEP_WRITE, "1", "%s/attrib/emulate_tpu",
			     dir);
	/* Implicit: the state of the ports is not for initiators to change. */
	nm_steps_add(s, NM_STEP_WRITE, "1",
		     "%s/alua/default_tg_pt_gp/alua_access_type", dir);
	plan_reservations(lio, &m->config.export, r, s);
}

/* A target port group with the mirror as LUN 0. */
static void plan_lun(const struct nm_lio *lio, struct nm_steps *s,
		     const char *tpg, unsigned int port)
{
	char rtpi[16];

	snprintf(rtpi, sizeof(rtpi), "%u", lio->rtpi + port);
	nm_steps_add(s, NM_STEP_WRITE_IF, rtpi, "%s/rtpi", tpg);
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s/lun/lun_0", tpg);
	nm_steps_add(s, NM_STEP_LINK, lio->backstore, "%s/lun/lun_0/%s", tpg,
		     lio->name);
}

static void plan_acls(const struct nm_export *e, bool iscsi,
		      struct nm_steps *s, const char *tpg)
{
	char *lun;
	int i;

	if (asprintf(&lun, "%s/lun/lun_0", tpg) < 0)
		abort();
	for (i = 0; i < e->nr_acls; i++) {
		if (nm_is_iscsi_name(e->acl[i]) != iscsi)
			continue;
		nm_steps_add(s, NM_STEP_DIR, NULL, "%s/acls/%s", tpg,
			     e->acl[i]);
		nm_steps_add(s, NM_STEP_DIR, NULL, "%s/acls/%s/lun_0", tpg,
			     e->acl[i]);
		nm_steps_add(s, NM_STEP_LINK, lun, "%s/acls/%s/lun_0/lun_0",
			     tpg, e->acl[i]);
	}
	free(lun);
}

static char *iscsi_group(const struct nm_lio *lio)
{
	char *tpg;

	if (asprintf(&tpg, NM_TARGETDIR "/iscsi/%s/tpgt_1", lio->iqn) < 0)
		abort();
	return tpg;
}

static void plan_iscsi(const struct nm_lio *lio, const struct nm_export *e,
		       struct nm_steps *s)
{
	bool acls = nm_export_has_acls(e);
	char *tpg = iscsi_group(lio);

	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, NM_TARGETDIR "/iscsi");
	nm_steps_add(s, NM_STEP_DIR, NULL, NM_TARGETDIR "/iscsi/%s", lio->iqn);
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s", tpg);
	nm_steps_add(s, NM_STEP_WRITE, "0", "%s/attrib/authentication", tpg);
	nm_steps_add(s, NM_STEP_WRITE, acls ? "0" : "1",
		     "%s/attrib/generate_node_acls", tpg);
	if (!acls) {
		nm_steps_add(s, NM_STEP_WRITE, "0",
			     "%s/attrib/demo_mode_write_protect", tpg);
		nm_steps_add(s, NM_STEP_WRITE, "1",
			     "%s/attrib/cache_dynamic_acls", tpg);
	}
	plan_lun(lio, s, tpg, 0);
	if (acls)
		plan_acls(e, true, s, tpg);
	free(tpg);
}

static void open_iscsi(const struct nm_lio *lio, const struct nm_export *e,
		       struct nm_steps *s)
{
	const char *portal = *e->portal ? e->portal : DEFAULT_PORTAL;
	char *tpg = iscsi_group(lio);

	nm_steps_add(s, NM_STEP_WRITE, "1", "%s/enable", tpg);
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s/np/%s", tpg, portal);
	if (nm_export_has(e, NM_FABRIC_ISER))
		nm_steps_add(s, NM_STEP_WRITE, "1", "%s/np/%s/iser", tpg,
			     portal);
	free(tpg);
}

static void plan_loopback(const struct nm_lio *lio, struct nm_steps *s)
{
	char *wwn, *tpg;

	if (asprintf(&wwn, NM_TARGETDIR "/loopback/%s", lio->loop_target) < 0 ||
	    asprintf(&tpg, "%s/tpgt_1", wwn) < 0)
		abort();
	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, NM_TARGETDIR "/loopback");
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s", wwn);
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s", tpg);
	nm_steps_add(s, NM_STEP_WRITE, lio->loop_initiator, "%s/nexus", tpg);
	plan_lun(lio, s, tpg, 1);
	free(tpg);
	free(wwn);
}

/* "fe80:0000:..." of sysfs as ib_srpt calls the port: "0xfe80000..." */
static bool port_name(const char *file, char name[64])
{
	char gid[64] = "", *to = name;
	FILE *f = fopen(file, "re");
	const char *from;

	if (f && !fgets(gid, sizeof(gid), f))
		*gid = 0;
	if (f)
		fclose(f);
	to += sprintf(to, "0x");
	for (from = gid; *from && *from != '\n'; from++)
		if (*from != ':')
			*to++ = *from;
	*to = 0;
	return *gid;
}

/*
 * A port of an adapter may offer other disks too, in groups of their own.  It is
 * another port than that of the other node, with another number.
 */
static void plan_srp_port(const struct nm_lio *lio, const struct nm_config *c,
			  struct nm_steps *s, const char *port)
{
	char *tpg;

	if (asprintf(&tpg, NM_TARGETDIR "/srpt/%s/%s", port, lio->name) < 0)
		abort();
	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, NM_TARGETDIR "/srpt/%s",
		     port);
	nm_steps_add(s, NM_STEP_DIR, NULL, "%s", tpg);
	plan_lun(lio, s, tpg, 2 + c->self->id);
	plan_acls(&c->export, false, s, tpg);
	nm_steps_add(s, NM_STEP_WRITE, "1", "%s/enable", tpg);
	free(tpg);
}

static void plan_srp(const struct nm_lio *lio, const struct nm_config *c,
		     struct nm_steps *s)
{
	char name[64];
	glob_t ports;
	size_t i;

	nm_steps_add(s, NM_STEP_SHARED_DIR, NULL, NM_TARGETDIR "/srpt");
	if (c->export.srp_port) {
		snprintf(name, sizeof(name), "%llu",
			 (unsigned long long)c->export.srp_port);
		nm_steps_add(s, NM_STEP_WRITE, name,
			     NM_TARGETDIR "/srpt/discovery_auth/rdma_cm_port");
	}
	if (glob(INFINIBAND "/*/ports/*/gids/0", 0, NULL, &ports))
		return;
	for (i = 0; i < ports.gl_pathc; i++)
		if (port_name(ports.gl_pathv[i], name))
			plan_srp_port(lio, c, s, name);
	globfree(&ports);
}

/* What lets initiators in comes last; what is tied to this node's ports too. */
void nm_lio_plan(const struct nm_lio *lio, const struct nm_mirror *m,
		 const struct nm_reservations *r, struct nm_steps *s)
{
	const struct nm_export *e = &m->config.export;
	bool iscsi = nm_export_has(e, NM_FABRIC_ISCSI) ||
		     nm_export_has(e, NM_FABRIC_ISER);

	plan_backstore(lio, m, r, s);
	if (iscsi)
		plan_iscsi(lio, e, s);
	if (nm_export_has(e, NM_FABRIC_LOOPBACK))
		plan_loopback(lio, s);
	if (r->has_holder)
		nm_steps_add(s, NM_STEP_EXPECT_NOT,
			     "No SPC-3 Reservation holder", "%s/pr/res_holder",
			     lio->backstore);
	if (nm_export_has(e, NM_FABRIC_SRP))
		plan_srp(lio, &m->config, s);
	if (iscsi)
		open_iscsi(lio, e, s);
}
