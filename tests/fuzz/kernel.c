// SPDX-License-Identifier: GPL-2.0-only
/* The kernel and the rest of the module, as little as a table line needs. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "io.h"
#include "secret.h"

struct nm_cmd fuzz_cmd;
unsigned int fuzz_nr_cmds;

static unsigned int fail_in, nr_held;

bool sim_tracing;
int sim_preempt_in;
u64 sim_now;

void fuzz_fail_at(unsigned int nth)
{
	fail_in = nth;
}

unsigned int fuzz_nr_held(void)
{
	return nr_held;
}

static bool fails(void)
{
	return fail_in && !--fail_in;
}

void sim_preempt_now(void)
{
	sim_preempt_in = INT_MAX;
}

/* --- memory --------------------------------------------------------------- */

void *kmalloc(size_t size, gfp_t gfp)
{
	void *p;

	if (fails())
		return NULL;
	nr_held++;
	p = malloc(size);
	memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, size);
	return p;
}

void kfree(const void *p)
{
	nr_held -= !!p;
	free((void *)p);
}

char *kstrdup(const char *s, gfp_t gfp)
{
	size_t size = strlen(s) + 1;
	char *copy = kmalloc(size, gfp);

	return copy ? memcpy(copy, s, size) : NULL;
}

/* --- strings -------------------------------------------------------------- */

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	for (; bytes; bytes--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from);

	if (len < size)
		return memcpy(to, from, len + 1) ? (ssize_t)len : 0;
	memcpy(to, from, size - 1);
	to[size - 1] = 0;
	return -E2BIG;
}

/* No conversion is the kernel's own in a table line. */
size_t sim_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return min((size_t)n, size - 1);
}

/* As strict as the kernel's: an optional '+', digits, an optional newline. */
int kstrtoull(const char *s, unsigned int base, unsigned long long *n)
{
	unsigned long long v;
	char *end;

	s += *s == '+';
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, base);
	if (errno)
		return -ERANGE;
	end += *end == '\n';
	if (*end)
		return -EINVAL;
	*n = v;
	return 0;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *n)
{
	unsigned long long v;
	int err = kstrtoull(s, base, &v);

	if (err)
		return err;
	if (v > UINT_MAX)
		return -ERANGE;
	*n = v;
	return 0;
}

/* Every word of a message is read. */
void sim_printk(const char *fmt, ...)
{
	static char line[1 << 16];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
}

/* --- device-mapper -------------------------------------------------------- */

const char *dm_shift_arg(struct dm_arg_set *as)
{
	if (!as->argc)
		return NULL;
	as->argc--;
	return *as->argv++;
}

int dm_read_arg_group(const struct dm_arg *arg, struct dm_arg_set *as,
		      unsigned int *nr, char **error)
{
	const char *word = dm_shift_arg(as);

	if (!word || kstrtouint(word, 10, nr) || *nr < arg->min ||
	    *nr > arg->max || *nr > as->argc) {
		*error = arg->error;
		return -EINVAL;
	}
	return 0;
}

blk_mode_t dm_table_get_mode(struct dm_table *t)
{
	return !!t;
}

/* Every device exists, but for those called missing. */
int dm_get_device(struct dm_target *ti, const char *path, blk_mode_t mode,
		  struct dm_dev **dev)
{
	struct dm_dev *d;

	if (strstr(path, "missing"))
		return -ENODEV;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	strscpy(d->name, path, sizeof(d->name));
	*dev = d;
	return 0;
}

void dm_put_device(struct dm_target *ti, struct dm_dev *dev)
{
	kfree(dev);
}

int dm_set_target_max_io_len(struct dm_target *ti, sector_t len)
{
	ti->max_io_len = len;
	return 0;
}

int dm_suspended(struct dm_target *ti)
{
	return 0;
}

unsigned int bdev_write_zeroes_sectors(struct block_device *bdev)
{
	return 1;
}

void sim_spin_lock(spinlock_t *lock, bool irq)
{
}

void sim_spin_unlock(spinlock_t *lock, bool irq)
{
}

void mutex_lock(struct mutex *lock)
{
}

void mutex_unlock(struct mutex *lock)
{
}

void sim_assert_mutex_held(const struct mutex *lock, const char *name)
{
}

void sim_assert_spin_held(const spinlock_t *lock, const char *name)
{
}

/* --- links and secrets ---------------------------------------------------- */

static int link_create(struct nm_link *link, const char *addr, char **error)
{
	if (strstr(addr, "missing")) {
		*error = "The address in the remote token is wrong";
		return -EINVAL;
	}
	link->priv = kstrdup(addr, GFP_KERNEL);
	return link->priv ? 0 : -ENOMEM;
}

static void link_destroy(struct nm_link *link)
{
	kfree(link->priv);
}

const struct nm_link_ops nm_rdma_ops = {
	.name = "rdma", .create = link_create, .destroy = link_destroy,
};

const struct nm_link_ops nm_loop_ops = {
	.name = "loop", .create = link_create, .destroy = link_destroy,
};

struct nm_secret *nm_secret_get(const char *name, char **error)
{
	struct nm_secret *secret;

	if (strstr(name, "missing")) {
		*error = "There is no such key";
		return ERR_PTR(-ENOKEY);
	}
	secret = kzalloc(sizeof(*secret), GFP_KERNEL);
	if (secret)
		secret->name = kstrdup(name, GFP_KERNEL);
	if (secret && secret->name)
		return secret;
	nm_secret_free(secret);
	*error = "Out of memory";
	return ERR_PTR(-ENOMEM);
}

void nm_secret_free(struct nm_secret *secret)
{
	if (secret)
		kfree(secret->name);
	kfree(secret);
}

/* --- the mirror ----------------------------------------------------------- */

struct nm_mirror *nm_mirror_alloc(struct dm_target *ti)
{
	struct nm_mirror *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->ti = ti;
	strscpy(m->name, "r0", sizeof(m->name));
	m->link.mirror = m;
	m->link.name = m->name;
	m->events = nm_events_alloc();
	if (m->events)
		return m;
	kfree(m);
	return NULL;
}

/* What the table line made, as mirror.c frees it. */
void nm_mirror_free(struct nm_mirror *m)
{
	if (m->link.priv)
		m->link.ops->destroy(&m->link);
	if (m->local)
		dm_put_device(m->ti, m->local);
	if (m->meta)
		dm_put_device(m->ti, m->meta);
	kfree(m->settings.listen);
	kfree(m->remote_token);
	nm_secret_free(m->link.secret);
	kfree(m->events);
	kfree(m);
}

int nm_command(struct nm_mirror *m, struct nm_cmd *cmd)
{
	fuzz_cmd = *cmd;
	fuzz_nr_cmds++;
	cmd->refusal = fuzz_nr_cmds % (NM_REFUSE_MAX + 1);
	return cmd->refusal ? -EPERM : 0;
}

int nm_mirror_load(struct nm_mirror *m)
{
	m->loaded = true;
	return 0;
}

void nm_mirror_close(struct nm_mirror *m)
{
}

void nm_registry_leave(struct nm_mirror *m)
{
}

int nm_copy_create(struct nm_mirror *m)
{
	(void)m;
	return 0;
}

int nm_io_map(struct nm_mirror *m, struct bio *bio)
{
	return DM_MAPIO_KILL;
}

int nm_io_end(struct nm_mirror *m, struct bio *bio, blk_status_t *error)
{
	return DM_ENDIO_DONE;
}

u64 nm_counter_sum(struct nm_mirror *m, enum nm_counter what)
{
	return 0;
}
