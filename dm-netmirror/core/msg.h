/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages in memory, and their codecs.
 *
 * Every decoder takes a buffer of @len bytes that a peer may have filled with
 * anything.  It returns 0 or -EPROTO with a sentence in @why, and touches
 * nothing but its result, and that only when it accepts.  Buffers are aligned
 * to 8 bytes, but for those of the CM and of the marks, which need not be.
 * Pure: no I/O, locks, allocation or clock.
 */
#ifndef NM_MSG_H
#define NM_MSG_H

#include "verdict.h"
#include <netmirror/wire.h>

/*
 * A request on a data channel, or (op, credits, session, len alone) a control
 * header.
 */
struct nm_msg {
	u16 op;			/* enum nm_op */
	u16 flags;		/* NM_WF_* */
	u16 credits;
	u64 session;
	u32 tag;
	u32 len;
	u64 sector;
	u64 addr;
	u32 rkey;
};

struct nm_rsp {
	u16 nr;
	u16 credits;
	u64 session;
	struct {
		u32 tag;
		u32 status;	/* enum nm_status */
	} entry[NM_RSP_ENTRIES];
};

struct nm_cm_req {
	u16 version;		/* any: so that the refusal can name it */
	u8 channel;
	u8 nr_channels;
	u8 src_node;
	u8 dst_node;
	u8 uuid[NM_UUID_LEN];
	u64 session;
	u16 depth;
	u16 flags;		/* NM_CMF_* */
	u32 max_inline;
	u8 token[NM_TOKEN_LEN];
};

struct nm_cm_rep {
	u16 version;
	u16 refusal;		/* enum nm_refusal */
	u16 depth;
	u32 max_inline;
};

/* Message kind of a buffer that starts a message, or -EPROTO. */
int nm_msg_op(const void *buf, size_t len, const char **why);

void nm_request_encode(const struct nm_msg *msg, struct nm_wire_hdr *hdr);
/*
 * A request: READ, WRITE, FLUSH, DISCARD or WRITE_ZEROES.  @payload is the
 * number of bytes that arrived behind the header.  Checked:
 *  - flags: READ and FLUSH may have RESYNC; WRITE FUA, RESYNC and INLINE;
 *    WRITE_ZEROES FUA, RESYNC and NOUNMAP; DISCARD none;
 *  - FLUSH has sector and len 0; the others a len above 0, a multiple of 512
 *    and within NM_MAX_IO (DISCARD and WRITE_ZEROES: 2^31), and
 *    [sector, sector + len) within @data_sectors;
 *  - with INLINE len == payload <= NM_MAX_INLINE, else no payload;
 *  - addr and rkey only for READ and for WRITE without INLINE;
 *  - reserved bytes are zero.
 */
int nm_request_decode(const void *buf, size_t len, size_t payload,
		      u64 data_sectors, struct nm_msg *msg, const char **why);

void nm_rsp_encode(const struct nm_rsp *rsp, struct nm_wire_rsp *wire);
int nm_rsp_decode(const void *buf, size_t len, struct nm_rsp *rsp,
		  const char **why);

/*
 * A control message: header, payload behind it.  @payload may already stand in
 * its place in @buf.  Returns the total length.
 */
size_t nm_ctl_encode(u16 op, u64 session, const void *payload, u32 payload_len,
		     void *buf);
/*
 * Checks the header, that msg->len bytes of payload are there, no more, that
 * the length fits the op, and that a payload of one byte is a known code.  The
 * payload is at buf + NM_WIRE_HDR_LEN.
 */
int nm_ctl_decode(const void *buf, size_t len, struct nm_msg *msg,
		  const char **why);

void nm_hello_encode(const struct nm_hello *h, struct nm_wire_hello *wire);
/*
 * A foreign version is no error here; the verdict refuses it by name.  Nothing
 * but the version is taken over then.
 */
int nm_hello_decode(const void *buf, size_t len, struct nm_hello *h,
		    const char **why);

void nm_gens_encode(const struct nm_gens *g, struct nm_wire_gens *wire);
int nm_gens_decode(const void *buf, size_t len, struct nm_gens *g,
		   const char **why);

/*
 * Run-length code for the bits [first, nr_bits) of @map, as much as fits
 * @size bytes (header included).  Returns the bytes written and sets *@next to
 * the first bit not covered.  It gets on when there is a bit and @size is at
 * least 22, else it returns 0.
 */
size_t nm_marks_encode(const unsigned long *map, u64 nr_bits, u64 first,
		       void *buf, size_t size, u64 *next);
/*
 * Check a code and call @fn for each run of set bits, in order; the whole code
 * is checked before the first call.  Bits outside [0, @nr_bits) are refused.
 * Sets *@next to the bit after the last one covered.
 */
int nm_marks_decode(const void *buf, size_t len, u64 nr_bits,
		    void (*fn)(void *arg, u64 first, u64 nr), void *arg,
		    u64 *next, const char **why);

void nm_cm_req_encode(const struct nm_cm_req *r, struct nm_wire_cm_req *wire);
/*
 * CM private data is padded with zeroes by some transports: len may be more.
 * Of a foreign version only the version is taken over; as a reply it is a
 * refusal for NM_REFUSE_VERSION.
 */
int nm_cm_req_decode(const void *buf, size_t len, struct nm_cm_req *r,
		     const char **why);
void nm_cm_rep_encode(const struct nm_cm_rep *r, struct nm_wire_cm_rep *wire);
int nm_cm_rep_decode(const void *buf, size_t len, struct nm_cm_rep *r,
		     const char **why);

#endif
