// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof that the peer knows the secret: what is hashed, the order in which
 * the nodes speak, and what a stranger can do with what it hears.
 */
#include "unit.h"
#include "auth.h"

static const u8 uuid[NM_UUID_LEN] = "the mirror's own";

static struct nm_auth sample(u8 node)
{
	struct nm_auth a;
	u8 nonce[NM_NONCE_LEN];

	memset(nonce, 0xa0 + node, sizeof(nonce));
	nm_auth_init(&a, node, uuid, 0x0123456789abcdef, nonce);
	memset(a.nonce[1 - node], 0xa0 + 1 - node, NM_NONCE_LEN);
	return a;
}

/* --- the state table ---------------------------------------------------- */

static void every_edge(void **state)
{
	u8 node, from, event;

	(void)state;
	for (node = 0; node < NM_NR_NODES; node++)
		for (from = 0; from < NM_NR_AUTH_STATES; from++)
			for (event = 0; event < NM_NR_AUTH_EVENTS; event++) {
				struct nm_auth a = sample(node);
				enum nm_auth_state next = NM_AUTH_FAILED;
				bool answers = false;

				if (from == NM_AUTH_EXPECTS_CHALLENGE &&
				    event == NM_AUTH_EV_CHALLENGE) {
					next = NM_AUTH_EXPECTS_PROOF;
					answers = node == 0;
				} else if (from == NM_AUTH_EXPECTS_PROOF &&
					   event == NM_AUTH_EV_PROOF) {
					next = NM_AUTH_DONE;
					answers = node == 1;
				}
				a.state = from;
				assert_int_equal(nm_auth_step(&a, event),
						 answers);
				assert_int_equal(a.state, next);
			}
}

static void init_forgets_what_was(void **state)
{
	struct nm_auth a;
	u8 nonce[NM_NONCE_LEN];
	u8 node;

	(void)state;
	for (node = 0; node < NM_NR_NODES; node++) {
		memset(&a, 0x5a, sizeof(a));
		memset(nonce, 7, sizeof(nonce));
		nm_auth_init(&a, node, uuid, 5, nonce);
		assert_int_equal(a.state, NM_AUTH_EXPECTS_CHALLENGE);
		assert_int_equal(a.node_id, node);
		assert_true(a.session == 5);
		assert_memory_equal(a.uuid, uuid, NM_UUID_LEN);
		assert_memory_equal(a.nonce[node], nonce, NM_NONCE_LEN);
		assert_true(untouched(a.nonce[1 - node], 0, NM_NONCE_LEN));
	}
}

/* --- what is hashed ----------------------------------------------------- */

static void the_text_of_a_proof(void **state)
{
	struct nm_auth a = sample(0);
	struct nm_wire_auth_text text;
	const u8 *p = (const u8 *)&text;

	(void)state;
	memset(&text, 0x5a, sizeof(text));
	nm_auth_proof_text(&a, 1, &text);
	assert_int_equal(sizeof(text), 112);
	assert_memory_equal(p, "netmirror proof\0\1\0\1\0\0\0\0", 24);
	assert_memory_equal(p + 24, "\xef\xcd\xab\x89\x67\x45\x23\x01", 8);
	assert_memory_equal(p + 32, uuid, NM_UUID_LEN);
	assert_true(untouched(p + 48, 0xa0, 32));
	assert_true(untouched(p + 80, 0xa1, 32));
}

static void the_text_of_a_token(void **state)
{
	struct nm_auth a = sample(1);
	struct nm_wire_auth_text text;
	const u8 *p = (const u8 *)&text;

	(void)state;
	memset(&text, 0x5a, sizeof(text));
	nm_auth_token_text(&a, 17, &text);
	assert_memory_equal(p, "netmirror token\0\1\0\0\x11\0\0\0", 24);
	assert_memory_equal(p + 24, "\xef\xcd\xab\x89\x67\x45\x23\x01", 8);
	assert_memory_equal(p + 32, uuid, NM_UUID_LEN);
	assert_true(untouched(p + 48, 0xa0, 32));
	assert_true(untouched(p + 80, 0xa1, 32));
}

