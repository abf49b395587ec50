// SPDX-License-Identifier: GPL-2.0-only
#include <linux/wait.h>

#include "app.h"
#include "bio.h"
#include "disk.h"
#include "io.h"
#include "mem.h"
#include "node.h"
#include "oracle.h"
#include "table.h"
#include "wire.h"

struct node {
	bool on;
	bool ready;
	bool suspended;
	bool noflush;			/* of a suspend */
	u32 patience;
	int nr_commands;
	u64 ready_since;
	struct mapped_device *md;
	struct nm_mirror *mirrors[2];	/* with tables that exist */
};

struct command {
	int node;
	const char *word;
	const char *arg;
	node_done_fn done;
};

static struct node nodes[SIM_NR_NODES];
static struct node_traits traits;

/* --- instead of table.c: the table line is always the same ---------------- */

const struct nm_table_key nm_table_keys[] = { {} };

unsigned int *nm_table_value(struct nm_settings *s,
			     const struct nm_table_key *key)
{
	return (void *)s + key->offset;
}

int nm_table_parse(struct nm_mirror *m, unsigned int argc, char **argv,
		   char **error)
{
	(void)argc;
	(void)argv;
	m->local = kzalloc(sizeof(*m->local), GFP_KERNEL | __GFP_NOFAIL);
	m->local->bdev = disk_bdev(sim_node());
	m->local_offset = DISK_DATA_START * NM_BLOCK_SECTORS;
	m->remote_token = kstrdup("sim:peer", GFP_KERNEL | __GFP_NOFAIL);
	m->region_sectors = 1U << traits.region_shift;
	m->settings.max_active_zones = traits.max_active_zones;
	m->settings.loss = traits.loss[sim_node()];
	m->settings.split = traits.split[sim_node()];
	m->settings.link.timeout_ms = traits.timeout_ms;
	m->settings.link.depth = traits.depth;
	m->link.settings = m->settings.link;
	m->link.ops = &sim_link_ops;
	return m->link.ops->create(&m->link, "peer", error);
}

void nm_secret_free(struct nm_secret *secret)
{
	kfree(secret);
}

/* Nobody changes a page in flight here: without copy.c. */
int nm_copy_create(struct nm_mirror *m)
{
	(void)m;
	return 0;
}

void nm_copy_destroy(struct nm_mirror *m)
{
	(void)m;
}

void nm_copy_make(struct nm_io *io)
{
	(void)io;
	BUG();
}

void nm_copy_drop(struct nm_io *io)
{
	BUG_ON(io->copy);
}

/* --- metadata at the beginning -------------------------------------------- */

static void format(int node)
{
	u8 block[NM_BLOCK_SIZE] __attribute__((aligned(8)));
	struct nm_geometry geo;
	struct nm_sb sb = {
		.seq = 1,
		.uuid = "the mirror",
		.node_id = node,
		.region_shift = traits.region_shift,
		.zone_shift = traits.region_shift + NM_ZONE_REGIONS_SHIFT_MIN,
		.data_sectors = (u64)traits.nr_blocks * SIM_BLOCK_SECTORS,
		.data_offset = DISK_DATA_START * NM_BLOCK_SECTORS,
		.max_mark_blocks = DISK_DATA_START - NM_FIRST_MARK_BLOCK,
	};
	const char *why;
	u32 i;

	if (nm_geometry_init(&geo, sb.data_sectors, sb.region_shift,
			     sb.zone_shift, &why))
		sim_fail("the geometry is wrong: %s", why);
	sb.nr_mark_blocks = geo.nr_mark_blocks;
	nm_gens_init(&sb.gens);
	if (!traits.blank[node]) {
		nm_gens_turn(&sb.gens, sb.uuid, false);
		sb.flags = NM_SBF_CONSISTENT;
		if (!traits.blank[!node])
			sb.flags |= NM_SBF_PEER_HAS_GEN;
	}
	nm_sb_encode(&sb, (void *)block);
	disk_set_meta(node, 0, block);
	disk_set_meta(node, 1, block);
	for (i = 0; i < geo.nr_mark_blocks; i++) {
		struct nm_mark_disk *disk = (void *)block;

		nm_mark_block_begin(&geo, disk, sb.uuid, i);
		nm_mark_block_seal(disk, i + 1);
		disk_set_meta(node, NM_FIRST_MARK_BLOCK + i, block);
	}
}

/* The module's list of mirrors outlives their memory. */
static void unregister(struct node *n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(n->mirrors); i++)
		if (n->mirrors[i])
			list_del_init(&n->mirrors[i]->registered);
}

void nodes_clear(void)
{
	int node;

	for (node = 0; node < SIM_NR_NODES; node++) {
		unregister(&nodes[node]);
		nodes[node] = (struct node){};
	}
}

void nodes_reset(const struct node_traits *t)
{
	traits = *t;
	format(0);
	format(1);
}

const struct node_traits *nodes_traits(void)
{
	return &traits;
}

/* --- state ---------------------------------------------------------------- */

bool node_is_on(int node)
{
	return nodes[node].on;
}

bool node_is_ready(int node)
{
	return nodes[node].ready;
}

u64 node_ready_since(int node)
{
	return nodes[node].ready_since;
}

bool node_is_suspended(int node)
{
	return nodes[node].suspended;
}

int node_nr_commands(int node)
{
	return nodes[node].nr_commands;
}

struct mapped_device *node_device(int node)
{
	return nodes[node].md;
}

struct nm_mirror *node_mirror(int node)
{
	struct mapped_device *md = nodes[node].md;

	return md && md->live ? md->live->ti.private : NULL;
}

bool node_is_primary(int node)
{
	struct nm_mirror *m = node_mirror(node);

	return m && m->state.role == NM_PRIMARY;
}

