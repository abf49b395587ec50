// SPDX-License-Identifier: GPL-2.0-only
/*
 * A configuration file.  A refusal names the file.  What is accepted is what a
 * plain reader of the format sees in it, and is the same after it was written and
 * read again.
 */
#include <ini.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <netmirror/uapi.h>

#include "config.h"
#include "fuzz.h"

enum {
	GOT_CONFIG, GOT_REFUSAL, GOT_AGAIN, GOT_SECRET, GOT_LOOP, GOT_RULE,
	GOT_NODE_RULE, GOT_MARK,
};

const char *const fuzz_places[] = {
	[GOT_CONFIG]	= "a configuration is taken",
	[GOT_REFUSAL]	= "a configuration is refused",
	[GOT_AGAIN]	= "a configuration is written and read again",
	[GOT_SECRET]	= "a secret is named",
	[GOT_LOOP]	= "a loop link is asked for",
	[GOT_RULE]	= "there is a rule for a split brain",
	[GOT_NODE_RULE]	= "the rule names a node",
	[GOT_MARK]	= "a byte-order mark is passed over",
	NULL
};

#define MIRROR	"r0"

/* --- instead of message.c ------------------------------------------------- */

static char message[4096];

void nm_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
}

/* --- a plain reader ------------------------------------------------------- */

#define INIH_SECTION	49	/* characters that inih tells of a section's name */

static const struct nm_node *node_called(const struct nm_config *c,
					 const char *section)
{
	const char *name = section + strlen("node");
	int i;

	name += strspn(name, " \t");
	for (i = 0; i < c->nr_nodes; i++)
		if (!strcmp(c->node[i].name, name))
			return &c->node[i];
	return NULL;
}

/* Each key that the file has is in the configuration. */
static int one_key(void *arg, const char *section, const char *key,
		   const char *value)
{
	const struct nm_config *c = arg;
	const struct nm_node *node;

	if (!strcmp(section, "mirror")) {
		check(strcmp(key, "uuid") || c->has_uuid);
		/* The smallest unit is a sector. */
		check(strcmp(key, "size") ||
		      (c->has_size && c->sectors >= strtoull(value, NULL, 10)));
		check(strcmp(key, "zone-size") || c->has_zone_size);
		check(strcmp(key, "secret-file") ||
		      !strcmp(value, c->secret_file));
		check(strcmp(key, "link") ||
		      (c->link == NM_LINK_KIND_LOOP) == !strcmp(value, "loop"));
	} else if (!strncmp(section, "node", strlen("node"))) {
		if (strlen(section) >= INIH_SECTION)
			return 1;
		node = node_called(c, section);
		check(node);
		check(strcmp(key, "id") || node->id == *value - '0');
		check(strcmp(key, "leg") || !strcmp(value, node->leg));
		check(strcmp(key, "device") || !strcmp(value, node->device));
	} else {
		check(!strcmp(section, "options"));
		check(c->given_settings);
	}
	return 1;
}

/* --- what is promised of an accepted one ---------------------------------- */

static void check_node(const struct nm_config *c, const struct nm_node *node)
{
	check(nm_name_is_valid(node->name, NM_NAME_MAX));
	check(node->id == 0 || node->id == 1);
	check(*node->leg == '/' && strlen(node->leg) <= NM_PATH_MAX);
	check(!*node->metadata || *node->metadata == '/');
	check(nm_name_is_valid(node->device, NM_DEVICE_MAX));
	if (c->link == NM_LINK_KIND_RDMA)
		check(strchr(node->address, ':'));
}

/* What the table line says is what the file says. */
static void check_rule(const struct nm_config *c)
{
	u64 rule = c->setting[NM_SET_AFTER_SPLIT_BRAIN];
	const struct nm_node *loser = &c->node[0];

	if (!(c->given_settings >> NM_SET_AFTER_SPLIT_BRAIN & 1)) {
		check(!*c->discard_node);
		return;
	}
	check(rule < NM_NR_SPLITS);
	check(nm_setting_word(NM_SET_AFTER_SPLIT_BRAIN, rule));
	fuzz_reached(GOT_RULE);
	if (rule < NM_SPLIT_NODE_0) {
		check(!*c->discard_node);
		return;
	}
	if (loser->id != (int)rule - NM_SPLIT_NODE_0)
		loser++;
	check(!strcmp(loser->name, c->discard_node));
	fuzz_reached(GOT_NODE_RULE);
}

