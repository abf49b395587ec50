// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a configuration and the values they take. */
#include <stdarg.h>

#include <names.h>
#include <netmirror/wire.h>

#include "config.h"

int nm_config_expected(char **why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(why, fmt, args) < 0)
		abort();
	va_end(args);
	return -EINVAL;
}

bool nm_name_is_valid(const char *name, size_t max)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";

	return *name && *name != '.' && *name != '-' && strlen(name) <= max &&
	       strspn(name, allowed) == strlen(name);
}

/* A word in a table line: no spaces; absolute, so that it means the same later. */
static int set_path(char *to, const char *key, const char *value,
		    const char *what, char **why)
{
	if (*value != '/' || value[strcspn(value, " \t\\\"'")] ||
	    strlen(value) > NM_PATH_MAX)
		return nm_config_expected(why, "%s = %s: expected the absolute path of a %s, without spaces, quotes and backslashes, and of at most %d characters",
					  key, value, what, NM_PATH_MAX);
	strcpy(to, value);
	return 0;
}

/* --- [options] ------------------------------------------------------------ */

static int parse_rate(const char *s, u64 *v)
{
	u64 bytes;

	if (nm_parse_size(s, &bytes) || bytes % 1024)
		return -EINVAL;
	*v = bytes / 1024;
	return 0;
}

static int parse_ms_or_none(const char *s, u64 *v)
{
	if (strcmp(s, "0"))
		return nm_parse_ms(s, v);
	*v = 0;
	return 0;
}

