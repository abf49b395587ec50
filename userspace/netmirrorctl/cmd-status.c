// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>
#include <unistd.h>

#include "display.h"
#include "io-rate.h"
#include "lio.h"
#include "mirrors.h"
#include "progress.h"
#include "status-json.h"

#define WATCH_MS	1000	/* progress goes on between two events */

/* A label and a text, broken between words, the text kept in its column. */
static void print_field(const char *label, const char *text)
{
	const int width = 66;

	printf("%12s: ", label);
	while ((int)strlen(text) > width) {
		int cut = width;

		while (cut && text[cut] != ' ')
			cut--;
		if (!cut)
			cut = strcspn(text, " ");
		printf("%.*s", cut, text);
		text += cut + strspn(text + cut, " ");
		if (*text)
			printf("\n%14s", "");
	}
	puts(text);
}

static void print_legs(const struct nm_mirror *m)
{
	const struct nm_config *c = &m->config;
	char line[NM_NAME_MAX + NM_LINE_MAX + 32];
	const char *here = nm_leg_words(m->status.local, true);
	const char *there = nm_leg_words(m->status.peer,
				      !strcmp(m->status.link, "connected"));

	if (!m->has_config) {
		snprintf(line, sizeof(line), "local %s, remote %s", here, there);
		print_field("legs", line);
		return;
	}
	snprintf(line, sizeof(line), "%-12s %-20s %s", c->self->name,
		 c->self->leg, here);
	print_field("legs", line);
	printf("%14s%-12s %-20s %s\n", "", c->peer->name, c->peer->leg, there);
}

static void print_link(const struct nm_mirror *m)
{
	const struct nm_status *s = &m->status;
	char line[256];

	if (m->has_config)
		snprintf(line, sizeof(line), "%s to %s%s%s, %s",
			 m->config.link == NM_LINK_KIND_RDMA ? "rdma" : "loop",
			 m->config.peer->name,
			 *m->config.peer->address ? " " : "",
			 m->config.peer->address, s->link);
	else
		snprintf(line, sizeof(line), "%s", s->link);
	if (s->refusal != NM_REFUSE_NOT) {
		size_t len = strlen(line);

		snprintf(line + len, sizeof(line) - len, " (%s)",
			 nm_refusal_name(s->refusal));
	}
	print_field("link", line);
}

static void print_role(const struct nm_mirror *m)
{
	const char *peer = nm_status_value(&m->status, "peer_role");
	char line[256];
	int len;

	len = snprintf(line, sizeof(line), "%s%s", m->status.role,
		       m->status.read_only ? ", read-only" : "");
	if (peer && strcmp(peer, "unknown"))
		snprintf(line + len, sizeof(line) - len, ", %s is %s",
			 nm_mirror_peer_name(m), peer);
	print_field("role", line);
}

/* Why the nodes do what they do, or do not meet. */
static void print_verdict(const struct nm_mirror *m)
{
	const char *verdict = nm_status_value(&m->status, "verdict");
	char line[256];

	if (!verdict || !strcmp(verdict, "none"))
		return;
	snprintf(line, sizeof(line), "%s%s%s", verdict,
		 m->verdict_why ? ": " : "",
		 m->verdict_why ? m->verdict_why : "");
	print_field("last verdict", line);
}

static void print_sync(const struct nm_mirror *m, const struct nm_progress *p)
{
	unsigned int done = nm_mirror_progress(m);
	char left[NM_SIZE_STRLEN], when[NM_SIZE_STRLEN], line[256];
	long eta = nm_progress_eta(p);
	int len;

	nm_format_size(nm_mirror_left(m), left);
	len = snprintf(line, sizeof(line), "%s, %u.%02u%% %s, %s left",
		       m->status.action, done / 100, done % 100,
		       nm_status_verifies(&m->status) ? "compared" : "in sync",
		       left);
	if (p->rate >= 1) {
		nm_format_size(p->rate, when);
		len += snprintf(line + len, sizeof(line) - len, ", %s/s", when);
	}
	if (eta >= 0) {
		nm_format_seconds(eta, when);
		len += snprintf(line + len, sizeof(line) - len, ", ready in %s",
				when);
	}
	if (m->status.mismatches)
		snprintf(line + len, sizeof(line) - len, ", %llu mismatches",
			 (unsigned long long)m->status.mismatches);
	print_field("sync", line);
}

