/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to be done in a file system such as configfs, as a list that is run
 * or printed: directories, links and single writes, in order.
 */
#ifndef NM_STEPS_H
#define NM_STEPS_H

#include "nm_env.h"

enum nm_step_kind {
	NM_STEP_SHARED_DIR,	/* others may have made it; with its parents */
	NM_STEP_DIR,		/* ours alone */
	NM_STEP_LINK,		/* to value */
	NM_STEP_SHARED_LINK,	/* the same, in place of a link that is there */
	NM_STEP_WRITE,		/* value, as a line */
	NM_STEP_WRITE_IF,	/* the same, where the kernel has that file */
	NM_STEP_EXPECT_NOT,	/* the file must not contain value */
};

struct nm_step {
	enum nm_step_kind kind;
	char *path;
	char *value;		/* NULL: none */
};

struct nm_steps {
	struct nm_step *step;
	int nr;
};

/* The path is printed from @fmt; @value is copied. */
void nm_steps_add(struct nm_steps *s, enum nm_step_kind kind, const char *value,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void nm_steps_free(struct nm_steps *s);

/* For --dry-run: as commands of a shell. */
void nm_steps_print(const struct nm_steps *s);

/* Returns an enum nm_exit after a message that begins with @doing. */
int nm_steps_run(const struct nm_steps *s, const char *doing);

enum nm_presence {
	NM_PRESENT_NONE,	/* nothing that is ours alone */
	NM_PRESENT_PART,
	NM_PRESENT_ALL,
};

/* How much is there already, as directories and links tell? */
enum nm_presence nm_steps_presence(const struct nm_steps *s);

#endif
