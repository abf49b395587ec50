/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef NM_OPTIONS_H
#define NM_OPTIONS_H

#include "nm_env.h"

enum nm_opt {
	NM_OPT_CONFIG,
	NM_OPT_NODE,
	NM_OPT_QUIET,
	NM_OPT_YES,
	NM_OPT_NO_COLOR,
	NM_OPT_JSON,
	NM_OPT_ALL,
	NM_OPT_COLUMNS,
	NM_OPT_NOHEADINGS,
	NM_OPT_SORT,
	NM_OPT_DRY_RUN,
	NM_OPT_DEACTIVATE,
	NM_OPT_DISCARD_MY_CHANGES,
	NM_OPT_FORCE,
	NM_OPT_PEER,
	NM_OPT_PEER_FENCED,
	NM_OPT_WAIT,
	NM_OPT_WATCH,
	NM_OPT_FOLLOW,
	NM_OPT_SINCE,
	NM_OPT_OUTPUT,
	NM_OPT_EXIT_CODE,
	NM_OPT_TIMEOUT,
	NM_OPT_UNDO,
	NM_OPT_START,
	NM_OPT_SOURCE,
	NM_OPT_SECRET,
	NM_OPT_ASSUME_CLEAN,
	NM_OPT_NAME,
	NM_OPT_SIZE,
	NM_OPT_REGION_SIZE,
	NM_OPT_ZONE_SIZE,
	NM_OPT_LINK,
	NM_OPT_LEG,
	NM_OPT_METADATA,
	NM_OPT_DEVICE,
	NM_OPT_ADDRESS,
	NM_OPT_PEER_NAME,
	NM_OPT_PEER_LEG,
	NM_OPT_PEER_METADATA,
	NM_OPT_PEER_DEVICE,
	NM_OPT_PEER_ADDRESS,
	NM_OPT_ISCSI,
	NM_OPT_ISER,
	NM_OPT_SRP,
	NM_OPT_LOOPBACK,
	NM_OPT_PORTAL,
	NM_OPT_IQN,
	NM_OPT_ACL,
	NM_OPT_SRP_PORT,
	NM_OPT_RESERVATIONS,
	NM_OPT_HELP,
	NM_OPT_VERSION,
	NM_NR_OPTS,
};

#define NM_OPTS_GLOBAL							\
	(BIT(NM_OPT_CONFIG) | BIT(NM_OPT_NODE) | BIT(NM_OPT_QUIET) |	\
	 BIT(NM_OPT_YES) | BIT(NM_OPT_NO_COLOR))

/* The options of create that describe a new mirror. */
#define NM_OPTS_NEW_MIRROR						\
	(BIT(NM_OPT_LINK) | BIT(NM_OPT_LEG) | BIT(NM_OPT_METADATA) |	\
	 BIT(NM_OPT_DEVICE) | BIT(NM_OPT_ADDRESS) |			\
	 BIT(NM_OPT_REGION_SIZE) | BIT(NM_OPT_ZONE_SIZE) |		\
	 BIT(NM_OPT_PEER_NAME) | BIT(NM_OPT_PEER_LEG) |			\
	 BIT(NM_OPT_PEER_METADATA) | BIT(NM_OPT_PEER_DEVICE) |		\
	 BIT(NM_OPT_PEER_ADDRESS))

/* The options of export that stand for [export]. */
#define NM_OPTS_EXPORT							\
	(BIT(NM_OPT_ISCSI) | BIT(NM_OPT_ISER) | BIT(NM_OPT_SRP) |	\
	 BIT(NM_OPT_LOOPBACK) | BIT(NM_OPT_PORTAL) | BIT(NM_OPT_IQN) |	\
	 BIT(NM_OPT_ACL) | BIT(NM_OPT_SRP_PORT) |			\
	 BIT(NM_OPT_RESERVATIONS))

struct nm_opts {
	u64 given;			/* bits of enum nm_opt */
	const char *value[NM_NR_OPTS];	/* NULL for a flag */
	const char *command;
	int nr_args;
	char **args;
};

static inline bool nm_given(const struct nm_opts *o, enum nm_opt opt)
{
	return o->given >> opt & 1;
}

/* Returns 0, or -EINVAL after a message.  @o points into @argv afterwards. */
int nm_opts_parse(struct nm_opts *o, int argc, char **argv);

/*
 * For a command that is made of others: what @command would get for the mirror
 * *@name, with the options of every command as in @from, but quiet.
 */
void nm_opts_derive(struct nm_opts *o, const struct nm_opts *from,
		    const char *command, const char *const *name);

/* @value may be NULL, of a flag. */
void nm_opts_set(struct nm_opts *o, enum nm_opt opt, const char *value);

/* "json" */
const char *nm_opt_name(enum nm_opt opt);
/* What its value is called, "FILE"; NULL for a flag. */
const char *nm_opt_value(enum nm_opt opt);
/* A few words on what it does. */
const char *nm_opt_help(enum nm_opt opt);

#endif
