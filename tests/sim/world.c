// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdio.h>

#include "app.h"
#include "bio.h"
#include "history.h"
#include "mem.h"
#include "oracle.h"
#include "world.h"

static jmp_buf failed;

/* --- the world of a seed -------------------------------------------------- */

#define PICK(rng, ...)							\
({									\
	static const u32 __of[] = { __VA_ARGS__ };			\
									\
	__of[rng_below(rng, ARRAY_SIZE(__of))];				\
})

static void draw_disk(struct disk_traits *t, struct sim_rng *rng)
{
	t->volatile_cache = rng_percent(rng, 80);
	t->write_zeroes = rng_percent(rng, 80);
	t->delay_us = PICK(rng, 5, 50, 500);
	t->slow_percent = PICK(rng, 0, 0, 2, 10);
}

static void draw_hot(struct world *w, struct sim_rng *rng)
{
	u32 last = w->nodes.nr_blocks - 1;
	u32 i;

	w->nr_hot = rng_range(rng, 1, MAX_HOT);
	for (i = 0; i < w->nr_hot; i++) {
		/* Near the edges of the mirror and of zones, or anywhere. */
		u32 at = PICK(rng, 0, 1, 2, 62, 63, 64, 127, 128, 1000);

		w->hot[i] = min(at, last);
		if (rng_percent(rng, 30))
			w->hot[i] = rng_below(rng, last + 1);
	}
}

/* A swarm: each schedule knows only some of what can happen. */
static void draw_weights(struct world *w, struct sim_rng *rng)
{
	u32 i;

	for (i = 0; i < NR_EVENTS; i++) {
		w->weight[i] = event_base_weight(i);
		if (i > EV_READ && rng_percent(rng, 40))
			w->weight[i] = 0;
		else if (rng_percent(rng, 15))
			w->weight[i] *= 4;
	}
}

static void draw_policies(struct world *w, struct sim_rng *rng)
{
	struct node_traits *t = &w->nodes;
	u32 fences = PICK(rng, 0, 0, 0, 0, 1, 2, 3, 3);
	u32 node;

	t->split[0] = PICK(rng, NM_SPLIT_NONE, NM_SPLIT_NONE, NM_SPLIT_NONE,
			   NM_SPLIT_YOUNGER, NM_SPLIT_OLDER,
			   NM_SPLIT_LEAST_CHANGES, NM_SPLIT_NODE_0,
			   NM_SPLIT_NODE_1);
	t->split[1] = t->split[0];
	if (rng_percent(rng, 5))
		t->split[1] = rng_below(rng, NM_NR_SPLITS);
	for (node = 0; node < SIM_NR_NODES; node++)
		t->loss[node] = fences >> node & 1 ? NM_LOSS_FENCE :
						     NM_LOSS_CONTINUE;
}

/* Node a alone is ever primary, and has the only leg to copy from. */
static void draw_damage(struct world *w)
{
	static const u8 never[] = {
		EV_FAILOVER, EV_DEMOTE, EV_PROMOTE_BLINDLY,
		EV_INVALIDATE_LOCAL, EV_INVALIDATE_REMOTE, EV_TAKE_OVER,
		EV_DISCARD,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(never); i++)
		w->weight[never[i]] = 0;
	w->weight[EV_DAMAGE] = event_base_weight(EV_DAMAGE);
	w->weight[EV_REPAIR] = event_base_weight(EV_DAMAGE);
	w->nodes.blank[0] = false;
	w->nodes.blank[1] = false;
}

/*
 * Legs that come back, and of which somebody may have to live on.  With all kinds of
 * errors at once a leg is out before much of it was seen.
 */
static void draw_leg_errors(struct world *w, struct sim_rng *rng)
{
	static const u8 often[] = { EV_ATTACH, EV_POWER_CUT, EV_BOOT };
	u32 kinds = PICK(rng, 0, 0, 1, 2);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(often); i++)
		w->weight[often[i]] = 2 * event_base_weight(often[i]);
	if (kinds == 0) {
		w->disks[rng_below(rng, 2)].read_errors = PICK(rng, 0, 20, 200);
		w->disks[rng_below(rng, 2)].write_errors = PICK(rng, 0, 20, 200);
	}
	if (kinds != 1)
		w->disks[rng_below(rng, 2)].meta_errors = PICK(rng, 0, 30, 100, 200);
	if (kinds != 2)
		w->disks[rng_below(rng, 2)].flush_errors = PICK(rng, 0, 20, 100);
}

