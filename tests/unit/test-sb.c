// SPDX-License-Identifier: GPL-2.0-only
/*
 * The superblock.  I9: one that is torn, corrupt, foreign or senseless is
 * refused with a reason, and nothing is taken over.  I5: a copy is never
 * silently rolled back.
 */
#include "unit.h"
#include "sb.h"

static struct nm_sb sample(void)
{
	struct nm_sb sb;

	memset(&sb, 0, sizeof(sb));
	sb.seq = 0x1122334455667788;
	memcpy(sb.uuid, "the mirror's own", NM_UUID_LEN);
	sb.node_id = 1;
	sb.region_shift = 7;
	sb.zone_shift = 15;
	sb.data_sectors = 1 << 21;
	sb.data_offset = 2048;
	sb.nr_mark_blocks = 1;
	sb.max_mark_blocks = 254;
	sb.flags = NM_SBF_CONSISTENT | NM_SBF_PEER_HAS_GEN;
	sb.alone_since = 0x99aabbccddeeff11;
	sb.meetings = 0x2233445566778899;
	sb.gens.nr = 3;
	sb.gens.covered = 1;
	gen_id(sb.gens.id[0], 'C');
	gen_id(sb.gens.id[1], 'B');
	gen_id(sb.gens.id[2], 'A');
	return sb;
}

/* crc32c of the whole block with crc = 0, done the plain way. */
static void seal(struct nm_sb_disk *disk)
{
	disk->crc = 0;
	disk->crc = cpu_to_le32(crc32c(~0U, disk, sizeof(*disk)));
}

static int decode(const struct nm_sb_disk *disk, struct nm_sb *sb)
{
	const char *why = NULL;
	int err;

	memset(sb, 0x5a, sizeof(*sb));
	err = nm_sb_decode(disk, sb, &why);
	if (err) {
		assert_sentence(why);
		assert_true(untouched(sb, 0x5a, sizeof(*sb)));
	}
	return err;
}

static void assert_same(const struct nm_sb *a, const struct nm_sb *b)
{
	assert_true(a->seq == b->seq);
	assert_memory_equal(a->uuid, b->uuid, NM_UUID_LEN);
	assert_int_equal(a->node_id, b->node_id);
	assert_int_equal(a->region_shift, b->region_shift);
	assert_int_equal(a->zone_shift, b->zone_shift);
	assert_true(a->data_sectors == b->data_sectors);
	assert_true(a->data_offset == b->data_offset);
	assert_int_equal(a->nr_mark_blocks, b->nr_mark_blocks);
	assert_int_equal(a->max_mark_blocks, b->max_mark_blocks);
	assert_int_equal(a->flags, b->flags);
	assert_true(a->alone_since == b->alone_since);
	assert_true(a->meetings == b->meetings);
	assert_int_equal(a->gens.nr, b->gens.nr);
	assert_int_equal(a->gens.covered, b->gens.covered);
	assert_memory_equal(a->gens.id, b->gens.id, sizeof(a->gens.id));
}

static void a_sample_comes_back(void **state)
{
	struct nm_sb sb = sample(), back;
	struct nm_sb_disk disk;

	(void)state;
	memset(&disk, 0xff, sizeof(disk));
	nm_sb_encode(&sb, &disk);
	assert_int_equal(decode(&disk, &back), 0);
	assert_same(&sb, &back);
	/* the checksum is what the format says */
	seal(&disk);
	assert_int_equal(decode(&disk, &back), 0);
	assert_memory_equal(disk.magic, "NETMIRR\x01", 8);
	assert_int_equal(((u8 *)&disk)[16], 0x88);
	assert_int_equal(((u8 *)&disk)[74], 0x20);
	assert_int_equal(((u8 *)&disk)[104], 0x11);
	assert_int_equal(((u8 *)&disk)[111], 0x99);
}

