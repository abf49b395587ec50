// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>

#include "netmirrorctl.h"

#define FLAG(opt, text)		[opt] = { text, no_argument, NULL, opt }
#define VALUE(opt, text)	[opt] = { text, required_argument, NULL, opt }

static struct option long_options[NM_NR_OPTS + 1] = {
	VALUE(NM_OPT_CONFIG, "config"),
	VALUE(NM_OPT_NODE, "node"),
	FLAG(NM_OPT_QUIET, "quiet"),
	FLAG(NM_OPT_YES, "yes"),
	FLAG(NM_OPT_NO_COLOR, "no-color"),
	FLAG(NM_OPT_JSON, "json"),
	FLAG(NM_OPT_ALL, "all"),
	VALUE(NM_OPT_COLUMNS, "columns"),
	FLAG(NM_OPT_NOHEADINGS, "noheadings"),
	VALUE(NM_OPT_SORT, "sort"),
	FLAG(NM_OPT_DRY_RUN, "dry-run"),
	FLAG(NM_OPT_DEACTIVATE, "deactivate"),
	FLAG(NM_OPT_DISCARD_MY_CHANGES, "discard-my-changes"),
	FLAG(NM_OPT_FORCE, "force"),
	FLAG(NM_OPT_PEER, "peer"),
	FLAG(NM_OPT_PEER_FENCED, "peer-fenced"),
	FLAG(NM_OPT_WAIT, "wait"),
	FLAG(NM_OPT_WATCH, "watch"),
	FLAG(NM_OPT_FOLLOW, "follow"),
	VALUE(NM_OPT_SINCE, "since"),
	VALUE(NM_OPT_OUTPUT, "output"),
	FLAG(NM_OPT_EXIT_CODE, "exit-code"),
	VALUE(NM_OPT_TIMEOUT, "timeout"),
	FLAG(NM_OPT_UNDO, "undo"),
	FLAG(NM_OPT_START, "start"),
	FLAG(NM_OPT_SOURCE, "source"),
	FLAG(NM_OPT_SECRET, "secret"),
	FLAG(NM_OPT_ASSUME_CLEAN, "assume-clean"),
	VALUE(NM_OPT_NAME, "name"),
	VALUE(NM_OPT_SIZE, "size"),
	VALUE(NM_OPT_REGION_SIZE, "region-size"),
	VALUE(NM_OPT_ZONE_SIZE, "zone-size"),
	VALUE(NM_OPT_LINK, "link"),
	VALUE(NM_OPT_LEG, "leg"),
	VALUE(NM_OPT_METADATA, "metadata"),
	VALUE(NM_OPT_DEVICE, "device"),
	VALUE(NM_OPT_ADDRESS, "address"),
	VALUE(NM_OPT_PEER_NAME, "peer-name"),
	VALUE(NM_OPT_PEER_LEG, "peer-leg"),
	VALUE(NM_OPT_PEER_METADATA, "peer-metadata"),
	VALUE(NM_OPT_PEER_DEVICE, "peer-device"),
	VALUE(NM_OPT_PEER_ADDRESS, "peer-address"),
	FLAG(NM_OPT_ISCSI, "iscsi"),
	FLAG(NM_OPT_ISER, "iser"),
	FLAG(NM_OPT_SRP, "srp"),
	FLAG(NM_OPT_LOOPBACK, "loopback"),
	VALUE(NM_OPT_PORTAL, "portal"),
	VALUE(NM_OPT_IQN, "iqn"),
	VALUE(NM_OPT_ACL, "acl"),
	VALUE(NM_OPT_SRP_PORT, "srp-port"),
	VALUE(NM_OPT_RESERVATIONS, "reservations"),
	FLAG(NM_OPT_HELP, "help"),
	FLAG(NM_OPT_VERSION, "version"),
};

