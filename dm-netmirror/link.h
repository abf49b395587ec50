/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The link of a mirror: what the rest of the module asks of a transport, and
 * what a transport tells it.  Two implementations: rdma/ and loop.c.
 *
 * A link has at most one session at a time.  The life of a session:
 *
 *   start() -> ... -> nm_link_up() -> messages and requests both ways
 *           -> nm_link_down() -> reset() -> start() again, or destroy()
 *
 * The transport looks for its peer from start() on, by itself and for ever,
 * with backoff, until nm_link_up() or reset().  It calls nm_link_down() exactly
 * once for every nm_link_up(), and never in a session's stead that was ended
 * by reset() before.  From nm_link_down() on it takes no new session (I6) and
 * completes every request without waiting for reset(), since the mirror may
 * wait for one before it comes to that (I10).  When reset() returns, every
 * request submitted has been completed, no nm_sreq is outstanding, and nothing
 * of the old session can reach this node's leg or memory any more.
 */
#ifndef NM_LINK_H
#define NM_LINK_H

#include <linux/blk_types.h>
#include <linux/types.h>

#include "core/msg.h"
#include "secret.h"

struct nm_link;
struct nm_sreq;

/*
 * A request to the peer (client side), part of the submitter's own structure.
 * The payload is described by a bio and stays valid until @done is called.
 */
struct nm_req {
	/* set by the submitter */
	u16 op;			/* NM_OP_READ .. NM_OP_WRITE_ZEROES */
	u16 flags;		/* NM_WF_FUA, _RESYNC, _NOUNMAP */
	u64 sector;		/* within the data area */
	u32 len;		/* bytes; 0 for FLUSH */
	struct bio *bio;	/* payload of READ and WRITE: pages of @bio from @iter */
	struct bvec_iter iter;
	/*
	 * Called once, in any context (softirq included), with the result.
	 * BLK_STS_TRANSPORT: the session ended, the outcome is unknown.
	 */
	void (*done)(struct nm_req *req, blk_status_t status);
	void *context;		/* the submitter's */

	/* for the transport */
	struct list_head list;
	void *priv;
};

/* A request from the peer (server side), made by the transport. */
struct nm_sreq {
	struct nm_msg msg;	/* checked by nm_request_decode() */
	struct nm_link *link;
	/* payload of a WRITE, place for that of a READ; a table of pages */
	struct bio_vec *bvec;
	unsigned int nr_bvecs;
	/* for the mirror */
	struct nm_server_io *io;
};

struct nm_link_ops {
	const char *name;	/* "rdma": the word before the first ':' of the remote token */

	/*
	 * Parse @addr (the token after "name:") and take what start() needs.
	 * @table_name is the rest of the token behind the address, for
	 * messages.  May sleep.  Returns 0 or -errno with a sentence in @error.
	 */
	int (*create)(struct nm_link *link, const char *addr, char **error);
	/* After reset(): wait until nothing is left.  May sleep. */
	void (*destroy)(struct nm_link *link);

	/*
	 * Begin to look for the peer; returns at once.  May sleep.  @again: since a
	 * session or an attempt has ended, not because somebody said so; after short
	 * sessions that may take a while.
	 */
	int (*start)(struct nm_link *link, bool again);
	/*
	 * End the session or the search and wait until nothing of it is in
	 * work; see above.  May be called at any time after create(), also
	 * twice.  May sleep; not from an upcall.
	 */
	void (*reset)(struct nm_link *link);

	/*
	 * Send a control message (header included, copied).  In order, flow
	 * controlled by the transport.  May sleep, at most as long as the
	 * session lives.  Returns 0 or -ENOTCONN.
	 */
	int (*send_ctl)(struct nm_link *link, const void *msg, size_t len);

	/*
	 * Submit a request.  Never fails, never sleeps for the peer: without
	 * credits the request is queued.  @req->done may be called before it
	 * returns.  Context: the map function's, or a worker's; may sleep only
	 * as a bio submission may.
	 */
	void (*submit)(struct nm_link *link, struct nm_req *req);

	/*
	 * Answer a request of the peer.  From any context.  @sreq is gone
	 * afterwards.
	 */
	void (*respond)(struct nm_sreq *sreq, enum nm_status status);
};

/* Settings of the table line that a transport reads. */
struct nm_link_settings {
	unsigned int timeout_ms;	/* peer is dead after this silence */
	unsigned int request_timeout_ms; /* its leg hangs; 0: never */
	unsigned int nr_channels;	/* data channels wanted */
	unsigned int depth;		/* requests in flight on a data channel */
	u32 max_inline;			/* bytes */
	unsigned int max_backoff_ms;
	const char *listen;		/* "address:port", NULL: any, port of the remote token */
};

struct nm_link {
	const struct nm_link_ops *ops;
	struct nm_mirror *mirror;
	const char *name;		/* of the mirror's device, for messages */
	void *priv;			/* the transport's */
	struct nm_link_settings settings;
	unsigned int peer_timeout_ms;	/* the peer's, of this session; 0: not known */
	struct nm_secret *secret;	/* to be proven by the peer; NULL: none */
	/* who we are: set before start() from the superblock */
	u8 uuid[NM_UUID_LEN];
	u8 node_id;
	u64 data_sectors;
};

/* --- upcalls of the transport; the mirror implements them --------------- */

/*
 * A session stands: the control channel and every data channel are connected,
 * and all from one peer that showed our UUID.  Any process context; returns
 * soon, the work is done elsewhere.
 */
void nm_link_up(struct nm_link *link, u64 session);

/* The session ended; @why is a short phrase for people.  Any context. */
void nm_link_down(struct nm_link *link, const char *why);

/*
 * The search ended because the peer refused us with a reason that does not go
 * away by itself, or we refused it.  The transport has stopped looking.
 * Any process context.
 */
void nm_link_refused(struct nm_link *link, enum nm_refusal refusal);

/*
 * A control message arrived, checked by nm_ctl_decode().  In order, one at a
 * time, process context; @payload is gone afterwards.  May sleep briefly.
 */
void nm_link_ctl(struct nm_link *link, const struct nm_msg *msg,
		 const void *payload);

/*
 * A request of the peer.  Process context, may sleep as a bio submission may.
 * The mirror answers it with ops->respond(), now or later.
 */
void nm_link_request(struct nm_link *link, struct nm_sreq *sreq);

/* What an enum nm_status that the peer sent is to a submitter.  Any context. */
blk_status_t nm_link_status(u32 status);

/* --- registry of transports --------------------------------------------- */

extern const struct nm_link_ops nm_loop_ops;
extern const struct nm_link_ops nm_rdma_ops;

/* Init and exit of the transports, from main.c. */
int nm_rdma_init(void);
void nm_rdma_exit(void);
int nm_loop_init(void);
void nm_loop_exit(void);

#endif
