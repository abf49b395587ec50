// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>

#include "confdir.h"
#include "metadata.h"
#include "occupied.h"

struct lookup {
	const u8 *uuid;
	char *name;
};

static void compare_uuid(void *arg, const char *name)
{
	struct lookup *l = arg;

	if (nm_config_has_uuid(name, l->uuid))
		strcpy(l->name, name);
}

void nm_mirror_name_of(const u8 *uuid, char name[NM_NAME_MAX + 1])
{
	struct lookup l = { uuid, name };

	*name = 0;
	nm_config_for_each(compare_uuid, &l);
}

/* What the superblock on @leg says, with the way out. */
static int refuse_member(const struct nm_config *c, const struct nm_leg *leg,
			 const char *doing, const struct nm_metadata *md)
{
	char uuid[NM_UUID_STRLEN + 1], other[NM_NAME_MAX + 1];

	if (md->err) {
		nm_error("%s: %s holds netmirror metadata, but %s; look at it with \""
			 NM_TOOL_NAME " dump-md %s\", or use --force to overwrite it",
			 doing, leg->path, md->why, leg->path);
		return NM_EXIT_REFUSED;
	}
	nm_format_uuid(md->sb.uuid, uuid);
	if (c->has_uuid && !memcmp(c->uuid, md->sb.uuid, NM_UUID_LEN)) {
		nm_error("%s: %s is already a leg of this mirror (node %d, uuid %s); start it with \""
			 NM_TOOL_NAME " up %s\", or use --force to lose its history and make it anew",
			 doing, leg->path, md->sb.node_id, uuid, c->name);
		return NM_EXIT_REFUSED;
	}
	nm_mirror_name_of(md->sb.uuid, other);
	nm_error("%s: %s is a leg of another mirror, %s%suuid %s, node %d; use --force only if that mirror no longer needs it",
		 doing, leg->path, other, *other ? ", " : "", uuid,
		 md->sb.node_id);
	return NM_EXIT_REFUSED;
}

int nm_check_unoccupied(const struct nm_config *c, const struct nm_leg *leg,
			const char *doing, bool content_stays, bool force)
{
	struct nm_metadata md;
	char signature[128];
	int err;

	nm_metadata_read(leg, &md);
	if (md.err != -ENODATA && md.err != -EIO && !force)
		return refuse_member(c, leg, doing, &md);
	err = nm_leg_signature(leg, signature, sizeof(signature));
	if (err) {
		nm_error("%s: cannot read %s to see what it holds: %s",
			 doing, leg->path, strerror(-err));
		return NM_EXIT_FAILED;
	}
	if (!*signature || content_stays || force)
		return NM_EXIT_OK;
	nm_error("%s: %s holds %s; wipe it with \"wipefs --all %s\" if nobody needs it, or use --force",
		 doing, leg->path, signature, leg->path);
	return NM_EXIT_REFUSED;
}
