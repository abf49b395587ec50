// SPDX-License-Identifier: GPL-2.0-only
#include <linux/list.h>

#include "app.h"
#include "bio.h"
#include "disk.h"
#include "history.h"
#include "mem.h"
#include "node.h"
#include "oracle.h"
#include "policy.h"
#include "wire.h"

struct app_io {
	struct list_head list;
	int node;
	struct app_request req;
	u64 issued;
	u64 at;			/* ns */
	u64 session;
	u64 id;
	u64 nr_roles;		/* changes of role seen when it was issued */
	u32 nr_lossy;		/* suspends so far */
	bool readable;		/* the node could do it when it was issued */
	bool served;		/* the peer alone could */
	u64 content[APP_MAX_BLOCKS];
	struct page pages[APP_MAX_BLOCKS];
	struct bio_vec bvec[APP_MAX_BLOCKS];
	struct bio bio;
};

static struct list_head inflight[SIM_NR_NODES];
static int nr_inflight[SIM_NR_NODES];
static u64 next_id;
static bool checking;

static const char *const op_names[] = {
	[APP_READ]	= "read",
	[APP_WRITE]	= "write",
	[APP_FLUSH]	= "flush",
	[APP_ZEROES]	= "write zeroes",
	[APP_DISCARD]	= "discard",
};

void app_reset(u32 nr_blocks)
{
	int i;

	hist_reset(nr_blocks);
	next_id = 1;
	checking = true;
	for (i = 0; i < SIM_NR_NODES; i++) {
		INIT_LIST_HEAD(&inflight[i]);
		nr_inflight[i] = 0;
	}
}

void app_check(bool check)
{
	checking = check;
}

int app_nr_inflight(int node)
{
	return nr_inflight[node];
}

u64 app_oldest(int node)
{
	if (list_empty(&inflight[node]))
		return sim_now;
	return list_first_entry(&inflight[node], struct app_io, list)->at;
}

static bool writes(enum app_op op)
{
	return op != APP_READ && op != APP_FLUSH;
}

static void forget(struct app_io *io, bool acked)
{
	u32 i;

	/* Without an id it was never issued. */
	if (writes(io->req.op) && io->id)
		for (i = 0; i < io->req.nr; i++)
			hist_end(io->req.first + i, io->id + i, acked,
				 io->req.fua);
	list_del(&io->list);
	nr_inflight[io->node]--;
}

void app_power_cut(int node)
{
	struct app_io *io, *next;

	list_for_each_entry_safe(io, next, &inflight[node], list) {
		forget(io, false);
		world_free(io);
	}
}

static void check_read(struct app_io *io)
{
	u32 i;

	for (i = 0; i < io->req.nr; i++) {
		u32 block = io->req.first + i;

		if (hist_may_see(block, io->content[i], io->issued))
			continue;
		if (sim_tracing)
			hist_show(block);
		sim_fail("I8: a read of block %u on node %c returns version %llu",
			 block, 'a' + io->node, io->content[i]);
	}
}

static void acked(struct app_io *io)
{
	struct app_result r = {
		.node = io->node, .op = io->req.op, .first = io->req.first,
		.nr = io->req.nr, .fua = io->req.fua, .issued = io->issued,
		.session = io->session, .id = io->id, .version = io->content,
	};

	if (!checking)
		return;
	policy_acked(&r);
	if (io->req.op == APP_READ)
		check_read(io);
	else
		oracle_acked(&r);
	if (io->req.preflush || io->req.op == APP_FLUSH)
		hist_flushed(io->issued);
}

/* A suspend with flush ends what must be held, or a part of it. */
static bool may_fail(const struct app_io *io)
{
	const struct mapped_device *md = node_device(io->node);

	return nodes_traits()->loss[io->node] == NM_LOSS_FENCE &&
	       (md->nr_lossy != io->nr_lossy ||
		(md->suspending && !md->noflush));
}

/* If it fails, what was not flushed before may be lost. */
static bool asks_for_flush(const struct app_request *req)
{
	return req->op == APP_FLUSH || req->preflush || req->fua;
}

