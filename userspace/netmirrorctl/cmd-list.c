// SPDX-License-Identifier: GPL-2.0-only
/* list: a table of mirrors in the manner of lvs(8). */
#include <ctype.h>

#include "confdir.h"
#include "list-columns.h"
#include "status-json.h"

#define MAX_CHOSEN	64	/* columns of a line, keys to sort by */

static const char default_columns[] = "name,state,role,link,size,device";

struct choice {
	unsigned int column;
	bool down;		/* the largest first */
};

/* A mirror as it is printed: the text of all columns, and what to sort by. */
struct row {
	char (*cells)[NM_CELL_LEN];
	u64 *keys;
	const struct listing *listing;
};

struct listing {
	const struct nm_opts *o;
	json_object *array;		/* with --json */
	struct choice columns[MAX_CHOSEN], sort[MAX_CHOSEN];
	int nr_columns, nr_sort;
	struct row *rows;
	size_t nr_rows;
	char (*devices)[NM_DM_NAME_LEN];	/* those of configured mirrors */
	size_t nr_devices;
	unsigned int nr_down;		/* left out, since they are not up */
	int ret;
};

/* --- what to print -------------------------------------------------------- */

static int choose(struct choice *chosen, int *nr, const char *text,
		  enum nm_opt opt)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		bool down = false;
		int column;

		if (opt == NM_OPT_SORT && (*text == '-' || *text == '+')) {
			down = *text == '-';
			text++;
			len--;
		}
		column = nm_column_find(text, len);
		if (column < 0) {
			nm_error("--%s: there is no column \"%.*s\"; \""
				 NM_TOOL_NAME " list -o help\" lists them",
				 nm_opt_name(opt), (int)len, text);
			return NM_EXIT_USAGE;
		}
		if (*nr == MAX_CHOSEN) {
			nm_error("--%s: at most %d columns can be given",
				 nm_opt_name(opt), MAX_CHOSEN);
			return NM_EXIT_USAGE;
		}
		chosen[(*nr)++] = (struct choice){ column, down };
		text += len;
		text += *text == ',';
	}
	return NM_EXIT_OK;
}

static int choose_all(struct listing *l)
{
	const char *columns = l->o->value[NM_OPT_COLUMNS];
	const char *sort = l->o->value[NM_OPT_SORT];
	int ret = NM_EXIT_OK;

	if (!columns || *columns == '+')
		ret = choose(l->columns, &l->nr_columns, default_columns,
			     NM_OPT_COLUMNS);
	if (!ret && columns)
		ret = choose(l->columns, &l->nr_columns,
			     columns + (*columns == '+'), NM_OPT_COLUMNS);
	if (!ret && sort)
		ret = choose(l->sort, &l->nr_sort, sort, NM_OPT_SORT);
	return ret;
}

static void print_help(void)
{
	unsigned int i;

	for (i = 0; i < nm_nr_columns; i++)
		printf("%-13s %s\n", nm_columns[i].name, nm_columns[i].help);
}

/* --- the mirrors ---------------------------------------------------------- */

/* Make room for one more element. */
static void *grow(void *array, size_t nr, size_t size)
{
	array = reallocarray(array, nr + 1, size);
	if (!array)
		abort();
	return array;
}

static void add_row(struct listing *l, const struct nm_mirror *m)
{
	struct nm_diagnosis d;
	struct row *row;
	unsigned int i;

	nm_diagnose(m, &d);
	if (l->array) {
		json_object_array_add(l->array, nm_status_json(m, &d, NULL));
		return;
	}
	l->rows = grow(l->rows, l->nr_rows, sizeof(*l->rows));
	row = &l->rows[l->nr_rows++];
	row->listing = l;
	row->cells = calloc(nm_nr_columns, sizeof(*row->cells));
	row->keys = calloc(nm_nr_columns, sizeof(*row->keys));
	if (!row->cells || !row->keys)
		abort();
	for (i = 0; i < nm_nr_columns; i++)
		row->keys[i] = nm_columns[i].show(m, &d, row->cells[i]);
}

static void list_configured(void *arg, const char *name)
{
	struct listing *l = arg;
	struct nm_mirror m;
	int ret = nm_mirror_find(&m, l->o, name);

	if (ret)
		l->ret = ret;
	else if (m.is_up || nm_given(l->o, NM_OPT_ALL))
		add_row(l, &m);
	else
		l->nr_down++;
	if (m.has_config) {
		l->devices = grow(l->devices, l->nr_devices,
				  sizeof(*l->devices));
		strcpy(l->devices[l->nr_devices++], m.device);
	}
	nm_mirror_put(&m);
}

