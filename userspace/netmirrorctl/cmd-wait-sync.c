// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>
#include <unistd.h>

#include "diagnosis.h"
#include "progress.h"

#define LOOK_MS		500
#define BAR_WIDTH	30
#define LINE_SECONDS	10	/* between two lines where there is no screen */

struct display {
	bool on_screen, quiet;
	bool drawn;		/* a bar stands in the current line */
	double next_line;
};

static void draw(struct display *s, const struct nm_mirror *m,
		 const struct nm_diagnosis *d, long eta)
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
		printf("%s %s: %u.%02u%%, %s left%s%s\n", m->name, d->state,
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
	       *when ? "ready in " : d->state, when);
	fflush(stdout);
	s->drawn = true;
}

static void end_line(struct display *s)
{
	if (s->drawn)
		putchar('\n');
	s->drawn = false;
	fflush(stdout);
}

/* One look at the mirror: NM_EXIT_OK with *@done unset means go on. */
static int look(const struct nm_opts *o, struct nm_mirror *m,
		struct display *s, struct nm_progress *p, bool *done)
{
	struct nm_diagnosis d;
	int ret = nm_mirror_refresh(m);

	if (ret)
		return ret;
	nm_diagnose(m, &d);
	if (!m->is_up) {
		end_line(s);
		nm_error("waiting for %s: the mirror went down", m->name);
		return NM_EXIT_NOT_FOUND;
	}
	if (d.healthy) {
		end_line(s);
		nm_note(o, "%s: both legs are the same", m->name);
		*done = true;
		return NM_EXIT_OK;
	}
	if (d.stuck) {
		end_line(s);
		nm_error("waiting for %s is in vain: %s. %s", m->name, d.what,
			 d.action);
		return NM_EXIT_FAILED;
	}
	nm_progress_sample(p, nm_mirror_left(m));
	draw(s, m, &d, nm_progress_eta(p));
	return NM_EXIT_OK;
}

int nm_cmd_wait_sync(const struct nm_opts *o)
{
	struct display s = {
		.on_screen = isatty(STDOUT_FILENO),
		.quiet = nm_given(o, NM_OPT_QUIET),
	};
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	double give_up = nm_now();
	struct nm_progress p = { 0 };
	bool done = false, timed = nm_given(o, NM_OPT_TIMEOUT);
	struct nm_mirror m;
	u64 seconds = 0;
	int ret;

	if (timed && nm_parse_number(o->value[NM_OPT_TIMEOUT], &seconds)) {
		nm_error("--timeout %s: expected a number of seconds",
			 o->value[NM_OPT_TIMEOUT]);
		return NM_EXIT_USAGE;
	}
	give_up += seconds;
	ret = nm_mirror_find_up(&m, o, o->args[0]);
	while (!ret && !done) {
		ret = look(o, &m, &s, &p, &done);
		if (ret || done)
			break;
		if (timed && nm_now() >= give_up) {
			end_line(&s);
			nm_error("%s was not in sync after %llu seconds",
				 m.name, (unsigned long long)seconds);
			ret = NM_EXIT_TIMEOUT;
			break;
		}
		nanosleep(&pause, NULL);
	}
	nm_mirror_put(&m);
	return ret;
}
