// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "status-line.h"
#include "units.h"

enum nm_refusal nm_refusal_by_name(const char *name)
{
	int r;

	for (r = NM_REFUSE_NOT + 1; r <= NM_REFUSE_MAX; r++)
		if (!strcmp(nm_refusal_name(r), name))
			return r;
	return NM_REFUSE_NOT;
}

static int split(struct nm_status *s)
{
	char *at, *word;
	int n = 0;

	for (word = strtok_r(s->text, " ", &at); word;
	     word = strtok_r(NULL, " ", &at)) {
		if (n == NM_MAX_WORDS)
			return -EPROTO;
		s->words[n++] = word;
	}
	return n;
}

static int parse_ratio(const char *word, u64 *a, u64 *b)
{
	char first[24];
	size_t len = strcspn(word, "/");

	if (word[len] != '/' || len >= sizeof(first))
		return -EPROTO;
	memcpy(first, word, len);
	first[len] = 0;
	return nm_parse_number(first, a) || nm_parse_number(word + len + 1, b) ||
	       *a > *b ? -EPROTO : 0;
}

static bool is_health(char c)
{
	return c == 'A' || c == 'a' || c == 'D';
}

static int parse_link(struct nm_status *s, const char *word)
{
	static const char refused[] = "refused:";

	s->link = word;
	s->refusal = NM_REFUSE_NOT;
	if (strncmp(word, refused, strlen(refused)))
		return 0;
	s->link = "refused";
	s->refusal = nm_refusal_by_name(word + strlen(refused));
	return s->refusal == NM_REFUSE_NOT ? -EPROTO : 0;
}

/* A count and that many words behind it, at least @after of others following. */
static int parse_list(char **words, int nr_words, int *at, int after,
		      char ***list, int *nr)
{
	u64 n;

	if (*at >= nr_words || nm_parse_number(words[*at], &n) ||
	    n > (u64)(nr_words - *at - 1) ||
	    nr_words - *at - 1 - (int)n < after)
		return -EPROTO;
	*list = words + *at + 1;
	*nr = n;
	*at += n + 1;
	return 0;
}

/* The value of a core argument; 0 for one that an older module does not have. */
static int parse_pair(const struct nm_status *s, const char *key, u64 *n)
{
	int i;

	*n = 0;
	for (i = 0; i < s->nr_pairs; i++)
		if (!strcmp(s->pairs[2 * i], key))
			return nm_parse_number(s->pairs[2 * i + 1], n);
	return 0;
}

static int parse_words(struct nm_status *s, int n)
{
	int at = 8;

	if (n == 1 && !strcmp(s->words[0], "Fail")) {
		s->failed = true;
		return 0;
	}
	if (n < 12 || strcmp(s->words[0], "2") || strlen(s->words[1]) != 2 ||
	    !is_health(s->words[1][0]) || !is_health(s->words[1][1]) ||
	    parse_ratio(s->words[2], &s->in_sync, &s->total) ||
	    nm_parse_number(s->words[4], &s->mismatches) ||
	    parse_link(s, s->words[6]))
		return -EPROTO;
	s->local = s->words[1][0];
	s->peer = s->words[1][1];
	s->action = s->words[3];
	s->role = s->words[5];
	s->generation = s->words[7];
	s->blank = !s->generation[strspn(s->generation, "0")];
	if (parse_list(s->words, n, &at, 3, &s->features, &s->nr_features) ||
	    parse_list(s->words, n, &at, 2, &s->pairs, &s->nr_pairs) ||
	    s->nr_pairs % 2)
		return -EPROTO;
	s->nr_pairs /= 2;
	if (parse_pair(s, "verify_left", &s->verify_left) ||
	    s->verify_left > s->total)
		return -EPROTO;
	s->read_only = !strcmp(s->words[at], "ro");
	s->needs_check = !strcmp(s->words[at + 1], "needs_check");
	return 0;
}

int nm_status_parse(struct nm_status *s, const char *line)
{
	int n;

	memset(s, 0, sizeof(*s));
	s->text = strdup(line);
	if (!s->text)
		return -ENOMEM;
	n = split(s);
	return n < 0 ? n : parse_words(s, n);
}

const char *nm_status_value(const struct nm_status *s, const char *key)
{
	int i;

	for (i = 0; i < s->nr_pairs; i++)
		if (!strcmp(s->pairs[2 * i], key))
			return s->pairs[2 * i + 1];
	return NULL;
}

bool nm_status_is(const struct nm_status *s, const char *key,
		  const char *value)
{
	const char *is = nm_status_value(s, key);

	return is && !strcmp(is, value);
}

enum nm_refusal nm_status_apart(const struct nm_status *s)
{
	const char *apart = nm_status_value(s, "apart");

	return apart ? nm_refusal_by_name(apart) : NM_REFUSE_NOT;
}

bool nm_status_outdated(const struct nm_status *s)
{
	const char *value = nm_status_value(s, "leg_flags");
	u64 flags;

	return value && !nm_parse_number(value, &flags) &&
	       flags & NM_SBF_OUTDATED;
}

void nm_status_put(struct nm_status *s)
{
	free(s->text);
	s->text = NULL;
}

u64 nm_table_region_bytes(const char *table)
{
	unsigned long long sectors;

	if (sscanf(table, "%*s %llu", &sectors) != 1)
		return 0;
	return sectors << NM_SECTOR_SHIFT;
}
