// SPDX-License-Identifier: GPL-2.0-only
/*
 * seeds DIR: write the seeds of the binary fuzzers below DIR, one directory a
 * fuzzer, from valid encodings.  Their names begin with "made-"; the seeds that are
 * not made here have other names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "inputs.h"
#include "marks.h"
#include "msg.h"
#include "sb.h"

static const char *top;

static FILE *seed(const char *fuzzer, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, fuzzer);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/made-%s", top, fuzzer, name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void put(FILE *f, const void *data, size_t len)
{
	if (fwrite(data, 1, len, f) != len || fclose(f)) {
		perror("seeds");
		exit(1);
	}
}

/* Without the zeroes at the end, which the fuzzers add. */
static size_t trimmed(const void *data, size_t len)
{
	const u8 *p = data;

	while (len && !p[len - 1])
		len--;
	return len;
}

static void fill_gens(struct nm_gens *g, const char *letters, u8 covered)
{
	nm_gens_init(g);
	for (g->nr = 0; *letters; letters++)
		memset(g->id[g->nr++], *letters, NM_GEN_LEN);
	if (!g->nr)
		g->nr = 1;
	g->covered = covered;
}

/* --- wire ----------------------------------------------------------------- */

static void wire(const char *name, struct fuzz_wire_in in, const void *data,
		 size_t len)
{
	FILE *f = seed("wire", name);

	fwrite(&in, 1, sizeof(in), f);
	put(f, data, len);
}

static void requests(void)
{
	static const struct {
		const char *name;
		struct nm_msg msg;
	} list[] = {
		{ "read", { NM_OP_READ, 0, 0, 7, 1, 4096, 8, 0x1000, 2 } },
		{ "read-resync", { NM_OP_READ, NM_WF_RESYNC, 0, 7, 1, 65536, 0,
				   0x1000, 2 } },
		{ "write", { NM_OP_WRITE, NM_WF_FUA, 3, 7, 2, 1 << 20, 0,
			     0x100000, 9 } },
		{ "write-inline", { NM_OP_WRITE, NM_WF_INLINE, 0, 7, 3, 512,
				    2047, 0, 0 } },
		{ "flush", { NM_OP_FLUSH, 0, 0, 7, 4, 0, 0, 0, 0 } },
		{ "discard", { NM_OP_DISCARD, 0, 0, 7, 5, 1 << 20, 0, 0, 0 } },
		{ "zeroes", { NM_OP_WRITE_ZEROES, NM_WF_NOUNMAP, 0, 7, 6, 4096,
			      16, 0, 0 } },
	};
	struct nm_wire_hdr hdr;
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		const struct nm_msg *msg = &list[i].msg;
		struct fuzz_wire_in in = { .what = FUZZ_REQUEST,
					   .size = cpu_to_le32(2048) };

		if (msg->flags & NM_WF_INLINE)
			in.payload = cpu_to_le16(msg->len);
		nm_request_encode(msg, &hdr);
		snprintf(name, sizeof(name), "request-%s", list[i].name);
		wire(name, in, &hdr, sizeof(hdr));
	}
}

static void responses(void)
{
	struct nm_rsp rsp = { .nr = 1, .credits = 5, .session = 7,
			      .entry = { { 1, NM_ST_OK }, { 2, NM_ST_IOERR },
					 { 3, NM_ST_NOSPC },
					 { 4, NM_ST_REFUSED } } };
	struct fuzz_wire_in in = { .what = FUZZ_RESPONSE };
	struct nm_wire_rsp disk;

	nm_rsp_encode(&rsp, &disk);
	wire("response-1", in, &disk, sizeof(disk));
	rsp.nr = NM_RSP_ENTRIES;
	nm_rsp_encode(&rsp, &disk);
	wire("response-4", in, &disk, sizeof(disk));
}

static void control(const char *name, u16 op, const void *payload, u32 len)
{
	static u64 buf[(NM_WIRE_HDR_LEN + NM_CTL_MAX_PAYLOAD) / sizeof(u64)];
	struct fuzz_wire_in in = { .what = FUZZ_CONTROL,
				   .size = cpu_to_le32(4096) };
	char full[64];

	snprintf(full, sizeof(full), "control-%s", name);
	wire(full, in, buf, nm_ctl_encode(op, 7, payload, len, buf));
}

