// SPDX-License-Identifier: GPL-2.0-only
#include "confdir.h"
#include "status-json.h"

#define MAX_LISTED	4096

struct listing {
	const struct nm_opts *o;
	json_object *array;		/* with --json */
	char (*devices)[NM_DM_NAME_LEN];	/* those of configured mirrors */
	int nr_devices;
	int ret;
};

static void list_row(struct listing *l, const struct nm_mirror *m)
{
	bool known = m->is_up && !m->status.failed;
	char size[NM_SIZE_STRLEN] = "-";
	struct nm_diagnosis d;

	nm_diagnose(m, &d);
	if (l->array) {
		json_object_array_add(l->array, nm_status_json(m, &d, -1));
		return;
	}
	if (m->is_up)
		nm_format_size(m->dm.sectors << NM_SECTOR_SHIFT, size);
	printf("%-16s %-13s %-10s %-13s %10s  %s\n", m->name, d.state,
	       known ? m->status.role : "-", known ? m->status.link : "-",
	       size, m->is_up ? m->device : "-");
}

static void list_configured(void *arg, const char *name)
{
	struct listing *l = arg;
	struct nm_mirror m;
	int ret = nm_mirror_find(&m, l->o, name);

	if (ret)
		l->ret = ret;
	else
		list_row(l, &m);
	if (m.has_config && l->nr_devices < MAX_LISTED)
		strcpy(l->devices[l->nr_devices++], m.device);
	nm_mirror_put(&m);
}

/* A device that no configuration of this node names. */
static void list_device(void *arg, const char *device)
{
	struct listing *l = arg;
	struct nm_mirror m = { 0 };
	int i;

	for (i = 0; i < l->nr_devices; i++)
		if (!strcmp(l->devices[i], device))
			return;
	snprintf(m.name, sizeof(m.name), "%s", device);
	snprintf(m.device, sizeof(m.device), "%s", device);
	if (!nm_mirror_refresh(&m) && m.is_up)
		list_row(l, &m);
	nm_mirror_put(&m);
}

int nm_cmd_list(const struct nm_opts *o)
{
	struct listing l = { .o = o };
	json_object *json;
	int err;

	if (nm_given(o, NM_OPT_CONFIG)) {
		nm_error("the command list reads every configuration; --config names one");
		return NM_EXIT_USAGE;
	}
	l.devices = calloc(MAX_LISTED, sizeof(*l.devices));
	if (!l.devices)
		return NM_EXIT_FAILED;
	if (nm_given(o, NM_OPT_JSON))
		l.array = json_object_new_array();
	else
		printf("%-16s %-13s %-10s %-13s %10s  %s\n", "NAME", "STATE",
		       "ROLE", "LINK", "SIZE", "DEVICE");
	nm_config_for_each(list_configured, &l);
	err = nm_dm_for_each(list_device, &l);
	if (err && err != -ENODEV) {
		nm_error("cannot list the devices of device-mapper: %s",
			 strerror(-err));
		l.ret = NM_EXIT_FAILED;
	}
	if (l.array) {
		json = json_object_new_object();
		json_object_object_add(json, "schema_version",
				       json_object_new_int(NM_SCHEMA_VERSION));
		json_object_object_add(json, "mirrors", l.array);
		nm_json_print(json, false);
	}
	free(l.devices);
	return l.ret;
}
