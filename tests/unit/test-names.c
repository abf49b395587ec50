// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words for codes.  I9: whatever is refused says what was wrong, and what to
 * do next.
 */
#include <ctype.h>

#include "unit.h"
#include "names.h"
#include <netmirror/wire.h>

/* A word for a status line: lower case, digits and '-'. */
static void assert_word(const char *name)
{
	assert_non_null(name);
	assert_true(*name);
	for (; *name; name++)
		assert_true(islower(*name) || *name == '-');
}

static void assert_unknown(const char *name)
{
	assert_string_equal(name, "unknown");
}

static void ops(void **state)
{
	u32 op, other, nr = 0;

	(void)state;
	for (op = 0; op <= 0xffff; op++) {
		const char *name = nm_op_name(op);

		assert_non_null(name);
		if ((op >= NM_OP_READ && op <= NM_OP_WRITE_ZEROES) ||
		    op == NM_OP_RESPONSE ||
		    (op >= NM_OP_HELLO && op <= NM_OP_MEETING)) {
			assert_string_not_equal(name, "unknown");
			for (other = 0; other < op; other++)
				assert_string_not_equal(nm_op_name(other), name);
			nr++;
		} else {
			assert_unknown(name);
		}
	}
	assert_int_equal(nr, 21);
	assert_string_equal(nm_op_name(NM_OP_READ), "READ");
	assert_string_equal(nm_op_name(NM_OP_WRITE_ZEROES), "WRITE_ZEROES");
	assert_string_equal(nm_op_name(NM_OP_BYE), "BYE");
}

static void roles(void **state)
{
	(void)state;
	assert_string_equal(nm_role_name(NM_SECONDARY), "secondary");
	assert_string_equal(nm_role_name(NM_PRIMARY), "primary");
	assert_unknown(nm_role_name(2));
	assert_unknown(nm_role_name(-1));
}

static void verdicts(void **state)
{
	int v, other;

	(void)state;
	for (v = NM_V_IN_SYNC; v <= NM_V_REFUSE; v++) {
		assert_word(nm_verdict_name(v));
		assert_string_not_equal(nm_verdict_name(v), "unknown");
		for (other = 0; other < v; other++)
			assert_string_not_equal(nm_verdict_name(v),
						nm_verdict_name(other));
	}
	assert_string_equal(nm_verdict_name(NM_V_IN_SYNC), "in-sync");
	assert_string_equal(nm_verdict_name(NM_V_TO_PEER), "to-peer");
	assert_string_equal(nm_verdict_name(NM_V_FROM_PEER), "from-peer");
	assert_string_equal(nm_verdict_name(NM_V_FULL_FROM_PEER),
			    "full-from-peer");
	assert_unknown(nm_verdict_name(NM_V_REFUSE + 1));
	assert_unknown(nm_verdict_name(-1));
}

/* As many words as values, none twice, and an end for who looks one up. */
static void check_words(const char *const *words, int nr)
{
	int i, j;

	for (i = 0; i < nr; i++) {
		assert_non_null(words[i]);
		for (j = 0; words[i][j]; j++)
			assert_true(islower(words[i][j]) ||
				    isdigit(words[i][j]) || words[i][j] == '-');
		assert_true(j);
		for (j = 0; j < i; j++)
			assert_string_not_equal(words[i], words[j]);
	}
	assert_null(words[nr]);
}

static void policies(void **state)
{
	(void)state;
	check_words(nm_loss_names, NM_NR_LOSSES);
	check_words(nm_split_names, NM_NR_SPLITS);
	assert_int_equal(ARRAY_SIZE(nm_loss_names), NM_NR_LOSSES + 1);
	assert_int_equal(ARRAY_SIZE(nm_split_names), NM_NR_SPLITS + 1);
	assert_string_equal(nm_loss_names[NM_LOSS_CONTINUE], "continue");
	assert_string_equal(nm_loss_names[NM_LOSS_FENCE], "fence");
	assert_string_equal(nm_split_names[NM_SPLIT_NONE], "none");
	assert_string_equal(nm_split_names[NM_SPLIT_YOUNGER],
			    "discard-younger");
	assert_string_equal(nm_split_names[NM_SPLIT_OLDER], "discard-older");
	assert_string_equal(nm_split_names[NM_SPLIT_LEAST_CHANGES],
			    "discard-least-changes");
	assert_string_equal(nm_split_names[NM_SPLIT_NODE_0], "discard-node-0");
	assert_string_equal(nm_split_names[NM_SPLIT_NODE_1], "discard-node-1");
}

static void refusals(void **state)
{
	int r, other;

	(void)state;
	for (r = 0; r <= NM_REFUSE_MAX; r++) {
		assert_word(nm_refusal_name(r));
		assert_string_not_equal(nm_refusal_name(r), "unknown");
		assert_sentence(nm_refusal_text(r));
		for (other = 0; other < r; other++) {
			assert_string_not_equal(nm_refusal_name(r),
						nm_refusal_name(other));
			assert_string_not_equal(nm_refusal_text(r),
						nm_refusal_text(other));
		}
		/* it goes away by itself, or is well, or somebody has to act */
		assert_non_null(nm_refusal_advice(r));
		if (r && r != NM_REFUSE_CONNECTED && r != NM_REFUSE_NOT_PRIMARY)
			assert_int_equal(nm_refusal_is_transient(r),
					 !*nm_refusal_advice(r));
	}
	assert_false(nm_refusal_is_transient(NM_REFUSE_NOT));
	assert_true(nm_refusal_is_transient(NM_REFUSE_BUSY));
	assert_true(nm_refusal_is_transient(NM_REFUSE_RESTART));
	assert_false(nm_refusal_is_transient(NM_REFUSE_SPLIT_BRAIN));
	assert_false(nm_refusal_is_transient(NM_REFUSE_AUTH));
	for (r = NM_REFUSE_CONNECTED; r <= NM_REFUSE_MAX; r++)
		assert_false(nm_refusal_is_transient(r));
	assert_string_equal(nm_refusal_name(NM_REFUSE_SPLIT_BRAIN),
			    "split-brain");
	assert_unknown(nm_refusal_name(NM_REFUSE_MAX + 1));
	assert_unknown(nm_refusal_text(-1));
	assert_string_equal(nm_refusal_advice(0xffff), "");
	assert_false(nm_refusal_is_transient(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ops),
		cmocka_unit_test(roles),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(policies),
		cmocka_unit_test(refusals),
	};

	return run_group(tests);
}
