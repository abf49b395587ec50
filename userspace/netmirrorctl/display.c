// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "display.h"
#include "progress.h"

#define BAR_WIDTH	30
#define LINE_SECONDS	10	/* between two lines where there is no screen */

void nm_display_begin(struct nm_display *s, const struct nm_opts *o)
{
	memset(s, 0, sizeof(*s));
	s->on_screen = isatty(STDOUT_FILENO);
	s->quiet = nm_given(o, NM_OPT_QUIET);
}

void nm_display_draw(struct nm_display *s, const struct nm_mirror *m,
		     const char *state, long eta)
{
	unsigned int done = nm_mirror_progress(m), full, i;
	char when[NM_SIZE_STRLEN] = "", left[NM_SIZE_STRLEN];

	if (s->quiet)
		return;
	if (eta >= 0)
		nm_format_seconds(eta, when);
	nm_format_size(nm_mirror_left(m), left);
	if (!s->on_screen) {
		if (nm_now() < s->next_line)
			return;
		s->next_line = nm_now() + LINE_SECONDS;
		printf("%s %s: %u.%02u%%, %s left%s%s\n", m->name, state,
		       done / 100, done % 100, left, *when ? ", ready in " : "",
		       when);
		fflush(stdout);
		return;
	}
	printf("\r\033[K%s [", m->name);
	full = done * BAR_WIDTH / 10000;
	for (i = 0; i < BAR_WIDTH; i++)
		putchar(i < full ? '#' : '.');
	printf("] %u.%02u%%  %s left  %s%s", done / 100, done % 100, left,
	       *when ? "ready in " : state, when);
	fflush(stdout);
	s->drawn = true;
}

void nm_display_end(struct nm_display *s)
{
	if (s->drawn)
		putchar('\n');
	s->drawn = false;
	fflush(stdout);
}

const char *nm_paint(const struct nm_opts *o, const struct nm_diagnosis *d)
{
	const char *none = getenv("NO_COLOR");

	if (nm_given(o, NM_OPT_NO_COLOR) || (none && *none) ||
	    !isatty(STDOUT_FILENO))
		return "";
	if (!d)
		return "\033[0m";
	if (d->healthy)
		return "\033[32m";
	return d->stuck ? "\033[31m" : "\033[33m";
}

const char *nm_leg_words(char health, bool in_reach)
{
	if (health == 'A')
		return "in sync";
	if (health == 'a')
		return "behind";
	return in_reach ? "failed" : "not reachable";
}
