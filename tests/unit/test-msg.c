// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and responses.  I9: whatever a peer sends, a decoder either takes a message
 * all of whose fields are in bounds, or refuses it with a reason and touches
 * nothing.
 */
#include "unit.h"
#include "msg.h"

#define DATA_SECTORS	(1ULL << 21)

/* --- the header --------------------------------------------------------- */

static void every_op(void **state)
{
	struct nm_wire_hdr hdr = { .magic = cpu_to_le16(NM_WIRE_MAGIC) };
	const char *why;
	u32 op;

	(void)state;
	for (op = 0; op <= 0xffff; op++) {
		int is;

		hdr.op = cpu_to_le16(op);
		why = NULL;
		is = nm_msg_op(&hdr, sizeof(hdr), &why);
		if ((op >= 1 && op <= 5) || op == 16 || (op >= 32 && op <= 46)) {
			assert_int_equal(is, op);
		} else {
			assert_int_equal(is, -EPROTO);
			assert_sentence(why);
		}
	}
	hdr.op = cpu_to_le16(NM_OP_READ);
	assert_int_equal(nm_msg_op(&hdr, 63, &why), -EPROTO);
	assert_non_null(strstr(why, "shorter"));
	assert_int_equal(nm_msg_op(&hdr, 0, &why), -EPROTO);
	assert_int_equal(nm_msg_op(&hdr, 5000, &why), NM_OP_READ);
	hdr.magic = cpu_to_le16(NM_WIRE_MAGIC + 1);
	assert_int_equal(nm_msg_op(&hdr, 64, &why), -EPROTO);
	assert_non_null(strstr(why, "protocol"));
}

/* --- requests ----------------------------------------------------------- */

static struct nm_msg sample_request(u16 op)
{
	struct nm_msg msg = {
		.op = op,
		.credits = 0x1234,
		.session = 0x1122334455667788,
		.tag = 0xa1b2c3d4,
		.len = 4096,
		.sector = 0x12345,
	};

	if (op == NM_OP_FLUSH)
		msg.len = msg.sector = 0;
	if (op == NM_OP_READ || op == NM_OP_WRITE) {
		msg.addr = 0xfedcba9876543210;
		msg.rkey = 0x89abcdef;
	}
	return msg;
}

static int decode_hdr(const struct nm_wire_hdr *hdr, size_t payload,
		      struct nm_msg *back, const char **why)
{
	*why = NULL;
	memset(back, 0x5a, sizeof(*back));
	return nm_request_decode(hdr, sizeof(*hdr), payload, DATA_SECTORS,
				 back, why);
}

static int decode_request(const struct nm_msg *msg, size_t payload,
			  struct nm_msg *back, const char **why)
{
	struct nm_wire_hdr hdr;

	memset(&hdr, 0xff, sizeof(hdr));
	nm_request_encode(msg, &hdr);
	return decode_hdr(&hdr, payload, back, why);
}

static void assert_same_request(const struct nm_msg *a, const struct nm_msg *b)
{
	assert_int_equal(a->op, b->op);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->credits, b->credits);
	assert_true(a->session == b->session);
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->len, b->len);
	assert_true(a->sector == b->sector);
	assert_true(a->addr == b->addr);
	assert_int_equal(a->rkey, b->rkey);
}

static void accept_request(const struct nm_msg *msg, size_t payload)
{
	struct nm_msg back;
	const char *why;

	assert_int_equal(decode_request(msg, payload, &back, &why), 0);
	assert_same_request(msg, &back);
}

static void refuse_request(const struct nm_msg *msg, size_t payload,
			   const char *word)
{
	struct nm_msg back;
	const char *why;
	int err = decode_request(msg, payload, &back, &why);

	assert_refused(err, why, word, back);
}

static void requests_come_back_with_every_flag(void **state)
{
	static const u16 allowed[] = {
		[NM_OP_READ] = NM_WF_RESYNC,
		[NM_OP_WRITE] = NM_WF_FUA | NM_WF_RESYNC | NM_WF_INLINE,
		[NM_OP_FLUSH] = NM_WF_RESYNC,
		[NM_OP_DISCARD] = 0,
		[NM_OP_WRITE_ZEROES] = NM_WF_FUA | NM_WF_RESYNC | NM_WF_NOUNMAP,
	};
	u32 flags;
	u16 op;

	(void)state;
	for (op = NM_OP_READ; op <= NM_OP_WRITE_ZEROES; op++)
		for (flags = 0; flags <= 0xffff; flags++) {
			struct nm_msg msg = sample_request(op);
			size_t payload = 0;

			msg.flags = flags;
			if (flags & NM_WF_INLINE) {
				payload = msg.len;
				msg.addr = msg.rkey = 0;
			}
			if (flags & ~allowed[op])
				refuse_request(&msg, payload, "flag");
			else
				accept_request(&msg, payload);
		}
}

