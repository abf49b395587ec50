// SPDX-License-Identifier: GPL-2.0-only
/*
 * events: what became of mirrors, from the history that the kernel keeps of
 * each.  Three events are the tool's own, since no kernel could tell them: a
 * mirror is down, it is up again with a history of its own, and a gap.
 */
#include <unistd.h>

#include "history.h"
#include "mirrors.h"
#include "status-json.h"

/*
 * The removal of a device is no event.  So long it may take until it is seen,
 * and a mirror that is new.
 */
#define LOOK_MS		1000

struct followed {
	char name[NM_DM_NAME_LEN];
	char device[NM_DM_NAME_LEN];
	char began[NM_TIME_STRLEN];	/* of the history seen last; "": none */
	u64 last;			/* number of the event seen last */
	bool is_up;			/* when it was looked at last */
	bool was_down;
};

struct feed {
	const struct nm_opts *o;
	struct followed *mirrors;
	size_t nr_mirrors;
	char began[NM_TIME_STRLEN];	/* --since */
	u64 since;
};

/* --- output --------------------------------------------------------------- */

static json_object *string_or_null(const char *s, size_t len)
{
	return len == 1 && *s == '-' ? NULL :
	       json_object_new_string_len(s, len);
}

/* "link connected connecting": are the words behind the code old and new? */
static bool is_change(const struct nm_event *ev)
{
	return strcmp(ev->code, "verdict") && strcmp(ev->code, "parted") &&
	       strcmp(ev->code, "peer_lost") && strchr(ev->text, ' ');
}

static void describe(const struct nm_event *ev, char *text, size_t size)
{
	int old = strcspn(ev->text, " ");

	if (!is_change(ev))
		snprintf(text, size, "%s", ev->text);
	else if (old == 1 && *ev->text == '-')
		snprintf(text, size, "is %s", ev->text + old + 1);
	else
		snprintf(text, size, "%.*s -> %s", old, ev->text,
			 ev->text + old + 1);
}

