// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dm.h"
#include "secret.h"

/* What is wrong with the file itself, or NULL; the next step in @advice. */
static const char *unfit(const struct stat *st, const char **advice)
{
	if (!S_ISREG(st->st_mode)) {
		*advice = "name a regular file";
		return "is no regular file";
	}
	if (st->st_uid != geteuid()) {
		*advice = "make it root's with chown";
		return "belongs to another user";
	}
	if (st->st_mode & 077) {
		*advice = "take their access away with chmod 600, and make a new secret if one of them may have read it";
		return "can be used by its group or by others";
	}
	return NULL;
}

int nm_secret_read(struct nm_secret *s, const char *path, const char *doing)
{
	u8 buf[NM_SECRET_MAX + 2];	/* a newline, and a byte too many */
	const char *wrong, *advice = "";
	int ret = NM_EXIT_FAILED;
	struct stat st;
	ssize_t len = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return NM_EXIT_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st)) {
		wrong = strerror(errno);
		goto out;
	}
	wrong = unfit(&st, &advice);
	if (wrong)
		goto out;
	len = read(fd, buf, sizeof(buf));
	if (len < 0) {
		wrong = strerror(errno);
		goto out;
	}
	/* An editor's newline is not part of it. */
	if (len && buf[len - 1] == '\n')
		len--;
	if (len < NM_SECRET_MIN || len > NM_SECRET_MAX) {
		wrong = len < NM_SECRET_MIN ? "is too short" : "is too long";
		advice = "write 64 random hex digits into it, the same on both nodes";
		goto out;
	}
	memcpy(s->bytes, buf, len);
	s->len = len;
	ret = NM_EXIT_OK;
out:
	if (ret)
		nm_error("%s: the file with the secret, %s: %s%s%s", doing,
			 path, wrong, *advice ? "; " : "", advice);
	explicit_bzero(buf, sizeof(buf));
	if (fd >= 0)
		close(fd);
	return ret;
}

int nm_secret_load(struct nm_secret *s, const struct nm_config *c,
		   const char *doing)
{
	int ret;

	s->len = 0;
	if (!*c->secret_file)
		return NM_EXIT_OK;
	ret = nm_secret_read(s, c->secret_file, doing);
	if (ret == NM_EXIT_NOT_FOUND)
		nm_error("%s: there is no %s with the secret; copy it from %s",
			 doing, c->secret_file, c->peer->name);
	return ret;
}

int nm_secret_give(const struct nm_secret *s, const struct nm_config *c,
		   const char *doing)
{
	char name[NM_NAME_MAX + sizeof(NM_KEY_PREFIX)];
	int err;

	if (!s->len)
		return NM_EXIT_OK;
	snprintf(name, sizeof(name), NM_KEY_PREFIX "%s", c->name);
	err = nm_dm_add_key(name, s->bytes, s->len);
	if (!err)
		return NM_EXIT_OK;
	nm_error("%s: the kernel does not take its secret as the logon key %s: %s",
		 doing, name, strerror(-err));
	return NM_EXIT_FAILED;
}

int nm_secret_make(const char *path)
{
	u8 random[NM_SECRET_MAX / 2];
	char text[NM_SECRET_MAX + 1];
	size_t i;
	int fd, err = 0;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (i = 0; i < sizeof(random); i++)
		sprintf(text + 2 * i, "%02x", random[i]);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = -errno;
	} else if (write(fd, text, NM_SECRET_MAX) != NM_SECRET_MAX ||
		   fsync(fd)) {
		err = -errno ?: -EIO;
		unlink(path);
	}
	if (fd >= 0)
		close(fd);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(text, sizeof(text));
	return err;
}

void nm_secret_wipe(struct nm_secret *s)
{
	explicit_bzero(s, sizeof(*s));
}
