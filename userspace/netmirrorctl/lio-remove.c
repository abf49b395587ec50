// SPDX-License-Identifier: GPL-2.0-only
/* Taking an export away: by what is there, not by what was planned. */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lio.h"

struct removal {
	const struct nm_lio *lio;
	bool dry;
	const char *doing;
	int ret;
};

/* Only the first thing that goes wrong is told; nothing is done after it. */
static void report(struct removal *r, const char *what, const char *path)
{
	if (!r->ret)
		nm_error("%s: %s %s failed: %s; the kernel log has the reason (dmesg)",
			 r->doing, what, path, strerror(errno));
	r->ret = NM_EXIT_FAILED;
}

static void remove_dir(struct removal *r, const char *path)
{
	if (r->dry)
		printf("rmdir %s\n", path);
	else if (!r->ret && rmdir(path) && errno != ENOENT)
		report(r, "removing", path);
}

/* Others may have something in it. */
static void remove_shared_dir(struct removal *r, const char *path)
{
	if (r->dry)
		printf("rmdir --ignore-fail-on-non-empty %s\n", path);
	else if (!r->ret && rmdir(path) && errno != ENOENT &&
		 errno != ENOTEMPTY && errno != EBUSY)
		report(r, "removing", path);
}

static void remove_link(struct removal *r, const char *path)
{
	if (r->dry)
		printf("rm %s\n", path);
	else if (!r->ret && unlink(path) && errno != ENOENT)
		report(r, "removing", path);
}

/* A group of the loopback has no such attribute. */
static void disable(struct removal *r, const char *tpg)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/enable", tpg);
	if (access(path, F_OK))
		return;
	if (r->dry) {
		printf("echo 0 >%s\n", path);
		return;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (!r->ret && (fd < 0 || write(fd, "0\n", 2) != 2))
		report(r, "writing 0 to", path);
	if (fd >= 0)
		close(fd);
}

typedef void (*entry_fn)(struct removal *r, const char *path, void *arg);

/* Call @fn for what is in the directory and has that type. */
static void for_each(struct removal *r, const char *dir, unsigned char type,
		     entry_fn fn, void *arg)
{
	struct dirent **names;
	char path[PATH_MAX];
	int i, nr = scandir(dir, &names, NULL, alphasort);

	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (*names[i]->d_name != '.' && names[i]->d_type == type)
			fn(r, path, arg);
		free(names[i]);
	}
	if (nr >= 0)
		free(names);
}

static bool same_place(const char *a, const char *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];

	return realpath(a, real_a) && realpath(b, real_b) &&
	       !strcmp(real_a, real_b);
}

struct links {
	int ours, others;
	char other[PATH_MAX];
};

static void count_link(struct removal *r, const char *path, void *arg)
{
	struct links *links = arg;

	if (same_place(path, r->lio->backstore)) {
		links->ours++;
	} else {
		links->others++;
		snprintf(links->other, sizeof(links->other), "%s", path);
	}
}

static void count_lun(struct removal *r, const char *path, void *arg)
{
	for_each(r, path, DT_LNK, count_link, arg);
}

static void drop_link(struct removal *r, const char *path, void *arg)
{
	(void)arg;
	remove_link(r, path);
}

static void drop_dir(struct removal *r, const char *path, void *arg)
{
	(void)arg;
	remove_dir(r, path);
}

static bool is_lun(const char *path)
{
	return !strncmp(strrchr(path, '/'), "/lun_", 5);
}

/* A LUN of the group, or of an initiator. */
static void drop_lun(struct removal *r, const char *path, void *arg)
{
	if (!is_lun(path))
		return;
	for_each(r, path, DT_LNK, drop_link, arg);
	remove_dir(r, path);
}

static void drop_acl(struct removal *r, const char *path, void *arg)
{
	for_each(r, path, DT_DIR, drop_lun, arg);
	remove_dir(r, path);
}

