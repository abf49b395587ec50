// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "diagnosis.h"

/* The commands for a refusal; each %s is the name of the mirror. */
static const char *const commands[NM_REFUSE_MAX + 1] = {
	[NM_REFUSE_SPLIT_BRAIN] =
		"On the node whose changes are to be lost: netmirrorctl demote %s; netmirrorctl connect --discard-my-changes %s. On the other: netmirrorctl connect %s.",
	[NM_REFUSE_UNRELATED] =
		"On the node that is to be overwritten: netmirrorctl invalidate %s; netmirrorctl connect %s. On the other: netmirrorctl connect %s.",
	[NM_REFUSE_INCONSISTENT] =
		"To take the leg of one node as it is, there: netmirrorctl promote --force %s.",
	[NM_REFUSE_PRIMARY_STALE] =
		"On the primary: netmirrorctl demote %s; netmirrorctl connect %s.",
	[NM_REFUSE_TWO_PRIMARIES] =
		"On the node that is to give way: netmirrorctl demote %s; netmirrorctl connect %s.",
	[NM_REFUSE_DISCONNECTED] =
		"On the peer: netmirrorctl connect %s.",
	[NM_REFUSE_LEG_FAILED] =
		"On the node with the failed leg, when the device is well again: netmirrorctl attach %s. With another device: netmirrorctl down %s; netmirrorctl create %s --force; netmirrorctl up %s.",
	[NM_REFUSE_NODE_ID] =
		"On the node with the copied leg: netmirrorctl down %s; netmirrorctl create %s --force; netmirrorctl up %s.",
	[NM_REFUSE_GEOMETRY] =
		"On the node with the wrong sizes: netmirrorctl down %s; netmirrorctl create %s --force; netmirrorctl up %s.",
	[NM_REFUSE_AUTH] =
		"The file that secret-file = names must be the same on both nodes. On the node where it was wrong: netmirrorctl down %s; netmirrorctl up %s. On the other: netmirrorctl connect %s.",
	[NM_REFUSE_OUTDATED] =
		"On the node with the data: netmirrorctl promote --force %s; netmirrorctl connect %s. On the other: netmirrorctl connect %s.",
	[NM_REFUSE_SIZE] =
		"On the node where it is smaller: netmirrorctl resize %s SIZE. Then on the other: netmirrorctl connect %s.",
};

static __attribute__((format(printf, 2, 3)))
void what(struct nm_diagnosis *d, const char *fmt, ...)
{
	size_t len = strlen(d->what);
	va_list args;

	va_start(args, fmt);
	vsnprintf(d->what + len, sizeof(d->what) - len, fmt, args);
	va_end(args);
}

static __attribute__((format(printf, 2, 3)))
void act(struct nm_diagnosis *d, const char *fmt, ...)
{
	size_t len = strlen(d->action);
	va_list args;

	va_start(args, fmt);
	vsnprintf(d->action + len, sizeof(d->action) - len, fmt, args);
	va_end(args);
}

/* Append @text with its %s replaced. */
static void act_commands(struct nm_diagnosis *d, const char *text,
			 const char *name)
{
	const char *hole;

	while ((hole = strstr(text, "%s"))) {
		act(d, "%.*s%s", (int)(hole - text), text, name);
		text = hole + 2;
	}
	act(d, "%s", text);
}

static void diagnose_refused(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	enum nm_refusal r = m->status.refusal;
	const char *advice = nm_refusal_advice(r);

	d->state = "stands-alone";
	d->stuck = !nm_refusal_is_transient(r);
	what(d, "stands alone, because %s", nm_refusal_text(r));
	if (*advice)
		act(d, "%c%s.", *advice - 'a' + 'A', advice + 1);
	if (commands[r]) {
		act(d, " ");
		act_commands(d, commands[r], m->name);
	} else if (d->stuck) {
		act(d, " Then: netmirrorctl connect %s.", m->name);
	}
}

static void diagnose_apart(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const char *peer = nm_mirror_peer_name(m);
	char left[NM_SIZE_STRLEN];

	nm_format_size(nm_mirror_left(m), left);
	if (!strcmp(m->status.link, "disconnected")) {
		d->state = "stands-alone";
		d->stuck = true;
		what(d, "stands alone, because it was disconnected here; %s are to be copied",
		     left);
		act(d, "When the peer may come back: netmirrorctl connect %s.",
		    m->name);
		return;
	}
	d->state = "degraded";
	what(d, "%s does not answer; %s are to be copied when it is back", peer,
	     left);
	act(d, "See that %s runs, that the mirror is up there (netmirrorctl up %s) and that the network between the nodes works. The mirror finds its peer and copies what it missed by itself.",
	    peer, m->name);
	if (!strcmp(m->status.role, "secondary") && m->status.local == 'A')
		act(d, " To use the mirror here although %s is dead or cut off: netmirrorctl promote --peer-fenced %s.",
		    peer, m->name);
}

