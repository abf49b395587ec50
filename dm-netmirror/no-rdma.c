// SPDX-License-Identifier: GPL-2.0-only
/*
 * In the place of rdma/ where the kernel has no RDMA, as in user mode, where the
 * debug tests run: a table line that asks for it is told so.
 */
#include <linux/errno.h>

#include "link.h"

static int no_rdma_create(struct nm_link *link, const char *addr, char **error)
{
	*error = "This kernel has no RDMA";
	return -EOPNOTSUPP;
}

const struct nm_link_ops nm_rdma_ops = {
	.name	= "rdma",
	.create	= no_rdma_create,
};

int nm_rdma_init(void)
{
	return 0;
}

void nm_rdma_exit(void)
{
}
