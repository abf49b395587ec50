// SPDX-License-Identifier: GPL-2.0-only
/* resize: make the mirror larger on this node, while it is in use. */
#include "metadata.h"
#include "reload.h"

struct plan {
	const struct nm_opts *o;
	struct nm_mirror m;
	char doing[NM_NAME_MAX + 32];
	bool all;		/* the size is "max" */
	u64 leg_room, marks_room;	/* the largest size that fits either */
	struct nm_reload r;	/* with the new size */
};

/* --- may it grow now? ----------------------------------------------------- */

static bool is_primary(const struct nm_mirror *m)
{
	return !strcmp(m->status.role, "primary");
}

static bool value_is(const struct nm_status *s, const char *key,
		     const char *value)
{
	const char *is = nm_status_value(s, key);

	return is && !strcmp(is, value);
}

/*
 * The nodes part when one of them grows.  Nobody may lose the only good leg by
 * that, and no I/O may be held over it.
 */
static int check_state(const struct plan *p)
{
	const struct nm_mirror *m = &p->m;
	const struct nm_status *s = &m->status;
	const char *peer = nm_mirror_peer_name(m);
	bool connected;

	if (m->dm.suspended) {
		nm_error("%s: its device is suspended; when it may go on: dmsetup resume %s",
			 p->doing, m->device);
		return NM_EXIT_REFUSED;
	}
	if (s->failed || s->local == 'D') {
		nm_error("%s: its leg on this node has failed; see \"" NM_TOOL_NAME
			 " status %s\"", p->doing, m->name);
		return NM_EXIT_REFUSED;
	}
	if (!value_is(s, "io_held", "no")) {
		nm_error("%s: its I/O waits; see \"" NM_TOOL_NAME " status %s\"",
			 p->doing, m->name);
		return NM_EXIT_REFUSED;
	}
	connected = !strcmp(s->link, "connected");
	if (is_primary(m) ? s->local != 'A' :
	    connected && s->local == 'A' && s->peer != 'A') {
		nm_error("%s: one leg is still being copied from the other, and the nodes will part; see \""
			 NM_TOOL_NAME " wait-sync %s\"", p->doing, m->name);
		return NM_EXIT_REFUSED;
	}
	if (is_primary(m) && connected && value_is(s, "on_peer_loss", "fence")) {
		nm_error("%s: the nodes will part, and this primary would hold its I/O (on-peer-loss = fence); make it larger on %s first",
			 p->doing, peer);
		return NM_EXIT_REFUSED;
	}
	return NM_EXIT_OK;
}

/* --- the size ------------------------------------------------------------- */

static int parse_size(struct plan *p, const char *text)
{
	u64 bytes;

	p->all = !strcmp(text, "max");
	if (p->all)
		return NM_EXIT_OK;
	if (nm_parse_size(text, &bytes) || !bytes || bytes % NM_BLOCK_SIZE) {
		nm_error("%s: %s: expected max, or a multiple of 4K such as 512M, 10G, 1T or 20480s (sectors)",
			 p->doing, text);
		return NM_EXIT_USAGE;
	}
	p->r.sectors = bytes >> NM_SECTOR_SHIFT;
	return NM_EXIT_OK;
}

/* The largest size whose marks have room. */
static u64 marks_room(const struct nm_sb *sb)
{
	struct nm_geometry geo;
	const char *why;
	u64 room;

	if (nm_geometry_init(&geo, sb->data_sectors, sb->region_shift,
			     sb->zone_shift, &why))
		return 0;
	room = (u64)sb->max_mark_blocks * geo.block_zones << sb->zone_shift;
	return min_t(u64, room, min_t(u64, NM_MAX_DATA_SECTORS,
				      NM_MAX_REGIONS << sb->region_shift));
}

/*
 * What the superblock says of the geometry stays the same for ever; the size
 * is the kernel's to tell.
 */
static int measure(struct plan *p)
{
	const struct nm_node *self = p->m.config.self;
	const char *meta_path = *self->metadata ? self->metadata : self->leg;
	struct nm_leg leg, meta;
	struct nm_metadata md;

	if (nm_leg_open(&leg, self->leg, false, p->doing))
		return NM_EXIT_FAILED;
	nm_leg_close(&leg);
	if (nm_leg_open(&meta, meta_path, false, p->doing))
		return NM_EXIT_FAILED;
	nm_metadata_read(&meta, &md);
	nm_leg_close(&meta);
	if (md.err) {
		nm_error("%s: %s: %s", p->doing, meta_path, md.why);
		return NM_EXIT_FAILED;
	}
	p->leg_room = leg.sectors - min(leg.sectors, md.sb.data_offset);
	p->leg_room -= p->leg_room % NM_BLOCK_SECTORS;
	p->marks_room = marks_room(&md.sb);
	return NM_EXIT_OK;
}

static int check_size(struct plan *p)
{
	const struct nm_node *self = p->m.config.self;
	u64 max = min(p->leg_room, p->marks_room);
	char has[NM_SIZE_STRLEN], most[NM_SIZE_STRLEN];

	if (p->all)
		p->r.sectors = max;
	nm_format_size(p->m.dm.sectors << NM_SECTOR_SHIFT, has);
	nm_format_size(max << NM_SECTOR_SHIFT, most);
	if (p->r.sectors < p->m.dm.sectors) {
		nm_error("%s: it has %s (%llus), and a mirror cannot be made smaller",
			 p->doing, has, (unsigned long long)p->m.dm.sectors);
		return NM_EXIT_REFUSED;
	}
	if (p->r.sectors <= max)
		return NM_EXIT_OK;
	if (p->r.sectors > p->leg_room)
		nm_error("%s: the leg %s has no room for it; the largest size possible is %s (%llus); make the device larger first",
			 p->doing, self->leg, most, (unsigned long long)max);
	else
		nm_error("%s: the metadata on %s have no room for the marks of so large a mirror; the largest size possible is %s (%llus)",
			 p->doing, *self->metadata ? self->metadata : self->leg,
			 most, (unsigned long long)max);
	return NM_EXIT_FAILED;
}

