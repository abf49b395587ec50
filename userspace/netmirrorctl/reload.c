// SPDX-License-Identifier: GPL-2.0-only
#include "reload.h"

void nm_reload_print(const struct nm_reload *r)
{
	const struct nm_mirror *m = r->m;

	if (r->secret.len)
		printf("head -c %zu %s | keyctl padd logon " NM_KEY_PREFIX "%s @s\n",
		       r->secret.len, m->config.secret_file, m->name);
	printf("dmsetup reload %s --table '0 %llu " NM_TARGET_NAME " %s'\n"
	       "dmsetup resume %s\n", m->device,
	       (unsigned long long)r->sectors, r->table, m->device);
}

/* The new table did not work out. */
static void go_back(const struct nm_reload *r, int why)
{
	const struct nm_mirror *m = r->m;
	struct nm_dm_device now = { .suspended = true };
	int err;

	if (!nm_dm_get(m->device, &now))
		nm_dm_put(&now);
	if (!now.suspended) {
		nm_dm_clear(m->device);
		nm_error("%s: the device %s cannot be suspended: %s; nothing was changed",
			 r->doing, m->device, strerror(-why));
		return;
	}
	err = nm_dm_reload(m->device, m->dm.sectors, m->dm.table);
	if (!err)
		err = nm_dm_resume(m->device);
	if (!err)
		nm_error("%s: the kernel refused: %s; the kernel log has the reason (dmesg); the mirror goes on as it was",
			 r->doing, strerror(-why));
	else
		nm_error("%s: the kernel refused: %s, and the old table as well: %s; the device is suspended, and the kernel log has the reason (dmesg); then: dmsetup reload %s --table '0 %llu "
			 NM_TARGET_NAME " %s' and dmsetup resume %s",
			 r->doing, strerror(-why), strerror(-err), m->device,
			 (unsigned long long)m->dm.sectors, m->dm.table,
			 m->device);
}

int nm_reload_run(const struct nm_reload *r)
{
	const struct nm_mirror *m = r->m;
	int err;

	if (nm_secret_give(&r->secret, &m->config, r->doing))
		return NM_EXIT_FAILED;
	err = nm_dm_reload(m->device, r->sectors, r->table);
	if (err) {
		nm_error("%s: device-mapper refused the table: %s; the kernel log has the reason (dmesg); the table was \"0 %llu "
			 NM_TARGET_NAME " %s\"; nothing was changed", r->doing,
			 strerror(-err), (unsigned long long)r->sectors,
			 r->table);
		return NM_EXIT_FAILED;
	}
	err = nm_dm_resume(m->device);
	if (!err)
		return NM_EXIT_OK;
	go_back(r, err);
	return NM_EXIT_FAILED;
}
