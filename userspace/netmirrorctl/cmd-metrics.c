// SPDX-License-Identifier: GPL-2.0-only
/*
 * metrics: OpenMetrics text for the textfile collector of a node exporter.
 *
 * That collector knows the types of the older text format only, and drops the
 * whole file for any other.  So what OpenMetrics calls an info or a state set
 * is here, but has the type gauge, and the labels by which it is recognised.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diagnosis.h"
#include "disk-stats.h"
#include "metrics.h"
#include "mirrors.h"

#define GAUGE(n, h)		{ "netmirror_" n, "gauge", NULL, h, NULL, NULL, 0 }
#define BYTES(n, h)		{ "netmirror_" n "_bytes", "gauge", "bytes", h, NULL, NULL, 0 }
#define COUNT(n, h)		{ "netmirror_" n, "counter", NULL, h, NULL, NULL, 0 }
#define COUNT_BYTES(n, h)	{ "netmirror_" n "_bytes", "counter", "bytes", h, NULL, NULL, 0 }
#define COUNT_SECONDS(n, h)	{ "netmirror_" n "_seconds", "counter", "seconds", h, NULL, NULL, 0 }

enum {
	INFO, UP, HEALTHY, STATE, ROLE, LINK, LEG, SYNC, IO_HELD, SUSPENDED,
	OUTDATED, SIZE, REGION_SIZE, OUT_OF_SYNC, SYNC_LEFT, MISMATCHED,
	ACTIVE_ZONES, OPEN, IN_FLIGHT, READS, READ_BYTES, READ_SECONDS, WRITES,
	WRITTEN_BYTES, WRITE_SECONDS, FLUSHES, FLUSH_SECONDS, LEG_IN_FLIGHT,
	LEG_READS, LEG_READ_BYTES, LEG_READ_SECONDS, LEG_WRITES,
	LEG_WRITTEN_BYTES, LEG_WRITE_SECONDS, EVENTS, NR_FAMILIES,
};

static struct nm_family families[NR_FAMILIES] = {
	[INFO] = GAUGE("mirror_info", "What a mirror is, always 1."),
	[UP] = GAUGE("up", "Whether the mirror is started on this node."),
	[HEALTHY] = GAUGE("healthy", "Whether both legs are connected and the same."),
	[STATE] = GAUGE("state", "State of the mirror, as netmirrorctl status has it."),
	[ROLE] = GAUGE("role", "Role of this node."),
	[LINK] = GAUGE("link", "State of the link to the peer."),
	[LEG] = GAUGE("leg", "Health of each leg, as this node sees it."),
	[SYNC] = GAUGE("sync", "What goes on between the legs."),
	[IO_HELD] = GAUGE("io_held", "What the I/O of the application waits for."),
	[SUSPENDED] = GAUGE("suspended", "Whether the device is suspended."),
	[OUTDATED] = GAUGE("outdated", "Whether the primary went on without the leg of this node."),
	[SIZE] = BYTES("size", "Size of the mirror."),
	[REGION_SIZE] = BYTES("region_size", "Size of a region."),
	[OUT_OF_SYNC] = BYTES("out_of_sync", "Regions in which the legs may differ, in bytes."),
	[SYNC_LEFT] = BYTES("sync_left", "What is left to be copied, or to be compared by a check."),
	[MISMATCHED] = GAUGE("mismatched_regions", "Regions that the last check found to differ."),
	[ACTIVE_ZONES] = GAUGE("active_zones", "Zones with writes since the last checkpoint or so."),
	[OPEN] = GAUGE("openers", "How often the device is open."),
	[IN_FLIGHT] = GAUGE("in_flight", "I/O of the application that has not ended."),
	[READS] = COUNT("reads", "Reads of the application that ended."),
	[READ_BYTES] = COUNT_BYTES("read", "Bytes that the application read."),
	[READ_SECONDS] = COUNT_SECONDS("read", "Time of all reads, added up."),
	[WRITES] = COUNT("writes", "Writes of the application that ended."),
	[WRITTEN_BYTES] = COUNT_BYTES("written", "Bytes that the application wrote."),
	[WRITE_SECONDS] = COUNT_SECONDS("write", "Time of all writes, added up."),
	[FLUSHES] = COUNT("flushes", "Flushes of the application that ended."),
	[FLUSH_SECONDS] = COUNT_SECONDS("flush", "Time of all flushes, added up."),
	[LEG_IN_FLIGHT] = GAUGE("leg_in_flight", "I/O on the device of the local leg that has not ended."),
	[LEG_READS] = COUNT("leg_reads", "Reads from the device of the local leg."),
	[LEG_READ_BYTES] = COUNT_BYTES("leg_read", "Bytes read from the device of the local leg."),
	[LEG_READ_SECONDS] = COUNT_SECONDS("leg_read", "Time of all reads from it, added up."),
	[LEG_WRITES] = COUNT("leg_writes", "Writes to the device of the local leg."),
	[LEG_WRITTEN_BYTES] = COUNT_BYTES("leg_written", "Bytes written to the device of the local leg."),
	[LEG_WRITE_SECONDS] = COUNT_SECONDS("leg_write", "Time of all writes to it, added up."),
	[EVENTS] = COUNT("events", "Events of the device; zero again when the mirror is started."),
};

/* Counters of the status line. */
static struct {
	const char *key;
	struct nm_family family;
} counters[] = {
	{ "peer_reads", COUNT("peer_reads", "Requests for data that this node served to the peer.") },
	{ "peer_writes", COUNT("peer_writes", "Other requests that this node served to the peer.") },
	{ "remote_reads", COUNT("remote_reads", "Reads of this node that the peer served.") },
	{ "md_writes", COUNT("metadata_writes", "Metadata blocks written.") },
	{ "resync_regions", COUNT("resynced_regions", "Regions copied by this node.") },
	{ "repairs", COUNT("repaired_regions", "Regions of the local leg written anew after a read error.") },
	{ "link_losses", COUNT("link_losses", "Sessions with the peer that were lost.") },
};

