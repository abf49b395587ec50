// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transport: requests to the peer and from it, and the life of a link, as
 * dm-netmirror/link.h wants them.
 */
#include <linux/slab.h>
#include <linux/wait.h>

#include "bio.h"
#include "end.h"
#include "mem.h"

struct sim_sreq {
	struct nm_sreq sreq;
	struct sim_link *end;
	u64 session;
	u32 nr_blocks;
	u64 *content;
	struct page *pages;
	struct bio_vec bvec[];
};

/* --- requests: the client ------------------------------------------------- */

static bool has_data(u16 op)
{
	return op == NM_OP_READ || op == NM_OP_WRITE;
}

static void send_request(struct sim_link *end, struct nm_req *req)
{
	u32 nr = has_data(req->op) ? req->len / sim_block : 0;
	struct wire_msg *msg = world_alloc(sizeof(*msg) + nr * sizeof(u64));
	struct nm_wire_hdr hdr;
	struct nm_msg out;
	const char *why;
	u32 i;

	out = (struct nm_msg){
		.op = req->op,
		.flags = req->flags,
		.sector = req->sector,
		.len = req->len,
		.session = end->session,
		.tag = end->next_tag++,
	};
	*msg = (struct wire_msg){
		.kind = WIRE_REQUEST,
		.to = !end->node,
		.session = end->session,
		.nr_blocks = nr,
	};
	nm_request_encode(&out, &hdr);
	if (nm_request_decode(&hdr, sizeof(hdr), 0, end->link->data_sectors,
			      &msg->msg, &why))
		sim_fail("a request is wrong: %s", why);
	for (i = 0; i < nr && req->op == NM_OP_WRITE; i++)
		msg->content[i] = *bio_content(req->bio->bi_io_vec, req->iter,
					       i);
	req->priv = (void *)(long)msg->msg.tag;
	list_add_tail(&req->list, &end->sent);
	end->nr_sent++;
	wire_send(msg);
}

static void sim_submit(struct nm_link *link, struct nm_req *req)
{
	struct sim_link *end = link->priv;

	sim_preempt_point();
	end->nr_reqs++;
	if (!end_lives(end, end->session) || !end->up) {
		end_done(end, req, BLK_STS_TRANSPORT);
		return;
	}
	if (end->nr_sent < link->settings.depth)
		send_request(end, req);
	else
		list_add_tail(&req->list, &end->queued);
	sim_preempt_point();
}

static struct nm_req *find_sent(struct sim_link *end, u32 tag)
{
	struct nm_req *req;

	list_for_each_entry(req, &end->sent, list)
		if ((u32)(long)req->priv == tag)
			return req;
	return NULL;
}

void link_response_arrived(struct sim_link *end, struct wire_msg *msg)
{
	struct nm_req *req = find_sent(end, msg->msg.tag);
	blk_status_t status = nm_link_status(msg->status);
	u32 i;

	if (!req)
		sim_fail("a response without a request");
	list_del(&req->list);
	end->nr_sent--;
	if (!list_empty(&end->queued)) {
		struct nm_req *next = list_first_entry(&end->queued,
						       struct nm_req, list);

		list_del(&next->list);
		send_request(end, next);
	}
	for (i = 0; i < msg->nr_blocks && !status && req->op == NM_OP_READ; i++)
		*bio_content(req->bio->bi_io_vec, req->iter, i) =
			msg->content[i];
	world_free(msg);
	end_done(end, req, status);
}

/* --- requests: the server ------------------------------------------------- */