/* Each payload on its own, and in its control message. */
static void payloads(void)
{
	struct fuzz_wire_in in = { .size = cpu_to_le32(4096) };
	static unsigned long map[4096 / 8 / sizeof(long)];
	u8 code = NM_V_TO_PEER, refusal = NM_REFUSE_BUSY, role = NM_PRIMARY;
	u8 random[NM_NONCE_LEN] = "not random at all", buf[512];
	struct nm_hello h = {
		.version = NM_WIRE_VERSION, .src_node = 1,
		.role = NM_PRIMARY, .flags = NM_SBF_CONSISTENT,
		.uuid = "of the mirror", .data_sectors = 1 << 20,
		.room_sectors = 1 << 21, .region_shift = 7, .zone_shift = 15,
		.split = NM_SPLIT_LEAST_CHANGES, .nr_dirty = 3,
		.alone_since = 1700000000,
	};
	struct nm_wire_hello hello;
	struct nm_wire_gens gens;
	size_t len, i;
	u64 next;

	fill_gens(&h.gens, "DCBA", 2);
	nm_hello_encode(&h, &hello);
	in.what = FUZZ_HELLO;
	wire("hello", in, &hello, sizeof(hello));
	control("hello", NM_OP_HELLO, &hello, sizeof(hello));
	hello.nr_covered = hello.nr_gens;
	wire("hello-covers-too-much", in, &hello, sizeof(hello));
	h.intent = NM_HELLO_DISCARD;
	nm_hello_encode(&h, &hello);
	wire("hello-gives-up", in, &hello, sizeof(hello));
	hello.intent++;
	wire("hello-unknown-intent", in, &hello, sizeof(hello));
	h.intent = 0;
	h.split = NM_NR_SPLITS;
	nm_hello_encode(&h, &hello);
	wire("hello-unknown-rule", in, &hello, sizeof(hello));
	h.split = NM_SPLIT_NONE;
	h.version++;
	nm_hello_encode(&h, &hello);
	wire("hello-foreign", in, &hello, 64);

	nm_gens_encode(&h.gens, &gens);
	in.what = FUZZ_GENS;
	wire("gens", in, &gens, sizeof(gens));
	control("sync-done", NM_OP_SYNC_DONE, &gens, sizeof(gens));

	/* As many as there can be. */
	h.version = NM_WIRE_VERSION;
	for (h.gens.nr = 0; h.gens.nr < NM_MAX_GENS; h.gens.nr++)
		memset(h.gens.id[h.gens.nr], h.gens.nr + 1, NM_GEN_LEN);
	nm_hello_encode(&h, &hello);
	in.what = FUZZ_HELLO;
	wire("hello-full", in, &hello, sizeof(hello));
	hello.nr_gens++;
	wire("hello-overfull", in, &hello, sizeof(hello));
	nm_gens_encode(&h.gens, &gens);
	in.what = FUZZ_GENS;
	wire("gens-full", in, &gens, sizeof(gens));
	gens.nr_gens++;
	wire("gens-overfull", in, &gens, sizeof(gens));

	in.what = FUZZ_MARKS;
	in.option = 1;
	len = nm_marks_encode(map, 4096, 0, buf, sizeof(buf), &next);
	wire("marks-none", in, buf, len);
	for (i = 0; i < 4096; i += 1 + i / 3)
		__set_bit(i, map);
	len = nm_marks_encode(map, 4096, 0, buf, sizeof(buf), &next);
	wire("marks-some", in, buf, len);
	control("marks", NM_OP_MARKS, buf, len);
	len = nm_marks_encode(map, 4096, 1000, buf, 32, &next);
	wire("marks-piece", in, buf, len);
	control("synced", NM_OP_SYNCED, buf, len);
	memset(map, 0xff, sizeof(map));
	len = nm_marks_encode(map, 4096, 0, buf, sizeof(buf), &next);
	wire("marks-all", in, buf, len);

	control("ready", NM_OP_READY, &code, 1);
	control("role-ask", NM_OP_ROLE_ASK, NULL, 0);
	control("role-answer", NM_OP_ROLE_ANSWER, &refusal, 1);
	control("role-is", NM_OP_ROLE_IS, &role, 1);
	control("bye", NM_OP_BYE, &refusal, 1);
	control("ping", NM_OP_PING, NULL, 0);
	control("challenge", NM_OP_AUTH_CHALLENGE, random, NM_NONCE_LEN);
	control("proof", NM_OP_AUTH_PROOF, random, NM_PROOF_LEN);
	control("meeting", NM_OP_MEETING, random, sizeof(struct nm_wire_meeting));
}

