// SPDX-License-Identifier: GPL-2.0-only
/*
 * A status line and a table line, as device-mapper hands them to the tool.  What is
 * understood of a line says the same when it is made a line again.
 */
#include "fuzz.h"
#include "status-line.h"
#include "units.h"

enum { GOT_STATUS, GOT_FAIL, GOT_REFUSED, GOT_AGAIN, GOT_REGION };

const char *const fuzz_places[] = {
	[GOT_STATUS]	= "a status line is understood",
	[GOT_FAIL]	= "a failure is understood",
	[GOT_REFUSED]	= "a refusal is understood",
	[GOT_AGAIN]	= "a status line is made again",
	[GOT_REGION]	= "a region size is understood",
	NULL
};

static void check_status(const struct nm_status *s)
{
	int i;

	check(strchr("AaD", s->local) && strchr("AaD", s->peer));
	check(s->in_sync <= s->total);
	check(s->nr_features >= 0 && s->nr_pairs >= 0);
	check(s->nr_features + 2 * s->nr_pairs <= NM_MAX_WORDS);
	check(*s->action && *s->role && *s->link && *s->generation);
	check((s->refusal != NM_REFUSE_NOT) == !strcmp(s->link, "refused") ||
	      s->refusal == NM_REFUSE_NOT);
	for (i = 0; i < s->nr_features; i++)
		check(*s->features[i]);
	for (i = 0; i < 2 * s->nr_pairs; i++)
		check(*s->pairs[i]);
	if (nm_status_in_sync(s))
		check(s->local == 'A' && s->peer == 'A');
}

/* The words of the line, as the module prints them. */
static void print(FILE *f, const struct nm_status *s)
{
	int i;

	fprintf(f, "2 %c%c %llu/%llu %s %llu %s %s", s->local, s->peer,
		(unsigned long long)s->in_sync, (unsigned long long)s->total,
		s->action, (unsigned long long)s->mismatches, s->role, s->link);
	if (s->refusal != NM_REFUSE_NOT)
		fprintf(f, ":%s", nm_refusal_name(s->refusal));
	fprintf(f, " %s %d", s->generation, s->nr_features);
	for (i = 0; i < s->nr_features; i++)
		fprintf(f, " %s", s->features[i]);
	fprintf(f, " %d", 2 * s->nr_pairs);
	for (i = 0; i < 2 * s->nr_pairs; i++)
		fprintf(f, " %s", s->pairs[i]);
	fprintf(f, " %s %s", s->read_only ? "ro" : "rw",
		s->needs_check ? "needs_check" : "-");
}

static void again(const struct nm_status *s)
{
	struct nm_status other;
	size_t len;
	char *line;
	FILE *f;
	int i;

	f = open_memstream(&line, &len);
	print(f, s);
	fclose(f);
	check(!nm_status_parse(&other, line));
	check(other.local == s->local && other.peer == s->peer);
	check(other.in_sync == s->in_sync && other.total == s->total);
	check(other.mismatches == s->mismatches);
	check(other.refusal == s->refusal && other.blank == s->blank);
	check(!strcmp(other.link, s->link) && !strcmp(other.role, s->role));
	check(other.nr_features == s->nr_features);
	check(other.nr_pairs == s->nr_pairs);
	for (i = 0; i < 2 * s->nr_pairs; i++)
		check(!strcmp(other.pairs[i], s->pairs[i]));
	check(other.read_only == s->read_only);
	check(other.needs_check == s->needs_check);
	nm_status_put(&other);
	free(line);
	fuzz_reached(GOT_AGAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_status s;
	char *line = malloc(size + 1);
	u64 bytes;
	int err;

	memcpy(line, data, size);
	line[size] = 0;
	err = nm_status_parse(&s, line);
	check(!err || err == -EPROTO);
	if (!err && s.failed) {
		fuzz_reached(GOT_FAIL);
	} else if (!err) {
		fuzz_reached(GOT_STATUS);
		check_status(&s);
		if (s.refusal != NM_REFUSE_NOT)
			fuzz_reached(GOT_REFUSED);
		again(&s);
	}
	nm_status_put(&s);
	bytes = nm_table_region_bytes(line);
	check(bytes % (1 << NM_SECTOR_SHIFT) == 0);
	if (bytes)
		fuzz_reached(GOT_REGION);
	free(line);
	return 0;
}
