// SPDX-License-Identifier: GPL-2.0-only
#include "msg.h"
#include "geometry.h"

#define MAX_RANGE	(1U << 31)	/* bytes of a request without data */

static int bad(const char **why, const char *text)
{
	*why = text;
	return -EPROTO;
}

int nm_msg_op(const void *buf, size_t len, const char **why)
{
	const struct nm_wire_hdr *hdr = buf;
	u16 op;

	if (len < NM_WIRE_HDR_LEN)
		return bad(why, "a message shorter than its header");
	if (le16_to_cpu(hdr->magic) != NM_WIRE_MAGIC)
		return bad(why, "not a message of this protocol");
	op = le16_to_cpu(hdr->op);
	if ((op < NM_OP_READ || op > NM_OP_WRITE_ZEROES) &&
	    op != NM_OP_RESPONSE && (op < NM_OP_HELLO || op > NM_OP_MEETING))
		return bad(why, "a message of an unknown kind");
	return op;
}

/* --- requests and responses --------------------------------------------- */

static const struct request_rule {
	u16 flags;		/* that the op may have */
	bool memory;		/* has a buffer unless INLINE */
	u32 max_len;		/* 0: has no range */
} request_rules[] = {
	[NM_OP_READ] = { NM_WF_RESYNC, true, NM_MAX_IO },
	[NM_OP_WRITE] = { NM_WF_FUA | NM_WF_RESYNC | NM_WF_INLINE, true,
			  NM_MAX_IO },
	[NM_OP_FLUSH] = { NM_WF_RESYNC, false, 0 },
	[NM_OP_DISCARD] = { 0, false, MAX_RANGE },
	[NM_OP_WRITE_ZEROES] = { NM_WF_FUA | NM_WF_RESYNC | NM_WF_NOUNMAP,
				 false, MAX_RANGE },
};

void nm_request_encode(const struct nm_msg *msg, struct nm_wire_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->magic = cpu_to_le16(NM_WIRE_MAGIC);
	hdr->op = cpu_to_le16(msg->op);
	hdr->flags = cpu_to_le16(msg->flags);
	hdr->credits = cpu_to_le16(msg->credits);
	hdr->session = cpu_to_le64(msg->session);
	hdr->tag = cpu_to_le32(msg->tag);
	hdr->len = cpu_to_le32(msg->len);
	hdr->sector = cpu_to_le64(msg->sector);
	hdr->addr = cpu_to_le64(msg->addr);
	hdr->rkey = cpu_to_le32(msg->rkey);
}

int nm_request_decode(const void *buf, size_t len, size_t payload,
		      u64 data_sectors, struct nm_msg *msg, const char **why)
{
	const struct nm_wire_hdr *hdr = buf;
	const struct request_rule *rule;
	u16 flags;
	u32 bytes;
	u64 sector;
	int op;

	op = nm_msg_op(buf, len, why);
	if (op < 0)
		return op;
	if (op > NM_OP_WRITE_ZEROES)
		return bad(why, "not a request");
	rule = &request_rules[op];
	flags = le16_to_cpu(hdr->flags);
	bytes = le32_to_cpu(hdr->len);
	sector = le64_to_cpu(hdr->sector);

	if (flags & ~rule->flags)
		return bad(why, "a request with a flag that it cannot have");
	if (!rule->max_len) {
		if (bytes || sector)
			return bad(why, "a flush of a range");
	} else {
		if (!bytes || bytes % 512 || bytes > rule->max_len)
			return bad(why, "a request of an impossible length");
		if (sector >= data_sectors ||
		    bytes / 512 > data_sectors - sector)
			return bad(why, "a request beyond the end of the mirror");
	}
	if (flags & NM_WF_INLINE && bytes > NM_MAX_INLINE)
		return bad(why, "a request with too much inline payload");
	if (payload != (flags & NM_WF_INLINE ? bytes : 0))
		return bad(why, "a request with a payload of another length than announced");
	if ((!rule->memory || flags & NM_WF_INLINE) &&
	    (hdr->addr || hdr->rkey))
		return bad(why, "a request with a buffer that it does not need");
	if (memchr_inv(hdr->pad, 0, sizeof(hdr->pad)))
		return bad(why, "a reserved field of a request is set");

	msg->op = op;
	msg->flags = flags;
	msg->credits = le16_to_cpu(hdr->credits);
	msg->session = le64_to_cpu(hdr->session);
	msg->tag = le32_to_cpu(hdr->tag);
	msg->len = bytes;
	msg->sector = sector;
	msg->addr = le64_to_cpu(hdr->addr);
	msg->rkey = le32_to_cpu(hdr->rkey);
	return 0;
}

