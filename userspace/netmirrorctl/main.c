// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>

#include "netmirrorctl.h"

#define O(opt)	BIT(NM_OPT_##opt)
#define MANY	INT_MAX

const struct nm_command nm_commands[] = {
	{ "create", nm_cmd_create, NM_OPTS_NEW_MIRROR | O(SOURCE) |
	  O(ASSUME_CLEAN) | O(START) | O(SIZE) | O(SECRET) | O(FORCE) | O(DRY_RUN), 1, 1,
	  "NAME [--source | --assume-clean] [--size SIZE] [--secret] [--force] [--start]\n"
	  "       [--leg DEVICE --address ADDR --peer-name NODE --peer-address ADDR ...]",
	  "make this node's leg of a mirror" },
	{ "lvcreate", nm_cmd_lvcreate, O(NAME) | O(SIZE) | O(PEER) |
	  O(ADDRESS) | O(PEER_ADDRESS) | O(REGION_SIZE) | O(ZONE_SIZE) |
	  O(SECRET) | O(DRY_RUN), 0, 1,
	  "-n NAME [-L SIZE GROUP --peer NODE[:GROUP]] [--address ADDR]\n"
	  "       [--peer-address ADDR] [--secret] [--dry-run]",
	  "make a logical volume that is mirrored to another node" },
	{ "lvremove", nm_cmd_lvremove, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "remove a mirror of lvcreate and its leg from this node" },
	{ "convert", nm_cmd_convert, NM_OPTS_NEW_MIRROR | O(SECRET) | O(UNDO) |
	  O(DRY_RUN), 1, 1,
	  "NAME --leg DEVICE --metadata DEVICE --peer-name NODE ...\n"
	  "       [--undo] [--dry-run]",
	  "put a mirror under a physical volume that is in use" },
	{ "up", nm_cmd_up, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "start a mirror on this node" },
	{ "down", nm_cmd_down, O(DRY_RUN) | O(FORCE), 1, 1,
	  "NAME [--force] [--dry-run]", "stop a mirror on this node" },
	{ "status", nm_cmd_status, O(JSON) | O(WATCH) | O(EXIT_CODE), 0, MANY,
	  "[NAME...] [--json] [--watch] [--exit-code]",
	  "tell how mirrors are and what to do" },
	{ "detail", nm_cmd_detail, O(JSON), 1, 1, "NAME [--json]",
	  "print all that is known about a mirror" },
	{ "list", nm_cmd_list, O(JSON) | O(ALL) | O(COLUMNS) | O(NOHEADINGS) |
	  O(SORT), 0, 0,
	  "[--all] [-o [+]COLUMN,...|help] [--sort [-]COLUMN,...] [--noheadings] [--json]",
	  "list the mirrors of this node" },
	{ "events", nm_cmd_events, O(JSON) | O(FOLLOW) | O(SINCE), 0, MANY,
	  "[NAME...] [--follow] [--since NUMBER] [--json]",
	  "print what became of mirrors, and when" },
	{ "metrics", nm_cmd_metrics, O(OUTPUT), 0, MANY,
	  "[NAME...] [--output FILE]",
	  "print the state and counters of mirrors for a monitoring system" },
	{ "doctor", nm_cmd_doctor, O(JSON), 0, 1, "[NAME] [--json]",
	  "look for what is wrong with mirrors and around them" },
	{ "promote", nm_cmd_message, O(FORCE) | O(PEER_FENCED) | O(DRY_RUN), 1, 1,
	  "NAME [--force | --peer-fenced] [--dry-run]",
	  "let this node use the mirror" },
	{ "demote", nm_cmd_message, O(DEACTIVATE) | O(DRY_RUN), 1, 1,
	  "NAME [--deactivate] [--dry-run]",
	  "stop using the mirror on this node" },
	{ "connect", nm_cmd_message, O(DISCARD_MY_CHANGES) | O(DRY_RUN), 1, 1,
	  "NAME [--discard-my-changes] [--dry-run]", "look for the peer" },
	{ "disconnect", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "part from the peer until connect" },
	{ "fence", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "vouch that the peer is dead or cut off, so that held I/O goes on" },
	{ "unfence", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "take back the word of fence, so that I/O is held again" },
	{ "attach", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "use a failed leg again that is well now" },
	{ "replace-leg", nm_cmd_replace_leg, O(LEG) | O(FORCE) | O(DRY_RUN), 1, 1,
	  "NAME [--leg DEVICE] [--force] [--dry-run]",
	  "use another device instead of a leg that failed" },
	{ "invalidate", nm_cmd_message, O(PEER) | O(DRY_RUN), 1, 1,
	  "NAME [--peer] [--dry-run]",
	  "discard one leg and copy the other to it" },
	{ "resize", nm_cmd_resize, O(DRY_RUN), 2, 2, "NAME SIZE|max [--dry-run]",
	  "make a mirror larger on this node" },
	{ "check", nm_cmd_verify, O(WAIT) | O(DRY_RUN), 1, 1,
	  "NAME [--wait] [--dry-run]",
	  "compare the legs" },
	{ "repair", nm_cmd_verify, O(WAIT) | O(DRY_RUN), 1, 1,
	  "NAME [--wait] [--dry-run]",
	  "copy to the peer's leg what differs" },
	{ "idle", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]", "end a check or repair" },
	{ "pause", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "pause the copying between the legs" },
	{ "resync", nm_cmd_message, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "go on with the copying" },
	{ "wait-sync", nm_cmd_wait_sync, O(TIMEOUT), 1, 1,
	  "NAME [--timeout SECONDS]", "wait until both legs are the same" },
	{ "export", nm_cmd_export, NM_OPTS_EXPORT | O(DRY_RUN), 1, 1,
	  "NAME [--dry-run]\n"
	  "       [--iscsi] [--iser] [--srp] [--loopback] [--acl INITIATOR,...|any]\n"
	  "       [--portal ADDR[:PORT]] [--iqn IQN] [--srp-port PORT] [--reservations DIR]",
	  "offer the mirror to initiators by LIO" },
	{ "unexport", nm_cmd_unexport, O(DRY_RUN), 1, 1, "NAME [--dry-run]",
	  "end that" },
	{ "dump-md", nm_cmd_dump_md, O(JSON), 1, 1, "NAME|DEVICE [--json]",
	  "print the metadata of a leg" },
	{ "probe", nm_cmd_probe, 0, 1, 1, "DEVICE",
	  "tell udev whether a device is a leg" },
	{ "help", nm_cmd_help, 0, 0, 1, "[COMMAND]", "explain a command" },
	{ "version", nm_cmd_version, 0, 0, 0, "", "print the version" },
};

