// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limited.h"
#include "progress.h"

#define POLL_MS		20

/* Read until the end or the limit.  Returns 0 or -errno. */
static int collect(int fd, double limit, FILE *to)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		double left = limit - nm_now();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, left * 1000 + 1) <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return n < 0 ? -errno : 0;
		fwrite(buf, 1, n, to);
	}
}

static int reap(pid_t pid, double limit)
{
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (nm_now() >= limit)
			return -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static void child(int fd, int (*fn)(void *arg), void *arg)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), ret;

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	ret = fn(arg);
	fflush(stdout);
	_exit(ret);
}

int nm_limited(int (*fn)(void *arg), void *arg, unsigned int seconds,
	       char **text)
{
	double limit = nm_now() + seconds;
	int fds[2], err;
	size_t len;
	FILE *out;
	pid_t pid;

	*text = NULL;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(fds[1], fn, arg);
	close(fds[1]);
	if (pid < 0) {
		err = -errno;
		close(fds[0]);
		return err;
	}
	out = open_memstream(text, &len);
	if (!out)
		abort();
	err = collect(fds[0], limit, out);
	if (!err)
		err = reap(pid, limit);
	if (err == -ETIMEDOUT) {
		kill(pid, SIGKILL);
		reap(pid, nm_now() + POLL_MS / 1000.0);
	}
	close(fds[0]);
	fclose(out);
	return err;
}

static int exec_it(void *arg)
{
	char *const *argv = arg;

	execvp(argv[0], argv);
	return NM_NO_PROGRAM;
}

int nm_limited_run(char *const argv[], unsigned int seconds, char **text)
{
	return nm_limited(exec_it, (void *)argv, seconds, text);
}
