// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of the history: numbers, what is lost of it, and what has no room. */
#include <kunit/test.h>

#include "mirror.h"

#define ROOM	8192

static int history_init(struct kunit *test)
{
	struct nm_mirror *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	mutex_init(&m->events_lock);
	m->events = nm_events_alloc();
	KUNIT_ASSERT_NOT_NULL(test, m->events);
	test->priv = m;
	return 0;
}

static void history_exit(struct kunit *test)
{
	struct nm_mirror *m = test->priv;

	if (m)
		kvfree(m->events);
}

/* emit(AFTER, ROOM): the text, which lives as long as the test */
static char *emit(struct kunit *test, u64 after, unsigned int room)
{
	char *text = kunit_kzalloc(test, ROOM, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, 0x5a, ROOM);
	nm_events_emit(test->priv, after, text, room);
	KUNIT_EXPECT_LT(test, strnlen(text, ROOM), room);
	KUNIT_EXPECT_EQ(test, text[room], 0x5a);
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int nr = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		nr++;
	}
	return nr;
}

static void an_empty_history(struct kunit *test)
{
	const char *text = emit(test, 0, ROOM - 1);

	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " newest 0 lost 0"));
	KUNIT_EXPECT_EQ(test, lines(text), 0);
	/* Who has seen the future has seen an older history. */
	KUNIT_EXPECT_EQ(test, lines(emit(test, 99, ROOM - 1)), 0);
}

static void those_after_a_number(struct kunit *test)
{
	struct nm_mirror *m = test->priv;
	const char *text;

	nm_event(m, NM_EVENT_PARTED, "one");
	nm_event(m, NM_EVENT_PEER_LOST, "two");
	nm_event(m, NM_EVENT_VERDICT, "three");
	text = emit(test, 1, ROOM - 1);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " newest 3 lost 0\n2 "));
	KUNIT_EXPECT_NULL(test, strstr(text, "parted one"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " peer_lost two\n3 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " verdict three"));
	KUNIT_EXPECT_EQ(test, lines(text), 2);
}

static void a_change_is_entered_once(struct kunit *test)
{
	struct nm_mirror *m = test->priv;
	unsigned int first;

	nm_events_compare(m);
	first = lines(emit(test, 0, ROOM - 1));
	KUNIT_EXPECT_GT(test, first, 0);
	nm_events_compare(m);
	KUNIT_EXPECT_EQ(test, lines(emit(test, 0, ROOM - 1)), first);
	m->state.role = NM_PRIMARY;
	nm_events_compare(m);
	KUNIT_EXPECT_EQ(test, lines(emit(test, 0, ROOM - 1)), first + 1);
	KUNIT_EXPECT_NOT_NULL(test, strstr(emit(test, first, ROOM - 1),
					   " role secondary primary"));
}

static void the_oldest_go(struct kunit *test)
{
	struct nm_mirror *m = test->priv;
	char text[8];
	int i;

	for (i = 1; i <= 300; i++) {
		snprintf(text, sizeof(text), "%d", i);
		nm_event(m, NM_EVENT_PARTED, text);
	}
	KUNIT_EXPECT_NOT_NULL(test, strstr(emit(test, 0, ROOM - 1),
					   " newest 300 lost 44\n45 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(emit(test, 44, ROOM - 1),
					   " newest 300 lost 0\n45 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(emit(test, 299, ROOM - 1),
					   " lost 0\n300 "));
}

/* What has no room comes with the next question, whole. */
static void little_room(struct kunit *test)
{
	struct nm_mirror *m = test->priv;
	char long_text[300];
	unsigned int room;
	u64 seen;
	int i;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	for (i = 0; i < 20; i++)
		nm_event(m, NM_EVENT_PARTED, long_text);
	for (room = 400; room < 1000; room += 7)
		for (seen = 0; seen < 20;) {
			unsigned int nr = lines(emit(test, seen, room));

			KUNIT_ASSERT_GT(test, nr, 0);
			seen += nr;
		}
	KUNIT_EXPECT_EQ(test, seen, 20);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_empty_history),
	KUNIT_CASE(those_after_a_number),
	KUNIT_CASE(a_change_is_entered_once),
	KUNIT_CASE(the_oldest_go),
	KUNIT_CASE(little_room),
	{}
};

static struct kunit_suite suite = {
	.name = "netmirror-events",
	.init = history_init,
	.exit = history_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
