// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <linux/string.h>
#include <netmirror/disk.h>

#include "half.h"
#include "node.h"

struct half {
	bool settled;
	bool turned;
	bool left;
	u8 turned_to[NM_GEN_LEN];	/* while turned */
};

static struct half halves[SIM_NR_NODES];

void half_reset(int node)
{
	halves[node] = (struct half){};
}

bool half_is_turned(int node)
{
	return halves[node].turned;
}

bool half_is_left(int node)
{
	return halves[node].left;
}

bool half_is_settled(int node)
{
	return halves[node].settled;
}

static const u8 *generation_in(const u8 *sb)
{
	return sb + offsetof(struct nm_sb_disk, gens);
}

static bool is_outdated(const u8 *sb)
{
	const struct nm_sb_disk *disk = (const void *)sb;

	return disk->flags & cpu_to_le32(NM_SBF_OUTDATED);
}

void half_failed(int node, const u8 *sb, const u8 *now)
{
	struct half *h = &halves[node];

	if (is_outdated(now) && !is_outdated(sb))
		h->settled = true;
	if (h->turned ||
	    !memcmp(generation_in(sb), generation_in(now), NM_GEN_LEN))
		return;
	h->turned = true;
	memcpy(h->turned_to, generation_in(sb), NM_GEN_LEN);
	/* One that is loaded or attached just gets what is long in force. */
	h->left = !node_nr_commands(node) && node_mirror(node)->loaded;
}

/* The newest superblock: is it of another generation than that of the failure? */
void half_written(int node, const u8 *sb)
{
	struct half *h = &halves[node];

	if (memcmp(h->turned_to, generation_in(sb), NM_GEN_LEN))
		h->turned = false;
	if (is_outdated(sb))
		h->settled = false;
}

void half_forget(int node)
{
	halves[node].left = false;
}
