/* SPDX-License-Identifier: GPL-2.0-only */
/* What every part of netmirrorctl shares: commands, exit codes, messages. */
#ifndef NETMIRRORCTL_H
#define NETMIRRORCTL_H

#include <stdio.h>
#include <stdlib.h>

#include "nm_env.h"
#include "options.h"
#include "units.h"

#define NM_TOOL_NAME	"netmirrorctl"

/* Part of the interface: netmirrorctl(8) lists them. */
enum nm_exit {
	NM_EXIT_OK		= 0,
	NM_EXIT_FAILED		= 1,
	NM_EXIT_USAGE		= 2,
	NM_EXIT_DEGRADED	= 3,	/* status --exit-code */
	NM_EXIT_NOT_FOUND	= 4,
	NM_EXIT_REFUSED		= 5,	/* for safety */
	NM_EXIT_TIMEOUT		= 6,
};

struct nm_command {
	const char *name;
	int (*run)(const struct nm_opts *o);	/* returns an enum nm_exit */
	u64 options;				/* bits of enum nm_opt */
	int min_args, max_args;			/* without the command itself */
	const char *usage;
	const char *help;
};

extern const struct nm_command nm_commands[];
extern const unsigned int nm_nr_commands;

int nm_cmd_create(const struct nm_opts *o);
int nm_cmd_lvcreate(const struct nm_opts *o);
int nm_cmd_lvremove(const struct nm_opts *o);
int nm_cmd_convert(const struct nm_opts *o);
int nm_cmd_up(const struct nm_opts *o);
int nm_cmd_down(const struct nm_opts *o);
int nm_cmd_status(const struct nm_opts *o);
int nm_cmd_detail(const struct nm_opts *o);
int nm_cmd_list(const struct nm_opts *o);
int nm_cmd_events(const struct nm_opts *o);
int nm_cmd_doctor(const struct nm_opts *o);
int nm_cmd_metrics(const struct nm_opts *o);
int nm_cmd_message(const struct nm_opts *o);
int nm_cmd_replace_leg(const struct nm_opts *o);
int nm_cmd_resize(const struct nm_opts *o);
int nm_cmd_verify(const struct nm_opts *o);
int nm_cmd_wait_sync(const struct nm_opts *o);
int nm_cmd_dump_md(const struct nm_opts *o);
int nm_cmd_probe(const struct nm_opts *o);
int nm_cmd_export(const struct nm_opts *o);
int nm_cmd_unexport(const struct nm_opts *o);
int nm_cmd_help(const struct nm_opts *o);
int nm_cmd_version(const struct nm_opts *o);

/* Lines of "command, tab, what for" to work from; NULL for none. */
const char *nm_examples(const char *command);

/* A sentence on stderr, after the name of the tool and a colon. */
void nm_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* News on stdout, unless --quiet. */
void nm_note(const struct nm_opts *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Ask for a yes before something is lost.  True with --yes, and where nobody
 * is there to be asked: a script has said what it wants by the command.
 */
bool nm_confirm(const struct nm_opts *o, const char *question);

#endif
