// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>

#include "diagnosis.h"
#include "display.h"
#include "progress.h"

#define LOOK_MS		500

/* One look at the mirror: NM_EXIT_OK with *@done unset means go on. */
static int look(const struct nm_opts *o, struct nm_mirror *m,
		struct nm_display *s, struct nm_progress *p, bool *done)
{
	struct nm_diagnosis d;
	int ret = nm_mirror_refresh(m);

	if (ret)
		return ret;
	nm_diagnose(m, &d);
	if (!m->is_up) {
		nm_display_end(s);
		nm_error("waiting for %s: the mirror went down", m->name);
		return NM_EXIT_NOT_FOUND;
	}
	if (d.healthy) {
		nm_display_end(s);
		nm_note(o, "%s: both legs are the same", m->name);
		*done = true;
		return NM_EXIT_OK;
	}
	if (d.stuck) {
		nm_display_end(s);
		nm_error("waiting for %s is in vain: %s. %s", m->name, d.what,
			 d.action);
		return NM_EXIT_FAILED;
	}
	nm_progress_sample(p, nm_mirror_left(m));
	nm_display_draw(s, m, d.state, nm_progress_eta(p));
	return NM_EXIT_OK;
}

int nm_cmd_wait_sync(const struct nm_opts *o)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	double give_up = nm_now();
	struct nm_progress p = { 0 };
	struct nm_display s;
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
	nm_display_begin(&s, o);
	ret = nm_mirror_find_up(&m, o, o->args[0]);
	while (!ret && !done) {
		ret = look(o, &m, &s, &p, &done);
		if (ret || done)
			break;
		if (timed && nm_now() >= give_up) {
			nm_display_end(&s);
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
