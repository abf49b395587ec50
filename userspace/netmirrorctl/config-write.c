// SPDX-License-Identifier: GPL-2.0-only
/* Writing a configuration: all of it or nothing. */
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static char *new_path(const struct nm_config *c)
{
	char *path;

	if (asprintf(&path, "%s.new", c->path) < 0)
		abort();
	return path;
}

static void write_node(FILE *f, const struct nm_config *c,
		       const struct nm_node *node)
{
	fprintf(f, "\n[node %s]\nid = %d\n", node->name, node->id);
	if (*node->address)
		fprintf(f, "address = %s\n", node->address);
	fprintf(f, "leg = %s\nmetadata = %s\n", node->leg,
		*node->metadata ? node->metadata : "internal");
	if (strcmp(node->device, c->name))
		fprintf(f, "device = %s\n", node->device);
}

static void write_identity(FILE *f, const struct nm_config *c, bool has_uuid,
			   bool has_size, u64 data_sectors)
{
	char uuid[NM_UUID_STRLEN + 1];

	nm_format_uuid(c->uuid, uuid);
	if (!has_uuid)
		fprintf(f, "uuid = %s\n", uuid);
	if (!has_size)
		fprintf(f, "size = %llus\n", (unsigned long long)data_sectors);
}

static void write_all(FILE *f, const struct nm_config *c, u64 data_sectors)
{
	fprintf(f, "# The mirror %s; the same file on both nodes: see netmirror.conf(5).\n[mirror]\n",
		c->name);
	write_identity(f, c, false, false, data_sectors);
	if (c->has_region_size)
		fprintf(f, "region-size = %lluK\n", 1ULL << c->region_shift >> 1);
	if (c->has_zone_size)
		fprintf(f, "zone-size = %lluK\n", 1ULL << c->zone_shift >> 1);
	fprintf(f, "link = %s\n", c->link == NM_LINK_KIND_RDMA ? "rdma" : "loop");
	if (*c->secret_file)
		fprintf(f, "secret-file = %s\n", c->secret_file);
	write_node(f, c, &c->node[0]);
	write_node(f, c, &c->node[1]);
}

/*
 * Copy the file that is there, with what it lacks put in below [mirror], and
 * with the size in line @size_line (0: not) and the leg of this node, unless
 * @leg is NULL, replaced.
 */
static int amend(FILE *to, const struct nm_config *c, int size_line,
		 u64 data_sectors, const char *leg)
{
	FILE *from = fopen(c->path, "re");
	char buf[NM_LINE_MAX];
	struct stat st;
	int line = 0;

	if (!from)
		return -errno;
	if (!fstat(fileno(from), &st))
		fchmod(fileno(to), st.st_mode & 0777);
	while (fgets(buf, sizeof(buf), from)) {
		if (++line == size_line)
			write_identity(to, c, true, false, data_sectors);
		else if (leg && line == c->self->leg_line)
			fprintf(to, "leg = %s\n", leg);
		else
			fputs(buf, to);
		if (line == c->mirror_line && !leg) {
			if (!strchr(buf, '\n'))
				fputc('\n', to);
			write_identity(to, c, c->has_uuid, c->has_size,
				       data_sectors);
		}
	}
	fclose(from);
	return 0;
}

static int prepare(const struct nm_config *c, bool from_options, int size_line,
		   u64 data_sectors, const char *leg,
		   const struct nm_export *export)
{
	char *path = new_path(c), *dir = strdup(c->path);
	int err = 0;
	FILE *f;

	/* The first mirror of this node; fopen() tells of what goes wrong. */
	mkdir(dirname(dir), 0755);
	free(dir);
	f = fopen(path, "we");
	if (!f)
		err = -errno;
	else if (from_options)
		write_all(f, c, data_sectors);
	else
		err = amend(f, c, size_line, data_sectors, leg);
	if (f && !err && export)
		nm_export_write(export, f);
	if (f && (fflush(f) || fsync(fileno(f))) && !err)
		err = -errno;
	if (f && fclose(f) && !err)
		err = -errno;
	if (err) {
		nm_error("cannot write the configuration of %s, %s: %s",
			 c->name, path, strerror(-err));
		unlink(path);
	}
	free(path);
	return err;
}

int nm_config_prepare(const struct nm_config *c, bool from_options,
		      u64 data_sectors)
{
	return prepare(c, from_options, 0, data_sectors, NULL, NULL);
}

int nm_config_prepare_size(const struct nm_config *c, u64 data_sectors)
{
	return prepare(c, false, c->size_line, data_sectors, NULL, NULL);
}

int nm_config_prepare_export(const struct nm_config *c, u64 data_sectors)
{
	return prepare(c, false, 0, data_sectors, NULL, &c->export);
}

int nm_config_prepare_leg(const struct nm_config *c, const char *leg)
{
	return prepare(c, false, 0, 0, leg, NULL);
}

int nm_config_commit(const struct nm_config *c)
{
	char *path = new_path(c);
	int err = rename(path, c->path) ? -errno : 0;

	if (err)
		nm_error("cannot move the configuration of %s into place: rename %s to %s: %s; do it by hand",
			 c->name, path, c->path, strerror(-err));
	free(path);
	return err;
}

void nm_config_drop(const struct nm_config *c)
{
	char *path = new_path(c);

	unlink(path);
	free(path);
}

int nm_config_import(const char *name)
{
	char path[sizeof(NM_CONFDIR) + NM_NAME_MAX + 8], buf[4096];
	bool failed;
	size_t len;
	FILE *f;

	if (!nm_name_is_valid(name, NM_NAME_MAX)) {
		nm_error("\"%s\" is no name for a mirror", name);
		return NM_EXIT_USAGE;
	}
	snprintf(path, sizeof(path), NM_CONFDIR "/%s.conf", name);
	mkdir(NM_CONFDIR, 0755);
	f = fopen(path, "wxe");
	if (!f && errno == EEXIST) {
		nm_error("cannot take the configuration of %s from standard input: there is %s already; remove it, or leave --config out",
			 name, path);
		return NM_EXIT_REFUSED;
	}
	if (!f) {
		nm_error("cannot make %s: %s", path, strerror(errno));
		return NM_EXIT_FAILED;
	}
	while ((len = fread(buf, 1, sizeof(buf), stdin)))
		fwrite(buf, 1, len, f);
	failed = ferror(stdin) || ferror(f) || fflush(f) || fsync(fileno(f));
	fclose(f);
	if (!failed)
		return NM_EXIT_OK;
	nm_error("cannot copy standard input to %s", path);
	unlink(path);
	return NM_EXIT_FAILED;
}
