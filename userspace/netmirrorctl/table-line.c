// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "table-line.h"
#include "units.h"

/* Numbers and choices among the core arguments. */
static const char *const setting_names[] = {
	"active_zones", "after_split_brain", "channels", "depth", "inline",
	"max_backoff_ms", "on_peer_loss", "request_timeout_ms", "resync_rate",
	"timeout_ms",
};

bool nm_is_setting(const char *key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setting_names); i++)
		if (!strcmp(setting_names[i], key))
			return true;
	return false;
}

static int split(char *text, char **words)
{
	char *at, *word;
	int n = 0;

	for (word = strtok_r(text, " ", &at); word;
	     word = strtok_r(NULL, " ", &at)) {
		if (n == NM_TABLE_WORDS)
			return -EPROTO;
		words[n++] = word;
	}
	return n;
}

/* Where the list that begins at word @at ends, or -EPROTO. */
static int list_end(char **words, int n, int at)
{
	u64 nr;

	if (at == n)
		return at;
	if (nm_parse_number(words[at], &nr) || nr > (u64)(n - at - 1))
		return -EPROTO;
	return at + 1 + nr;
}

static int take_settings(struct nm_table_line *t, char **words, int from, int to)
{
	if ((to - from) % 2)
		return -EPROTO;
	for (; from < to; from += 2) {
		if (!strcmp(words[from], "listen")) {
			t->listen = words[from + 1];
		} else if (!strcmp(words[from], "secret")) {
			t->secret = words[from + 1];
		} else {
			t->settings[2 * t->nr_settings] = words[from];
			t->settings[2 * t->nr_settings++ + 1] = words[from + 1];
		}
	}
	return 0;
}

int nm_table_line_parse(struct nm_table_line *t, const char *line)
{
	char *words[NM_TABLE_WORDS];
	int n, at, end;

	memset(t, 0, sizeof(*t));
	t->text = strdup(line);
	if (!t->text)
		return -ENOMEM;
	n = split(t->text, words);
	if (n < 7 || strcmp(words[2], "2") ||
	    nm_parse_number(words[4], &t->offset))
		return -EPROTO;
	t->meta = words[0];
	t->local = words[3];
	t->remote = words[5];
	at = list_end(words, n, 7);
	end = at < 0 ? at : list_end(words, n, at);
	if (end < 0 || end != n)
		return -EPROTO;
	return at == n ? 0 : take_settings(t, words, at + 1, end);
}

void nm_table_line_put(struct nm_table_line *t)
{
	free(t->text);
	t->text = NULL;
}
