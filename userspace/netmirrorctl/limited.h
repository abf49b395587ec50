/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_LIMITED_H
#define NM_LIMITED_H

/*
 * Run @fn in a child with a time limit: what touches a device may hang for as
 * long as the device does, and this process must not.  Returns what @fn
 * returned, 0 to 255, or -errno; -ETIMEDOUT: it took longer, and was left
 * behind if it cannot be killed.  *@text is what it printed, to be freed.
 */
int nm_limited(int (*fn)(void *arg), void *arg, unsigned int seconds,
	       char **text);

#define NM_NO_PROGRAM	127	/* as the shell has it */

/* The same for a program, found by $PATH; NM_NO_PROGRAM: there is none. */
int nm_limited_run(char *const argv[], unsigned int seconds, char **text);

#endif