void link_request_arrived(struct sim_link *end, struct wire_msg *msg)
{
	u32 nr = msg->nr_blocks;
	struct sim_sreq *s;
	u32 i;

	s = kzalloc(struct_size(s, bvec, nr) +
		    nr * (sizeof(u64) + sizeof(struct page)), GFP_NOIO);
	s->content = (u64 *)&s->bvec[nr];
	s->pages = (struct page *)(s->content + nr);
	for (i = 0; i < nr; i++) {
		s->content[i] = msg->content[i];
		s->pages[i].address = &s->content[i];
		s->bvec[i] = (struct bio_vec){ &s->pages[i], sim_block, 0 };
	}
	s->end = end;
	s->session = msg->session;
	s->nr_blocks = nr;
	s->sreq.msg = msg->msg;
	s->sreq.link = end->link;
	s->sreq.bvec = s->bvec;
	s->sreq.nr_bvecs = nr;
	world_free(msg);
	end->nr_sreqs++;
	trace("gets %s of sectors %llu + %u", nm_op_name(s->sreq.msg.op),
	      s->sreq.msg.sector, s->sreq.msg.len / 512);
	nm_link_request(end->link, &s->sreq);
}

static void sim_respond(struct nm_sreq *sreq, enum nm_status status)
{
	struct sim_sreq *s = container_of(sreq, struct sim_sreq, sreq);
	struct sim_link *end = s->end;
	u32 nr = sreq->msg.op == NM_OP_READ ? s->nr_blocks : 0;
	struct wire_msg *msg;

	sim_preempt_point();
	if (end_lives(end, s->session)) {
		msg = world_alloc(sizeof(*msg) + nr * sizeof(u64));
		*msg = (struct wire_msg){ .kind = WIRE_RESPONSE,
					  .to = !end->node,
					  .session = s->session,
					  .nr_blocks = nr, .status = status,
					  .msg.tag = sreq->msg.tag };
		memcpy(msg->content, s->content, nr * sizeof(u64));
		wire_send(msg);
	}
	kfree(s);
	end->nr_sreqs--;
	sim_wake(end);
}

/* --- life ----------------------------------------------------------------- */

static int sim_send_ctl(struct nm_link *link, const void *buf, size_t len)
{
	struct sim_link *end = link->priv;
	struct wire_msg *msg;

	might_sleep();
	sim_preempt_point();
	/* Flow control. */
	if (rng_percent(&sim.rng, 10))
		sim_sleep(wire_delay() + 1);
	if (!end_lives(end, end->session) || !end->up)
		return -ENOTCONN;
	msg = world_alloc(sizeof(*msg) + len);
	*msg = (struct wire_msg){ .kind = WIRE_CTL, .to = !end->node,
				  .session = end->session, .len = len };
	memcpy(msg->content, buf, len);
	wire_send(msg);
	return 0;
}

static int sim_create(struct nm_link *link, const char *addr, char **error)
{
	struct sim_link *end = kzalloc(sizeof(*end), GFP_KERNEL | __GFP_NOFAIL);

	(void)addr;
	(void)error;
	end->link = link;
	end->node = sim_node();
	INIT_LIST_HEAD(&end->sent);
	INIT_LIST_HEAD(&end->queued);
	link->priv = end;
	return 0;
}

static void sim_destroy(struct nm_link *link)
{
	struct sim_link *end = link->priv;

	WARN_ON(end->session || end->started || end->nr_upcalls);
	kfree(end);
}

static int sim_start(struct nm_link *link, bool again)
{
	struct sim_link *end = link->priv;

	might_sleep();
	WARN_ON(end->session);
	end->started = true;
	wire_bind(end->node, end);
	wire_search();
	return 0;
}

static bool is_over(struct sim_link *end)
{
	return !end->nr_reqs && !end->nr_sreqs && !end->nr_upcalls &&
	       !end->ctl_busy;
}

static void sim_reset(struct nm_link *link)
{
	struct sim_link *end = link->priv;

	might_sleep();
	sim_preempt_point();
	end->started = false;
	if (end->session && !end->dead)
		end_kill(end);
	wait_event(*end, is_over(end));
	end->session = 0;
	end->dead = false;
	end->up = false;
	if (wire_end(end->node) == end)
		wire_bind(end->node, NULL);
	wire_search();
}

const struct nm_link_ops sim_link_ops = {
	.name		= "sim",
	.create		= sim_create,
	.destroy	= sim_destroy,
	.start		= sim_start,
	.reset		= sim_reset,
	.send_ctl	= sim_send_ctl,
	.submit		= sim_submit,
	.respond	= sim_respond,
};
