/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Write intent and dirty regions.
 *
 * A zone must be active (durably marked) before a write into it is issued to
 * any leg (I3).  A region is
 *   dirty     when the legs may differ in it, or
 *   unflushed when both legs have its data, but one of them perhaps only in a
 *             volatile cache.
 * A peer that is lost turns every unflushed region dirty.  A checkpoint turns
 * them clean: nm_marks_epoch_begin() on every zone, flush both legs,
 * nm_marks_epoch_end().  On disk a region is marked when it is dirty or
 * unflushed, a zone when it is not cold.
 *
 * Pure: no I/O, allocation or clock, and no locks of its own.  A function that
 * takes a zone touches nothing but that zone, and its caller serialises the
 * calls for one zone.  The others need all zones held still, or tolerate
 * being slightly out of date where that is said.
 */
#ifndef NM_MARKS_H
#define NM_MARKS_H

#include "geometry.h"

enum nm_zone_state {
	NM_ZONE_COLD,		/* the mark may still be set on disk */
	NM_ZONE_ACTIVATING,	/* wanted, not durable yet */
	NM_ZONE_ACTIVE,		/* durable */
};

struct nm_zone {
	u8 state;		/* enum nm_zone_state */
	u8 epoch : 7;		/* epochs since the last write, saturating */
	u8 touched : 1;		/* some region may be unflushed */
	u16 nr_dirty;		/* regions */
	u32 nr_writes;		/* in flight */
};

struct nm_marks {
	struct nm_geometry geo;
	struct nm_zone *zones;		/* nr_zones */
	/* nr_zones * zone_regions bits each: */
	unsigned long *dirty;
	unsigned long *unflushed;	/* since the last epoch began */
	unsigned long *flushing;	/* between epoch begin and end */
};

/* Bytes of memory that the caller allocates, zeroed, for each array. */
static inline size_t nm_marks_zones_bytes(const struct nm_geometry *g)
{
	return (size_t)g->nr_zones * sizeof(struct nm_zone);
}

static inline size_t nm_marks_map_bytes(const struct nm_geometry *g)
{
	return (size_t)g->nr_zones * g->zone_regions / 8;
}

/* --- for one zone ------------------------------------------------------- */

/*
 * A write wants into @zone.  True: the zone is active and the write is counted
 * in it.  False: the zone needs activation first; it is ACTIVATING now, the
 * write is not counted, call again when it is active.
 */
bool nm_marks_write_begin(struct nm_marks *m, u32 zone);

/* The mark of an ACTIVATING zone is durable. */
void nm_marks_activated(struct nm_marks *m, u32 zone);

/* The mark could not be written: back to COLD.  No write may be in it. */
void nm_marks_activation_failed(struct nm_marks *m, u32 zone);

/*
 * A write into regions @first..@last (of one zone) ended.  @on_both: both legs
 * have it, else the legs may differ.  Returns the number of regions that
 * became dirty.  Call it before the write is completed to the application.
 */
unsigned int nm_marks_write_end(struct nm_marks *m, u32 first, u32 last,
				bool on_both);

/* Mark regions @first..@last of one zone dirty; returns how many were not. */
unsigned int nm_marks_set_dirty(struct nm_marks *m, u32 first, u32 last);

/*
 * @region was copied and both legs have it, perhaps in a cache.  True when it
 * was dirty.
 */
bool nm_marks_copied(struct nm_marks *m, u32 region);

/*
 * The peer says that @region is durable on both legs.  True when it was dirty.
 */
bool nm_marks_clear(struct nm_marks *m, u32 region);

static inline bool nm_marks_is_dirty(const struct nm_marks *m, u32 region)
{
	return test_bit(region, m->dirty);
}

/* Is any of the regions @first..@last (of one zone) dirty? */
bool nm_marks_any_dirty(const struct nm_marks *m, u32 first, u32 last);

/* A checkpoint begins: what is unflushed now will be durable at its end. */
void nm_marks_epoch_begin(struct nm_marks *m, u32 zone);

/*
 * Between the flush and nm_marks_epoch_end(): add to @synced (a map like the
 * others) the regions that are durable on both legs now.
 */
void nm_marks_epoch_synced(const struct nm_marks *m, u32 zone,
			   unsigned long *synced);

/* Both legs were flushed after nm_marks_epoch_begin(). */
void nm_marks_epoch_end(struct nm_marks *m, u32 zone);

/* A flush failed, or the peer went away during the checkpoint. */
void nm_marks_epoch_abort(struct nm_marks *m, u32 zone);

/* The peer is lost: unflushed becomes dirty.  Returns how many were not. */
unsigned int nm_marks_peer_lost(struct nm_marks *m, u32 zone);

/*
 * May the zone go cold: active, no write in flight, nothing unflushed?  Then
 * it is COLD and the next write of its mark block clears its mark.
 */
bool nm_marks_retire(struct nm_marks *m, u32 zone);

/* Put the zone's marks into a block begun by nm_mark_block_begin(). */
void nm_mark_block_add(const struct nm_marks *m, struct nm_mark_disk *disk,
		       u32 zone);

/* Forget all marks of the zone: both legs are the same and flushed. */
void nm_marks_wipe(struct nm_marks *m, u32 zone);

/* --- mark blocks -------------------------------------------------------- */

static inline u32 nm_mark_block_of(const struct nm_marks *m, u32 zone)
{
	return zone / m->geo.block_zones;
}

/* First zone of a mark block, and the number of zones in it. */
u32 nm_mark_block_zones(const struct nm_geometry *g, u32 index, u32 *nr);

/* An empty block; add every zone of it, then seal it. */
void nm_mark_block_begin(const struct nm_geometry *g, struct nm_mark_disk *disk,
			 const u8 *uuid, u32 index);
void nm_mark_block_seal(struct nm_mark_disk *disk, u64 seq);

/*
 * Check a block that was read.  Returns 0, or -EINVAL with a sentence in @why.
 * A block that is refused must be taken as all dirty.
 */
int nm_mark_block_check(const struct nm_geometry *g,
			const struct nm_mark_disk *disk, const u8 *uuid,
			u32 index, const char **why);

/*
 * Activation after a crash or a shutdown: make dirty what the block marks.
 * A marked zone is dirty as a whole.  With @disk NULL (unreadable block)
 * every region is.  Returns the number of regions that became dirty.
 */
unsigned int nm_mark_block_load(struct nm_marks *m,
				const struct nm_mark_disk *disk, u32 index);

/* Bits of one zone in a checked block, for dump-md. */
bool nm_mark_block_zone_active(const struct nm_mark_disk *disk, u32 nth);
u32 nm_mark_block_zone_regions(const struct nm_geometry *g,
			       const struct nm_mark_disk *disk, u32 nth);

/* --- all zones ---------------------------------------------------------- */

/*
 * First dirty region at or after @from, or nr_regions.  A region that becomes
 * dirty behind the scan point is found by the next round: a resync goes on
 * until none is left.
 */
u32 nm_marks_next_dirty(const struct nm_marks *m, u32 from);

/* Number of dirty regions. */
u64 nm_marks_count(const struct nm_marks *m);

#endif