/* Both nodes hash the same. */
static void the_nodes_agree(void **state)
{
	struct nm_auth a = sample(0), b = sample(1);
	struct nm_wire_auth_text one, two;
	u8 prover, channel;

	(void)state;
	for (prover = 0; prover < NM_NR_NODES; prover++) {
		nm_auth_proof_text(&a, prover, &one);
		nm_auth_proof_text(&b, prover, &two);
		assert_memory_equal(&one, &two, sizeof(one));
	}
	for (channel = 1; channel < 18; channel++) {
		nm_auth_token_text(&a, channel, &one);
		nm_auth_token_text(&b, channel, &two);
		assert_memory_equal(&one, &two, sizeof(one));
	}
}

/* A proof is good for one prover, session, mirror and pair of nonces. */
static void whatever_differs_changes_the_text(void **state)
{
	struct nm_auth a = sample(0), other;
	struct nm_wire_auth_text text[9];
	size_t i, j;

	(void)state;
	nm_auth_proof_text(&a, 0, &text[0]);
	nm_auth_proof_text(&a, 1, &text[1]);
	nm_auth_token_text(&a, 1, &text[2]);
	nm_auth_token_text(&a, 2, &text[3]);
	/* there is no such token, but a proof would not do for it */
	nm_auth_token_text(&a, 0, &text[4]);
	other = a;
	other.session++;
	nm_auth_proof_text(&other, 0, &text[5]);
	other = a;
	other.uuid[15]++;
	nm_auth_proof_text(&other, 0, &text[6]);
	other = a;
	other.nonce[0][31]++;
	nm_auth_proof_text(&other, 0, &text[7]);
	other = a;
	other.nonce[1][0]++;
	nm_auth_proof_text(&other, 0, &text[8]);
	for (i = 0; i < ARRAY_SIZE(text); i++)
		for (j = 0; j < i; j++)
			assert_memory_not_equal(&text[i], &text[j],
						sizeof(text[i]));
}

