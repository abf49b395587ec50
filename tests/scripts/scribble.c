// SPDX-License-Identifier: GPL-2.0-only
/*
 * scribble - change pages while they are on their way to a device.
 *
 *   scribble mapped DEVICE SECONDS	stores into a shared mapping, while another
 *					process makes the kernel write it back
 *   scribble direct DEVICE SECONDS	stores into the buffer of direct writes
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE	(1 << 20)
#define CHUNK	(1 << 16)

static void scribble(volatile uint64_t *words)
{
	uint64_t i, value = 0;

	for (;;)
		for (i = 0; i < SIZE / sizeof(*words); i += 64)
			words[i] = value++;
}

static int write_out(int fd, char *buf, int mapped)
{
	off_t at;

	if (mapped)
		return fdatasync(fd);
	for (at = 0; at < SIZE; at += CHUNK)
		if (pwrite(fd, buf + at, CHUNK, at) != CHUNK)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int mapped, fd, ret = 0;
	time_t end;
	pid_t pid;
	char *buf;

	if (argc != 4) {
		fprintf(stderr, "usage: scribble mapped|direct DEVICE SECONDS\n");
		return 2;
	}
	mapped = !strcmp(argv[1], "mapped");
	end = time(NULL) + atoi(argv[3]);
	fd = open(argv[2], O_RDWR | (mapped ? 0 : O_DIRECT));
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	buf = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		   mapped ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS,
		   mapped ? fd : -1, 0);
	if (buf == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	pid = fork();
	if (!pid)
		scribble((volatile uint64_t *)buf);
	while (!ret && time(NULL) < end)
		ret = write_out(fd, buf, mapped);
	if (ret)
		perror("scribble: write");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* What was stored last is in the page cache only. */
	if (!ret && mapped)
		ret = fsync(fd);
	return !!ret;
}
