/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NM_DISPLAY_H
#define NM_DISPLAY_H

#include "diagnosis.h"

/* Progress of a mirror: a bar on a terminal, elsewhere a line now and then. */
struct nm_display {
	bool on_screen, quiet;
	bool drawn;		/* a bar stands in the current line */
	double next_line;
};

void nm_display_begin(struct nm_display *s, const struct nm_opts *o);
/* @state is the word for what goes on; @eta in seconds, -1: unknown. */
void nm_display_draw(struct nm_display *s, const struct nm_mirror *m,
		     const char *state, long eta);
/* Before anything else is printed. */
void nm_display_end(struct nm_display *s);

/*
 * What sets the colour for a state on a terminal, and with NULL sets it back; ""
 * elsewhere, with --no-color, and where the environment has NO_COLOR.
 */
const char *nm_paint(const struct nm_opts *o, const struct nm_diagnosis *d);

/* The health of a leg, a letter of the status line, in words. */
const char *nm_leg_words(char health, bool in_reach);

#endif
