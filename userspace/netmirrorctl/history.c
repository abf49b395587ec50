// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "dm.h"
#include "history.h"
#include "units.h"

/* "began SECONDS newest NUMBER lost NUMBER" */
static int parse_head(struct nm_history *h, char *line)
{
	char *words[6], *at;
	int n = 0;

	for (words[0] = strtok_r(line, " ", &at); words[n];
	     words[n] = strtok_r(NULL, " ", &at))
		if (++n == ARRAY_SIZE(words))
			break;
	if (n != ARRAY_SIZE(words) || strtok_r(NULL, " ", &at) ||
	    strcmp(words[0], "began") || strcmp(words[2], "newest") ||
	    strcmp(words[4], "lost") ||
	    strlen(words[1]) >= sizeof(h->began) ||
	    nm_parse_number(words[3], &h->newest) ||
	    nm_parse_number(words[5], &h->lost))
		return -EPROTO;
	strcpy(h->began, words[1]);
	return 0;
}

int nm_history_get(struct nm_history *h, const char *device, u64 after)
{
	char message[40];
	char *line;
	int err;

	memset(h, 0, sizeof(*h));
	snprintf(message, sizeof(message), "events %llu",
		 (unsigned long long)after);
	err = nm_dm_ask(device, message, &h->reply);
	if (err)
		return err;
	if (!h->reply)
		return -EPROTO;
	h->rest = h->reply;
	line = strsep(&h->rest, "\n");
	return parse_head(h, line);
}

void nm_history_put(struct nm_history *h)
{
	free(h->reply);
	h->reply = NULL;
}

/* "SECONDS.NANOSECONDS" */
static int parse_time(char *word, struct timespec *t)
{
	char *fraction = strchr(word, '.');
	u64 seconds, ns;

	if (!fraction || strlen(fraction) != 10)
		return -EPROTO;
	*fraction++ = 0;
	if (nm_parse_number(word, &seconds) || nm_parse_number(fraction, &ns) ||
	    seconds >> 40)
		return -EPROTO;
	t->tv_sec = seconds;
	t->tv_nsec = ns;
	return 0;
}

int nm_history_next(struct nm_history *h, struct nm_event *ev)
{
	char *line = strsep(&h->rest, "\n");
	char *number, *when;

	if (!line || !*line)
		return 0;
	number = strsep(&line, " ");
	when = strsep(&line, " ");
	ev->code = strsep(&line, " ");
	ev->text = line;
	if (!line || nm_parse_number(number, &ev->sequence) ||
	    parse_time(when, &ev->time))
		return -EPROTO;
	return 1;
}

void nm_format_time(const struct timespec *t, char out[NM_TIME_STRLEN])
{
	struct tm tm;
	size_t len;

	gmtime_r(&t->tv_sec, &tm);
	len = strftime(out, NM_TIME_STRLEN, "%FT%T", &tm);
	snprintf(out + len, NM_TIME_STRLEN - len, ".%06ldZ", t->tv_nsec / 1000);
}
