/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the inputs of the binary fuzzers begin, for the fuzzers that read them and
 * seeds.c, which writes them.  What follows is said with each.
 */
#ifndef NM_FUZZ_INPUTS_H
#define NM_FUZZ_INPUTS_H

#include <netmirror/wire.h>

/* --- wire: then the bytes that are decoded -------------------------------- */

enum fuzz_wire {
	FUZZ_REQUEST,
	FUZZ_RESPONSE,
	FUZZ_CONTROL,
	FUZZ_HELLO,
	FUZZ_GENS,
	FUZZ_MARKS,
	FUZZ_CM_REQ,
	FUZZ_CM_REP,
	FUZZ_AUTH,		/* a byte an event */
	FUZZ_NR_WIRE,
};

struct fuzz_wire_in {
	__u8	what;		/* enum fuzz_wire */
	__u8	option;		/* control, marks: correct the length; auth: our node */
	__le16	payload;	/* request: behind it; marks: bytes of a piece */
	__le32	size;		/* request: sectors; marks: bits */
};

/* --- metadata ------------------------------------------------------------- */

enum fuzz_metadata {
	FUZZ_SB,		/* then len_a bytes of one copy, and the other */
	FUZZ_MARK_BLOCK,	/* then the block */
	FUZZ_FIT,
	FUZZ_NR_METADATA,
};

/* fuzz_metadata_in.option: what is made right, or left out */
#define FUZZ_FIX_MAGIC	(1U << 0)
#define FUZZ_FIX_CRC	(1U << 1)
#define FUZZ_FIX_PLACE	(1U << 2)	/* marks: UUID, index and number of zones */
#define FUZZ_LIKE_A	(1U << 3)	/* b: the bytes are put over a copy of a */
#define FUZZ_NO_A	(1U << 4)
#define FUZZ_NO_B	(1U << 5)
#define FUZZ_EXTERNAL	(1U << 6)

struct fuzz_metadata_in {
	__u8	what;		/* enum fuzz_metadata */
	__u8	option;
	__u8	region_shift;
	__u8	zone_shift;
	__le16	len_a;
	__le16	at_b;		/* where the bytes of b go */
	__le64	size;		/* of the mirror or, to fit, of the leg */
	__le64	want;
	__le32	index;		/* of the mark block */
	__u8	pad[4];
};

/* --- verdict: two of these, then a letter for each generation -------------- */

struct fuzz_node_in {
	__u8	version;	/* XORed with the right one */
	__u8	src_node;
	__u8	role;
	__u8	flags;
	__u8	uuid;
	__u8	features;
	__u8	region_shift;
	__u8	zone_shift;
	__u8	nr_dirty;
	__u8	nr_gens;
	__u8	nr_covered;
	__u8	split;
	__le16	size;		/* of the mirror, in blocks */
	__le16	room;		/* on the leg, in blocks */
	__u8	intent;
	__u8	alone_since;
};

#endif