static void print_event(const struct feed *feed, const struct followed *f,
			const struct nm_event *ev, json_object *details)
{
	char when[NM_TIME_STRLEN], text[256];
	json_object *j;

	nm_format_time(&ev->time, when);
	if (ev->sequence)
		describe(ev, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", ev->text);
	if (!nm_given(feed->o, NM_OPT_JSON)) {
		if (ev->sequence)
			printf("%s %s %llu %s: %s\n", when, f->name,
			       (unsigned long long)ev->sequence, ev->code,
			       text);
		else
			printf("%s %s - %s: %s\n", when, f->name, ev->code,
			       text);
		json_object_put(details);
		return;
	}
	j = json_object_new_object();
	json_object_object_add(j, "schema_version",
			       json_object_new_int(NM_SCHEMA_VERSION));
	json_object_object_add(j, "mirror", json_object_new_string(f->name));
	json_object_object_add(j, "history", *f->began ?
			       json_object_new_string(f->began) : NULL);
	json_object_object_add(j, "sequence", ev->sequence ?
			       nm_json_u64(ev->sequence) : NULL);
	json_object_object_add(j, "time", json_object_new_string(when));
	json_object_object_add(j, "code", json_object_new_string(ev->code));
	json_object_object_add(j, "text", json_object_new_string(text));
	json_object_object_add(j, "details", details);
	nm_json_print(j, true);
}

static void print_kernel_event(const struct feed *feed,
			       const struct followed *f,
			       const struct nm_event *ev)
{
	json_object *details = json_object_new_object();
	size_t old = strcspn(ev->text, " ");

	if (is_change(ev)) {
		json_object_object_add(details, "from",
				       string_or_null(ev->text, old));
		json_object_object_add(details, "to", json_object_new_string(
				       ev->text + old + 1));
	}
	print_event(feed, f, ev, details);
}

/* An event of the tool's own, as it sees it. */
static void print_own(const struct feed *feed, const struct followed *f,
		      const char *code, const char *text, json_object *details)
{
	struct nm_event ev = { .code = code, .text = text };

	clock_gettime(CLOCK_REALTIME, &ev.time);
	print_event(feed, f, &ev, details ? details :
		    json_object_new_object());
}

static void print_gap(const struct feed *feed, const struct followed *f,
		      u64 lost)
{
	json_object *details = json_object_new_object();
	char text[128];

	if (lost)
		snprintf(text, sizeof(text),
			 "%llu events are lost, overwritten by newer ones",
			 (unsigned long long)lost);
	else
		snprintf(text, sizeof(text),
			 "event %llu is not of this history: the mirror was down meanwhile, what was after it is lost",
			 (unsigned long long)f->last);
	json_object_object_add(details, "lost",
			       lost ? nm_json_u64(lost) : NULL);
	print_own(feed, f, "gap", text, details);
}

/* --- reading -------------------------------------------------------------- */

/* Print one answer of the kernel.  Returns 0, -EAGAIN for more, or -errno. */
static int read_some(const struct feed *feed, struct followed *f,
		     struct nm_history *h)
{
	struct nm_event ev;
	int ret;

	if (h->lost)
		print_gap(feed, f, h->lost);
	f->last += h->lost;
	while ((ret = nm_history_next(h, &ev)) > 0) {
		print_kernel_event(feed, f, &ev);
		f->last = ev.sequence;
	}
	if (ret)
		return ret;
	return f->last < h->newest ? -EAGAIN : 0;
}

/*
 * Is this the history whose event f->last was seen?  A mirror that was down has
 * another one; so may have one of which the user remembers a number.
 */
static bool same_history(const struct feed *feed, struct followed *f,
			 const struct nm_history *h)
{
	bool same = f->last <= h->newest &&
		    (!*f->began || !strcmp(f->began, h->began));

	if (!same && f->is_up)
		print_own(feed, f, "down", "the mirror was stopped", NULL);
	if (f->was_down || (!same && f->is_up))
		print_own(feed, f, "up", "the mirror was started", NULL);
	else if (!same)
		print_gap(feed, f, 0);
	if (!same)
		f->last = 0;
	strcpy(f->began, h->began);
	f->is_up = true;
	f->was_down = false;
	return same;
}

static void went_down(const struct feed *feed, struct followed *f)
{
	if (!f->was_down)
		print_own(feed, f, "down", f->is_up ? "the mirror was stopped" :
			  "the mirror is not up", NULL);
	f->is_up = false;
	f->was_down = true;
}

static int read_all(const struct feed *feed, struct followed *f)
{
	struct nm_history h;
	int err;

	do {
		err = nm_history_get(&h, f->device, f->last);
		if (!err)
			err = same_history(feed, f, &h) ?
			      read_some(feed, f, &h) : -EAGAIN;
		nm_history_put(&h);
	} while (err == -EAGAIN);
	return err;
}

/*
 * The question failed.  A device that comes up has no table at first, and a
 * table that takes the place of another one does not answer at once.
 */
static int look_why(const struct followed *f, int err)
{
	struct nm_dm_device d;
	int there = nm_dm_get(f->device, &d);

	nm_dm_put(&d);
	if (there == -ENODATA || (!there && err == -ENXIO))
		return -EBUSY;
	return there ? there : err;
}

/*
 * Returns 0 or -errno; -ENXIO: the mirror is down, -EBUSY: its device is there,
 * but not ready.  It may have got ready after the question: so it is asked
 * twice.
 */
static int read_mirror(const struct feed *feed, struct followed *f)
{
	int err, tries = 2;

	do {
		err = read_all(feed, f);
		if (err == -ENXIO || err == -EINVAL)
			err = look_why(f, err);
	} while (err == -EINVAL && --tries);
	return err;
}

static int failed(const struct followed *f, int err)
{
	if (err == -ENXIO || err == -ENODEV) {
		nm_error("the mirror %s is down: it has no history; start it with \""
			 NM_TOOL_NAME " up %s\"", f->name, f->name);
		return NM_EXIT_NOT_FOUND;
	}
	if (err == -EINVAL)
		nm_error("cannot read the events of %s: the module does not know the message \"events\"; it is older than "
			 NM_TOOL_NAME, f->name);
	else if (err == -EPROTO)
		nm_error("cannot understand the events of %s: the module and "
			 NM_TOOL_NAME " are of different versions", f->name);
	else
		nm_error("cannot read the events of %s, device %s: %s", f->name,
			 f->device, strerror(-err));
	return NM_EXIT_FAILED;
}

/* --- which mirrors -------------------------------------------------------- */

static void follow(void *arg, struct nm_mirror *m)
{
	struct feed *feed = arg;
	struct followed *f;
	size_t i;

	for (i = 0; i < feed->nr_mirrors; i++)
		if (!strcmp(feed->mirrors[i].device, m->device))
			return;
	/* Unless it was named, one that is down has nothing to tell. */
	if (!m->is_up && !feed->o->nr_args)
		return;
	feed->mirrors = reallocarray(feed->mirrors, feed->nr_mirrors + 1,
				     sizeof(*feed->mirrors));
	if (!feed->mirrors)
		abort();
	f = &feed->mirrors[feed->nr_mirrors++];
	memset(f, 0, sizeof(*f));
	strcpy(f->name, m->name);
	strcpy(f->device, m->device);
	f->last = feed->since;
	strcpy(f->began, feed->began);
}

/* One look at each mirror.  Returns an enum nm_exit. */
static int look(struct feed *feed)
{
	bool follows = nm_given(feed->o, NM_OPT_FOLLOW);
	int err, ret = NM_EXIT_OK;
	size_t i;

	for (i = 0; i < feed->nr_mirrors; i++) {
		struct followed *f = &feed->mirrors[i];

		err = read_mirror(feed, f);
		if (follows && (err == -ENXIO || err == -ENODEV))
			went_down(feed, f);
		else if (err && !(follows && err == -EBUSY))
			ret = failed(f, err);
	}
	if (fflush(stdout))
		ret = NM_EXIT_FAILED;
	return ret;
}

/* A device of the kernel: is it followed yet? */
static void notice(void *arg, const char *device)
{
	struct feed *feed = arg;
	size_t i;

	for (i = 0; i < feed->nr_mirrors; i++)
		if (!strcmp(feed->mirrors[i].device, device))
			return;
	nm_mirror_for_each(feed->o, follow, feed);
}

static int follow_all(struct feed *feed)
{
	int fd = nm_dm_watch_open();
	int err = fd < 0 ? fd : 0;
	int ret = NM_EXIT_OK;

	while (!err && !ret) {
		err = nm_dm_watch_arm(fd);
		if (err)
			break;
		if (!feed->o->nr_args)
			nm_dm_for_each(notice, feed);
		ret = look(feed);
		if (!ret)
			err = nm_dm_watch_wait(fd, LOOK_MS);
	}
	if (err)
		nm_error("cannot follow the events of device-mapper: %s",
			 strerror(-err));
	if (fd >= 0)
		close(fd);
	return ret ? ret : NM_EXIT_FAILED;
}

/* "[HISTORY:]NUMBER" */
static int parse_since(struct feed *feed)
{
	const char *since = feed->o->value[NM_OPT_SINCE];
	size_t len = strcspn(since, ":");

	if (since[len] && len < sizeof(feed->began))
		memcpy(feed->began, since, len);
	if (nm_parse_number(since + (*feed->began ? len + 1 : 0),
			    &feed->since)) {
		nm_error("--since takes the number of an event, or HISTORY:NUMBER as --json prints them, not \"%s\"",
			 since);
		return NM_EXIT_USAGE;
	}
	if (feed->o->nr_args != 1) {
		nm_error("--since is a number in the history of one mirror; name that");
		return NM_EXIT_USAGE;
	}
	return NM_EXIT_OK;
}

int nm_cmd_events(const struct nm_opts *o)
{
	struct feed feed = { .o = o };
	int ret = NM_EXIT_OK;

	if (nm_given(o, NM_OPT_SINCE))
		ret = parse_since(&feed);
	if (!ret)
		ret = nm_mirror_for_each(o, follow, &feed);
	if (!ret)
		ret = nm_given(o, NM_OPT_FOLLOW) ? follow_all(&feed) :
						   look(&feed);
	free(feed.mirrors);
	return ret;
}
