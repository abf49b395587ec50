// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run-length code for marks.  I3: every mark sent arrives, whatever the
 * message size.  I9: a bad code is refused before any mark is taken from it.
 */
#include "unit.h"
#include "msg.h"

#define HEAD	sizeof(struct nm_wire_marks)
#define MIN	(HEAD + 6)
#define NR	5000

static unsigned long map[NR / 64 + 2], back[NR / 64 + 2];
static unsigned int nr_calls;
static u64 last_end;

static void take(void *arg, u64 first, u64 nr)
{
	assert_ptr_equal(arg, back);
	assert_true(nr > 0);
	assert_true(!nr_calls || first > last_end);
	assert_true(first + nr <= NR);
	nr_calls++;
	last_end = first + nr;
	for (; nr; nr--, first++)
		__set_bit(first, back);
}

static int decode(const void *buf, size_t len, u64 nr_bits, u64 *next,
		  const char **why)
{
	*why = NULL;
	nr_calls = 0;
	return nm_marks_decode(buf, len, nr_bits, take, back, next, why);
}

/* Send @map from @first on in messages of @size; returns their number. */
static unsigned int round_trip(u64 first, u64 nr_bits, size_t size)
{
	unsigned int messages = 0;
	u64 at = first, bit;
	const char *why;

	memset(back, 0, sizeof(back));
	while (at < nr_bits) {
		u8 *buf = malloc(size);
		u64 next = ~0ULL, taken = ~0ULL;
		size_t len = nm_marks_encode(map, nr_bits, at, buf, size, &next);

		assert_true(len > HEAD && len <= size);
		assert_true(next > at && next <= nr_bits);
		assert_int_equal(decode(buf, len, nr_bits, &taken, &why), 0);
		assert_true(taken == next);
		at = next;
		messages++;
		free(buf);
	}
	for (bit = 0; bit < NR; bit++)
		assert_int_equal(test_bit(bit, back), bit >= first &&
				 bit < nr_bits && test_bit(bit, map));
	return messages;
}

static void clear(void)
{
	memset(map, 0, sizeof(map));
}

static void set(u64 first, u64 nr)
{
	for (; nr; nr--, first++)
		__set_bit(first, map);
}

static void known_codes(void **state)
{
	u8 buf[64];
	struct nm_wire_marks head;
	u64 next;

	(void)state;
	clear();
	/* 3 clear, 1 set, 300 clear, the rest of 1000 set */
	set(3, 1);
	set(304, 696);
	assert_int_equal(nm_marks_encode(map, 1000, 0, buf, 64, &next), HEAD + 6);
	assert_true(next == 1000);
	memcpy(&head, buf, HEAD);
	assert_true(le64_to_cpu(head.first) == 0);
	assert_int_equal(le32_to_cpu(head.nr), 1000);
	assert_int_equal(le32_to_cpu(head.len), 6);
	assert_memory_equal(buf + HEAD, "\x03\x01\xac\x02\xb8\x05", 6);
	/* starting with a set bit */
	assert_int_equal(nm_marks_encode(map, 4, 3, buf, 64, &next), HEAD + 2);
	memcpy(&head, buf, HEAD);
	assert_true(le64_to_cpu(head.first) == 3);
	assert_memory_equal(buf + HEAD, "\x00\x01", 2);
}

static void edges(void **state)
{
	u8 buf[MIN];
	u64 next = 1;
	size_t size;

	(void)state;
	clear();
	set(10, 5);
	/* nothing to say, or no room to say it */
	assert_int_equal(nm_marks_encode(map, 100, 100, buf, MIN, &next), 0);
	assert_true(next == 100);
	assert_int_equal(nm_marks_encode(map, 100, 101, buf, MIN, &next), 0);
	for (size = 0; size <= HEAD + 1; size++) {
		assert_int_equal(nm_marks_encode(map, 100, 10, buf, size, &next),
				 0);
		assert_true(next == 10);
	}
	/* only what fits */
	assert_int_equal(nm_marks_encode(map, 100, 0, buf, HEAD + 1, &next),
			 HEAD + 1);
	assert_true(next == 10);
	assert_int_equal(nm_marks_encode(map, 100, 10, buf, HEAD + 2, &next),
			 HEAD + 2);
	assert_true(next == 15);
}

