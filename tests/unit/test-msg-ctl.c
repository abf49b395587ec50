// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control messages, what they carry, and the private data of the connection
 * manager.  I9: whatever a peer sends, a decoder either takes a message
 * all of whose fields are in bounds, or refuses it with a reason and touches
 * nothing.
 */
#include "unit.h"
#include "msg.h"

/* --- control messages --------------------------------------------------- */

static const struct {
	u16 op, min, max;
	int max_code;		/* -1: not a code */
} ctl_ops[] = {
	{ NM_OP_HELLO, 2, 4032, -1 },
	{ NM_OP_MARKS, 17, 4032, -1 },
	{ NM_OP_READY, 1, 1, NM_V_REFUSE },
	{ NM_OP_ROLE_ASK, 0, 0, -1 },
	{ NM_OP_ROLE_ANSWER, 1, 1, NM_REFUSE_MAX },
	{ NM_OP_ROLE_IS, 1, 1, NM_PRIMARY },
	{ NM_OP_SYNC_DONE, 1032, 1032, -1 },
	{ NM_OP_SYNC_TAKEN, 0, 0, -1 },
	{ NM_OP_SYNCED, 17, 4032, -1 },
	{ NM_OP_PULL_DONE, 0, 0, -1 },
	{ NM_OP_PING, 0, 0, -1 },
	{ NM_OP_BYE, 1, 1, NM_REFUSE_MAX },
	{ NM_OP_AUTH_CHALLENGE, 32, 32, -1 },
	{ NM_OP_AUTH_PROOF, 32, 32, -1 },
	{ NM_OP_MEETING, 8, 8, -1 },
};

static u8 ctl_buf[NM_WIRE_HDR_LEN + 5000] __attribute__((aligned(8)));
static u8 ctl_payload[5000];

static int decode_ctl(size_t len, struct nm_msg *msg, const char **why)
{
	*why = NULL;
	memset(msg, 0x5a, sizeof(*msg));
	return nm_ctl_decode(ctl_buf, len, msg, why);
}

static void control_messages_of_every_length(void **state)
{
	struct nm_msg msg, expected;
	const char *why;
	size_t i;
	u32 len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ctl_ops); i++)
		for (len = 0; len < 4100; len++) {
			size_t total = nm_ctl_encode(ctl_ops[i].op,
						     0x0123456789abcdef,
						     ctl_payload, len, ctl_buf);
			int err = decode_ctl(total, &msg, &why);

			assert_int_equal(total, NM_WIRE_HDR_LEN + len);
			if (len < ctl_ops[i].min || len > ctl_ops[i].max) {
				assert_refused(err, why, "length", msg);
				continue;
			}
			assert_int_equal(err, 0);
			memset(&expected, 0, sizeof(expected));
			expected.op = ctl_ops[i].op;
			expected.session = 0x0123456789abcdef;
			expected.len = len;
			assert_memory_equal(&msg, &expected, sizeof(msg));
			/* cut short, or with something behind it */
			err = decode_ctl(total - 1, &msg, &why);
			assert_refused(err, why, len ? "announced" : "shorter",
				       msg);
			err = decode_ctl(total + 1, &msg, &why);
			assert_refused(err, why, "announced", msg);
		}
}

static void control_codes(void **state)
{
	struct nm_msg msg;
	const char *why;
	size_t i;
	int code;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ctl_ops); i++)
		for (code = 0; code < 256 && ctl_ops[i].max_code >= 0; code++) {
			u8 byte = code;
			size_t total = nm_ctl_encode(ctl_ops[i].op, 1, &byte, 1,
						     ctl_buf);
			int err = decode_ctl(total, &msg, &why);

			if (code > ctl_ops[i].max_code) {
				assert_refused(err, why, "code", msg);
				continue;
			}
			assert_int_equal(err, 0);
			assert_int_equal(ctl_buf[NM_WIRE_HDR_LEN], code);
		}
}

