// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lvm.h"
#include "run.h"

#define MAX_GROUPS	64
#define NO_FILTER							\
	"devices { use_devicesfile=0 global_filter=[\"a|.*|\"] filter=[\"a|.*|\"] }"

/* Read a line of sysfs about a device of device-mapper; "" if there is none. */
static void read_dm(const char *device, const char *what, char *line,
		    size_t size)
{
	char path[512];
	FILE *f;

	*line = 0;
	snprintf(path, sizeof(path), "/sys/%s/dm/%s", device, what);
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

/* A device that is stacked on another one. */
struct holder {
	char kernel_name[256];
	char name[256];		/* of device-mapper; "": it is none of its */
	bool is_lv;
};

static void read_holder(struct holder *h, const char *device)
{
	char uuid[256];

	read_dm(device, "uuid", uuid, sizeof(uuid));
	read_dm(device, "name", h->name, sizeof(h->name));
	h->is_lv = !strncmp(uuid, "LVM-", 4);
}

/* All that is stacked on @dev, one a call; false at the end. */
static bool next_holder(DIR *dir, struct holder *h)
{
	struct dirent *entry;
	char device[512];

	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		strcpy(h->kernel_name, entry->d_name);
		snprintf(device, sizeof(device), "block/%s", entry->d_name);
		read_holder(h, device);
		return true;
	}
	if (dir)
		closedir(dir);
	return false;
}

static DIR *open_holders(dev_t dev)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders",
		 major(dev), minor(dev));
	return opendir(path);
}

void nm_lvm_group_on(dev_t dev, char group[NM_VG_MAX])
{
	DIR *dir = open_holders(dev);
	struct holder h;

	*group = 0;
	while (next_holder(dir, &h))
		if (h.is_lv)
			group_of(h.name, group);
}

void nm_lvm_group_of(dev_t dev, char group[NM_VG_MAX])
{
	char device[64];
	struct holder h;

	snprintf(device, sizeof(device), "dev/block/%u:%u", major(dev),
		 minor(dev));
	read_holder(&h, device);
	*group = 0;
	if (h.is_lv)
		group_of(h.name, group);
}

bool nm_lvm_has_strangers(dev_t dev, const char *except, char *name,
			  size_t size)
{
	DIR *dir = open_holders(dev);
	bool found = false;
	struct holder h;

	while (next_holder(dir, &h)) {
		if (h.is_lv || !strcmp(h.name, except))
			continue;
		found = true;
		snprintf(name, size, "%s", *h.name ? h.name : h.kernel_name);
	}
	return found;
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

int nm_lvm_group_of_pv(const char *doing, const char *device,
		       char group[NM_VG_MAX])
{
	const char *const argv[] = {
		"pvs", "--config", NO_FILTER, "--devices", device,
		"--noheadings", "--options", "vg_name", device, NULL
	};
	const char *name;
	char *out;
	int ret = nm_run(doing, argv, &out);

	name = out + strspn(out, " ");
	snprintf(group, NM_VG_MAX, "%.*s", (int)strcspn(name, " \n"), name);
	free(out);
	return ret;
}

bool nm_lvm_sees(const char *device)
{
	const char *const argv[] = {
		"pvs", "--noheadings", "--options", "pv_name", device, NULL
	};

	return !nm_run_quietly(argv, NULL);
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_rdev;
}

/* "TO,OTHER,OTHER": the PVs of the group, with @to in place of @from. */
static int list_devices(const char *doing, const char *group, const char *from,
			const char *to, char **list)
{
	dev_t old = device_of(from), new = device_of(to);
	const char *argv[] = {
		"pvs", "--config", NO_FILTER, "--noheadings", "--options",
		"pv_name", "--select", NULL, NULL
	};
	char *out, *select, *pv, *rest;
	size_t len;
	FILE *f;
	int ret;

	f = open_memstream(list, &len);
	if (!f || asprintf(&select, "vg_name=%s", group) < 0)
		abort();
	argv[7] = select;
	ret = nm_run(doing, argv, &out);
	fputs(to, f);
	for (pv = strtok_r(out, " \n", &rest); pv;
	     pv = strtok_r(NULL, " \n", &rest))
		if (device_of(pv) != old && device_of(pv) != new)
			fprintf(f, ",%s", pv);
	fclose(f);
	free(select);
	free(out);
	return ret;
}

/*
 * Filters know devices by any of their many names; --devices knows the devices
 * themselves.  All PVs of the group have to be among them.
 */
int nm_lvm_move_args(const char *doing, const char *group, const char *from,
		     const char *to, const char *argv[NM_LVM_MOVE_ARGS])
{
	char *devices;
	int ret = list_devices(doing, group, from, to, &devices);
	const char *const args[NM_LVM_MOVE_ARGS] = {
		"vgchange", "--refresh", "--config", NO_FILTER, "--devices",
		devices, group, NULL
	};

	memcpy(argv, args, sizeof(args));
	return ret;
}

void nm_lvm_args_free(const char *argv[NM_LVM_MOVE_ARGS])
{
	free((char *)argv[5]);
}