static void what_is_sent_arrives(void **state)
{
	int i;
	u32 r;

	(void)state;
	for (i = 0; i < 600; i++) {
		u64 nr_bits = 1 + rnd(NR);
		u64 first = rnd(3) ? 0 : rnd(nr_bits);

		clear();
		switch (i % 5) {
		case 0:
			set(0, NR);
			break;
		case 1:
			for (r = i / 5 & 1; r < NR; r += 2)
				set(r, 1);
			break;
		case 2:
			rnd_bytes(map, sizeof(map));
			break;
		case 3:
			for (r = rnd(500); r < NR; r += 1 + rnd(500)) {
				u32 n = 1 + rnd(300);

				n = min(n, NR - r);
				set(r, n);
				r += n;
			}
			break;
		}
		round_trip(first, nr_bits, MIN + rnd(rnd(2) ? 20 : 4032));
	}
}

/* The worst that a map can do is one byte a bit. */
static void how_much_fits(void **state)
{
	u32 r;

	(void)state;
	clear();
	assert_int_equal(round_trip(0, NR, HEAD + 2), 1);
	set(0, NR);
	assert_int_equal(round_trip(0, NR, HEAD + 3), 1);
	for (r = 0; r < NR; r += 2)
		__clear_bit(r, map);
	assert_int_equal(round_trip(0, NR, HEAD + NR), 1);
	assert_int_equal(round_trip(0, NR, HEAD + NR - 1), 2);
}

/* Bits behind the end of the map do not count, nor does a longer chunk. */
static void the_largest_mirror(void **state)
{
	u64 nr = NM_MAX_REGIONS, next;
	unsigned long *huge = calloc(nr / 64, sizeof(long));
	u8 buf[4032];
	size_t len;
	const char *why;

	(void)state;
	assert_non_null(huge);
	len = nm_marks_encode(huge, nr, 0, buf, sizeof(buf), &next);
	assert_int_equal(len, HEAD + 5);
	assert_true(next == nr);
	assert_int_equal(decode(buf, len, nr, &next, &why), 0);
	assert_true(next == nr);
	assert_int_equal(nr_calls, 0);
	assert_int_equal(decode(buf, len, nr - 1, &next, &why), -EPROTO);
	free(huge);
}

/* --- refusals ----------------------------------------------------------- */

static void refuse(u64 first, u32 nr, u32 announced, const char *code,
		   u32 code_len, u64 nr_bits, const char *word)
{
	struct nm_wire_marks head = {
		.first = cpu_to_le64(first),
		.nr = cpu_to_le32(nr),
		.len = cpu_to_le32(announced),
	};
	u8 *buf = malloc(HEAD + code_len);
	u64 next = 0x5a5a;
	const char *why;
	int err;

	memcpy(buf, &head, HEAD);
	memcpy(buf + HEAD, code, code_len);
	err = decode(buf, HEAD + code_len, nr_bits, &next, &why);
	free(buf);
	if (!*word) {
		assert_int_equal(err, 0);
		assert_true(next == first + nr);
		return;
	}
	assert_int_equal(err, -EPROTO);
	assert_sentence(why);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
	assert_true(next == 0x5a5a);
	assert_int_equal(nr_calls, 0);
}

