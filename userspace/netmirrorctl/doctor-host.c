// SPDX-License-Identifier: GPL-2.0-only
#include <sys/stat.h>
#include <unistd.h>

#include "confdir.h"
#include "doctor.h"
#include "limited.h"

#define NAA_DIGITS	25	/* of a serial number, by which LIO makes a NAA */

/* --- the kernel ----------------------------------------------------------- */

static void check_module(struct nm_doctor *d)
{
	static char *const probe[] = { "modprobe", "--dry-run", "dm-netmirror",
				       NULL };
	char *text;

	if (nm_dm_has_target())
		return;
	if (nm_limited_run(probe, NM_DOCTOR_SECONDS, &text))
		nm_finding(d, NM_PROBLEM, "module",
			   "Without the module no mirror can be started.",
			   "Install it for the running kernel (make modules install, or DKMS) and see \"modprobe dm-netmirror\".",
			   "the module dm-netmirror is not loaded and cannot be loaded");
	free(text);
}

/* --- LIO ------------------------------------------------------------------ */

/* rtslib may point the kernel at a directory that lacks what APTPL needs. */
static void check_dbroot(struct nm_doctor *d)
{
	char root[256] = "", dir[300];
	FILE *f = fopen(NM_TARGETDIR "/dbroot", "re");

	if (!f)
		return;
	if (!fgets(root, sizeof(root), f))
		*root = 0;
	fclose(f);
	root[strcspn(root, "\n")] = 0;
	snprintf(dir, sizeof(dir), "%s/pr", root);
	if (*root && access(dir, F_OK) && errno == ENOENT)
		nm_finding(d, NM_PROBLEM, "lio",
			   "Reservations that are to survive a loss of power (APTPL) fail, as clusters of initiators use them.",
			   "mkdir -p $(cat /sys/kernel/config/target/dbroot)/pr $(cat /sys/kernel/config/target/dbroot)/alua",
			   "LIO keeps reservations in %s, which does not exist",
			   dir);
}

/* --- mirrors among each other --------------------------------------------- */

struct identity {
	char name[NM_NAME_MAX + 1];
	u8 uuid[NM_UUID_LEN];
	char leg[NM_PATH_MAX + 1];
};

struct identities {
	const struct nm_opts *o;
	struct identity *of;
	size_t nr;
};

/* In a child: errors of a configuration are reported by another check. */
static void collect(void *arg, const char *name)
{
	struct identities *all = arg;
	struct identity *id;
	struct nm_config c;

	if (!nm_config_load(&c, all->o, name) && c.has_uuid) {
		all->of = reallocarray(all->of, all->nr + 1, sizeof(*id));
		if (!all->of)
			abort();
		id = &all->of[all->nr++];
		strcpy(id->name, name);
		memcpy(id->uuid, c.uuid, NM_UUID_LEN);
		strcpy(id->leg, c.self->leg);
	}
	nm_config_free(&c);
}

static bool same_naa(const u8 *a, const u8 *b)
{
	char one[NM_HEX_STRLEN + 1], two[NM_HEX_STRLEN + 1];

	nm_format_hex(a, one);
	nm_format_hex(b, two);
	return !strncmp(one, two, NAA_DIGITS);
}

/* A line for each pair: "CHECK NAME NAME" */
static int compare_all(void *arg)
{
	struct identities all = { .o = arg };
	size_t i, j;

	if (!freopen("/dev/null", "w", stderr))
		return 1;
	nm_config_for_each(collect, &all);
	for (i = 0; i < all.nr; i++) {
		for (j = i + 1; j < all.nr; j++) {
			const struct identity *a = &all.of[i], *b = &all.of[j];

			if (!memcmp(a->uuid, b->uuid, NM_UUID_LEN))
				printf("uuid %s %s\n", a->name, b->name);
			else if (same_naa(a->uuid, b->uuid))
				printf("naa %s %s\n", a->name, b->name);
			if (!strcmp(a->leg, b->leg))
				printf("leg %s %s\n", a->name, b->name);
		}
	}
	free(all.of);
	return 0;
}

static void report_pair(struct nm_doctor *d, char *line)
{
	char *check = strsep(&line, " "), *one = strsep(&line, " ");
	const char *two = line;

	if (!two)
		return;
	if (!strcmp(check, "uuid"))
		nm_finding(d, NM_PROBLEM, "uuid",
			   "The kernel takes them for one mirror; the second one cannot be started.",
			   "Give one of them another uuid, and make its legs anew with netmirrorctl create.",
			   "the mirrors %s and %s have the same uuid", one, two);
	else if (!strcmp(check, "naa"))
		nm_finding(d, NM_PROBLEM, "naa",
			   "LIO makes the NAA of a disk from those digits: multipathing on an initiator takes both for one disk, and mixes their data.",
			   "Make one of them anew with another uuid, or export it with a serial number of its own.",
			   "the uuids of the mirrors %s and %s have the same first %d digits",
			   one, two, NAA_DIGITS);
	else
		nm_finding(d, NM_PROBLEM, "leg",
			   "A device can be the leg of one mirror only.",
			   "Correct the configuration that has the wrong leg.",
			   "the mirrors %s and %s have the same leg", one, two);
}

static void check_identities(struct nm_doctor *d)
{
	struct nm_opts o = *d->o;
	char *text, *at, *line;

	/* A configuration by name is for one mirror only. */
	o.given &= ~BIT(NM_OPT_CONFIG);
	nm_limited(compare_all, &o, NM_DOCTOR_SECONDS, &text);
	at = text;
	while (at && (line = strsep(&at, "\n")) && *line)
		report_pair(d, line);
	free(text);
}

void nm_doctor_host(struct nm_doctor *d)
{
	check_module(d);
	check_dbroot(d);
	check_identities(d);
}