static void random_ones_come_back(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < 2000; i++) {
		struct nm_sb sb, back;
		struct nm_geometry g;
		struct nm_sb_disk disk;
		const char *why;
		bool external = rnd(2);
		u64 want = 8 + 8 * (rnd64() >> (25 + rnd(39)));

		memset(&sb, 0, sizeof(sb));
		sb.region_shift = NM_REGION_SHIFT_MIN + rnd(9);
		sb.zone_shift = sb.region_shift + NM_ZONE_REGIONS_SHIFT_MIN + rnd(8);
		if (nm_geometry_fit(&g, ~0ULL, want, sb.region_shift,
				    sb.zone_shift, external, &sb.data_offset,
				    &sb.max_mark_blocks, &why))
			continue;
		sb.seq = rnd64();
		rnd_bytes(sb.uuid, NM_UUID_LEN);
		sb.node_id = rnd(2);
		sb.data_sectors = g.data_sectors;
		sb.nr_mark_blocks = g.nr_mark_blocks;
		sb.flags = rnd(NM_SBF_ALL + 1) & ~NM_SBF_EXTERNAL;
		sb.flags |= external ? NM_SBF_EXTERNAL : 0;
		sb.alone_since = rnd64();
		sb.meetings = rnd64();
		sb.gens.nr = 1 + rnd(NM_MAX_GENS);
		sb.gens.covered = rnd(sb.gens.nr);
		for (j = 0; j < sb.gens.nr; j++)
			rnd_bytes(sb.gens.id[j], NM_GEN_LEN);
		nm_sb_encode(&sb, &disk);
		assert_int_equal(decode(&disk, &back), 0);
		assert_same(&sb, &back);
	}
}

/* What a list forgot does not reach the disk. */
static void nothing_behind_the_list_is_written(void **state)
{
	struct nm_sb sb = sample(), back;
	struct nm_sb_disk disk;

	(void)state;
	gen_id(sb.gens.id[3], 'Z');
	nm_sb_encode(&sb, &disk);
	assert_int_equal(decode(&disk, &back), 0);
	assert_true(untouched(back.gens.id[3], 0, NM_GEN_LEN));
}

static void every_flipped_bit_is_refused(void **state)
{
	struct nm_sb sb = sample(), back;
	struct nm_sb_disk disk;
	u8 *p = (u8 *)&disk;
	u32 bit;

	(void)state;
	nm_sb_encode(&sb, &disk);
	for (bit = 0; bit < 8 * NM_BLOCK_SIZE; bit++) {
		p[bit / 8] ^= 1U << bit % 8;
		assert_int_equal(decode(&disk, &back),
				 bit < 64 ? -ENODATA : -EILSEQ);
		p[bit / 8] ^= 1U << bit % 8;
	}
	assert_int_equal(decode(&disk, &back), 0);
}

static void garbage_is_refused(void **state)
{
	struct nm_sb_disk disk;
	struct nm_sb back;
	int i;

	(void)state;
	memset(&disk, 0, sizeof(disk));
	assert_int_equal(decode(&disk, &back), -ENODATA);
	for (i = 0; i < 300; i++) {
		rnd_bytes(&disk, sizeof(disk));
		assert_int_equal(decode(&disk, &back), -ENODATA);
		memcpy(disk.magic, NM_SB_MAGIC, 8);
		assert_int_equal(decode(&disk, &back), -EILSEQ);
		/* whatever it is, it does no harm */
		disk.version = cpu_to_le32(NM_SB_VERSION);
		disk.incompat = disk.ro_compat = 0;
		seal(&disk);
		assert_int_equal(decode(&disk, &back), -EUCLEAN);
	}
}

#define REFUSED(change, error, word) do {				\
	struct nm_sb sb_ = sample(), back_;				\
	struct nm_sb_disk disk;						\
	const char *why_ = NULL;					\
									\
	nm_sb_encode(&sb_, &disk);					\
	change;								\
	seal(&disk);							\
	assert_int_equal(decode(&disk, &back_), error);			\
	nm_sb_decode(&disk, &back_, &why_);				\
	if (error)							\
		assert_non_null(strstr(why_, word));			\
} while (0)

