/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_WORKQUEUE_H
#define SIM_LINUX_WORKQUEUE_H

#include <linux/jiffies.h>
#include <linux/list.h>

struct work_struct;
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	work_func_t func;
	bool pending;
	bool canceling;
	u64 seq;
	struct workqueue_struct *wq;	/* while pending */
	struct list_head entry;
};

struct delayed_work {
	struct work_struct work;
	struct workqueue_struct *wq;
	struct sim_co *timer;
};

#define WQ_UNBOUND	1U
#define WQ_MEM_RECLAIM	2U
#define WQ_HIGHPRI	4U
#define WQ_FREEZABLE	8U

#define INIT_WORK(w, fn)					\
do {								\
	*(w) = (struct work_struct){ .func = (fn) };		\
	INIT_LIST_HEAD(&(w)->entry);				\
} while (0)
#define INIT_WORK_ONSTACK	INIT_WORK
#define INIT_DELAYED_WORK(dw, fn)				\
do {								\
	INIT_WORK(&(dw)->work, fn);				\
	(dw)->timer = NULL;					\
} while (0)
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...);
#define alloc_ordered_workqueue(fmt, flags, ...) \
	alloc_workqueue(fmt, flags, 1, ##__VA_ARGS__)
void destroy_workqueue(struct workqueue_struct *wq);
void flush_workqueue(struct workqueue_struct *wq);
void drain_workqueue(struct workqueue_struct *wq);

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool flush_work(struct work_struct *work);

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
		      unsigned long delay);
bool cancel_delayed_work(struct delayed_work *dw);
bool cancel_delayed_work_sync(struct delayed_work *dw);

#endif
