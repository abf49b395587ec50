/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RDMA link:
 *
 *   link.c          the link of a mirror: start, reset, up and down
 *   cm.c            connections: node 0 connects, node 1 listens
 *   channel.c       one QP with its CQ and receive buffers
 *   client.c        our requests
 *   server.c        the peer's requests
 *   control.c       control messages and the signs of life
 *
 * Locks, outermost first: listen_mutex (cm.c), nm_rdma.mutex,
 * nm_rdma_channel.lock (irq).
 */
#ifndef NM_RDMA_H
#define NM_RDMA_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <rdma/ib_cm.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>
#include <rdma/rw.h>

#include "core/names.h"
#include "link.h"

/* NM_MAX_IO that does not begin on a page. */
#define NM_RDMA_MAX_PAGES	(NM_MAX_IO / PAGE_SIZE + 1)
#define NM_RDMA_INLINE_SGES	5	/* and one for the header: siw has 6 */
#define NM_RDMA_MAX_CHANNELS	(NM_CH_DATA + 16)

/*
 * Control messages that the peer has room for, PINGs not counted: they have
 * as much room again.
 */
#define NM_RDMA_CTL_WINDOW	16
#define NM_RDMA_CTL_LEN		(NM_WIRE_HDR_LEN + NM_CTL_MAX_PAYLOAD)

struct nm_rdma_channel;
struct nm_rdma_session;

/* A receive buffer: header, and on a data channel payload behind it. */
struct nm_rdma_rx {
	struct list_head list;
	struct ib_cqe cqe;
	void *buf;
	u64 dma;
	struct page *payload;		/* data channels */
	u64 payload_dma;
	u32 byte_len;			/* of what arrived */
};

/* A request of ours in flight; there are as many as the peer takes. */
struct nm_rdma_slot {
	struct list_head list;		/* on channel.free_slots */
	struct nm_rdma_channel *ch;
	struct nm_req *req;		/* NULL: free */
	u32 tag;
	u8 refs;			/* completions and answers to come */
	bool answered;
	bool registered;		/* the MR is valid */
	blk_status_t status;

	struct nm_wire_hdr *hdr;
	u64 hdr_dma;
	struct ib_sge sge[1 + NM_RDMA_INLINE_SGES];
	unsigned int nr_mapped;		/* SGEs behind the header */
	struct ib_mr *mr;
	struct scatterlist *sg;
	unsigned int nr_sg;		/* 0: not mapped */
	bool bounced;			/* sg holds pages of our own */
	enum dma_data_direction dir;

	struct ib_cqe send_cqe;
	struct ib_send_wr send_wr;
	struct ib_reg_wr reg_wr;
	struct ib_cqe reg_cqe;
	struct ib_cqe inv_cqe;
	struct ib_send_wr inv_wr;
};

enum nm_rdma_step {
	NM_RDMA_NEW,		/* received */
	NM_RDMA_PULLED,		/* payload is here */
	NM_RDMA_PUSH,		/* payload goes to the peer, then the answer */
	NM_RDMA_PUSHED,		/* it arrived, or never will */
};

/* A request of the peer. */
struct nm_rdma_sreq {
	struct nm_sreq sreq;
	struct list_head list;		/* on channel.free_sreqs or .todo */
	struct nm_rdma_channel *ch;
	struct nm_rdma_rx *rx;		/* its payload is in use */
	enum nm_rdma_step step;
	enum nm_status status;
	struct bio_vec *bvec;		/* NM_RDMA_MAX_PAGES */
	struct scatterlist *sg;
	unsigned int nr_pages;		/* of our own, in bvec */
	struct rdma_rw_ctx rw;
	bool rw_ready;
	struct ib_cqe rw_cqe;
	struct nm_wire_rsp *rsp;
	u64 rsp_dma;
	struct ib_sge sge;
	struct ib_cqe send_cqe;
	struct ib_send_wr send_wr;
};

struct nm_rdma_channel {
	struct nm_rdma_session *session;
	unsigned int index;		/* enum nm_channel */
	struct rdma_cm_id *id;
	struct ib_qp *qp;		/* NULL: not made */
	struct ib_cq *cq;
	struct nm_rdma_rx *rx;
	unsigned int nr_rx;
	/* connection manager */
	bool cm_done;			/* the step waited for is over */
	int cm_error;
	bool joined;
	u16 depth;			/* requests each side takes */
	u32 max_inline;			/* payload bytes that the peer takes */
	unsigned int max_sges;		/* behind the header */

	/* Protects the fields below. */
	spinlock_t lock;
	bool closed;			/* nothing is posted any more */
	struct nm_rdma_slot *slots;
	struct list_head free_slots;
	struct list_head waiting;	/* nm_req */
	struct nm_rdma_sreq *sreqs;
	struct list_head free_sreqs;
	struct list_head todo;		/* nm_rdma_sreq, for work */
	unsigned int nr_sreqs;		/* not free */
	struct work_struct work;
};

struct nm_rdma_tx {
	struct list_head list;
	struct ib_cqe cqe;
	void *buf;
	u64 dma;
};

