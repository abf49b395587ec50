// SPDX-License-Identifier: GPL-2.0-only
/*
 * Metadata I/O: superblock and mark blocks, one 4 KiB block at a time.
 *
 * A write is durable when it returns.  The first one that fails ends metadata
 * writing until the leg is attached again and all of it is written anew: what
 * follows would build on a block of unknown content.
 */
#include "mirror.h"

static int meta_io(struct nm_mirror *m, struct page *page, u32 block,
		   blk_opf_t opf)
{
	struct bio_vec bvec;
	struct bio bio;
	int err;

	bio_init(&bio, nm_meta_bdev(m), &bvec, 1, opf);
	bio.bi_iter.bi_sector = (sector_t)block * NM_BLOCK_SECTORS;
	__bio_add_page(&bio, page, NM_BLOCK_SIZE, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

/* From here on no write relies on the local leg, nor on a mark on it. */
static bool leg_is_given_up(struct nm_mirror *m)
{
	bool given_up;

	spin_lock_irq(&m->state_lock);
	given_up = m->state.flags & NM_SBF_LEG_FAILED;
	spin_unlock_irq(&m->state_lock);
	return given_up;
}

static int meta_write(struct nm_mirror *m, struct page *page, u32 block)
{
	int err;

	lockdep_assert_held(&m->meta_mutex);
	/* The metadata of a leg that was given up live on in memory. */
	if (m->meta_failed)
		return leg_is_given_up(m) ? 0 : -EIO;
	err = meta_io(m, page, block,
		      REQ_OP_WRITE | REQ_SYNC | REQ_META | REQ_FUA);
	nm_count(m, NM_C_MD_WRITES);
	if (err) {
		WRITE_ONCE(m->meta_failed, true);
		if (!m->meta && nm_loses_cache(m->local->bdev, NM_OP_WRITE, true))
			nm_zone_flush_failed(m);
		nm_err(m, "cannot write metadata block %u of %pg: error %d\n",
		       block, nm_meta_bdev(m), err);
		/* A load that fails says so itself. */
		if (m->loaded)
			nm_todo(m, NM_TODO_META_FAILED);
	}
	return err;
}

int nm_meta_read_sb(struct nm_mirror *m, struct nm_sb *sb, const char **why)
{
	struct nm_sb_disk *copy[NM_SB_COPIES] = {};
	struct page *pages;
	int i, err;

	pages = alloc_pages(GFP_NOIO, get_order(NM_SB_COPIES * NM_BLOCK_SIZE));
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < NM_SB_COPIES; i++) {
		struct page *page = pages + i;

		err = meta_io(m, page, i, REQ_OP_READ | REQ_SYNC | REQ_META);
		if (!err)
			copy[i] = page_address(page);
		else
			nm_err(m, "cannot read superblock copy %d of %pg: error %d\n",
			       i, nm_meta_bdev(m), err);
	}
	err = nm_sb_choose(copy[0], copy[1], sb, &m->sb_stale, why);
	if (!err && m->sb_stale)
		nm_info(m, "one superblock copy of %pg is out of date or damaged; it will be rewritten\n",
			nm_meta_bdev(m));
	__free_pages(pages, get_order(NM_SB_COPIES * NM_BLOCK_SIZE));
	return err;
}

/* *@nr: how many copies were written. */
static int write_sb(struct nm_mirror *m, int *nr)
{
	int err = 0;

	lockdep_assert_held(&m->meta_mutex);
	m->sb.seq++;
	nm_sb_encode(&m->sb, page_address(m->sb_page));
	for (*nr = 0; *nr < NM_SB_COPIES && !err; *nr += !err)
		err = meta_write(m, m->sb_page, *nr);
	return err;
}

int nm_meta_write_sb(struct nm_mirror *m)
{
	int nr;

	return write_sb(m, &nr);
}

/*
 * A change has failed on one copy, which may have it nevertheless, or before that
 * the other one has: make the other one the newest, with what is in force, or the
 * change may be found after a reboot.  If that fails too, nothing can be done.
 */
static void take_back(struct nm_mirror *m, int failed)
{
	m->sb.seq++;
	nm_sb_encode(&m->sb, page_address(m->sb_page));
	meta_io(m, m->sb_page, !failed,
		REQ_OP_WRITE | REQ_SYNC | REQ_META | REQ_FUA);
	nm_count(m, NM_C_MD_WRITES);
}

int nm_meta_change_sb(struct nm_mirror *m, const struct nm_sb *before)
{
	bool untouched = m->meta_failed;
	int nr, err = write_sb(m, &nr);
	u64 seq = m->sb.seq;

	if (!err)
		return 0;
	m->sb = *before;
	m->sb.seq = seq;
	if (!untouched)
		take_back(m, nr);
	return err;
}

int nm_meta_note_meetings(struct nm_mirror *m, u64 meetings)
{
	int err;

	if (m->sb.meetings >= meetings)
		return 0;
	mutex_lock(&m->meta_mutex);
	*m->old_sb = m->sb;
	m->sb.meetings = meetings;
	err = nm_meta_change_sb(m, m->old_sb);
	mutex_unlock(&m->meta_mutex);
	return err;
}

int nm_meta_write_marks(struct nm_mirror *m, u32 index)
{
	struct nm_mark_disk *disk = page_address(m->mark_page);
	u32 first, nr, zone;

	lockdep_assert_held(&m->meta_mutex);
	nm_mark_block_begin(&m->marks.geo, disk, m->sb.uuid, index);
	first = nm_mark_block_zones(&m->marks.geo, index, &nr);
	/* From here on a mark that leaves memory makes the block stale anew. */
	clear_bit(index, m->stale_blocks);
	for (zone = first; zone < first + nr; zone++) {
		struct nm_shard *s = nm_shard_of(m, zone);

		spin_lock_irq(&s->lock);
		nm_mark_block_add(&m->marks, disk, zone);
		spin_unlock_irq(&s->lock);
	}
	nm_mark_block_seal(disk, ++m->mark_seq);
	return meta_write(m, m->mark_page, NM_FIRST_MARK_BLOCK + index);
}

/* No I/O is possible yet, so no lock is needed. */
int nm_meta_load_marks(struct nm_mirror *m)
{
	struct nm_mark_disk *disk = page_address(m->mark_page);
	u32 i;

	for (i = 0; i < m->marks.geo.nr_mark_blocks; i++) {
		const char *why = "it cannot be read";
		int err;

		err = meta_io(m, m->mark_page, NM_FIRST_MARK_BLOCK + i,
			      REQ_OP_READ | REQ_SYNC | REQ_META);
		if (!err)
			err = nm_mark_block_check(&m->marks.geo, disk,
						  m->sb.uuid, i, &why);
		if (err)
			nm_warn(m, "mark block %u of %pg is not usable (%s); its regions count as dirty\n",
				i, nm_meta_bdev(m), why);
		else
			m->mark_seq = max(m->mark_seq,
					  le64_to_cpu(disk->seq));
		if (nm_mark_block_load(&m->marks, err ? NULL : disk, i))
			set_bit(i, m->stale_blocks);
		cond_resched();
	}
	return 0;
}

int nm_meta_grow(struct nm_mirror *m, const struct nm_sb *old)
{
	u64 first = nm_sb_grown_region(old);
	u32 i;
	int err = 0;

	nm_zone_mark(m, first, m->marks.geo.nr_regions - first);
	mutex_lock(&m->meta_mutex);
	/* The last of the old blocks may have more zones now. */
	for (i = old->nr_mark_blocks - 1; i < m->sb.nr_mark_blocks && !err; i++)
		err = nm_meta_write_marks(m, i);
	if (!err)
		err = nm_meta_write_sb(m);
	mutex_unlock(&m->meta_mutex);
	if (!err)
		nm_info(m, "the mirror has grown from %llu to %llu sectors\n",
			old->data_sectors, m->sb.data_sectors);
	return err;
}