static const struct {
	const char *value, *help;
} descriptions[NM_NR_OPTS] = {
	[NM_OPT_CONFIG] = { "FILE", "read this configuration" },
	[NM_OPT_NODE] = { "NAME", "this node's name in the configuration" },
	[NM_OPT_QUIET] = { NULL, "print errors only" },
	[NM_OPT_YES] = { NULL, "do not ask" },
	[NM_OPT_NO_COLOR] = { NULL, "no colours on a terminal" },
	[NM_OPT_JSON] = { NULL, "print JSON" },
	[NM_OPT_FOLLOW] = { NULL, "go on and print what happens" },
	[NM_OPT_SINCE] = { "NUMBER", "those after this event" },
	[NM_OPT_OUTPUT] = { "FILE", "write it there" },
	[NM_OPT_UNDO] = { NULL, "go back to what was before" },
	[NM_OPT_START] = { NULL, "and start the mirror" },
	[NM_OPT_ALL] = { NULL, "those that are not up as well" },
	[NM_OPT_COLUMNS] = { "COLUMNS", "or -o: these; +COLUMNS adds; help lists them" },
	[NM_OPT_NOHEADINGS] = { NULL, "leave the first line out" },
	[NM_OPT_SORT] = { "COLUMNS", "by these; -COLUMN: the largest first" },
	[NM_OPT_DRY_RUN] = { NULL, "check and print the commands, change nothing" },
	[NM_OPT_DISCARD_MY_CHANGES] = { NULL, "after a split brain: give up this node's" },
	[NM_OPT_FORCE] = { NULL, "do what would be refused; see the manual" },
	[NM_OPT_DEACTIVATE] = { NULL, "deactivate volume groups on it first" },
	[NM_OPT_PEER] = { NULL, "the peer's leg; to lvcreate: NODE[:GROUP]" },
	[NM_OPT_PEER_FENCED] = { NULL, "the peer is known to be dead or cut off" },
	[NM_OPT_WAIT] = { NULL, "wait for the end; 3: the legs differ" },
	[NM_OPT_WATCH] = { NULL, "go on and print every change" },
	[NM_OPT_EXIT_CODE] = { NULL, "end with 3 unless it is healthy" },
	[NM_OPT_TIMEOUT] = { "SECONDS", "end with 6 after that time" },
	[NM_OPT_SOURCE] = { NULL, "this leg has the data" },
	[NM_OPT_SECRET] = { NULL, "make a secret for the nodes" },
	[NM_OPT_ASSUME_CLEAN] = { NULL, "both legs have the same content" },
	[NM_OPT_SIZE] = { "SIZE", "of the mirror, such as 10G" },
	[NM_OPT_REGION_SIZE] = { "SIZE", "unit of resync, 64K" },
	[NM_OPT_ZONE_SIZE] = { "SIZE", "unit of write intent, 16M" },
	[NM_OPT_ISCSI] = { NULL, "to initiators of iSCSI" },
	[NM_OPT_ISER] = { NULL, "to those of iSER" },
	[NM_OPT_SRP] = { NULL, "to those of SRP" },
	[NM_OPT_LOOPBACK] = { NULL, "as a SCSI disk of this node" },
	[NM_OPT_PORTAL] = { "ADDRESS", "where iSCSI and iSER listen" },
	[NM_OPT_IQN] = { "IQN", "name of the target" },
	[NM_OPT_ACL] = { "INITIATORS", "who may log in, or any" },
	[NM_OPT_SRP_PORT] = { "PORT", "of SRP" },
	[NM_OPT_RESERVATIONS] = { "DIR", "where persistent reservations are kept" },
	[NM_OPT_NAME] = { "NAME", "or -n: of the mirror" },
	[NM_OPT_LINK] = { "KIND", "rdma or loop" },
	[NM_OPT_LEG] = { "DEVICE", "this node's leg" },
	[NM_OPT_METADATA] = { "DEVICE", "this node's metadata, instead of internal" },
	[NM_OPT_DEVICE] = { "NAME", "this node's device of device-mapper" },
	[NM_OPT_ADDRESS] = { "ADDRESS", "this node's" },
	[NM_OPT_PEER_NAME] = { "NODE", "host name of the other node" },
	[NM_OPT_PEER_LEG] = { "DEVICE", "its leg, by default as here" },
	[NM_OPT_PEER_METADATA] = { "DEVICE", "its metadata, by default as here" },
	[NM_OPT_PEER_DEVICE] = { "NAME", "its device" },
	[NM_OPT_PEER_ADDRESS] = { "ADDRESS", "its address" },
};

const char *nm_opt_value(enum nm_opt opt)
{
	return descriptions[opt].value;
}

const char *nm_opt_help(enum nm_opt opt)
{
	return descriptions[opt].help ? descriptions[opt].help : "";
}

const char *nm_opt_name(enum nm_opt opt)
{
	return long_options[opt].name;
}

static int parse(struct nm_opts *o, int argc, char **argv, const char *shorts)
{
	int opt;

	while ((opt = getopt_long(argc, argv, shorts, long_options,
				  NULL)) >= 0) {
		if (opt == ':') {
			nm_error("the option %s needs a value",
				 argv[optind - 1]);
			return -EINVAL;
		}
		if (opt == '?') {
			nm_error("%s is no option of " NM_TOOL_NAME
				 "; \"" NM_TOOL_NAME " help\" lists them",
				 argv[optind - 1]);
			return -EINVAL;
		}
		if (opt == 'h')
			opt = NM_OPT_HELP;
		else if (opt == 'V')
			opt = NM_OPT_VERSION;
		else if (opt == 'n')
			opt = NM_OPT_NAME;
		else if (opt == 'L')
			opt = NM_OPT_SIZE;
		else if (opt == 'o')
			opt = NM_OPT_COLUMNS;
		if (nm_given(o, opt)) {
			nm_error("the option --%s is given twice",
				 nm_opt_name(opt));
			return -EINVAL;
		}
		o->given |= BIT(opt);
		o->value[opt] = optarg;
	}
	return 0;
}

int nm_opts_parse(struct nm_opts *o, int argc, char **argv)
{
	int err;

	memset(o, 0, sizeof(*o));
	opterr = 0;
	/* Up to the command, which knows what --peer means, and then the rest. */
	err = parse(o, argc, argv, "+:hV");
	if (err || optind >= argc)
		return err;
	argc -= optind;
	argv += optind;
	o->command = argv[0];
	if (!strcmp(o->command, "lvcreate"))
		long_options[NM_OPT_PEER].has_arg = required_argument;
	optind = 0;
	err = parse(o, argc, argv, ":hVn:L:o:");
	o->args = argv + optind;
	o->nr_args = argc - optind;
	return err;
}

void nm_opts_set(struct nm_opts *o, enum nm_opt opt, const char *value)
{
	o->given |= BIT(opt);
	o->value[opt] = value;
}

void nm_opts_derive(struct nm_opts *o, const struct nm_opts *from,
		    const char *command, const char *const *name)
{
	int opt;

	memset(o, 0, sizeof(*o));
	o->command = command;
	o->args = (char **)name;
	o->nr_args = 1;
	for (opt = 0; opt < NM_NR_OPTS; opt++)
		if (NM_OPTS_GLOBAL >> opt & 1 && nm_given(from, opt))
			nm_opts_set(o, opt, from->value[opt]);
	nm_opts_set(o, NM_OPT_QUIET, NULL);
	nm_opts_set(o, NM_OPT_YES, NULL);
}
