// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <netmirror/uapi.h>

#include "netmirrorctl.h"
#include "reservations.h"

#define FILE_MAX	(1 << 20)

static const char nothing[] = "No Registrations or Reservations";

char *nm_reservations_file(const char *dir, const char *serial)
{
	char *file;

	if (asprintf(&file, "%s/aptpl_%s", dir, serial) < 0)
		abort();
	return file;
}

/* Is the block device a mirror, or does it stand on one? */
static bool is_on_mirror(const char *sysfs)
{
	char path[600], uuid[160] = "";
	struct dirent *entry;
	bool found = false;
	FILE *f;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/dm/uuid", sysfs);
	f = fopen(path, "re");
	if (f && !fgets(uuid, sizeof(uuid), f))
		*uuid = 0;
	if (f)
		fclose(f);
	if (!strncmp(uuid, NM_DM_UUID_PREFIX, strlen(NM_DM_UUID_PREFIX)))
		return true;
	snprintf(path, sizeof(path), "%s/slaves", sysfs);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/block/%s",
			 entry->d_name);
		found = is_on_mirror(path);
	}
	if (dir)
		closedir(dir);
	return found;
}

int nm_reservations_check_dir(const char *dir, const char *doing)
{
	struct statvfs fs;
	struct stat st;
	char sysfs[64];

	if (stat(dir, &st) || !S_ISDIR(st.st_mode) || statvfs(dir, &fs)) {
		nm_error("%s: there is no directory %s for the reservations; mount it first",
			 doing, dir);
		return NM_EXIT_FAILED;
	}
	snprintf(sysfs, sizeof(sysfs), "/sys/dev/block/%u:%u",
		 major(st.st_dev), minor(st.st_dev));
	if (!is_on_mirror(sysfs)) {
		nm_error("%s: the reservations in %s would not follow to the other node: it is not on a mirror; mount a file system of a mirror there",
			 doing, dir);
		return NM_EXIT_REFUSED;
	}
	if (!(fs.f_flag & ST_SYNCHRONOUS)) {
		nm_error("%s: a loss of power could lose reservations in %s that initiators rely on; mount it with the option sync",
			 doing, dir);
		return NM_EXIT_REFUSED;
	}
	return NM_EXIT_OK;
}

static bool has_acl(const struct nm_export *e, const char *initiator)
{
	int i;

	for (i = 0; i < e->nr_acls; i++)
		if (!strcmp(e->acl[i], initiator))
			return true;
	return false;
}

/* One registration while it is read. */
struct registration {
	char line[1024];
	char fabric[32], initiator[256], target[256];
	int number;
	bool holder;
};

static void add_value(struct registration *reg, const char *key,
		      const char *value)
{
	size_t len = strlen(reg->line);

	snprintf(reg->line + len, sizeof(reg->line) - len, "%s%s=%s",
		 len ? "," : "", key, value);
}

static void take_value(struct registration *reg, const char *key,
		       const char *value)
{
	char type[16];

	if (!strcmp(key, "initiator_fabric"))
		snprintf(reg->fabric, sizeof(reg->fabric), "%s", value);
	else if (!strcmp(key, "initiator_node"))
		snprintf(reg->initiator, sizeof(reg->initiator), "%s", value);
	else if (!strcmp(key, "target_node"))
		snprintf(reg->target, sizeof(reg->target), "%s", value);
	else if (!strcmp(key, "res_holder"))
		reg->holder = !strcmp(value, "1");
	/* Written in hex with a zero in front, and read as octal: "08" is none. */
	if (!strcmp(key, "res_type")) {
		snprintf(type, sizeof(type), "%lu", strtoul(value, NULL, 16));
		value = type;
	}
	add_value(reg, key, value);
}

static int refuse(const char *doing, const char *file, const char *why)
{
	nm_error("%s: the file of reservations %s %s; if no initiator needs what is in it, remove it, and let them register again",
		 doing, file, why);
	return NM_EXIT_REFUSED;
}

/* Would it be in force from the first moment? */
static int check(const struct registration *reg, const struct nm_export *e,
		 const char *iqn, const char *file, const char *doing)
{
	char why[700];

	if (strcmp(reg->fabric, "iSCSI"))
		return NM_EXIT_OK;
	if (strcmp(reg->target, iqn)) {
		snprintf(why, sizeof(why),
			 "has a registration with the target %s, not %s",
			 reg->target, iqn);
		return refuse(doing, file, why);
	}
	if (!has_acl(e, reg->initiator)) {
		snprintf(why, sizeof(why),
			 "has a registration of %s, which is no acl of this export",
			 reg->initiator);
		return refuse(doing, file, why);
	}
	return NM_EXIT_OK;
}

static int parse(struct nm_reservations *r, char *text,
		 const struct nm_export *e, const char *iqn, const char *file,
		 const char *doing)
{
	static const char start[] = "PR_REG_START", end[] = "PR_REG_END";
	struct registration reg;
	bool inside = false;
	char *line, *value;
	int ret;

	if (!strncmp(text, nothing, strlen(nothing)))
		return NM_EXIT_OK;
	while ((line = strsep(&text, "\n"))) {
		if (!*line)
			continue;
		value = line + strcspn(line, ":=");
		if (!*value)
			return refuse(doing, file, "makes no sense");
		*value++ = 0;
		value += strspn(value, " ");
		if (!strcmp(line, start)) {
			memset(&reg, 0, sizeof(reg));
			reg.number = atoi(value);
			inside = true;
		} else if (!inside) {
			return refuse(doing, file, "makes no sense");
		} else if (strcmp(line, end)) {
			take_value(&reg, line, value);
		} else if (reg.number != atoi(value) ||
			   r->nr == NM_MAX_REGISTRATIONS) {
			return refuse(doing, file, "makes no sense");
		} else {
			ret = check(&reg, e, iqn, file, doing);
			if (ret)
				return ret;
			r->line[r->nr] = strdup(reg.line);
			if (!r->line[r->nr++])
				abort();
			r->has_holder |= reg.holder;
			inside = false;
		}
	}
	if (inside || !r->nr)
		return refuse(doing, file, "ends too early");
	return NM_EXIT_OK;
}

int nm_reservations_read(struct nm_reservations *r, const struct nm_export *e,
			 const char *serial, const char *iqn,
			 const char *doing)
{
	char *file, *text;
	int ret = NM_EXIT_OK;
	size_t len;
	FILE *f;

	memset(r, 0, sizeof(*r));
	if (!*e->reservations)
		return NM_EXIT_OK;
	file = nm_reservations_file(e->reservations, serial);
	f = fopen(file, "re");
	if (!f && errno != ENOENT) {
		nm_error("%s: cannot read the reservations in %s: %s", doing,
			 file, strerror(errno));
		ret = NM_EXIT_FAILED;
	}
	if (f) {
		text = calloc(1, FILE_MAX + 1);
		if (!text)
			abort();
		len = fread(text, 1, FILE_MAX, f);
		/* The kernel empties it, writes it, and ends it with a zero. */
		if (!len || len == FILE_MAX || text[len - 1])
			ret = refuse(doing, file,
				     "was not written to its end, as the node lost power at that moment");
		else
			ret = parse(r, text, e, iqn, file, doing);
		free(text);
		fclose(f);
	}
	free(file);
	return ret;
}

void nm_reservations_free(struct nm_reservations *r)
{
	int i;

	for (i = 0; i < r->nr; i++)
		free(r->line[i]);
	r->nr = 0;
}
