// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that a peer can send.  A refusal touches nothing and says why (I9).
 * What is accepted keeps what the header promises, and since reserved bytes are
 * zero and a run-length code has one form only, it encodes to the same bytes.
 */
#include "auth.h"
#include "fuzz.h"
#include "inputs.h"
#include "msg.h"

enum {
	GOT_REQUEST, GOT_RESPONSE, GOT_CONTROL, GOT_HELLO, GOT_FOREIGN_HELLO,
	GOT_GENS, GOT_MARKS, GOT_CM_REQ, GOT_FOREIGN_CM_REQ, GOT_CM_REP,
	GOT_FOREIGN_CM_REP, GOT_AUTH,
};

const char *const fuzz_places[] = {
	[GOT_REQUEST]		= "a request is taken",
	[GOT_RESPONSE]		= "a response is taken",
	[GOT_CONTROL]		= "a control message is taken",
	[GOT_HELLO]		= "a HELLO is taken",
	[GOT_FOREIGN_HELLO]	= "a HELLO of another version is taken",
	[GOT_GENS]		= "a history is taken",
	[GOT_MARKS]		= "marks are taken",
	[GOT_CM_REQ]		= "a connection request is taken",
	[GOT_FOREIGN_CM_REQ]	= "a connection request of another version is taken",
	[GOT_CM_REP]		= "a connection reply is taken",
	[GOT_FOREIGN_CM_REP]	= "a connection reply of another version is taken",
	[GOT_AUTH]		= "a proof is taken",
	NULL
};

#define FILL(result)	memset(&(result), FUZZ_FILL, sizeof(result))
#define REFUSED(err, why, result)					\
	do {								\
		check((err) == -EPROTO);				\
		check(fuzz_sentence(why));				\
		check(fuzz_untouched(&(result), sizeof(result)));	\
	} while (0)

static bool zero(const void *p, size_t n)
{
	return !memchr_inv(p, 0, n);
}

/* --- data channel --------------------------------------------------------- */

static void request(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	u64 sectors = le32_to_cpu(in->size);
	u16 payload = le16_to_cpu(in->payload);
	struct nm_wire_hdr again;
	const char *why = NULL;
	struct nm_msg msg;
	int err;

	FILL(msg);
	err = nm_request_decode(buf, len, payload, sectors, &msg, &why);
	if (err) {
		REFUSED(err, why, msg);
		return;
	}
	if (msg.op == NM_OP_FLUSH) {
		check(!msg.sector && !msg.len);
	} else {
		check(msg.len && msg.len % 512 == 0);
		check(msg.sector + msg.len / 512 <= sectors);
	}
	check(payload == (msg.flags & NM_WF_INLINE ? msg.len : 0));
	check(payload <= NM_MAX_INLINE);
	if (msg.op != NM_OP_READ && msg.op != NM_OP_WRITE)
		check(!msg.addr && !msg.rkey);
	nm_request_encode(&msg, &again);
	check(!memcmp(&again, buf, sizeof(again)));
	fuzz_reached(GOT_REQUEST);
}

static void response(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_rsp again;
	const char *why = NULL;
	struct nm_rsp rsp;
	int err, i;

	(void)in;
	FILL(rsp);
	err = nm_rsp_decode(buf, len, &rsp, &why);
	if (err) {
		REFUSED(err, why, rsp);
		return;
	}
	check(rsp.nr && rsp.nr <= NM_RSP_ENTRIES);
	for (i = 0; i < rsp.nr; i++)
		check(rsp.entry[i].status <= NM_ST_MAX);
	nm_rsp_encode(&rsp, &again);
	check(!memcmp(&again, buf, sizeof(again)));
	fuzz_reached(GOT_RESPONSE);
}

/* --- what control messages carry ------------------------------------------ */

static void check_gens(const struct nm_gens *g)
{
	check(g->nr && g->nr <= NM_MAX_GENS && g->covered < g->nr);
	check(!nm_gens_check(g->id, g->nr, g->covered));
}

static void hello(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_hello again;
	const char *why = NULL;
	struct nm_hello h;
	int err;

	(void)in;
	FILL(h);
	err = nm_hello_decode(buf, len, &h, &why);
	if (err) {
		REFUSED(err, why, h);
		return;
	}
	if (h.version != NM_WIRE_VERSION) {
		check(!h.flags && !h.data_sectors && nm_gens_blank(&h.gens));
		fuzz_reached(GOT_FOREIGN_HELLO);
		return;
	}
	check(h.src_node < NM_NR_NODES && h.role <= NM_PRIMARY);
	check(h.split < NM_NR_SPLITS && !(h.intent & ~NM_HELLO_ALL));
	check_gens(&h.gens);
	nm_hello_encode(&h, &again);
	check(!memcmp(&again, buf, sizeof(again)));
	fuzz_reached(GOT_HELLO);
}

