/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RDMA link:
 *
 *   link.c          the link of a mirror: start, reset, up and down
 *   cm.c            connections, and node 0, which connects
 *   listen.c        node 1, which listens
 *   auth.c          the proof that the peer knows the secret
 *   channel.c       one QP with its CQ and receive buffers
 *   pool.c          payload buffers of a channel
 *   client.c        our requests
 *   server.c        the peer's requests
 *   control.c       control messages and the signs of life
 *
 * Locks, outermost first: listen_mutex (listen.c), nm_rdma.mutex,
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

#include "core/auth.h"
#include "core/names.h"
#include "link.h"

/* NM_MAX_IO that does not begin on a page. */
#define NM_RDMA_MAX_PAGES	(NM_MAX_IO / PAGE_SIZE + 1)
#define NM_RDMA_INLINE_SGES	5	/* and one for the header: siw has 6 */
/* Payload that is not the bio's lies in chunks of 32 KiB, for few segments. */
#define NM_RDMA_CHUNK_ORDER	(PAGE_SHIFT < 15 ? 15 - PAGE_SHIFT : 0)
#define NM_RDMA_CHUNK		(PAGE_SIZE << NM_RDMA_CHUNK_ORDER)
#define NM_RDMA_MAX_CHUNKS	(NM_MAX_IO / NM_RDMA_CHUNK)
/* Answers in flight on a channel; what is ready meanwhile goes in one message. */
#define NM_RDMA_MAX_ANSWERS	2
#define NM_RDMA_MAX_CHANNELS	(NM_CH_DATA + 16)
/* Nodes at a time that have connected and not yet proven that they may. */
#define NM_RDMA_MAX_GUESTS	4

/*
 * Control messages that the peer has room for, PINGs not counted: they have
 * as much room again.
 */
#define NM_RDMA_CTL_WINDOW	16
#define NM_RDMA_CTL_LEN		(NM_WIRE_HDR_LEN + NM_CTL_MAX_PAYLOAD)

/*
 * Milliseconds after which a channel on which no send completes is given up:
 * twice the acknowledge timeout that the connection manager sets.  The paths of
 * the channels may differ (ECMP hashes the source port of each QP), and a QP
 * repeats for half a minute and more before it fails by itself.
 */
#define NM_RDMA_STUCK_MS	5000

struct nm_rdma_channel;
struct nm_rdma_session;

/* Protected by the channel's lock. */
struct nm_rdma_pool {
	struct page **free;
	unsigned int nr_free;
};

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
	struct list_head list;		/* on channel.free_slots or .starved */
	struct nm_rdma_channel *ch;
	struct nm_req *req;		/* NULL: free */
	u32 tag;
	unsigned long since;		/* jiffies: in use by req */
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
	bool bounced;			/* sg holds chunks of the pool */
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
};

/* A request of the peer. */
struct nm_rdma_sreq {
	struct nm_sreq sreq;
	struct list_head list;		/* on a list of the channel */
	struct nm_rdma_channel *ch;
	struct nm_rdma_rx *rx;		/* its payload is in use */
	enum nm_rdma_step step;
	enum nm_status status;
	struct bio_vec *bvec;		/* NM_RDMA_MAX_CHUNKS */
	struct scatterlist *sg;
	unsigned int nr_chunks;		/* of the pool, in sg */
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
	enum nm_refusal refusal;	/* with -ECONNREFUSED */
	bool joined;
	/* nm_rdma_ctl_tick() alone: since when nothing was sent, see stuck() */
	unsigned int tick_sent;
	unsigned long tick_since;
	unsigned int sent;		/* completions; the CQ's handler alone */
	u16 depth;			/* requests each side takes */
	u32 max_inline;			/* payload bytes that the peer takes */
	unsigned int max_sges;		/* behind the header */