void nm_rsp_encode(const struct nm_rsp *rsp, struct nm_wire_rsp *wire)
{
	u16 i;

	memset(wire, 0, sizeof(*wire));
	wire->magic = cpu_to_le16(NM_WIRE_MAGIC);
	wire->op = cpu_to_le16(NM_OP_RESPONSE);
	wire->nr = cpu_to_le16(rsp->nr);
	wire->credits = cpu_to_le16(rsp->credits);
	wire->session = cpu_to_le64(rsp->session);
	for (i = 0; i < rsp->nr; i++) {
		wire->entry[i].tag = cpu_to_le32(rsp->entry[i].tag);
		wire->entry[i].status = cpu_to_le32(rsp->entry[i].status);
	}
}

int nm_rsp_decode(const void *buf, size_t len, struct nm_rsp *rsp,
		  const char **why)
{
	const struct nm_wire_rsp *wire = buf;
	u16 nr, i;
	int op;

	op = nm_msg_op(buf, len, why);
	if (op < 0)
		return op;
	if (op != NM_OP_RESPONSE || len != sizeof(*wire))
		return bad(why, "not a response");
	nr = le16_to_cpu(wire->nr);
	if (!nr || nr > NM_RSP_ENTRIES)
		return bad(why, "a response with an impossible number of results");
	for (i = 0; i < nr; i++)
		if (le32_to_cpu(wire->entry[i].status) > NM_ST_MAX)
			return bad(why, "a response with an unknown result");
	if (memchr_inv(&wire->entry[nr], 0,
		       (NM_RSP_ENTRIES - nr) * sizeof(wire->entry[0])) ||
	    memchr_inv(wire->pad, 0, sizeof(wire->pad)))
		return bad(why, "a reserved field of a response is set");

	memset(rsp, 0, sizeof(*rsp));
	rsp->nr = nr;
	rsp->credits = le16_to_cpu(wire->credits);
	rsp->session = le64_to_cpu(wire->session);
	for (i = 0; i < nr; i++) {
		rsp->entry[i].tag = le32_to_cpu(wire->entry[i].tag);
		rsp->entry[i].status = le32_to_cpu(wire->entry[i].status);
	}
	return 0;
}

/* --- control messages --------------------------------------------------- */

static const struct ctl_rule {
	u16 min_len;
	u16 max_len;
	u8 max_code;		/* of a payload of one byte */
} ctl_rules[] = {
	/* That of another version may be of another length. */
	[NM_OP_HELLO] = { sizeof(__le16), NM_CTL_MAX_PAYLOAD, 0 },
	[NM_OP_MARKS] = { sizeof(struct nm_wire_marks) + 1,
			  NM_CTL_MAX_PAYLOAD, 0 },
	[NM_OP_READY] = { 1, 1, NM_V_REFUSE },
	[NM_OP_ROLE_ASK] = { 0, 0, 0 },
	[NM_OP_ROLE_ANSWER] = { 1, 1, NM_REFUSE_MAX },
	[NM_OP_ROLE_IS] = { 1, 1, NM_PRIMARY },
	[NM_OP_SYNC_DONE] = { sizeof(struct nm_wire_gens),
			      sizeof(struct nm_wire_gens), 0 },
	[NM_OP_SYNC_TAKEN] = { 0, 0, 0 },
	[NM_OP_SYNCED] = { sizeof(struct nm_wire_marks) + 1,
			   NM_CTL_MAX_PAYLOAD, 0 },
	[NM_OP_PULL_DONE] = { 0, 0, 0 },
	[NM_OP_PING] = { 0, 0, 0 },
	[NM_OP_BYE] = { 1, 1, NM_REFUSE_MAX },
	[NM_OP_AUTH_CHALLENGE] = { NM_NONCE_LEN, NM_NONCE_LEN, 0 },
	[NM_OP_AUTH_PROOF] = { NM_PROOF_LEN, NM_PROOF_LEN, 0 },
	[NM_OP_MEETING] = { sizeof(struct nm_wire_meeting),
			    sizeof(struct nm_wire_meeting), 0 },
};

