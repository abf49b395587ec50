// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include <netmirror/wire.h>

#include "units.h"

/* A number at the start of @s; *@end is what follows it. */
static int leading_number(const char *s, u64 *n, const char **end)
{
	char *after;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*n = strtoull(s, &after, 10);
	*end = after;
	return errno ? -ERANGE : 0;
}

int nm_parse_number(const char *s, u64 *n)
{
	const char *end;
	u64 v;

	if (leading_number(s, &v, &end) || *end)
		return -EINVAL;
	*n = v;
	return 0;
}

int nm_parse_size(const char *s, u64 *bytes)
{
	static const char units[] = "KMGT";
	const char *end, *unit;
	unsigned int shift;
	u64 n;

	if (leading_number(s, &n, &end))
		return -EINVAL;
	if (!*end && !n) {
		*bytes = 0;
		return 0;
	}
	if (!*end || end[1])
		return -EINVAL;
	if (*end == 's') {
		shift = NM_SECTOR_SHIFT;
	} else {
		unit = strchr(units, *end);
		if (!unit)
			return -EINVAL;
		shift = 10 * (unit - units + 1);
	}
	if (n > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes = n << shift;
	return 0;
}

int nm_parse_ms(const char *s, u64 *ms)
{
	const char *end;
	u64 n;

	if (leading_number(s, &n, &end))
		return -EINVAL;
	if (!strcmp(end, "s") && n <= UINT32_MAX)
		n *= 1000;
	else if (strcmp(end, "ms"))
		return -EINVAL;
	*ms = n;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int nm_parse_uuid(const char *s, u8 *uuid)
{
	bool dashes = strlen(s) == NM_UUID_STRLEN;
	u8 id[NM_UUID_LEN];
	int i, high, low;

	for (i = 0; i < NM_UUID_LEN; i++) {
		if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) &&
		    *s++ != '-')
			return -EINVAL;
		high = hex_digit(s[0]);
		low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return -EINVAL;
		id[i] = high << 4 | low;
		s += 2;
	}
	if (*s || !memchr_inv(id, 0, sizeof(id)))
		return -EINVAL;
	memcpy(uuid, id, sizeof(id));
	return 0;
}

int nm_parse_address(const char *s, char out[NM_ADDRESS_STRLEN])
{
	char host[INET6_ADDRSTRLEN], ip[INET6_ADDRSTRLEN];
	u8 binary[sizeof(struct in6_addr)];
	bool v6 = *s == '[';
	u64 port = NM_DEFAULT_PORT;
	const char *end;

	if (v6)
		s++;
	end = v6 ? strchr(s, ']') : s + strcspn(s, ":");
	if (!end || (size_t)(end - s) >= sizeof(host))
		return -EINVAL;
	memcpy(host, s, end - s);
	host[end - s] = 0;
	if (v6)
		end++;
	if (*end && (*end != ':' || nm_parse_number(end + 1, &port)))
		return -EINVAL;
	if (!port || port > UINT16_MAX)
		return -EINVAL;
	/* Back to text, so that one address has one spelling. */
	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, binary) != 1 ||
	    !inet_ntop(v6 ? AF_INET6 : AF_INET, binary, ip, sizeof(ip)))
		return -EINVAL;
	snprintf(out, NM_ADDRESS_STRLEN, v6 ? "[%s]:%u" : "%s:%u", ip,
		 (unsigned int)port);
	return 0;
}

void nm_format_hex(const u8 *id, char out[NM_HEX_STRLEN + 1])
{
	int i;

	for (i = 0; i < NM_GEN_LEN; i++)
		sprintf(out + 2 * i, "%02x", id[i]);
}

void nm_format_uuid(const u8 *uuid, char out[NM_UUID_STRLEN + 1])
{
	int i;

	for (i = 0; i < NM_UUID_LEN; i++)
		out += sprintf(out, i == 4 || i == 6 || i == 8 || i == 10 ?
			       "-%02x" : "%02x", uuid[i]);
}

void nm_format_size(u64 bytes, char out[NM_SIZE_STRLEN])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = bytes / 1024.0;
	unsigned int i = 0;

	while (value >= 1024 && i < ARRAY_SIZE(units) - 1) {
		value /= 1024;
		i++;
	}
	snprintf(out, NM_SIZE_STRLEN, value == (u64)value ? "%.0f %s" : "%.1f %s",
		 value, units[i]);
}

void nm_format_seconds(u64 seconds, char out[NM_SIZE_STRLEN])
{
	unsigned int s = seconds % 60, m = seconds / 60 % 60;
	unsigned long long h = seconds / 3600;

	if (h)
		snprintf(out, NM_SIZE_STRLEN, "%lluh %02um", h, m);
	else if (m)
		snprintf(out, NM_SIZE_STRLEN, "%um %02us", m, s);
	else
		snprintf(out, NM_SIZE_STRLEN, "%us", s);
}
