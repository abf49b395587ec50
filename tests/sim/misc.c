// SPDX-License-Identifier: GPL-2.0-only
/* Small library functions of the kernel, and its messages in a trace. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/blkdev.h>
#include <linux/crc32c.h>
#include <linux/interval_tree.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/string.h>

#include "co.h"
#include "disk.h"

bool sim_tracing;

/* --- strings -------------------------------------------------------------- */

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	if (!bytes || *p != (u8)c)
		return bytes ? (void *)p : NULL;
	/* All alike if each is like the one before. */
	if (!memcmp(p, p + 1, bytes - 1))
		return NULL;
	while (*p == (u8)c)
		p++;
	return (void *)p;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from);

	if (len >= size) {
		memcpy(to, from, size - 1);
		to[size - 1] = 0;
		return -E2BIG;
	}
	memcpy(to, from, len + 1);
	return len;
}

size_t sim_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return min((size_t)n, size - 1);
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	char *end;

	*res = strtoull(s, &end, base);
	return *end ? -EINVAL : 0;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	char *end;

	*res = strtoul(s, &end, base);
	return *end ? -EINVAL : 0;
}

/* --- crc32c --------------------------------------------------------------- */

#define ZEROES	512

static u32 crc_table[8][256];
static u32 crc_over_zeroes[4][256];	/* of each byte of the crc */

#ifdef __x86_64__
__attribute__((target("sse4.2")))
static u32 crc_hard(u32 crc, const u8 *p, unsigned int len)
{
	unsigned long c = crc;
	unsigned long word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	while (len--)
		c = __builtin_ia32_crc32qi(c, *p++);
	return c;
}
#endif

static u32 crc_soft(u32 crc, const u8 *p, unsigned int len)
{
	u64 word;
	int i;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		word = le64toh(word) ^ crc;
		for (crc = 0, i = 0; i < 8; i++)
			crc ^= crc_table[7 - i][word >> 8 * i & 0xff];
	}
	while (len--)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *p++) & 0xff];
	return crc;
}

static u32 crc_some(u32 crc, const u8 *p, unsigned int len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc_hard(crc, p, len);
#endif
	return crc_soft(crc, p, len);
}

static __attribute__((constructor)) void crc_init(void)
{
	static const u8 zeroes[ZEROES];
	u32 i, j, crc;

	for (i = 0; i < 256; i++) {
		for (crc = i, j = 0; j < 8; j++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
		crc_table[0][i] = crc;
	}
	for (i = 0; i < 256; i++)
		for (j = 1; j < 8; j++)
			crc_table[j][i] = crc_table[j - 1][i] >> 8 ^
				crc_table[0][crc_table[j - 1][i] & 0xff];
	for (i = 0; i < 256; i++)
		for (j = 0; j < 4; j++)
			crc_over_zeroes[j][i] = crc_soft(i << 8 * j, zeroes,
							 ZEROES);
}

/* Most of a metadata block is zeroes: whole runs of them are skipped. */
u32 crc32c(u32 crc, const void *data, unsigned int len)
{
	const u8 *p = data;

	for (; len >= ZEROES; len -= ZEROES, p += ZEROES) {
		if (!memchr_inv(p, 0, ZEROES))
			crc = crc_over_zeroes[0][crc & 0xff] ^
			      crc_over_zeroes[1][crc >> 8 & 0xff] ^
			      crc_over_zeroes[2][crc >> 16 & 0xff] ^
			      crc_over_zeroes[3][crc >> 24];
		else
			crc = crc_some(crc, p, ZEROES);
	}
	return crc_some(crc, p, len);
}

/* --- random numbers, the schedule's own ----------------------------------- */

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;

	while (len--)
		*p++ = rng_next(&sim.rng);
}

u64 get_random_u64(void)
{
	return rng_next(&sim.rng);
}

u32 get_random_u32(void)
{
	return rng_next(&sim.rng);
}

u32 get_random_u32_below(u32 ceil)
{
	return rng_below(&sim.rng, ceil);
}

/* --- interval tree -------------------------------------------------------- */

void interval_tree_insert(struct interval_tree_node *node,
			  struct rb_root_cached *root)
{
	struct interval_tree_node **at = &root->first;

	while (*at && (*at)->start < node->start)
		at = &(*at)->next;
	node->next = *at;
	*at = node;
}

void interval_tree_remove(struct interval_tree_node *node,
			  struct rb_root_cached *root)
{
	struct interval_tree_node **at = &root->first;

	while (*at && *at != node)
		at = &(*at)->next;
	if (!*at)
		sim_fail("what is removed is not in the interval tree");
	*at = node->next;
}

static struct interval_tree_node *overlap(struct interval_tree_node *node,
					  unsigned long start,
					  unsigned long last)
{
	while (node && (node->last < start || node->start > last))
		node = node->next;
	return node;
}

struct interval_tree_node *
interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
			 unsigned long last)
{
	return overlap(root->first, start, last);
}

struct interval_tree_node *
interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
			unsigned long last)
{
	return overlap(node->next, start, last);
}

/* --- messages ------------------------------------------------------------- */

static void stamp(void)
{
	int node = sim_node();

	printf("%10llu.%03llu %c| ", sim_now / 1000000, sim_now / 1000 % 1000,
	       node == SIM_WORLD ? '*' : 'a' + node);
}

void sim_trace(const char *fmt, ...)
{
	va_list ap;

	stamp();
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void print_hex(const u8 *p, int len)
{
	while (len--)
		printf("%02x", *p++);
}

/* The conversions that the module uses; %p as the kernel has it. */
static const char *print_one(const char *p, va_list *ap)
{
	int width = 0, longs = 0;

	if (*p == '*') {
		width = va_arg(*ap, int);
		p++;
	}
	for (; *p == 'l' || *p == 'z'; p++)
		longs++;
	switch (*p) {
	case 'd':
		printf("%lld", longs ? va_arg(*ap, long long) :
				       va_arg(*ap, int));
		break;
	case 'u':
		printf("%llu", longs ? va_arg(*ap, unsigned long long) :
				       va_arg(*ap, unsigned int));
		break;
	case 'x':
		printf("%llx", longs ? va_arg(*ap, unsigned long long) :
				       va_arg(*ap, unsigned int));
		break;
	case 's':
		printf("%s", va_arg(*ap, const char *));
		break;
	case 'p':
		if (p[1] == 'g') {
			va_arg(*ap, void *);
			printf("leg");
		} else if (p[1] == 'U') {
			print_hex(va_arg(*ap, const u8 *), 4);
			return p + 3;
		} else {
			/* The first bytes tell generations apart. */
			print_hex(va_arg(*ap, const u8 *), min(width, 4));
			return p + 3;
		}
		return p + 2;
	default:
		putchar(*p);
	}
	return p + 1;
}

void sim_printk(const char *fmt, ...)
{
	va_list ap;

	if (!sim_tracing)
		return;
	stamp();
	va_start(ap, fmt);
	while (*fmt) {
		if (*fmt == '%')
			fmt = print_one(fmt + 1, &ap);
		else
			putchar(*fmt++);
	}
	va_end(ap);
}