/* --- tables --------------------------------------------------------------- */

/* Seldom there is not enough memory, at any place: then it is tried again. */
static void draw_failure(void)
{
	if (rng_percent(&sim.rng, 4))
		mem_fail(rng_range(&sim.rng, 1, 45));
}

static struct dm_table *load(int node, u32 nr_blocks)
{
	struct node *n = &nodes[node];
	struct dm_table *t;
	int err;

	do {
		draw_failure();
		t = dm_table_load(n->md, (u64)nr_blocks * SIM_BLOCK_SECTORS,
				  &err);
		mem_fail(0);
	} while (err == -ENOMEM);
	if (!t)
		sim_fail("the constructor fails: error %d", err);
	n->mirrors[!!n->mirrors[0]] = t->ti.private;
	return t;
}

/* The new table is in place afterwards, whether it works or not. */
static int try_to_resume(int node, struct dm_table *t)
{
	struct node *n = &nodes[node];
	int err;

	draw_failure();
	err = dm_resume(n->md, t);
	mem_fail(0);
	if (t && n->mirrors[1]) {
		n->mirrors[0] = n->mirrors[1];
		n->mirrors[1] = NULL;
	}
	return err;
}

static void resume(int node, struct dm_table *t)
{
	struct node *n = &nodes[node];
	int err = try_to_resume(node, t);

	while (err == -ENOMEM)
		err = dm_resume(n->md, NULL);
	if (err)
		sim_fail("node %d cannot be activated: error %d", node, err);
	n->suspended = false;
	n->ready = true;
	n->ready_since = sim_now;
}

/* --- power ---------------------------------------------------------------- */

static void boot(void *arg)
{
	int node = (long)arg;

	nodes[node].md = dm_create(node);
	resume(node, load(node, traits.nr_blocks));
	nodes[node].nr_commands--;
}

void node_boot(int node)
{
	trace("node %c boots", 'a' + node);
	nodes[node] = (struct node){ .on = true, .nr_commands = 1 };
	sim_spawn(node, "boot", boot, (void *)(long)node, 0, false);
}

void node_cut_power(int node, struct sim_rng *rng)
{
	struct node *n = &nodes[node];

	trace("node %c loses power", 'a' + node);
	oracle_power_cut(node);
	disk_cut(node, rng);
	n->on = false;
	wire_node_off(node);
	unregister(n);
	sim_kill(node);
	app_power_cut(node);
	*n = (struct node){};
	mem_reset(node);
}

/* --- commands ------------------------------------------------------------- */

static void run_command(void *arg)
{
	struct command *c = arg;
	struct node *n = &nodes[c->node];
	int err;

	err = dm_message(n->md, c->word, c->arg);
	trace("%s %s: %d", c->word, c->arg ?: "", err);
	n->nr_commands--;
	if (c->done)
		c->done(c->node, c->word, c->arg, err);
	kfree(c);
}

static struct command *new_command(int node, const char *word, const char *arg,
				   node_done_fn done)
{
	struct command *c;

	trace("node %c: %s %s", 'a' + node, word, arg ?: "");
	sim_set_node(node);
	c = kmalloc(sizeof(*c), GFP_ATOMIC);
	sim_set_node(SIM_WORLD);
	*c = (struct command){ node, word, arg, done };
	nodes[node].nr_commands++;
	return c;
}

void node_command(int node, const char *word, const char *arg,
		  node_done_fn done)
{
	sim_spawn(node, word, run_command, new_command(node, word, arg, done),
		  0, false);
}

static void run_suspend(void *arg)
{
	struct node *n = &nodes[(long)arg];

	if (dm_suspend(n->md, n->noflush, n->patience)) {
		n->ready = true;
		n->ready_since = sim_now;
	} else {
		n->suspended = true;
	}
	n->nr_commands--;
}

static void run_resume(void *arg)
{
	resume((long)arg, NULL);
	nodes[(long)arg].nr_commands--;
}

/* Now and then the first table has a length that is refused. */
static void run_reload(void *arg)
{
	int node = (long)arg;
	struct node *n = &nodes[node];
	bool wrong = rng_percent(&sim.rng, 20);
	struct dm_table *t = load(node, traits.nr_blocks - wrong);
	enum nm_role role;

	dm_suspend(n->md, n->noflush, 0);
	n->suspended = true;
	role = node_mirror(node)->state.role;
	if (wrong) {
		if (!try_to_resume(node, t))
			sim_fail("I9: a table of the wrong length is activated");
		t = load(node, traits.nr_blocks);
	}
	resume(node, t);
	if (node_mirror(node)->state.role != role)
		sim_fail("I9: a new table costs node %c its role", 'a' + node);
	n->nr_commands--;
}

static void run_remove(void *arg)
{
	int node = (long)arg;
	struct node *n = &nodes[node];

	dm_remove(n->md);
	n->md = NULL;
	n->mirrors[0] = NULL;
	n->on = false;
	n->nr_commands--;
}

static void start(int node, const char *what, void (*fn)(void *))
{
	trace("node %c: %s", 'a' + node, what);
	nodes[node].nr_commands++;
	sim_spawn(node, what, fn, (void *)(long)node, 0, false);
}

void node_suspend(int node, bool noflush, u32 patience)
{
	nodes[node].ready = false;
	nodes[node].noflush = noflush;
	nodes[node].patience = patience;
	start(node, "suspend", run_suspend);
}

void node_resume(int node)
{
	start(node, "resume", run_resume);
}

void node_reload(int node, bool noflush)
{
	nodes[node].ready = false;
	nodes[node].noflush = noflush;
	start(node, "reload", run_reload);
}

void node_remove(int node)
{
	nodes[node].ready = false;
	start(node, "remove", run_remove);
}
