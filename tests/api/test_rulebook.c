/* test_rulebook.c - rules that are replaced while they are read. */
#include "api/rulebook.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
count_release(void *owner)
{
	++*(int *)owner;
}

static void
publish(struct rulebook *book, size_t count, int *released)
{
	const struct ruleset set = {
		.rules = { .count = count }, .owner = released, .release = count_release
	};
	struct rulebook_entry *entry;

	assert_int_equal(rulebook_prepare(book, &set, &entry, NULL), 0);
	rulebook_publish(book, entry);
}

static void
gives_the_rules_in_force(void **state)
{
	struct rulebook_hold hold = { 0 };
	struct rulebook book;
	int released = 0;

	(void)state;
	assert_int_equal(rulebook_init(&book, NULL), 0);
	assert_int_equal(rulebook_read(&book, &hold)->rules.count, 0);
	publish(&book, 1, &released);
	assert_int_equal(rulebook_read(&book, &hold)->rules.count, 1);
	assert_int_equal(rulebook_read(&book, &hold)->rules.count, 1);
	rulebook_let_go(&hold);
	rulebook_clear(&book);
	assert_int_equal(released, 1);
}

static void
keeps_what_is_held_and_nothing_else(void **state)
{
	struct rulebook_hold busy = { 0 }, idle = { 0 };
	const struct ruleset *held;
	struct rulebook book;
	int first = 0, second = 0, third = 0;

	(void)state;
	assert_int_equal(rulebook_init(&book, NULL), 0);
	publish(&book, 1, &first);
	held = rulebook_read(&book, &idle);
	rulebook_read(&book, &busy);
	publish(&book, 2, &second);
	publish(&book, 3, &third);
	assert_int_equal(second, 1);
	assert_int_equal(rulebook_read(&book, &busy)->rules.count, 3);
	assert_int_equal(first, 0);
	assert_int_equal(held->rules.count, 1);
	rulebook_let_go(&idle);
	assert_int_equal(first, 1);
	rulebook_let_go(&idle);
	rulebook_let_go(&busy);
	assert_int_equal(third, 0);
	rulebook_clear(&book);
	assert_int_equal(third, 1);
}

static void
forgets_what_is_not_published(void **state)
{
	int released = 0;
	const struct ruleset set = { .owner = &released, .release = count_release };
	struct rulebook_entry *entry;
	struct rulebook book;

	(void)state;
	assert_int_equal(rulebook_init(&book, NULL), 0);
	assert_int_equal(rulebook_prepare(&book, &set, &entry, NULL), 0);
	rulebook_forget(entry);
	rulebook_clear(&book);
	assert_int_equal(released, 0);
}

#define READERS 3
#define ROUNDS  2000

/* A set of numbers that are all the same. */
static struct access_rule *
make_rules(size_t number)
{
	struct access_rule *rules = calloc(8, sizeof(*rules));

	assert_non_null(rules);
	for (size_t i = 0; i < 8; i++)
		rules[i].line = number;
	return rules;
}

static void *
read_on(void *arg)
{
	struct rulebook *book = arg;
	struct rulebook_hold hold = { 0 };
	size_t last = 0;

	while (last < ROUNDS) {
		const struct access_rules *rules = &rulebook_read(book, &hold)->rules;

		if (rules->count == 0)
			continue;
		assert_true(rules->rules[0].line >= last);
		last = rules->rules[0].line;
		for (size_t i = 1; i < rules->count; i++)
			assert_int_equal(rules->rules[i].line, last);
		if (last % 7 == 0)
			rulebook_let_go(&hold);
	}
	rulebook_let_go(&hold);
	return NULL;
}

static void
readers_see_one_set_or_the_next(void **state)
{
	pthread_t readers[READERS];
	struct rulebook book;

	(void)state;
	assert_int_equal(rulebook_init(&book, NULL), 0);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &book), 0);
	for (size_t i = 1; i <= ROUNDS; i++) {
		struct access_rule *rules = make_rules(i);
		const struct ruleset set = {
			.rules = { rules, 8 }, .owner = rules, .release = free
		};
		struct rulebook_entry *entry;

		assert_int_equal(rulebook_prepare(&book, &set, &entry, NULL), 0);
		rulebook_publish(&book, entry);
	}
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	rulebook_clear(&book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_rules_in_force),
		cmocka_unit_test(keeps_what_is_held_and_nothing_else),
		cmocka_unit_test(forgets_what_is_not_published),
		cmocka_unit_test(readers_see_one_set_or_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