static void lengths_and_ranges(void **state)
{
	u16 op;

	(void)state;
	for (op = NM_OP_READ; op <= NM_OP_WRITE_ZEROES; op++) {
		struct nm_msg msg = sample_request(op);
		u32 max = op <= NM_OP_WRITE ? NM_MAX_IO : 1U << 31;
		struct nm_wire_hdr hdr;
		struct nm_msg back;
		const char *why;

		if (op == NM_OP_FLUSH) {
			msg.len = 512;
			refuse_request(&msg, 0, "flush");
			msg.len = 0;
			msg.sector = 8;
			refuse_request(&msg, 0, "flush");
			continue;
		}
		msg.len = 0;
		refuse_request(&msg, 0, "length");
		msg.len = 511;
		refuse_request(&msg, 0, "length");
		msg.len = 513;
		refuse_request(&msg, 0, "length");
		msg.len = 512;
		accept_request(&msg, 0);
		msg.sector = 0;
		msg.len = max + 512;
		refuse_request(&msg, 0, "length");
		msg.len = ~0U - 511;
		refuse_request(&msg, 0, "length");
		msg.len = max;
		if (max / 512 > DATA_SECTORS)
			refuse_request(&msg, 0, "beyond");
		else
			accept_request(&msg, 0);
		/* a mirror that is large enough for the longest one */
		nm_request_encode(&msg, &hdr);
		assert_int_equal(nm_request_decode(&hdr, sizeof(hdr), 0,
						   max / 512, &back, &why), 0);
		assert_int_equal(nm_request_decode(&hdr, sizeof(hdr), 0,
						   max / 512 - 1, &back, &why),
				 -EPROTO);
		/* the end of the mirror */
		msg.len = 1024;
		msg.sector = DATA_SECTORS - 2;
		accept_request(&msg, 0);
		msg.sector = DATA_SECTORS - 1;
		refuse_request(&msg, 0, "beyond");
		msg.sector = DATA_SECTORS;
		refuse_request(&msg, 0, "beyond");
		msg.sector = ~0ULL;
		refuse_request(&msg, 0, "beyond");
		msg.sector = ~0ULL - 1;
		refuse_request(&msg, 0, "beyond");
	}
}

static void payloads(void **state)
{
	struct nm_msg msg = sample_request(NM_OP_WRITE);
	u16 op;

	(void)state;
	msg.flags = NM_WF_INLINE;
	msg.addr = msg.rkey = 0;
	msg.len = NM_MAX_INLINE;
	accept_request(&msg, NM_MAX_INLINE);
	refuse_request(&msg, NM_MAX_INLINE - 1, "payload");
	refuse_request(&msg, NM_MAX_INLINE + 1, "payload");
	refuse_request(&msg, 0, "payload");
	refuse_request(&msg, (1ULL << 32) + NM_MAX_INLINE, "payload");
	msg.len += 512;
	refuse_request(&msg, msg.len, "inline");
	for (op = NM_OP_READ; op <= NM_OP_WRITE_ZEROES; op++) {
		msg = sample_request(op);
		refuse_request(&msg, 1, "payload");
		refuse_request(&msg, 4096, "payload");
	}
}

static void buffers_only_where_they_belong(void **state)
{
	struct nm_msg msg;
	u16 op;

	(void)state;
	for (op = NM_OP_READ; op <= NM_OP_WRITE_ZEROES; op++) {
		msg = sample_request(op);
		if (op == NM_OP_READ || op == NM_OP_WRITE) {
			msg.addr = msg.rkey = 0;
			accept_request(&msg, 0);
			continue;
		}
		msg.addr = 1ULL << 63;
		refuse_request(&msg, 0, "buffer");
		msg.addr = 0;
		msg.rkey = 1;
		refuse_request(&msg, 0, "buffer");
	}
	msg = sample_request(NM_OP_WRITE);
	msg.flags = NM_WF_INLINE;
	refuse_request(&msg, msg.len, "buffer");
	msg.addr = 0;
	refuse_request(&msg, msg.len, "buffer");
	msg.rkey = 0;
	accept_request(&msg, msg.len);
}

