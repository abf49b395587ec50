// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "fuzz.h"

static unsigned long reached[FUZZ_MAX_PLACES];

void fuzz_reached(unsigned int place)
{
	reached[place]++;
}

int fuzz_untouched(const void *p, size_t n)
{
	const uint8_t *byte = p;

	for (; n; n--, byte++)
		if (*byte != FUZZ_FILL)
			return 0;
	return 1;
}

int fuzz_sentence(const char *why)
{
	return why && strlen(why) > 5;
}

static void report(void)
{
	unsigned int i;

	for (i = 0; fuzz_places[i]; i++)
		fprintf(stderr, "fuzz: reached %lu %s\n", reached[i],
			fuzz_places[i]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(report);
}
