// SPDX-License-Identifier: GPL-2.0-only
#include "confdir.h"
#include "mirrors.h"

struct walk {
	const struct nm_opts *o;
	nm_mirror_fn fn;
	void *arg;
	char (*devices)[NM_DM_NAME_LEN];	/* of those that were visited */
	size_t nr_devices;
	int ret;
};

static void remember(struct walk *w, const char *device)
{
	w->devices = reallocarray(w->devices, w->nr_devices + 1,
				  sizeof(*w->devices));
	if (!w->devices)
		abort();
	strcpy(w->devices[w->nr_devices++], device);
}

static bool known(const struct walk *w, const char *device)
{
	size_t i;

	for (i = 0; i < w->nr_devices; i++)
		if (!strcmp(w->devices[i], device))
			return true;
	return false;
}

/* One by its name, once. */
static void visit(void *arg, const char *name)
{
	struct walk *w = arg;
	struct nm_mirror m;
	int ret = nm_mirror_find(&m, w->o, name);

	if (ret)
		w->ret = ret;
	else if (!known(w, m.device))
		w->fn(w->arg, &m);
	remember(w, m.device);
	nm_mirror_put(&m);
}

/* A device that no configuration of this node names. */
static void visit_device(void *arg, const char *device)
{
	struct walk *w = arg;
	struct nm_mirror m = { 0 };
	int ret;

	if (known(w, device))
		return;
	snprintf(m.name, sizeof(m.name), "%s", device);
	snprintf(m.device, sizeof(m.device), "%s", device);
	ret = nm_mirror_refresh(&m);
	if (ret)
		w->ret = ret;
	else if (m.is_up)
		w->fn(w->arg, &m);
	nm_mirror_put(&m);
}

int nm_mirror_for_each(const struct nm_opts *o, nm_mirror_fn fn, void *arg)
{
	struct walk w = { .o = o, .fn = fn, .arg = arg };
	int i, err;

	if (nm_given(o, NM_OPT_CONFIG) && o->nr_args != 1) {
		nm_error("--config is the configuration of one mirror; name that");
		return NM_EXIT_USAGE;
	}
	for (i = 0; i < o->nr_args; i++)
		visit(&w, o->args[i]);
	if (o->nr_args)
		goto out;
	nm_config_for_each(visit, &w);
	err = nm_dm_for_each(visit_device, &w);
	if (err && err != -ENODEV) {
		nm_error("cannot list the devices of device-mapper: %s",
			 strerror(-err));
		w.ret = NM_EXIT_FAILED;
	}
out:
	free(w.devices);
	return w.ret;
}