static void reserved_bytes_of_a_request(void **state)
{
	struct nm_msg msg = sample_request(NM_OP_READ), back;
	struct nm_wire_hdr hdr;
	const char *why;
	size_t i;
	int err;

	(void)state;
	nm_request_encode(&msg, &hdr);
	for (i = 0; i < sizeof(hdr.pad); i++) {
		hdr.pad[i] = 1;
		err = decode_hdr(&hdr, 0, &back, &why);
		assert_refused(err, why, "reserved", back);
		hdr.pad[i] = 0;
	}
	hdr.op = cpu_to_le16(NM_OP_RESPONSE);
	err = decode_hdr(&hdr, 0, &back, &why);
	assert_refused(err, why, "not a request", back);
	hdr.op = cpu_to_le16(NM_OP_PING);
	err = decode_hdr(&hdr, 0, &back, &why);
	assert_refused(err, why, "not a request", back);
	hdr.op = cpu_to_le16(NM_OP_READ);
	assert_int_equal(nm_request_decode(&hdr, 63, 0, DATA_SECTORS, &back,
					   &why), -EPROTO);
}

/* Either refused, or all that the header of msg.h promises. */
static void assert_request_in_bounds(const void *buf, size_t len,
				     size_t payload)
{
	const char *why = NULL;
	struct nm_msg msg;

	memset(&msg, 0x5a, sizeof(msg));
	if (nm_request_decode(buf, len, payload, DATA_SECTORS, &msg, &why)) {
		assert_refused(-EPROTO, why, "", msg);
		return;
	}
	assert_in_range(msg.op, NM_OP_READ, NM_OP_WRITE_ZEROES);
	assert_int_equal(msg.flags & ~NM_WF_ALL, 0);
	assert_int_equal(msg.len % 512, 0);
	assert_true(!msg.len == (msg.op == NM_OP_FLUSH));
	assert_true(msg.sector + msg.len / 512 <= DATA_SECTORS);
	if (msg.op <= NM_OP_WRITE)
		assert_true(msg.len <= NM_MAX_IO);
	if (msg.flags & NM_WF_INLINE) {
		assert_int_equal(msg.op, NM_OP_WRITE);
		assert_true(payload == msg.len && payload <= NM_MAX_INLINE);
	} else {
		assert_int_equal(payload, 0);
	}
}

/* --- responses ---------------------------------------------------------- */

static struct nm_rsp sample_rsp(u16 nr)
{
	struct nm_rsp rsp = {
		.nr = nr, .credits = 0xbeef, .session = 0x8877665544332211,
		.entry = { { 0xdeadbeef, NM_ST_OK }, { 2, NM_ST_IOERR },
			   { 3, NM_ST_REFUSED }, { 4, NM_ST_INVALID } },
	};

	return rsp;
}

static void responses_come_back(void **state)
{
	struct nm_wire_rsp wire;
	const char *why;
	u16 nr, i;

	(void)state;
	for (nr = 1; nr <= NM_RSP_ENTRIES; nr++) {
		struct nm_rsp rsp = sample_rsp(nr), back;

		memset(&wire, 0xff, sizeof(wire));
		memset(&back, 0x5a, sizeof(back));
		nm_rsp_encode(&rsp, &wire);
		assert_int_equal(nm_rsp_decode(&wire, sizeof(wire), &back,
					       &why), 0);
		assert_int_equal(back.nr, nr);
		assert_int_equal(back.credits, rsp.credits);
		assert_true(back.session == rsp.session);
		for (i = 0; i < NM_RSP_ENTRIES; i++) {
			assert_int_equal(back.entry[i].tag,
					 i < nr ? rsp.entry[i].tag : 0);
			assert_int_equal(back.entry[i].status,
					 i < nr ? rsp.entry[i].status : 0);
		}
	}
}

#define RSP_REFUSED(len, change, word) do {				\
	struct nm_rsp rsp_ = sample_rsp(3), back_;			\
	struct nm_wire_rsp wire;					\
	const char *why_ = NULL;					\
	int err_;							\
									\
	nm_rsp_encode(&rsp_, &wire);					\
	change;								\
	memset(&back_, 0x5a, sizeof(back_));				\
	err_ = nm_rsp_decode(&wire, len, &back_, &why_);		\
	assert_refused(err_, why_, word, back_);			\
} while (0)

