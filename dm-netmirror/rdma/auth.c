// SPDX-License-Identifier: GPL-2.0-only
/*
 * The peer proves that it knows the mirror's secret, and so do we: on the
 * control channel, before there is another one; see core/auth.h.
 *
 * On node 1 a session is a guest until then.  Guests are few, they cannot touch
 * the session that stands, and have the time of a lost peer to prove themselves.
 */
#include <crypto/hash.h>
#include <linux/random.h>
#include <linux/sched/mm.h>

#include "rdma.h"

int nm_rdma_auth_create(struct nm_rdma *rl, char **error)
{
	const struct nm_secret *secret = rl->link->secret;
	struct crypto_shash *hmac;
	int err;

	if (!secret)
		return 0;
	hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(hmac)) {
		*error = "The kernel has no hmac(sha256), which a secret needs";
		return PTR_ERR(hmac);
	}
	err = crypto_shash_setkey(hmac, secret->bytes, secret->len);
	if (err) {
		*error = "The kernel does not take the secret as a key for hmac(sha256)";
		crypto_free_shash(hmac);
		return err;
	}
	rl->hmac = hmac;
	return 0;
}

void nm_rdma_auth_destroy(struct nm_rdma *rl)
{
	if (rl->hmac)
		crypto_free_shash(rl->hmac);
}

static int digest(struct nm_rdma_session *s,
		  const struct nm_wire_auth_text *text, u8 *out)
{
	return crypto_shash_tfm_digest(s->rl->hmac, (const u8 *)text,
				       sizeof(*text), out);
}

int nm_rdma_auth_token(struct nm_rdma_session *s, u8 channel, u8 *token)
{
	struct nm_wire_auth_text text;
	u8 hash[NM_PROOF_LEN];
	int err;

	nm_auth_token_text(&s->auth, channel, &text);
	err = digest(s, &text, hash);
	if (!err)
		memcpy(token, hash, NM_TOKEN_LEN);
	return err;
}

bool nm_rdma_auth_token_fits(struct nm_rdma_session *s, u8 channel,
			     const u8 *token)
{
	u8 expected[NM_TOKEN_LEN];

	return !nm_rdma_auth_token(s, channel, expected) &&
	       nm_auth_same(expected, token, NM_TOKEN_LEN);
}

/* --- the exchange ------------------------------------------------------- */

static int send(struct nm_rdma_session *s, u16 op, const void *payload,
		u32 len)
{
	u8 buf[NM_WIRE_HDR_LEN + NM_PROOF_LEN] __aligned(8);
	size_t total = nm_ctl_encode(op, s->id, payload, len, buf);

	return nm_rdma_ctl_send(s, buf, total);
}

static int send_proof(struct nm_rdma_session *s)
{
	struct nm_wire_auth_text text;
	u8 proof[NM_PROOF_LEN];

	nm_auth_proof_text(&s->auth, s->auth.node_id, &text);
	return digest(s, &text, proof) ?:
	       send(s, NM_OP_AUTH_PROOF, proof, sizeof(proof));
}

static bool proof_is_right(struct nm_rdma_session *s, const u8 *proof)
{
	struct nm_wire_auth_text text;
	u8 expected[NM_PROOF_LEN];

	nm_auth_proof_text(&s->auth, 1 - s->auth.node_id, &text);
	return !digest(s, &text, expected) &&
	       nm_auth_same(expected, proof, NM_PROOF_LEN);
}

/*
 * A guest has proven itself: it becomes the session.  Where one stands the
 * peer has left it behind, but did not say so.  That one ends now, and the
 * peer will find its place free when it comes again.
 */
static bool move_in(struct nm_rdma_session *s)
{
	struct nm_rdma *rl = s->rl;
	bool in = false;

	mutex_lock(&rl->mutex);
	if (rl->started && !READ_ONCE(s->failed)) {
		if (rl->session) {
			nm_rdma_session_fail(rl->session,
					     "the peer opened a new session");
		} else {
			list_del_init(&s->guest);
			rl->session = s;
			in = true;
		}
	}
	mutex_unlock(&rl->mutex);
	return in;
}