size_t nm_ctl_encode(u16 op, u64 session, const void *payload, u32 payload_len,
		     void *buf)
{
	struct nm_wire_hdr *hdr = buf;

	memset(hdr, 0, sizeof(*hdr));
	hdr->magic = cpu_to_le16(NM_WIRE_MAGIC);
	hdr->op = cpu_to_le16(op);
	hdr->session = cpu_to_le64(session);
	hdr->len = cpu_to_le32(payload_len);
	if (payload_len)
		memmove((u8 *)buf + NM_WIRE_HDR_LEN, payload, payload_len);
	return NM_WIRE_HDR_LEN + payload_len;
}

int nm_ctl_decode(const void *buf, size_t len, struct nm_msg *msg,
		  const char **why)
{
	const struct nm_wire_hdr *hdr = buf;
	const u8 *payload = (const u8 *)buf + NM_WIRE_HDR_LEN;
	const struct ctl_rule *rule;
	u32 bytes;
	int op;

	op = nm_msg_op(buf, len, why);
	if (op < 0)
		return op;
	if (op < NM_OP_HELLO)
		return bad(why, "not a control message");
	rule = &ctl_rules[op];
	bytes = le32_to_cpu(hdr->len);
	if (bytes != len - NM_WIRE_HDR_LEN)
		return bad(why, "a control message of another length than announced");
	if (bytes < rule->min_len || bytes > rule->max_len)
		return bad(why, "a control message of an impossible length");
	if (rule->max_len == 1 && *payload > rule->max_code)
		return bad(why, "a control message with an unknown code");
	if (hdr->flags || hdr->tag || hdr->sector || hdr->addr || hdr->rkey ||
	    memchr_inv(hdr->pad, 0, sizeof(hdr->pad)))
		return bad(why, "a reserved field of a control message is set");

	memset(msg, 0, sizeof(*msg));
	msg->op = op;
	msg->credits = le16_to_cpu(hdr->credits);
	msg->session = le64_to_cpu(hdr->session);
	msg->len = bytes;
	return 0;
}

void nm_hello_encode(const struct nm_hello *h, struct nm_wire_hello *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->version = cpu_to_le16(h->version);
	wire->src_node = h->src_node;
	wire->role = h->role;
	wire->flags = cpu_to_le32(h->flags);
	memcpy(wire->uuid, h->uuid, NM_UUID_LEN);
	wire->features = cpu_to_le64(h->features);
	wire->data_sectors = cpu_to_le64(h->data_sectors);
	wire->room_sectors = cpu_to_le64(h->room_sectors);
	wire->region_shift = h->region_shift;
	wire->zone_shift = h->zone_shift;
	wire->nr_gens = h->gens.nr;
	wire->nr_covered = h->gens.covered;
	wire->split = h->split;
	wire->intent = h->intent;
	wire->timeout_ms = cpu_to_le16(h->timeout_ms);
	wire->nr_dirty = cpu_to_le64(h->nr_dirty);
	wire->alone_since = cpu_to_le64(h->alone_since);
	wire->meetings = cpu_to_le64(h->meetings);
	memcpy(wire->gens, h->gens.id, h->gens.nr * NM_GEN_LEN);
}