static void same_means_every_byte(void **state)
{
	u8 a[NM_PROOF_LEN], b[NM_PROOF_LEN];
	size_t bit;

	(void)state;
	rnd_bytes(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	assert_true(nm_auth_same(a, b, sizeof(a)));
	assert_true(nm_auth_same(a, b, 0));
	for (bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= 1U << bit % 8;
		assert_false(nm_auth_same(a, b, sizeof(a)));
		assert_true(nm_auth_same(a, b, bit / 8));
		b[bit / 8] ^= 1U << bit % 8;
	}
}

/* --- whole exchanges, with a hash that is good enough for a test --------- */

struct node {
	struct nm_auth auth;
	u32 secret;
	bool answered;
};

static void proof_of(const struct node *n, u8 prover, u8 *proof)
{
	struct nm_wire_auth_text text;
	u32 crc;
	size_t i;

	nm_auth_proof_text(&n->auth, prover, &text);
	for (i = 0; i < NM_PROOF_LEN; i += 4) {
		crc = crc32c(n->secret + i, &text, sizeof(text));
		memcpy(proof + i, &crc, 4);
	}
}

static void node_init(struct node *n, u8 id, u64 session, u32 secret)
{
	u8 nonce[NM_NONCE_LEN];

	rnd_bytes(nonce, sizeof(nonce));
	nm_auth_init(&n->auth, id, uuid, session, nonce);
	n->secret = secret;
	n->answered = false;
}

static void step(struct node *n, enum nm_auth_event event)
{
	bool answers = nm_auth_step(&n->auth, event);

	assert_false(answers && n->answered);
	n->answered |= answers;
}

static void hear_challenge(struct node *n, const u8 *nonce)
{
	memcpy(n->auth.nonce[1 - n->auth.node_id], nonce, NM_NONCE_LEN);
	step(n, NM_AUTH_EV_CHALLENGE);
}

static void hear_proof(struct node *n, const u8 *proof)
{
	u8 expected[NM_PROOF_LEN];

	proof_of(n, 1 - n->auth.node_id, expected);
	step(n, nm_auth_same(proof, expected, NM_PROOF_LEN) ?
	     NM_AUTH_EV_PROOF : NM_AUTH_EV_WRONG);
}

static void exchange(struct node *a, struct node *b)
{
	u8 proof[NM_PROOF_LEN];

	hear_challenge(a, b->auth.nonce[1]);
	assert_true(a->answered);
	hear_challenge(b, a->auth.nonce[0]);
	assert_false(b->answered);
	proof_of(a, 0, proof);
	hear_proof(b, proof);
	if (!b->answered)
		return;
	proof_of(b, 1, proof);
	hear_proof(a, proof);
}

static void the_same_secret(void **state)
{
	struct node a, b;

	(void)state;
	node_init(&a, 0, 1, 42);
	node_init(&b, 1, 1, 42);
	exchange(&a, &b);
	assert_int_equal(a.auth.state, NM_AUTH_DONE);
	assert_int_equal(b.auth.state, NM_AUTH_DONE);
}

/* Who came with another secret gets no proof from who was there. */
static void different_secrets(void **state)
{
	struct node a, b;

	(void)state;
	node_init(&a, 0, 1, 42);
	node_init(&b, 1, 1, 43);
	exchange(&a, &b);
	assert_int_equal(a.auth.state, NM_AUTH_EXPECTS_PROOF);
	assert_int_equal(b.auth.state, NM_AUTH_FAILED);
	assert_false(b.answered);
}

/* A stranger that says to a node what the node says to it. */
static void reflection(void **state)
{
	u8 proof[NM_PROOF_LEN];
	struct node n;
	u8 id;

	(void)state;
	for (id = 0; id < NM_NR_NODES; id++) {
		node_init(&n, id, 1, 42);
		hear_challenge(&n, n.auth.nonce[id]);
		proof_of(&n, id, proof);
		hear_proof(&n, proof);
		assert_int_equal(n.auth.state, NM_AUTH_FAILED);
	}
}

/* A stranger that repeats what node 0 said in another session. */
static void replay(void **state)
{
	u8 nonce[NM_NONCE_LEN], proof[NM_PROOF_LEN];
	struct node a, b;

	(void)state;
	node_init(&a, 0, 1, 42);
	node_init(&b, 1, 1, 42);
	exchange(&a, &b);
	memcpy(nonce, a.auth.nonce[0], sizeof(nonce));
	proof_of(&a, 0, proof);

	node_init(&b, 1, 1, 42);
	hear_challenge(&b, nonce);
	hear_proof(&b, proof);
	assert_int_equal(b.auth.state, NM_AUTH_FAILED);
	assert_false(b.answered);
}

/* A second challenge would let a stranger choose after it has heard. */
static void two_challenges(void **state)
{
	struct node a, b;

	(void)state;
	node_init(&a, 0, 1, 42);
	node_init(&b, 1, 1, 42);
	hear_challenge(&a, b.auth.nonce[1]);
	hear_challenge(&a, b.auth.nonce[1]);
	assert_int_equal(a.auth.state, NM_AUTH_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_edge),
		cmocka_unit_test(init_forgets_what_was),
		cmocka_unit_test(the_text_of_a_proof),
		cmocka_unit_test(the_text_of_a_token),
		cmocka_unit_test(the_nodes_agree),
		cmocka_unit_test(whatever_differs_changes_the_text),
		cmocka_unit_test(same_means_every_byte),
		cmocka_unit_test(the_same_secret),
		cmocka_unit_test(different_secrets),
		cmocka_unit_test(reflection),
		cmocka_unit_test(replay),
		cmocka_unit_test(two_challenges),
	};

	return run_group(tests);
}