const unsigned int nm_nr_commands = ARRAY_SIZE(nm_commands);

static const struct nm_command *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < nm_nr_commands; i++)
		if (!strcmp(nm_commands[i].name, name))
			return &nm_commands[i];
	return NULL;
}

/* Does the command take what it was given? */
static bool fits(const struct nm_command *cmd, const struct nm_opts *o)
{
	u64 extra = o->given & ~(cmd->options | NM_OPTS_GLOBAL);

	if (extra) {
		nm_error("the command %s has no option --%s; see \"" NM_TOOL_NAME
			 " help %s\"", cmd->name,
			 nm_opt_name(__builtin_ctzll(extra)), cmd->name);
		return false;
	}
	if (o->nr_args < cmd->min_args || o->nr_args > cmd->max_args) {
		nm_error("the usage is: " NM_TOOL_NAME " %s %s", cmd->name,
			 cmd->usage);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct nm_command *cmd;
	struct nm_opts o;

	if (nm_opts_parse(&o, argc, argv))
		return NM_EXIT_USAGE;
	if (nm_given(&o, NM_OPT_VERSION))
		return nm_cmd_version(&o);
	if (nm_given(&o, NM_OPT_HELP))
		return nm_cmd_help(&o);
	if (!o.command) {
		nm_cmd_help(&o);
		return NM_EXIT_USAGE;
	}
	cmd = find_command(o.command);
	if (!cmd) {
		nm_error("there is no command \"%s\"; \"" NM_TOOL_NAME
			 " help\" lists them", o.command);
		return NM_EXIT_USAGE;
	}
	return fits(cmd, &o) ? cmd->run(&o) : NM_EXIT_USAGE;
}
