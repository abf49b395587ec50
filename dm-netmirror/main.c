// SPDX-License-Identifier: GPL-2.0-only
/* Module init and exit. */
#include <linux/module.h>

#include <netmirror/version.h>

#include "mirror.h"
#include "target.h"

static int __init nm_init(void)
{
	int err;

	err = nm_server_init();
	if (err)
		return err;
	err = nm_loop_init();
	if (err)
		goto err_server;
	err = nm_rdma_init();
	if (err)
		goto err_loop;
	err = dm_register_target(&nm_target);
	if (err)
		goto err_rdma;
	return 0;

err_rdma:
	nm_rdma_exit();
err_loop:
	nm_loop_exit();
err_server:
	nm_server_exit();
	return err;
}

static void __exit nm_exit(void)
{
	dm_unregister_target(&nm_target);
	nm_rdma_exit();
	nm_loop_exit();
	nm_server_exit();
}

module_init(nm_init);
module_exit(nm_exit);

MODULE_DESCRIPTION("device-mapper network mirror over RDMA");
MODULE_AUTHOR("the dm-netmirror authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(NM_VERSION);
/* What device-mapper asks for when a table names the target. */
MODULE_ALIAS("dm-netmirror");
