// SPDX-License-Identifier: GPL-2.0-only
#include "new-leg.h"
#include "occupied.h"

void nm_new_leg_init(struct nm_new_leg *n, const struct nm_config *c,
		     const char *doing)
{
	memset(n, 0, sizeof(*n));
	n->config = c;
	n->doing = doing;
	n->leg.fd = -1;
	n->meta_dev.fd = -1;
	n->meta = &n->leg;
}

int nm_new_leg_open(struct nm_new_leg *n, bool stays, bool force)
{
	const struct nm_node *self = n->config->self;
	int err, ret;

	err = nm_leg_open(&n->leg, self->leg, !n->in_use, n->doing);
	if (err)
		return err == -EBUSY ? NM_EXIT_REFUSED : NM_EXIT_FAILED;
	if (*self->metadata) {
		err = nm_leg_open(&n->meta_dev, self->metadata, true,
				  n->doing);
		if (err)
			return err == -EBUSY ? NM_EXIT_REFUSED :
					       NM_EXIT_FAILED;
		n->meta = &n->meta_dev;
		ret = nm_check_unoccupied(n->config, n->meta, n->doing, false,
					  force);
		if (ret)
			return ret;
	} else if (n->in_use) {
		nm_error("%s: %s stays in use, so the metadata need a device of their own: --metadata",
			 n->doing, self->leg);
		return NM_EXIT_USAGE;
	}
	return nm_check_unoccupied(n->config, &n->leg, n->doing, stays,
				   force);
}

static int too_small(const struct nm_new_leg *n, const char *why)
{
	char has[NM_SIZE_STRLEN];

	nm_format_size(n->leg.sectors << NM_SECTOR_SHIFT, has);
	nm_error("%s: %s has %s: %s", n->doing, n->leg.path, has, why);
	return NM_EXIT_FAILED;
}

/* Do the metadata have room on a device of their own? */
static int fit_metadata(struct nm_new_leg *n, const struct nm_geometry *geo)
{
	u64 room = n->meta->sectors / NM_BLOCK_SECTORS;
	char has[NM_SIZE_STRLEN];

	if (room < NM_FIRST_MARK_BLOCK + geo->nr_mark_blocks) {
		nm_format_size(n->meta->sectors << NM_SECTOR_SHIFT, has);
		nm_error("%s: the metadata device %s has %s, but the mirror needs %u KiB",
			 n->doing, n->meta->path, has,
			 (NM_FIRST_MARK_BLOCK + geo->nr_mark_blocks) * 4);
		return NM_EXIT_FAILED;
	}
	n->sb.max_mark_blocks = min_t(u64, n->sb.max_mark_blocks,
				      room - NM_FIRST_MARK_BLOCK);
	return NM_EXIT_OK;
}

int nm_new_leg_fit(struct nm_new_leg *n, bool whole)
{
	const struct nm_config *c = n->config;
	bool external = n->meta != &n->leg;
	struct nm_sb *sb = &n->sb;
	struct nm_geometry geo;
	const char *why;
	int err, ret;

	err = nm_geometry_fit(&geo, n->leg.sectors, c->sectors,
			      c->region_shift, c->zone_shift, external,
			      &sb->data_offset, &sb->max_mark_blocks, &why);
	if (err == -ENOSPC && c->sectors && !whole)
		err = nm_geometry_fit(&geo, n->leg.sectors, 0,
				      c->region_shift, c->zone_shift, external,
				      &sb->data_offset, &sb->max_mark_blocks,
				      &why);
	if (err)
		return too_small(n, why);
	ret = external ? fit_metadata(n, &geo) : NM_EXIT_OK;
	if (ret)
		return ret;
	sb->seq = 1;
	memcpy(sb->uuid, c->uuid, NM_UUID_LEN);
	sb->node_id = c->self->id;
	sb->region_shift = geo.region_shift;
	sb->zone_shift = geo.zone_shift;
	sb->data_sectors = geo.data_sectors;
	sb->nr_mark_blocks = geo.nr_mark_blocks;
	sb->flags = external ? NM_SBF_EXTERNAL : 0;
	nm_gens_init(&sb->gens);
	return NM_EXIT_OK;
}

int nm_new_leg_write(const struct nm_new_leg *n, bool stays, bool force)
{
	int err = 0;

	/* Signatures in data that stay are part of the data. */
	if (force && n->meta != &n->leg)
		err = nm_leg_wipe(n->meta);
	if (!err && force && !stays)
		err = nm_leg_wipe(&n->leg);
	if (!err)
		err = nm_metadata_create(n->meta, &n->sb);
	if (err)
		nm_error("%s: writing the metadata to %s failed: %s", n->doing,
			 n->meta->path, strerror(-err));
	return err;
}

void nm_new_leg_close(struct nm_new_leg *n)
{
	nm_leg_close(&n->meta_dev);
	nm_leg_close(&n->leg);
}