static int parse_word(const char *s, const char *const *words, int nr, u64 *v)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(s, words[i])) {
			*v = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_loss(const char *s, u64 *v)
{
	return parse_word(s, nm_loss_names, NM_NR_LOSSES, v);
}

/* People know a node by its name. */
static int parse_split(const char *s, u64 *v)
{
	return parse_word(s, nm_split_names, NM_SPLIT_NODE_0, v);
}

static const struct {
	const char *key, *arg;
	int (*parse)(const char *s, u64 *v);
	u64 min, max;
	const char *expected;
} settings[NM_NR_SETTINGS] = {
	[NM_SET_TIMEOUT] = { "timeout", "timeout_ms", nm_parse_ms, 100, 60000,
		"a time from 100ms to 60s" },
	[NM_SET_CHANNELS] = { "channels", "channels", nm_parse_number, 1, 16,
		"a number from 1 to 16" },
	[NM_SET_DEPTH] = { "depth", "depth", nm_parse_number, 4, 1024,
		"a number from 4 to 1024" },
	[NM_SET_INLINE] = { "inline", "inline", nm_parse_size, 4096,
		NM_MAX_INLINE, "a size from 4K to 16K" },
	[NM_SET_ACTIVE_ZONES] = { "active-zones", "active_zones",
		nm_parse_number, 2, 1 << 20, "a number from 2 to 1048576" },
	[NM_SET_RESYNC_RATE] = { "resync-rate", "resync_rate", parse_rate, 0,
		1 << 30, "a size per second such as 100M, or 0 for no limit" },
	[NM_SET_REQUEST_TIMEOUT] = { "request-timeout", "request_timeout_ms",
		parse_ms_or_none, 0, 3600000,
		"a time up to 3600s, or 0 to wait for ever" },
	[NM_SET_MAX_BACKOFF] = { "max-backoff", "max_backoff_ms", nm_parse_ms,
		100, 60000, "a time from 100ms to 60s" },
	[NM_SET_ON_PEER_LOSS] = { "on-peer-loss", "on_peer_loss", parse_loss,
		0, NM_NR_LOSSES - 1, "continue or fence" },
	[NM_SET_AFTER_SPLIT_BRAIN] = { "after-split-brain",
		"after_split_brain", parse_split, 0, NM_NR_SPLITS - 1,
		"none, discard-younger, discard-older, discard-least-changes or discard-node:NAME" },
};

const char *nm_setting_arg(enum nm_setting setting)
{
	return settings[setting].arg;
}

const char *nm_setting_word(enum nm_setting setting, u64 value)
{
	switch (setting) {
	case NM_SET_ON_PEER_LOSS:
		return nm_loss_names[value];
	case NM_SET_AFTER_SPLIT_BRAIN:
		return nm_split_names[value];
	default:
		return NULL;
	}
}

/* Which of the nodes that is turns out when all of the file is read. */
static bool names_node(struct nm_config *c, int setting, const char *value)
{
	static const char prefix[] = "discard-node:";
	const char *name = value + strlen(prefix);

	if (setting != NM_SET_AFTER_SPLIT_BRAIN ||
	    strncmp(value, prefix, strlen(prefix)) ||
	    !nm_name_is_valid(name, NM_NAME_MAX))
		return false;
	strcpy(c->discard_node, name);
	return true;
}

static int set_option(struct nm_config *c, const char *key, const char *value,
		      char **why)
{
	int i;
	u64 v = 0;

	for (i = 0; i < NM_NR_SETTINGS; i++)
		if (!strcmp(settings[i].key, key))
			break;
	if (i == NM_NR_SETTINGS)
		return nm_config_expected(why, "\"%s\" is no key of [options], which takes timeout, channels, depth, inline, active-zones, resync-rate, request-timeout, max-backoff, on-peer-loss and after-split-brain",
					  key);
	if (!names_node(c, i, value) &&
	    (settings[i].parse(value, &v) || v < settings[i].min ||
	     v > settings[i].max))
		return nm_config_expected(why, "%s = %s: expected %s", key, value,
					  settings[i].expected);
	c->setting[i] = v;
	c->given_settings |= 1U << i;
	return 0;
}

/* --- [mirror] ------------------------------------------------------------- */

/* log2 of the sectors of a power of two. */
static int parse_shift(const char *value, u64 min, u64 max, u8 *shift)
{
	u64 bytes;

	if (nm_parse_size(value, &bytes) || bytes < min || bytes > max ||
	    (bytes & (bytes - 1)))
		return -EINVAL;
	*shift = __builtin_ctzll(bytes >> NM_SECTOR_SHIFT);
	return 0;
}

static int set_mirror(struct nm_config *c, const char *key, const char *value,
		      char **why)
{
	u64 bytes;

	if (!strcmp(key, "uuid")) {
		if (nm_parse_uuid(value, c->uuid))
			return nm_config_expected(why, "uuid = %s: expected 32 hex digits, not all 0, as netmirrorctl create writes them",
						  value);
		c->has_uuid = true;
	} else if (!strcmp(key, "size")) {
		if (nm_parse_size(value, &bytes) || !bytes ||
		    bytes % NM_BLOCK_SIZE)
			return nm_config_expected(why, "size = %s: expected a multiple of 4K such as 512M, 10G, 1T or 20480s (sectors)",
						  value);
		c->sectors = bytes >> NM_SECTOR_SHIFT;
		c->has_size = true;
	} else if (!strcmp(key, "region-size")) {
		if (parse_shift(value, 4 << 10, 1 << 20, &c->region_shift))
			return nm_config_expected(why, "region-size = %s: expected a power of two from 4K to 1M",
						  value);
		c->has_region_size = true;
	} else if (!strcmp(key, "zone-size")) {
		if (parse_shift(value, 256 << 10, 8ULL << 30, &c->zone_shift))
			return nm_config_expected(why, "zone-size = %s: expected a power of two that is 64 to 8192 times the region size, such as 16M",
						  value);
		c->has_zone_size = true;
	} else if (!strcmp(key, "link")) {
		if (!strcmp(value, "rdma"))
			c->link = NM_LINK_KIND_RDMA;
		else if (!strcmp(value, "loop"))
			c->link = NM_LINK_KIND_LOOP;
		else
			return nm_config_expected(why, "link = %s: expected rdma or loop",
						  value);
	} else if (!strcmp(key, "secret-file")) {
		return set_path(c->secret_file, key, value, "file", why);
	} else {
		return nm_config_expected(why, "\"%s\" is no key of [mirror], which takes uuid, size, region-size, zone-size, link and secret-file",
					  key);
	}
	return 0;
}

/* --- [node NAME] ---------------------------------------------------------- */

static int set_node(struct nm_node *node, const char *key, const char *value,
		    char **why)
{
	if (!strcmp(key, "id")) {
		if (strcmp(value, "0") && strcmp(value, "1"))
			return nm_config_expected(why, "id = %s: expected 0 or 1", value);
		node->id = *value - '0';
	} else if (!strcmp(key, "address")) {
		if (nm_parse_address(value, node->address))
			return nm_config_expected(why, "address = %s: expected an IP address with or without a port, such as 10.77.0.1, 10.77.0.1:7790 or [fd00::1]:7790",
						  value);
	} else if (!strcmp(key, "leg")) {
		return set_path(node->leg, key, value, "device", why);
	} else if (!strcmp(key, "metadata")) {
		if (strcmp(value, "internal"))
			return set_path(node->metadata, key, value, "device",
					why);
	} else if (!strcmp(key, "device")) {
		if (!nm_name_is_valid(value, NM_DEVICE_MAX))
			return nm_config_expected(why, "device = %s: expected the name of a device below /dev/mapper: letters, digits and . _ + -",
						  value);
		strcpy(node->device, value);
	} else {
		return nm_config_expected(why, "\"%s\" is no key of [node], which takes id, address, leg, metadata and device",
					  key);
	}
	return 0;
}

int nm_config_set(struct nm_config *c, struct nm_node *node,
		  const char *section, const char *key, const char *value,
		  char **why)
{
	if (!*value)
		return nm_config_expected(why, "the key \"%s\" has no value", key);
	if (node)
		return set_node(node, key, value, why);
	if (!strcmp(section, "mirror"))
		return set_mirror(c, key, value, why);
	if (!strcmp(section, "export"))
		return nm_export_set(&c->export, key, value, why);
	return set_option(c, key, value, why);
}
