// SPDX-License-Identifier: GPL-2.0-only
/* check and repair: a message, and with --wait what comes of it. */
#include <time.h>

#include "display.h"
#include "progress.h"

#define LOOK_MS		300

static int result(const struct nm_opts *o, const struct nm_mirror *m)
{
	char left[NM_SIZE_STRLEN];

	if (!m->is_up || m->status.failed) {
		nm_error("the %s of %s did not end: the mirror %s", o->command,
			 m->name, m->is_up ? "has failed" : "went down");
		return NM_EXIT_FAILED;
	}
	if (m->status.verify_left) {
		nm_format_size(nm_mirror_not_compared(m), left);
		nm_error("the %s of %s ended early, %s were not compared; the kernel log has the reason (dmesg)",
			 o->command, m->name, left);
		return NM_EXIT_FAILED;
	}
	if (m->status.mismatches) {
		nm_error("the legs of %s differ in %llu regions; \"" NM_TOOL_NAME
			 " status %s\" tells what to do", m->name,
			 (unsigned long long)m->status.mismatches, m->name);
		return NM_EXIT_DEGRADED;
	}
	nm_note(o, "%s: both legs are the same", m->name);
	return NM_EXIT_OK;
}

static bool goes_on(const struct nm_mirror *m)
{
	return m->is_up && !m->status.failed && nm_status_verifies(&m->status);
}

static int wait_for_end(const struct nm_opts *o, struct nm_mirror *m)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	struct nm_progress p = { 0 };
	struct nm_display s;
	int ret = NM_EXIT_OK;

	nm_display_begin(&s, o);
	while (!ret && goes_on(m)) {
		nm_progress_sample(&p, nm_mirror_left(m));
		nm_display_draw(&s, m, m->status.action, nm_progress_eta(&p));
		nanosleep(&pause, NULL);
		ret = nm_mirror_refresh(m);
	}
	nm_display_end(&s);
	return ret;
}

int nm_cmd_verify(const struct nm_opts *o)
{
	struct nm_mirror m;
	int ret = nm_cmd_message(o);

	if (ret || !nm_given(o, NM_OPT_WAIT) || nm_given(o, NM_OPT_DRY_RUN))
		return ret;
	ret = nm_mirror_find_up(&m, o, o->args[0]);
	if (!ret)
		ret = wait_for_end(o, &m);
	if (!ret)
		ret = result(o, &m);
	nm_mirror_put(&m);
	return ret;
}
