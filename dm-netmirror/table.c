// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table line:
 *
 *   <meta dev|-> <region sectors> 2 <local dev> <offset> <remote token> <offset>
 *   [<#features> <feature>...] [<#core args> <key> <value>...]
 *
 * and the words for what it sets.  Nothing is written here, and nothing but
 * the devices is touched.
 */
#include <linux/log2.h>

#include "mirror.h"
#include "table.h"

static const struct nm_link_settings default_link = {
	.timeout_ms	= 500,
	.request_timeout_ms = 30000,
	.nr_channels	= 2,
	.depth		= 64,
	.max_inline	= NM_MAX_INLINE,
	.max_backoff_ms	= 1000,
};

#define FIELD(f)	offsetof(struct nm_settings, f)

const struct nm_table_key nm_table_keys[] = {
	{ "active_zones", FIELD(max_active_zones), 256, 2, 1U << 20 },
	{ "after_split_brain", FIELD(split), NM_SPLIT_NONE, 0,
	  NM_NR_SPLITS - 1, nm_split_names },
	{ "channels", FIELD(link.nr_channels), 2, 1, 16 },
	{ "depth", FIELD(link.depth), 64, 4, 1024 },
	{ "inline", FIELD(link.max_inline), NM_MAX_INLINE, 4096,
	  NM_MAX_INLINE },
	{ "max_backoff_ms", FIELD(link.max_backoff_ms), 1000, 100, 60000 },
	{ "on_peer_loss", FIELD(loss), NM_LOSS_CONTINUE, 0,
	  NM_NR_LOSSES - 1, nm_loss_names },
	{ "request_timeout_ms", FIELD(link.request_timeout_ms), 30000, 0,
	  3600000 },
	{ "resync_rate", FIELD(resync_rate), 0, 0, 1U << 30 },
	{ "timeout_ms", FIELD(link.timeout_ms), 500, NM_MIN_TIMEOUT_MS,
	  NM_MAX_TIMEOUT_MS },
	{}
};

unsigned int *nm_table_value(struct nm_settings *s,
			     const struct nm_table_key *key)
{
	return (void *)s + key->offset;
}

static int parse_listen(struct nm_mirror *m, const char *value, char **error)
{
	kfree(m->settings.listen);
	m->settings.listen = kstrdup(value, GFP_KERNEL);
	if (m->settings.listen)
		return 0;
	*error = "Out of memory";
	return -ENOMEM;
}

static int parse_secret(struct nm_mirror *m, const char *value, char **error)
{
	struct nm_secret *secret = nm_secret_get(value, error);

	if (IS_ERR(secret)) {
		nm_err(m, "core argument secret: cannot use the logon key '%s': error %ld\n",
		       value, PTR_ERR(secret));
		return PTR_ERR(secret);
	}
	nm_secret_free(m->link.secret);
	m->link.secret = secret;
	return 0;
}

static int parse_number(struct nm_mirror *m, const struct nm_table_key *key,
			const char *value, unsigned int *n, char **error)
{
	if (!kstrtouint(value, 10, n) && *n >= key->min && *n <= key->max)
		return 0;
	nm_err(m, "core argument %s: '%s' is not a number from %u to %u\n",
	       key->word, value, key->min, key->max);
	*error = "The value of a core argument is out of bounds";
	return -EINVAL;
}

static int parse_word(struct nm_mirror *m, const struct nm_table_key *key,
		      const char *value, unsigned int *n, char **error)
{
	for (*n = 0; key->words[*n]; ++*n)
		if (!strcasecmp(value, key->words[*n]))
			return 0;
	nm_err(m, "core argument %s: '%s' is not known; see the documentation of the target\n",
	       key->word, value);
	*error = "The value of a core argument is not known";
	return -EINVAL;
}

static int parse_core_arg(struct nm_mirror *m, const char *word,
			  const char *value, char **error)
{
	const struct nm_table_key *key;
	unsigned int n;
	int err;

	if (!strcasecmp(word, "listen"))
		return parse_listen(m, value, error);
	if (!strcasecmp(word, "secret"))
		return parse_secret(m, value, error);
	for (key = nm_table_keys; key->word; key++) {
		if (strcasecmp(word, key->word))
			continue;
		err = key->words ? parse_word(m, key, value, &n, error) :
				   parse_number(m, key, value, &n, error);
		if (!err)
			*nm_table_value(&m->settings, key) = n;
		return err;
	}
	nm_err(m, "core argument '%s' is not known\n", word);
	*error = "A core argument is not known";
	return -EINVAL;
}

static int parse_core_args(struct nm_mirror *m, struct dm_arg_set *as,
			   char **error)
{
	static const struct dm_arg count = {
		0, 32, "The number of core arguments is wrong"
	};
	unsigned int nr;
	int err;

	err = dm_read_arg_group(&count, as, &nr, error);
	if (err)
		return err;
	if (nr % 2) {
		*error = "Core arguments come in pairs of key and value";
		return -EINVAL;
	}
	for (; nr; nr -= 2) {
		const char *word = dm_shift_arg(as);
		const char *value = dm_shift_arg(as);

		err = parse_core_arg(m, word, value, error);
		if (err)
			return err;
	}
	return 0;
}

static int parse_features(struct nm_mirror *m, struct dm_arg_set *as,
			  char **error)
{
	static const struct dm_arg count = {
		0, 8, "The number of features is wrong"
	};
	unsigned int nr;
	int err;

	err = dm_read_arg_group(&count, as, &nr, error);
	if (err)
		return err;
	while (nr--) {
		const char *word = dm_shift_arg(as);

		if (!strcasecmp(word, "no_discard")) {
			m->no_discard = true;
			continue;
		}
		if (!strcasecmp(word, "copy_writes")) {
			m->copy_writes = true;
			continue;
		}
		if (!strcasecmp(word, "grow")) {
			m->grow = true;
			continue;
		}
		nm_err(m, "feature '%s' is not known\n", word);
		*error = "A feature is not known";
		return -EINVAL;
	}
	return 0;
}

static int parse_link(struct nm_mirror *m, const char *token, char **error)
{
	static const struct nm_link_ops *const transports[] = {
		&nm_rdma_ops, &nm_loop_ops,
	};
	const char *colon = strchr(token, ':');
	unsigned int i;
	int err;

	m->remote_token = kstrdup(token, GFP_KERNEL);
	if (!m->remote_token) {
		*error = "Out of memory";
		return -ENOMEM;
	}
	for (i = 0; colon && i < ARRAY_SIZE(transports); i++) {
		const struct nm_link_ops *ops = transports[i];

		if (strlen(ops->name) != colon - token ||
		    strncmp(token, ops->name, colon - token))
			continue;
		m->link.ops = ops;
		m->link.settings = m->settings.link;
		err = ops->create(&m->link, colon + 1, error);
		if (err == -ENOMEM)
			*error = "Out of memory";
		return err;
	}
	nm_err(m, "remote token '%s' does not start with rdma: or loop:\n",
	       token);
	*error = "The remote token must be rdma:ADDRESS:PORT/NAME or loop:DEVICE";
	return -EINVAL;
}

static int parse_device(struct nm_mirror *m, const char *path, const char *what,
			struct dm_dev **dev, char **error)
{
	int err;

	err = dm_get_device(m->ti, path, dm_table_get_mode(m->ti->table), dev);
	if (err) {
		nm_err(m, "cannot open the %s %s: error %d\n", what, path, err);
		*error = "A device of the table line cannot be opened";
	}
	return err;
}

static int parse_sector(const char *arg, sector_t *sector)
{
	unsigned long long n;
	int err = kstrtoull(arg, 10, &n);

	*sector = n;
	return err;
}

int nm_table_parse(struct nm_mirror *m, unsigned int argc, char **argv,
		   char **error)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	const struct nm_table_key *key;
	const char *meta, *region, *legs, *local, *offset, *remote, *roffset;
	sector_t n;
	int err;

	m->settings.link = default_link;
	for (key = nm_table_keys; key->word; key++)
		*nm_table_value(&m->settings, key) = key->dflt;
	if (argc < 7) {
		*error = "Too few arguments: <meta dev|-> <region sectors> 2 <local dev> <offset> <remote token> <offset>";
		return -EINVAL;
	}
	meta = dm_shift_arg(&as);
	region = dm_shift_arg(&as);
	legs = dm_shift_arg(&as);
	local = dm_shift_arg(&as);
	offset = dm_shift_arg(&as);
	remote = dm_shift_arg(&as);
	roffset = dm_shift_arg(&as);

	if (kstrtouint(region, 10, &m->region_sectors) ||
	    !is_power_of_2(m->region_sectors) ||
	    m->region_sectors < 1U << NM_REGION_SHIFT_MIN ||
	    m->region_sectors > 1U << NM_REGION_SHIFT_MAX) {
		*error = "The region size must be a power of two from 8 to 2048 sectors";
		return -EINVAL;
	}
	if (strcmp(legs, "2")) {
		*error = "A mirror has 2 legs";
		return -EINVAL;
	}
	if (parse_sector(offset, &m->local_offset) ||
	    m->local_offset % NM_BLOCK_SECTORS) {
		*error = "The offset of the local leg must be a multiple of 8 sectors";
		return -EINVAL;
	}
	if (parse_sector(roffset, &n) || n) {
		*error = "The offset of the remote leg must be 0: the peer's own table sets it";
		return -EINVAL;
	}
	err = parse_device(m, local, "local leg", &m->local, error);
	if (!err && strcmp(meta, "-"))
		err = parse_device(m, meta, "metadata device", &m->meta, error);
	if (!err && as.argc)
		err = parse_features(m, &as, error);
	if (!err && as.argc)
		err = parse_core_args(m, &as, error);
	if (!err && as.argc) {
		*error = "There are more arguments than the counts say";
		err = -EINVAL;
	}
	return err ?: parse_link(m, remote, error);
}
