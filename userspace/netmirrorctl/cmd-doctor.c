// SPDX-License-Identifier: GPL-2.0-only
/* doctor: look for what will not work, and for the traps around a mirror. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/timex.h>
#include <unistd.h>

#include "confdir.h"
#include "diagnosis.h"
#include "doctor.h"
#include "limited.h"
#include "status-json.h"

#define LONG_TIMEOUT_MS		10000
#define LONG_COPY_SECONDS	(7 * 24 * 3600)

static json_object *string(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

void nm_finding(struct nm_doctor *d, enum nm_severity severity,
		const char *check, const char *why, const char *action,
		const char *what, ...)
{
	static const char *const words[] = { "problem", "warning" };
	json_object *j;
	va_list args;
	char *text;

	va_start(args, what);
	if (vasprintf(&text, what, args) < 0)
		abort();
	va_end(args);
	d->nr[severity]++;
	if (d->findings) {
		j = json_object_new_object();
		json_object_object_add(j, "severity", string(words[severity]));
		json_object_object_add(j, "check", string(check));
		json_object_object_add(j, "mirror", string(d->mirror));
		json_object_object_add(j, "what", string(text));
		json_object_object_add(j, "why", string(why));
		json_object_object_add(j, "action", string(action));
		json_object_array_add(d->findings, j);
	} else {
		printf("%s, %s, %s: %s\n  why: %s\n  do:  %s\n",
		       d->mirror ? d->mirror : "this node", check,
		       words[severity], text, why, action);
	}
	free(text);
}

/* --- the configuration ---------------------------------------------------- */

struct subject {
	const struct nm_opts *o;
	const char *name;
};

static int load_config(void *arg)
{
	struct subject *s = arg;
	struct nm_config c;
	int ret = nm_config_load(&c, s->o, s->name);

	if (ret == NM_EXIT_NOT_FOUND)
		ret = nm_config_missing(&c);
	nm_config_free(&c);
	return ret;
}

/* The last line of what a command printed, without the tool's name. */
static const char *sentence(char *text)
{
	static const char name[] = NM_TOOL_NAME ": ";
	char *last;

	if (!text || !*text)
		return "it ended without a word";
	text[strcspn(text, "\n")] = 0;
	last = strstr(text, name);
	return last ? last + strlen(name) : text;
}

/* False: there is no configuration that could be looked at further. */
static bool check_config(struct nm_doctor *d)
{
	struct subject s = { d->o, d->mirror };
	char *text;
	int ret = nm_limited(load_config, &s, NM_DOCTOR_SECONDS, &text);

	if (ret == -ETIMEDOUT)
		nm_finding(d, NM_PROBLEM, "config",
			   "Without its configuration the mirror cannot be started.",
			   "See that the file system with the configuration answers.",
			   "the configuration cannot be read within %d seconds",
			   NM_DOCTOR_SECONDS);
	else if (ret)
		nm_finding(d, NM_PROBLEM, "config",
			   "Without its configuration the mirror cannot be started.",
			   "Correct the configuration; netmirror.conf(5) has the keys. It is the same file on both nodes.",
			   "%s", sentence(text));
	free(text);
	return !ret;
}

static u64 setting(const struct nm_config *c, enum nm_setting s, u64 dflt)
{
	return c->given_settings >> s & 1 ? c->setting[s] : dflt;
}