static void connections(void)
{
	struct nm_cm_req req = {
		.version = NM_WIRE_VERSION, .channel = NM_CH_CONTROL,
		.nr_channels = 2, .src_node = 0, .dst_node = 1,
		.uuid = "of the mirror", .session = 7, .depth = 64,
		.flags = NM_CMF_AUTH, .max_inline = NM_MAX_INLINE,
	};
	struct nm_cm_rep rep = { .version = NM_WIRE_VERSION, .depth = 64,
				 .max_inline = NM_MAX_INLINE };
	struct fuzz_wire_in in = { .what = FUZZ_CM_REQ };
	struct nm_wire_cm_req wire_req;
	struct nm_wire_cm_rep wire_rep;

	nm_cm_req_encode(&req, &wire_req);
	wire("cm-req-control", in, &wire_req, sizeof(wire_req));
	req.channel = NM_CH_DATA + 1;
	memset(req.token, 0x77, sizeof(req.token));
	nm_cm_req_encode(&req, &wire_req);
	wire("cm-req-data", in, &wire_req, sizeof(wire_req));
	req.version++;
	nm_cm_req_encode(&req, &wire_req);
	wire("cm-req-foreign", in, &wire_req, sizeof(wire_req));

	in.what = FUZZ_CM_REP;
	nm_cm_rep_encode(&rep, &wire_rep);
	wire("cm-rep-accept", in, &wire_rep, sizeof(wire_rep));
	rep.refusal = NM_REFUSE_UUID;
	nm_cm_rep_encode(&rep, &wire_rep);
	wire("cm-rep-reject", in, &wire_rep, sizeof(wire_rep));
	rep.version++;
	nm_cm_rep_encode(&rep, &wire_rep);
	wire("cm-rep-foreign", in, &wire_rep, sizeof(wire_rep));
}

static void proofs(void)
{
	static const u8 events[] = { 0, 1 };
	struct fuzz_wire_in in = { .what = FUZZ_AUTH };

	wire("auth-0", in, events, sizeof(events));
	in.option = 1;
	wire("auth-1", in, events, sizeof(events));
}

/* --- metadata ------------------------------------------------------------- */

static void metadata(const char *name, struct fuzz_metadata_in in,
		     const void *data, size_t len, const void *more,
		     size_t more_len)
{
	FILE *f = seed("metadata", name);

	in.len_a = cpu_to_le16(len);
	fwrite(&in, 1, sizeof(in), f);
	fwrite(data, 1, len, f);
	put(f, more, more_len);
}

