/* SPDX-License-Identifier: GPL-2.0-only */
/* One bio of the application on its way through the mirror. */
#ifndef NM_IO_H
#define NM_IO_H

#include "mirror.h"

enum nm_io_stage {
	NM_IO_NEW,		/* not issued to any leg */
	NM_IO_ANSWERED,		/* every leg that was asked has answered */
};

struct nm_io {
	struct nm_mirror *mirror;
	struct bio *bio;		/* the clone that dm gave us */
	struct bvec_iter iter;		/* its payload, as it came */
	struct bio *copy;		/* of its payload; NULL: none */
	struct list_head list;		/* held or parked */
	struct nm_range range;		/* writes */
	struct nm_zone_wait zone;
	bool zoned;			/* counted in its zone */
	u32 first, last;		/* regions */
	u8 op;				/* enum nm_op */
	u8 stage;			/* enum nm_io_stage, while parked */
	bool local;			/* the local leg was asked */
	bool mirrored;			/* the peer was asked */
	bool local_failed;		/* a read that the local leg could not serve */
	bool ended;			/* bio_endio() was called by us */
	blk_status_t local_status;
	blk_status_t remote_status;
	unsigned int peer_epoch;	/* when it was issued */
	atomic_t pending;		/* answers to wait for */
	struct work_struct work;	/* a read that goes to the peer after all */
	struct nm_req req;
};

static inline bool nm_io_is_write(const struct nm_io *io)
{
	return io->op != NM_OP_READ && io->op != NM_OP_FLUSH;
}

/* An error that speaks of the leg, not of the request. */
static inline bool nm_is_leg_error(blk_status_t status)
{
	return status && status != BLK_STS_NOTSUPP;
}

/* The steps of a bio, for hold.c; process context. */
void nm_io_start(struct nm_io *io);
enum nm_read_from nm_io_read_place(struct nm_io *io);
void nm_io_read_start(struct nm_io *io);
void nm_io_enter_zone(struct nm_io *io);
/* Ask the legs; without one that may take it the worker decides. */
void nm_io_issue(struct nm_io *io);
/* A write leaves its zone and range; @on_both: do both legs have it? */
void nm_io_leave(struct nm_io *io, bool on_both);
void nm_io_finish(struct nm_io *io, bool on_both, blk_status_t status);

/* copy.c */
int nm_copy_create(struct nm_mirror *m);
void nm_copy_destroy(struct nm_mirror *m);
/* Copy the payload of a write; may sleep, for memory only. */
void nm_copy_make(struct nm_io *io);
/* Any context. */
void nm_copy_drop(struct nm_io *io);

#endif