static void check_settings(struct nm_doctor *d, const struct nm_mirror *m)
{
	const struct nm_config *c = &m->config;
	u64 timeout = setting(c, NM_SET_TIMEOUT, 500);
	u64 rate = setting(c, NM_SET_RESYNC_RATE, 0);	/* KiB/s */
	u64 bytes = m->is_up ? m->dm.sectors << NM_SECTOR_SHIFT :
			       c->sectors << NM_SECTOR_SHIFT;
	const char *split = nm_setting_word(NM_SET_AFTER_SPLIT_BRAIN,
			setting(c, NM_SET_AFTER_SPLIT_BRAIN, 0));
	struct timex clock = { .modes = 0 };

	if (timeout > LONG_TIMEOUT_MS)
		nm_finding(d, NM_WARNING, "settings",
			   "Every write waits so long when the peer dies; file systems and initiators give up in between.",
			   "Set timeout = 500ms, or a few seconds, in [options].",
			   "timeout is %llu ms", (unsigned long long)timeout);
	if (rate && bytes / 1024 / rate > LONG_COPY_SECONDS)
		nm_finding(d, NM_WARNING, "settings",
			   "Until a full copy is over, the mirror has one good leg.",
			   "Set a higher resync-rate in [options], or leave it out.",
			   "with resync-rate = %lluK a full copy takes %llu days",
			   (unsigned long long)rate,
			   (unsigned long long)(bytes / 1024 / rate / 86400));
	if (split && (!strcmp(split, "discard-younger") ||
		      !strcmp(split, "discard-older")) &&
	    adjtimex(&clock) >= 0 && clock.status & STA_UNSYNC)
		nm_finding(d, NM_WARNING, "clock",
			   "after-split-brain compares the times of both nodes: with wrong clocks the wrong changes are given up.",
			   "Let chrony, ntpd or systemd-timesyncd keep the clock of both nodes.",
			   "the clock of this node is not synchronised, and after-split-brain is %s",
			   split);
}

static void check_state(struct nm_doctor *d, const struct nm_mirror *m)
{
	struct nm_diagnosis diagnosis;
	char *link;

	if (!m->is_up)
		return;
	nm_diagnose(m, &diagnosis);
	if (diagnosis.stuck)
		nm_finding(d, NM_PROBLEM, "state",
			   "It does not get better until somebody acts.",
			   *diagnosis.action ? diagnosis.action :
			   "See the kernel log (dmesg).",
			   "%s: %s", diagnosis.state, diagnosis.what);
	if (!m->has_config)
		return;
	link = nm_mirror_link(&m->config);
	if (access(link, F_OK) && errno == ENOENT)
		nm_finding(d, NM_WARNING, "link",
			   "What is configured with that path does not find the mirror.",
			   "Make the link with ln -s, or start the mirror with netmirrorctl up.",
			   "there is no %s although the mirror is up", link);
	free(link);
}

static void check_mirror(struct nm_doctor *d, const char *name)
{
	struct nm_mirror m;

	d->mirror = name;
	if (check_config(d) && !nm_mirror_find(&m, d->o, name)) {
		check_settings(d, &m);
		check_state(d, &m);
		nm_doctor_devices(d, &m);
		nm_doctor_network(d, &m);
		nm_mirror_put(&m);
	}
	d->mirror = NULL;
}

static void check_one(void *arg, const char *name)
{
	check_mirror(arg, name);
}

static void print_json(struct nm_doctor *d)
{
	json_object *j = json_object_new_object();

	json_object_object_add(j, "schema_version",
			       json_object_new_int(NM_SCHEMA_VERSION));
	json_object_object_add(j, "findings", d->findings);
	json_object_object_add(j, "problems",
			       json_object_new_int(d->nr[NM_PROBLEM]));
	json_object_object_add(j, "warnings",
			       json_object_new_int(d->nr[NM_WARNING]));
	nm_json_print(j, false);
}

int nm_cmd_doctor(const struct nm_opts *o)
{
	struct nm_doctor d = { .o = o };

	if (nm_given(o, NM_OPT_CONFIG) && !o->nr_args) {
		nm_error("--config is the configuration of one mirror; name that");
		return NM_EXIT_USAGE;
	}
	if (nm_given(o, NM_OPT_JSON))
		d.findings = json_object_new_array();
	nm_doctor_host(&d);
	if (o->nr_args)
		check_mirror(&d, o->args[0]);
	else
		nm_config_for_each(check_one, &d);
	if (d.findings)
		print_json(&d);
	else if (d.nr[NM_PROBLEM] || d.nr[NM_WARNING])
		nm_note(o, "problems: %d, warnings: %d", d.nr[NM_PROBLEM],
			d.nr[NM_WARNING]);
	else
		nm_note(o, "nothing was found");
	return d.nr[NM_PROBLEM] ? NM_EXIT_FAILED : NM_EXIT_OK;
}