/* A device that no configuration of this node names. */
static void list_device(void *arg, const char *device)
{
	struct listing *l = arg;
	struct nm_mirror m = { 0 };
	size_t i;

	for (i = 0; i < l->nr_devices; i++)
		if (!strcmp(l->devices[i], device))
			return;
	snprintf(m.name, sizeof(m.name), "%s", device);
	snprintf(m.device, sizeof(m.device), "%s", device);
	if (!nm_mirror_refresh(&m) && m.is_up)
		add_row(l, &m);
	nm_mirror_put(&m);
}

/* --- the table ------------------------------------------------------------ */

static int compare(const void *one, const void *two)
{
	const struct row *a = one, *b = two;
	const struct listing *l = a->listing;
	int i, order;

	for (i = 0; i < l->nr_sort; i++) {
		unsigned int c = l->sort[i].column;

		if (nm_columns[c].number)
			order = (a->keys[c] > b->keys[c]) -
				(a->keys[c] < b->keys[c]);
		else
			order = strcmp(a->cells[c], b->cells[c]);
		if (order)
			return l->sort[i].down ? -order : order;
	}
	return 0;
}

static void print_cell(const struct listing *l, int i, const char *text,
		       int width)
{
	bool last = i == l->nr_columns - 1;

	if (nm_columns[l->columns[i].column].right)
		printf("%*s", width, text);
	else
		printf("%-*s", last ? 0 : width, text);
	fputs(last ? "\n" : "  ", stdout);
}

static void print_table(const struct listing *l)
{
	bool headings = !nm_given(l->o, NM_OPT_NOHEADINGS);
	int width[MAX_CHOSEN], i;
	char heading[32], *c;
	size_t row;

	for (i = 0; i < l->nr_columns; i++) {
		unsigned int col = l->columns[i].column;

		width[i] = headings ? strlen(nm_columns[col].name) : 0;
		for (row = 0; row < l->nr_rows; row++)
			width[i] = max(width[i],
				       (int)strlen(l->rows[row].cells[col]));
	}
	for (i = 0; headings && i < l->nr_columns; i++) {
		snprintf(heading, sizeof(heading), "%s",
			 nm_columns[l->columns[i].column].name);
		for (c = heading; *c; c++)
			*c = toupper(*c);
		print_cell(l, i, heading, width[i]);
	}
	for (row = 0; row < l->nr_rows; row++)
		for (i = 0; i < l->nr_columns; i++)
			print_cell(l, i,
				   l->rows[row].cells[l->columns[i].column],
				   width[i]);
}

static void print_json(struct listing *l)
{
	json_object *json = json_object_new_object();

	json_object_object_add(json, "schema_version",
			       json_object_new_int(NM_SCHEMA_VERSION));
	json_object_object_add(json, "mirrors", l->array);
	nm_json_print(json, false);
}

static void forget(struct listing *l)
{
	size_t i;

	for (i = 0; i < l->nr_rows; i++) {
		free(l->rows[i].cells);
		free(l->rows[i].keys);
	}
	free(l->rows);
	free(l->devices);
}

static int check_options(const struct nm_opts *o)
{
	if (nm_given(o, NM_OPT_CONFIG)) {
		nm_error("the command list reads every configuration; --config names one");
		return NM_EXIT_USAGE;
	}
	if (nm_given(o, NM_OPT_JSON) &&
	    (nm_given(o, NM_OPT_COLUMNS) || nm_given(o, NM_OPT_SORT))) {
		nm_error("--json prints all there is, in the order of the names: without --columns and --sort");
		return NM_EXIT_USAGE;
	}
	return NM_EXIT_OK;
}

int nm_cmd_list(const struct nm_opts *o)
{
	const char *columns = o->value[NM_OPT_COLUMNS];
	struct listing l = { .o = o };
	int err;

	l.ret = check_options(o);
	if (l.ret)
		return l.ret;
	if (columns && !strcmp(columns, "help")) {
		print_help();
		return NM_EXIT_OK;
	}
	l.ret = choose_all(&l);
	if (l.ret)
		return l.ret;
	if (nm_given(o, NM_OPT_JSON))
		l.array = json_object_new_array();
	nm_config_for_each(list_configured, &l);
	err = nm_dm_for_each(list_device, &l);
	if (err && err != -ENODEV) {
		nm_error("cannot list the devices of device-mapper: %s",
			 strerror(-err));
		l.ret = NM_EXIT_FAILED;
	}
	if (l.array) {
		print_json(&l);
	} else {
		if (l.nr_sort && l.nr_rows)
			qsort(l.rows, l.nr_rows, sizeof(*l.rows), compare);
		print_table(&l);
		if (l.nr_down && !nm_given(o, NM_OPT_NOHEADINGS) &&
		    !nm_given(o, NM_OPT_QUIET))
			fprintf(stderr, "%u configured %s not up: see \""
				NM_TOOL_NAME " list --all\"\n", l.nr_down,
				l.nr_down == 1 ? "mirror is" : "mirrors are");
	}
	forget(&l);
	return l.ret;
}