/* NULL, or what makes no sense in a HELLO of our version. */
static const char *hello_nonsense(const struct nm_wire_hello *wire)
{
	u16 timeout = le16_to_cpu(wire->timeout_ms);
	struct nm_geometry geo;
	const char *why;

	if (wire->src_node >= NM_NR_NODES)
		return "the peer's node id is neither 0 nor 1";
	if (wire->role > NM_PRIMARY)
		return "the peer has an unknown role";
	if (le32_to_cpu(wire->flags) & ~NM_SBF_ALL)
		return "the peer has an unknown flag";
	if (wire->split >= NM_NR_SPLITS)
		return "the peer has an unknown rule for a split brain";
	if (wire->intent & ~NM_HELLO_ALL)
		return "the peer has an unknown intent";
	if (timeout && (timeout < NM_MIN_TIMEOUT_MS ||
			timeout > NM_MAX_TIMEOUT_MS))
		return "the peer has an impossible timeout";
	if (nm_geometry_init(&geo, le64_to_cpu(wire->data_sectors),
			     wire->region_shift, wire->zone_shift, &why))
		return why;
	if (le64_to_cpu(wire->nr_dirty) > geo.nr_regions)
		return "the peer has more marks than regions";
	return nm_gens_check(wire->gens, wire->nr_gens, wire->nr_covered);
}

int nm_hello_decode(const void *buf, size_t len, struct nm_hello *h,
		    const char **why)
{
	const struct nm_wire_hello *wire = buf;
	const char *nonsense;
	u16 version;

	if (len < sizeof(wire->version))
		return bad(why, "a HELLO without a version");
	version = le16_to_cpu(wire->version);
	if (version != NM_WIRE_VERSION) {
		memset(h, 0, sizeof(*h));
		h->version = version;
		nm_gens_init(&h->gens);
		return 0;
	}
	if (len != sizeof(*wire))
		return bad(why, "a HELLO of an impossible length");
	nonsense = hello_nonsense(wire);
	if (nonsense)
		return bad(why, nonsense);

	h->version = version;
	h->src_node = wire->src_node;
	h->role = wire->role;
	h->flags = le32_to_cpu(wire->flags);
	memcpy(h->uuid, wire->uuid, NM_UUID_LEN);
	h->features = le64_to_cpu(wire->features);
	h->data_sectors = le64_to_cpu(wire->data_sectors);
	h->room_sectors = le64_to_cpu(wire->room_sectors);
	h->region_shift = wire->region_shift;
	h->zone_shift = wire->zone_shift;
	h->split = wire->split;
	h->intent = wire->intent;
	h->timeout_ms = le16_to_cpu(wire->timeout_ms);
	h->nr_dirty = le64_to_cpu(wire->nr_dirty);
	h->alone_since = le64_to_cpu(wire->alone_since);
	h->meetings = le64_to_cpu(wire->meetings);
	h->gens.nr = wire->nr_gens;
	h->gens.covered = wire->nr_covered;
	memcpy(h->gens.id, wire->gens, sizeof(h->gens.id));
	return 0;
}

void nm_gens_encode(const struct nm_gens *g, struct nm_wire_gens *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->nr_gens = g->nr;
	memcpy(wire->gens, g->id, g->nr * NM_GEN_LEN);
}

int nm_gens_decode(const void *buf, size_t len, struct nm_gens *g,
		   const char **why)
{
	const struct nm_wire_gens *wire = buf;
	const char *nonsense;

	if (len != sizeof(*wire))
		return bad(why, "a history of an impossible length");
	if (memchr_inv(wire->pad, 0, sizeof(wire->pad)))
		return bad(why, "a reserved field of a history is set");
	nonsense = nm_gens_check(wire->gens, wire->nr_gens, 0);
	if (nonsense)
		return bad(why, nonsense);
	g->nr = wire->nr_gens;
	g->covered = 0;
	memcpy(g->id, wire->gens, sizeof(g->id));
	return 0;
}

/* --- private data of the connection manager ----------------------------- */

void nm_cm_req_encode(const struct nm_cm_req *r, struct nm_wire_cm_req *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->magic = cpu_to_le16(NM_WIRE_MAGIC);
	wire->version = cpu_to_le16(r->version);
	wire->channel = r->channel;
	wire->nr_channels = r->nr_channels;
	wire->src_node = r->src_node;
	wire->dst_node = r->dst_node;
	memcpy(wire->uuid, r->uuid, NM_UUID_LEN);
	wire->session = cpu_to_le64(r->session);
	wire->depth = cpu_to_le16(r->depth);
	wire->flags = cpu_to_le16(r->flags);
	wire->max_inline = cpu_to_le32(r->max_inline);
	memcpy(wire->token, r->token, NM_TOKEN_LEN);
}