/* First nobody gets in any more, and who is in is sent away. */
static void drop_group(struct removal *r, const char *tpg)
{
	char path[PATH_MAX];

	disable(r, tpg);
	snprintf(path, sizeof(path), "%s/np", tpg);
	for_each(r, path, DT_DIR, drop_dir, NULL);
	snprintf(path, sizeof(path), "%s/acls", tpg);
	for_each(r, path, DT_DIR, drop_acl, NULL);
	snprintf(path, sizeof(path), "%s/lun", tpg);
	for_each(r, path, DT_DIR, drop_lun, NULL);
	remove_dir(r, tpg);
}

/*
 * The disk of a loopback has its users on this node, whose I/O would fail, while
 * other initiators can wait for the other node.
 */
static bool is_in_use_here(struct removal *r, const char *tpg)
{
	unsigned int host, channel, id;
	char path[PATH_MAX];
	bool busy = false;
	glob_t disks;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/address", tpg);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%u:%u:%u", &host, &channel, &id) != 3)
		host = -1;
	fclose(f);
	snprintf(path, sizeof(path),
		 "/sys/class/scsi_device/%u:%u:%u:0/device/block/*", host,
		 channel, id);
	if (glob(path, 0, NULL, &disks))
		return false;
	snprintf(path, sizeof(path), "/dev/%s",
		 strrchr(disks.gl_pathv[0], '/') + 1);
	globfree(&disks);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY) {
		nm_error("%s: %s, which is its disk by the loopback, is in use; stop that first",
			 r->doing, path);
		r->ret = NM_EXIT_REFUSED;
		busy = true;
	}
	if (fd >= 0)
		close(fd);
	return busy;
}

/* What an export that was interrupted has left has no LUN yet. */
static bool has_our_name(const struct nm_lio *lio, const char *tpg)
{
	const char *dir = tpg + strlen(NM_TARGETDIR) + 1;
	char name[NM_PORT_NAME_MAX + 64];

	snprintf(name, sizeof(name), "iscsi/%s/tpgt_1", lio->iqn);
	if (!strcmp(dir, name))
		return true;
	snprintf(name, sizeof(name), "loopback/%s/tpgt_1", lio->loop_target);
	if (!strcmp(dir, name))
		return true;
	return !strncmp(dir, "srpt/", 5) &&
	       !strcmp(strrchr(dir, '/') + 1, lio->name);
}

static void look_at_group(struct removal *r, const char *tpg, void *arg)
{
	struct links links = { 0 };
	char path[PATH_MAX];

	(void)arg;
	snprintf(path, sizeof(path), "%s/lun", tpg);
	for_each(r, path, DT_DIR, count_lun, &links);
	if (!links.ours && (links.others || !has_our_name(r->lio, tpg)))
		return;
	if (links.others) {
		if (!r->ret)
			nm_error("%s: the target %s offers other disks as well (%s); take %s out of it with what made it, such as targetcli",
				 r->doing, tpg, links.other, r->lio->name);
		r->ret = NM_EXIT_REFUSED;
		return;
	}
	if (r->ret || is_in_use_here(r, tpg))
		return;
	drop_group(r, tpg);
	*strrchr(strcpy(path, tpg), '/') = 0;
	remove_shared_dir(r, path);
}

static void look_at_target(struct removal *r, const char *wwn, void *arg)
{
	for_each(r, wwn, DT_DIR, look_at_group, arg);
}

/* The loopback first: its users are here, and tell whether it is in use. */
int nm_lio_remove(const struct nm_lio *lio, bool dry, const char *doing)
{
	struct removal r = { lio, dry, doing, NM_EXIT_OK };
	struct stat st;

	for_each(&r, NM_TARGETDIR "/loopback", DT_DIR, look_at_target, NULL);
	for_each(&r, NM_TARGETDIR "/srpt", DT_DIR, look_at_target, NULL);
	for_each(&r, NM_TARGETDIR "/iscsi", DT_DIR, look_at_target, NULL);
	if (!stat(lio->backstore, &st))
		remove_dir(&r, lio->backstore);
	if (!stat(lio->hba, &st))
		remove_shared_dir(&r, lio->hba);
	return r.ret;
}
