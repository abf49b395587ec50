// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <sys/sysmacros.h>

#include "lvm.h"
#include "run.h"

#define MAX_GROUPS	64

/* Read a line of sysfs about a device of device-mapper; "" if there is none. */
static void read_dm(const char *kernel_name, const char *what, char *line,
		    size_t size)
{
	char path[512];
	FILE *f;

	*line = 0;
	snprintf(path, sizeof(path), "/sys/block/%s/dm/%s", kernel_name, what);
	f = fopen(path, "re");
	if (f && !fgets(line, size, f))
		*line = 0;
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = 0;
}

/* "vg--a-lv": a single dash parts the names, a double one is a dash in one. */
static void group_of(const char *dm_name, char group[NM_VG_MAX])
{
	size_t len = 0;

	for (; *dm_name && len < NM_VG_MAX - 1; dm_name++) {
		if (*dm_name == '-' && *++dm_name != '-')
			break;
		group[len++] = *dm_name;
	}
	group[len] = 0;
}

void nm_lvm_group_on(dev_t dev, char group[NM_VG_MAX])
{
	char path[64], uuid[256], name[256];
	struct dirent *entry;
	DIR *dir;

	*group = 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders",
		 major(dev), minor(dev));
	dir = opendir(path);
	while (dir && !*group && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		read_dm(entry->d_name, "uuid", uuid, sizeof(uuid));
		read_dm(entry->d_name, "name", name, sizeof(name));
		if (!strncmp(uuid, "LVM-", 4))
			group_of(name, group);
	}
	if (dir)
		closedir(dir);
}

void nm_lvm_way_out(dev_t dev, char *advice, size_t size)
{
	char group[NM_VG_MAX];

	nm_lvm_group_on(dev, group);
	if (*group)
		snprintf(advice, size, "when none of its file systems is mounted: vgchange --activate n %s",
			 group);
	else
		snprintf(advice, size, "stop that first");
}

int nm_lvm_deactivate(const char *doing, dev_t dev)
{
	char group[NM_VG_MAX];
	const char *const argv[] = { "vgchange", "--activate", "n", group,
				     NULL };
	int i, ret = NM_EXIT_OK;

	for (i = 0; !ret && i < MAX_GROUPS; i++) {
		nm_lvm_group_on(dev, group);
		if (!*group)
			break;
		ret = nm_run(doing, argv, NULL);
	}
	return ret;
}
