// SPDX-License-Identifier: GPL-2.0-only
#include "marks.h"

#define EPOCH_MAX	127

static unsigned long *zone_words(const struct nm_marks *m, unsigned long *map,
				 u32 zone)
{
	return map + (size_t)zone * m->geo.zone_regions / BITS_PER_LONG;
}

static u32 zone_nr_words(const struct nm_marks *m)
{
	return m->geo.zone_regions / BITS_PER_LONG;
}

static u32 zone_of_region(const struct nm_marks *m, u32 region)
{
	return region / m->geo.zone_regions;
}

bool nm_marks_write_begin(struct nm_marks *m, u32 zone)
{
	struct nm_zone *z = &m->zones[zone];

	z->epoch = 0;
	if (z->state != NM_ZONE_ACTIVE) {
		z->state = NM_ZONE_ACTIVATING;
		return false;
	}
	z->nr_writes++;
	return true;
}

void nm_marks_activated(struct nm_marks *m, u32 zone)
{
	m->zones[zone].state = NM_ZONE_ACTIVE;
}

void nm_marks_activation_failed(struct nm_marks *m, u32 zone)
{
	m->zones[zone].state = NM_ZONE_COLD;
}

unsigned int nm_marks_set_dirty(struct nm_marks *m, u32 first, u32 last)
{
	struct nm_zone *z = &m->zones[zone_of_region(m, first)];
	unsigned int nr = 0;
	u32 r;

	for (r = first; r <= last; r++) {
		if (test_bit(r, m->dirty))
			continue;
		__set_bit(r, m->dirty);
		nr++;
	}
	z->nr_dirty += nr;
	return nr;
}

unsigned int nm_marks_write_end(struct nm_marks *m, u32 first, u32 last,
				bool on_both)
{
	struct nm_zone *z = &m->zones[zone_of_region(m, first)];
	u32 r;

	z->nr_writes--;
	if (!on_both)
		return nm_marks_set_dirty(m, first, last);
	z->touched = 1;
	for (r = first; r <= last; r++)
		__set_bit(r, m->unflushed);
	return 0;
}

bool nm_marks_copied(struct nm_marks *m, u32 region)
{
	struct nm_zone *z = &m->zones[zone_of_region(m, region)];

	if (!test_bit(region, m->dirty))
		return false;
	__set_bit(region, m->unflushed);
	__clear_bit(region, m->dirty);
	z->touched = 1;
	z->nr_dirty--;
	return true;
}

bool nm_marks_clear(struct nm_marks *m, u32 region)
{
	if (!test_bit(region, m->dirty))
		return false;
	__clear_bit(region, m->dirty);
	m->zones[zone_of_region(m, region)].nr_dirty--;
	return true;
}

bool nm_marks_any_dirty(const struct nm_marks *m, u32 first, u32 last)
{
	u32 r;

	if (!READ_ONCE(m->zones[zone_of_region(m, first)].nr_dirty))
		return false;
	for (r = first; r <= last; r++)
		if (test_bit(r, m->dirty))
			return true;
	return false;
}

void nm_marks_epoch_begin(struct nm_marks *m, u32 zone)
{
	unsigned long *from = zone_words(m, m->unflushed, zone);
	unsigned long *to = zone_words(m, m->flushing, zone);
	struct nm_zone *z = &m->zones[zone];
	u32 i;

	if (z->epoch < EPOCH_MAX)
		z->epoch++;
	for (i = 0; i < zone_nr_words(m); i++) {
		to[i] |= from[i];
		from[i] = 0;
	}
}

void nm_marks_epoch_synced(const struct nm_marks *m, u32 zone,
			   unsigned long *synced)
{
	const unsigned long *flushing = zone_words(m, m->flushing, zone);
	const unsigned long *dirty = zone_words(m, m->dirty, zone);
	unsigned long *to = zone_words(m, synced, zone);
	u32 i;

	for (i = 0; i < zone_nr_words(m); i++)
		to[i] |= flushing[i] & ~dirty[i];
}

void nm_marks_epoch_end(struct nm_marks *m, u32 zone)
{
	size_t bytes = m->geo.zone_regions / 8;

	memset(zone_words(m, m->flushing, zone), 0, bytes);
	if (!memchr_inv(zone_words(m, m->unflushed, zone), 0, bytes))
		m->zones[zone].touched = 0;
}

void nm_marks_epoch_abort(struct nm_marks *m, u32 zone)
{
	unsigned long *from = zone_words(m, m->flushing, zone);
	unsigned long *to = zone_words(m, m->unflushed, zone);
	u32 i;

	for (i = 0; i < zone_nr_words(m); i++) {
		to[i] |= from[i];
		from[i] = 0;
	}
}

unsigned int nm_marks_peer_lost(struct nm_marks *m, u32 zone)
{
	unsigned long *dirty = zone_words(m, m->dirty, zone);
	unsigned long *un = zone_words(m, m->unflushed, zone);
	unsigned long *fl = zone_words(m, m->flushing, zone);
	unsigned int nr = 0;
	u32 i;

	for (i = 0; i < zone_nr_words(m); i++) {
		unsigned long new = (un[i] | fl[i]) & ~dirty[i];

		nr += hweight_long(new);
		dirty[i] |= new;
		un[i] = 0;
		fl[i] = 0;
	}
	m->zones[zone].nr_dirty += nr;
	m->zones[zone].touched = 0;
	return nr;
}

static bool zone_flushed(const struct nm_marks *m, u32 zone)
{
	size_t bytes = m->geo.zone_regions / 8;

	return !memchr_inv(zone_words(m, m->unflushed, zone), 0, bytes) &&
	       !memchr_inv(zone_words(m, m->flushing, zone), 0, bytes);
}

bool nm_marks_retire(struct nm_marks *m, u32 zone)
{
	struct nm_zone *z = &m->zones[zone];

	if (z->state != NM_ZONE_ACTIVE || z->nr_writes || !zone_flushed(m, zone))
		return false;
	z->state = NM_ZONE_COLD;
	return true;
}

void nm_marks_wipe(struct nm_marks *m, u32 zone)
{
	size_t bytes = m->geo.zone_regions / 8;

	memset(zone_words(m, m->dirty, zone), 0, bytes);
	memset(zone_words(m, m->unflushed, zone), 0, bytes);
	memset(zone_words(m, m->flushing, zone), 0, bytes);
	m->zones[zone].nr_dirty = 0;
	m->zones[zone].touched = 0;
}

u32 nm_marks_next_dirty(const struct nm_marks *m, u32 from)
{
	u32 region = from;

	while (region < m->geo.nr_regions) {
		u32 zone = zone_of_region(m, region);
		unsigned long word;

		if (!READ_ONCE(m->zones[zone].nr_dirty)) {
			region = (zone + 1) * m->geo.zone_regions;
			continue;
		}
		word = READ_ONCE(m->dirty[region / BITS_PER_LONG]) >>
		       region % BITS_PER_LONG;
		if (word) {
			region += __ffs(word);
			return min(region, m->geo.nr_regions);
		}
		region = (region / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return m->geo.nr_regions;
}

u64 nm_marks_count(const struct nm_marks *m)
{
	u64 nr = 0;
	u32 zone;

	for (zone = 0; zone < m->geo.nr_zones; zone++)
		nr += READ_ONCE(m->zones[zone].nr_dirty);
	return nr;
}
