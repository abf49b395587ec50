// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netmirrorctl.h"
#include "steps.h"

void nm_steps_add(struct nm_steps *s, enum nm_step_kind kind, const char *value,
		  const char *fmt, ...)
{
	struct nm_step *step;
	va_list args;

	s->step = reallocarray(s->step, s->nr + 1, sizeof(*s->step));
	if (!s->step)
		abort();
	step = &s->step[s->nr++];
	step->kind = kind;
	step->value = value ? strdup(value) : NULL;
	va_start(args, fmt);
	if (vasprintf(&step->path, fmt, args) < 0 || (value && !step->value))
		abort();
	va_end(args);
}

void nm_steps_free(struct nm_steps *s)
{
	int i;

	for (i = 0; i < s->nr; i++) {
		free(s->step[i].path);
		free(s->step[i].value);
	}
	free(s->step);
	s->step = NULL;
	s->nr = 0;
}

void nm_steps_print(const struct nm_steps *s)
{
	const struct nm_step *step;

	for (step = s->step; step < s->step + s->nr; step++) {
		switch (step->kind) {
		case NM_STEP_SHARED_DIR:
			printf("mkdir -p %s\n", step->path);
			break;
		case NM_STEP_DIR:
			printf("mkdir %s\n", step->path);
			break;
		case NM_STEP_LINK:
			printf("ln -s %s %s\n", step->value, step->path);
			break;
		case NM_STEP_SHARED_LINK:
			printf("ln -sfn %s %s\n", step->value, step->path);
			break;
		case NM_STEP_WRITE:
			printf("echo %s >%s\n", step->value, step->path);
			break;
		case NM_STEP_WRITE_IF:
			printf("[ ! -e %s ] || echo %s >%s\n", step->path,
			       step->value, step->path);
			break;
		case NM_STEP_EXPECT_NOT:
			printf("! grep -q '%s' %s\n", step->value, step->path);
			break;
		}
	}
}

static int make_dirs(const char *path)
{
	char *dirs = strdup(path), *at;
	int err = 0;

	if (!dirs)
		return -ENOMEM;
	for (at = strchr(dirs + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = 0;
		/* What cannot be made shows when the last one is. */
		mkdir(dirs, 0755);
		*at = '/';
	}
	if (mkdir(dirs, 0755) && errno != EEXIST)
		err = -errno;
	free(dirs);
	return err;
}

/* A link may be replaced, a file never. */
static int make_link(const char *path, const char *value)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		unlink(path);
	return symlink(value, path) ? -errno : 0;
}

/* In one call of write(): an attribute takes its value as a whole. */
static int write_line(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	char *line;
	int len;

	if (fd < 0)
		return -errno;
	len = asprintf(&line, "%s\n", value);
	if (len < 0)
		abort();
	if (write(fd, line, len) != len)
		err = errno ? -errno : -EIO;
	free(line);
	close(fd);
	return err;
}

static int expect_not(const char *path, const char *value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return -EIO;
	text[len] = 0;
	return strstr(text, value) ? -ENODATA : 0;
}

static int run_step(const struct nm_step *step)
{
	int err = 0;

	switch (step->kind) {
	case NM_STEP_SHARED_DIR:
		return make_dirs(step->path);
	case NM_STEP_DIR:
		return mkdir(step->path, 0755) ? -errno : 0;
	case NM_STEP_LINK:
		return symlink(step->value, step->path) ? -errno : 0;
	case NM_STEP_SHARED_LINK:
		return make_link(step->path, step->value);
	case NM_STEP_WRITE:
		return write_line(step->path, step->value);
	case NM_STEP_WRITE_IF:
		err = write_line(step->path, step->value);
		return err == -ENOENT ? 0 : err;
	case NM_STEP_EXPECT_NOT:
		return expect_not(step->path, step->value);
	}
	return err;
}

int nm_steps_run(const struct nm_steps *s, const char *doing)
{
	const struct nm_step *step;
	int err;

	for (step = s->step; step < s->step + s->nr; step++) {
		err = run_step(step);
		if (!err)
			continue;
		if (step->kind == NM_STEP_EXPECT_NOT)
			nm_error("%s: %s says \"%s\", so it would not be safe to let anybody in; the kernel log may have the reason (dmesg)",
				 doing, step->path, step->value);
		else if (step->kind == NM_STEP_WRITE ||
			 step->kind == NM_STEP_WRITE_IF)
			nm_error("%s: writing \"%s\" to %s failed: %s; the kernel log has the reason (dmesg)",
				 doing, step->value, step->path,
				 strerror(-err));
		else
			nm_error("%s: making %s failed: %s; the kernel log has the reason (dmesg)",
				 doing, step->path, strerror(-err));
		return NM_EXIT_FAILED;
	}
	return NM_EXIT_OK;
}

enum nm_presence nm_steps_presence(const struct nm_steps *s)
{
	const struct nm_step *step;
	int there = 0, all = 0;
	struct stat st;

	for (step = s->step; step < s->step + s->nr; step++) {
		if (step->kind != NM_STEP_DIR && step->kind != NM_STEP_LINK)
			continue;
		all++;
		if (!lstat(step->path, &st))
			there++;
	}
	if (!there)
		return NM_PRESENT_NONE;
	return there == all ? NM_PRESENT_ALL : NM_PRESENT_PART;
}