static enum nm_refusal got_message(struct nm_rdma_session *s,
				   const struct nm_msg *msg, const u8 *payload)
{
	enum nm_auth_event event = NM_AUTH_EV_WRONG;
	struct nm_auth *a = &s->auth;
	bool answers;

	/* Who is not proven has no other reason that counts. */
	if (msg->op == NM_OP_BYE && !a->node_id)
		return *payload == NM_REFUSE_AUTH ? NM_REFUSE_AUTH :
						    NM_REFUSE_BUSY;
	if (msg->op == NM_OP_AUTH_CHALLENGE) {
		memcpy(a->nonce[1 - a->node_id], payload, NM_NONCE_LEN);
		event = NM_AUTH_EV_CHALLENGE;
	} else if (msg->op == NM_OP_AUTH_PROOF && proof_is_right(s, payload)) {
		event = NM_AUTH_EV_PROOF;
	}
	answers = nm_auth_step(a, event);
	if (a->state == NM_AUTH_FAILED)
		return NM_REFUSE_AUTH;
	/* With our proof the peer connects the other channels. */
	if (a->state == NM_AUTH_DONE && a->node_id && !move_in(s))
		return NM_REFUSE_BUSY;
	return answers && send_proof(s) ? NM_REFUSE_BUSY : NM_REFUSE_NOT;
}

static bool is_over(struct nm_rdma_session *s)
{
	return READ_ONCE(s->failed) || READ_ONCE(s->rl->stop);
}

/* NULL: nothing came, and nothing will. */
static struct nm_rdma_rx *next_message(struct nm_rdma_session *s,
				       struct nm_msg *msg,
				       unsigned long deadline)
{
	struct nm_rdma_rx *rx;
	long left = max(0L, (long)(deadline - jiffies));

	wait_event_timeout(s->rl->wait,
			   (rx = nm_rdma_ctl_next(s, msg)) || is_over(s), left);
	return rx;
}

static enum nm_refusal exchange(struct nm_rdma_session *s)
{
	struct nm_rdma *rl = s->rl;
	struct nm_rdma_channel *ch = &s->ch[NM_CH_CONTROL];
	unsigned int ms = rl->link->settings.timeout_ms;
	unsigned long deadline = jiffies + msecs_to_jiffies(ms);
	enum nm_refusal refusal = NM_REFUSE_NOT;
	u8 nonce[NM_NONCE_LEN];

	get_random_bytes(nonce, sizeof(nonce));
	nm_auth_init(&s->auth, rl->link->node_id, rl->link->uuid, s->id, nonce);
	wait_event_timeout(rl->wait, READ_ONCE(ch->joined) || is_over(s),
			   msecs_to_jiffies(ms));
	if (READ_ONCE(ch->joined) &&
	    send(s, NM_OP_AUTH_CHALLENGE, nonce, sizeof(nonce)))
		return NM_REFUSE_BUSY;
	while (s->auth.state != NM_AUTH_DONE && !refusal) {
		struct nm_rdma_rx *rx;
		struct nm_msg msg;

		rx = next_message(s, &msg, deadline);
		if (!rx) {
			if (!is_over(s))
				nm_rdma_note(rl, "the node at %pISpc did not prove within %u ms that it knows the secret\n",
					     &ch->id->route.addr.dst_addr, ms);
			return NM_REFUSE_BUSY;
		}
		refusal = got_message(s, &msg, rx->buf + NM_WIRE_HDR_LEN);
		nm_rdma_ctl_done(s, rx, &msg);
	}
	return refusal;
}

int nm_rdma_authenticate(struct nm_rdma_session *s)
{
	if (!s->rl->hmac)
		return 0;
	s->rl->refusal = exchange(s);
	return s->rl->refusal ? -EACCES : 0;
}

/* --- guests of node 1 ---------------------------------------------------- */

void nm_rdma_auth_work(struct work_struct *work)
{
	struct nm_rdma_session *s = container_of(work, struct nm_rdma_session,
						 auth_work);
	unsigned int noio = memalloc_noio_save();
	enum nm_refusal refusal = exchange(s);
	u8 code = refusal;

	memalloc_noio_restore(noio);
	if (!refusal)
		return;
	if (refusal == NM_REFUSE_AUTH)
		nm_rdma_note(s->rl, "refused the node at %pISpc: %s\n",
			     &s->ch[NM_CH_CONTROL].id->route.addr.dst_addr,
			     nm_refusal_text(refusal));
	if (!is_over(s) && !send(s, NM_OP_BYE, &code, 1))
		nm_rdma_ctl_linger(s);
	nm_rdma_session_fail(s, "the peer did not prove that it knows the secret");
}

bool nm_rdma_auth_has_room(struct nm_rdma *rl)
{
	struct nm_rdma_session *oldest;

	lockdep_assert_held(&rl->mutex);
	if (list_count_nodes(&rl->guests) < NM_RDMA_MAX_GUESTS)
		return true;
	/* Whoever needs the longest gives up its place. */
	oldest = list_first_entry(&rl->guests, struct nm_rdma_session, guest);
	nm_rdma_session_fail(oldest, "too many nodes want to connect");
	return false;
}
