/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On-disk format of dm-netmirror metadata.
 *
 * A metadata area lies at the head of the local leg (the data follows it at
 * nm_sb_disk.data_offset) or fills a separate metadata device:
 *
 *   block 0      superblock, copy 0
 *   block 1      superblock, copy 1
 *   block 2..    mark blocks, nr_mark_blocks in use of max_mark_blocks
 *
 * A block is 4096 bytes, a sector 512.  Every integer is little-endian.
 * Reserved bytes are zero and a reader refuses a block where they are not.
 * Documentation/disk-format.rst says when each part is written.
 */
#ifndef NETMIRROR_DISK_H
#define NETMIRROR_DISK_H

#include <linux/types.h>

#define NM_BLOCK_SIZE		4096
#define NM_BLOCK_SECTORS	8
#define NM_SB_COPIES		2
#define NM_FIRST_MARK_BLOCK	NM_SB_COPIES

#define NM_UUID_LEN		16
#define NM_GEN_LEN		16
#define NM_MAX_GENS		64

#define NM_SB_MAGIC		"NETMIRR\x01"
#define NM_SB_VERSION		1
#define NM_MARK_MAGIC		0x4b4d4d4eU	/* "NMMK" */

/* Data starts on a multiple of this many sectors: 1 MiB. */
#define NM_DATA_ALIGN		2048

/* Bounds of the geometry; shifts count sectors (7 is 64 KiB). */
#define NM_REGION_SHIFT_MIN	3
#define NM_REGION_SHIFT_MAX	11
#define NM_REGION_SHIFT_DEFAULT	7
#define NM_ZONE_SHIFT_DEFAULT	15
#define NM_ZONE_REGIONS_SHIFT_MIN	6
#define NM_ZONE_REGIONS_SHIFT_MAX	13
#define NM_MAX_DATA_SECTORS	(1ULL << 41)	/* 1 PiB */
#define NM_MAX_REGIONS		(1ULL << 31)

#define NM_NR_NODES		2

/* nm_sb_disk.flags */
#define NM_SBF_CONSISTENT	(1U << 0) /* the leg is one point in the history */
#define NM_SBF_OUTDATED		(1U << 1) /* the peer is known to have moved on */
#define NM_SBF_PRIMARY		(1U << 2) /* primary now, or when it crashed */
#define NM_SBF_PEER_HAS_GEN	(1U << 3) /* the peer may hold the current generation */
#define NM_SBF_EXTERNAL		(1U << 4) /* metadata on a device of its own */
#define NM_SBF_LEG_FAILED	(1U << 5) /* the leg returned a write error */
#define NM_SBF_ALL		0x3fU

/*
 * The superblock.  gens[0] is the current generation (all zero: the leg has
 * never held data).  The differences between this leg and one at gens[1] up to
 * gens[nr_covered] are covered by this node's marks; older entries only tell
 * how the histories are related.
 */
struct nm_sb_disk {
	__u8	magic[8];		/*    0 */
	__le32	crc;			/*    8: crc32c of the block with crc = 0 */
	__le32	version;		/*   12 */
	__le64	seq;			/*   16: one more with each update */
	__le64	compat;			/*   24: feature flags a reader may ignore */
	__le64	ro_compat;		/*   32: ... may ignore if it writes nothing */
	__le64	incompat;		/*   40: ... must know */
	__u8	uuid[NM_UUID_LEN];	/*   48: of the mirror */
	__u8	node_id;		/*   64: 0 or 1 */
	__u8	region_shift;		/*   65: log2 of sectors */
	__u8	zone_shift;		/*   66: log2 of sectors */
	__u8	nr_gens;		/*   67: 1..NM_MAX_GENS */
	__u8	nr_covered;		/*   68: 0..nr_gens - 1 */
	__u8	pad0[3];		/*   69 */
	__le64	data_sectors;		/*   72: size of the mirror */
	__le64	data_offset;		/*   80: first data sector on the leg */
	__le32	nr_mark_blocks;		/*   88 */
	__le32	max_mark_blocks;	/*   92: room in the metadata area */
	__le32	flags;			/*   96: NM_SBF_* */
	__u8	pad1[4];		/*  100 */
	/*
	 * When the generation first turned since both legs were the same, in
	 * seconds since 1970, 0 if it did not.  Only for after_split_brain.
	 */
	__le64	alone_since;		/*  104 */
	__le64	meetings;		/*  112: noted by both nodes while connected */
	__u8	pad2[136];		/*  120 */
	__u8	gens[NM_MAX_GENS][NM_GEN_LEN];	/* 256 */
	__u8	pad3[2816];		/* 1280 */
};					/* 4096 */

/*
 * A mark block covers a run of zones.  After the header come the zone bits
 * (one a zone, set: writes may be in flight or unflushed on a leg), padded to
 * 8 bytes, then for each zone its region bits (set: the legs may differ).
 * Bit n of a bitmap is bit n % 8 of byte n / 8.
 */
struct nm_mark_disk {
	__le32	magic;			/*    0: NM_MARK_MAGIC */
	__le32	crc;			/*    4: crc32c of the block with crc = 0 */
	__u8	uuid[NM_UUID_LEN];	/*    8: of the mirror */
	__le64	seq;			/*   24: one more with each write of any mark block */
	__le32	index;			/*   32: 0 for the first mark block */
	__le32	nr_zones;		/*   36: zones that the block covers */
	__u8	pad[24];		/*   40 */
	__u8	bits[4032];		/*   64 */
};					/* 4096 */

#endif