static void a_payload_may_stand_in_its_place(void **state)
{
	u8 *place = ctl_buf + NM_WIRE_HDR_LEN;
	u8 copy[1032];

	(void)state;
	rnd_bytes(copy, sizeof(copy));
	memcpy(place, copy, sizeof(copy));
	nm_ctl_encode(NM_OP_SYNC_DONE, 1, place, sizeof(copy), ctl_buf);
	assert_memory_equal(place, copy, sizeof(copy));
	memset(ctl_buf, 0, sizeof(ctl_buf));
	nm_ctl_encode(NM_OP_SYNC_DONE, 1, copy, sizeof(copy), ctl_buf);
	assert_memory_equal(place, copy, sizeof(copy));
}

/* Only credits may be added to the header of a control message. */
static void reserved_bytes_of_a_control_message(void **state)
{
	struct nm_wire_hdr *hdr = (void *)ctl_buf;
	struct nm_msg msg;
	const char *why;
	size_t i;
	int err;

	(void)state;
	for (i = 0; i < NM_WIRE_HDR_LEN; i++) {
		bool meant = i < 4 || (i >= 6 && i < 16) || (i >= 20 && i < 24);

		nm_ctl_encode(NM_OP_PING, 7, NULL, 0, ctl_buf);
		ctl_buf[i] ^= 0x80;
		if (meant)
			continue;
		err = decode_ctl(NM_WIRE_HDR_LEN, &msg, &why);
		assert_refused(err, why, "reserved", msg);
	}
	nm_ctl_encode(NM_OP_PING, 7, NULL, 0, ctl_buf);
	hdr->credits = cpu_to_le16(0xfedc);
	assert_int_equal(decode_ctl(NM_WIRE_HDR_LEN, &msg, &why), 0);
	assert_int_equal(msg.credits, 0xfedc);
	hdr->op = cpu_to_le16(NM_OP_WRITE);
	err = decode_ctl(NM_WIRE_HDR_LEN, &msg, &why);
	assert_refused(err, why, "not a control", msg);
	hdr->op = cpu_to_le16(NM_OP_RESPONSE);
	err = decode_ctl(NM_WIRE_HDR_LEN, &msg, &why);
	assert_refused(err, why, "not a control", msg);
}

static void assert_ctl_in_bounds(const u8 *buf, size_t len)
{
	const char *why = NULL;
	struct nm_msg msg;

	memset(&msg, 0x5a, sizeof(msg));
	if (nm_ctl_decode(buf, len, &msg, &why)) {
		assert_refused(-EPROTO, why, "", msg);
		return;
	}
	assert_in_range(msg.op, NM_OP_HELLO, NM_OP_MEETING);
	assert_int_equal(msg.len, len - NM_WIRE_HDR_LEN);
	assert_int_equal(msg.flags, 0);
	if (msg.op == NM_OP_ROLE_IS)
		assert_true(buf[NM_WIRE_HDR_LEN] <= NM_PRIMARY);
}

/* --- HELLO -------------------------------------------------------------- */

static struct nm_hello sample_hello(void)
{
	struct nm_hello h = {
		.version = NM_WIRE_VERSION,
		.src_node = 1,
		.role = NM_PRIMARY,
		.flags = NM_SBF_CONSISTENT | NM_SBF_PRIMARY,
		.uuid = "the mirror's own",
		.features = 0x8000000000000001,
		.data_sectors = 1 << 21,
		.room_sectors = 0x123456789ab,
		.region_shift = 7,
		.zone_shift = 15,
		.split = NM_SPLIT_NODE_1,
		.intent = NM_HELLO_DISCARD,
		.timeout_ms = 500,
		.nr_dirty = 16384,
		.alone_since = 0x1122334455667788,
		.meetings = 0x2233445566778899,
		.gens = { .nr = 2, .covered = 1 },
	};

	gen_id(h.gens.id[0], 'B');
	gen_id(h.gens.id[1], 'A');
	return h;
}

static void assert_same_gens(const struct nm_gens *a, const struct nm_gens *b)
{
	assert_int_equal(a->nr, b->nr);
	assert_int_equal(a->covered, b->covered);
	assert_memory_equal(a->id, b->id, sizeof(a->id));
}

