// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layouts of the disk and of the wire, checked by the compiler.  A change
 * here is a change of the format.
 */
#include "nm_env.h"
#include <netmirror/wire.h>

#define SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), #type)
#define AT(type, field, offset) \
	static_assert(offsetof(struct type, field) == (offset), #type "." #field)

static_assert(NM_BLOCK_SECTORS * 512 == NM_BLOCK_SIZE, "block size");
static_assert(sizeof(NM_SB_MAGIC) - 1 ==
	      sizeof(((struct nm_sb_disk *)NULL)->magic), "magic");

SIZE(nm_sb_disk, NM_BLOCK_SIZE);
AT(nm_sb_disk, magic, 0);
AT(nm_sb_disk, crc, 8);
AT(nm_sb_disk, version, 12);
AT(nm_sb_disk, seq, 16);
AT(nm_sb_disk, compat, 24);
AT(nm_sb_disk, ro_compat, 32);
AT(nm_sb_disk, incompat, 40);
AT(nm_sb_disk, uuid, 48);
AT(nm_sb_disk, node_id, 64);
AT(nm_sb_disk, region_shift, 65);
AT(nm_sb_disk, zone_shift, 66);
AT(nm_sb_disk, nr_gens, 67);
AT(nm_sb_disk, nr_covered, 68);
AT(nm_sb_disk, pad0, 69);
AT(nm_sb_disk, data_sectors, 72);
AT(nm_sb_disk, data_offset, 80);
AT(nm_sb_disk, nr_mark_blocks, 88);
AT(nm_sb_disk, max_mark_blocks, 92);
AT(nm_sb_disk, flags, 96);
AT(nm_sb_disk, pad1, 100);
AT(nm_sb_disk, alone_since, 104);
AT(nm_sb_disk, meetings, 112);
AT(nm_sb_disk, pad2, 120);
AT(nm_sb_disk, gens, 256);
AT(nm_sb_disk, pad3, 1280);

SIZE(nm_mark_disk, NM_BLOCK_SIZE);
AT(nm_mark_disk, magic, 0);
AT(nm_mark_disk, crc, 4);
AT(nm_mark_disk, uuid, 8);
AT(nm_mark_disk, seq, 24);
AT(nm_mark_disk, index, 32);
AT(nm_mark_disk, nr_zones, 36);
AT(nm_mark_disk, pad, 40);
AT(nm_mark_disk, bits, 64);

SIZE(nm_wire_hdr, NM_WIRE_HDR_LEN);
AT(nm_wire_hdr, magic, 0);
AT(nm_wire_hdr, op, 2);
AT(nm_wire_hdr, flags, 4);
AT(nm_wire_hdr, credits, 6);
AT(nm_wire_hdr, session, 8);
AT(nm_wire_hdr, tag, 16);
AT(nm_wire_hdr, len, 20);
AT(nm_wire_hdr, sector, 24);
AT(nm_wire_hdr, addr, 32);
AT(nm_wire_hdr, rkey, 40);
AT(nm_wire_hdr, pad, 44);

SIZE(nm_wire_rsp_entry, 8);
AT(nm_wire_rsp_entry, tag, 0);
AT(nm_wire_rsp_entry, status, 4);

SIZE(nm_wire_rsp, NM_WIRE_HDR_LEN);
AT(nm_wire_rsp, magic, 0);
AT(nm_wire_rsp, op, 2);
AT(nm_wire_rsp, nr, 4);
AT(nm_wire_rsp, credits, 6);
AT(nm_wire_rsp, session, 8);
AT(nm_wire_rsp, entry, 16);
AT(nm_wire_rsp, pad, 48);

SIZE(nm_wire_hello, 1104);
AT(nm_wire_hello, version, 0);
AT(nm_wire_hello, src_node, 2);
AT(nm_wire_hello, role, 3);
AT(nm_wire_hello, flags, 4);
AT(nm_wire_hello, uuid, 8);
AT(nm_wire_hello, features, 24);
AT(nm_wire_hello, data_sectors, 32);
AT(nm_wire_hello, room_sectors, 40);
AT(nm_wire_hello, region_shift, 48);
AT(nm_wire_hello, zone_shift, 49);
AT(nm_wire_hello, nr_gens, 50);
AT(nm_wire_hello, nr_covered, 51);
AT(nm_wire_hello, split, 52);
AT(nm_wire_hello, intent, 53);
AT(nm_wire_hello, timeout_ms, 54);
AT(nm_wire_hello, nr_dirty, 56);
AT(nm_wire_hello, alone_since, 64);
AT(nm_wire_hello, meetings, 72);
AT(nm_wire_hello, gens, 80);

SIZE(nm_wire_meeting, 8);
AT(nm_wire_meeting, meetings, 0);

SIZE(nm_wire_gens, 1032);
AT(nm_wire_gens, nr_gens, 0);
AT(nm_wire_gens, pad, 1);
AT(nm_wire_gens, gens, 8);

SIZE(nm_wire_marks, 16);
AT(nm_wire_marks, first, 0);
AT(nm_wire_marks, nr, 8);
AT(nm_wire_marks, len, 12);

SIZE(nm_wire_cm_req, 56);
AT(nm_wire_cm_req, magic, 0);
AT(nm_wire_cm_req, version, 2);
AT(nm_wire_cm_req, channel, 4);
AT(nm_wire_cm_req, nr_channels, 5);
AT(nm_wire_cm_req, src_node, 6);
AT(nm_wire_cm_req, dst_node, 7);
AT(nm_wire_cm_req, uuid, 8);
AT(nm_wire_cm_req, session, 24);
AT(nm_wire_cm_req, depth, 32);
AT(nm_wire_cm_req, flags, 34);
AT(nm_wire_cm_req, max_inline, 36);
AT(nm_wire_cm_req, token, 40);

SIZE(nm_wire_cm_rep, 16);
AT(nm_wire_cm_rep, magic, 0);
AT(nm_wire_cm_rep, version, 2);
AT(nm_wire_cm_rep, refusal, 4);
AT(nm_wire_cm_rep, depth, 6);
AT(nm_wire_cm_rep, max_inline, 8);
AT(nm_wire_cm_rep, pad0, 12);

SIZE(nm_wire_auth_text, 112);
AT(nm_wire_auth_text, label, 0);
AT(nm_wire_auth_text, version, 16);
AT(nm_wire_auth_text, prover, 18);
AT(nm_wire_auth_text, channel, 19);
AT(nm_wire_auth_text, pad0, 20);
AT(nm_wire_auth_text, session, 24);
AT(nm_wire_auth_text, uuid, 32);
AT(nm_wire_auth_text, nonce, 48);
static_assert(sizeof(NM_AUTH_LABEL_PROOF) == 16, "label");
static_assert(sizeof(NM_AUTH_LABEL_TOKEN) == 16, "label");

static_assert(sizeof(struct nm_wire_hello) <= NM_CTL_MAX_PAYLOAD, "hello");
static_assert(sizeof(struct nm_wire_gens) <= NM_CTL_MAX_PAYLOAD, "gens");
