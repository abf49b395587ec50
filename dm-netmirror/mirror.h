/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mirror object and what its files offer each other.
 *
 * Who runs where:
 *   - map, and whatever a bio's submitter runs: io.c
 *   - bio and request completions, any context: io.c, server.c
 *   - the worker, one work item on an ordered workqueue: session.c,
 *     handshake.c, control.c and hold.c.  It alone writes nm_mirror.state and
 *     turns generations.
 *   - the marks worker: zone.c.  It alone writes mark blocks.
 *   - jobs, each for one region: job.c, resync.c, verify.c
 *
 * Locks, outermost first:
 *   nm_mirror.meta_mutex    the superblock and the order of metadata writes
 *   nm_shard.lock (irq)     zones, their region bits and ranges of the shard
 *   nm_mirror.list_lock (irq)  the lists of waiting I/O
 * Innermost, in process context:
 *   nm_mirror.events_lock   the history
 * The worker may sleep in metadata I/O; nothing on the I/O path waits for it
 * while holding a lock.
 */
#ifndef NM_MIRROR_H
#define NM_MIRROR_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/device-mapper.h>
#include <linux/interval_tree.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core/names.h"
#include "core/sb.h"
#include "core/state.h"
#include "link.h"
#include "marks.h"

#define NM_NR_SHARDS	64
#define NM_MAX_JOBS	16
#define NM_VERIFY_JOBS	(NM_MAX_JOBS / 2)
#define NM_MAX_REPAIRS	64

/* A locked span of sectors within one zone; see range.c. */
struct nm_range {
	struct interval_tree_node node;
	u64 seq;
	unsigned int nr_blocking;	/* earlier ranges that overlap */
	struct list_head list;		/* on nm_mirror.granted */
	void (*granted)(struct nm_mirror *m, struct nm_range *range);
};

/* A write that waits for its zone to become active; see zone.c. */
struct nm_zone_wait {
	struct list_head list;		/* on nm_mirror.cold */
	u32 zone;
	/* From the marks worker: enter the zone again, or give up with @err. */
	void (*fn)(struct nm_mirror *m, struct nm_zone_wait *wait, int err);
};

struct nm_shard {
	/* Protects the fields below, and the zones of this shard in nm_marks. */
	spinlock_t lock;
	struct rb_root_cached ranges;
	u64 seq;
} ____cacheline_aligned_in_smp;

/* Settings from the table line. */
struct nm_settings {
	unsigned int max_active_zones;
	unsigned int loss;		/* enum nm_loss */
	unsigned int split;		/* enum nm_split */
	unsigned int resync_rate;	/* KiB/s, 0: no limit */
	struct nm_link_settings link;
	char *listen;
};

enum nm_counter {
	NM_C_APP_READS,
	NM_C_APP_WRITES,
	NM_C_APP_FLUSHES,
	NM_C_PEER_READS,	/* served to the peer */
	NM_C_PEER_WRITES,
	NM_C_REMOTE_READS,	/* served by the peer */
	NM_C_MD_WRITES,
	NM_C_RESYNC_REGIONS,	/* copied */
	NM_C_REPAIRS,		/* regions written anew after a read error */
	NM_C_LINK_LOSSES,
	NM_NR_COUNTERS,
};

struct nm_counters {
	u64 c[NM_NR_COUNTERS];
};

/* What the history has: words that changed, then reasons. */
enum nm_event {
	NM_EVENT_ROLE,
	NM_EVENT_PEER_ROLE,
	NM_EVENT_LINK,
	NM_EVENT_HEALTH,
	NM_EVENT_SYNC,
	NM_EVENT_MISMATCHES,
	NM_EVENT_IO_HELD,
	NM_EVENT_PEER_FENCED,
	NM_EVENT_OUTDATED,
	NM_EVENT_SUSPENDED,
	NM_EVENT_GENERATION,
	NM_EVENT_VERDICT,	/* of a handshake */
	NM_EVENT_PARTED,	/* why the nodes end a session, or have none */
	NM_EVENT_PEER_LOST,	/* why */
	NM_NR_EVENTS,
};