static void gens(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_gens again;
	const char *why = NULL;
	struct nm_gens g;
	int err;

	(void)in;
	FILL(g);
	err = nm_gens_decode(buf, len, &g, &why);
	if (err) {
		REFUSED(err, why, g);
		return;
	}
	check_gens(&g);
	nm_gens_encode(&g, &again);
	check(!memcmp(&again, buf, sizeof(again)));
	fuzz_reached(GOT_GENS);
}

/* Up to so many bits a map is made of the runs. */
#define MAX_MAP_BITS	(1U << 16)

struct runs {
	unsigned long map[MAX_MAP_BITS / 8 / sizeof(long)];
	u64 nr_bits, last;
	bool any;
};

static void one_run(void *arg, u64 first, u64 nr)
{
	struct runs *r = arg;

	check(nr && nr <= r->nr_bits && first <= r->nr_bits - nr);
	check(!r->any || first > r->last);	/* in order, and not adjacent */
	r->any = true;
	r->last = first + nr;
	if (r->nr_bits <= MAX_MAP_BITS)
		for (; nr; nr--, first++)
			__set_bit(first, r->map);
}

/* The same bits in pieces of @size bytes. */
static void marks_in_pieces(const struct runs *whole, u64 first, u64 end,
			    size_t size)
{
	static struct runs again;
	const char *why = NULL;
	u64 next, got;
	size_t len;
	u8 *piece;

	memset(&again, 0, sizeof(again));
	again.nr_bits = end;
	while (first < end) {
		piece = malloc(size);
		len = nm_marks_encode(whole->map, end, first, piece, size,
				      &next);
		check(len && len <= size && next > first);
		/* A run may go on in the next piece. */
		again.any = false;
		check(!nm_marks_decode(piece, len, end, one_run, &again, &got,
				       &why));
		check(got == next);
		first = next;
		free(piece);
	}
	check(first == end);
	check(!memcmp(again.map, whole->map, sizeof(again.map)));
}

static void marks(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_marks header;
	static struct runs runs;
	const char *why = NULL;
	u64 first, next, end;
	u8 *again;
	int err;

	if (in->option & 1 && len >= sizeof(header)) {
		memcpy(&header, buf, sizeof(header));
		header.len = cpu_to_le32(len - sizeof(header));
		memcpy(buf, &header, sizeof(header));
	}
	memset(&runs, 0, sizeof(runs));
	runs.nr_bits = le32_to_cpu(in->size);
	FILL(next);
	err = nm_marks_decode(buf, len, runs.nr_bits, one_run, &runs, &next,
			      &why);
	if (err) {
		REFUSED(err, why, next);
		check(!runs.any);
		return;
	}
	memcpy(&header, buf, sizeof(header));
	first = le64_to_cpu(header.first);
	end = next;
	check(end > first && end <= runs.nr_bits && runs.last <= end);
	if (runs.nr_bits <= MAX_MAP_BITS) {
		again = malloc(len);
		check(nm_marks_encode(runs.map, end, first, again, len,
				      &next) == len);
		check(next == end && !memcmp(again, buf, len));
		free(again);
		marks_in_pieces(&runs, first, end,
				22 + le16_to_cpu(in->payload) % 100);
	}
	fuzz_reached(GOT_MARKS);
}

/* --- control channel ------------------------------------------------------ */

static void payload(const struct fuzz_wire_in *in, const struct nm_msg *msg,
		    void *buf)
{
	const u8 *code = buf;

	switch (msg->op) {
	case NM_OP_READY:
		check(*code <= NM_V_REFUSE);
		break;
	case NM_OP_ROLE_IS:
		check(*code <= NM_PRIMARY);
		break;
	case NM_OP_ROLE_ANSWER:
	case NM_OP_BYE:
		check(*code <= NM_REFUSE_MAX);
		break;
	case NM_OP_HELLO:
		hello(in, buf, msg->len);
		break;
	case NM_OP_MARKS:
	case NM_OP_SYNCED:
		marks(in, buf, msg->len);
		break;
	case NM_OP_SYNC_DONE:
		gens(in, buf, msg->len);
		break;
	}
}

static void control(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_hdr *hdr = buf;
	const char *why = NULL;
	struct nm_msg msg;
	size_t again_len;
	u8 *again;
	int err;

	if (in->option & 1 && len >= NM_WIRE_HDR_LEN)
		hdr->len = cpu_to_le32(len - NM_WIRE_HDR_LEN);
	FILL(msg);
	err = nm_ctl_decode(buf, len, &msg, &why);
	if (err) {
		REFUSED(err, why, msg);
		return;
	}
	check(msg.len <= NM_CTL_MAX_PAYLOAD);
	check(msg.len + NM_WIRE_HDR_LEN == len);
	again = malloc(len);
	again_len = nm_ctl_encode(msg.op, msg.session,
				  (u8 *)buf + NM_WIRE_HDR_LEN, msg.len, again);
	/* The transport puts the credits in. */
	((struct nm_wire_hdr *)again)->credits = cpu_to_le16(msg.credits);
	check(again_len == len && !memcmp(again, buf, len));
	free(again);
	fuzz_reached(GOT_CONTROL);
	payload(in, &msg, (u8 *)buf + NM_WIRE_HDR_LEN);
}

