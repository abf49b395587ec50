// SPDX-License-Identifier: GPL-2.0-only
/* Reading and checking a configuration; writing it is in config-write.c. */
#include <ini.h>
#include <stdarg.h>
#include <unistd.h>

#include <geometry.h>
#include <netmirror/uapi.h>

#include "config.h"

#define MAX_KEYS	64
#define INIH_LINE	198	/* what inih takes in one piece */

/* State of one pass over a file. */
struct reader {
	struct nm_config *c;
	FILE *file;
	int line;
	int bad_line;		/* of the first error, 0: none */
	char *why;
	char section[NM_LINE_MAX];
	struct nm_node *node;	/* the section is [node NAME] */
	struct {
		int line, section_line;
		char key[INIH_LINE];
	} seen[MAX_KEYS];
	int nr_seen;
	int section_line;
	int options_line;
};

static __attribute__((format(printf, 2, 3)))
void refuse(struct reader *r, const char *fmt, ...)
{
	va_list args;

	if (r->bad_line)
		return;
	va_start(args, fmt);
	if (vasprintf(&r->why, fmt, args) < 0)
		abort();
	va_end(args);
	r->bad_line = r->line;
}

static void new_node(struct reader *r, const char *name)
{
	struct nm_config *c = r->c;
	int i;

	name += strspn(name, " \t");
	if (!nm_name_is_valid(name, NM_NAME_MAX)) {
		refuse(r, "[%s]: expected the host name of a node, as in [node alpha]",
		       r->section);
		return;
	}
	for (i = 0; i < c->nr_nodes; i++) {
		if (strcmp(c->node[i].name, name))
			continue;
		refuse(r, "the section [%s] is there twice, first in line %d",
		       r->section, c->node[i].line);
		return;
	}
	if (c->nr_nodes == NM_NR_NODES) {
		refuse(r, "[%s] is a third node; a mirror has two", r->section);
		return;
	}
	r->node = &c->node[c->nr_nodes++];
	strcpy(r->node->name, name);
	r->node->line = r->line;
	r->node->id = -1;
}

/* inih tells of a section only with its first key; we want empty ones too. */
static void new_section(struct reader *r, const char *text)
{
	size_t len = strcspn(text, "]");
	int *first = NULL;

	if (text[len] != ']' || len >= sizeof(r->section))
		return;		/* inih will refuse the line */
	memcpy(r->section, text, len);
	r->section[len] = 0;
	r->section_line = r->line;
	r->node = NULL;
	if (!strncmp(r->section, "node", 4) &&
	    (r->section[4] == ' ' || r->section[4] == '\t' || !r->section[4]))
		new_node(r, r->section + 4);
	else if (!strcmp(r->section, "mirror"))
		first = &r->c->mirror_line;
	else if (!strcmp(r->section, "options"))
		first = &r->options_line;
	else if (!strcmp(r->section, "export"))
		first = &r->c->export.line;
	else
		refuse(r, "[%s] is no section; expected [mirror], [node NAME], [options] or [export]",
		       r->section);
	if (first && *first)
		refuse(r, "the section [%s] is there twice, first in line %d",
		       r->section, *first);
	else if (first)
		*first = r->line;
}

/* What inih passes over before it looks for a section. */
static char *skip_blanks(char *text, bool first_line)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	size_t len = strlen(byte_order_mark);

	if (first_line && !strncmp(text, byte_order_mark, len))
		text += len;
	return text + strspn(text, " \t\n\v\f\r");
}

/* fgets() for inih, which counts lines but does not tell them. */
static char *read_line(char *buf, int size, void *arg)
{
	struct reader *r = arg;
	char *text;

	if (!fgets(buf, size, r->file))
		return NULL;
	r->line++;
	if (!strchr(buf, '\n') && !feof(r->file)) {
		refuse(r, "the line is longer than %d characters", INIH_LINE);
		return NULL;
	}
	text = skip_blanks(buf, r->line == 1);
	if (*text == '[')
		new_section(r, text + 1);
	return r->bad_line ? NULL : buf;
}

