// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "io-rate.h"
#include "progress.h"

#define MIN_INTERVAL	0.2	/* s: less says nothing about the rate */

static double mean(u64 ms, u64 nr)
{
	return nr ? (double)ms / nr : -1;
}

/* Counters go back to 0 with a new device: nothing is known then. */
static bool went_on(const struct nm_disk_stats *old,
		    const struct nm_disk_stats *now)
{
	return now->reads >= old->reads && now->writes >= old->writes;
}

static void compare(struct nm_io_rate *r, const struct nm_disk_stats *mirror,
		    const struct nm_disk_stats *leg, double seconds)
{
	const struct nm_disk_stats *old = &r->mirror, *old_leg = &r->leg;

	r->reads = (struct nm_io_part){
		.per_second = (mirror->reads - old->reads) / seconds,
		.bytes = (mirror->read_bytes - old->read_bytes) / seconds,
		.ms = mean(mirror->read_ms - old->read_ms,
			   mirror->reads - old->reads),
		.leg_ms = mean(leg->read_ms - old_leg->read_ms,
			       leg->reads - old_leg->reads),
	};
	r->writes = (struct nm_io_part){
		.per_second = (mirror->writes - old->writes) / seconds,
		.bytes = (mirror->written_bytes - old->written_bytes) / seconds,
		.ms = mean(mirror->write_ms - old->write_ms,
			   mirror->writes - old->writes),
		.leg_ms = mean(leg->write_ms - old_leg->write_ms,
			       leg->writes - old_leg->writes),
	};
	r->in_flight = mirror->in_flight;
	r->known = true;
}

void nm_io_rate_sample(struct nm_io_rate *r, const struct nm_mirror *m)
{
	struct nm_disk_stats mirror, leg = { 0 };
	double now = nm_now();

	if (!m->is_up || nm_disk_stats_get(m->dm.dev, &mirror)) {
		memset(r, 0, sizeof(*r));
		return;
	}
	if (r->time && now - r->time < MIN_INTERVAL)
		return;
	if (nm_table_leg(m->dm.table))
		nm_disk_stats_get(nm_table_leg(m->dm.table), &leg);
	if (r->time && went_on(&r->mirror, &mirror) && went_on(&r->leg, &leg))
		compare(r, &mirror, &leg, now - r->time);
	else
		r->known = false;
	r->time = now;
	r->mirror = mirror;
	r->leg = leg;
}

void nm_io_part_text(const struct nm_io_part *p, char *text, size_t size)
{
	char bytes[NM_SIZE_STRLEN];
	int len;

	nm_format_size(p->bytes, bytes);
	len = snprintf(text, size, "%s/s, %.0f/s", bytes, p->per_second);
	if (p->ms >= 0)
		len += snprintf(text + len, size - len, ", %.2f ms each", p->ms);
	if (p->ms >= 0 && p->leg_ms >= 0)
		snprintf(text + len, size - len, " (local leg %.2f ms)",
			 p->leg_ms);
}