static void every_field_is_checked(void **state)
{
	(void)state;
	REFUSED((void)disk, 0, "");
	REFUSED(disk.version = cpu_to_le32(0), -EPROTONOSUPPORT, "version");
	REFUSED(disk.version = cpu_to_le32(2), -EPROTONOSUPPORT, "version");
	REFUSED(disk.incompat = cpu_to_le64(1), -EPROTONOSUPPORT, "feature");
	REFUSED(disk.ro_compat = cpu_to_le64(1ULL << 63), -EPROTONOSUPPORT,
		"feature");
	REFUSED(disk.compat = cpu_to_le64(~0ULL), 0, "");
	REFUSED(disk.pad0[0] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad0[2] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad1[0] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad1[3] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad2[0] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad2[135] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad3[0] = 1, -EUCLEAN, "reserved");
	REFUSED(disk.pad3[2815] = 1, -EUCLEAN, "reserved");
	/* a clock may be wrong, or may never have been read */
	REFUSED(disk.alone_since = 0, 0, "");
	REFUSED(disk.alone_since = cpu_to_le64(~0ULL), 0, "");
	REFUSED(disk.node_id = 0, 0, "");
	REFUSED(disk.node_id = 2, -EUCLEAN, "node id");
	REFUSED(disk.flags = cpu_to_le32(NM_SBF_ALL + 1), -EUCLEAN, "flag");
	REFUSED(disk.flags = cpu_to_le32(1U << 31), -EUCLEAN, "flag");
	REFUSED(disk.region_shift = 2, -EUCLEAN, "region size");
	REFUSED(disk.zone_shift = 12, -EUCLEAN, "zone size");
	REFUSED(disk.data_sectors = 0, -EUCLEAN, "size");
	REFUSED(disk.data_sectors = cpu_to_le64(1 << 30), -EUCLEAN,
		"number of mark blocks");
	REFUSED(disk.nr_mark_blocks = cpu_to_le32(2), -EUCLEAN,
		"number of mark blocks");
	REFUSED(disk.nr_mark_blocks = cpu_to_le32(0), -EUCLEAN,
		"number of mark blocks");
	REFUSED(disk.max_mark_blocks = cpu_to_le32(0), -EUCLEAN, "room");
	REFUSED(disk.max_mark_blocks = cpu_to_le32(1), 0, "");
	REFUSED(disk.max_mark_blocks = cpu_to_le32(255), -EUCLEAN, "offset");
	REFUSED(disk.max_mark_blocks = cpu_to_le32(~0U), -EUCLEAN, "offset");
	REFUSED(disk.data_offset = cpu_to_le64(0), -EUCLEAN, "offset");
	REFUSED(disk.data_offset = cpu_to_le64(2056), -EUCLEAN, "offset");
	REFUSED(disk.data_offset = cpu_to_le64(4096), 0, "");
	REFUSED(disk.data_offset = cpu_to_le64(NM_MAX_DATA_SECTORS + 2048),
		-EUCLEAN, "offset");
	REFUSED(disk.flags |= cpu_to_le32(NM_SBF_EXTERNAL), -EUCLEAN, "offset");
	REFUSED(disk.flags |= cpu_to_le32(NM_SBF_EXTERNAL);
		disk.data_offset = 0, 0, "");
	REFUSED(disk.nr_gens = 0, -EUCLEAN, "generations");
	REFUSED(disk.nr_gens = NM_MAX_GENS + 1, -EUCLEAN, "generations");
	REFUSED(disk.nr_gens = 2, -EUCLEAN, "behind");
	REFUSED(disk.nr_gens = 4, -EUCLEAN, "empty");
	REFUSED(disk.nr_covered = 2, 0, "");
	REFUSED(disk.nr_covered = 3, -EUCLEAN, "covered");
	REFUSED(memcpy(disk.gens[2], disk.gens[0], NM_GEN_LEN), -EUCLEAN,
		"twice");
}

/* --- choosing between the copies ---------------------------------------- */

enum kind {
	UNREADABLE, MISSING, TORN, SENSELESS, UNKNOWN, OLD, NEW, FOREIGN, NODE,
	NR_KINDS
};

static const int errors[NR_KINDS] = {
	[UNREADABLE] = -EIO,
	[MISSING] = -ENODATA,
	[TORN] = -EILSEQ,
	[SENSELESS] = -EUCLEAN,
	[UNKNOWN] = -EPROTONOSUPPORT,
};