	/* Protects the fields below. */
	spinlock_t lock;
	bool closed;			/* nothing is posted any more */
	unsigned int posted;		/* to the send queue, see nm_rdma_post() */
	struct nm_rdma_slot *slots;
	struct list_head free_slots;
	struct list_head waiting;	/* nm_req */
	struct list_head starved;	/* nm_rdma_slot: no chunks to bounce */
	struct nm_rdma_pool bounce;
	struct nm_rdma_sreq *sreqs;
	struct list_head free_sreqs;
	struct list_head todo;		/* nm_rdma_sreq, for work */
	struct list_head hungry;	/* nm_rdma_sreq: no chunks for payload */
	struct list_head answers;	/* nm_rdma_sreq: wait to be sent */
	struct nm_rdma_pool payload;
	unsigned int nr_sreqs;		/* not free */
	unsigned int nr_answers;	/* in flight */
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
	struct nm_auth auth;
	struct work_struct auth_work;	/* of a guest, see auth.c */
	struct list_head guest;		/* on nm_rdma.guests */
	struct ib_device *dev;
	struct ib_pd *pd;
	unsigned int nr_channels;	/* of all kinds */
	atomic_t nr_joined;
	bool up;			/* nm_link_up() was called */
	bool failed;
	const char *why;
	bool knocks;			/* to be turned away: see cm.c */
	bool quiet;			/* nothing is in flight any more */
	struct work_struct abort;	/* makes it so */
	struct work_struct free;	/* after that */
	unsigned long last_seen;	/* jiffies */
	unsigned long last_tick;
	struct delayed_work tick;
	struct nm_rdma_ctl ctl;
	wait_queue_head_t idle;		/* a sreq was freed */
	struct nm_rdma_channel ch[];
};

struct nm_rdma {
	struct nm_link *link;
	struct crypto_shash *hmac;	/* with the secret as key; NULL: none */
	struct sockaddr_storage peer;
	struct sockaddr_storage local;	/* where to listen */
	struct list_head listed;	/* listen.c */
	atomic_t nr_leaving;		/* sessions that are over and not yet freed */
	struct nm_rdma_listener *listener;
	wait_queue_head_t wait;		/* for the connection manager */
	bool stop;			/* reset() ends the search */
	bool told;			/* why it takes so long */
	/* Whatever takes a sleep; the fields below it are its own. */
	struct delayed_work connect;
	unsigned int backoff_ms;
	unsigned long joined_at;	/* jiffies: when the last session stood */
	bool joined;			/* since the last start there was one */
	enum nm_refusal refusal;	/* of the last attempt */
	bool heard;			/* node 1: the peer knows that it is here */

