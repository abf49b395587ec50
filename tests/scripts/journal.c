// SPDX-License-Identifier: GPL-2.0-only
/*
 * journal - writes that tell when they were acknowledged.
 *
 *   journal write DEVICE VERSION [BATCH]
 *					writes blocks until it is ended, versions
 *					from VERSION on, and makes each BATCH (1)
 *					of them durable; prints "block version
 *					milliseconds" of what is: the time of its
 *					last step
 *   journal check DEVICE <LINES	fails unless each block of the lines has
 *					its version or a later one
 *
 * Every sector carries the number and the version of its block, so that a block
 * at the wrong place or an old half of it is seen.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define SECTOR		512
#define WRITERS		4
#define BLOCKS_EACH	512
#define STRIDE		197	/* prime to BLOCKS_EACH: scattered */

struct stamp {
	uint64_t block;
	uint64_t version;
};

static char buf[BLOCK] __attribute__((aligned(BLOCK)));

static uint64_t millis(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static void write_block(int fd, const struct stamp *s)
{
	unsigned int at;

	for (at = 0; at < BLOCK; at += SECTOR)
		memcpy(buf + at, s, sizeof(*s));
	if (pwrite(fd, buf, BLOCK, s->block * BLOCK) != BLOCK) {
		perror("journal: write");
		exit(1);
	}
}

/* One write a line, so that lines of several writers stay whole. */
static void tell(const struct stamp *s, uint64_t took)
{
	char line[64];
	ssize_t len;

	len = snprintf(line, sizeof(line), "%llu %llu %llu\n",
		       (unsigned long long)s->block,
		       (unsigned long long)s->version,
		       (unsigned long long)took);
	if (write(STDOUT_FILENO, line, len) != len)
		exit(1);
}

static void writer(int fd, unsigned int first, uint64_t version,
		   unsigned int batch)
{
	struct stamp stamps[BLOCKS_EACH];
	unsigned int i, nr = 0;
	uint64_t began;

	for (i = 0;; i++) {
		struct stamp *s = &stamps[nr++];

		s->block = first + i * STRIDE % BLOCKS_EACH;
		s->version = version + i / BLOCKS_EACH;
		began = millis();
		write_block(fd, s);
		if (nr < batch)
			continue;
		/* One by one they are durable already. */
		if (batch > 1 && fdatasync(fd)) {
			perror("journal: flush");
			exit(1);
		}
		while (nr)
			tell(&stamps[--nr], millis() - began);
	}
}

static int run_writers(const char *device, uint64_t version, unsigned int batch)
{
	int fd = open(device, O_RDWR | O_DIRECT | (batch > 1 ? 0 : O_DSYNC));
	int i, status, ret = 0;

	if (fd < 0) {
		perror(device);
		return 1;
	}
	for (i = 0; i < WRITERS; i++)
		if (!fork())
			writer(fd, i * BLOCKS_EACH, version, batch);
	while (wait(&status) > 0)
		ret |= !WIFSIGNALED(status);
	return ret;
}

static int check_block(int fd, uint64_t block, uint64_t version)
{
	unsigned int at;
	struct stamp s;

	if (pread(fd, buf, BLOCK, block * BLOCK) != BLOCK) {
		perror("journal: read");
		return 1;
	}
	for (at = 0; at < BLOCK; at += SECTOR) {
		memcpy(&s, buf + at, sizeof(s));
		if (s.block == block && s.version >= version)
			continue;
		printf("block %llu, byte %u: acknowledged version %llu, found version %llu of block %llu\n",
		       (unsigned long long)block, at,
		       (unsigned long long)version,
		       (unsigned long long)s.version,
		       (unsigned long long)s.block);
		return 1;
	}
	return 0;
}

static int check(const char *device)
{
	static uint64_t newest[WRITERS * BLOCKS_EACH];
	unsigned long long block, version;
	unsigned int bad = 0, nr = 0;
	int fd = open(device, O_RDONLY | O_DIRECT);
	char line[256];

	if (fd < 0) {
		perror(device);
		return 1;
	}
	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "%llu %llu", &block, &version) == 2 &&
		    strchr(line, '\n') && block < WRITERS * BLOCKS_EACH &&
		    version > newest[block])
			newest[block] = version;
	for (block = 0; block < WRITERS * BLOCKS_EACH; block++) {
		if (!newest[block])
			continue;
		nr++;
		bad += check_block(fd, block, newest[block]);
	}
	printf("%u blocks were acknowledged, %u of them are lost\n", nr, bad);
	return bad || !nr;
}

int main(int argc, char **argv)
{
	unsigned int batch = argc == 5 ? atoi(argv[4]) : 1;

	if (argc >= 4 && argc <= 5 && !strcmp(argv[1], "write") &&
	    batch > 0 && batch <= BLOCKS_EACH)
		return run_writers(argv[2], strtoull(argv[3], NULL, 0), batch);
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	fprintf(stderr, "usage: journal write DEVICE VERSION [BATCH] | check DEVICE\n");
	return 2;
}
