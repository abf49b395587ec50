// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn [-e] DEVICE [COUNT]
 *
 * Writes, zeroes, discards, flushes and reads DEVICE from several threads, COUNT times
 * each or until it gets SIGTERM, then reads all of it once more.
 *
 * Exit status 2: a read that succeeded had anything but what the last write said that
 * succeeded.  1: something else failed.  With -e an error of the device is no failure;
 * what it was to write is unknown then until it is written again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define MAX_BLOCKS	16	/* of one request */
#define NR_THREADS	4
#define MAX_PAUSE	5000	/* us between requests of a thread */
#define UNKNOWN		UINT64_MAX

static const char *device;
static uint64_t nr_blocks;	/* of one thread */
static unsigned long nr_steps = ULONG_MAX;	/* of one thread */
static bool errors_allowed;
static atomic_bool stop;
static atomic_ulong nr_requests, nr_errors;

/* A thread has every NR_THREADS-th stretch of blocks for itself. */
struct worker {
	pthread_t thread;
	unsigned int index;
	unsigned int seed;
	int fd;
	uint64_t version;
	uint64_t *versions;	/* of each block; 0: zeroes */
	uint64_t *buf;
};

static uint64_t offset_of(const struct worker *w, uint64_t block)
{
	uint64_t stretch = block / MAX_BLOCKS * NR_THREADS + w->index;

	return (stretch * MAX_BLOCKS + block % MAX_BLOCKS) * BLOCK;
}

static void fatal(const struct worker *w, const char *what, uint64_t block)
{
	fprintf(stderr, "churn: %s at offset %llu of %s: %s\n", what,
		(unsigned long long)offset_of(w, block), device,
		strerror(errno));
	exit(1);
}

static void set_versions(struct worker *w, uint64_t block, unsigned int nr,
			 uint64_t version)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		w->versions[block + i] = version;
}

/* After a request that changes @nr blocks to @version, or failed to. */
static void changed(struct worker *w, const char *what, uint64_t block,
		    unsigned int nr, uint64_t version, bool failed)
{
	nr_requests++;
	set_versions(w, block, nr, failed ? UNKNOWN : version);
	if (!failed)
		return;
	nr_errors++;
	if (!errors_allowed)
		fatal(w, what, block);
}

static void do_write(struct worker *w, uint64_t block, unsigned int nr)
{
	ssize_t len = nr * BLOCK;
	uint64_t *word;

	w->version++;
	for (word = w->buf; word < w->buf + len / sizeof(*word); word++)
		*word = w->version;
	changed(w, "cannot write", block, nr, w->version,
		pwrite(w->fd, w->buf, len, offset_of(w, block)) != len);
}

static void do_ioctl(struct worker *w, uint64_t block, unsigned int nr,
		     unsigned long request, const char *what)
{
	uint64_t range[2] = { offset_of(w, block), nr * BLOCK };
	int err = ioctl(w->fd, request, range);

	/* A leg without discards makes a mirror without them. */
	if (!err || errno != EOPNOTSUPP)
		changed(w, what, block, nr, 0, err);
}

static void do_read(struct worker *w, uint64_t block, unsigned int nr)
{
	ssize_t len = nr * BLOCK;
	unsigned int i;

	nr_requests++;
	if (pread(w->fd, w->buf, len, offset_of(w, block)) != len) {
		nr_errors++;
		if (!errors_allowed)
			fatal(w, "cannot read", block);
		return;
	}
	for (i = 0; i < len / sizeof(*w->buf); i++) {
		uint64_t at = block + i * sizeof(*w->buf) / BLOCK;

		if (w->versions[at] == UNKNOWN ||
		    w->versions[at] == w->buf[i])
			continue;
		fprintf(stderr,
			"churn: version %llu was read, not %llu, at offset %llu of %s\n",
			(unsigned long long)w->buf[i],
			(unsigned long long)w->versions[at],
			(unsigned long long)offset_of(w, at), device);
		exit(2);
	}
}

static void step(struct worker *w)
{
	uint64_t block = rand_r(&w->seed) % nr_blocks;
	unsigned int room = MAX_BLOCKS - block % MAX_BLOCKS;
	unsigned int nr = 1 + rand_r(&w->seed) % room;

	switch (rand_r(&w->seed) % 32) {
	case 0:
		if (fsync(w->fd) && !errors_allowed)
			fatal(w, "cannot flush", block);
		break;
	case 1:
		do_ioctl(w, block, nr, BLKDISCARD, "cannot discard");
		break;
	case 2:
		do_ioctl(w, block, nr, BLKZEROOUT, "cannot write zeroes");
		break;
	case 3 ... 10:
		do_read(w, block, nr);
		break;
	default:
		do_write(w, block, nr);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned long i;
	uint64_t block;

	for (i = 0; i < nr_steps && !stop; i++) {
		step(w);
		usleep(rand_r(&w->seed) % MAX_PAUSE);
	}
	for (block = 0; block < nr_blocks; block += MAX_BLOCKS)
		do_read(w, block, MAX_BLOCKS);
	return NULL;
}

static void start(struct worker *w, unsigned int index)
{
	w->index = index;
	w->seed = time(NULL) + index;
	w->fd = open(device, O_RDWR | O_DIRECT);
	w->versions = calloc(nr_blocks, sizeof(*w->versions));
	w->buf = aligned_alloc(BLOCK, MAX_BLOCKS * BLOCK);
	if (w->fd < 0 || !w->versions || !w->buf)
		fatal(w, "cannot start", 0);
	set_versions(w, 0, nr_blocks, UNKNOWN);
	errno = pthread_create(&w->thread, NULL, work, w);
	if (errno)
		fatal(w, "cannot start a thread", 0);
}

static void on_signal(int sig)
{
	(void)sig;
	stop = true;
}

int main(int argc, char **argv)
{
	struct worker workers[NR_THREADS] = {};
	unsigned int i;
	uint64_t size;
	int fd;

	if (argc > 1 && !strcmp(argv[1], "-e")) {
		errors_allowed = true;
		argc--;
		argv++;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: churn [-e] DEVICE [COUNT]\n");
		return 1;
	}
	device = argv[1];
	fd = open(device, O_RDONLY);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size)) {
		perror(device);
		return 1;
	}
	close(fd);
	nr_blocks = size / BLOCK / NR_THREADS / MAX_BLOCKS * MAX_BLOCKS;
	signal(SIGTERM, on_signal);
	if (argc > 2)
		nr_steps = atoi(argv[2]);
	for (i = 0; i < NR_THREADS; i++)
		start(&workers[i], i);
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	printf("churn: %lu requests, %lu errors\n", nr_requests, nr_errors);
	return 0;
}