static void a_hello_comes_back(void **state)
{
	struct nm_hello h, back;
	struct nm_wire_hello wire;
	const char *why;
	int i, j;

	(void)state;
	for (i = 0; i < 500; i++) {
		h = sample_hello();
		if (i) {
			h.src_node = rnd(2);
			h.role = rnd(2);
			h.flags = rnd(NM_SBF_ALL + 1);
			rnd_bytes(h.uuid, sizeof(h.uuid));
			h.features = rnd64();
			h.room_sectors = rnd64();
			h.data_sectors = 8 * (1 + rnd64() % (1ULL << 28));
			h.region_shift = 4 + rnd(8);
			h.zone_shift = h.region_shift + 6 + rnd(8);
			h.split = rnd(NM_NR_SPLITS);
			h.intent = rnd(NM_HELLO_ALL + 1);
			h.timeout_ms = rnd(4) ? 100 + rnd(59901) : 0;
			h.nr_dirty = rnd64() %
				     (h.data_sectors >> h.region_shift | 1);
			h.alone_since = rnd64();
			h.meetings = rnd64();
			memset(&h.gens, 0, sizeof(h.gens));
			h.gens.nr = 1 + rnd(NM_MAX_GENS);
			h.gens.covered = rnd(h.gens.nr);
			for (j = 0; j < h.gens.nr; j++)
				rnd_bytes(h.gens.id[j], NM_GEN_LEN);
		}
		memset(&wire, 0xff, sizeof(wire));
		memset(&back, 0x5a, sizeof(back));
		nm_hello_encode(&h, &wire);
		assert_int_equal(nm_hello_decode(&wire, sizeof(wire), &back,
						 &why), 0);
		assert_int_equal(back.version, h.version);
		assert_int_equal(back.src_node, h.src_node);
		assert_int_equal(back.role, h.role);
		assert_int_equal(back.flags, h.flags);
		assert_memory_equal(back.uuid, h.uuid, NM_UUID_LEN);
		assert_true(back.features == h.features);
		assert_true(back.data_sectors == h.data_sectors);
		assert_true(back.room_sectors == h.room_sectors);
		assert_int_equal(back.region_shift, h.region_shift);
		assert_int_equal(back.zone_shift, h.zone_shift);
		assert_int_equal(back.split, h.split);
		assert_int_equal(back.intent, h.intent);
		assert_int_equal(back.timeout_ms, h.timeout_ms);
		assert_true(back.nr_dirty == h.nr_dirty);
		assert_true(back.alone_since == h.alone_since);
		assert_true(back.meetings == h.meetings);
		assert_same_gens(&back.gens, &h.gens);
	}
}

#define HELLO_REFUSED(len, change, word) do {				\
	struct nm_hello h_ = sample_hello(), back_;			\
	struct nm_wire_hello wire;					\
	const char *why_ = NULL;					\
	int err_;							\
									\
	nm_hello_encode(&h_, &wire);					\
	change;								\
	memset(&back_, 0x5a, sizeof(back_));				\
	err_ = nm_hello_decode(&wire, len, &back_, &why_);		\
	assert_refused(err_, why_, word, back_);			\
} while (0)

static void bad_hellos(void **state)
{
	const size_t len = sizeof(struct nm_wire_hello);

	(void)state;
	HELLO_REFUSED(0, (void)wire, "version");
	HELLO_REFUSED(1, (void)wire, "version");
	HELLO_REFUSED(2, (void)wire, "length");
	HELLO_REFUSED(len - 1, (void)wire, "length");
	HELLO_REFUSED(len + 1, (void)wire, "length");
	HELLO_REFUSED(len, wire.src_node = 2, "node id");
	HELLO_REFUSED(len, wire.role = 2, "role");
	HELLO_REFUSED(len, wire.flags = cpu_to_le32(NM_SBF_ALL + 1), "flag");
	HELLO_REFUSED(len, wire.timeout_ms = cpu_to_le16(99), "timeout");
	HELLO_REFUSED(len, wire.timeout_ms = cpu_to_le16(60001), "timeout");
	HELLO_REFUSED(len, wire.split = NM_NR_SPLITS, "rule");
	HELLO_REFUSED(len, wire.split = 255, "rule");
	HELLO_REFUSED(len, wire.intent = NM_HELLO_ALL + 1, "intent");
	HELLO_REFUSED(len, wire.intent = 0x81, "intent");
	HELLO_REFUSED(len, wire.data_sectors = 0, "size");
	HELLO_REFUSED(len, wire.data_sectors = cpu_to_le64(~0ULL), "size");
	HELLO_REFUSED(len, wire.region_shift = 64, "region size");
	HELLO_REFUSED(len, wire.zone_shift = 64, "zone size");
	HELLO_REFUSED(len, wire.nr_dirty = cpu_to_le64(16385), "marks");
	HELLO_REFUSED(len, wire.nr_dirty = cpu_to_le64(1ULL << 32), "marks");
	HELLO_REFUSED(len, wire.nr_gens = 0, "generations");
	HELLO_REFUSED(len, wire.nr_gens = NM_MAX_GENS + 1, "generations");
	HELLO_REFUSED(len, wire.nr_gens = 1; wire.nr_covered = 0, "behind");
	HELLO_REFUSED(len, wire.nr_gens = 3, "empty");
	HELLO_REFUSED(len, wire.nr_covered = 2, "covered");
	HELLO_REFUSED(len, memcpy(wire.gens[1], wire.gens[0], NM_GEN_LEN),
		      "twice");
	HELLO_REFUSED(len, wire.gens[63][15] = 1, "behind");
}

