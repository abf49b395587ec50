// SPDX-License-Identifier: GPL-2.0-only
#include <netmirror/version.h>

#include "netmirrorctl.h"

int nm_cmd_version(const struct nm_opts *o)
{
	(void)o;
	printf(NM_TOOL_NAME " " NM_VERSION "\n");
	return NM_EXIT_OK;
}

/* Each line has a command, a tab and what it is for. */
static void print_examples(const char *text)
{
	puts("\nexamples:");
	while (*text) {
		int command = strcspn(text, "\t"), what;

		printf("  " NM_TOOL_NAME " %.*s\n", command, text);
		text += command + 1;
		what = strcspn(text, "\n");
		printf("      %.*s\n", what, text);
		text += what + (text[what] == '\n');
	}
}

static void print_option(int opt)
{
	char name[40];

	snprintf(name, sizeof(name), "--%s%s%s", nm_opt_name(opt),
		 nm_opt_value(opt) ? " " : "",
		 nm_opt_value(opt) ? nm_opt_value(opt) : "");
	printf("  %-24s %s\n", name, nm_opt_help(opt));
}

static void print_command(const struct nm_command *cmd)
{
	const char *examples = nm_examples(cmd->name);
	int opt;

	printf("usage: " NM_TOOL_NAME " %s %s\n\n%s\n", cmd->name, cmd->usage,
	       cmd->help);
	if (cmd->options)
		puts("\noptions:");
	for (opt = 0; opt < NM_NR_OPTS; opt++)
		if (cmd->options >> opt & 1)
			print_option(opt);
	puts("\noptions of every command:");
	for (opt = 0; opt < NM_NR_OPTS; opt++)
		if (NM_OPTS_GLOBAL >> opt & 1)
			print_option(opt);
	if (examples)
		print_examples(examples);
	puts("\n" NM_TOOL_NAME "(8) has more, and the exit codes.");
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
	puts("\nEvery command takes --config FILE, --node NAME, --quiet, --yes and --no-color;\n"
	     "what changes something takes --dry-run.  \"" NM_TOOL_NAME " help COMMAND\" has\n"
	     "examples, netmirror(7) the concepts.\n\n"
	     "exit codes: 0 done, 1 failure, 2 usage, 3 degraded or resyncing,\n"
	     "            4 not found, 5 refused for safety, 6 timeout");
	return NM_EXIT_OK;
}
