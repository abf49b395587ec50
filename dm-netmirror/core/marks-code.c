// SPDX-License-Identifier: GPL-2.0-only
/* The run-length code for marks: see struct nm_wire_marks. */
#include "msg.h"

/* Bytes of the longest length, that of NM_MAX_REGIONS bits. */
#define MAX_LENGTH_BYTES	5

/* First bit at or after @from, below @end, that is not @value; else @end. */
static u64 run_end(const unsigned long *map, u64 from, u64 end, bool value)
{
	while (from < end) {
		unsigned long word = READ_ONCE(map[from / BITS_PER_LONG]);

		word = (value ? ~word : word) >> from % BITS_PER_LONG;
		if (word)
			return min_t(u64, from + __ffs(word), end);
		from = (from / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return end;
}

static u32 put_length(u8 *to, u64 length)
{
	u32 n = 0;

	for (; length >= 128; length >>= 7)
		to[n++] = length | 128;
	to[n++] = length;
	return n;
}

size_t nm_marks_encode(const unsigned long *map, u64 nr_bits, u64 first,
		       void *buf, size_t size, u64 *next)
{
	struct nm_wire_marks wire = { .first = cpu_to_le64(first) };
	u8 *code = (u8 *)buf + sizeof(wire);
	u64 at = first, end = min_t(u64, nr_bits, first + NM_MAX_REGIONS);
	u8 length[MAX_LENGTH_BYTES];
	bool value = false;
	u32 len = 0;

	*next = first;
	if (first >= nr_bits || size < sizeof(wire))
		return 0;
	while (at < end) {
		u64 to = run_end(map, at, end, value);
		u32 n = put_length(length, to - at);

		if (n > size - sizeof(wire) - len)
			break;
		memcpy(code + len, length, n);
		len += n;
		at = to;
		value = !value;
	}
	if (at == first)
		return 0;
	wire.nr = cpu_to_le32(at - first);
	wire.len = cpu_to_le32(len);
	memcpy(buf, &wire, sizeof(wire));
	*next = at;
	return sizeof(wire) + len;
}

/* Returns what follows the length, or NULL when it is cut off or too long. */
static const u8 *get_length(const u8 *p, const u8 *end, u64 *length)
{
	unsigned int shift = 0;

	*length = 0;
	for (; p < end && shift < 7 * MAX_LENGTH_BYTES; p++, shift += 7) {
		*length |= (u64)(*p & 127) << shift;
		if (*p & 128)
			continue;
		return *p || !shift ? p + 1 : NULL;
	}
	return NULL;
}

static const char *code_wrong(const u8 *code, const u8 *end, u64 nr)
{
	const u8 *p = code;
	u64 length;

	while (p < end) {
		bool leading = p == code;

		p = get_length(p, end, &length);
		if (!p)
			return "the length of a run of marks makes no sense";
		if (!length && !leading)
			return "a run of marks is empty";
		if (length > nr)
			return "there are more marks than announced";
		nr -= length;
	}
	return nr ? "there are fewer marks than announced" : NULL;
}

int nm_marks_decode(const void *buf, size_t len, u64 nr_bits,
		    void (*fn)(void *arg, u64 first, u64 nr), void *arg,
		    u64 *next, const char **why)
{
	const u8 *code = (const u8 *)buf + sizeof(struct nm_wire_marks);
	const u8 *end = (const u8 *)buf + len;
	struct nm_wire_marks wire;
	const char *wrong;
	u64 first, nr, length;
	bool value = false;

	if (len < sizeof(wire)) {
		*why = "the marks are shorter than their header";
		return -EPROTO;
	}
	memcpy(&wire, buf, sizeof(wire));
	first = le64_to_cpu(wire.first);
	nr = le32_to_cpu(wire.nr);
	if (le32_to_cpu(wire.len) != len - sizeof(wire))
		wrong = "the marks are of another length than announced";
	else if (!nr)
		wrong = "a message about no marks";
	else if (first > nr_bits || nr > nr_bits - first)
		wrong = "marks beyond the last region";
	else
		wrong = code_wrong(code, end, nr);
	if (wrong) {
		*why = wrong;
		return -EPROTO;
	}
	for (; code < end; value = !value, first += length) {
		code = get_length(code, end, &length);
		if (value)
			fn(arg, first, length);
	}
	*next = first;
	return 0;
}
