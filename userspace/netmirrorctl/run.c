// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netmirrorctl.h"
#include "run.h"

#define SAID_MAX	1024	/* of its complaint, for a message */

/* A file in memory holds any amount while nobody reads. */
static int new_buffer(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The content without newlines at its end; NULL when there is no memory. */
static char *read_buffer(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, size + 1);
	ssize_t len = text ? pread(fd, text, size, 0) : 0;

	if (len < 0)
		len = 0;
	while (len && text[len - 1] == '\n')
		text[--len] = 0;
	return text;
}

static int spawn(const char *const argv[], int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int ret;

	setenv("LC_ALL", "C", 1);
	fflush(stdout);
	ret = posix_spawn_file_actions_init(&actions);
	if (ret)
		return -ret;
	ret = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					       "/dev/null", O_RDONLY, 0);
	if (!ret)
		ret = posix_spawn_file_actions_adddup2(&actions, out,
						       STDOUT_FILENO);
	if (!ret)
		ret = posix_spawn_file_actions_adddup2(&actions, err,
						       STDERR_FILENO);
	if (!ret)
		ret = posix_spawnp(pid, argv[0], &actions, NULL,
				   (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Both texts are NULL, or to be freed. */
static int run(const char *const argv[], char **said, char **complaint)
{
	int out = new_buffer("stdout"), err = new_buffer("stderr"), ret;
	pid_t pid;

	*said = *complaint = NULL;
	ret = out < 0 ? out : err < 0 ? err : spawn(argv, out, err, &pid);
	if (!ret)
		ret = wait_for(pid);
	if (ret >= 0) {
		*said = read_buffer(out);
		*complaint = read_buffer(err);
	}
	if (out >= 0)
		close(out);
	if (err >= 0)
		close(err);
	if (ret >= 0 && (!*said || !*complaint))
		ret = -ENOMEM;
	return ret;
}

int nm_run_quietly(const char *const argv[], char **out)
{
	char *said, *complaint;
	int ret = run(argv, &said, &complaint);

	free(complaint);
	if (out)
		*out = said ? said : strdup("");
	else
		free(said);
	return ret;
}

static bool is_plain(const char *word)
{
	return *word && !word[strspn(word,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_-+=./:,@%")];
}

static void print_word(FILE *f, const char *word)
{
	if (is_plain(word)) {
		fputs(word, f);
		return;
	}
	fputc('\'', f);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", f);
		else
			fputc(*word, f);
	}
	fputc('\'', f);
}

static void print_command(FILE *f, const char *const argv[])
{
	int i;

	for (i = 0; argv[i]; i++) {
		if (i)
			fputc(' ', f);
		print_word(f, argv[i]);
	}
}

void nm_run_print(const char *const argv[])
{
	print_command(stdout, argv);
	putchar('\n');
}

/* As one line: the sentences of a program, in one of ours. */
static void flatten(char *text)
{
	char *from = text, *to = text;
	bool gap = false;

	for (; *from && to - text < SAID_MAX; from++) {
		if (*from == ' ' || *from == '\t' || *from == '\n') {
			gap = to > text;
			continue;
		}
		if (gap)
			*to++ = ' ';
		gap = false;
		*to++ = *from;
	}
	*to = 0;
}

static void complain(const char *doing, const char *const argv[], int ret,
		     char *complaint)
{
	char *command = NULL;
	size_t len;
	FILE *f = open_memstream(&command, &len);

	if (!f)
		abort();
	print_command(f, argv);
	fclose(f);
	flatten(complaint);
	nm_error("%s: \"%s\" ended with %s %d%s%s", doing, command,
		 ret > 128 ? "signal" : "exit code",
		 ret > 128 ? ret - 128 : ret, *complaint ? ": " : "",
		 complaint);
	free(command);
}

int nm_run(const char *doing, const char *const argv[], char **out)
{
	char *said, *complaint;
	int ret = run(argv, &said, &complaint);

	if (ret == -ENOENT)
		nm_error("%s: there is no program %s; install it, or see that PATH has its directory",
			 doing, argv[0]);
	else if (ret < 0)
		nm_error("%s: cannot run %s: %s", doing, argv[0],
			 strerror(-ret));
	else if (ret)
		complain(doing, argv, ret, complaint);
	free(complaint);
	if (out)
		*out = said ? said : strdup("");
	else
		free(said);
	return ret ? NM_EXIT_FAILED : NM_EXIT_OK;
}
