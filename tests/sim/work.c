// SPDX-License-Identifier: GPL-2.0-only
/* Workqueues.  A work item does not run twice at a time, and may free itself. */
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "co.h"

#define DEFAULT_MAX_ACTIVE	256

struct runner {
	struct list_head entry;
	struct workqueue_struct *wq;
	struct work_struct *work;
	work_func_t func;
	u64 seq;
};

struct workqueue_struct {
	const char *name;
	int max_active;
	int nr_active;
	u64 next_seq;
	struct list_head pending;	/* work_struct */
	struct list_head running;	/* runner */
	bool dying;
};

static void dispatch(struct workqueue_struct *wq);

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);

	(void)flags;
	if (!wq)
		return NULL;
	wq->name = fmt;
	wq->max_active = max_active ?: DEFAULT_MAX_ACTIVE;
	INIT_LIST_HEAD(&wq->pending);
	INIT_LIST_HEAD(&wq->running);
	return wq;
}

static bool runs(struct workqueue_struct *wq, struct work_struct *work)
{
	struct runner *r;

	list_for_each_entry(r, &wq->running, entry)
		if (r->work == work)
			return true;
	return false;
}

static void run_work(void *arg)
{
	struct runner *r = arg;
	struct workqueue_struct *wq = r->wq;

	r->func(r->work);
	list_del(&r->entry);
	kfree(r);
	wq->nr_active--;
	dispatch(wq);
	/* Whoever waits for the last one may free the queue. */
	sim_wake(wq);
}

static void dispatch(struct workqueue_struct *wq)
{
	struct work_struct *work, *next;

	list_for_each_entry_safe(work, next, &wq->pending, entry) {
		struct runner *r;

		if (wq->nr_active >= wq->max_active)
			return;
		if (runs(wq, work))
			continue;
		list_del_init(&work->entry);
		work->pending = false;
		r = kmalloc(sizeof(*r), GFP_ATOMIC);
		*r = (struct runner){ .wq = wq, .work = work,
				      .func = work->func, .seq = work->seq };
		list_add_tail(&r->entry, &wq->running);
		wq->nr_active++;
		sim_spawn(sim_node(), wq->name, run_work, r, 0, false);
	}
}

static void enqueue(struct workqueue_struct *wq, struct work_struct *work)
{
	if (wq->dying)
		sim_fail("work is queued on %s, which is being destroyed",
			 wq->name);
	work->seq = wq->next_seq++;
	work->wq = wq;
	list_add_tail(&work->entry, &wq->pending);
	dispatch(wq);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	sim_preempt_point();
	if (work->pending || work->canceling)
		return false;
	work->pending = true;
	enqueue(wq, work);
	sim_preempt_point();
	return true;
}

/* --- waiting for work ----------------------------------------------------- */

static bool done_before(struct workqueue_struct *wq, u64 seq)
{
	struct work_struct *work;
	struct runner *r;

	list_for_each_entry(work, &wq->pending, entry)
		if (work->seq < seq)
			return false;
	list_for_each_entry(r, &wq->running, entry)
		if (r->seq < seq)
			return false;
	return true;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	u64 seq = wq->next_seq;

	wait_event(*wq, done_before(wq, seq));
}

void drain_workqueue(struct workqueue_struct *wq)
{
	wait_event(*wq, list_empty(&wq->pending) && list_empty(&wq->running));
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	drain_workqueue(wq);
	wq->dying = true;
	kfree(wq);
}

static bool unqueue(struct work_struct *work)
{
	if (!work->pending || list_empty(&work->entry))
		return false;
	list_del_init(&work->entry);
	work->pending = false;
	return true;
}

static void wait_while_running(struct work_struct *work)
{
	struct workqueue_struct *wq = work->wq;

	if (!wq)
		return;
	wait_event(*wq, !runs(wq, work));
}

bool cancel_work_sync(struct work_struct *work)
{
	bool was;

	might_sleep();
	was = unqueue(work);
	work->canceling = true;
	wait_while_running(work);
	work->canceling = false;
	return was;
}

bool flush_work(struct work_struct *work)
{
	struct workqueue_struct *wq = work->wq;
	u64 seq;

	if (!wq)
		return false;
	seq = work->seq + 1;
	wait_event(*wq, done_before(wq, seq));
	return true;
}

/* --- delayed work --------------------------------------------------------- */

static void delay_over(void *arg)
{
	struct delayed_work *dw = arg;

	dw->timer = NULL;
	enqueue(dw->wq, &dw->work);
}

static void arm(struct workqueue_struct *wq, struct delayed_work *dw,
		unsigned long delay)
{
	dw->work.pending = true;
	dw->wq = wq;
	if (delay)
		dw->timer = sim_spawn(sim_node(), "delayed work", delay_over,
				      dw, delay * NSEC_PER_MSEC, true);
	else
		enqueue(wq, &dw->work);
}

static bool disarm(struct delayed_work *dw)
{
	if (!dw->timer)
		return unqueue(&dw->work);
	sim_unspawn(dw->timer);
	dw->timer = NULL;
	dw->work.pending = false;
	return true;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
			unsigned long delay)
{
	sim_preempt_point();
	if (dw->work.pending || dw->work.canceling)
		return false;
	arm(wq, dw, delay);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
		      unsigned long delay)
{
	bool was;

	sim_preempt_point();
	if (dw->work.canceling)
		return false;
	was = disarm(dw);
	arm(wq, dw, delay);
	return was;
}

bool cancel_delayed_work(struct delayed_work *dw)
{
	sim_preempt_point();
	return disarm(dw);
}

bool cancel_delayed_work_sync(struct delayed_work *dw)
{
	bool was;

	might_sleep();
	sim_preempt_point();
	was = disarm(dw);
	dw->work.canceling = true;
	wait_while_running(&dw->work);
	dw->work.canceling = false;
	return was;
}
