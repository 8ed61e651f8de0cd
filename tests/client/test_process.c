/* test_process.c - numbers that no two processes of a family share. */
#include "client/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
gives_one_number_to_a_process(void **state)
{
	struct process process;
	uint64_t number;

	(void)state;
	process_init(&process);
	number = process_number(&process);
	assert_true(number != 0);
	assert_int_equal(process_number(&process), number);
	process_clear(&process);
}

/* The generations' numbers rise; the exit status says how many did. */
static int
descend(struct process *process, uint64_t parent, int generations)
{
	uint64_t number = process_number(process);
	int status = 0;
	pid_t child;

	if (number == parent || process_number(process) != number)
		return 0;
	if (generations == 1)
		return 1;
	if ((child = fork()) == 0)
		_exit(descend(process, number, generations - 1));
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return 0;
	return process_number(process) == number ? 1 + WEXITSTATUS(status) : 0;
}

static void
gives_another_to_each_descendant(void **state)
{
	struct process process;

	(void)state;
	process_init(&process);
	assert_non_null(process.page);
	assert_int_equal(descend(&process, 0, 5), 5);
	process_clear(&process);
}

static void
asks_for_the_pid_where_the_page_cannot_be_had(void **state)
{
	struct process process = { .page = NULL };

	(void)state;
	assert_int_equal(process_number(&process), getpid());
	assert_int_equal(descend(&process, 0, 3), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_one_number_to_a_process),
		cmocka_unit_test(gives_another_to_each_descendant),
		cmocka_unit_test(asks_for_the_pid_where_the_page_cannot_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