/* What the worker is asked to do; see worker.c. */
enum nm_todo {
	NM_TODO_LINK_UP,
	NM_TODO_LINK_DOWN,
	NM_TODO_REFUSED,
	NM_TODO_CTL,		/* control messages wait in ctl_list */
	NM_TODO_COMMAND,	/* an admin's command waits */
	NM_TODO_PARKED,		/* I/O waits for a decision */
	NM_TODO_SYNC,		/* a resync job found nothing more to do */
	NM_TODO_RETRY,		/* regions that could not be read are tried again */
	NM_TODO_VERIFIED,	/* a check or repair is over */
	NM_TODO_REPAIR,		/* regions that could not be read wait in repairs */
	NM_TODO_MEETING,	/* much was written: both nodes count a meeting */
	NM_TODO_SYNCED,		/* pulled regions are durable: tell the source */
	NM_TODO_TIMEOUT,	/* the handshake takes too long */
	NM_TODO_LEG_FAILED,	/* the leg returned an error */
	NM_TODO_META_FAILED,	/* the metadata did */
	NM_TODO_CACHE_LOST,	/* the peer may have all that the leg has lost */
	NM_TODO_HOLD_OVER,	/* I/O was held long enough */
};

enum nm_command {
	NM_CMD_PROMOTE,
	NM_CMD_DEMOTE,
	NM_CMD_CONNECT,
	NM_CMD_DISCONNECT,
	NM_CMD_INVALIDATE_LOCAL,
	NM_CMD_INVALIDATE_REMOTE,
	NM_CMD_ATTACH,
	NM_CMD_PEER_FENCED,
	NM_CMD_PEER_UNFENCED,
	NM_CMD_FREEZE,
	NM_CMD_THAW,
	NM_CMD_CHECK,
	NM_CMD_REPAIR,
	NM_CMD_IDLE,
	NM_CMD_PRESUSPEND,	/* I/O must not be held any more */
	NM_CMD_SUSPEND,		/* I/O is drained; settle the metadata */
	NM_CMD_RESUME,
	NM_CMD_CLOSE,		/* for good */
};

struct nm_cmd {
	struct list_head list;
	enum nm_command what;
	bool force;
	bool peer_fenced;
	bool discard;			/* of NM_CMD_CONNECT */
	int err;
	enum nm_refusal refusal;
	struct completion done;
};

struct nm_job {
	struct nm_mirror *mirror;
	struct work_struct work;
	u32 region;
	struct nm_range range;
	struct completion granted;
	struct page *pages;
	bool busy;
};

/* A check or repair, of now or the last one; see verify.c. */
struct nm_verify_job {
	struct nm_job job;		/* its pages are lent by resync jobs, */
	struct page *peer_pages;	/* as are these */
	bool differs;
	bool marked;
};

struct nm_verify_run {
	struct nm_verify_job jobs[NM_VERIFY_JOBS];
	u32 next;			/* region; resync_mutex */
	bool stop;
	atomic_t nr_busy;		/* jobs */
	/* regions */
	atomic_t left;			/* not compared yet */
	atomic_t mismatches;		/* differ still */
	atomic_t mended;
};

struct nm_mirror {
	struct dm_target *ti;
	char name[DM_NAME_LEN];
	struct list_head registered;	/* registry.c */

	/* from the table line; constant */
	struct dm_dev *local;
	struct dm_dev *meta;		/* NULL: at the head of the local leg */
	sector_t local_offset;
	char *remote_token;
	unsigned int region_sectors;
	struct nm_settings settings;
	bool no_discard;
	bool copy_writes;
	bool grow;			/* the table line may be longer than the mirror */

	/* constant after the first resume */
	bool loaded;
	bool leg_failed;		/* with the older table */
	struct nm_marks marks;

	struct nm_link link;

	/* Serialises metadata writes; protects sb and mark_seq. */
	struct mutex meta_mutex;
	struct nm_sb sb;
	u64 mark_seq;
	struct page *mark_page;
	struct page *sb_page;
	bool meta_failed;		/* until the leg is attached again */
	bool sb_stale;			/* one copy of the superblock as read */
	bool flush_failed;		/* of the leg, which is given up for it */
	bool flush_lost;		/* nor has the peer got it; no flush has told yet */
	bool cache_lost;		/* see nm_loses_cache() */
	bool cache_lost_now;		/* in this session: no flush of the peer succeeds */

