/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between the two nodes of a mirror.
 *
 * A session has one control channel and a number of data channels.  Both
 * carry messages that start with a fixed 64-byte header, so that a receiver
 * can put the header and a page-aligned payload into separate segments.
 * Every integer is little-endian, reserved bytes are zero and checked.
 * Documentation/wire-protocol.rst has the sequences.
 */
#ifndef NETMIRROR_WIRE_H
#define NETMIRROR_WIRE_H

#include <netmirror/disk.h>

#define NM_WIRE_MAGIC		0x524d		/* "MR" */
#define NM_WIRE_VERSION		1
#define NM_WIRE_HDR_LEN		64
#define NM_CTL_MAX_PAYLOAD	4032		/* header and payload fit a page */
#define NM_MAX_INLINE		16384		/* bytes of payload in a request */
#define NM_MAX_IO		(1U << 20)	/* bytes of a request */
#define NM_RSP_ENTRIES		4
#define NM_DEFAULT_PORT		7790
#define NM_NONCE_LEN		32
#define NM_PROOF_LEN		32		/* HMAC-SHA256 */
#define NM_TOKEN_LEN		16		/* the first half of one */

enum nm_op {
	/* data channel, client to server */
	NM_OP_READ		= 1,
	NM_OP_WRITE		= 2,
	NM_OP_FLUSH		= 3,
	NM_OP_DISCARD		= 4,
	NM_OP_WRITE_ZEROES	= 5,
	/* data channel, server to client */
	NM_OP_RESPONSE		= 16,
	/* control channel */
	NM_OP_HELLO		= 32,	/* nm_wire_hello */
	NM_OP_MARKS		= 33,	/* nm_wire_marks and encoded bits */
	NM_OP_READY		= 34,	/* marks are sent, metadata is durable: u8 verdict */
	NM_OP_ROLE_ASK		= 35,	/* may I be primary? */
	NM_OP_ROLE_ANSWER	= 36,	/* u8: enum nm_refusal */
	NM_OP_ROLE_IS		= 37,	/* u8: enum nm_role, already in force */
	NM_OP_SYNC_DONE		= 38,	/* source, both flushed: nm_wire_gens to take over */
	NM_OP_SYNC_TAKEN	= 39,	/* target: durable */
	NM_OP_SYNCED		= 40,	/* pulled and durable: nm_wire_marks of clean regions */
	NM_OP_PULL_DONE		= 41,	/* target that pulled: flushed, nothing left */
	NM_OP_PING		= 42,
	NM_OP_BYE		= 43,	/* u8: enum nm_refusal; the sender closes */
	NM_OP_AUTH_CHALLENGE	= 44,	/* NM_NONCE_LEN random bytes */
	NM_OP_AUTH_PROOF	= 45,	/* NM_PROOF_LEN bytes */
	NM_OP_MEETING		= 46,	/* to be noted, or durable: nm_wire_meeting */
};

/* nm_wire_hdr.flags of a request */
#define NM_WF_FUA		(1U << 0)
/* Copies a region of the source.  FLUSH: its sender's leg was flushed before. */
#define NM_WF_RESYNC		(1U << 1)
#define NM_WF_INLINE		(1U << 2)	/* payload follows the header */
#define NM_WF_NOUNMAP		(1U << 3)	/* write-zeroes must not unmap */
#define NM_WF_ALL		0xfU

/*
 * Header of every message.  On the control channel only the first 24 bytes
 * and len are used.
 */
struct nm_wire_hdr {
	__le16	magic;		/*  0 */
	__le16	op;		/*  2: enum nm_op */
	__le16	flags;		/*  4: NM_WF_* */
	__le16	credits;	/*  6: requests the receiver may send in addition */
	__le64	session;	/*  8 */
	__le32	tag;		/* 16: chosen by the client, returned in the response */
	__le32	len;		/* 20: bytes on disk (request) or of payload (control) */
	__le64	sector;		/* 24: within the data area */
	__le64	addr;		/* 32: remote address of the client's buffer */
	__le32	rkey;		/* 40 */
	__u8	pad[20];	/* 44 */
};				/* 64 */

/* A response carries up to NM_RSP_ENTRIES results. */
struct nm_wire_rsp_entry {
	__le32	tag;		/*  0 */
	__le32	status;		/*  4: enum nm_status */
};				/*  8 */

struct nm_wire_rsp {
	__le16	magic;		/*  0 */
	__le16	op;		/*  2: NM_OP_RESPONSE */
	__le16	nr;		/*  4: 1..NM_RSP_ENTRIES */
	__le16	credits;	/*  6 */
	__le64	session;	/*  8 */
	struct nm_wire_rsp_entry entry[NM_RSP_ENTRIES];	/* 16 */
	__u8	pad[16];	/* 48 */
};				/* 64 */

enum nm_status {
	NM_ST_OK	= 0,
	NM_ST_IOERR	= 1,	/* the leg returned an error */
	NM_ST_NOSPC	= 2,
	NM_ST_NOTSUPP	= 3,
	NM_ST_INVALID	= 4,	/* request out of bounds or not understood */
	NM_ST_REFUSED	= 5,	/* state does not allow it: role, stale region */
	NM_ST_MAX	= 5,
};