/* Of --watch: what the application does, and what it waits for. */
static void print_io(const struct nm_io_rate *io)
{
	char text[256];
	size_t len;

	if (!io->known)
		return;
	nm_io_part_text(&io->reads, text, sizeof(text));
	print_field("reads", text);
	nm_io_part_text(&io->writes, text, sizeof(text));
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, "; %llu in flight",
		 (unsigned long long)io->in_flight);
	print_field("writes", text);
}

static void print_status(const struct nm_opts *o, const struct nm_mirror *m,
			 const struct nm_diagnosis *d,
			 const struct nm_progress *p,
			 const struct nm_io_rate *io)
{
	char line[1152], size[NM_SIZE_STRLEN], region[NM_SIZE_STRLEN];

	print_field("mirror", m->name);
	snprintf(line, sizeof(line), "%s: %s", d->state, d->what);
	fputs(nm_paint(o, d), stdout);
	print_field("state", line);
	fputs(nm_paint(o, NULL), stdout);
	if (*d->action)
		print_field("action", d->action);
	if (m->is_up && !m->status.failed) {
		print_role(m);
		print_link(m);
		print_legs(m);
		print_sync(m, p);
		if (io)
			print_io(io);
		print_verdict(m);
		print_field("generation", m->status.blank ? "none yet" :
			    m->status.generation);
	}
	if (m->is_up) {
		nm_format_size(m->dm.sectors << NM_SECTOR_SHIFT, size);
		nm_format_size(m->region_bytes, region);
		snprintf(line, sizeof(line),
			 "/dev/mapper/%s, %s, regions of %s, opened %d times",
			 m->device, size, region, m->dm.open_count);
		print_field("device", line);
	}
	if (nm_mirror_is_exported(m))
		print_field("export", "by LIO; netmirrorctl unexport ends it");
}

/* One line for --watch where nobody looks at a screen. */
static void print_line(const struct nm_mirror *m, const struct nm_diagnosis *d,
		       const struct nm_io_rate *io)
{
	char now[32], reads[NM_SIZE_STRLEN], writes[NM_SIZE_STRLEN];
	time_t t = time(NULL);
	struct tm tm;

	strftime(now, sizeof(now), "%FT%T%z", localtime_r(&t, &tm));
	printf("%s %s %s: %s", now, m->name, d->state, d->what);
	if (io->known) {
		nm_format_size(io->reads.bytes, reads);
		nm_format_size(io->writes.bytes, writes);
		printf("; reads %s/s, writes %s/s", reads, writes);
	}
	putchar('\n');
	fflush(stdout);
}

/* @io: with --watch only */
static void show(const struct nm_opts *o, struct nm_mirror *m,
		 const struct nm_progress *p, const struct nm_io_rate *io)
{
	bool on_screen = isatty(STDOUT_FILENO);
	static const struct nm_progress unknown;
	struct nm_diagnosis d;

	nm_mirror_ask(m);
	nm_diagnose(m, &d);
	if (!m->is_up || m->status.failed || !nm_status_works(&m->status))
		p = &unknown;
	if (nm_given(o, NM_OPT_JSON)) {
		nm_json_print(nm_status_json(m, &d, p),
			      nm_given(o, NM_OPT_WATCH));
	} else if (nm_given(o, NM_OPT_WATCH) && !on_screen) {
		print_line(m, &d, io);
	} else {
		if (nm_given(o, NM_OPT_WATCH))
			fputs("\033[H\033[J", stdout);
		print_status(o, m, &d, p, io);
		fflush(stdout);
	}
}