static void bad_responses(void **state)
{
	(void)state;
	RSP_REFUSED(63, (void)wire, "shorter");
	RSP_REFUSED(65, (void)wire, "not a response");
	RSP_REFUSED(64, wire.op = cpu_to_le16(NM_OP_READ), "not a response");
	RSP_REFUSED(64, wire.magic = 0, "protocol");
	RSP_REFUSED(64, wire.nr = 0, "number");
	RSP_REFUSED(64, wire.nr = cpu_to_le16(NM_RSP_ENTRIES + 1), "number");
	RSP_REFUSED(64, wire.nr = cpu_to_le16(0xffff), "number");
	RSP_REFUSED(64, wire.nr = cpu_to_le16(2), "reserved");
	RSP_REFUSED(64, wire.entry[0].status = cpu_to_le32(NM_ST_MAX + 1),
		    "unknown result");
	RSP_REFUSED(64, wire.entry[2].status = cpu_to_le32(~0U),
		    "unknown result");
	RSP_REFUSED(64, wire.entry[3].tag = cpu_to_le32(1), "reserved");
	RSP_REFUSED(64, wire.entry[3].status = cpu_to_le32(1), "reserved");
	RSP_REFUSED(64, wire.pad[0] = 1, "reserved");
	RSP_REFUSED(64, wire.pad[15] = 1, "reserved");
}

static void assert_rsp_in_bounds(const void *buf, size_t len)
{
	const char *why = NULL;
	struct nm_rsp rsp;
	u16 i;

	memset(&rsp, 0x5a, sizeof(rsp));
	if (nm_rsp_decode(buf, len, &rsp, &why)) {
		assert_refused(-EPROTO, why, "", rsp);
		return;
	}
	assert_in_range(rsp.nr, 1, NM_RSP_ENTRIES);
	for (i = 0; i < NM_RSP_ENTRIES; i++)
		assert_true(rsp.entry[i].status <= NM_ST_MAX);
}

/* --- garbage ------------------------------------------------------------ */

/* On the heap and of the exact size, so that an over-read is seen. */
static void try_exactly(const void *from, size_t len)
{
	u8 *buf = malloc(len ? len : 1);

	memcpy(buf, from, len);
	assert_request_in_bounds(buf, len, 0);
	assert_request_in_bounds(buf, len, 4096);
	assert_rsp_in_bounds(buf, len);
	free(buf);
}

static void garbage(void **state)
{
	static const u16 ops[] = { 1, 2, 3, 4, 5, 16, 32 };
	u8 buf[80] __attribute__((aligned(8)));
	struct nm_wire_hdr *hdr = (void *)buf;
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		rnd_bytes(buf, sizeof(buf));
		if (rnd(2))
			memset(buf + 24, 0, sizeof(buf) - 24);
		if (rnd(4)) {
			hdr->magic = cpu_to_le16(NM_WIRE_MAGIC);
			hdr->op = cpu_to_le16(ops[rnd(ARRAY_SIZE(ops))]);
			hdr->flags = cpu_to_le16(rnd(16));
			hdr->len = cpu_to_le32(512 * rnd(9));
		}
		try_exactly(buf, rnd(3) ? 64 : rnd(sizeof(buf)));
	}
}

static void flipped_bits(void **state)
{
	struct nm_msg msg = sample_request(NM_OP_WRITE);
	struct nm_rsp rsp = sample_rsp(2);
	u8 buf[3][64] __attribute__((aligned(8)));
	size_t i, bit;

	(void)state;
	nm_request_encode(&msg, (void *)buf[0]);
	msg.flags = NM_WF_INLINE;
	msg.addr = msg.rkey = 0;
	nm_request_encode(&msg, (void *)buf[1]);
	nm_rsp_encode(&rsp, (void *)buf[2]);
	for (i = 0; i < 3; i++)
		for (bit = 0; bit < 8 * 64; bit++) {
			buf[i][bit / 8] ^= 1U << bit % 8;
			try_exactly(buf[i], 64);
			buf[i][bit / 8] ^= 1U << bit % 8;
			try_exactly(buf[i], bit / 8);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_op),
		cmocka_unit_test(requests_come_back_with_every_flag),
		cmocka_unit_test(lengths_and_ranges),
		cmocka_unit_test(payloads),
		cmocka_unit_test(buffers_only_where_they_belong),
		cmocka_unit_test(reserved_bytes_of_a_request),
		cmocka_unit_test(responses_come_back),
		cmocka_unit_test(bad_responses),
		cmocka_unit_test(garbage),
		cmocka_unit_test(flipped_bits),
	};

	return run_group(tests);
}