/* nm_wire_hello.intent */
#define NM_HELLO_DISCARD	(1U << 0)	/* after a split brain: give up mine */
#define NM_HELLO_FENCES		(1U << 1)	/* on_peer_loss is fence */
#define NM_HELLO_ALL		0x3U

/* nm_wire_hello.timeout_ms */
#define NM_MIN_TIMEOUT_MS	100
#define NM_MAX_TIMEOUT_MS	60000

/* HELLO: what the verdict is made from. */
struct nm_wire_hello {
	__le16	version;	/*  0 */
	__u8	src_node;	/*  2 */
	__u8	role;		/*  3: enum nm_role */
	__le32	flags;		/*  4: NM_SBF_* */
	__u8	uuid[NM_UUID_LEN];	/*  8 */
	__le64	features;	/* 24: must be understood */
	__le64	data_sectors;	/* 32: size of the mirror */
	__le64	room_sectors;	/* 40: what the leg could hold */
	__u8	region_shift;	/* 48 */
	__u8	zone_shift;	/* 49 */
	__u8	nr_gens;	/* 50 */
	__u8	nr_covered;	/* 51 */
	__u8	split;		/* 52: enum nm_split */
	__u8	intent;		/* 53: NM_HELLO_* */
	__le16	timeout_ms;	/* 54: silence the sender bears; 0: not told */
	__le64	nr_dirty;	/* 56: marked regions */
	__le64	alone_since;	/* 64: nm_sb_disk.alone_since */
	__le64	meetings;	/* 72: nm_sb_disk.meetings */
	__u8	gens[NM_MAX_GENS][NM_GEN_LEN];	/* 80 */
};				/* 1104 */

/* MEETING: what nm_sb_disk.meetings should be; the secondary says it back. */
struct nm_wire_meeting {
	__le64	meetings;	/*  0 */
};				/*  8 */

/* SYNC_DONE: the history that the target takes over. */
struct nm_wire_gens {
	__u8	nr_gens;	/*  0 */
	__u8	pad[7];		/*  1 */
	__u8	gens[NM_MAX_GENS][NM_GEN_LEN];	/*  8 */
};				/* 1032 */

/*
 * MARKS, SYNCED: bits of regions first .. first + nr - 1 as the lengths of runs
 * that are in turn of clear and of set bits.  A length is given seven bits a
 * byte, the low ones first; bit 7 says that another byte follows, and the last
 * byte is not 0.  Only the first length may be 0 (one zero byte).  The lengths
 * add up to nr.
 */
struct nm_wire_marks {
	__le64	first;		/*  0 */
	__le32	nr;		/*  8 */
	__le32	len;		/* 12: bytes of code that follow */
};				/* 16 */

enum nm_channel {
	NM_CH_CONTROL	= 0,
	NM_CH_RESYNC	= 1,
	NM_CH_DATA	= 2,	/* and up */
};

/* nm_wire_cm_req.flags */
#define NM_CMF_AUTH	(1U << 0)	/* the sender has a secret */
#define NM_CMF_ALL	0x1U

/* Private data of an RDMA CM connection request. */
struct nm_wire_cm_req {
	__le16	magic;		/*  0 */
	__le16	version;	/*  2 */
	__u8	channel;	/*  4: enum nm_channel */
	__u8	nr_channels;	/*  5: of NM_CH_DATA and up */
	__u8	src_node;	/*  6 */
	__u8	dst_node;	/*  7 */
	__u8	uuid[NM_UUID_LEN];	/*  8 */
	__le64	session;	/* 24: random, the same in all channels */
	__le16	depth;		/* 32: requests the sender takes on this channel */
	__le16	flags;		/* 34: NM_CMF_* */
	__le32	max_inline;	/* 36: payload bytes the sender takes in a request */
	__u8	token[NM_TOKEN_LEN];	/* 40: see nm_wire_auth_text; else zero */
};				/* 56: no more fits the private data of InfiniBand */

/* Private data of accept and reject. */
struct nm_wire_cm_rep {
	__le16	magic;		/*  0 */
	__le16	version;	/*  2 */
	__le16	refusal;	/*  4: enum nm_refusal, 0 in an accept */
	__le16	depth;		/*  6 */
	__le32	max_inline;	/*  8 */
	__le32	pad0;		/* 12 */
};				/* 16 */

/*
 * What is hashed with the secret, and never sent: HMAC-SHA256 of it is a proof,
 * or cut to NM_TOKEN_LEN the token in the request for a channel other than
 * NM_CH_CONTROL.
 */
#define NM_AUTH_LABEL_PROOF	"netmirror proof"
#define NM_AUTH_LABEL_TOKEN	"netmirror token"

struct nm_wire_auth_text {
	__u8	label[16];	/*  0 */
	__le16	version;	/* 16 */
	__u8	prover;		/* 18: node id of who proves */
	__u8	channel;	/* 19: enum nm_channel, 0 in a proof */
	__le32	pad0;		/* 20 */
	__le64	session;	/* 24 */
	__u8	uuid[NM_UUID_LEN];	/* 32 */
	__u8	nonce[NM_NR_NODES][NM_NONCE_LEN];	/* 48: by node 0, by node 1 */
};				/* 112 */

#endif