	/* Protects session, guests and started. */
	struct mutex mutex;
	bool started;
	struct nm_rdma_session *session;
	struct list_head guests;	/* nm_rdma_session, the oldest first */
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
/*
 * End it: when this returns, all its requests have been completed, none of the
 * peer's is in work, and nothing reaches the leg or memory any more.  What is left
 * of it is freed later.  May sleep, but not for the connection manager.
 */
void nm_rdma_session_end(struct nm_rdma_session *s);
/* All those on @list, by nm_rdma_session.guest. */
void nm_rdma_sessions_end(struct list_head *list);
/* Or are there so many not yet freed that the next one has to wait? */
bool nm_rdma_session_may_begin(struct nm_rdma *rl);

/* cm.c */
/*
 * How soon a packet of @ch that nobody answered is sent again.  Before the route of @id
 * is resolved, or its request accepted.  May sleep.
 */
int nm_rdma_set_ack_timeout(struct nm_rdma_channel *ch, struct rdma_cm_id *id);
int nm_rdma_parse_addr(const char *text, bool named,
		       struct sockaddr_storage *addr);
int nm_rdma_conn_handler(struct rdma_cm_id *id, struct rdma_cm_event *event);
/* The peer told how much inline payload it takes. */
void nm_rdma_take_peer(struct nm_rdma_channel *ch, u32 max_inline);
void nm_rdma_connect_work(struct work_struct *work);
/* The next attempt comes later. */
void nm_rdma_back_off(struct nm_rdma *rl);

/* listen.c */
/*
 * Take requests that come to the address, as soon as nm_rdma_tend_listener() has
 * been there; and take none any more.
 */
int nm_rdma_listen(struct nm_rdma *rl);
void nm_rdma_unlisten(struct nm_rdma *rl);
void nm_rdma_listen_exit(void);
/* Drop what has failed, and listen if nobody does or the device went away. */
void nm_rdma_tend_listener(struct nm_rdma *rl);

/* auth.c */
int nm_rdma_auth_create(struct nm_rdma *rl, char **error);
void nm_rdma_auth_destroy(struct nm_rdma *rl);
/*
 * Exchange proofs on the connected control channel; without a secret there is
 * nothing to do.  Sleeps for the peer.  Returns 0 or -EACCES, and the reason in
 * nm_rdma.refusal.  For node 0.
 */
int nm_rdma_authenticate(struct nm_rdma_session *s);
/* The same for a guest of node 1, which moves in or fails. */
void nm_rdma_auth_work(struct work_struct *work);
/* Is there room for one more guest?  If not, there will be soon. */
bool nm_rdma_auth_has_room(struct nm_rdma *rl);
/* For the request to connect @channel, after the exchange. */
int nm_rdma_auth_token(struct nm_rdma_session *s, u8 channel, u8 *token);
bool nm_rdma_auth_token_fits(struct nm_rdma_session *s, u8 channel,
			     const u8 *token);

/* channel.c */
int nm_rdma_channel_create(struct nm_rdma_channel *ch, struct rdma_cm_id *id);
void nm_rdma_channel_close(struct nm_rdma_channel *ch);
void nm_rdma_channel_destroy(struct nm_rdma_channel *ch);
/*
 * Post unless the channel is closed.  Of the work requests in the chain the last
 * one is signaled, and no other.  Any context, lock held.
 */
int nm_rdma_post(struct nm_rdma_channel *ch, struct ib_send_wr *wr);
void nm_rdma_repost(struct nm_rdma_channel *ch, struct nm_rdma_rx *rx);
/* Did the work request succeed?  If not, the session fails. */
bool nm_rdma_wc_ok(struct nm_rdma_channel *ch, struct ib_wc *wc,
		   const char *what);
/* The same, of the signaled one of what nm_rdma_post() posted. */
bool nm_rdma_sent(struct nm_rdma_channel *ch, struct ib_wc *wc,
		  const char *what);

/* pool.c */
int nm_rdma_pool_create(struct nm_rdma_pool *pool, unsigned int nr);
void nm_rdma_pool_destroy(struct nm_rdma_pool *pool);
/*
 * Chunks for @len bytes into @sg: as many as it takes, or 0 when there are not
 * enough.  The channel's lock is held.
 */
unsigned int nm_rdma_pool_get(struct nm_rdma_pool *pool, u32 len,
			      struct scatterlist *sg);
void nm_rdma_pool_put(struct nm_rdma_pool *pool, struct scatterlist *sg,
		      unsigned int nr);

/* client.c */
int nm_rdma_client_create(struct nm_rdma_channel *ch);
void nm_rdma_client_destroy(struct nm_rdma_channel *ch);
void nm_rdma_client_abort(struct nm_rdma_channel *ch);
/* Has the peer owed an answer since before @then (jiffies)?  Any context. */
bool nm_rdma_client_waits_since(struct nm_rdma_channel *ch, unsigned long then);
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
/*
 * The next message that arrived, checked, to be given back when it was dealt
 * with; NULL: none, or nonsense, with which the session fails.
 */
struct nm_rdma_rx *nm_rdma_ctl_next(struct nm_rdma_session *s,
				    struct nm_msg *msg);
void nm_rdma_ctl_done(struct nm_rdma_session *s, struct nm_rdma_rx *rx,
		      const struct nm_msg *msg);
/* Send a message in a session that need not be up.  As nm_link_ops.send_ctl. */
int nm_rdma_ctl_send(struct nm_rdma_session *s, const void *msg, size_t len);
/* Give the last message some time to arrive. */
void nm_rdma_ctl_linger(struct nm_rdma_session *s);
int nm_rdma_send_ctl(struct nm_link *link, const void *msg, size_t len);

static inline bool nm_rdma_is_control(const struct nm_rdma_channel *ch)
{
	return ch->index == NM_CH_CONTROL;
}

#endif