int nm_cm_req_decode(const void *buf, size_t len, struct nm_cm_req *r,
		     const char **why)
{
	struct nm_wire_cm_req wire;
	u16 flags;

	if (len < sizeof(wire))
		return bad(why, "a connection request cut short");
	memcpy(&wire, buf, sizeof(wire));
	if (le16_to_cpu(wire.magic) != NM_WIRE_MAGIC)
		return bad(why, "not a connection request of this protocol");
	if (le16_to_cpu(wire.version) != NM_WIRE_VERSION) {
		memset(r, 0, sizeof(*r));
		r->version = le16_to_cpu(wire.version);
		return 0;
	}
	if (!wire.nr_channels ||
	    wire.channel >= NM_CH_DATA + wire.nr_channels)
		return bad(why, "a connection request for an impossible channel");
	if (wire.src_node >= NM_NR_NODES || wire.dst_node >= NM_NR_NODES ||
	    wire.src_node == wire.dst_node)
		return bad(why, "a connection request with impossible node ids");
	if (le32_to_cpu(wire.max_inline) > NM_MAX_INLINE)
		return bad(why, "a connection request with an impossible inline limit");
	flags = le16_to_cpu(wire.flags);
	if (flags & ~NM_CMF_ALL)
		return bad(why, "a connection request with an unknown flag");
	if ((!(flags & NM_CMF_AUTH) || wire.channel == NM_CH_CONTROL) &&
	    memchr_inv(wire.token, 0, NM_TOKEN_LEN))
		return bad(why, "a connection request with a token that it does not need");

	r->version = NM_WIRE_VERSION;
	r->channel = wire.channel;
	r->nr_channels = wire.nr_channels;
	r->src_node = wire.src_node;
	r->dst_node = wire.dst_node;
	memcpy(r->uuid, wire.uuid, NM_UUID_LEN);
	r->session = le64_to_cpu(wire.session);
	r->depth = le16_to_cpu(wire.depth);
	r->flags = flags;
	r->max_inline = le32_to_cpu(wire.max_inline);
	memcpy(r->token, wire.token, NM_TOKEN_LEN);
	return 0;
}

void nm_cm_rep_encode(const struct nm_cm_rep *r, struct nm_wire_cm_rep *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->magic = cpu_to_le16(NM_WIRE_MAGIC);
	wire->version = cpu_to_le16(r->version);
	wire->refusal = cpu_to_le16(r->refusal);
	wire->depth = cpu_to_le16(r->depth);
	wire->max_inline = cpu_to_le32(r->max_inline);
}

int nm_cm_rep_decode(const void *buf, size_t len, struct nm_cm_rep *r,
		     const char **why)
{
	struct nm_wire_cm_rep wire;

	if (len < sizeof(wire))
		return bad(why, "a connection reply cut short");
	memcpy(&wire, buf, sizeof(wire));
	if (le16_to_cpu(wire.magic) != NM_WIRE_MAGIC)
		return bad(why, "not a connection reply of this protocol");
	if (le16_to_cpu(wire.version) != NM_WIRE_VERSION) {
		memset(r, 0, sizeof(*r));
		r->version = le16_to_cpu(wire.version);
		r->refusal = NM_REFUSE_VERSION;
		return 0;
	}
	if (le16_to_cpu(wire.refusal) > NM_REFUSE_MAX)
		return bad(why, "a connection refused for an unknown reason");
	if (le32_to_cpu(wire.max_inline) > NM_MAX_INLINE)
		return bad(why, "a connection reply with an impossible inline limit");
	if (wire.pad0)
		return bad(why, "a reserved field of a connection reply is set");

	r->version = NM_WIRE_VERSION;
	r->refusal = le16_to_cpu(wire.refusal);
	r->depth = le16_to_cpu(wire.depth);
	r->max_inline = le32_to_cpu(wire.max_inline);
	return 0;
}