/* One sample for each word that the state can be, 1 for the one that it is. */
static void state_set(int family, const char *labels, const char *is,
		      const char *const *words)
{
	struct nm_family *f = &families[family];

	for (; *words; words++)
		nm_sample(f, !strcmp(is, *words), "%s,%s=\"%s\"", labels,
			  f->name, *words);
}

static const char *const states[] = {
	"healthy", "resyncing", "degraded", "stands-alone", "no-data",
	"suspended", "failed", "down", NULL
};
static const char *const roles[] = { "primary", "secondary", NULL };
static const char *const links[] = {
	"connected", "connecting", "handshake", "disconnected", "refused", NULL
};
static const char *const healths[] = {
	"in-sync", "out-of-sync", "failed", "unreachable", NULL
};
static const char *const actions[] = {
	"idle", "resync", "recover", "frozen", "check", "repair", NULL
};
static const char *const holds[] = { "no", "peer", "fencing", NULL };

static const char *health(char letter, bool in_reach)
{
	if (letter == 'A')
		return "in-sync";
	if (letter == 'a')
		return "out-of-sync";
	return in_reach ? "failed" : "unreachable";
}

static void add_info(const struct nm_mirror *m, const char *mirror)
{
	const struct nm_config *c = &m->config;
	char uuid[NM_UUID_STRLEN + 1] = "";

	if (m->has_config && c->has_uuid)
		nm_format_uuid(c->uuid, uuid);
	nm_sample(&families[INFO], 1,
		  "%s,device=\"%s\",uuid=\"%s\",node=\"%s\",peer=\"%s\"", mirror,
		  nm_label(m->device), uuid,
		  nm_label(m->has_config ? c->self->name : ""),
		  nm_label(m->has_config ? c->peer->name : ""));
}

static void add_legs(const struct nm_mirror *m, const char *mirror)
{
	bool connected = !strcmp(m->status.link, "connected");
	char labels[512];

	snprintf(labels, sizeof(labels), "%s,leg=\"local\"", mirror);
	state_set(LEG, labels, health(m->status.local, true), healths);
	snprintf(labels, sizeof(labels), "%s,leg=\"peer\"", mirror);
	state_set(LEG, labels, health(m->status.peer, connected), healths);
}

static void add_status(const struct nm_mirror *m, const char *mirror)
{
	const struct nm_status *s = &m->status;
	const char *held = nm_status_value(s, "io_held");
	u64 zones = 0, n;
	size_t i;

	state_set(ROLE, mirror, s->role, roles);
	state_set(LINK, mirror, s->link, links);
	add_legs(m, mirror);
	state_set(SYNC, mirror, s->action, actions);
	if (held)
		state_set(IO_HELD, mirror, held, holds);
	nm_sample(&families[OUTDATED], nm_status_outdated(s), "%s", mirror);
	nm_sample(&families[OUT_OF_SYNC], (double)(s->total - s->in_sync) *
		  m->region_bytes, "%s", mirror);
	nm_sample(&families[SYNC_LEFT], nm_status_works(s) ?
		  nm_mirror_left(m) : 0, "%s", mirror);
	nm_sample(&families[MISMATCHED], s->mismatches, "%s", mirror);
	if (nm_status_value(s, "nr_active_zones") &&
	    !nm_parse_number(nm_status_value(s, "nr_active_zones"), &zones))
		nm_sample(&families[ACTIVE_ZONES], zones, "%s", mirror);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		const char *value = nm_status_value(s, counters[i].key);

		if (value && !nm_parse_number(value, &n))
			nm_sample(&counters[i].family, n, "%s", mirror);
	}
}

