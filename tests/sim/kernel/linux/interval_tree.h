/* SPDX-License-Identifier: GPL-2.0-only */
/* A sorted list: the trees of a simulation hold a handful of nodes. */
#ifndef SIM_LINUX_INTERVAL_TREE_H
#define SIM_LINUX_INTERVAL_TREE_H

#include <linux/kernel.h>

struct interval_tree_node {
	unsigned long start;
	unsigned long last;
	struct interval_tree_node *next;
};

struct rb_root_cached {
	struct interval_tree_node *first;
};

#define RB_ROOT_CACHED	(struct rb_root_cached) { NULL }

void interval_tree_insert(struct interval_tree_node *node,
			  struct rb_root_cached *root);
void interval_tree_remove(struct interval_tree_node *node,
			  struct rb_root_cached *root);
struct interval_tree_node *
interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
			 unsigned long last);
struct interval_tree_node *
interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
			unsigned long last);

#endif
