// SPDX-License-Identifier: GPL-2.0-only
/* The userspace environment of the pure core against what the kernel's does. */
#include "unit.h"

static void crc32c_check_value(void **state)
{
	(void)state;
	assert_int_equal(crc32c(~0U, "123456789", 9) ^ ~0U, 0xe3069283U);
	assert_int_equal(crc32c(~0U, "", 0), ~0U);
}

static void crc32c_goes_on_where_it_stopped(void **state)
{
	u8 buf[300];
	u32 whole, cut;

	(void)state;
	rnd_bytes(buf, sizeof(buf));
	whole = crc32c(~0U, buf, sizeof(buf));
	for (cut = 0; cut <= sizeof(buf); cut++)
		assert_int_equal(crc32c(crc32c(~0U, buf, cut), buf + cut,
					sizeof(buf) - cut), whole);
}

static void memchr_inv_finds_the_first_other_byte(void **state)
{
	u8 buf[70];
	size_t at, n;

	(void)state;
	for (n = 0; n < sizeof(buf); n++) {
		memset(buf, 7, sizeof(buf));
		assert_null(memchr_inv(buf, 7, n));
		assert_null(memchr_inv(buf, 7 + 256, n));
		for (at = 0; at < n; at++) {
			memset(buf, 7, sizeof(buf));
			buf[at] = 8;
			buf[n - 1] = 9;
			assert_ptr_equal(memchr_inv(buf, 7, n),
					 buf + min(at, n - 1));
		}
	}
}

static void rounding(void **state)
{
	(void)state;
	assert_int_equal(round_up(0ULL, 2048), 0);
	assert_int_equal(round_up(1ULL, 2048), 2048);
	assert_int_equal(round_up(2048ULL, 2048), 2048);
	assert_true(round_up(1ULL << 40 | 1, 2048) == (1ULL << 40 | 2048));
	assert_int_equal(DIV_ROUND_UP(0, 64), 0);
	assert_int_equal(DIV_ROUND_UP(64, 64), 1);
	assert_int_equal(DIV_ROUND_UP(65, 64), 2);
}

static void bits(void **state)
{
	unsigned long map[3] = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * BITS_PER_LONG; i++) {
		assert_false(test_bit(i, map));
		__set_bit(i, map);
		assert_true(test_bit(i, map));
		assert_int_equal(map[i / BITS_PER_LONG], BIT(i % BITS_PER_LONG));
		assert_int_equal(__ffs(map[i / BITS_PER_LONG]),
				 i % BITS_PER_LONG);
		__clear_bit(i, map);
		assert_true(untouched(map, 0, sizeof(map)));
	}
	assert_int_equal(hweight_long(~0UL), BITS_PER_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32c_check_value),
		cmocka_unit_test(crc32c_goes_on_where_it_stopped),
		cmocka_unit_test(memchr_inv_finds_the_first_other_byte),
		cmocka_unit_test(rounding),
		cmocka_unit_test(bits),
	};

	return run_group(tests);
}