static void io_done(struct bio *bio)
{
	struct app_io *io = container_of(bio, struct app_io, bio);
	bool ok = !bio->bi_status;

	/* A role is in force before everybody was told. */
	oracle_event(io->node);
	trace("%s %u+%u of version %llu ends: %u", op_names[io->req.op],
	      io->req.first, io->req.nr, io->content[0], bio->bi_status);
	if (ok && checking && io->nr_roles == oracle_nr_roles(io->node) &&
	    node_is_ready(io->node) && !node_is_primary(io->node))
		sim_fail("I5: I/O succeeds on a secondary");
	if (!ok && checking && io->readable && !may_fail(io) &&
	    oracle_has_good_leg(io->node) &&
	    io->nr_roles == oracle_nr_roles(io->node))
		sim_fail("a %s fails on node %c although its leg is good: status %u",
			 op_names[io->req.op], 'a' + io->node, bio->bi_status);
	if (!ok && checking && io->served && !may_fail(io) &&
	    oracle_peer_serves(io->node) && !asks_for_flush(&io->req))
		sim_fail("a %s fails on node %c although its peer has all the data: status %u",
			 op_names[io->req.op], 'a' + io->node, bio->bi_status);
	forget(io, ok);
	if (ok)
		acked(io);
	else if (checking && asks_for_flush(&io->req))
		hist_weaken(hist_clock());
	world_free(io);
}

static blk_opf_t opf(const struct app_request *req)
{
	blk_opf_t fua = req->fua ? REQ_FUA : 0;

	switch (req->op) {
	case APP_READ:
		return REQ_OP_READ;
	case APP_WRITE:
		return REQ_OP_WRITE | fua | (req->preflush ? REQ_PREFLUSH : 0);
	case APP_ZEROES:
		return REQ_OP_WRITE_ZEROES | fua;
	case APP_DISCARD:
		return REQ_OP_DISCARD;
	default:
		return REQ_OP_WRITE | REQ_PREFLUSH;
	}
}

static void fill(struct app_io *io)
{
	struct app_request *req = &io->req;
	u32 i;

	bio_init(&io->bio, NULL, io->bvec, APP_MAX_BLOCKS, opf(req));
	io->bio.bi_iter.bi_sector = (u64)req->first * SIM_BLOCK_SECTORS;
	io->bio.bi_end_io = io_done;
	if (req->op == APP_ZEROES || req->op == APP_DISCARD) {
		io->bio.bi_io_vec = NULL;
		io->bio.bi_iter.bi_size = req->nr * sim_block;
		return;
	}
	for (i = 0; i < req->nr; i++) {
		io->pages[i].address = &io->content[i];
		__bio_add_page(&io->bio, &io->pages[i], sim_block, 0);
	}
}

/* When the first of the requests in flight was issued, by hist_clock(). */
static u64 first_issued(void)
{
	u64 first = ~0ULL;
	struct app_io *io;
	int node;

	for (node = 0; node < SIM_NR_NODES; node++)
		list_for_each_entry(io, &inflight[node], list)
			if (io->issued)
				first = min(first, io->issued);
	return first;
}

static void submit(void *arg)
{
	struct app_io *io = arg;
	struct app_request *req = &io->req;
	u32 i;

	io->issued = hist_clock();
	io->session = wire_session(io->node);
	io->id = next_id;
	io->nr_roles = oracle_nr_roles(io->node);
	io->nr_lossy = node_device(io->node)->nr_lossy;
	io->served = oracle_peer_serves(io->node);
	io->readable = node_is_primary(io->node) &&
		       oracle_has_good_leg(io->node);
	next_id += req->nr;
	for (i = 0; writes(req->op) && i < req->nr; i++) {
		io->content[i] = req->op == APP_WRITE ? io->id + i : 0;
		if (hist_begin(req->first + i, io->id + i, io->content[i],
			       first_issued()))
			continue;
		/* As many as fit. */
		req->nr = i;
		break;
	}
	if (!req->nr && req->op != APP_FLUSH) {
		forget(io, false);
		world_free(io);
		return;
	}
	fill(io);
	trace("%s%s%s %u+%u, version %llu", op_names[req->op],
	      req->fua ? " fua" : "", req->preflush ? " preflush" : "",
	      req->first, req->nr, io->content[0]);
	dm_submit_bio(node_device(io->node), &io->bio);
}

void app_submit(int node, const struct app_request *req)
{
	struct app_io *io = world_alloc(sizeof(*io));

	memset(io, 0, sizeof(*io));
	io->node = node;
	io->req = *req;
	io->at = sim_now;
	list_add_tail(&io->list, &inflight[node]);
	nr_inflight[node]++;
	sim_spawn(node, "app", submit, io, 0, false);
}
