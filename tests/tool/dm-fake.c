// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm.h on plain files, so that the tool runs without device-mapper.  Below
 * $NM_FAKE_DM each device is a directory with the files
 *	uuid table sectors status open suspended event dev
 * A message is appended to "messages"; "errno" makes it fail with that number,
 * "reply" is what it answers, "why" the reason of the last failure and "verdict"
 * what is behind the last verdict.
 * "errno-create" makes the creation of a device fail, "errno-key" that of a key;
 * "keys" has the keys that were given; "no-target" is 1 when the kernel has no
 * such target.
 *
 * A loaded table is in "new-table" and "new-sectors"; "errno-reload" makes the
 * loading fail, "errno-suspend" the resume before it changes anything, and
 * "errno-resume" once the resume of a table that is in place already;
 * "errno-resume.next" takes its place then.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <netmirror/uapi.h>

#include "dm.h"

static const char default_status[] =
	"2 aD 0/1 idle 0 secondary connecting "
	"00000000000000000000000000000000 0 0 rw -";

static const char *root(void)
{
	const char *dir = getenv("NM_FAKE_DM");

	return dir ? dir : "/nonexistent";
}

static void path_of(char *path, size_t size, const char *name, const char *file)
{
	snprintf(path, size, "%s/%s/%s", root(), name, file);
}

/* The first line of a file, NULL if there is none; to be freed. */
static char *get(const char *name, const char *file)
{
	char path[4096], *line = NULL;
	size_t size = 0;
	FILE *f;

	path_of(path, sizeof(path), name, file);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	if (getline(&line, &size, f) < 0) {
		free(line);
		line = NULL;
	} else {
		line[strcspn(line, "\n")] = 0;
	}
	fclose(f);
	return line;
}

static long get_number(const char *name, const char *file)
{
	char *line = get(name, file);
	long n = line ? atol(line) : 0;

	free(line);
	return n;
}

static void put(const char *name, const char *file, const char *mode,
		const char *text)
{
	char path[4096];
	FILE *f;

	path_of(path, sizeof(path), name, file);
	f = fopen(path, mode);
	if (!f)
		abort();
	fprintf(f, "%s\n", text);
	fclose(f);
}

int nm_dm_get(const char *name, struct nm_dm_device *d)
{
	char *uuid = get(name, "uuid"), *target = get(name, "target");

	memset(d, 0, sizeof(*d));
	if (!uuid)
		return -ENXIO;
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(d->uuid, sizeof(d->uuid), "%s", uuid);
	snprintf(d->target, sizeof(d->target), "%s",
		 target ? target : NM_TARGET_NAME);
	d->event_nr = get_number(name, "event");
	d->open_count = get_number(name, "open");
	d->suspended = get_number(name, "suspended");
	d->sectors = get_number(name, "sectors");
	if (get_number(name, "dev"))
		d->dev = makedev(253, get_number(name, "dev"));
	d->table = get(name, "table");
	d->status = get(name, "status");
	free(uuid);
	free(target);
	if (d->table && d->status)
		return 0;
	nm_dm_put(d);
	return -ENODATA;
}

void nm_dm_put(struct nm_dm_device *d)
{
	free(d->table);
	free(d->status);
	d->table = NULL;
	d->status = NULL;
}

bool nm_dm_has_target(void)
{
	return !get_number(".", "no-target");
}

int nm_dm_add_key(const char *name, const void *key, size_t len)
{
	int err = get_number(".", "errno-key");
	char text[256];

	if (err)
		return -err;
	snprintf(text, sizeof(text), "%s %.*s", name, (int)len,
		 (const char *)key);
	put(".", "keys", "a", text);
	return 0;
}

int nm_dm_create(const char *name, const char *uuid, u64 sectors,
		 const char *table)
{
	char path[4096], number[32];
	int err = get_number(".", "errno-create");

	if (err)
		return -err;
	snprintf(path, sizeof(path), "%s/%s", root(), name);
	if (mkdir(path, 0755))
		return -errno;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)sectors);
	put(name, "uuid", "w", uuid);
	put(name, "table", "w", table);
	put(name, "sectors", "w", number);
	put(name, "status", "w", default_status);
	return 0;
}

int nm_dm_reload(const char *name, u64 sectors, const char *table)
{
	int err = get_number(name, "errno-reload");
	char number[32];

	if (err)
		return -err;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)sectors);
	put(name, "new-table", "w", table);
	put(name, "new-sectors", "w", number);
	return 0;
}