/* --- connection manager --------------------------------------------------- */

static void cm_req(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_cm_req again;
	const char *why = NULL;
	struct nm_cm_req r;
	int err;

	(void)in;
	FILL(r);
	err = nm_cm_req_decode(buf, len, &r, &why);
	if (err) {
		REFUSED(err, why, r);
		return;
	}
	if (r.version != NM_WIRE_VERSION) {
		check(!r.session && zero(r.uuid, sizeof(r.uuid)));
		fuzz_reached(GOT_FOREIGN_CM_REQ);
		return;
	}
	check(r.src_node + r.dst_node == 1);
	check(r.channel < NM_CH_DATA + r.nr_channels);
	nm_cm_req_encode(&r, &again);
	check(!memcmp(&again, buf, sizeof(again)));
	fuzz_reached(GOT_CM_REQ);
}

static void cm_rep(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	struct nm_wire_cm_rep again;
	const char *why = NULL;
	struct nm_cm_rep r;
	int err;

	(void)in;
	FILL(r);
	err = nm_cm_rep_decode(buf, len, &r, &why);
	if (err) {
		REFUSED(err, why, r);
		return;
	}
	if (r.version != NM_WIRE_VERSION) {
		check(r.refusal == NM_REFUSE_VERSION);
		fuzz_reached(GOT_FOREIGN_CM_REP);
		return;
	}
	check(r.refusal <= NM_REFUSE_MAX);
	nm_cm_rep_encode(&r, &again);
	check(!memcmp(&again, buf, sizeof(again)));
	fuzz_reached(GOT_CM_REP);
}

/* --- the proof of the secret ---------------------------------------------- */

/* No order of events but the right one ends well, and nobody speaks twice. */
static void auth(const struct fuzz_wire_in *in, void *buf, size_t len)
{
	static const u8 uuid[NM_UUID_LEN] = { 1 }, nonce[NM_NONCE_LEN] = { 2 };
	struct nm_wire_auth_text proof[NM_NR_NODES], token;
	const u8 *event = buf;
	u8 node = in->option & 1;
	struct nm_auth a;
	bool right = true;
	size_t i;

	nm_auth_init(&a, node, uuid, le32_to_cpu(in->size), nonce);
	for (i = 0; i < len; i++) {
		enum nm_auth_event e = event[i] % NM_NR_AUTH_EVENTS;
		bool answers = nm_auth_step(&a, e);

		right = right && i < 2 && e == (i ? NM_AUTH_EV_PROOF :
						    NM_AUTH_EV_CHALLENGE);
		check(answers == (right && i == node));
		check(a.state == (!right ? NM_AUTH_FAILED : !i ?
				  NM_AUTH_EXPECTS_PROOF : NM_AUTH_DONE));
	}
	check(nm_auth_same(event, event + len / 2, len / 2) ==
	      !memcmp(event, event + len / 2, len / 2));
	if (a.state != NM_AUTH_DONE)
		return;
	nm_auth_proof_text(&a, 0, &proof[0]);
	nm_auth_proof_text(&a, 1, &proof[1]);
	nm_auth_token_text(&a, le16_to_cpu(in->payload), &token);
	check(memcmp(&proof[0], &proof[1], sizeof(token)));
	check(memcmp(&proof[0], &token, sizeof(token)));
	check(memcmp(&proof[1], &token, sizeof(token)));
	fuzz_reached(GOT_AUTH);
}

/* Buffers of the CM and of the marks need not be aligned. */
static const struct {
	void (*decode)(const struct fuzz_wire_in *in, void *buf, size_t len);
	size_t shift;
} decoders[FUZZ_NR_WIRE] = {
	[FUZZ_REQUEST]	= { request, 0 },
	[FUZZ_RESPONSE]	= { response, 0 },
	[FUZZ_CONTROL]	= { control, 0 },
	[FUZZ_HELLO]	= { hello, 0 },
	[FUZZ_GENS]	= { gens, 0 },
	[FUZZ_MARKS]	= { marks, 1 },
	[FUZZ_CM_REQ]	= { cm_req, 1 },
	[FUZZ_CM_REP]	= { cm_rep, 1 },
	[FUZZ_AUTH]	= { auth, 1 },
};

/* Each input in memory of its own size, so that a step beyond it is seen. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_wire_in in;
	size_t shift;
	u8 *mem;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	size -= sizeof(in);
	in.what %= FUZZ_NR_WIRE;
	shift = decoders[in.what].shift;
	mem = malloc(size + shift);
	memcpy(mem + shift, data + sizeof(in), size);
	decoders[in.what].decode(&in, mem + shift, size);
	free(mem);
	return 0;
}
