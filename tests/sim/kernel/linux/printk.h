/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_PRINTK_H
#define SIM_LINUX_PRINTK_H

#include <linux/types.h>

/* No format check: %pg, %pUb and %*phN are the kernel's own. */
extern bool sim_tracing;
void sim_printk(const char *fmt, ...);

#ifndef pr_fmt
#define pr_fmt(fmt)	fmt
#endif
/* Arguments are evaluated whether they are shown or not: that may preempt. */
#define printk			sim_printk
#define pr_err(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err_ratelimited	pr_err
#define pr_warn_ratelimited	pr_warn
#define pr_notice_ratelimited	pr_notice
#define pr_info_ratelimited	pr_info

#endif