static void world_draw(struct world *w, const struct run *run)
{
	struct sim_rng r = rng_of(run->seed, 0), *rng = &r;

	memset(w, 0, sizeof(*w));
	w->seed = run->seed;
	w->split_brain = run->split_brain;
	w->leg_errors = run->leg_errors;
	w->damage = run->damage;
	w->rollback = run->rollback;
	w->pace.preempt_mean = PICK(rng, 0, 3, 10, 30, 100);
	w->pace.lazy_percent = PICK(rng, 0, 0, 10, 30);
	w->pace.jump_one_in = PICK(rng, 0, 0, 30, 300);
	draw_disk(&w->disks[0], rng);
	draw_disk(&w->disks[1], rng);
	w->wire.delay_us = PICK(rng, 5, 50, 1000);
	w->wire.slow_percent = PICK(rng, 0, 0, 3);
	w->wire.close_percent = PICK(rng, 0, 50, 100);
	w->wire.backoff_ms = PICK(rng, 1, 20, 300);
	w->wire.break_percent = PICK(rng, 0, 0, 5, 30);
	w->wire.request_ms = PICK(rng, 0, 1000, 5000);
	w->block = PICK(rng, 4096, 4096, 4096, 512);
	w->nodes.nr_blocks = w->block == 512 ? PICK(rng, 16, 64, 136) :
					       PICK(rng, 8, 8, 12, 70, 134);
	w->nodes.region_shift = NM_REGION_SHIFT_MIN + PICK(rng, 0, 0, 1);
	w->nodes.timeout_ms = 500;
	w->nodes.depth = PICK(rng, 4, 4, 64);
	w->nodes.max_active_zones = PICK(rng, 2, 2, 256);
	w->nodes.blank[rng_below(rng, 2)] = rng_percent(rng, 15);
	draw_policies(w, rng);
	draw_hot(w, rng);
	draw_weights(w, rng);
	if (w->damage)
		draw_damage(w);
	else
		w->weight[EV_DAMAGE] = 0;
	w->nr_events = PICK(rng, 10, 30, 30, 80, 200);
	w->gap = PICK(rng, 3, 10, 30, 100);
	if (run->script) {
		w->pace = (struct sim_pace){};
		w->nodes.loss[0] = w->nodes.loss[1] = NM_LOSS_CONTINUE;
		w->wire.break_percent = 0;
		w->block = 4096;
		w->nodes.nr_blocks = 8;
		w->nr_hot = 1;
		w->hot[0] = 0;
		w->nodes.blank[0] = w->nodes.blank[1] = false;
		w->nr_events = run->script->nr;
	}
	if (w->leg_errors)
		draw_leg_errors(w, rng);
	w->wire.ctl_factor = run->script ? 1 : PICK(rng, 1, 1, 20, 200);
}

static void set_up(struct world *w)
{
	u32 node, block;

	sim_block = w->block;
	sim_sched_reset(w->seed, &w->pace);
	nodes_clear();
	for (node = 0; node <= SIM_WORLD; node++)
		mem_reset(node);
	for (node = 0; node < SIM_NR_NODES; node++)
		disk_reset(node, w->nodes.nr_blocks, &w->disks[node]);
	nodes_reset(&w->nodes);
	wire_reset(&w->wire);
	app_reset(w->nodes.nr_blocks);
	oracle_reset(w->split_brain);
	oracle_allow_errors(w->leg_errors);
	oracle_allow_damage(w->damage);
	events_reset(w);
	for (block = 0; block < w->nodes.nr_blocks; block++) {
		/* Some are zeroes, as a copy treats those in its own way. */
		u64 version = block % 3 ? (1ULL << 40) + block : 0;

		hist_init(block, version);
		for (node = 0; node < SIM_NR_NODES; node++) {
			struct disk_block *b = disk_block(node, block);

			b->now = w->nodes.blank[node] ? (1ULL << 50) + block :
							version;
			b->durable = b->now;
		}
	}
}

/* --- running it ----------------------------------------------------------- */

static void on_failure(void)
{
	longjmp(failed, 1);
}

/* Where nothing happens but the passing of time, that counts, too. */
static void run_steps(u32 nr)
{
	u64 start = sim_now;
	u32 done;

	for (done = 0; done + (sim_now - start) / SIM_MS(50) < nr; done++)
		if (!sim_step())
			return;
}

static void run_until(u64 when)
{
	while (sim_now < when && sim_step())
		;
}

static void let_run(const struct world *w, const struct run *run, u32 i,
		    struct sim_rng *rng)
{
	if (run->script) {
		if (run->script->gap[i])
			run_steps(run->script->gap[i]);
		else
			run_until(sim_now + SIM_S(3));
	} else if (rng_percent(rng, 90)) {
		run_steps(rng_around(rng, w->gap));
	} else {
		run_until(sim_now + SIM_MS(rng_around(rng, 300)));
	}
}

static bool node_connected(int node)
{
	struct nm_mirror *m = node_mirror(node);

	return m && m->state.link == NM_LINK_CONNECTED;
}

/* Most schedules begin with a mirror at work. */
static void begin(const struct world *w, const struct run *run,
		  struct sim_rng *rng)
{
	int node = run->script || run->damage ? 0 : (int)rng_below(rng, 2);
	u64 limit = sim_now + SIM_S(5);

	node_boot(0);
	node_boot(1);
	if (!run->script && rng_percent(rng, 15))
		return;
	while (sim_now < limit && !(node_connected(0) && node_connected(1)) &&
	       sim_step())
		;
	if (w->nodes.blank[node])
		node = !node;
	if (node_is_ready(node))
		node_command(node, "promote", NULL, NULL);
	while (sim_now < limit && !node_is_primary(node) && sim_step())
		;
}

static void events(struct world *w, struct run *run)
{
	u32 i;

	for (i = 0; i < w->nr_events; i++) {
		struct sim_rng rng = rng_of(w->seed, 1000 + i);
		enum event ev;

		let_run(w, run, i, &rng);
		events_tick();
		oracle_check_waits();
		ev = run->script ? run->script->event[i] : event_draw(w, &rng);
		if (run->dropped && run->dropped[i])
			continue;
		event_happens(ev, &rng);
		if (i % 8 == 0)
			oracle_check_marks();
		if (w->rollback)
			rollback_events(w, i, &rng);
	}
}

bool world_run(struct run *run)
{
	static struct world w;
	struct sim_rng rng = rng_of(run->seed, 2);

	sim_on_failure(on_failure);
	if (setjmp(failed))
		return false;
	world_draw(&w, run);
	run->nr_events = w.nr_events;
	set_up(&w);
	begin(&w, run, &rng);
	events(&w, run);
	world_end(&w, &rng);
	return true;
}