	/* The data path: see nm_mode(). */
	unsigned int mode;
	unsigned int peer_epoch;	/* one more with each loss of the peer */
	struct percpu_ref io_ref;	/* I/O in flight; killed: hold new I/O */
	wait_queue_head_t drained;	/* io_ref at zero, I/O parked, jobs done */
	bool io_idle;			/* io_ref is at zero */
	/* the worker's own */
	bool io_killed;			/* io_ref is; new I/O is held */
	bool io_frozen;			/* and at zero: nothing is in flight */
	bool io_freezing;		/* somebody waits for that */
	struct nm_shard *shards;
	struct bio_set clones;
	struct bio_set server_bios;
	mempool_t server_ios;
	struct bio_set copies;		/* copy.c */
	mempool_t copy_pages;
	/* Serialises those who wait for copy_pages; innermost but for I/O. */
	struct mutex copy_mutex;

	/* Protects the lists below. */
	spinlock_t list_lock;
	struct list_head held;		/* nm_io: came while io_ref was killed */
	struct list_head cold;		/* nm_zone_wait */
	struct list_head parked;	/* nm_io: the worker decides */
	struct list_head granted;	/* nm_range: no longer blocked */
	struct list_head ctl_list;	/* nm_ctl: from the peer */
	struct list_head cmd_list;	/* nm_cmd */
	u32 repairs[NM_MAX_REPAIRS];	/* regions */
	unsigned int nr_repairs;
	const char *down_why;		/* NULL: the session goes on */
	enum nm_refusal link_refusal;

	/* marks worker */
	struct workqueue_struct *io_wq;
	struct workqueue_struct *server_wq;
	struct work_struct activate_work;
	struct work_struct granted_work;
	struct delayed_work checkpoint_work;
	/* One checkpoint at a time; protects synced and nr_checkpoints. */
	struct mutex checkpoint_mutex;
	unsigned int nr_checkpoints;	/* with writes, since NM_TODO_MEETING */
	unsigned long *synced;		/* regions for NM_OP_SYNCED */
	atomic_t nr_active_zones;
	unsigned long *stale_blocks;	/* mark blocks with more marks than memory; meta_mutex */

	/* the worker */
	struct workqueue_struct *state_wq;
	struct work_struct work;
	struct delayed_work timeout_work;
	struct delayed_work leave_work;	/* on io_wq */
	struct delayed_work hold_work;
	struct delayed_work retry_work;	/* a resync that left regions out */
	unsigned long todo;		/* bits: enum nm_todo */
	/*
	 * Written by the worker under state_lock, read by the worker without,
	 * by others under it.
	 */
	spinlock_t state_lock;
	struct nm_state state;
	u8 generation[NM_GEN_LEN];	/* the current one, for status */
	struct nm_decision verdict;	/* the last one; its why is NULL: none yet */
	enum nm_refusal apart;		/* what ended the last session, if that is known */
	unsigned int differs;		/* NM_DIFF_*, as of the last handshake */
	/* the worker's own */
	u64 session;			/* 0: none */
	u64 new_session;		/* by the transport, for NM_TODO_LINK_UP */
	bool sent_ready;
	bool got_ready;
	struct nm_hello *hello;		/* ours, as sent */
	struct nm_hello *peer_hello;
	struct nm_gens *new_gens;	/* scratch */
	struct nm_sb *old_sb;
	void *wire_buf;			/* a payload */
	void *ctl_buf;			/* a message */
	u64 sync_total;			/* regions to copy when the resync began */
	struct nm_cmd *promoting;	/* waits for the peer's answer */
	bool sync_done_sent;
	bool handed_over;		/* in this session, a SYNC_DONE was sent */
	bool discard;			/* after a split brain: give up our changes */
	bool suspending;		/* from presuspend to resume */
	bool suspended;
	bool hold_over;			/* I/O without a leg fails until it connects */
	char why[64];			/* refusal of the last command; state_lock */
	bool closed;			/* its metadata belong to a newer table */