static void add_disk(const struct nm_mirror *m, const char *mirror)
{
	struct nm_disk_stats s;

	if (!nm_disk_stats_get(m->dm.dev, &s)) {
		nm_sample(&families[IN_FLIGHT], s.in_flight, "%s", mirror);
		nm_sample(&families[READS], s.reads, "%s", mirror);
		nm_sample(&families[READ_BYTES], s.read_bytes, "%s", mirror);
		nm_sample(&families[READ_SECONDS], s.read_ms / 1e3, "%s", mirror);
		nm_sample(&families[WRITES], s.writes, "%s", mirror);
		nm_sample(&families[WRITTEN_BYTES], s.written_bytes, "%s", mirror);
		nm_sample(&families[WRITE_SECONDS], s.write_ms / 1e3, "%s", mirror);
		nm_sample(&families[FLUSHES], s.flushes, "%s", mirror);
		nm_sample(&families[FLUSH_SECONDS], s.flush_ms / 1e3, "%s", mirror);
	}
	if (nm_table_leg(m->dm.table) &&
	    !nm_disk_stats_get(nm_table_leg(m->dm.table), &s)) {
		nm_sample(&families[LEG_IN_FLIGHT], s.in_flight, "%s", mirror);
		nm_sample(&families[LEG_READS], s.reads, "%s", mirror);
		nm_sample(&families[LEG_READ_BYTES], s.read_bytes, "%s", mirror);
		nm_sample(&families[LEG_READ_SECONDS], s.read_ms / 1e3, "%s", mirror);
		nm_sample(&families[LEG_WRITES], s.writes, "%s", mirror);
		nm_sample(&families[LEG_WRITTEN_BYTES], s.written_bytes, "%s", mirror);
		nm_sample(&families[LEG_WRITE_SECONDS], s.write_ms / 1e3, "%s", mirror);
	}
}

static void add_mirror(void *arg, struct nm_mirror *m)
{
	char mirror[NM_DM_NAME_LEN * 2 + 16];
	struct nm_diagnosis d;

	(void)arg;
	snprintf(mirror, sizeof(mirror), "mirror=\"%s\"", nm_label(m->name));
	nm_diagnose(m, &d);
	add_info(m, mirror);
	nm_sample(&families[UP], m->is_up, "%s", mirror);
	nm_sample(&families[HEALTHY], d.healthy, "%s", mirror);
	state_set(STATE, mirror, d.state, states);
	if (!m->is_up)
		return;
	nm_sample(&families[SUSPENDED], m->dm.suspended, "%s", mirror);
	nm_sample(&families[OPEN], m->dm.open_count, "%s", mirror);
	nm_sample(&families[SIZE], m->dm.sectors << NM_SECTOR_SHIFT, "%s",
		  mirror);
	nm_sample(&families[REGION_SIZE], m->region_bytes, "%s", mirror);
	nm_sample(&families[EVENTS], m->dm.event_nr, "%s", mirror);
	if (!m->status.failed)
		add_status(m, mirror);
	add_disk(m, mirror);
}

static void print_all(FILE *to)
{
	size_t i;

	for (i = 0; i < NR_FAMILIES; i++)
		nm_family_end(&families[i], to);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		nm_family_end(&counters[i].family, to);
	fputs("# EOF\n", to);
}

/* A reader sees the old file or the new one, never a part. */
static int write_file(const char *path)
{
	char *new;
	FILE *f;
	int fd, err;

	if (asprintf(&new, "%s.XXXXXX", path) < 0)
		abort();
	fd = mkostemp(new, O_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f) {
		print_all(f);
		err = ferror(f) || fchmod(fd, 0644) ? -errno : 0;
		if (fclose(f) || err || rename(new, path))
			err = -errno;
	} else {
		err = -errno;
	}
	if (err) {
		nm_error("cannot write %s: %s", path, strerror(-err));
		if (fd >= 0)
			unlink(new);
	}
	free(new);
	return err ? NM_EXIT_FAILED : NM_EXIT_OK;
}

int nm_cmd_metrics(const struct nm_opts *o)
{
	const char *path = o->value[NM_OPT_OUTPUT];
	size_t i;
	int ret;

	for (i = 0; i < NR_FAMILIES; i++)
		nm_family_begin(&families[i]);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		nm_family_begin(&counters[i].family);
	ret = nm_mirror_for_each(o, add_mirror, NULL);
	/* One mirror that cannot be read must not hide the others. */
	if (path && write_file(path))
		return NM_EXIT_FAILED;
	if (!path)
		print_all(stdout);
	return ret;
}