/* Where the fields stand, byte by byte: a change is a change of the format. */
static void a_hello_on_the_wire(void **state)
{
	struct nm_hello h = sample_hello();
	struct nm_wire_hello wire;
	const u8 *byte = (const u8 *)&wire;

	(void)state;
	nm_hello_encode(&h, &wire);
	assert_int_equal(sizeof(wire), 1104);
	assert_int_equal(byte[52], 5);
	assert_int_equal(byte[53], 1);
	assert_int_equal(byte[54], 0xf4);
	assert_int_equal(byte[55], 0x01);
	assert_int_equal(byte[57], 0x40);
	assert_int_equal(byte[64], 0x88);
	assert_int_equal(byte[71], 0x11);
	assert_int_equal(byte[72], 0x99);
	assert_int_equal(byte[79], 0x22);
	assert_int_equal(byte[80], 'B');
	assert_int_equal(byte[96], 'A');
}

/* Its fields may mean anything: the version is enough to refuse it by name. */
static void a_hello_of_another_version(void **state)
{
	struct nm_wire_hello wire;
	struct nm_hello back, ours = sample_hello();
	const char *why;

	(void)state;
	memset(&wire, 0xff, sizeof(wire));
	wire.version = cpu_to_le16(NM_WIRE_VERSION + 1);
	memset(&back, 0x5a, sizeof(back));
	assert_int_equal(nm_hello_decode(&wire, 2, &back, &why), 0);
	assert_int_equal(back.version, NM_WIRE_VERSION + 1);
	back.version = 0;
	back.gens.nr--;
	assert_true(untouched(&back, 0, sizeof(back)));
	assert_int_equal(nm_hello_decode(&wire, sizeof(wire), &back, &why), 0);
	assert_int_equal(nm_decide(&ours, &back).refusal, NM_REFUSE_VERSION);
	assert_int_equal(nm_decide(&back, &ours).refusal, NM_REFUSE_VERSION);
}

static void assert_hello_in_bounds(const void *buf, size_t len)
{
	const char *why = NULL;
	struct nm_hello h;

	memset(&h, 0x5a, sizeof(h));
	if (nm_hello_decode(buf, len, &h, &why)) {
		assert_refused(-EPROTO, why, "", h);
		return;
	}
	assert_true(h.role <= NM_PRIMARY && h.src_node < NM_NR_NODES);
	assert_int_equal(h.flags & ~NM_SBF_ALL, 0);
	assert_true(h.split < NM_NR_SPLITS);
	assert_int_equal(h.intent & ~NM_HELLO_ALL, 0);
	assert_in_range(h.gens.nr, 1, NM_MAX_GENS);
	assert_true(h.gens.covered < h.gens.nr);
	if (h.version == NM_WIRE_VERSION)
		assert_true(h.nr_dirty <= NM_MAX_REGIONS && h.data_sectors);
}

/* --- a history ---------------------------------------------------------- */

