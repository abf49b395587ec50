// SPDX-License-Identifier: GPL-2.0-only
/* Words to the person at the terminal. */
#include <stdarg.h>
#include <unistd.h>

#include "netmirrorctl.h"

void nm_error(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs(NM_TOOL_NAME ": ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void nm_note(const struct nm_opts *o, const char *fmt, ...)
{
	va_list args;

	if (nm_given(o, NM_OPT_QUIET))
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

bool nm_confirm(const struct nm_opts *o, const char *question)
{
	char answer[16];

	if (nm_given(o, NM_OPT_YES) || !isatty(STDIN_FILENO))
		return true;
	fprintf(stderr, "%s\nGo on? Type \"yes\": ", question);
	if (fgets(answer, sizeof(answer), stdin) && !strcmp(answer, "yes\n"))
		return true;
	nm_error("nothing was done");
	return false;
}
