// SPDX-License-Identifier: GPL-2.0-only
#include <regex.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk-stats.h"
#include "doctor.h"
#include "holders.h"
#include "limited.h"

static const char hangs_why[] =
	"Who waits for a device that hangs waits for as long as it does.";
static const char hangs_action[] =
	"See the kernel log (dmesg) and the state of the disk or the path to it.";

/* --- the leg, as "up" sees it ---------------------------------------------- */

struct subject {
	const struct nm_opts *o;
	char *name;
};

static int try_up(void *arg)
{
	const struct subject *s = arg;
	char *args[] = { s->name, NULL };
	struct nm_opts o = *s->o;

	o.given = (o.given & (BIT(NM_OPT_CONFIG) | BIT(NM_OPT_NODE))) |
		  BIT(NM_OPT_DRY_RUN);
	o.command = "up";
	o.args = args;
	o.nr_args = 1;
	if (!freopen("/dev/null", "w", stdout))
		return NM_EXIT_FAILED;
	return nm_cmd_up(&o);
}

static void check_leg(struct nm_doctor *d, const struct nm_mirror *m)
{
	struct subject s = { d->o, (char *)m->name };
	char *text, *what;
	int ret = nm_limited(try_up, &s, NM_DOCTOR_SECONDS, &text);

	if (ret == -ETIMEDOUT) {
		nm_finding(d, NM_PROBLEM, "leg", hangs_why, hangs_action,
			   "the metadata on %s cannot be read within %d seconds",
			   *m->config.self->metadata ?
			   m->config.self->metadata : m->config.self->leg,
			   NM_DOCTOR_SECONDS);
	} else if (ret) {
		what = text ? strstr(text, ": ") : NULL;
		nm_finding(d, NM_PROBLEM, "leg",
			   "The mirror cannot be started with the leg as it is.",
			   "Do what it says, then: netmirrorctl up.",
			   "%.*s", what ? (int)strcspn(what + 2, "\n") : 0,
			   what ? what + 2 : "");
	}
	free(text);
}

/* --- who else uses it ------------------------------------------------------ */

static int print_holders(void *arg)
{
	char list[2048];
	struct stat st;

	if (stat(arg, &st) || !S_ISBLK(st.st_mode))
		return 1;
	nm_holders(st.st_rdev, list, sizeof(list));
	fputs(list, stdout);
	return 0;
}

static void check_holders(struct nm_doctor *d, const struct nm_mirror *m,
			  const char *path)
{
	char own[NM_DM_NAME_LEN + 16];
	char *text;
	int ret = nm_limited(print_holders, (void *)path, NM_DOCTOR_SECONDS,
			     &text);

	snprintf(own, sizeof(own), "/dev/mapper/%s", m->device);
	if (ret == -ETIMEDOUT)
		nm_finding(d, NM_PROBLEM, "device", hangs_why, hangs_action,
			   "who uses %s cannot be found out within %d seconds",
			   path, NM_DOCTOR_SECONDS);
	else if (!ret && text && *text && (!m->is_up || strcmp(text, own)))
		nm_finding(d, NM_PROBLEM, "device",
			   m->is_up ? "Whatever writes there writes behind the mirror's back: the legs differ afterwards." :
				      "The mirror cannot be started while somebody else has its device.",
			   "Stop who uses it. If that is LVM, hide the device from it with global_filter in lvm.conf(5).",
			   "%s is in use by %s", path, text);
	free(text);
}