/* Protected by the control channel's lock. */
struct nm_rdma_ctl {
	struct nm_rdma_tx tx[NM_RDMA_CTL_WINDOW];
	struct nm_rdma_tx ping;
	bool ping_busy;
	struct list_head free;		/* nm_rdma_tx */
	unsigned int window;		/* messages that the peer has room for */
	unsigned int owed;		/* room to tell the peer about */
	struct list_head received;	/* nm_rdma_rx */
	struct work_struct work;
	wait_queue_head_t wait;
};

struct nm_rdma_session {
	struct nm_rdma *rl;
	u64 id;
	struct ib_device *dev;
	struct ib_pd *pd;
	unsigned int nr_channels;	/* of all kinds */
	atomic_t nr_joined;
	bool up;			/* nm_link_up() was called */
	bool failed;
	const char *why;
	bool quiet;			/* nothing is in flight any more */
	struct work_struct abort;	/* makes it so */
	unsigned long last_seen;	/* jiffies */
	unsigned long last_tick;
	struct delayed_work tick;
	struct nm_rdma_ctl ctl;
	wait_queue_head_t idle;		/* a sreq was freed */
	struct nm_rdma_channel ch[];
};

struct nm_rdma {
	struct nm_link *link;
	struct sockaddr_storage peer;
	struct sockaddr_storage local;	/* where to listen */
	struct list_head listed;	/* cm.c */
	struct nm_rdma_listener *listener;
	wait_queue_head_t wait;		/* for the connection manager */
	bool stop;			/* reset() ends the search */
	bool told;			/* why it takes so long */
	struct delayed_work connect;	/* node 1: whatever takes a sleep */
	unsigned int backoff_ms;
	enum nm_refusal refusal;	/* of the last attempt */

	/* Protects session and started. */
	struct mutex mutex;
	bool started;
	struct nm_rdma_session *session;
	struct nm_rdma_session __rcu *active;	/* session while it is up */
};

extern struct workqueue_struct *nm_rdma_wq;

#define nm_rdma_note(rl, fmt, ...) \
	pr_notice_ratelimited("%s: " fmt, (rl)->link->name, ##__VA_ARGS__)

/* link.c */
struct nm_rdma_session *nm_rdma_session_alloc(struct nm_rdma *rl, u64 id,
					      unsigned int nr_channels);
/* Bind to @dev; again for another channel: must be the same. */
int nm_rdma_session_bind(struct nm_rdma_session *s, struct ib_device *dev);
/* The session is over; the first reason counts.  Any context. */
void nm_rdma_session_fail(struct nm_rdma_session *s, const char *why);
/* A channel is connected; with the last one the session is up. */
void nm_rdma_session_joined(struct nm_rdma_channel *ch);
/* End it and wait until nothing is left of it.  Process context. */
void nm_rdma_session_destroy(struct nm_rdma_session *s);

/* cm.c */
int nm_rdma_parse_addr(const char *text, bool named,
		       struct sockaddr_storage *addr);
void nm_rdma_connect_work(struct work_struct *work);
int nm_rdma_listen(struct nm_rdma *rl);
void nm_rdma_unlisten(struct nm_rdma *rl);

/* channel.c */
int nm_rdma_channel_create(struct nm_rdma_channel *ch, struct rdma_cm_id *id);
void nm_rdma_channel_close(struct nm_rdma_channel *ch);
void nm_rdma_channel_destroy(struct nm_rdma_channel *ch);
/* Post unless the channel is closed.  Any context, lock held. */
int nm_rdma_post(struct nm_rdma_channel *ch, struct ib_send_wr *wr);
void nm_rdma_repost(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx);
/* Did the work request succeed?  If not, the session fails. */
bool nm_rdma_wc_ok(struct nm_rdma_channel *ch, struct ib_wc *wc,
		   const char *what);

/* client.c */
int nm_rdma_client_create(struct nm_rdma_channel *ch);
void nm_rdma_client_destroy(struct nm_rdma_channel *ch);
void nm_rdma_client_abort(struct nm_rdma_channel *ch);
void nm_rdma_client_response(struct nm_rdma_channel *ch,
			     struct nm_rdma_rx *rx, struct ib_wc *wc);
void nm_rdma_submit(struct nm_link *link, struct nm_req *req);

/* server.c */
int nm_rdma_server_create(struct nm_rdma_channel *ch);
void nm_rdma_server_destroy(struct nm_rdma_channel *ch);
/* With the QP drained: wait for what the mirror still has. */
void nm_rdma_server_wait(struct nm_rdma_channel *ch);
void nm_rdma_server_request(struct nm_rdma_channel *ch,
			    struct nm_rdma_rx *rx);
void nm_rdma_respond(struct nm_sreq *sreq, enum nm_status status);

/* control.c */
int nm_rdma_ctl_create(struct nm_rdma_channel *ch);
void nm_rdma_ctl_destroy(struct nm_rdma_channel *ch);
void nm_rdma_ctl_received(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx);
void nm_rdma_ctl_tick(struct work_struct *work);
/* Give the last message some time to arrive. */
void nm_rdma_ctl_linger(struct nm_rdma_session *s);
int nm_rdma_send_ctl(struct nm_link *link, const void *msg, size_t len);

static inline bool nm_rdma_is_control(const struct nm_rdma_channel *ch)
{
	return ch->index == NM_CH_CONTROL;
}

#endif
