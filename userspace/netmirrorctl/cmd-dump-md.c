// SPDX-License-Identifier: GPL-2.0-only
/* dump-md and probe: what is on a device, whether or not the mirror is up. */
#include <time.h>

#include "metadata.h"
#include "occupied.h"
#include "status-json.h"

static const char *state_word(int err)
{
	switch (err) {
	case 0:
		return "valid";
	case -ENODATA:
		return "missing";
	case -EILSEQ:
		return "damaged";
	case -EPROTONOSUPPORT:
		return "unsupported";
	case -EUCLEAN:
		return "inconsistent";
	default:
		return "unreadable";
	}
}

/* --- text ----------------------------------------------------------------- */

/* The clock of a node may have been anything. */
static void print_alone_since(u64 seconds)
{
	time_t t = seconds;
	char text[64];
	struct tm tm;

	if (seconds && gmtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%FT%TZ", &tm))
		printf("alone since:   %s\n", text);
}

static void print_sb(const struct nm_sb *sb)
{
	char uuid[NM_UUID_STRLEN + 1], gen[NM_HEX_STRLEN + 1];
	char size[NM_SIZE_STRLEN];
	unsigned int i;

	nm_format_uuid(sb->uuid, uuid);
	nm_format_size(sb->data_sectors << NM_SECTOR_SHIFT, size);
	printf("uuid:          %s\n", uuid);
	printf("node:          %u\n", sb->node_id);
	printf("sequence:      %llu\n", (unsigned long long)sb->seq);
	printf("flags:        ");
	for (i = 0; i < NM_NR_FLAGS; i++)
		if (sb->flags >> i & 1)
			printf(" %s", nm_flag_names[i]);
	printf("%s\n", sb->flags ? "" : " none");
	printf("size:          %llu sectors (%s)\n",
	       (unsigned long long)sb->data_sectors, size);
	printf("data offset:   sector %llu\n",
	       (unsigned long long)sb->data_offset);
	printf("region size:   %u sectors\n", 1U << sb->region_shift);
	printf("zone size:     %u sectors\n", 1U << sb->zone_shift);
	printf("mark blocks:   %u, room for %u\n", sb->nr_mark_blocks,
	       sb->max_mark_blocks);
	print_alone_since(sb->alone_since);
	printf("meetings:      %llu\n", (unsigned long long)sb->meetings);
	printf("generations:   %u, the marks cover %u older ones\n",
	       sb->gens.nr, sb->gens.covered);
	for (i = 0; i < sb->gens.nr; i++) {
		nm_format_hex(sb->gens.id[i], gen);
		printf("  %2u           %s%s\n", i, gen,
		       nm_gens_blank(&sb->gens) ? " (no data yet)" : "");
	}
}

static void print_text(const struct nm_leg *leg, const struct nm_metadata *md,
		       const struct nm_mark_sum *sum)
{
	int i;

	printf("device:        %s\n", leg->path);
	for (i = 0; i < NM_SB_COPIES; i++)
		printf("superblock %d:  %s%s%s\n", i,
		       state_word(md->copy[i].err),
		       md->copy[i].err ? ": " : "",
		       md->copy[i].err ? md->copy[i].why : "");
	if (md->err)
		return;
	if (md->stale)
		puts("note:          the copies differ; the newest valid one counts");
	print_sb(&md->sb);
	printf("marks:         %u active zones, %llu dirty regions\n",
	       sum->active_zones, (unsigned long long)sum->dirty_regions);
	if (sum->bad_blocks)
		printf("bad marks:     %u of %u blocks, taken as all dirty: %s\n",
		       sum->bad_blocks, sum->nr_blocks, sum->why);
}

/* --- JSON ----------------------------------------------------------------- */

static void add(json_object *to, const char *key, json_object *value)
{
	json_object_object_add(to, key, value);
}

static void add_sb(json_object *j, const struct nm_sb *sb)
{
	json_object *flags = json_object_new_array();
	json_object *gens = json_object_new_array();
	char uuid[NM_UUID_STRLEN + 1], gen[NM_HEX_STRLEN + 1];
	unsigned int i;

	nm_format_uuid(sb->uuid, uuid);
	add(j, "uuid", json_object_new_string(uuid));
	add(j, "node", json_object_new_int(sb->node_id));
	add(j, "sequence", nm_json_u64(sb->seq));
	for (i = 0; i < NM_NR_FLAGS; i++)
		if (sb->flags >> i & 1)
			json_object_array_add(flags,
				json_object_new_string(nm_flag_names[i]));
	add(j, "flags", flags);
	add(j, "size", nm_json_u64(sb->data_sectors << NM_SECTOR_SHIFT));
	add(j, "data_offset", nm_json_u64(sb->data_offset << NM_SECTOR_SHIFT));
	add(j, "region_size",
	    nm_json_u64(1ULL << sb->region_shift << NM_SECTOR_SHIFT));
	add(j, "zone_size",
	    nm_json_u64(1ULL << sb->zone_shift << NM_SECTOR_SHIFT));
	add(j, "mark_blocks", nm_json_u64(sb->nr_mark_blocks));
	add(j, "max_mark_blocks", nm_json_u64(sb->max_mark_blocks));
	for (i = 0; !nm_gens_blank(&sb->gens) && i < sb->gens.nr; i++) {
		nm_format_hex(sb->gens.id[i], gen);
		json_object_array_add(gens, json_object_new_string(gen));
	}
	add(j, "generations", gens);
	add(j, "covered_generations", json_object_new_int(sb->gens.covered));
	add(j, "meetings", nm_json_u64(sb->meetings));
	add(j, "alone_since", sb->alone_since ? nm_json_u64(sb->alone_since) :
						NULL);
}

static void print_json(const struct nm_leg *leg, const struct nm_metadata *md,
		       const struct nm_mark_sum *sum)
{
	json_object *j = json_object_new_object();
	json_object *copies = json_object_new_array(), *part;
	int i;

	add(j, "schema_version", json_object_new_int(NM_SCHEMA_VERSION));
	add(j, "device", json_object_new_string(leg->path));
	for (i = 0; i < NM_SB_COPIES; i++) {
		part = json_object_new_object();
		add(part, "state",
		    json_object_new_string(state_word(md->copy[i].err)));
		add(part, "sequence", md->copy[i].err ? NULL :
		    nm_json_u64(md->copy[i].sb.seq));
		add(part, "why", md->copy[i].err ?
		    json_object_new_string(md->copy[i].why) : NULL);
		json_object_array_add(copies, part);
	}
	add(j, "copies", copies);
	add(j, "stale", md->err ? NULL : json_object_new_boolean(md->stale));
	part = NULL;
	if (!md->err) {
		part = json_object_new_object();
		add_sb(part, &md->sb);
	}
	add(j, "superblock", part);
	part = NULL;
	if (!md->err) {
		part = json_object_new_object();
		add(part, "blocks", nm_json_u64(sum->nr_blocks));
		add(part, "bad_blocks", nm_json_u64(sum->bad_blocks));
		add(part, "active_zones", nm_json_u64(sum->active_zones));
		add(part, "dirty_regions", nm_json_u64(sum->dirty_regions));
	}
	add(j, "marks", part);
	nm_json_print(j, false);
}

/* --- commands ------------------------------------------------------------- */

static int no_superblock(const struct nm_leg *leg,
			 const struct nm_metadata *md)
{
	nm_error("%s: %s", leg->path, md->why);
	return md->err == -ENODATA ? NM_EXIT_NOT_FOUND : NM_EXIT_FAILED;
}

int nm_cmd_dump_md(const struct nm_opts *o)
{
	const char *path = o->args[0];
	struct nm_config c = { .path = NULL };
	struct nm_mark_sum sum = { 0 };
	struct nm_metadata md;
	struct nm_leg leg;
	int ret;

	if (!strchr(path, '/')) {
		ret = nm_config_load(&c, o, path);
		if (ret == NM_EXIT_NOT_FOUND)
			ret = nm_config_missing(&c);
		if (ret)
			goto out;
		path = *c.self->metadata ? c.self->metadata : c.self->leg;
	}
	ret = NM_EXIT_FAILED;
	if (nm_leg_open(&leg, path, false, "cannot dump metadata"))
		goto out;
	nm_metadata_read(&leg, &md);
	if (!md.err)
		nm_metadata_sum_marks(&leg, &md.sb, &sum);
	if (nm_given(o, NM_OPT_JSON))
		print_json(&leg, &md, &sum);
	else
		print_text(&leg, &md, &sum);
	ret = md.err ? no_superblock(&leg, &md) : NM_EXIT_OK;
	nm_leg_close(&leg);
out:
	nm_config_free(&c);
	return ret;
}

int nm_cmd_probe(const struct nm_opts *o)
{
	char uuid[NM_UUID_STRLEN + 1], name[NM_NAME_MAX + 1];
	struct nm_metadata md;
	struct nm_leg leg;
	int ret = NM_EXIT_OK;

	if (nm_leg_open(&leg, o->args[0], false, "cannot probe"))
		return NM_EXIT_FAILED;
	nm_metadata_read(&leg, &md);
	if (md.err == -ENODATA) {
		/* udev asks about every device: that is no news. */
		ret = NM_EXIT_NOT_FOUND;
	} else if (md.err) {
		ret = no_superblock(&leg, &md);
	} else {
		nm_format_uuid(md.sb.uuid, uuid);
		nm_mirror_name_of(md.sb.uuid, name);
		printf("ID_FS_TYPE=netmirror_member\nID_FS_USAGE=raid\n"
		       "ID_FS_VERSION=%d\nID_FS_UUID=%s\nID_FS_UUID_ENC=%s\n"
		       "NETMIRROR_NODE_ID=%u\n", NM_SB_VERSION, uuid, uuid,
		       md.sb.node_id);
		if (*name)
			printf("NETMIRROR_NAME=%s\n", name);
	}
	nm_leg_close(&leg);
	return ret;
}