/* Has anything happened that a person wants to read about? */
static bool news(const struct nm_mirror *m, bool *was_up, u32 *event_nr,
		 u64 *in_sync)
{
	/* Rates change all the time, but a line for each would be too many. */
	bool yes = m->is_up != *was_up || m->dm.event_nr != *event_nr ||
		   m->status.in_sync != *in_sync ||
		   (m->is_up && isatty(STDOUT_FILENO));

	*was_up = m->is_up;
	*event_nr = m->dm.event_nr;
	*in_sync = m->status.in_sync;
	return yes;
}

static int watch(const struct nm_opts *o, struct nm_mirror *m)
{
	struct nm_progress p = { 0 };
	struct nm_io_rate io = { 0 };
	u32 event_nr = 0;
	u64 in_sync = 0;
	bool was_up = false, first = true;
	int fd, err, ret = NM_EXIT_OK;

	fd = nm_dm_watch_open();
	err = fd < 0 ? fd : 0;
	while (!err && !ret) {
		err = nm_dm_watch_arm(fd);
		if (err)
			break;
		ret = nm_mirror_refresh(m);
		if (ret)
			break;
		if (m->is_up && !m->status.failed)
			nm_progress_sample(&p, nm_mirror_left(m));
		nm_io_rate_sample(&io, m);
		if (news(m, &was_up, &event_nr, &in_sync) || first)
			show(o, m, &p, &io);
		first = false;
		err = nm_dm_watch_wait(fd, WATCH_MS);
	}
	if (err)
		nm_error("cannot watch %s: the events of device-mapper: %s",
			 m->name, strerror(-err));
	if (fd >= 0)
		close(fd);
	return ret ? ret : NM_EXIT_FAILED;
}

struct look {
	const struct nm_opts *o;
	unsigned int nr;
	int ret;
};

static void look_at(void *arg, struct nm_mirror *m)
{
	static const struct timespec moment = { .tv_nsec = 300 * 1000000 };
	struct look *l = arg;
	struct nm_progress p = { 0 };
	struct nm_diagnosis d;
	bool json = nm_given(l->o, NM_OPT_JSON);

	/* A rate takes two looks; only people wait for it. */
	if (m->is_up && !m->status.failed && nm_status_works(&m->status) &&
	    isatty(STDOUT_FILENO)) {
		nm_progress_sample(&p, nm_mirror_left(m));
		nanosleep(&moment, NULL);
		l->ret = nm_mirror_refresh(m);
		if (l->ret)
			return;
		if (m->is_up && !m->status.failed)
			nm_progress_sample(&p, nm_mirror_left(m));
	}
	if (json || !nm_given(l->o, NM_OPT_QUIET)) {
		if (l->nr && !json)
			putchar('\n');
		show(l->o, m, &p, NULL);
	}
	l->nr++;
	nm_diagnose(m, &d);
	if (nm_given(l->o, NM_OPT_EXIT_CODE) && !d.healthy)
		l->ret = NM_EXIT_DEGRADED;
}

static int watch_one(const struct nm_opts *o)
{
	struct nm_mirror m;
	int ret;

	if (o->nr_args != 1) {
		nm_error("--watch is for one mirror; name it, or see \"" NM_TOOL_NAME
			 " events --follow\"");
		return NM_EXIT_USAGE;
	}
	ret = nm_mirror_find(&m, o, o->args[0]);
	if (!ret)
		ret = watch(o, &m);
	nm_mirror_put(&m);
	return ret;
}

int nm_cmd_status(const struct nm_opts *o)
{
	struct look l = { .o = o };
	int ret;

	if (nm_given(o, NM_OPT_WATCH))
		return watch_one(o);
	ret = nm_mirror_for_each(o, look_at, &l);
	if (!ret && !l.nr && !l.ret)
		nm_note(o, "no mirror is configured or up on this node; \""
			NM_TOOL_NAME " help create\" tells how to make one");
	return ret ? ret : l.ret;
}
