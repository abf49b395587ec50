// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "holders.h"

struct list {
	char *text;
	size_t size;
};

static __attribute__((format(printf, 2, 3)))
void add(struct list *l, const char *fmt, ...)
{
	size_t len = strlen(l->text);
	va_list args;

	if (len && len < l->size)
		len += snprintf(l->text + len, l->size - len, ", ");
	if (len >= l->size)
		return;
	va_start(args, fmt);
	vsnprintf(l->text + len, l->size - len, fmt, args);
	va_end(args);
}

/* The name of a device in sysfs, or for device-mapper the one people know. */
static void device_name(const char *kernel_name, char *name, size_t size)
{
	char path[512];
	FILE *f;

	snprintf(name, size, "/dev/%s", kernel_name);
	snprintf(path, sizeof(path), "/sys/block/%s/dm/name", kernel_name);
	f = fopen(path, "re");
	if (!f)
		return;
	strcpy(name, "/dev/mapper/");
	if (!fgets(name + strlen(name), size - strlen(name), f))
		snprintf(name, size, "/dev/%s", kernel_name);
	name[strcspn(name, "\n")] = 0;
	fclose(f);
}

static void add_stacked(struct list *l, dev_t dev)
{
	char path[64], name[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders",
		 major(dev), minor(dev));
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		device_name(entry->d_name, name, sizeof(name));
		add(l, "%s", name);
	}
	if (dir)
		closedir(dir);
}

static void add_mounts(struct list *l, dev_t dev)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], where[4096];
	unsigned int maj, min;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %u:%u %*s %4095s", &maj, &min,
			   where) == 3 && makedev(maj, min) == dev)
			add(l, "the mount at %s", where);
	if (f)
		fclose(f);
}

static void add_swap(struct list *l, dev_t dev)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[4096];
	struct stat st;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t")] = 0;
		if (!stat(line, &st) && st.st_rdev == dev)
			add(l, "swap");
	}
	if (f)
		fclose(f);
}

/* What a file of configfs has. */
static bool read_path(const char *file, char *path, size_t size)
{
	FILE *f = fopen(file, "re");
	bool ok = f && fgets(path, size, f);

	if (ok)
		path[strcspn(path, "\n")] = 0;
	if (f)
		fclose(f);
	return ok;
}

/* The kernel holds these: no process has them open. */
static void add_exports(struct list *l, dev_t dev)
{
	char path[512];
	struct stat st;
	glob_t found;
	size_t i;

	if (glob(NM_TARGETDIR "/core/iblock_*/*/udev_path", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		if (!read_path(found.gl_pathv[i], path, sizeof(path)) ||
		    stat(path, &st) || st.st_rdev != dev)
			continue;
		*strrchr(found.gl_pathv[i], '/') = 0;
		add(l, "the export by LIO as %s (netmirrorctl unexport or targetcli ends it)",
		    strrchr(found.gl_pathv[i], '/') + 1);
	}
	globfree(&found);
}

/* Does the process have the device open? */
static int has_open(const char *pid, dev_t dev)
{
	char path[600];
	struct dirent *entry;
	struct stat st;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = !fstatat(dirfd(dir), entry->d_name, &st, 0) &&
			S_ISBLK(st.st_mode) && st.st_rdev == dev;
	if (dir)
		closedir(dir);
	return found;
}

static void add_processes(struct list *l, dev_t dev)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[600], comm[32];
	FILE *f;

	while (dir && (entry = readdir(dir))) {
		if (!atoi(entry->d_name) || !has_open(entry->d_name, dev))
			continue;
		strcpy(comm, "unknown");
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "re");
		if (f && fgets(comm, sizeof(comm), f))
			comm[strcspn(comm, "\n")] = 0;
		if (f)
			fclose(f);
		add(l, "process %s (%s)", entry->d_name, comm);
	}
	if (dir)
		closedir(dir);
}

void nm_holders(dev_t dev, char *list, size_t size)
{
	struct list l = { list, size };

	*list = 0;
	add_stacked(&l, dev);
	add_mounts(&l, dev);
	add_swap(&l, dev);
	add_exports(&l, dev);
	if (!*list)
		add_processes(&l, dev);
}