/* --- the table ------------------------------------------------------------ */

static const char *skip_words(const char *s, unsigned long nr)
{
	while (nr--) {
		s += strspn(s, " ");
		s += strcspn(s, " ");
	}
	return s;
}

/* The live table with the feature that lets the mirror grow. */
static int make_table(struct plan *p)
{
	const char *live = p->m.dm.table, *count, *end, *word;
	size_t size = sizeof(p->r.table);
	unsigned long nr;
	char *features;
	int len;

	count = skip_words(live, 7);
	nr = strtoul(count, &features, 10);
	end = skip_words(features, nr);
	word = strstr(features, " grow");
	if (word && word < end && (!word[5] || word[5] == ' '))
		len = snprintf(p->r.table, size, "%s", live);
	else
		len = snprintf(p->r.table, size, "%.*s %lu%.*s grow%s",
			       (int)(count - live), live, nr + 1,
			       (int)(end - features), features, end);
	if (len > 0 && (size_t)len < size)
		return NM_EXIT_OK;
	nm_error("%s: its table line is too long", p->doing);
	return NM_EXIT_FAILED;
}

/* --- doing it ------------------------------------------------------------- */

static int confirm(const struct plan *p)
{
	char question[1024];

	snprintf(question, sizeof(question),
		 "A mirror cannot be made smaller again, and both nodes need the same size. See first that %s has room for %llus: \""
		 NM_TOOL_NAME " resize %s %llus --dry-run\" there.",
		 p->m.config.peer->name, (unsigned long long)p->r.sectors,
		 p->m.name, (unsigned long long)p->r.sectors);
	return nm_confirm(p->o, question) ? NM_EXIT_OK : NM_EXIT_REFUSED;
}

/* The mirror, and the configuration where that has another size. */
static int grow(const struct plan *p)
{
	const struct nm_config *c = &p->m.config;
	bool amends = !c->has_size || c->sectors != p->r.sectors;
	bool grows = p->r.sectors > p->m.dm.sectors;

	if (amends && nm_config_prepare_size(c, p->r.sectors))
		return NM_EXIT_FAILED;
	if (grows && nm_reload_run(&p->r)) {
		if (amends)
			nm_config_drop(c);
		return NM_EXIT_FAILED;
	}
	return amends && nm_config_commit(c) ? NM_EXIT_FAILED : NM_EXIT_OK;
}

static void report(const struct plan *p)
{
	const char *name = p->m.name, *peer = p->m.config.peer->name;
	unsigned long long sectors = p->r.sectors;
	char size[NM_SIZE_STRLEN];

	nm_format_size(p->r.sectors << NM_SECTOR_SHIFT, size);
	if (p->r.sectors == p->m.dm.sectors) {
		nm_note(p->o, "%s has %s (%llus) on this node already", name,
			size, sectors);
		return;
	}
	nm_note(p->o, "%s has %s (%llus) on this node now", name, size, sectors);
	if (p->m.status.refusal == NM_REFUSE_SIZE)
		nm_note(p->o, "next: if it has %llus on %s as well, there: " NM_TOOL_NAME
			" connect %s", sectors, peer, name);
	else
		nm_note(p->o, "the nodes stay apart until it has %llus on %s as well; next: there \""
			NM_TOOL_NAME " resize %s %llus\", then here \"" NM_TOOL_NAME
			" connect %s\"", sectors, peer, name, sectors, name);
}

static int prepare(struct plan *p)
{
	int ret = nm_mirror_find_up(&p->m, p->o, p->o->args[0]);

	if (ret)
		return ret;
	if (!p->m.has_config)
		return nm_config_missing(&p->m.config);
	ret = parse_size(p, p->o->args[1]);
	if (!ret)
		ret = check_state(p);
	if (!ret)
		ret = measure(p);
	if (!ret)
		ret = check_size(p);
	if (!ret)
		ret = make_table(p);
	if (!ret)
		ret = nm_secret_load(&p->r.secret, &p->m.config, p->doing);
	return ret;
}

int nm_cmd_resize(const struct nm_opts *o)
{
	struct plan p = { .o = o };
	int ret;

	p.r.m = &p.m;
	p.r.doing = p.doing;
	snprintf(p.doing, sizeof(p.doing), "cannot make %.*s larger",
		 NM_NAME_MAX, o->args[0]);
	ret = prepare(&p);
	if (!ret && nm_given(o, NM_OPT_DRY_RUN)) {
		if (p.r.sectors > p.m.dm.sectors)
			nm_reload_print(&p.r);
	} else if (!ret) {
		if (p.r.sectors > p.m.dm.sectors)
			ret = confirm(&p);
		if (!ret)
			ret = grow(&p);
		if (!ret)
			report(&p);
	}
	nm_secret_wipe(&p.r.secret);
	nm_mirror_put(&p.m);
	return ret;
}
