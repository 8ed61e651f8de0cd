/* test_log.c - one event, one line, nothing forged. */
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct capture {
	int saved_stderr, pipe_read;
	char text[4096];
};

static struct capture
capture_begin(void)
{
	struct capture capture = { .saved_stderr = dup(STDERR_FILENO) };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
	capture.pipe_read = fds[0];
	return capture;
}

static void
capture_end(struct capture *capture)
{
	ssize_t n;

	dup2(capture->saved_stderr, STDERR_FILENO);
	close(capture->saved_stderr);
	n = read(capture->pipe_read, capture->text, sizeof(capture->text) - 1);
	close(capture->pipe_read);
	assert_true(n >= 0);
	capture->text[n] = '\0';
}

static int
default_level(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}

static void
writes_level_event_and_fields(void **state)
{
	struct capture capture = capture_begin();

	(void)state;
	log_info("key.created", "name=%s", "web");
	log_error("token.lost", "slot=%d", 3);
	capture_end(&capture);
	assert_string_equal(capture.text,
	    "level=info event=key.created name=web\nlevel=error "
	    "event=token.lost slot=3\n");
}

static void
writes_debug_only_when_asked(void **state)
{
	struct capture capture = capture_begin();

	(void)state;
	log_debug("a.hidden", "x=1");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("a.shown", "x=1");
	log_set_level(LOG_LEVEL_ERROR);
	log_info("an.ignored", "x=1");
	capture_end(&capture);
	assert_string_equal(capture.text, "level=debug event=a.shown x=1\n");
}

static void
does_not_let_text_forge_a_line(void **state)
{
	struct capture capture = capture_begin();

	(void)state;
	log_info(
	    "request.failed", "path=%s", "a\nlevel=info event=forged\r\x1b[2J\x7f\t");
	capture_end(&capture);
	assert_string_equal(capture.text,
	    "level=info event=request.failed path=a?level=info event=forged??[2J??\n");
}

static void
cuts_a_long_line_and_ends_it(void **state)
{
	struct capture capture = capture_begin();

	(void)state;
	log_info("a.b", "%03000d", 1);
	capture_end(&capture);
	assert_int_equal(strlen(capture.text), 2048);
	assert_int_equal(capture.text[2047], '\n');
}

static void
escapes_quotes_and_backslashes(void **state)
{
	char out[LOG_QUOTED_MAX];

	(void)state;
	assert_string_equal(log_quoted(out, "a\"b\\c"), "a\\\"b\\\\c");
	assert_string_equal(log_quoted(out, ""), "");
}

/* A cut between the backslash and the quote would end the quoted text early. */
static void
cuts_quoted_text_between_characters(void **state)
{
	char text[2 * LOG_QUOTED_MAX], out[LOG_QUOTED_MAX];

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t offset = 0; offset < 2; offset++) {
		text[0] = offset == 0 ? '"' : 'a';
		log_quoted(out, text);
		assert_true(strlen(out) < LOG_QUOTED_MAX);
		assert_int_equal((strlen(out) - offset) % 2, 0);
	}
}

static void
quotes_a_value_only_if_it_must(void **state)
{
	static const char *const plain[] = { "uid:33", "cert:uri:spiffe://a.example/b",
		"token:deploy", "/usr/share/keys" };
	char out[LOG_QUOTED_MAX], text[LOG_QUOTED_MAX + 10];
	const char *value;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_ptr_equal(log_value(out, plain[i]), plain[i]);
	assert_string_equal(log_value(out, ""), "\"\"");
	assert_string_equal(log_value(out, "a b"), "\"a b\"");
	assert_string_equal(log_value(out, "a=b"), "\"a=b\"");
	assert_string_equal(
	    log_value(out, "subject:CN=\"x\" \\"), "\"subject:CN=\\\"x\\\" \\\\\"");
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	value = log_value(out, text);
	assert_true(strlen(value) < LOG_QUOTED_MAX);
	assert_int_equal(value[strlen(value) - 1], '"');
	assert_int_equal(value[strlen(value) - 2], '"');
	assert_int_equal(value[strlen(value) - 3], '\\');
}

static void
counts_the_lines_that_were_written(void **state)
{
	unsigned long long errors = log_lines(LOG_LEVEL_ERROR),
			   debug = log_lines(LOG_LEVEL_DEBUG);
	struct capture capture = capture_begin();

	(void)state;
	log_error("token.lost", "slot=%d", 3);
	log_error("token.lost", "slot=%d", 4);
	log_debug("unseen.made", "x=1");
	capture_end(&capture);
	assert_int_equal(log_lines(LOG_LEVEL_ERROR), errors + 2);
	assert_int_equal(log_lines(LOG_LEVEL_DEBUG), debug);
	assert_true(log_has(LOG_LEVEL_INFO));
	assert_false(log_has(LOG_LEVEL_DEBUG));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_level_event_and_fields, default_level),
		cmocka_unit_test_setup(writes_debug_only_when_asked, default_level),
		cmocka_unit_test_setup(does_not_let_text_forge_a_line, default_level),
		cmocka_unit_test_setup(cuts_a_long_line_and_ends_it, default_level),
		cmocka_unit_test(escapes_quotes_and_backslashes),
		cmocka_unit_test(cuts_quoted_text_between_characters),
		cmocka_unit_test(quotes_a_value_only_if_it_must),
		cmocka_unit_test(counts_the_lines_that_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
