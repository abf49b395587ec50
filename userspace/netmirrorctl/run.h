/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of others, such as lvcreate: run without a shell, results checked. */
#ifndef NM_RUN_H
#define NM_RUN_H

/*
 * Run argv[0], which is looked for in PATH, and wait for its end.  It gets
 * nothing to read, and speaks English.  With @out, what it prints on its
 * standard output is put there, without the last newline; to be freed, never
 * NULL.  Returns an enum nm_exit after a message that begins with @doing, as in
 * "cannot create r0", and has what the program itself said.
 */
int nm_run(const char *doing, const char *const argv[], char **out);

/* The same in silence: returns the exit code, 128 + N for signal N, or -errno. */
int nm_run_quietly(const char *const argv[], char **out);

/* Print the command, fit for a shell, for --dry-run. */
void nm_run_print(const char *const argv[]);

#endif