static void check_config(const struct nm_config *c)
{
	check(c->nr_nodes == NM_NR_NODES);
	check(c->node[0].id != c->node[1].id);
	check(c->self && c->peer && c->self != c->peer);
	check(c->mirror_line > 0);
	check_node(c, &c->node[0]);
	check_node(c, &c->node[1]);
	check_rule(c);
	if (*c->secret_file)
		fuzz_reached(GOT_SECRET);
	if (c->link == NM_LINK_KIND_LOOP)
		fuzz_reached(GOT_LOOP);
}

static int load(struct nm_config *c, const char *path, const char *node)
{
	struct nm_opts o = {
		.given = BIT(NM_OPT_CONFIG) | BIT(NM_OPT_NODE),
		.value = { [NM_OPT_CONFIG] = path, [NM_OPT_NODE] = node },
	};
	int ret;

	*message = 0;
	ret = nm_config_load(c, &o, MIRROR);
	if (ret) {
		check(ret == NM_EXIT_FAILED);
		check(strstr(message, path) && strlen(message) > 20);
	}
	return ret;
}

static void same_node(const struct nm_node *a, const struct nm_node *b)
{
	check(!strcmp(a->name, b->name) && a->id == b->id);
	check(!strcmp(a->address, b->address) && !strcmp(a->leg, b->leg));
	check(!strcmp(a->metadata, b->metadata));
	check(!strcmp(a->device, b->device));
}

/* In the directory for temporary files: a rename must work there. */
static void write_and_read_again(struct nm_config *c, char *dir)
{
	const char *name = c->self->name;
	struct nm_config again;
	char *path = c->path;

	if (asprintf(&c->path, "%s/" MIRROR ".conf", dir) < 0)
		abort();
	/* As create does for one that has none. */
	if (!c->has_uuid)
		memset(c->uuid, 0x5a, NM_UUID_LEN);
	check(!nm_config_prepare(c, true, c->sectors ? c->sectors : 8));
	check(!nm_config_commit(c));
	check(!load(&again, c->path, name));
	check(!memcmp(again.uuid, c->uuid, NM_UUID_LEN));
	check(again.sectors == (c->sectors ? c->sectors : 8));
	check(again.region_shift == c->region_shift);
	check(again.zone_shift == c->zone_shift && again.link == c->link);
	check(!strcmp(again.secret_file, c->secret_file));
	same_node(&again.node[0], &c->node[0]);
	same_node(&again.node[1], &c->node[1]);
	nm_config_free(&again);
	unlink(c->path);
	free(c->path);
	c->path = path;
	fuzz_reached(GOT_AGAIN);
}

/* One file in memory for all inputs, and a directory. */
static int memory = -1;
static char path[64], dir[256];

static void open_memory(void)
{
	const char *tmp = getenv("TMPDIR");

	memory = memfd_create("config", MFD_CLOEXEC);
	check(memory >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	snprintf(dir, sizeof(dir), "%s", tmp ? tmp : "/tmp");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_config c;

	if (memory < 0)
		open_memory();
	if (ftruncate(memory, 0) ||
	    pwrite(memory, data, size, 0) != (ssize_t)size)
		abort();
	if (load(&c, path, "alpha")) {
		fuzz_reached(GOT_REFUSAL);
	} else {
		fuzz_reached(GOT_CONFIG);
		check_config(&c);
		if (size > 3 && !memcmp(data, "\xef\xbb\xbf", 3))
			fuzz_reached(GOT_MARK);
		ini_parse(path, one_key, &c);
		write_and_read_again(&c, dir);
	}
	nm_config_free(&c);
	return 0;
}
