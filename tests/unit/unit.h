/* SPDX-License-Identifier: GPL-2.0-only */
/* What the unit tests share. */
#ifndef NM_UNIT_H
#define NM_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nm_env.h"

/* Is the sentence there, and worth showing? */
#define assert_sentence(why)						\
	do {								\
		assert_non_null(why);					\
		assert_true(strlen(why) > 5);				\
	} while (0)

/* --- random numbers, the same in every run with the same seed ----------- */

static u64 rnd_state;

static inline u64 rnd64(void)
{
	/* xorshift64* */
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return rnd_state * 0x2545f4914f6cdd1dULL;
}

static inline u32 rnd(u32 below)
{
	return (rnd64() >> 32) % below;
}

static inline void rnd_bytes(void *to, size_t n)
{
	u8 *p = to;

	while (n--)
		*p++ = rnd64() >> 56;
}

/* Group setup: print the seed, so that a failure can be repeated. */
static inline int seed(void **state)
{
	const char *given = getenv("NM_SEED");

	(void)state;
	rnd_state = given ? strtoull(given, NULL, 0) : 20240229;
	if (!rnd_state)
		rnd_state = 1;
	printf("# NM_SEED=%llu\n", (unsigned long long)rnd_state);
	return 0;
}

#define run_group(tests)						\
	(cmocka_set_message_output(CM_OUTPUT_TAP),			\
	 cmocka_run_group_tests(tests, seed, NULL))

/* --- results that a refusal must not touch ----------------------------- */

/* Does @p hold nothing but @c? */
static inline bool untouched(const void *p, int c, size_t n)
{
	return !memchr_inv(p, c, n);
}

/* A refusal of a message, with @word in its sentence. */
static inline void check_refused(int err, const char *why, const char *word,
				 const void *result, size_t size)
{
	assert_int_equal(err, -EPROTO);
	assert_sentence(why);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
	assert_true(untouched(result, 0x5a, size));
}

#define assert_refused(err, why, word, result) \
	check_refused(err, why, word, &(result), sizeof(result))

/* --- generations -------------------------------------------------------- */

/* The generation called @letter; 0 is the empty one. */
static inline void gen_id(u8 *id, unsigned int letter)
{
	memset(id, 0, 16);
	id[0] = letter;
	id[1] = letter >> 8;
	id[15] = letter ? 0xa5 : 0;
}

#endif