static void a_history_comes_back(void **state)
{
	struct nm_wire_gens wire;
	struct nm_gens g, back;
	const char *why;
	int nr, i;

	(void)state;
	for (nr = 1; nr <= NM_MAX_GENS; nr++) {
		memset(&g, 0, sizeof(g));
		g.nr = nr;
		for (i = 0; i < nr; i++)
			rnd_bytes(g.id[i], NM_GEN_LEN);
		memset(&wire, 0xff, sizeof(wire));
		memset(&back, 0x5a, sizeof(back));
		/* what the source covers is its own affair */
		g.covered = nr - 1;
		nm_gens_encode(&g, &wire);
		g.covered = 0;
		assert_int_equal(nm_gens_decode(&wire, sizeof(wire), &back,
						&why), 0);
		assert_same_gens(&g, &back);
	}
}

#define GENS_REFUSED(len, change, word) do {				\
	struct nm_hello h_ = sample_hello();				\
	struct nm_wire_gens wire;					\
	struct nm_gens back_;						\
	const char *why_ = NULL;					\
	int err_;							\
									\
	nm_gens_encode(&h_.gens, &wire);				\
	change;								\
	memset(&back_, 0x5a, sizeof(back_));				\
	err_ = nm_gens_decode(&wire, len, &back_, &why_);		\
	assert_refused(err_, why_, word, back_);			\
} while (0)

static void bad_histories(void **state)
{
	const size_t len = sizeof(struct nm_wire_gens);

	(void)state;
	GENS_REFUSED(0, (void)wire, "length");
	GENS_REFUSED(len - 1, (void)wire, "length");
	GENS_REFUSED(len + 1, (void)wire, "length");
	GENS_REFUSED(len, wire.pad[0] = 1, "reserved");
	GENS_REFUSED(len, wire.pad[6] = 1, "reserved");
	GENS_REFUSED(len, wire.nr_gens = 0, "generations");
	GENS_REFUSED(len, wire.nr_gens = 255, "generations");
	GENS_REFUSED(len, wire.nr_gens = 3, "empty");
	GENS_REFUSED(len, wire.nr_gens = 1, "behind");
}

/* --- private data of the connection manager ----------------------------- */

static struct nm_cm_req sample_cm_req(void)
{
	struct nm_cm_req r = {
		.version = NM_WIRE_VERSION, .channel = 3, .nr_channels = 2,
		.src_node = 1, .dst_node = 0, .uuid = "the mirror's own",
		.session = 0x1122334455667788, .depth = 0xabcd,
		.flags = NM_CMF_AUTH, .max_inline = NM_MAX_INLINE,
		.token = "a token, it is.",
	};

	return r;
}

static void connection_requests_come_back(void **state)
{
	struct nm_cm_req r = sample_cm_req(), back;
	u8 padded[97];	/* at an odd address, and padded to what IB gives */
	struct nm_wire_cm_req wire;
	const char *why;

	(void)state;
	memset(&wire, 0xff, sizeof(wire));
	nm_cm_req_encode(&r, &wire);
	memset(padded, 0, sizeof(padded));
	memcpy(padded + 1, &wire, sizeof(wire));
	memset(&back, 0x5a, sizeof(back));
	assert_int_equal(nm_cm_req_decode(padded + 1, 96, &back, &why), 0);
	assert_int_equal(back.version, r.version);
	assert_int_equal(back.channel, r.channel);
	assert_int_equal(back.nr_channels, r.nr_channels);
	assert_int_equal(back.src_node, r.src_node);
	assert_int_equal(back.dst_node, r.dst_node);
	assert_memory_equal(back.uuid, r.uuid, NM_UUID_LEN);
	assert_true(back.session == r.session);
	assert_int_equal(back.depth, r.depth);
	assert_int_equal(back.flags, r.flags);
	assert_int_equal(back.max_inline, r.max_inline);
	assert_memory_equal(back.token, r.token, NM_TOKEN_LEN);
	assert_int_equal(nm_cm_req_decode(&wire, sizeof(wire), &back, &why), 0);

	/* and from the other node */
	r.src_node = 0;
	r.dst_node = 1;
	nm_cm_req_encode(&r, &wire);
	assert_int_equal(nm_cm_req_decode(&wire, sizeof(wire), &back, &why), 0);
	assert_int_equal(back.src_node, 0);
	assert_int_equal(back.dst_node, 1);

	memset(&wire, 0xff, sizeof(wire));
	wire.magic = cpu_to_le16(NM_WIRE_MAGIC);
	wire.version = cpu_to_le16(99);
	assert_int_equal(nm_cm_req_decode(&wire, sizeof(wire), &back, &why), 0);
	assert_int_equal(back.version, 99);
	back.version = 0;
	assert_true(untouched(&back, 0, sizeof(back)));
}