static int one_key(void *arg, const char *section, const char *key,
		   const char *value)
{
	struct reader *r = arg;
	char *why;
	int i;

	if (!*section) {
		refuse(r, "\"%s\" comes before any section; expected [mirror] first",
		       key);
		return 0;
	}
	for (i = 0; i < r->nr_seen; i++) {
		if (r->seen[i].section_line == r->section_line &&
		    !strcmp(r->seen[i].key, key) && strcmp(key, "acl")) {
			refuse(r, "the key \"%s\" is there twice, first in line %d",
			       key, r->seen[i].line);
			return 0;
		}
	}
	if (nm_config_set(r->c, r->node, r->section, key, value, &why)) {
		refuse(r, "%s", why);
		free(why);
		return 0;
	}
	if (!strcmp(r->section, "mirror") && !strcmp(key, "size"))
		r->c->size_line = r->line;
	if (r->node && !strcmp(key, "leg"))
		r->node->leg_line = r->line;
	/* More keys than there are names cannot come here. */
	strcpy(r->seen[r->nr_seen].key, key);
	r->seen[r->nr_seen].section_line = r->section_line;
	r->seen[r->nr_seen++].line = r->line;
	return 1;
}

void nm_config_init(struct nm_config *c, const struct nm_opts *o,
		    const char *name)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->path = nm_config_path(o, name);
	c->region_shift = NM_REGION_SHIFT_DEFAULT;
	c->zone_shift = NM_ZONE_SHIFT_DEFAULT;
}

void nm_config_free(struct nm_config *c)
{
	free(c->path);
	c->path = NULL;
}

char *nm_config_path(const struct nm_opts *o, const char *name)
{
	char *path;
	int len;

	if (nm_given(o, NM_OPT_CONFIG))
		len = asprintf(&path, "%s", o->value[NM_OPT_CONFIG]);
	else
		len = asprintf(&path, NM_CONFDIR "/%s.conf", name);
	if (len < 0)
		abort();
	return path;
}

int nm_config_missing(const struct nm_config *c)
{
	nm_error("cannot find the mirror %s: there is no %s; copy it from the other node, or make the mirror with \""
		 NM_TOOL_NAME " create %s --leg ...\"", c->name, c->path,
		 c->name);
	return NM_EXIT_NOT_FOUND;
}

/* --- what concerns more than one key -------------------------------------- */

static int check_node(const struct nm_config *c, const struct nm_node *node)
{
	const char *missing = NULL;

	if (node->id < 0)
		missing = "id (0 on one node, 1 on the other)";
	else if (!*node->leg)
		missing = "leg (the device that holds this node's copy)";
	else if (c->link == NM_LINK_KIND_RDMA && !*node->address)
		missing = "address (the IP address where this node listens)";
	else if (!strcmp(node->leg, node->metadata)) {
		nm_error("%s:%d: the leg and the metadata of node %s are both %s; write metadata = internal for a leg that holds its own",
			 c->path, node->line, node->name, node->leg);
		return NM_EXIT_FAILED;
	}
	if (!missing)
		return NM_EXIT_OK;
	nm_error("%s:%d: [node %s] lacks the key %s", c->path, node->line,
		 node->name, missing);
	return NM_EXIT_FAILED;
}

static int check_pair(const struct nm_config *c)
{
	const struct nm_node *a = &c->node[0], *b = &c->node[1];
	const char *same = NULL;

	if (a->id == b->id)
		same = "id; expected 0 and 1";
	else if (c->link == NM_LINK_KIND_RDMA && !strcmp(a->address, b->address))
		same = "address; each node listens at one of its own";
	else if (c->link == NM_LINK_KIND_LOOP && !strcmp(a->leg, b->leg))
		same = "leg, but with link = loop they run in one kernel";
	else if (c->link == NM_LINK_KIND_LOOP && !strcmp(a->device, b->device))
		same = "device, but with link = loop they run in one kernel";
	if (!same)
		return NM_EXIT_OK;
	nm_error("%s:%d: the nodes %s and %s have the same %s", c->path,
		 b->line, a->name, b->name, same);
	return NM_EXIT_FAILED;
}

/* The node whose changes are given up after a split brain. */
static int find_discard_node(struct nm_config *c)
{
	int i;

	if (!*c->discard_node)
		return NM_EXIT_OK;
	for (i = 0; i < NM_NR_NODES; i++) {
		if (strcmp(c->node[i].name, c->discard_node))
			continue;
		c->setting[NM_SET_AFTER_SPLIT_BRAIN] =
			c->node[i].id ? NM_SPLIT_NODE_1 : NM_SPLIT_NODE_0;
		return NM_EXIT_OK;
	}
	nm_error("%s: after-split-brain = discard-node:%s: there is no [node %s], only [node %s] and [node %s]",
		 c->path, c->discard_node, c->discard_node, c->node[0].name,
		 c->node[1].name);
	return NM_EXIT_FAILED;
}

