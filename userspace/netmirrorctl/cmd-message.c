// SPDX-License-Identifier: GPL-2.0-only
/* What takes one message: promote, demote, connect, check and others. */
#include <sys/sysmacros.h>
#include <time.h>

#include "holders.h"
#include "lvm.h"
#include "mirror.h"

#define DEMOTE_TRIES	50	/* udev and LVM look at what was just promoted */

struct message {
	const char *text;	/* for the kernel */
	const char *doing;	/* for the error: "cannot promote r0" */
	const char *done;	/* "r0 is primary now" */
	const char *question;	/* asked first, when something may be lost */
};

static int choose(const struct nm_opts *o, struct message *msg)
{
	const char *command = o->command;

	memset(msg, 0, sizeof(*msg));
	msg->text = msg->doing = command;
	if (!strcmp(command, "promote")) {
		if (nm_given(o, NM_OPT_FORCE) &&
		    nm_given(o, NM_OPT_PEER_FENCED)) {
			nm_error("--force and --peer-fenced are different claims; give one of them");
			return NM_EXIT_USAGE;
		}
		msg->done = "is primary now";
		if (nm_given(o, NM_OPT_PEER_FENCED)) {
			msg->text = "promote peer_fenced";
		} else if (nm_given(o, NM_OPT_FORCE)) {
			msg->text = "promote force";
			msg->question = "This node's leg becomes the one that counts, whatever the peer has: its newer data, if any, will be lost or split off.";
		}
	} else if (!strcmp(command, "demote")) {
		msg->done = "is secondary now";
	} else if (!strcmp(command, "connect")) {
		msg->done = "looks for its peer";
		if (nm_given(o, NM_OPT_DISCARD_MY_CHANGES)) {
			msg->text = "connect discard";
			msg->doing = "give up the changes of";
			msg->done = "looks for its peer and gives up its own changes after a split brain";
			msg->question = "After a split brain, what was written on this node since will be lost.";
		}
	} else if (!strcmp(command, "fence")) {
		msg->text = "peer_fenced";
		msg->doing = "go on without the peer of";
		msg->done = "goes on without its peer";
		msg->question = "If the peer is not dead or cut off, it may be in use as well: the legs will then differ (split brain).";
	} else if (!strcmp(command, "unfence")) {
		msg->text = "peer_unfenced";
		msg->doing = "hold the I/O of";
		msg->done = "holds its I/O until its peer is back, or said to be fenced";
	} else if (!strcmp(command, "disconnect")) {
		msg->done = "is apart from its peer";
	} else if (!strcmp(command, "attach")) {
		msg->doing = "attach the leg of";
		msg->done = "uses its leg again and copies to it what it missed";
	} else if (!strcmp(command, "check")) {
		msg->doing = "check the legs of";
		msg->done = "is being checked";
	} else if (!strcmp(command, "repair")) {
		msg->done = "is being repaired";
		msg->question = "What differs on the peer's leg will be overwritten with this node's.";
	} else if (!strcmp(command, "idle")) {
		msg->doing = "end the check of";
		msg->done = "is not checked any more";
	} else if (!strcmp(command, "pause")) {
		msg->text = "frozen";
		msg->doing = "pause the copying of";
		msg->done = "copies nothing until resync";
	} else if (!strcmp(command, "resync")) {
		msg->doing = "go on with the copying of";
		msg->done = "goes on copying, if there is anything to copy";
	} else if (nm_given(o, NM_OPT_PEER)) {
		msg->text = "invalidate_remote";
		msg->doing = "invalidate the peer's leg of";
		msg->done = "will copy all its data to the peer";
		msg->question = "The peer's leg will be overwritten with this node's.";
	} else {
		msg->text = "invalidate_local";
		msg->doing = "invalidate this node's leg of";
		msg->done = "will copy all data from the peer";
		msg->question = "This node's leg will be overwritten with the peer's.";
	}
	return NM_EXIT_OK;
}