#define CM_REFUSED(kind, sample, len, change, word) do {		\
	struct nm_cm_##kind r_ = sample, back_;				\
	struct nm_wire_cm_##kind wire;					\
	const char *why_ = NULL;					\
	int err_;							\
									\
	nm_cm_##kind##_encode(&r_, &wire);				\
	change;								\
	memset(&back_, 0x5a, sizeof(back_));				\
	err_ = nm_cm_##kind##_decode(&wire, len, &back_, &why_);	\
	if (*(word))							\
		assert_refused(err_, why_, word, back_);		\
	else								\
		assert_int_equal(err_, 0);				\
} while (0)
#define REQ(len, change, word) \
	CM_REFUSED(req, sample_cm_req(), len, change, word)
#define NO_TOKEN memset(wire.token, 0, sizeof(wire.token))

static void bad_connection_requests(void **state)
{
	(void)state;
	REQ(0, (void)wire, "short");
	REQ(55, (void)wire, "short");
	REQ(56, wire.magic = 0, "protocol");
	REQ(56, wire.nr_channels = 0, "channel");
	REQ(56, wire.channel = 4, "channel");
	REQ(56, NO_TOKEN; wire.channel = NM_CH_CONTROL, "");
	REQ(56, wire.channel = 255; wire.nr_channels = 253, "channel");
	REQ(56, wire.channel = 255; wire.nr_channels = 254, "");
	REQ(56, wire.src_node = 2, "node ids");
	REQ(56, wire.dst_node = 2, "node ids");
	REQ(56, wire.dst_node = 1, "node ids");
	REQ(56, wire.max_inline = cpu_to_le32(NM_MAX_INLINE + 1), "inline");
	REQ(56, wire.max_inline = 0, "");
	REQ(56, wire.flags = cpu_to_le16(2), "flag");
	REQ(56, wire.flags = cpu_to_le16(0xffff), "flag");
	/* a token where there is nothing to prove, or nothing to prove it by */
	REQ(56, wire.flags = 0, "token");
	REQ(56, wire.channel = NM_CH_CONTROL, "token");
	REQ(56, NO_TOKEN; wire.token[15] = 1; wire.flags = 0, "token");
	REQ(56, NO_TOKEN; wire.flags = 0, "");
	REQ(56, NO_TOKEN, "");
}

static struct nm_cm_rep sample_cm_rep(void)
{
	struct nm_cm_rep r = {
		.version = NM_WIRE_VERSION, .refusal = NM_REFUSE_BUSY,
		.depth = 0xabcd, .max_inline = 4096,
	};

	return r;
}

#define REP(len, change, word) \
	CM_REFUSED(rep, sample_cm_rep(), len, change, word)

static void connection_replies(void **state)
{
	struct nm_cm_rep r = sample_cm_rep(), back;
	struct nm_wire_cm_rep wire;
	const char *why;
	u8 padded[197];

	(void)state;
	memset(&wire, 0xff, sizeof(wire));
	nm_cm_rep_encode(&r, &wire);
	memset(padded, 0, sizeof(padded));
	memcpy(padded + 1, &wire, sizeof(wire));
	memset(&back, 0x5a, sizeof(back));
	assert_int_equal(nm_cm_rep_decode(padded + 1, 196, &back, &why), 0);
	assert_int_equal(back.version, r.version);
	assert_int_equal(back.refusal, r.refusal);
	assert_int_equal(back.depth, r.depth);
	assert_int_equal(back.max_inline, r.max_inline);

	wire.version = cpu_to_le16(99);
	wire.refusal = cpu_to_le16(0xffff);
	assert_int_equal(nm_cm_rep_decode(&wire, sizeof(wire), &back, &why), 0);
	assert_int_equal(back.version, 99);
	assert_int_equal(back.refusal, NM_REFUSE_VERSION);
	assert_int_equal(back.depth, 0);
	assert_int_equal(back.max_inline, 0);

	REP(0, (void)wire, "short");
	REP(15, (void)wire, "short");
	REP(16, wire.magic = 0, "protocol");
	REP(16, wire.refusal = cpu_to_le16(NM_REFUSE_MAX + 1), "unknown reason");
	REP(16, wire.refusal = cpu_to_le16(NM_REFUSE_MAX), "");
	REP(16, wire.max_inline = cpu_to_le32(NM_MAX_INLINE + 1), "inline");
	REP(16, wire.max_inline = cpu_to_le32(NM_MAX_INLINE), "");
	REP(16, wire.pad0 = cpu_to_le32(1), "reserved");
}