/* As far as the marks tell; a check may have found more. */
static void diagnose_in_sync(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;

	if (!s->mismatches) {
		d->state = "healthy";
		d->healthy = true;
		what(d, "both legs are the same");
		if (s->verify_left && !nm_status_verifies(s))
			act(d, "The last check or repair ended early. To begin anew: netmirrorctl check %s.",
			    m->name);
		return;
	}
	d->state = "degraded";
	what(d, "the legs differ in %llu regions, which no write explains",
	     (unsigned long long)s->mismatches);
	if (nm_status_verifies(s)) {
		act(d, "Wait for the end of the %s.", s->action);
		return;
	}
	d->stuck = true;
	act(d, "The kernel log has the regions (dmesg). To copy them from the leg of the primary to the other, on the primary: netmirrorctl repair %s.",
	    m->name);
}

static void diagnose_connected(const struct nm_mirror *m,
			       struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;
	unsigned int done = nm_mirror_progress(m);
	char left[NM_SIZE_STRLEN];

	nm_format_size(nm_mirror_left(m), left);
	if (nm_status_syncs(s)) {
		d->state = "resyncing";
		what(d, "%u.%u%% in sync, %s to copy %s %s", done / 100,
		     done / 10 % 10, left,
		     !strcmp(s->action, "resync") ? "to" : "from",
		     nm_mirror_peer_name(m));
		act(d, "None: wait, or follow it with netmirrorctl wait-sync %s.",
		    m->name);
	} else if (!strcmp(s->action, "frozen") && !nm_status_in_sync(s)) {
		d->state = "degraded";
		d->stuck = true;
		what(d, "the copying is paused, %s to go", left);
		act(d, "When it may go on: netmirrorctl resync %s.", m->name);
	} else if (s->blank) {
		d->state = "no-data";
		d->stuck = true;
		what(d, "neither leg has data yet");
		act(d, "On the node whose leg is to be copied to the other: netmirrorctl promote --force %s.",
		    m->name);
	} else if (nm_status_in_sync(s)) {
		diagnose_in_sync(m, d);
	} else {
		d->state = "degraded";
		what(d, "%s leg is behind, %s to copy",
		     s->local == 'A' ? "the peer's" : "this node's", left);
		act(d, "The copying begins by itself when both nodes are ready.");
	}
}

/* What the application waits for meanwhile, if there is one. */
static void diagnose_held(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const char *held = nm_status_value(&m->status, "io_held");
	const char *peer = nm_mirror_peer_name(m);

	if (held && !strcmp(held, "peer")) {
		what(d, "; I/O waits for %s, which has the only good leg", peer);
	} else if (held && !strcmp(held, "fencing")) {
		what(d, "; I/O waits until %s is back, or is known to be out of use",
		     peer);
		act(d, " If %s is dead or cut off, so that I/O may go on without it: netmirrorctl fence %s.",
		    peer, m->name);
	}
}

/* A secondary that was left behind takes force. */
static void diagnose_outdated(const struct nm_mirror *m,
			      struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;

	if (strcmp(s->role, "secondary") || !nm_status_outdated(s))
		return;
	what(d, "; this node was left behind by the primary, to promote it takes --force");
	act(d, " To use this node although what %s wrote since is lost then: netmirrorctl promote --force %s.",
	    nm_mirror_peer_name(m), m->name);
}

static void diagnose_failed_leg(const struct nm_mirror *m,
				struct nm_diagnosis *d)
{
	bool here = m->status.local == 'D';

	d->state = "degraded";
	d->stuck = true;
	what(d, "the leg of %s has failed", here ? "this node" :
	     nm_mirror_peer_name(m));
	act(d, "%s: ", here ? "Here" : "There");
	act_commands(d, "when the device is well again, netmirrorctl attach %s. With another device: netmirrorctl down %s; netmirrorctl create %s --force; netmirrorctl up %s.",
		     m->name);
}

void nm_diagnose(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;
	bool connected;

	memset(d, 0, sizeof(*d));
	if (!m->is_up) {
		d->state = "down";
		d->stuck = true;
		what(d, "not started on this node");
		act(d, "netmirrorctl up %s", m->name);
		return;
	}
	if (m->dm.suspended) {
		d->state = "suspended";
		d->stuck = true;
		what(d, "the device is suspended on this node");
		act(d, "When it may go on: dmsetup resume %s.", m->device);
		return;
	}
	if (s->failed) {
		d->state = "failed";
		d->stuck = true;
		what(d, "the mirror has failed; it takes no I/O");
		act(d, "The kernel log has the reason (dmesg). Then: netmirrorctl down %s; netmirrorctl up %s.",
		    m->name, m->name);
		return;
	}
	connected = !strcmp(s->link, "connected");
	if (s->needs_check) {
		d->state = "failed";
		d->stuck = true;
		what(d, "the metadata could not be written; writes are refused");
		act(d, "See the kernel log (dmesg), repair or replace the device with the metadata, then: netmirrorctl down %s; netmirrorctl up %s.",
		    m->name, m->name);
	} else if (s->refusal != NM_REFUSE_NOT) {
		diagnose_refused(m, d);
	} else if (s->local == 'D' || (connected && s->peer == 'D')) {
		diagnose_failed_leg(m, d);
	} else if (connected) {
		diagnose_connected(m, d);
	} else {
		diagnose_apart(m, d);
	}
	if (!connected) {
		diagnose_held(m, d);
		diagnose_outdated(m, d);
	}
}
