// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <ini.h>

#include "confdir.h"
#include "config.h"

static const char suffix[] = ".conf";

/* Length of the mirror's name in a file name, 0 when it is no configuration. */
static size_t name_length(const char *file)
{
	size_t len = strlen(file), tail = strlen(suffix);

	if (len <= tail || len - tail > NM_NAME_MAX ||
	    strcmp(file + len - tail, suffix) || *file == '.')
		return 0;
	return len - tail;
}

static int is_config(const struct dirent *entry)
{
	return name_length(entry->d_name) != 0;
}

void nm_config_for_each(void (*fn)(void *arg, const char *name), void *arg)
{
	struct dirent **files;
	int i, nr = scandir(NM_CONFDIR, &files, is_config, alphasort);

	for (i = 0; i < nr; i++) {
		files[i]->d_name[name_length(files[i]->d_name)] = 0;
		fn(arg, files[i]->d_name);
		free(files[i]);
	}
	if (nr >= 0)
		free(files);
}

struct match {
	u8 uuid[NM_UUID_LEN];
	bool found;
};

static int match_uuid(void *arg, const char *section, const char *key,
		      const char *value)
{
	struct match *m = arg;

	if (!strcmp(section, "mirror") && !strcmp(key, "uuid") &&
	    !nm_parse_uuid(value, m->uuid))
		m->found = true;
	return 1;
}

bool nm_config_get_uuid(const char *name, u8 *uuid)
{
	char path[sizeof(NM_CONFDIR) + NM_NAME_MAX + sizeof(suffix)];
	struct match m = { .found = false };

	snprintf(path, sizeof(path), NM_CONFDIR "/%s%s", name, suffix);
	ini_parse(path, match_uuid, &m);
	memcpy(uuid, m.uuid, NM_UUID_LEN);
	return m.found;
}

bool nm_config_has_uuid(const char *name, const u8 *uuid)
{
	u8 its[NM_UUID_LEN];

	return nm_config_get_uuid(name, its) &&
	       !memcmp(its, uuid, NM_UUID_LEN);
}
