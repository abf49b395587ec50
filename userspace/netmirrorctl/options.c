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
	FLAG(NM_OPT_JSON, "json"),
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
	err = parse(o, argc, argv, ":hVn:L:");
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