/* --- garbage ------------------------------------------------------------ */

/* On the heap and of the exact size, so that an over-read is seen. */
static void try_exactly(const void *from, size_t len)
{
	u8 *buf = malloc(len ? len : 1);
	struct nm_cm_req req;
	struct nm_cm_rep rep;
	struct nm_gens g;
	const char *why;

	memcpy(buf, from, len);
	assert_ctl_in_bounds(buf, len);
	assert_hello_in_bounds(buf, len);
	if (!nm_gens_decode(buf, len, &g, &why))
		assert_in_range(g.nr, 1, NM_MAX_GENS);
	if (!nm_cm_req_decode(buf, len, &req, &why) &&
	    req.version == NM_WIRE_VERSION)
		assert_int_not_equal(req.src_node, req.dst_node);
	if (!nm_cm_rep_decode(buf, len, &rep, &why))
		assert_true(rep.refusal <= NM_REFUSE_MAX &&
			    rep.max_inline <= NM_MAX_INLINE);
	free(buf);
}

static void garbage(void **state)
{
	u8 buf[1200] __attribute__((aligned(8)));
	struct nm_wire_hdr *hdr = (void *)buf;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		size_t len = rnd(4) ? rnd(80) : rnd(sizeof(buf));

		rnd_bytes(buf, sizeof(buf));
		if (rnd(2))
			memset(buf + 24, 0, 40);
		if (rnd(4)) {
			hdr->magic = cpu_to_le16(NM_WIRE_MAGIC);
			hdr->op = cpu_to_le16(NM_OP_HELLO + rnd(15));
			hdr->flags = 0;
			hdr->tag = 0;
			hdr->len = cpu_to_le32(len - 64);
		}
		try_exactly(buf, len);
	}
}

static void flipped_bits(void **state)
{
	static const size_t len[] = { 1088, 1032, 56, 16, 64 + 1088 };
	struct nm_hello h = sample_hello();
	struct nm_cm_req req = sample_cm_req();
	struct nm_cm_rep rep = sample_cm_rep();
	u8 buf[5][1200] __attribute__((aligned(8)));
	size_t i, bit;

	(void)state;
	memset(buf, 0, sizeof(buf));
	nm_hello_encode(&h, (void *)buf[0]);
	nm_gens_encode(&h.gens, (void *)buf[1]);
	nm_cm_req_encode(&req, (void *)buf[2]);
	nm_cm_rep_encode(&rep, (void *)buf[3]);
	nm_ctl_encode(NM_OP_HELLO, 1, buf[0], 1088, buf[4]);
	for (i = 0; i < ARRAY_SIZE(len); i++)
		for (bit = 0; bit < 8 * len[i]; bit++) {
			buf[i][bit / 8] ^= 1U << bit % 8;
			try_exactly(buf[i], len[i]);
			buf[i][bit / 8] ^= 1U << bit % 8;
			if (bit % 8 == 0)
				try_exactly(buf[i], bit / 8);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_messages_of_every_length),
		cmocka_unit_test(control_codes),
		cmocka_unit_test(a_payload_may_stand_in_its_place),
		cmocka_unit_test(reserved_bytes_of_a_control_message),
		cmocka_unit_test(a_hello_comes_back),
		cmocka_unit_test(a_hello_on_the_wire),
		cmocka_unit_test(bad_hellos),
		cmocka_unit_test(a_hello_of_another_version),
		cmocka_unit_test(a_history_comes_back),
		cmocka_unit_test(bad_histories),
		cmocka_unit_test(connection_requests_come_back),
		cmocka_unit_test(bad_connection_requests),
		cmocka_unit_test(connection_replies),
		cmocka_unit_test(garbage),
		cmocka_unit_test(flipped_bits),
	};

	return run_group(tests);
}
