/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_MODULE_H
#define SIM_LINUX_MODULE_H

#include <linux/kernel.h>

#define THIS_MODULE	NULL
#define EXPORT_SYMBOL_GPL(x)

int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtoull(const char *s, unsigned int base, unsigned long long *res);

#endif