/* The kernel answered: it refuses, by the name of a refusal or in a sentence. */
static int refused(const struct nm_mirror *m, const struct message *msg,
		   const char *reply)
{
	enum nm_refusal r = nm_refusal_by_name(reply);
	const char *advice;

	if (r == NM_REFUSE_NOT) {
		nm_error("cannot %s %s: %s", msg->doing, m->name, reply);
		return NM_EXIT_REFUSED;
	}
	advice = nm_refusal_advice(r);
	nm_error("cannot %s %s: %s%s%s", msg->doing, m->name,
		 nm_refusal_text(r), *advice ? "; " : "", advice);
	return NM_EXIT_REFUSED;
}

static int failed(const struct nm_mirror *m, const struct message *msg, int err)
{
	char users[512] = "", advice[NM_VG_MAX + 80];

	if (err == -EBUSY && m->dm.open_count > 0)
		nm_holders(m->dm.dev, users, sizeof(users));
	nm_lvm_way_out(m->dm.dev, advice, sizeof(advice));
	if (*users)
		nm_error("cannot %s %s: the device %s is in use by %s; %s",
			 msg->doing, m->name, m->device, users, advice);
	else
		nm_error("cannot %s %s, device %s: %s; the kernel log has the reason (dmesg)",
			 msg->doing, m->name, m->device, strerror(-err));
	return err == -EBUSY || err == -EPERM ? NM_EXIT_REFUSED :
						NM_EXIT_FAILED;
}

/*
 * A secondary cannot be read, so udev has not seen what the mirror holds.  As
 * if the device were new: a volume group on it is then activated as at boot.
 */
static void announce(dev_t dev)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", major(dev),
		 minor(dev));
	f = fopen(path, "we");
	if (!f)
		return;
	fputs("add", f);
	fclose(f);
}

static int deactivate(const struct nm_mirror *m, const struct message *msg)
{
	char doing[NM_DM_NAME_LEN + 64];

	snprintf(doing, sizeof(doing), "cannot %s %s", msg->doing, m->name);
	return nm_lvm_deactivate(doing, m->dm.dev);
}

/* Returns 0 or -errno; *@reply is for nm_dm_message(). */
static int send(const struct nm_mirror *m, const struct message *msg,
		char **reply)
{
	static const struct timespec moment = { .tv_nsec = 100 * 1000000 };
	char users[512];
	int err, i;

	for (i = 0; i < DEMOTE_TRIES; i++) {
		err = nm_dm_message(m->device, msg->text, reply);
		if (err != -EBUSY || strcmp(msg->text, "demote"))
			break;
		nm_holders(m->dm.dev, users, sizeof(users));
		if (*users && strncmp(users, "process ", 8))
			break;
		nanosleep(&moment, NULL);
	}
	return err;
}

int nm_cmd_message(const struct nm_opts *o)
{
	char *reply = NULL;
	struct nm_mirror m;
	struct message msg;
	int err, ret;

	ret = choose(o, &msg);
	if (ret)
		return ret;
	ret = nm_mirror_find_up(&m, o, o->args[0]);
	if (ret)
		goto out;
	if (nm_given(o, NM_OPT_DRY_RUN)) {
		if (nm_given(o, NM_OPT_DEACTIVATE))
			printf("# for each volume group on %s: vgchange --activate n VG\n",
			       m.device);
		printf("dmsetup message %s 0 %s\n", m.device, msg.text);
		goto out;
	}
	if (msg.question && !nm_confirm(o, msg.question)) {
		ret = NM_EXIT_REFUSED;
		goto out;
	}
	if (nm_given(o, NM_OPT_DEACTIVATE))
		ret = deactivate(&m, &msg);
	if (ret)
		goto out;
	err = send(&m, &msg, &reply);
	if (!err && !reply && !strncmp(msg.text, "promote", 7))
		announce(m.dm.dev);
	/* A failed message has no answer; the kernel keeps the reason. */
	if (err && nm_dm_message(m.device, "why", &reply))
		reply = NULL;
	if (err && !reply)
		ret = failed(&m, &msg, err);
	else if (reply)
		ret = refused(&m, &msg, reply);
	else
		nm_note(o, "%s %s", m.name, msg.done);
	free(reply);
out:
	nm_mirror_put(&m);
	return ret;
}
