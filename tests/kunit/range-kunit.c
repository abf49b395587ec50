// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the range lock: who is granted at once, who waits for whom, and
 * that nobody is granted beside a range that overlaps.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/prandom.h>

#include "mirror.h"

struct world {
	struct nm_mirror *m;
	struct nm_shard *s;
};

struct lock {
	struct nm_range range;
	struct completion granted;
	unsigned int turn;	/* when it was granted, from 1; 0: not yet */
};

static atomic_t turns;

static void on_grant(struct nm_mirror *m, struct nm_range *range)
{
	struct lock *l = container_of(range, struct lock, range);

	l->turn = atomic_inc_return(&turns);
	complete(&l->granted);
}

static int world_init(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->m = kunit_kzalloc(test, sizeof(*w->m), GFP_KERNEL);
	w->s = kunit_kzalloc(test, sizeof(*w->s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->m);
	KUNIT_ASSERT_NOT_NULL(test, w->s);
	spin_lock_init(&w->s->lock);
	w->s->ranges = RB_ROOT_CACHED;
	spin_lock_init(&w->m->list_lock);
	INIT_LIST_HEAD(&w->m->granted);
	INIT_WORK(&w->m->granted_work, nm_range_granted_work);
	w->m->io_wq = alloc_workqueue("nm-kunit", WQ_UNBOUND, 0);
	KUNIT_ASSERT_NOT_NULL(test, w->m->io_wq);
	atomic_set(&turns, 0);
	test->priv = w;
	return 0;
}

static void world_exit(struct kunit *test)
{
	struct world *w = test->priv;

	if (w && w->m && w->m->io_wq)
		destroy_workqueue(w->m->io_wq);
}

static bool enter(struct world *w, struct lock *l, u64 sector, u32 sectors)
{
	bool at_once;

	l->range.granted = on_grant;
	l->turn = 0;
	init_completion(&l->granted);
	spin_lock_irq(&w->s->lock);
	at_once = nm_range_lock(w->s, &l->range, sector, sectors);
	spin_unlock_irq(&w->s->lock);
	return at_once;
}

/* Returns when whoever it let go has been called. */
static void leave(struct world *w, struct lock *l)
{
	spin_lock_irq(&w->s->lock);
	nm_range_unlock(w->m, w->s, &l->range);
	spin_unlock_irq(&w->s->lock);
	flush_work(&w->m->granted_work);
}

static void neighbours_do_not_wait(struct kunit *test)
{
	struct world *w = test->priv;
	struct lock l[4];

	KUNIT_EXPECT_TRUE(test, enter(w, &l[0], 8, 8));
	KUNIT_EXPECT_TRUE(test, enter(w, &l[1], 16, 1));
	KUNIT_EXPECT_TRUE(test, enter(w, &l[2], 7, 1));
	KUNIT_EXPECT_TRUE(test, enter(w, &l[3], U64_MAX - 8, 8));
	leave(w, &l[2]);
	leave(w, &l[0]);
	leave(w, &l[3]);
	leave(w, &l[1]);
	KUNIT_EXPECT_EQ(test, atomic_read(&turns), 0);
	KUNIT_EXPECT_NULL(test, w->s->ranges.rb_root.rb_node);
}

static void those_who_overlap_go_in_order(struct kunit *test)
{
	struct world *w = test->priv;
	struct lock l[4];

	/* 0: [0,16)  1: [8,24)  2: [0,8)  3: [0,32) */
	KUNIT_EXPECT_TRUE(test, enter(w, &l[0], 0, 16));
	KUNIT_EXPECT_FALSE(test, enter(w, &l[1], 8, 16));
	KUNIT_EXPECT_FALSE(test, enter(w, &l[2], 0, 8));
	KUNIT_EXPECT_FALSE(test, enter(w, &l[3], 0, 32));
	flush_work(&w->m->granted_work);
	KUNIT_EXPECT_EQ(test, atomic_read(&turns), 0);

	/* 1 and 2 do not overlap each other. */
	leave(w, &l[0]);
	KUNIT_EXPECT_EQ(test, l[1].turn + l[2].turn, 3);
	KUNIT_EXPECT_EQ(test, l[3].turn, 0);
	leave(w, &l[2]);
	KUNIT_EXPECT_EQ(test, l[3].turn, 0);
	leave(w, &l[1]);
	KUNIT_EXPECT_EQ(test, l[3].turn, 3);
	leave(w, &l[3]);
}

/* A wide range is not overtaken for ever by small ones that come later. */
static void nobody_starves(struct kunit *test)
{
	struct world *w = test->priv;
	struct lock first, wide;
	struct lock *late = kunit_kcalloc(test, 8, sizeof(*late), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, late);
	KUNIT_EXPECT_TRUE(test, enter(w, &first, 0, 8));
	KUNIT_EXPECT_FALSE(test, enter(w, &wide, 0, 64));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_FALSE(test, enter(w, &late[i], i * 8, 8));
	leave(w, &first);
	KUNIT_EXPECT_EQ(test, wide.turn, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&turns), 1);
	leave(w, &wide);
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_NE(test, late[i].turn, 0);
		leave(w, &late[i]);
	}
}

#define NR_THREADS	4
#define NR_LOCKS	400
#define NR_SECTORS	64

static atomic_t owners[NR_SECTORS];
static atomic_t collisions;
/* A thread that is stopped before it ran never runs. */
static DECLARE_COMPLETION(begun);

static int locks_at_random(void *arg)
{
	struct world *w = arg;
	struct rnd_state rnd;
	struct lock l;
	int i, j;

	complete(&begun);
	prandom_seed_state(&rnd, (unsigned long)current);
	for (i = 0; i < NR_LOCKS; i++) {
		u32 at = prandom_u32_state(&rnd) % NR_SECTORS;
		u32 nr = prandom_u32_state(&rnd) % min(12U, NR_SECTORS - at) + 1;

		if (!enter(w, &l, at, nr))
			wait_for_completion(&l.granted);
		for (j = at; j < at + nr; j++)
			if (atomic_inc_return(&owners[j]) != 1)
				atomic_inc(&collisions);
		if (!(prandom_u32_state(&rnd) % 4))
			cond_resched();
		for (j = at; j < at + nr; j++)
			atomic_dec(&owners[j]);
		leave(w, &l);
	}
	return 0;
}

static void many_at_once(struct kunit *test)
{
	struct task_struct *thread[NR_THREADS];
	struct world *w = test->priv;
	int i;

	atomic_set(&collisions, 0);
	for (i = 0; i < NR_THREADS; i++) {
		thread[i] = kthread_create(locks_at_random, w, "nm-kunit/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread[i]));
		get_task_struct(thread[i]);
	}
	for (i = 0; i < NR_THREADS; i++) {
		wake_up_process(thread[i]);
		wait_for_completion(&begun);
	}
	for (i = 0; i < NR_THREADS; i++) {
		KUNIT_EXPECT_EQ(test, kthread_stop(thread[i]), 0);
		put_task_struct(thread[i]);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&collisions), 0);
	KUNIT_EXPECT_NULL(test, w->s->ranges.rb_root.rb_node);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(neighbours_do_not_wait),
	KUNIT_CASE(those_who_overlap_go_in_order),
	KUNIT_CASE(nobody_starves),
	KUNIT_CASE(many_at_once),
	{}
};

static struct kunit_suite suite = {
	.name = "netmirror-range",
	.init = world_init,
	.exit = world_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