static void superblocks(void)
{
	static struct nm_sb_disk disk;
	struct fuzz_metadata_in in = { .what = FUZZ_SB,
				       .option = FUZZ_FIX_MAGIC | FUZZ_FIX_CRC |
						 FUZZ_LIKE_A };
	struct nm_sb sb = {
		.seq = 5, .uuid = "of the mirror", .node_id = 1,
		.region_shift = 7, .zone_shift = 15,
		.flags = NM_SBF_CONSISTENT | NM_SBF_PRIMARY,
		.alone_since = 1700000000,
	};
	const __le64 newer = cpu_to_le64(6);
	const __le32 other = cpu_to_le32(NM_SB_VERSION + 1);
	const __le32 right = cpu_to_le32(NM_SB_VERSION);
	struct nm_geometry g;
	const char *why;

	if (nm_geometry_fit(&g, 1 << 21, 0, 7, 15, false, &sb.data_offset,
			    &sb.max_mark_blocks, &why))
		exit(1);
	sb.data_sectors = g.data_sectors;
	sb.nr_mark_blocks = g.nr_mark_blocks;
	fill_gens(&sb.gens, "CBA", 1);
	nm_sb_encode(&sb, &disk);
	metadata("sb", in, &disk, trimmed(&disk, sizeof(disk)), NULL, 0);
	in.at_b = cpu_to_le16(offsetof(struct nm_sb_disk, seq));
	metadata("sb-newer-b", in, &disk, trimmed(&disk, sizeof(disk)), &newer,
		 sizeof(newer));
	in.at_b = cpu_to_le16(offsetof(struct nm_sb_disk, version));
	metadata("sb-foreign-b", in, &disk, trimmed(&disk, sizeof(disk)),
		 &other, sizeof(other));
	disk.version = other;
	metadata("sb-foreign-a", in, &disk, trimmed(&disk, sizeof(disk)),
		 &right, sizeof(right));
	disk.version = right;
	in.at_b = cpu_to_le16(offsetof(struct nm_sb_disk, uuid));
	metadata("sb-two-mirrors", in, &disk, trimmed(&disk, sizeof(disk)),
		 "another", 8);
	in.option |= FUZZ_NO_A;
	metadata("sb-only-b", in, &disk, trimmed(&disk, sizeof(disk)), NULL, 0);
	in.option = 0;
	metadata("sb-torn-b", in, &disk, trimmed(&disk, sizeof(disk)), NULL, 0);

	in.option = FUZZ_FIX_MAGIC | FUZZ_FIX_CRC | FUZZ_LIKE_A;
	sb.flags |= NM_SBF_EXTERNAL;
	sb.data_offset = 0;
	fill_gens(&sb.gens, "", 0);
	nm_sb_encode(&sb, &disk);
	metadata("sb-external", in, &disk, trimmed(&disk, sizeof(disk)), NULL,
		 0);
}

/* Geometries with the smallest and largest regions and zones. */
static void mark_blocks(void)
{
	static const struct {
		const char *name;
		u64 sectors;
		u8 region_shift, zone_shift;
		u32 index;
	} list[] = {
		{ "default", 1 << 20, 7, 15, 0 },
		{ "small-zones", 1 << 18, 3, 9, 1 },
		{ "large-zones", 1 << 18, 3, 16, 1 },
		{ "partial", (1 << 20) + 8, 11, 17, 0 },
		{ "huge", 1ULL << 41, 11, 20, 77 },
	};
	static struct nm_mark_disk disk;
	struct fuzz_metadata_in in = { .what = FUZZ_MARK_BLOCK };
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		in.size = cpu_to_le64(list[i].sectors);
		in.region_shift = list[i].region_shift;
		in.zone_shift = list[i].zone_shift;
		in.index = cpu_to_le32(list[i].index);
		in.option = FUZZ_FIX_MAGIC | FUZZ_FIX_CRC | FUZZ_FIX_PLACE;
		memset(&disk, 0, sizeof(disk));
		disk.bits[0] = 5;
		disk.bits[8] = 0xaa;
		disk.bits[70] = 0xff;
		snprintf(name, sizeof(name), "marks-%s", list[i].name);
		metadata(name, in, &disk, trimmed(&disk, sizeof(disk)), NULL,
			 0);
	}
	in.option = 0;
	metadata("marks-torn", in, &disk, trimmed(&disk, sizeof(disk)), NULL,
		 0);
}

static void fits(void)
{
	static const struct {
		const char *name;
		u64 leg, want;
		u8 option;
	} list[] = {
		{ "all", 1 << 21, 0, 0 },
		{ "some", 1 << 21, 1 << 20, 0 },
		{ "external", 1 << 20, 0, FUZZ_EXTERNAL },
		{ "too-small", 1 << 20, 1 << 20, 0 },
		{ "largest", ~0ULL, 1ULL << 38, 0 },
	};
	struct fuzz_metadata_in in = { .what = FUZZ_FIT, .region_shift = 7,
				       .zone_shift = 15 };
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		in.size = cpu_to_le64(list[i].leg);
		in.want = cpu_to_le64(list[i].want);
		in.option = list[i].option;
		snprintf(name, sizeof(name), "fit-%s", list[i].name);
		metadata(name, in, NULL, 0, NULL, 0);
	}
}

/* --- verdict -------------------------------------------------------------- */

