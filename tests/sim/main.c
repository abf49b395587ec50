// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "oracle.h"
#include "world.h"

static bool dropped[MAX_EVENTS];
static u64 max_failed = 20;

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What others do on the machine does not count. */
static double cpu_seconds(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void usage(void)
{
	fprintf(stderr,
		"sim --seed N [--drop I,J...]   replay one schedule, with a trace\n"
		"sim --seeds FROM COUNT [SECONDS]   run many, print the rate\n"
		"sim --shrink N                 find the events of seed N that matter\n"
		"sim --exhaustive               all orders of 2 writes and 3 faults\n"
		"options: --split-brain, --leg-errors, --damage, --rollback, --quiet, --first (stop at a failure)\n");
	exit(2);
}

static int replay(struct run *run)
{
	bool ok = world_run(run);

	printf("seed %llu: %s\n", run->seed, ok ? "passed" : sim.failure);
	return !ok;
}

static int run_many(struct run *run, u64 from, u64 count, double limit)
{
	double start = seconds(CLOCK_MONOTONIC);
	double cpu = cpu_seconds();
	u64 nr_failed = 0, steps = 0, i;

	for (i = 0; i < count; i++) {
		run->seed = from + i;
		if (!world_run(run)) {
			printf("seed %llu: %s\n", run->seed, sim.failure);
			fflush(stdout);
			nr_failed++;
			if (nr_failed == max_failed) {
				i++;
				break;
			}
		}
		steps += sim.steps;
		if (limit && i % 64 == 0 &&
		    seconds(CLOCK_MONOTONIC) - start > limit) {
			i++;
			break;
		}
	}
	cpu = cpu_seconds() - cpu;
	printf("%llu schedules, %llu steps in %.1f s: %.0f schedules/s of CPU, %llu failed\n",
	       i, steps, seconds(CLOCK_MONOTONIC) - start, i / cpu, nr_failed);
	return !!nr_failed;
}

/* --- shrink --------------------------------------------------------------- */

/* The same kind of failure, whatever the numbers in it. */
static bool fails_alike(struct run *run, const char *failure)
{
	return !world_run(run) && !strncmp(sim.failure, failure, 12);
}

static void drop_range(u32 from, u32 nr, bool drop)
{
	u32 i;

	for (i = from; i < from + nr && i < MAX_EVENTS; i++)
		dropped[i] = drop;
}

static int shrink(struct run *run)
{
	static bool before[MAX_EVENTS];
	char failure[sizeof(sim.failure)];
	u32 size, at, i;

	run->dropped = dropped;
	if (world_run(run)) {
		printf("seed %llu passes\n", run->seed);
		return 0;
	}
	strcpy(failure, sim.failure);
	/* What comes last goes first: later events change less. */
	for (size = MAX_EVENTS / 2; size; size /= 2) {
		for (at = 0; at < run->nr_events; at += size) {
			u32 from = run->nr_events - min(at + size,
							run->nr_events);

			memcpy(before, dropped, sizeof(dropped));
			drop_range(from, size, true);
			if (!fails_alike(run, failure))
				memcpy(dropped, before, sizeof(dropped));
		}
	}
	world_run(run);
	printf("seed %llu: %s\n--seed %llu --drop ", run->seed, sim.failure,
	       run->seed);
	for (i = at = 0; i < run->nr_events; i++)
		if (dropped[i])
			printf("%s%u", at++ ? "," : "", i);
	printf("\n%u of %u events matter\n", run->nr_events - at,
	       run->nr_events);
	return 1;
}

static void parse_drops(char *list)
{
	char *word;

	for (word = strtok(list, ","); word; word = strtok(NULL, ","))
		if (strtoul(word, NULL, 0) < MAX_EVENTS)
			dropped[strtoul(word, NULL, 0)] = true;
}

/* --- exhaustive ----------------------------------------------------------- */

static const u8 faults[] = {
	EV_CUT, EV_HEAL, EV_BREAK, EV_FAILOVER, EV_POWER_CUT_BOTH, EV_BOOT,
	EV_PROMOTE, EV_DEMOTE,
};

/* In steps: at once, in the middle of things, when nothing moves any more. */
static const u16 gaps[] = { 9, 0 };

#define NR_FAULTS	3
#define NR_WRITES	2
#define NR_SLOTS	(NR_FAULTS + NR_WRITES)

static bool make_script(struct script *s, u64 n)
{
	u32 mask, i;

	s->nr = NR_SLOTS;
	mask = n % (1 << NR_SLOTS);
	n /= 1 << NR_SLOTS;
	if (__builtin_popcount(mask) != NR_WRITES)
		return false;
	for (i = 0; i < NR_SLOTS; i++) {
		s->gap[i] = gaps[n % ARRAY_SIZE(gaps)];
		n /= ARRAY_SIZE(gaps);
		s->event[i] = EV_WRITE;
	}
	for (i = 0; i < NR_SLOTS; i++) {
		if (mask >> i & 1)
			continue;
		s->event[i] = faults[n % ARRAY_SIZE(faults)];
		n /= ARRAY_SIZE(faults);
	}
	return !n;
}

static int exhaust(struct run *run)
{
	double cpu = cpu_seconds();
	struct script script;
	u64 n, total, nr = 0, nr_failed = 0;
	u32 i;

	for (total = 1 << NR_SLOTS, i = 0; i < NR_SLOTS; i++)
		total *= ARRAY_SIZE(gaps);
	for (i = 0; i < NR_FAULTS; i++)
		total *= ARRAY_SIZE(faults);
	run->script = &script;
	for (n = 0; n < total && nr_failed < max_failed; n++) {
		if (!make_script(&script, n))
			continue;
		nr++;
		run->seed = n;
		if (world_run(run))
			continue;
		nr_failed++;
		printf("script %llu:", n);
		for (i = 0; i < script.nr; i++)
			printf(" [%u] %s", script.gap[i],
			       event_name(script.event[i]));
		printf(": %s\n", sim.failure);
	}
	printf("%llu scripts in %.1f s of CPU, %llu failed\n", nr,
	       cpu_seconds() - cpu, nr_failed);
	return !!nr_failed;
}

static int replay_script(struct run *run)
{
	struct script script;

	if (!make_script(&script, run->seed))
		usage();
	run->script = &script;
	return replay(run);
}

int main(int argc, char **argv)
{
	enum { SEED = 1, SEEDS, SHRINK, DROP, EXHAUSTIVE, SCRIPT, SPLIT,
	       ERRORS, DAMAGE, ROLLBACK, QUIET, FIRST };
	static const struct option options[] = {
		{ "seed", required_argument, NULL, SEED },
		{ "seeds", required_argument, NULL, SEEDS },
		{ "shrink", required_argument, NULL, SHRINK },
		{ "drop", required_argument, NULL, DROP },
		{ "exhaustive", no_argument, NULL, EXHAUSTIVE },
		{ "script", required_argument, NULL, SCRIPT },
		{ "split-brain", no_argument, NULL, SPLIT },
		{ "leg-errors", no_argument, NULL, ERRORS },
		{ "damage", no_argument, NULL, DAMAGE },
		{ "rollback", no_argument, NULL, ROLLBACK },
		{ "quiet", no_argument, NULL, QUIET },
		{ "first", no_argument, NULL, FIRST },
		{}
	};
	struct run run = {};
	bool quiet = false;
	int c, what = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case SEED:
		case SEEDS:
		case SHRINK:
		case SCRIPT:
			run.seed = strtoull(optarg, NULL, 0);
			what = c;
			break;
		case EXHAUSTIVE:
			what = c;
			break;
		case DROP:
			parse_drops(optarg);
			run.dropped = dropped;
			break;
		case SPLIT:
			run.split_brain = true;
			break;
		case ERRORS:
			run.leg_errors = true;
			break;
		case DAMAGE:
			run.damage = true;
			break;
		case ROLLBACK:
			run.rollback = true;
			break;
		case QUIET:
			quiet = true;
			break;
		case FIRST:
			max_failed = 1;
			break;
		default:
			usage();
		}
	}
	if (nm_server_init())
		return 2;
	sim_tracing = (what == SEED || what == SCRIPT) && !quiet;
	switch (what) {
	case SEED:
		return replay(&run);
	case SCRIPT:
		return replay_script(&run);
	case SEEDS:
		if (optind >= argc)
			usage();
		return run_many(&run, run.seed, strtoull(argv[optind], NULL, 0),
				optind + 1 < argc ? atof(argv[optind + 1]) : 0);
	case SHRINK:
		return shrink(&run);
	case EXHAUSTIVE:
		return exhaust(&run);
	}
	usage();
}
