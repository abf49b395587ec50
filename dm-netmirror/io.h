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
	struct list_head list;		/* held, cold or parked */
	struct nm_range range;		/* writes */
	u32 zone;
	u32 first, last;		/* regions */
	u8 op;				/* enum nm_op */
	u8 stage;			/* enum nm_io_stage, while parked */
	bool mirrored;			/* the peer was asked */
	bool from_peer;			/* a read that the peer serves */
	bool ended;			/* bio_endio() was called by us */
	blk_status_t local_status;
	blk_status_t remote_status;
	unsigned int peer_epoch;	/* when it was issued */
	atomic_t pending;		/* answers to wait for */
	struct work_struct work;	/* a read that goes to the peer after all */
	struct nm_req req;
};

#endif