static void bad_codes(void **state)
{
	u8 none[HEAD] = { 0 };
	const char *why;
	u64 next;
	size_t len;

	(void)state;
	for (len = 0; len < HEAD; len++) {
		assert_int_equal(decode(none, len, 100, &next, &why), -EPROTO);
		assert_non_null(strstr(why, "header"));
	}
	refuse(0, 7, 2, "\x03\x04", 2, 100, "");
	refuse(0, 7, 3, "\x03\x04", 2, 100, "announced");
	refuse(0, 7, 1, "\x03\x04", 2, 100, "announced");
	refuse(0, 7, ~0U, "\x03\x04", 2, 100, "announced");
	refuse(0, 0, 0, "", 0, 100, "no marks");
	refuse(0, 0, 1, "\x00", 1, 100, "no marks");
	refuse(93, 7, 2, "\x03\x04", 2, 100, "");
	refuse(94, 7, 2, "\x03\x04", 2, 100, "beyond");
	refuse(100, 7, 2, "\x03\x04", 2, 100, "beyond");
	refuse(101, 7, 2, "\x03\x04", 2, 100, "beyond");
	refuse(~0ULL, 7, 2, "\x03\x04", 2, 100, "beyond");
	refuse(0, ~0U, 2, "\x03\x04", 2, 100, "beyond");
	refuse(0, 8, 2, "\x03\x04", 2, 100, "fewer");
	refuse(0, 6, 2, "\x03\x04", 2, 100, "more");
	refuse(0, 2, 2, "\x03\x04", 2, 100, "more");
	refuse(0, 7, 0, "", 0, 100, "fewer");
	/* runs of no bits: only the first */
	refuse(0, 7, 2, "\x00\x07", 2, 100, "");
	refuse(0, 7, 3, "\x03\x00\x04", 3, 100, "empty");
	refuse(0, 7, 2, "\x07\x00", 2, 100, "empty");
	/* lengths that are cut off, not the shortest, or too long */
	refuse(0, 7, 2, "\x07\x80", 2, 100, "length");
	refuse(0, 7, 1, "\x87", 1, 100, "length");
	refuse(0, 7, 2, "\x87\x00", 2, 100, "length");
	refuse(0, 7, 2, "\x80\x00", 2, 100, "length");
	refuse(0, 200, 2, "\xc8\x01", 2, 200, "");
	refuse(0, 200, 3, "\xc8\x81\x00", 3, 200, "length");
	refuse(0, 7, 6, "\x87\x80\x80\x80\x80\x01", 6, 100, "length");
	refuse(0, 7, 6, "\xff\xff\xff\xff\xff\xff", 6, 100, "length");
	refuse(0, 7, 5, "\x87\x80\x80\x80\x10", 5, 100, "more");
	refuse(0, 7, 5, "\xff\xff\xff\xff\x7f", 5, 100, "more");
	/* wrong at the very end, with good runs before it */
	refuse(0, 60, 5, "\x0a\x0a\x0a\x0a\x80", 5, 100, "length");
	refuse(0, 40, 5, "\x0a\x0a\x0a\x0a\x01", 5, 100, "more");
}

static void garbage_stays_in_bounds(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		size_t code_len = rnd(12), j;
		u8 *buf = malloc(HEAD + code_len);
		struct nm_wire_marks head = { 0 };
		u64 next, sum = 0;
		const char *why;

		rnd_bytes(buf + HEAD, code_len);
		for (j = 0; j < code_len; j++) {
			if (rnd(8))
				buf[HEAD + j] &= 127;
			sum += buf[HEAD + j];
		}
		head.first = cpu_to_le64(rnd(3) ? rnd(NR) : rnd64());
		head.nr = cpu_to_le32(rnd(4) ? sum : rnd64());
		head.len = cpu_to_le32(rnd(20) ? code_len : rnd(20));
		memcpy(buf, &head, HEAD);
		/* take() looks at what it gets */
		if (!decode(buf, HEAD + code_len, NR, &next, &why))
			assert_true(next <= NR);
		else
			assert_int_equal(nr_calls, 0);
		free(buf);
	}
}

static void flipped_bits_stay_in_bounds(void **state)
{
	u8 buf[400];
	size_t len, bit;
	const char *why;
	u64 next;

	(void)state;
	rnd_bytes(map, sizeof(map));
	len = nm_marks_encode(map, NR, 17, buf, sizeof(buf), &next);
	for (bit = 0; bit < 8 * len; bit++) {
		buf[bit / 8] ^= 1U << bit % 8;
		if (!decode(buf, len, NR, &next, &why))
			assert_true(next <= NR);
		else
			assert_int_equal(nr_calls, 0);
		buf[bit / 8] ^= 1U << bit % 8;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_codes),
		cmocka_unit_test(edges),
		cmocka_unit_test(what_is_sent_arrives),
		cmocka_unit_test(how_much_fits),
		cmocka_unit_test(the_largest_mirror),
		cmocka_unit_test(bad_codes),
		cmocka_unit_test(garbage_stays_in_bounds),
		cmocka_unit_test(flipped_bits_stay_in_bounds),
	};

	return run_group(tests);
}
