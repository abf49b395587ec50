// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "diagnosis.h"

/*
 * The commands for a refusal.  $n is the name of the mirror, $p the peer and $d
 * the device here.
 */
static const char *const commands[NM_REFUSE_MAX + 1] = {
	[NM_REFUSE_UNRELATED] =
		"On the node that is to be overwritten: netmirrorctl invalidate $n; netmirrorctl connect $n. On the other: netmirrorctl connect $n.",
	[NM_REFUSE_INCONSISTENT] =
		"To take the leg of one node as it is, there: netmirrorctl promote --force $n; netmirrorctl connect $n. On the other: netmirrorctl connect $n.",
	[NM_REFUSE_PRIMARY_STALE] =
		"On the primary: netmirrorctl demote $n; netmirrorctl connect $n. On the other: netmirrorctl connect $n.",
	[NM_REFUSE_TWO_PRIMARIES] =
		"On the node that is to give way: netmirrorctl demote $n; netmirrorctl connect $n. On the other: netmirrorctl connect $n.",
	[NM_REFUSE_DISCONNECTED] =
		"On $p: netmirrorctl connect $n.",
	[NM_REFUSE_SUSPENDED] =
		"On $p: dmsetup resume $d.",
	[NM_REFUSE_LEG_FAILED] =
		"On the node with the failed leg, when the device is well again: netmirrorctl attach $n. With another device: netmirrorctl replace-leg $n --leg DEVICE.",
	[NM_REFUSE_NODE_ID] =
		"On the node with the copied leg: netmirrorctl down $n; netmirrorctl create $n --force; netmirrorctl up $n.",
	[NM_REFUSE_GEOMETRY] =
		"On the node with the wrong sizes: netmirrorctl down $n; netmirrorctl create $n --force; netmirrorctl up $n.",
	[NM_REFUSE_AUTH] =
		"The file that secret-file = names must be the same on both nodes. On the node where it was wrong: netmirrorctl down $n; netmirrorctl up $n. On the other: netmirrorctl connect $n.",
	[NM_REFUSE_OUTDATED] =
		"On the node with the data: netmirrorctl promote --force $n; netmirrorctl connect $n. On the other: netmirrorctl connect $n.",
	[NM_REFUSE_SIZE] =
		"On the node where it is smaller: netmirrorctl resize $n SIZE. Then on the other: netmirrorctl connect $n.",
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

/* Append @text with its $n, $p and $d replaced. */
static void act_commands(struct nm_diagnosis *d, const struct nm_mirror *m,
			 const char *text)
{
	const char *hole;

	while ((hole = strchr(text, '$'))) {
		act(d, "%.*s%s", (int)(hole - text), text,
		    hole[1] == 'n' ? m->name :
		    hole[1] == 'd' ? m->device : nm_mirror_peer_name(m));
		text = hole + 2;
	}
	act(d, "%s", text);
}

/* --- the nodes refuse each other ------------------------------------------ */

/*
 * Either node tells it as its own story.  What the kernel says of the verdict is
 * more than the name of the refusal: rules that differ, two who want to give up.
 */
static void diagnose_split_brain(const struct nm_mirror *m,
				 struct nm_diagnosis *d)
{
	const char *peer = nm_mirror_peer_name(m), *name = m->name;
	bool primary = nm_status_is_primary(&m->status);

	what(d, "; this node and %s each have changes that the other one lacks, and somebody has to say whose are given up",
	     peer);
	act(d, "Look at the data on both nodes, then choose. To keep those of this node, on %s: netmirrorctl demote %s; netmirrorctl connect --discard-my-changes %s; then here: netmirrorctl connect %s. ",
	    peer, name, name, name);
	act(d, "To keep those of %s, here%s: netmirrorctl demote %s; netmirrorctl connect --discard-my-changes %s; then on %s: netmirrorctl connect %s.",
	    peer, primary ? ", when nobody uses the mirror any more" : "",
	    name, name, peer, name);
	act(d, " To have both: copy what is needed from one of them elsewhere first.");
}

static void diagnose_refused(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	enum nm_refusal r = m->status.refusal;
	const char *advice = nm_refusal_advice(r);
	bool by_verdict = m->verdict_why &&
			  nm_status_is(&m->status, "verdict", "refuse");

	d->state = "stands-alone";
	d->stuck = !nm_refusal_is_transient(r);
	what(d, "stands alone, because %s",
	     by_verdict ? m->verdict_why : nm_refusal_text(r));
	if (r == NM_REFUSE_SPLIT_BRAIN) {
		diagnose_split_brain(m, d);
		return;
	}
	if (*advice)
		act(d, "%c%s.", *advice - 'a' + 'A', advice + 1);
	if (commands[r]) {
		act(d, " ");
		act_commands(d, m, commands[r]);
	} else if (d->stuck) {
		act_commands(d, m, " Then on both nodes: netmirrorctl connect $n.");
	}
}

/* --- the nodes are apart -------------------------------------------------- */

/* This node's leg holds a part of the newest data, or none. */
static void diagnose_incomplete(const struct nm_mirror *m,
				struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;
	const char *peer = nm_mirror_peer_name(m);

	if (nm_status_outdated(s) || s->local != 'a')
		return;
	if (s->blank) {
		what(d, "; this node's leg has no data yet");
		return;
	}
	what(d, "; this node's leg was being copied from %s and is not complete",
	     peer);
	if (nm_status_is_primary(s))
		what(d, ", so I/O waits up to 30 seconds for %s, and fails then until it is back",
		     peer);
	else
		act(d, " If %s is lost for good, and no backup is better than a mixture of old and new data: netmirrorctl promote --force %s.",
		    peer, m->name);
}

/* The other node has said why it is not there, or nothing. */
static void diagnose_search(const struct nm_mirror *m, struct nm_diagnosis *d,
			    const char *left)
{
	enum nm_refusal apart = nm_status_apart(&m->status);
	const char *peer = nm_mirror_peer_name(m);

	d->state = "degraded";
	switch (apart) {
	case NM_REFUSE_DISCONNECTED:
		what(d, "%s was disconnected by its administrator", peer);
		break;
	case NM_REFUSE_SUSPENDED:
		what(d, "the mirror is suspended on %s", peer);
		break;
	case NM_REFUSE_LEG_FAILED:
		what(d, "the leg of %s has failed", peer);
		break;
	default:
		what(d, "%s does not answer", peer);
		act(d, "See that %s runs, that the mirror is up there (netmirrorctl up %s) and that the network between the nodes works. The mirror finds its peer and copies what it missed by itself.",
		    peer, m->name);
		break;
	}
	what(d, "; %s are to be copied when it is back", left);
	if (!*d->action)
		act_commands(d, m, commands[apart]);
}

static void diagnose_apart(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;
	const char *peer = nm_mirror_peer_name(m);
	char left[NM_SIZE_STRLEN];

	nm_format_size(nm_mirror_left(m), left);
	if (!strcmp(s->link, "disconnected")) {
		d->state = "stands-alone";
		d->stuck = true;
		what(d, "stands alone, because it was disconnected here; %s are to be copied",
		     left);
		act_commands(d, m, "When the peer may come back: netmirrorctl connect $n.");
	} else if (!strcmp(s->link, "handshake")) {
		d->state = "degraded";
		what(d, "the nodes agree on what has to be copied");
		act(d, "None: it takes a few seconds at most.");
	} else {
		diagnose_search(m, d, left);
	}
	diagnose_incomplete(m, d);
	if (!nm_status_is_primary(s) && s->local == 'A' &&
	    strcmp(s->link, "handshake"))
		act(d, " To use the mirror here although %s is dead or cut off: netmirrorctl promote --peer-fenced %s.",
		    peer, m->name);
}

/* --- the nodes are connected ---------------------------------------------- */

/* As far as the marks tell; a check may have found more. */
static void diagnose_in_sync(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;

	if (!s->mismatches) {
		d->state = "healthy";
		d->healthy = true;
		what(d, "both legs are the same");
		if (!nm_status_is_primary(s) &&
		    nm_status_is(s, "peer_role", "secondary")) {
			what(d, ", and neither node uses the mirror");
			act(d, "To use it here: netmirrorctl promote %s.",
			    m->name);
		}
		if (!strcmp(s->action, "frozen"))
			act(d, "%sCopying is paused, also when it is needed. When it may go on: netmirrorctl resync %s.",
			    *d->action ? " " : "", m->name);
		if (s->verify_left && !nm_status_verifies(s))
			act(d, "%sThe last check or repair ended early. To begin anew: netmirrorctl check %s.",
			    *d->action ? " " : "", m->name);
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
		if (!strcmp(s->action, "recover") && nm_status_is_primary(s))
			what(d, "; what is not there yet is read from it, so I/O stops if it is lost before the end");
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

/* --- whatever the link is ------------------------------------------------- */

/* What the application waits for meanwhile, if there is one. */
static void diagnose_held(const struct nm_mirror *m, struct nm_diagnosis *d)
{
	const struct nm_status *s = &m->status;
	const char *peer = nm_mirror_peer_name(m);

	if (nm_status_is(s, "io_held", "peer")) {
		what(d, "; I/O waits for %s, which has the only good leg, up to 30 seconds, and fails then",
		     peer);
	} else if (nm_status_is(s, "io_held", "fencing")) {
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

	if (nm_status_is_primary(s) || !nm_status_outdated(s))
		return;
	what(d, "; this node was left behind by the primary, to promote it takes --force");
	act(d, " To use this node although what %s wrote since is lost then: netmirrorctl promote --force %s.",
	    nm_mirror_peer_name(m), m->name);
}

static void diagnose_failed_leg(const struct nm_mirror *m,
				struct nm_diagnosis *d, bool connected)
{
	const char *peer = nm_mirror_peer_name(m);
	bool here = m->status.local == 'D';

	d->state = "degraded";
	d->stuck = true;
	what(d, "the leg of %s has failed", here ? "this node" : peer);
	if (here && connected && nm_status_is_primary(&m->status))
		what(d, "; the application works with the leg of %s alone, and stops if that is lost",
		     peer);
	else if (here && !connected)
		what(d, ", and %s does not answer", peer);
	act_commands(d, m, here ? "Here: " : "On $p: ");
	act_commands(d, m, "when the device is well again, netmirrorctl attach $n. With another device: netmirrorctl replace-leg $n --leg DEVICE.");
}

/* The nodes work, but not by the same rules. */
static void diagnose_settings(const struct nm_mirror *m,
			      struct nm_diagnosis *d)
{
	const char *differs = nm_status_value(&m->status, "differs");

	if (!differs || !strcmp(differs, "none"))
		return;
	act(d, "%sThe nodes differ in %s: give both the same [options] in the configuration, then on each in turn, while it is secondary: netmirrorctl down %s; netmirrorctl up %s.",
	    *d->action ? " " : "", differs, m->name, m->name);
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
		what(d, "the mirror has failed: its metadata could not be read or written, and it takes no writes");
		act_commands(d, m, "The kernel log has the reason (dmesg). When the device with the metadata is well again: netmirrorctl attach $n, or if that is refused netmirrorctl down $n; netmirrorctl up $n. With another device: netmirrorctl down $n; netmirrorctl replace-leg $n --leg DEVICE; netmirrorctl up $n.");
		return;
	}
	connected = nm_status_is_connected(s);
	if (s->needs_check) {
		d->state = "failed";
		d->stuck = true;
		what(d, "the metadata could not be written; writes are refused");
		act(d, "See the kernel log (dmesg), repair or replace the device with the metadata, then: netmirrorctl down %s; netmirrorctl up %s.",
		    m->name, m->name);
	} else if (s->refusal != NM_REFUSE_NOT) {
		diagnose_refused(m, d);
	} else if (s->local == 'D' || (connected && s->peer == 'D')) {
		diagnose_failed_leg(m, d, connected);
	} else if (connected) {
		diagnose_connected(m, d);
	} else {
		diagnose_apart(m, d);
	}
	if (!connected) {
		diagnose_held(m, d);
		diagnose_outdated(m, d);
	}
	diagnose_settings(m, d);
}