static const struct nm_sb_disk *make(enum kind kind, struct nm_sb_disk *disk)
{
	struct nm_sb sb = sample();

	sb.seq = kind == OLD ? 41 : 42;
	if (kind == FOREIGN)
		sb.uuid[0] ^= 1;
	if (kind == NODE)
		sb.node_id = 0;
	/* the number of a bad copy must not count */
	if (kind < OLD)
		sb.seq = 1000;
	nm_sb_encode(&sb, disk);
	switch (kind) {
	case UNREADABLE:
		return NULL;
	case MISSING:
		memset(disk, 0, sizeof(*disk));
		break;
	case TORN:
		memset((u8 *)disk + 2048, 0x11, 512);
		break;
	case SENSELESS:
		disk->pad0[0] = 1;
		seal(disk);
		break;
	case UNKNOWN:
		disk->version = cpu_to_le32(NM_SB_VERSION + 1);
		seal(disk);
		break;
	default:
		break;
	}
	return disk;
}

/* How much an error tells, the most first. */
static int first_of(int a, int b)
{
	static const int order[] = {
		-EPROTONOSUPPORT, -EUCLEAN, -EILSEQ, -EIO, -ENODATA,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return 0;
}

static void every_pair_of_copies(void **state)
{
	int ka, kb;

	(void)state;
	for (ka = 0; ka < NR_KINDS; ka++)
		for (kb = 0; kb < NR_KINDS; kb++) {
			struct nm_sb_disk da, db;
			const struct nm_sb_disk *a = make(ka, &da);
			const struct nm_sb_disk *b = make(kb, &db);
			struct nm_sb sb;
			bool stale = false, mixed;
			const char *why = NULL;
			int err, expected;

			mixed = ka >= OLD && kb >= OLD && ka != kb &&
				(ka > NEW || kb > NEW);
			expected = 0;
			if (ka == UNKNOWN || kb == UNKNOWN)
				expected = -EPROTONOSUPPORT;
			else if (mixed)
				expected = -EUCLEAN;
			else if (ka < OLD && kb < OLD)
				expected = first_of(errors[ka], errors[kb]);
			memset(&sb, 0x5a, sizeof(sb));
			err = nm_sb_choose(a, b, &sb, &stale, &why);
			assert_int_equal(err, expected);
			if (err) {
				assert_sentence(why);
				assert_true(untouched(&sb, 0x5a, sizeof(sb)));
				assert_false(stale);
				continue;
			}
			assert_int_equal(stale, ka != kb);
			assert_int_equal(sb.seq, max(ka, kb) == OLD ? 41 : 42);
		}
}

/* The first error that tells most is the one explained. */
static void the_reason_is_that_of_the_error(void **state)
{
	struct nm_sb_disk da, db;
	struct nm_sb sb;
	const char *why;
	bool stale;

	(void)state;
	make(MISSING, &da);
	make(TORN, &db);
	assert_int_equal(nm_sb_choose(&da, &db, &sb, &stale, &why), -EILSEQ);
	assert_non_null(strstr(why, "checksum"));
	assert_int_equal(nm_sb_choose(&da, &da, &sb, &stale, &why), -ENODATA);
	assert_non_null(strstr(why, "no netmirror"));
	assert_int_equal(nm_sb_choose(&da, NULL, &sb, &stale, &why), -EIO);
	assert_non_null(strstr(why, "read"));
}

/* The number is a full 64 bits. */
static void the_newer_copy_wins(void **state)
{
	static const u64 seqs[] = { 0, 1, 1ULL << 31, 1ULL << 32, 1ULL << 63,
				    ~0ULL };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seqs); i++)
		for (j = 0; j < ARRAY_SIZE(seqs); j++) {
			struct nm_sb a = sample(), b = sample(), sb;
			struct nm_sb_disk da, db;
			const char *why;
			bool stale;

			a.seq = seqs[i];
			b.seq = seqs[j];
			nm_sb_encode(&a, &da);
			nm_sb_encode(&b, &db);
			assert_int_equal(nm_sb_choose(&da, &db, &sb, &stale,
						      &why), 0);
			assert_true(sb.seq == max(seqs[i], seqs[j]));
			assert_int_equal(stale, i != j);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_comes_back),
		cmocka_unit_test(random_ones_come_back),
		cmocka_unit_test(nothing_behind_the_list_is_written),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(every_field_is_checked),
		cmocka_unit_test(every_pair_of_copies),
		cmocka_unit_test(the_reason_is_that_of_the_error),
		cmocka_unit_test(the_newer_copy_wins),
	};

	return run_group(tests);
}
