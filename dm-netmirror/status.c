// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status and table lines.  Nothing here waits for I/O, the peer or the worker.
 *
 *   2 <health> <in-sync>/<total regions> <sync action> <mismatches> <role>
 *   <link> <generation> <#features> <feature>... <#core args> <key> <value>...
 *   <rw|ro> <needs_check|->
 */
#include "mirror.h"
#include "table.h"

static const char *const counter_names[NM_NR_COUNTERS] = {
	[NM_C_APP_READS]	= "app_reads",
	[NM_C_APP_WRITES]	= "app_writes",
	[NM_C_APP_FLUSHES]	= "app_flushes",
	[NM_C_PEER_READS]	= "peer_reads",
	[NM_C_PEER_WRITES]	= "peer_writes",
	[NM_C_REMOTE_READS]	= "remote_reads",
	[NM_C_MD_WRITES]	= "md_writes",
	[NM_C_RESYNC_REGIONS]	= "resync_regions",
	[NM_C_REPAIRS]		= "repairs",
	[NM_C_LINK_LOSSES]	= "link_losses",
};

const char *nm_status_sync(const struct nm_state *s)
{
	switch (s->verify) {
	case NM_VERIFY_CHECK:
		return "check";
	case NM_VERIFY_REPAIR:
		return "repair";
	case NM_VERIFY_NONE:
		break;
	}
	if (s->frozen)
		return "frozen";
	switch ((s->flags | s->peer_flags) & NM_SBF_LEG_FAILED ?
		NM_SYNC_NONE : s->sync) {
	case NM_SYNC_SOURCE:
		return "resync";
	case NM_SYNC_TARGET:
		return "recover";
	case NM_SYNC_NONE:
		break;
	}
	return "idle";
}

/* What the application waits for, if it does. */
const char *nm_status_held(const struct nm_state *s)
{
	if (nm_needs_fencing(s))
		return "fencing";
	return s->held ? "peer" : "no";
}

void nm_status_link(const struct nm_state *s, char *word, size_t size)
{
	if (s->link == NM_LINK_OFF && s->refusal != NM_REFUSE_NOT &&
	    s->refusal != NM_REFUSE_DISCONNECTED)
		scnprintf(word, size, "refused:%s", nm_refusal_name(s->refusal));
	else
		strscpy(word, nm_link_state_name(s->link), size);
}

/* A primary whose metadata failed and that cannot do without its leg. */
bool nm_status_failed(struct nm_mirror *m, const struct nm_state *s)
{
	return READ_ONCE(m->meta_failed) && !(s->flags & NM_SBF_LEG_FAILED);
}

static unsigned int emit_features(struct nm_mirror *m, char *result,
				  unsigned int maxlen)
{
	unsigned int sz = 0;

	DMEMIT(" %d", m->no_discard + m->copy_writes + m->grow);
	if (m->no_discard)
		DMEMIT(" no_discard");
	if (m->copy_writes)
		DMEMIT(" copy_writes");
	if (m->grow)
		DMEMIT(" grow");
	return sz;
}

/* Settings, those at their default left out unless @all. */
static unsigned int emit_settings(struct nm_mirror *m, bool all,
				  unsigned int extra, char *result,
				  unsigned int maxlen)
{
	const struct nm_table_key *key;
	unsigned int nr = extra;
	unsigned int sz = 0;

	for (key = nm_table_keys; key->word; key++)
		if (all || *nm_table_value(&m->settings, key) != key->dflt)
			nr += 2;
	if (m->settings.listen)
		nr += 2;
	if (m->link.secret)
		nr += 2;
	DMEMIT(" %u", nr);
	for (key = nm_table_keys; key->word; key++) {
		unsigned int value = *nm_table_value(&m->settings, key);

		if (!all && value == key->dflt)
			continue;
		if (key->words)
			DMEMIT(" %s %s", key->word, key->words[value]);
		else
			DMEMIT(" %s %u", key->word, value);
	}
	if (m->settings.listen)
		DMEMIT(" listen %s", m->settings.listen);
	if (m->link.secret)
		DMEMIT(" secret %s", m->link.secret->name);
	return sz;
}