static void verdicts(void)
{
	static const struct {
		const char *name, *a, *b;
		u8 covered_a, flags_b, dirty_a, role_a, version_b;
		u8 covered_b, split, intent_b;
	} list[] = {
		{ "in-sync", "BA", "BA", 0, 1, 0, 0, 0, 0, 0, 0 },
		{ "no-data", "", "", 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "new-leg", "BA", "", 0, 0, 0, 1, 0, 0, 0, 0 },
		{ "missed-writes", "CBA", "BA", 1, 1, 3, 1, 0, 0, 0, 0 },
		{ "rolled-back", "CBA", "A", 1, 1, 3, 1, 0, 0, 0, 0 },
		{ "in-flight", "BA", "BA", 0, 1, 3, 0, 0, 0, 0, 0 },
		{ "interrupted", "CBA", "CBA", 1, 0, 3, 1, 0, 0, 0, 0 },
		{ "stood-aside", "BA", "BA", 0, 1 | NM_SBF_OUTDATED, 3, 0, 0, 0,
		  0, 0 },
		{ "split-brain", "CBA", "DBA", 1, 1, 3, 0, 0, 0, 0, 0 },
		{ "split-younger", "CBA", "DBA", 1, 1, 3, 0, 0, 1,
		  NM_SPLIT_YOUNGER, 0 },
		{ "split-older", "CBA", "DBA", 1, 1, 3, 0, 0, 1,
		  NM_SPLIT_OLDER, 0 },
		{ "split-least", "CBA", "DBA", 1, 1, 3, 1, 0, 1,
		  NM_SPLIT_LEAST_CHANGES, 0 },
		{ "split-node-0", "CBA", "DBA", 1, 1, 3, 0, 0, 1,
		  NM_SPLIT_NODE_0, 0 },
		{ "split-primary", "CBA", "DBA", 1, 1, 3, 1, 0, 1,
		  NM_SPLIT_NODE_0, 0 },
		{ "split-node-1", "CBA", "DBA", 1, 1, 3, 1, 0, 0,
		  NM_SPLIT_NODE_1, 0 },
		{ "split-discard", "ECBA", "DBA", 2, 1, 3, 1, 0, 1,
		  NM_SPLIT_NONE, NM_HELLO_DISCARD },
		{ "split-crossed", "CAB", "DBA", 2, 1, 3, 1, 0, 2,
		  NM_SPLIT_NONE, NM_HELLO_DISCARD },
		{ "unrelated", "BA", "YX", 0, 1, 0, 0, 0, 0, 0, 0 },
		{ "contradiction", "BA", "AB", 0, 1, 0, 0, 0, 0, 0, 0 },
		{ "failed-leg", "BA", "BA", 0, 1 | NM_SBF_LEG_FAILED, 0, 0, 0, 0,
		  0, 0 },
		{ "foreign", "BA", "BA", 0, 1, 0, 0, 1, 0, 0, 0 },
	};
	struct fuzz_node_in in[2];
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		const char *letters[2] = { list[i].a, list[i].b };
		FILE *f = seed("verdict", list[i].name);

		memset(in, 0, sizeof(in));
		for (n = 0; n < 2; n++) {
			in[n].src_node = n;
			in[n].flags = n ? list[i].flags_b : NM_SBF_CONSISTENT;
			in[n].region_shift = NM_REGION_SHIFT_DEFAULT;
			in[n].zone_shift = NM_ZONE_SHIFT_DEFAULT;
			in[n].size = cpu_to_le16(1 << 14);
			in[n].room = cpu_to_le16(1 << 14);
			in[n].nr_gens = max(strlen(letters[n]), (size_t)1);
			in[n].split = list[i].split;
			in[n].alone_since = 7 + n;
		}
		in[0].nr_covered = list[i].covered_a;
		in[0].nr_dirty = list[i].dirty_a;
		in[0].role = list[i].role_a;
		in[1].version = list[i].version_b;
		in[1].nr_covered = list[i].covered_b;
		in[1].intent = list[i].intent_b;
		fwrite(in, 1, sizeof(in), f);
		fwrite(letters[0], 1, in[0].nr_gens, f);
		put(f, letters[1], in[1].nr_gens);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	top = argv[1];
	mkdir(top, 0777);
	requests();
	responses();
	payloads();
	connections();
	proofs();
	superblocks();
	mark_blocks();
	fits();
	verdicts();
	return 0;
}
