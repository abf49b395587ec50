// SPDX-License-Identifier: GPL-2.0-only
#include <netmirror/version.h>

#include "netmirrorctl.h"

int nm_cmd_version(const struct nm_opts *o)
{
	(void)o;
	printf(NM_TOOL_NAME " " NM_VERSION "\n");
	return NM_EXIT_OK;
}

static void print_command(const struct nm_command *cmd)
{
	int opt;

	printf("usage: " NM_TOOL_NAME " %s %s\n\n%s\n", cmd->name, cmd->usage,
	       cmd->help);
	fputs("\noptions:", stdout);
	for (opt = 0; opt < NM_NR_OPTS; opt++)
		if ((cmd->options | NM_OPTS_GLOBAL) >> opt & 1)
			printf(" --%s", nm_opt_name(opt));
	puts("\n\n" NM_TOOL_NAME "(8) explains them.");
}

int nm_cmd_help(const struct nm_opts *o)
{
	const char *about = NULL;
	unsigned int i;

	/* "help up" as well as "up --help" */
	if (o->command && strcmp(o->command, "help"))
		about = o->command;
	else if (o->nr_args)
		about = o->args[0];

	for (i = 0; about && i < nm_nr_commands; i++) {
		if (!strcmp(nm_commands[i].name, about)) {
			print_command(&nm_commands[i]);
			return NM_EXIT_OK;
		}
	}
	if (about) {
		nm_error("there is no command \"%s\"; \"" NM_TOOL_NAME
			 " help\" lists them", about);
		return NM_EXIT_USAGE;
	}
	puts("usage: " NM_TOOL_NAME " COMMAND [NAME] [OPTION]...\n");
	for (i = 0; i < nm_nr_commands; i++)
		printf("  %-11s %s\n", nm_commands[i].name,
		       nm_commands[i].help);
	puts("\nEvery command takes --config FILE, --node NAME, --yes and --quiet.\n"
	     "exit codes: 0 done, 1 failure, 2 usage, 3 degraded or resyncing,\n"
	     "            4 not found, 5 refused for safety, 6 timeout");
	return NM_EXIT_OK;
}
