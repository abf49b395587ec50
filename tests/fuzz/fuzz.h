/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers share. */
#ifndef NM_FUZZ_H
#define NM_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer calls it with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold ends the run, and the input is kept. */
#define check(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "%s:%d: %s(): not so: %s\n",	\
				__FILE__, __LINE__, __func__, #what);	\
			abort();					\
		}							\
	} while (0)

/*
 * Places behind the checks, which a fuzzer lists by name and counts.  At the end
 * of the run "fuzz: reached COUNT NAME" is printed for each of them: one that was
 * never reached says that the fuzzer or its seeds are worth nothing there.
 */
#define FUZZ_MAX_PLACES	32
extern const char *const fuzz_places[];		/* ends with NULL */
void fuzz_reached(unsigned int place);

/* What a result is filled with, to see whether a refusal touches it. */
#define FUZZ_FILL	0x5a
int fuzz_untouched(const void *p, size_t n);

/* Is the sentence there, and worth showing? */
int fuzz_sentence(const char *why);

#endif
