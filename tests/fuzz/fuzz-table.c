// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table line and, if it is taken, messages: what dmsetup hands to the kernel.
 * The first byte of an input says which allocation fails, a space that none does;
 * then comes the table line and after it, a line each, the messages.
 *
 * A refusal says why and gives everything back.  The table that a target prints
 * makes the same target again.
 */
#include "fuzz.h"
#include "io.h"
#include "table.h"
#include "target.h"

enum {
	GOT_TARGET, GOT_REFUSAL, GOT_NO_MEMORY, GOT_FEATURE, GOT_SETTING,
	GOT_POLICY, GOT_SECRET, GOT_AGAIN, GOT_COMMAND, GOT_RATE, GOT_WHY,
	GOT_EVENTS, GOT_VERDICT, GOT_BAD_MESSAGE,
};

const char *const fuzz_places[] = {
	[GOT_TARGET]		= "a table line is taken",
	[GOT_REFUSAL]		= "a table line is refused",
	[GOT_NO_MEMORY]		= "memory runs out",
	[GOT_FEATURE]		= "a feature is given",
	[GOT_SETTING]		= "a setting is given",
	[GOT_POLICY]		= "a setting with a word is given",
	[GOT_SECRET]		= "a secret is given",
	[GOT_AGAIN]		= "a table line is printed and read again",
	[GOT_COMMAND]		= "a message is a command",
	[GOT_RATE]		= "a message sets the rate",
	[GOT_WHY]		= "a message asks why",
	[GOT_EVENTS]		= "a message asks for events",
	[GOT_VERDICT]		= "a message asks for the verdict",
	[GOT_BAD_MESSAGE]	= "a message is refused",
	NULL
};

#define MAX_ARGS	64
#define MAX_RESULT	(1 << 14)

/* The words of a line; each in memory of its own. */
struct words {
	unsigned int argc;
	char *argv[MAX_ARGS];
};

static void split(const char *line, struct words *w)
{
	size_t len;

	for (w->argc = 0; w->argc < MAX_ARGS; line += len) {
		line += strspn(line, " ");
		len = strcspn(line, " ");
		if (!len)
			break;
		w->argv[w->argc++] = strndup(line, len);
	}
}

static void put_words(struct words *w)
{
	while (w->argc)
		free(w->argv[--w->argc]);
}

static int construct(struct dm_target *ti, const char *line)
{
	struct words w;
	char **argv;
	int err;

	*ti = (struct dm_target){ .type = &nm_target, .len = 1 << 20 };
	split(line, &w);
	/* dm gives no more room than there are words. */
	argv = malloc(w.argc * sizeof(*argv));
	memcpy(argv, w.argv, w.argc * sizeof(*argv));
	err = nm_target.ctr(ti, w.argc, argv);
	free(argv);
	put_words(&w);
	if (err) {
		check(fuzz_sentence(ti->error));
		check(!fuzz_nr_held());
	}
	return err;
}

static void check_target(const struct dm_target *ti)
{
	struct nm_mirror *m = ti->private;
	const struct nm_table_key *key;

	check(m->local && m->link.ops && m->link.priv && m->remote_token);
	check(m->region_sectors >= 1U << NM_REGION_SHIFT_MIN);
	check(m->region_sectors <= 1U << NM_REGION_SHIFT_MAX);
	check(m->local_offset % NM_BLOCK_SECTORS == 0);
	check(m->link.settings.depth == m->settings.link.depth);
	for (key = nm_table_keys; key->word; key++) {
		unsigned int v = *nm_table_value(&m->settings, key);

		check(v >= key->min && v <= key->max);
		check(!key->words || key->words[v]);
		if (v != key->dflt)
			fuzz_reached(key->words ? GOT_POLICY : GOT_SETTING);
	}
	if (m->no_discard)
		fuzz_reached(GOT_FEATURE);
	if (m->link.secret)
		fuzz_reached(GOT_SECRET);
}

static void again(struct dm_target *ti)
{
	static char table[MAX_RESULT], second[MAX_RESULT];
	struct dm_target other;

	nm_target.status(ti, STATUSTYPE_IMA, 0, table, sizeof(table));
	nm_target.status(ti, STATUSTYPE_TABLE, 0, table, sizeof(table));
	check(strlen(table) < sizeof(table) - 1);
	check(!construct(&other, table));
	nm_target.status(&other, STATUSTYPE_TABLE, 0, second, sizeof(second));
	check(!strcmp(table, second));
	nm_target.dtr(&other);
	fuzz_reached(GOT_AGAIN);
}

static void message(struct dm_target *ti, const char *line)
{
	struct nm_mirror *m = ti->private;
	unsigned int before = fuzz_nr_cmds, rate = m->settings.resync_rate;
	char *result = malloc(64);
	struct words w;
	int ret;

	split(line, &w);
	if (w.argc) {
		ret = nm_target.message(ti, w.argc, w.argv, result, 64);
		check(fuzz_nr_cmds - before <= 1);
		if (ret == 1 && !strcasecmp(w.argv[0], "verdict")) {
			check(strlen(result) < 64 && w.argc == 1);
			fuzz_reached(GOT_VERDICT);
		} else if (ret == 1) {
			check(strlen(result) < 64);
			check(!strcasecmp(w.argv[0], "why") ||
			      !strcasecmp(w.argv[0], "events"));
			fuzz_reached(w.argc == 2 ? GOT_EVENTS : GOT_WHY);
		} else if (fuzz_nr_cmds != before) {
			check(w.argc <= 2);
			check(fuzz_cmd.force + fuzz_cmd.peer_fenced +
			      fuzz_cmd.discard == (int)w.argc - 1);
			fuzz_reached(GOT_COMMAND);
		} else if (!ret) {
			check(!strcasecmp(w.argv[0], "resync_rate"));
			fuzz_reached(GOT_RATE);
		} else {
			check(ret == -EINVAL);
			check(m->settings.resync_rate == rate);
			fuzz_reached(GOT_BAD_MESSAGE);
		}
	}
	put_words(&w);
	free(result);
}

static void run(char *text)
{
	struct dm_target ti;
	char *line = strsep(&text, "\n");
	int err = construct(&ti, line);

	if (err) {
		fuzz_reached(err == -ENOMEM ? GOT_NO_MEMORY : GOT_REFUSAL);
		return;
	}
	fuzz_reached(GOT_TARGET);
	fuzz_fail_at(0);
	check_target(&ti);
	again(&ti);
	nm_target.preresume(&ti);
	while ((line = strsep(&text, "\n")))
		message(&ti, line);
	nm_target.presuspend(&ti);
	nm_target.presuspend_undo(&ti);
	nm_target.dtr(&ti);
	check(!fuzz_nr_held());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	fuzz_fail_at(data[0] == ' ' ? 0 : data[0] % 16);
	run(text);
	fuzz_fail_at(0);
	free(text);
	return 0;
}