/* Nothing keeps others from making a device smaller while it is a leg. */
static void check_shrunk(struct nm_doctor *d, const struct nm_mirror *m)
{
	dev_t leg = m->is_up ? nm_table_leg(m->dm.table) : 0;
	unsigned long long offset, sectors;
	char path[64];
	FILE *f;

	if (!leg || sscanf(m->dm.table, "%*s %*s 2 %*s %llu", &offset) != 1)
		return;
	snprintf(path, sizeof(path), NM_SYSFS "/dev/block/%u:%u/size",
		 major(leg), minor(leg));
	f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "%llu", &sectors) == 1 && sectors < offset + m->dm.sectors)
		nm_finding(d, NM_PROBLEM, "size",
			   "Reads and writes at the end of the mirror fail on this leg.",
			   "Make the device as large as it was before.",
			   "the leg has %llu sectors, but the mirror needs %llu: it was made smaller",
			   sectors, offset + m->dm.sectors);
	fclose(f);
}

/* --- LVM ------------------------------------------------------------------- */

/* One quoted pattern, such as "r|^/dev/vdb$|": does it decide about @path? */
static bool matches(const char *pattern, size_t len, const char *path)
{
	char regex[512];
	regex_t compiled;
	bool yes;

	/* a or r, the delimiter, the expression, the delimiter */
	if (len < 4 || len - 3 >= sizeof(regex) || pattern[1] != pattern[len - 1])
		return false;
	memcpy(regex, pattern + 2, len - 3);
	regex[len - 3] = 0;
	if (regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB))
		return false;
	yes = !regexec(&compiled, path, 0, NULL, 0);
	regfree(&compiled);
	return yes;
}

/* The first pattern that matches decides; without one LVM takes the device. */
static bool filter_takes(const char *filter, const char *path)
{
	const char *end;

	while ((filter = strchr(filter, '"')) &&
	       (end = strchr(++filter, '"'))) {
		if (matches(filter, end - filter, path))
			return *filter == 'a';
		filter = end + 1;
	}
	return true;
}

/* LVM takes a device of which it takes any name; these are the usual ones. */
static bool lvm_takes(const char *filter, const char *path)
{
	char *real = realpath(path, NULL);
	bool takes = filter_takes(filter, path) ||
		     (real && filter_takes(filter, real));

	free(real);
	return takes;
}

/*
 * A setting of LVM as lvmconfig prints it, to be freed: "" for one that is not
 * set, or where LVM has no configuration at all.  NULL: there is no LVM, or it
 * does not answer.
 */
static char *lvm_setting(char *name)
{
	char *const argv[] = { "lvmconfig", "--typeconfig", "full", name, NULL };
	char *text;
	int ret = nm_limited_run(argv, NM_DOCTOR_SECONDS, &text);

	if (ret < 0 || ret == NM_NO_PROGRAM) {
		free(text);
		return NULL;
	}
	if (ret)
		*text = 0;
	return text;
}

/* With metadata of its own device, a leg shows its content to everybody. */
static void check_filter(struct nm_doctor *d, const struct nm_mirror *m)
{
	const char *leg = m->config.self->leg;
	char *list, *filter, *action;

	if (!*m->config.self->metadata)
		return;
	list = lvm_setting("devices/use_devicesfile");
	filter = lvm_setting("devices/global_filter");
	/* With a devices file LVM sees what is listed there and nothing else. */
	if (list && filter && !strstr(list, "=1") && lvm_takes(filter, leg)) {
		if (asprintf(&action, "In devices { } of /etc/lvm/lvm.conf: global_filter = [ \"r|^%s$|\" ], with every name that LVM may know it by; see with: lvmconfig devices/global_filter.",
			     leg) < 0)
			abort();
		nm_finding(d, NM_PROBLEM, "lvm-filter",
			   "With external metadata the content of the leg is visible: LVM may activate volumes on the leg itself, and their writes bypass the mirror.",
			   action, "LVM takes the leg %s for itself", leg);
		free(action);
	}
	free(filter);
	free(list);
}

void nm_doctor_devices(struct nm_doctor *d, const struct nm_mirror *m)
{
	check_leg(d, m);
	check_holders(d, m, m->config.self->leg);
	if (*m->config.self->metadata)
		check_holders(d, m, m->config.self->metadata);
	check_shrunk(d, m);
	check_filter(d, m);
}