	/* Read without a lock by server.c and zone.c. */
	bool serving;			/* sent_ready, for this session */
	bool tracking;			/* the peer's writes are on this leg alone */

	/* resync */
	struct workqueue_struct *resync_wq;
	struct mutex resync_mutex;	/* protects the cursors and the pace */
	u32 resync_cursor;
	u32 nr_unreadable;		/* regions left out in this scan */
	struct nm_job jobs[NM_MAX_JOBS];
	struct nm_job repair_job;
	bool resync_stop;
	atomic_t nr_busy_jobs;
	wait_queue_head_t resync_pause;	/* jobs that keep to the rate */
	u64 resync_pace;		/* ns: earliest next region; resync_mutex */
	struct nm_verify_run verify;

	/* Protects events; nothing is waited for, nor allocated, under it. */
	struct mutex events_lock;
	struct nm_events *events;

	struct nm_counters __percpu *counters;
};

static inline void nm_count(struct nm_mirror *m, enum nm_counter what)
{
	this_cpu_inc(m->counters->c[what]);
}

static inline struct nm_shard *nm_shard_of(struct nm_mirror *m, u32 zone)
{
	return &m->shards[zone % NM_NR_SHARDS];
}

static inline struct block_device *nm_meta_bdev(struct nm_mirror *m)
{
	return m->meta ? m->meta->bdev : m->local->bdev;
}