static void move(const char *name, const char *from, const char *to)
{
	char old[4096], new[4096];

	path_of(old, sizeof(old), name, from);
	path_of(new, sizeof(new), name, to);
	unlink(new);
	rename(old, new);
}

int nm_dm_resume(const char *name)
{
	int err = get_number(name, "errno-suspend");

	if (err)
		return -err;
	move(name, "new-table", "table");
	move(name, "new-sectors", "sectors");
	err = get_number(name, "errno-resume");
	move(name, "errno-resume.next", "errno-resume");
	put(name, "suspended", "w", err ? "1" : "0");
	return -err;
}

int nm_dm_clear(const char *name)
{
	char path[4096];

	path_of(path, sizeof(path), name, "new-table");
	unlink(path);
	path_of(path, sizeof(path), name, "new-sectors");
	unlink(path);
	return 0;
}

int nm_dm_remove(const char *name, bool deferred)
{
	static const char *const files[] = {
		"uuid", "table", "sectors", "status", "open", "event",
		"messages", "errno", "reply", "target", "suspended", "why",
		"verdict",
	};
	char path[4096];
	size_t i;

	if (get_number(name, "open")) {
		if (!deferred)
			return -EBUSY;
		put(name, "deferred", "w", "1");
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		path_of(path, sizeof(path), name, files[i]);
		unlink(path);
	}
	path_of(path, sizeof(path), name, "");
	return rmdir(path) ? -errno : 0;
}

int nm_dm_message(const char *name, const char *message, char **reply)
{
	int err = get_number(name, "errno");

	*reply = NULL;
	if (!strcmp(message, "why") || !strcmp(message, "verdict")) {
		*reply = get(name, message);
		return 0;
	}
	put(name, "messages", "a", message);
	if (err)
		return -err;
	*reply = get(name, "reply");
	return 0;
}

/*
 * "events NUMBER" is answered from the file "history": the time when it began,
 * then the newest events, each as the kernel prints it.  No more than
 * "history-room" of them are given at a time, if that is there; "errno-ask" makes
 * the question fail.
 */
int nm_dm_ask(const char *name, const char *message, char **reply)
{
	unsigned long long after = 0, first = 0, newest = 0, nr;
	long room = get_number(name, "history-room");
	int err = get_number(name, "errno-ask");
	char path[4096], *line = NULL, *events = NULL;
	char *uuid = get(name, "uuid"), *began;
	size_t size = 0, len;
	FILE *f, *out;

	*reply = NULL;
	if (!uuid)
		return -ENXIO;
	free(uuid);
	if (err)
		return -err;
	path_of(path, sizeof(path), name, "history");
	f = fopen(path, "r");
	if (!room)
		room = LONG_MAX;
	if (!f || sscanf(message, "events %llu", &after) != 1) {
		if (f)
			fclose(f);
		return -EINVAL;
	}
	began = get(name, "history");
	out = open_memstream(&events, &len);
	while (getline(&line, &size, f) > 0) {
		if (sscanf(line, "%llu ", &nr) != 1 || !strchr(line, ' '))
			continue;
		line[strcspn(line, "\n")] = 0;
		newest = nr;
		if (!first)
			first = nr;
		if (nr > after && room-- > 0)
			fprintf(out, "\n%s", line);
	}
	fclose(out);
	fclose(f);
	if (asprintf(reply, "began %s newest %llu lost %llu%s", began, newest,
		     first > after + 1 ? first - 1 - after : 0, events) < 0)
		abort();
	free(events);
	free(began);
	free(line);
	return 0;
}

int nm_dm_for_each(void (*fn)(void *arg, const char *name), void *arg)
{
	struct nm_dm_device d;
	struct dirent **names;
	int i, nr = scandir(root(), &names, NULL, alphasort);

	for (i = 0; i < nr; i++) {
		if (*names[i]->d_name != '.' &&
		    !nm_dm_get(names[i]->d_name, &d)) {
			if (!strcmp(d.target, NM_TARGET_NAME))
				fn(arg, names[i]->d_name);
			nm_dm_put(&d);
		}
		free(names[i]);
	}
	if (nr >= 0)
		free(names);
	return 0;
}

int nm_dm_watch_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int nm_dm_watch_arm(int fd)
{
	(void)fd;
	return 0;
}

int nm_dm_watch_wait(int fd, int timeout_ms)
{
	const struct timespec moment = { .tv_nsec = 20 * 1000000 };

	(void)fd;
	(void)timeout_ms;
	nanosleep(&moment, NULL);
	return 0;
}