/* "timeout_ms,on_peer_loss" */
static unsigned int emit_names(unsigned int differs, char *result,
			       unsigned int maxlen)
{
	const char *comma = "";
	unsigned int i, sz = 0;

	for (i = 0; i < NM_NR_DIFFS; i++) {
		if (!(differs >> i & 1))
			continue;
		DMEMIT("%s%s", comma, nm_diff_names[i]);
		comma = ",";
	}
	return sz;
}

static void emit_info(struct nm_mirror *m, char *result, unsigned int maxlen)
{
	u64 left = nm_marks_count(&m->marks);
	u32 total = m->marks.geo.nr_regions;
	struct nm_decision verdict;
	unsigned int differs, i, sz = 0;
	enum nm_refusal apart;
	struct nm_state s;
	u8 generation[NM_GEN_LEN];
	char link[32];

	spin_lock_irq(&m->state_lock);
	s = m->state;
	memcpy(generation, m->generation, NM_GEN_LEN);
	verdict = m->verdict;
	apart = m->apart;
	differs = m->differs;
	spin_unlock_irq(&m->state_lock);

	if (!m->loaded || nm_status_failed(m, &s)) {
		DMEMIT("Fail");
		return;
	}
	DMEMIT("2 %c%c %llu/%u %s %d %s ", nm_health_local(&s),
	       nm_health_peer(&s), total - min_t(u64, left, total), total,
	       nm_status_sync(&s), atomic_read(&m->verify.mismatches),
	       nm_role_name(s.role));
	nm_status_link(&s, link, sizeof(link));
	DMEMIT("%s %*phN", link, NM_GEN_LEN, generation);
	sz += emit_features(m, result + sz, maxlen - sz);
	sz += emit_settings(m, true, 2 * (NM_NR_COUNTERS + 10), result + sz,
			    maxlen - sz);
	for (i = 0; i < NM_NR_COUNTERS; i++)
		DMEMIT(" %s %llu", counter_names[i], nm_counter_sum(m, i));
	DMEMIT(" resync_left %llu", s.sync ? left : 0);
	DMEMIT(" dirty_regions %llu", left);
	DMEMIT(" verify_left %d", atomic_read(&m->verify.left));
	DMEMIT(" nr_active_zones %d", atomic_read(&m->nr_active_zones));
	DMEMIT(" leg_flags %u", s.flags);
	DMEMIT(" io_held %s", nm_status_held(&s));
	DMEMIT(" peer_role %s", s.link == NM_LINK_CONNECTED ?
	       nm_role_name(s.peer_role) : "unknown");
	DMEMIT(" verdict %s",
	       verdict.why ? nm_verdict_name(verdict.verdict) : "none");
	DMEMIT(" apart %s", nm_refusal_name(apart));
	DMEMIT(" differs %s", differs ? "" : "none");
	sz += emit_names(differs, result + sz, maxlen - sz);
	DMEMIT(" rw -");
}

static void emit_table(struct nm_mirror *m, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;

	DMEMIT("%s %u 2 %s %llu %s 0", m->meta ? m->meta->name : "-",
	       m->region_sectors, m->local->name,
	       (unsigned long long)m->local_offset, m->remote_token);
	sz += emit_features(m, result + sz, maxlen - sz);
	emit_settings(m, false, 0, result + sz, maxlen - sz);
}

static void emit_ima(struct nm_mirror *m, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;

	DMEMIT_TARGET_NAME_VERSION(m->ti->type);
	DMEMIT(",meta=%s,region_sectors=%u,local=%s,local_offset=%llu,remote=%s;",
	       m->meta ? m->meta->name : "-", m->region_sectors,
	       m->local->name, (unsigned long long)m->local_offset,
	       m->remote_token);
}

void nm_status(struct nm_mirror *m, status_type_t type, char *result,
	       unsigned int maxlen)
{
	switch (type) {
	case STATUSTYPE_INFO:
		emit_info(m, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		emit_table(m, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		emit_ima(m, result, maxlen);
		break;
	}
}
