// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>

#include "metrics.h"

#define NR_LABELS	4

void nm_family_begin(struct nm_family *f)
{
	f->samples = open_memstream(&f->text, &f->len);
	if (!f->samples)
		abort();
}

void nm_sample(struct nm_family *f, double value, const char *labels, ...)
{
	va_list args;

	fprintf(f->samples, "%s%s{", f->name,
		strcmp(f->type, "counter") ? "" : "_total");
	va_start(args, labels);
	vfprintf(f->samples, labels, args);
	va_end(args);
	fprintf(f->samples, "} %.15g\n", value);
}

const char *nm_label(const char *value)
{
	static char text[NR_LABELS][512];
	static unsigned int next;
	char *out = text[next++ % NR_LABELS], *at = out;

	for (; *value && at - out < (int)sizeof(text[0]) - 3; value++) {
		if (*value == '\\' || *value == '"')
			*at++ = '\\';
		*at++ = *value == '\n' ? ' ' : *value;
	}
	*at = 0;
	return out;
}

void nm_family_end(struct nm_family *f, FILE *to)
{
	fclose(f->samples);
	if (f->len) {
		fprintf(to, "# TYPE %s %s\n", f->name, f->type);
		if (f->unit)
			fprintf(to, "# UNIT %s %s\n", f->name, f->unit);
		fprintf(to, "# HELP %s %s\n%s", f->name, f->help, f->text);
	}
	free(f->text);
}
