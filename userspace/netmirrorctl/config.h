/* SPDX-License-Identifier: GPL-2.0-only */
/* /etc/netmirror/NAME.conf: see netmirror.conf(5). */
#ifndef NM_CONFIG_H
#define NM_CONFIG_H

#include <stdio.h>

#include "export.h"
#include "netmirrorctl.h"

#define NM_NAME_MAX	64	/* of a mirror or a node */
#define NM_DEVICE_MAX	120	/* device-mapper's limit, with room to spare */
#define NM_LINE_MAX	512
#define NM_PATH_MAX	180	/* fits a line of the file, behind its key */

enum nm_link_kind {
	NM_LINK_KIND_RDMA,
	NM_LINK_KIND_LOOP,
};

struct nm_node {
	char name[NM_NAME_MAX + 1];
	int line;			/* of the section header */
	int leg_line;			/* of the leg, 0: not from a file */
	int id;				/* -1: not given */
	char address[NM_ADDRESS_STRLEN];	/* "": not given */
	char leg[NM_PATH_MAX + 1];
	char metadata[NM_PATH_MAX + 1];	/* "": internal */
	char device[NM_DEVICE_MAX + 1];
};

/* The keys of [options], in the order of the table line. */
enum nm_setting {
	NM_SET_TIMEOUT,
	NM_SET_CHANNELS,
	NM_SET_DEPTH,
	NM_SET_INLINE,
	NM_SET_ACTIVE_ZONES,
	NM_SET_RESYNC_RATE,
	NM_SET_REQUEST_TIMEOUT,
	NM_SET_MAX_BACKOFF,
	NM_SET_ON_PEER_LOSS,
	NM_SET_AFTER_SPLIT_BRAIN,
	NM_NR_SETTINGS,
};

struct nm_config {
	char name[NM_NAME_MAX + 1];
	char *path;
	bool has_uuid;
	u8 uuid[NM_UUID_LEN];
	u64 sectors;			/* 0: all that fits */
	u8 region_shift;
	u8 zone_shift;
	bool has_size, has_region_size, has_zone_size;	/* in the file */
	enum nm_link_kind link;
	char secret_file[NM_PATH_MAX + 1];	/* "": none */
	int mirror_line;		/* of [mirror]; the uuid is put below it */
	int size_line;			/* of the size, 0: not given */
	struct nm_node node[NM_NR_NODES];
	int nr_nodes;
	struct nm_node *self, *peer;
	u32 given_settings;		/* bits of enum nm_setting */
	u64 setting[NM_NR_SETTINGS];	/* as the kernel takes it */
	char discard_node[NM_NAME_MAX + 1];	/* after-split-brain names it */
	struct nm_export export;
};

/* Is @name fit to be a mirror, a node or a device of device-mapper? */
bool nm_name_is_valid(const char *name, size_t max);

/* Where the configuration of @name is or would be; to be freed. */
char *nm_config_path(const struct nm_opts *o, const char *name);

/*
 * Read and check the whole configuration of mirror @name.  Returns an enum
 * nm_exit; the message has been printed unless it is NM_EXIT_NOT_FOUND.
 * Free with nm_config_free() in any case.
 */
int nm_config_load(struct nm_config *c, const struct nm_opts *o,
		   const char *name);
void nm_config_free(struct nm_config *c);

/* Say that there is no configuration for c->name, and what to do. */
int nm_config_missing(const struct nm_config *c);

/* Start an empty one, with the defaults. */
void nm_config_init(struct nm_config *c, const struct nm_opts *o,
		    const char *name);

/*
 * Check what concerns more than one key, find out which node this is, and
 * fill in the defaults.  @o names the node, else the host name does.
 */
int nm_config_finish(struct nm_config *c, const struct nm_opts *o);

/* The key as the kernel's table line calls it: "timeout_ms". */
const char *nm_setting_arg(enum nm_setting setting);
/* The word that the table line has for @value; NULL where that is a number. */
const char *nm_setting_word(enum nm_setting setting, u64 value);

/* What is wrong with a value, in @why, to be freed: returns -EINVAL. */
__attribute__((format(printf, 2, 3)))
int nm_config_expected(char **why, const char *fmt, ...);

/*
 * Set one key.  Returns 0, or -EINVAL with what is wrong in @why; to be freed.
 */
int nm_config_set(struct nm_config *c, struct nm_node *node,
		  const char *section, const char *key, const char *value,
		  char **why);

/*
 * A new file for a configuration made from options, or the old file with uuid
 * and size put in.  It is complete in c->path + ".new" when this returns 0;
 * nm_config_commit() then moves it into place, nm_config_drop() removes it.
 */
int nm_config_prepare(const struct nm_config *c, bool from_options,
		      u64 data_sectors);
/* The same for the old file with another size. */
int nm_config_prepare_size(const struct nm_config *c, u64 data_sectors);
/* The same with the section [export] at its end. */
int nm_config_prepare_export(const struct nm_config *c, u64 data_sectors);
/* The same with another leg of this node. */
int nm_config_prepare_leg(const struct nm_config *c, const char *leg);
int nm_config_commit(const struct nm_config *c);
void nm_config_drop(const struct nm_config *c);

/*
 * Make the file of mirror @name, NM_CONFDIR/NAME.conf, from standard input; there
 * must be none yet.  Returns an enum nm_exit after a message.
 */
int nm_config_import(const char *name);

#endif