static int check_export(const struct nm_config *c)
{
	const char *problem = nm_export_problem(&c->export);

	if (!c->export.line || !problem)
		return NM_EXIT_OK;
	nm_error("%s:%d: [export]: %s", c->path, c->export.line, problem);
	return NM_EXIT_FAILED;
}

/* Which of the two nodes is this one? */
static int find_self(struct nm_config *c, const struct nm_opts *o)
{
	const char *name = o->value[NM_OPT_NODE];
	char host[NM_NAME_MAX + 1] = "";
	int i;

	if (!name) {
		gethostname(host, sizeof(host) - 1);
		name = host;
	}
	for (i = 0; i < NM_NR_NODES; i++) {
		size_t len = strlen(c->node[i].name);

		/* The section may leave the domain of the host out. */
		if (!strncmp(c->node[i].name, name, len) &&
		    (!name[len] || (name == host && name[len] == '.'))) {
			c->self = &c->node[i];
			c->peer = &c->node[!i];
			return NM_EXIT_OK;
		}
	}
	nm_error("%s: this node is called %s, but the configuration has [node %s] and [node %s]; use --node to say which one it is",
		 c->path, name, c->node[0].name, c->node[1].name);
	return NM_EXIT_FAILED;
}

int nm_config_finish(struct nm_config *c, const struct nm_opts *o)
{
	struct nm_geometry geo;
	const char *why;
	int i, ret;

	if (!c->mirror_line) {
		nm_error("%s: there is no section [mirror]", c->path);
		return NM_EXIT_FAILED;
	}
	if (c->nr_nodes != NM_NR_NODES) {
		nm_error("%s: there %s, but a mirror has two: expected [node NAME] for each",
			 c->path, c->nr_nodes ? "is only one [node NAME]" :
			 "is no [node NAME]");
		return NM_EXIT_FAILED;
	}
	if (nm_geometry_init(&geo, c->sectors ? c->sectors : NM_BLOCK_SECTORS,
			     c->region_shift, c->zone_shift, &why)) {
		nm_error("%s:%d: %s", c->path, c->mirror_line, why);
		return NM_EXIT_FAILED;
	}
	for (i = 0; i < NM_NR_NODES; i++) {
		if (!*c->node[i].device)
			strcpy(c->node[i].device, c->name);
		ret = check_node(c, &c->node[i]);
		if (ret)
			return ret;
	}
	ret = check_pair(c);
	if (!ret)
		ret = find_discard_node(c);
	if (!ret)
		ret = check_export(c);
	return ret ? ret : find_self(c, o);
}

int nm_config_load(struct nm_config *c, const struct nm_opts *o,
		   const char *name)
{
	struct reader r = { .c = c };
	int line;

	nm_config_init(c, o, name);
	if (!nm_name_is_valid(name, NM_NAME_MAX)) {
		nm_error("\"%s\" is no name for a mirror: use letters, digits and . _ + -, at most %d of them",
			 name, NM_NAME_MAX);
		return NM_EXIT_USAGE;
	}
	r.file = fopen(c->path, "re");
	if (!r.file && errno == ENOENT)
		return NM_EXIT_NOT_FOUND;
	if (!r.file) {
		nm_error("cannot read the configuration of %s, %s: %s", name,
			 c->path, strerror(errno));
		return NM_EXIT_FAILED;
	}
	ini_allow_multiline = false;
	line = ini_parse_stream(read_line, &r, one_key, &r);
	if (ferror(r.file)) {
		nm_error("cannot read the configuration of %s, %s: I/O error",
			 name, c->path);
		fclose(r.file);
		return NM_EXIT_FAILED;
	}
	fclose(r.file);
	if (line > 0 && (!r.bad_line || line < r.bad_line)) {
		nm_error("%s:%d: expected a [section], \"key = value\" or a comment",
			 c->path, line);
		free(r.why);
		return NM_EXIT_FAILED;
	}
	if (r.bad_line) {
		nm_error("%s:%d: %s", c->path, r.bad_line, r.why);
		free(r.why);
		return NM_EXIT_FAILED;
	}
	return nm_config_finish(c, o);
}