#define nm_err(m, fmt, ...)	pr_err("%s: " fmt, (m)->name, ##__VA_ARGS__)
#define nm_warn(m, fmt, ...)	pr_notice("%s: " fmt, (m)->name, ##__VA_ARGS__)
#define nm_warn_ratelimited(m, fmt, ...) \
	pr_notice_ratelimited("%s: " fmt, (m)->name, ##__VA_ARGS__)
#define nm_info(m, fmt, ...)	pr_info("%s: " fmt, (m)->name, ##__VA_ARGS__)

/* mirror.c: the object's life.  All may sleep. */
struct nm_mirror *nm_mirror_alloc(struct dm_target *ti);
void nm_mirror_free(struct nm_mirror *m);
/* First resume: read the metadata and take the node's place. */
int nm_mirror_load(struct nm_mirror *m);
/* End everything but the object: link, works.  May be called twice. */
void nm_mirror_close(struct nm_mirror *m);
u64 nm_counter_sum(struct nm_mirror *m, enum nm_counter what);

/* registry.c: one mirror object for each (UUID, node). */
/*
 * Take the place of the node that m->sb names, for the link, too.  A suspended
 * object of an older table of the same device gives it up and hands over its role
 * and whether it had given up its leg, into state.role and leg_failed.  Any other
 * one makes this fail with -EBUSY.  May be called again.
 */
int nm_registry_enter(struct nm_mirror *m);
/*
 * The load has failed: if the object has no place, it takes that of the older
 * table of its device, and keeps what that hands over for the next one.
 */
void nm_registry_keep(struct nm_mirror *m);
void nm_registry_leave(struct nm_mirror *m);

/* meta.c: metadata I/O.  Process context, may sleep. */
int nm_meta_read_sb(struct nm_mirror *m, struct nm_sb *sb, const char **why);
int nm_meta_load_marks(struct nm_mirror *m);
/*
 * The mirror has grown from @old to m->sb: mark what is new, durably, and then
 * write the superblock.
 */
int nm_meta_grow(struct nm_mirror *m, const struct nm_sb *old);
/* Make the changes to m->sb durable.  Caller holds meta_mutex. */
int nm_meta_write_sb(struct nm_mirror *m);
/* The same, or if that fails take them back: m->sb is as @before again. */
int nm_meta_change_sb(struct nm_mirror *m, const struct nm_sb *before);
/* Note @meetings, if that is more than is known.  The worker only. */
int nm_meta_note_meetings(struct nm_mirror *m, u64 meetings);
/* Encode the marks as they are and write the block durably. */
int nm_meta_write_marks(struct nm_mirror *m, u32 index);

/* range.c: spans that must not be in flight at the same time (I7, trap 25). */
/*
 * Enter @range.  True: it is granted.  False: range->granted() is called
 * later from a worker, when all earlier ranges that overlap have left.  Caller
 * holds the shard's lock.
 */
bool nm_range_lock(struct nm_shard *s, struct nm_range *range, u64 sector,
		   u32 sectors);
/* Leave.  Caller holds the shard's lock; any context. */
void nm_range_unlock(struct nm_mirror *m, struct nm_shard *s,
		     struct nm_range *range);
void nm_range_granted_work(struct work_struct *work);

/* zone.c: activation, checkpoints. */
/*
 * Enter the zone of a write.  True: it is active and the write is counted.
 * False: @wait->fn is called later, from the marks worker.  Any context.
 */
bool nm_zone_enter(struct nm_mirror *m, struct nm_zone_wait *wait);
void nm_zone_activate_work(struct work_struct *work);
void nm_zone_checkpoint_work(struct work_struct *work);
/*
 * Flush both legs and turn what was unflushed into clean, then retire zones
 * down to @keep active ones and tidy mark blocks.  Without @always the flush is
 * left out when nothing is known to be unflushed.  May sleep.
 */
int nm_zone_checkpoint(struct nm_mirror *m, unsigned int keep, bool always);
/*
 * Does a request of @op that fails tell that the drive has lost what was in its cache?
 * Reads may go on to see that, though no later flush writes it: what is unflushed
 * stays so on that leg, until a peer has all the data and it is copied from there.
 */
bool nm_loses_cache(struct block_device *bdev, u16 op, bool fua);
static inline void nm_cache_is_lost(struct nm_mirror *m)
{
	WRITE_ONCE(m->cache_lost, true);
	WRITE_ONCE(m->cache_lost_now, true);
}
/*
 * A drive tells only once that it lost what was in its cache, and this time nobody
 * but us has heard it: the next flush gets an error of the leg, or, if no peer has
 * what was lost, its error.  May sleep.
 */
void nm_zone_flush_failed(struct nm_mirror *m);
/*
 * The source, which has flushed its own leg, flushes that of this target: what
 * was pushed before its last flush is not dirty any more.  May sleep.
 */
int nm_zone_flush_target(struct nm_mirror *m);
/* The peer is lost: whatever it has not flushed is dirty. */
void nm_zone_peer_lost(struct nm_mirror *m);
/* Regions [first, first + nr) are the same on both legs, durably. */
void nm_zone_synced(struct nm_mirror *m, u64 first, u64 nr);
/* Mark every region dirty; durable when it returns 0. */
int nm_zone_mark_all(struct nm_mirror *m);
/* Make all marks as they are durable. */
int nm_zone_write_all(struct nm_mirror *m);
/* Both legs are the same: dirty regions count as unflushed. */
void nm_zone_copied(struct nm_mirror *m);
/* Both legs are the same and flushed: forget all marks. */
int nm_zone_wipe(struct nm_mirror *m);
/* Mark regions [first, first + nr) dirty (from the peer's MARKS). */
void nm_zone_mark(struct nm_mirror *m, u64 first, u64 nr);

/* io.c: the data path. */
int nm_io_map(struct nm_mirror *m, struct bio *bio);
int nm_io_end(struct nm_mirror *m, struct bio *bio, blk_status_t *error);
/* Send a request without a bio to the peer and wait.  May sleep. */
blk_status_t nm_io_peer_sync(struct nm_mirror *m, struct nm_req *req);

/* hold.c: I/O that waits. */
/* From the worker: decide about what was parked. */
void nm_io_run_parked(struct nm_mirror *m);
/*
 * Wait for @done, woken by nm_mirror.drained, and decide meanwhile about what is
 * parked: it may hold what is waited for.  The session may end.  The worker only.
 */
void nm_io_wait(struct nm_mirror *m, bool (*done)(struct nm_mirror *m));
/* Hold new I/O and wait until none is in flight.  The worker only. */
void nm_io_freeze(struct nm_mirror *m);
/*
 * Go on; but as long as there is no leg to serve the application from, and a
 * peer that may come back, I/O stays held for some time.  The worker only.
 */
void nm_io_thaw(struct nm_mirror *m);
void nm_io_hold_timeout(struct work_struct *work);
/* Is io_ref used up?  The percpu_ref's release function. */
void nm_io_drained(struct percpu_ref *ref);

/* worker.c: the worker. */
void nm_worker_fn(struct work_struct *work);
void nm_worker_timeout(struct work_struct *work);
/* Any context. */
void nm_todo(struct nm_mirror *m, enum nm_todo what);
/* Process context; waits for the worker. */
int nm_command(struct nm_mirror *m, struct nm_cmd *cmd);
/* The worker only: */
void nm_set_link(struct nm_mirror *m, enum nm_link_event event);
void nm_publish(struct nm_mirror *m);
/*
 * Take a new generation and change superblock flags; durable when it returns
 * 0.  @covered: see nm_gens_turn().
 */
int nm_turn(struct nm_mirror *m, bool covered, u32 set_flags);
/* Change superblock flags durably, if they change. */
int nm_set_flags(struct nm_mirror *m, u32 set, u32 clear);
/*
 * Allow writes without the peer, unless it is there: a new generation is
 * durable when it returns 0 (I4).
 */
int nm_go_alone(struct nm_mirror *m);

/* handshake.c.  The worker only. */
/* Say HELLO. */
void nm_handshake_start(struct nm_mirror *m);
/* A message that came before both nodes were ready. */
void nm_handshake_ctl(struct nm_mirror *m, const struct nm_msg *msg,
		      const void *payload);

/* session.c: its beginning and its end, that of a resync.  The worker only. */
void nm_session_up(struct nm_mirror *m);
void nm_session_down(struct nm_mirror *m, const char *why);
/* The peer answered a request with an error; @by_leg: its leg did, for all we know. */
void nm_session_request_failed(struct nm_mirror *m, bool by_leg);
void nm_session_ctl(struct nm_mirror *m, const struct nm_msg *msg,
		    const void *payload);
int nm_session_send(struct nm_mirror *m, u16 op, const void *payload,
		    u32 len);
void nm_session_send_byte(struct nm_mirror *m, u16 op, u8 value);
void nm_session_sync_drained(struct nm_mirror *m);
/* A message of a resync; false: it is none, or comes at the wrong time. */
bool nm_session_sync_ctl(struct nm_mirror *m, const struct nm_msg *msg,
			 const void *payload);
/* Tell the source what was pulled and is durable. */
void nm_session_synced(struct nm_mirror *m);
/* Count a meeting with the connected peer. */
void nm_session_meet(struct nm_mirror *m);
/*
 * The local leg failed.  A primary goes on with the peer's leg, if that has all
 * the data: the session starts over, I/O is held meanwhile.
 */
void nm_session_leg_failed(struct nm_mirror *m);
/* If the peer has what the leg has lost with its cache, it is copied from there. */
void nm_session_cache_lost(struct nm_mirror *m);
/*
 * The metadata failed alone.  If the peer's leg has all the data, the local one is
 * given up just so; else its data are still good to read.
 */
void nm_session_meta_failed(struct nm_mirror *m);
/* The session cannot go on without a write of metadata that failed. */
void nm_session_meta_needed(struct nm_mirror *m);
/* Leave the peer and stop looking for it. */
void nm_session_stop(struct nm_mirror *m, enum nm_refusal bye);
/* Say why, end the session and, unless it is transient, stay apart. */
void nm_session_refuse(struct nm_mirror *m, enum nm_refusal refusal,
		       const char *why);

/* control.c: commands.  The worker only. */
void nm_control_run(struct nm_mirror *m, struct nm_cmd *cmd);
void nm_control_promote_answer(struct nm_mirror *m, enum nm_refusal refusal);
void nm_control_leave(struct work_struct *work);

/* job.c: work on one region, in process context.  May sleep. */
int nm_job_init(struct nm_mirror *m, struct nm_job *job, work_func_t fn);
void nm_job_exit(struct nm_mirror *m, struct nm_job *job);
/* Take the region and wait for the lock of its range. */
void nm_job_lock(struct nm_job *job, u32 region);
void nm_job_unlock(struct nm_job *job);
/* Call @fn for each piece of the region that fits the job's pages, or until it
 * returns something else than 0.
 */
int nm_job_each(struct nm_job *job,
		int (*fn)(struct nm_job *job, u64 sector, u32 bytes));
/* Both legs have the region, perhaps in a cache: it is not dirty any more. */
void nm_job_copied(struct nm_job *job);
/*
 * How either node reads a piece from its leg: by itself.  Merged with a piece beside
 * it that cannot be read, it would fail too, each time it is tried again.
 */
#define NM_OPF_READ_REGION	(REQ_OP_READ | REQ_SYNC | REQ_NOMERGE)
/* Read or write a piece, on the local or the peer's leg. */
int nm_job_local(struct nm_job *job, struct page *pages, u64 sector, u32 bytes,
		 blk_opf_t opf);
/* -ENOLINK: the session is over. */
int nm_job_peer(struct nm_job *job, struct page *pages, u64 sector, u32 bytes,
		u16 op);
/* When (ns) the rate allows one more region.  Caller holds resync_mutex. */
u64 nm_job_due(struct nm_mirror *m);
/* Wait for that.  False: *@stop was set. */
bool nm_job_pause(struct nm_mirror *m, u64 when, const bool *stop);

/* resync.c */
int nm_resync_init(struct nm_mirror *m);
void nm_resync_exit(struct nm_mirror *m);
/* Begin or go on, if this node drives.  The worker only. */
void nm_resync_kick(struct nm_mirror *m);
/* The jobs are done, but regions are left. */
void nm_resync_go_on(struct nm_mirror *m);
void nm_resync_retry(struct work_struct *work);
/*
 * The local leg could not read regions @first..@last: they are written anew
 * with what the peer has, if both legs have the same data.  Any context.
 */
void nm_resync_repair(struct nm_mirror *m, u32 first, u32 last);
/* Begin with them.  The worker only. */
void nm_resync_kick_repair(struct nm_mirror *m);
/*
 * Stop, and wait for the copies in flight: see nm_io_wait().  Ends a check or
 * repair.
 */
void nm_resync_halt(struct nm_mirror *m);

/* verify.c: check and repair. */
void nm_verify_init(struct nm_mirror *m);
/*
 * Begin with @verify, unless that goes on already, or say why not.  The worker
 * only, as for the next two.
 */
enum nm_refusal nm_verify_begin(struct nm_mirror *m, enum nm_verify verify);
/* Every job is at its end: so is the run. */
void nm_verify_over(struct nm_mirror *m);
/* End the run, and wait for its jobs: see nm_io_wait(). */
void nm_verify_halt(struct nm_mirror *m);

/* server.c: requests of the peer. */
int nm_server_create(struct nm_mirror *m);
int nm_server_init(void);
void nm_server_exit(void);

/* events.c: the history.  Process context. */
struct nm_events *nm_events_alloc(void);
/* @m goes on with the history of an older table's object, which is closed. */
void nm_events_take(struct nm_mirror *m, struct nm_mirror *old);
/* Enter what is new in the state.  The worker only. */
void nm_events_compare(struct nm_mirror *m);
/* Enter a reason. */
void nm_event(struct nm_mirror *m, enum nm_event code, const char *text);
/* Print the events that follow number @after, as many as @result has room for. */
void nm_events_emit(struct nm_mirror *m, u64 after, char *result,
		    unsigned int maxlen);

/* status.c */
void nm_status(struct nm_mirror *m, status_type_t type, char *result,
	       unsigned int maxlen);
/* The words of the status line: is it "Fail", sync action, io_held, link. */
bool nm_status_failed(struct nm_mirror *m, const struct nm_state *s);
const char *nm_status_sync(const struct nm_state *s);
const char *nm_status_held(const struct nm_state *s);
void nm_status_link(const struct nm_state *s, char *word, size_t size);

/* table.c */
int nm_table_parse(struct nm_mirror *m, unsigned int argc, char **argv,
		   char **error);

/* A control message on its way to the worker. */
struct nm_ctl {
	struct list_head list;
	u64 session;
	struct nm_msg msg;
	u8 payload[];
};

#endif
