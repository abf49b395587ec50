// SPDX-License-Identifier: GPL-2.0-only
/*
 * The history of a mirror: what became of it, with a number and a time, for
 * those who did not look at the right moment.
 *
 * nm_publish() is where every change of state becomes public.  There the state
 * is put into the words of the status line and compared with the words of the
 * last time, so that no change needs to be entered by who makes it.  Only the
 * reasons that no state has are entered where they are known.
 */
#include "mirror.h"

#define NR_EVENTS	256	/* a power of two */
#define TEXT_LEN	112
#define WORD_LEN	40	/* a generation in hex is the longest */
#define LINE_MAX	(TEXT_LEN + 80)

/* What nm_publish() compares; the codes of the reasons follow. */
enum {
	NR_WORDS = NM_EVENT_VERDICT,
};

static const char *const codes[NM_NR_EVENTS] = {
	[NM_EVENT_ROLE]		= "role",
	[NM_EVENT_PEER_ROLE]	= "peer_role",
	[NM_EVENT_LINK]		= "link",
	[NM_EVENT_HEALTH]	= "health",
	[NM_EVENT_SYNC]		= "sync",
	[NM_EVENT_MISMATCHES]	= "mismatches",
	[NM_EVENT_IO_HELD]	= "io_held",
	[NM_EVENT_PEER_FENCED]	= "peer_fenced",
	[NM_EVENT_OUTDATED]	= "outdated",
	[NM_EVENT_SUSPENDED]	= "suspended",
	[NM_EVENT_GENERATION]	= "generation",
	[NM_EVENT_VERDICT]	= "verdict",
	[NM_EVENT_PARTED]	= "parted",
	[NM_EVENT_PEER_LOST]	= "peer_lost",
};

struct event {
	u64 time;		/* ns, wall clock */
	u8 code;
	char text[TEXT_LEN];
};

struct nm_events {
	u64 began;		/* ns, wall clock: the name of this history */
	u64 newest;		/* number of the newest event, from 1; 0: none */
	char words[NR_WORDS][WORD_LEN];	/* as published last */
	struct event ring[NR_EVENTS];
};

struct nm_events *nm_events_alloc(void)
{
	struct nm_events *e = kvzalloc(sizeof(*e), GFP_KERNEL);
	int i;

	if (!e)
		return NULL;
	e->began = ktime_get_real_ns();
	for (i = 0; i < NR_WORDS; i++)
		strscpy(e->words[i], "-", WORD_LEN);
	return e;
}

void nm_events_take(struct nm_mirror *m, struct nm_mirror *old)
{
	/* Nobody else sees @m yet. */
	mutex_lock(&old->events_lock);
	swap(m->events, old->events);
	mutex_unlock(&old->events_lock);
}

/* The next event, without its text. */
static struct event *enter(struct nm_mirror *m, enum nm_event code)
{
	struct nm_events *e = m->events;
	struct event *ev;

	lockdep_assert_held(&m->events_lock);
	ev = &e->ring[++e->newest % NR_EVENTS];
	ev->time = ktime_get_real_ns();
	ev->code = code;
	return ev;
}

void nm_event(struct nm_mirror *m, enum nm_event code, const char *text)
{
	mutex_lock(&m->events_lock);
	strscpy(enter(m, code)->text, text, TEXT_LEN);
	mutex_unlock(&m->events_lock);
}

/* One word of the state as it is now. */
static void put_word(struct nm_mirror *m, enum nm_event code, char *word)
{
	const struct nm_state *s = &m->state;
	const char *text = "no";

	switch (code) {
	case NM_EVENT_ROLE:
		text = nm_role_name(s->role);
		break;
	case NM_EVENT_PEER_ROLE:
		text = s->link == NM_LINK_CONNECTED ?
		       nm_role_name(s->peer_role) : "unknown";
		break;
	case NM_EVENT_LINK:
		nm_status_link(s, word, WORD_LEN);
		return;
	case NM_EVENT_HEALTH:
		scnprintf(word, WORD_LEN, "%c%c", nm_health_local(s),
			  nm_health_peer(s));
		if (!nm_status_failed(m, s))
			return;
		text = "Fail";
		break;
	case NM_EVENT_SYNC:
		text = nm_status_sync(s);
		break;
	case NM_EVENT_MISMATCHES:
		scnprintf(word, WORD_LEN, "%d",
			  atomic_read(&m->verify.mismatches));
		return;
	case NM_EVENT_IO_HELD:
		text = nm_status_held(s);
		break;
	case NM_EVENT_PEER_FENCED:
		if (s->fenced)
			text = "yes";
		break;
	case NM_EVENT_OUTDATED:
		if (s->flags & NM_SBF_OUTDATED)
			text = "yes";
		break;
	case NM_EVENT_SUSPENDED:
		if (m->suspended)
			text = "yes";
		break;
	default:
		scnprintf(word, WORD_LEN, "%*phN", NM_GEN_LEN, m->generation);
		return;
	}
	strscpy(word, text, WORD_LEN);
}

void nm_events_compare(struct nm_mirror *m)
{
	char word[WORD_LEN];
	int i;

	mutex_lock(&m->events_lock);
	for (i = 0; i < NR_WORDS; i++) {
		char *old = m->events->words[i];

		put_word(m, i, word);
		if (!strcmp(word, old))
			continue;
		scnprintf(enter(m, i)->text, TEXT_LEN, "%s %s", old, word);
		strscpy(old, word, WORD_LEN);
	}
	mutex_unlock(&m->events_lock);
}

static unsigned int emit_time(u64 ns, char *result, unsigned int maxlen)
{
	u64 seconds = div_u64(ns, NSEC_PER_SEC);
	unsigned int sz = 0;

	DMEMIT("%llu.%09llu", seconds, ns - seconds * NSEC_PER_SEC);
	return sz;
}

void nm_events_emit(struct nm_mirror *m, u64 after, char *result,
		    unsigned int maxlen)
{
	unsigned int sz = 0;
	u64 nr, oldest;

	mutex_lock(&m->events_lock);
	oldest = m->events->newest - min_t(u64, m->events->newest, NR_EVENTS);
	nr = clamp(after, oldest, m->events->newest);
	DMEMIT("began ");
	sz += emit_time(m->events->began, result + sz, maxlen - sz);
	DMEMIT(" newest %llu lost %llu", m->events->newest,
	       nr > after ? nr - after : 0);
	while (nr++ < m->events->newest && sz + LINE_MAX < maxlen) {
		const struct event *ev = &m->events->ring[nr % NR_EVENTS];

		DMEMIT("\n%llu ", nr);
		sz += emit_time(ev->time, result + sz, maxlen - sz);
		DMEMIT(" %s %s", codes[ev->code], ev->text);
	}
	mutex_unlock(&m->events_lock);
}
