/* test_metrics.c - counts of requests, and what is kept because it is costly. */
#include "api/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/router.h"

static int
open_metrics(void **state)
{
	struct metrics *metrics = NULL;

	assert_int_equal(metrics_new(&metrics, NULL), 0);
	*state = metrics;
	return 0;
}

static int
close_metrics(void **state)
{
	metrics_free(*state);
	return 0;
}

static void
assert_written(const struct metrics *metrics, const char *line)
{
	struct buffer out;

	buf_init(&out, 0);
	metrics_write(metrics, &out);
	if (strstr(buf_string(&out), line) == NULL)
		fail_msg("no %s in\n%s", line, buf_string(&out));
	buf_free(&out);
}

static void
assert_unwritten(const struct metrics *metrics, const char *text)
{
	struct buffer out;

	buf_init(&out, 0);
	metrics_write(metrics, &out);
	assert_null(strstr(buf_string(&out), text));
	buf_free(&out);
}

static void
counts_answers_by_route_and_status(void **state)
{
	struct metrics *metrics = *state;

	metrics_request(metrics, router_at(0), 200, 60000);
	metrics_request(metrics, router_at(0), 200, 70000);
	metrics_request(metrics, router_at(0), 503, 70000);
	metrics_request(metrics, router_at(router_count() - 1), 204, 1);
	assert_written(metrics,
	    "keyhold_http_requests_total{method=\"POST\",route=\"/v1/keys/{}/sign\","
	    "code=\"200\"} 2\n");
	assert_written(metrics, "route=\"/v1/keys/{}/sign\",code=\"503\"} 1\n");
	assert_written(
	    metrics, "method=\"DELETE\",route=\"/v1/blocked-keys/{}\",code=\"204\"} 1\n");
	assert_written(metrics,
	    "keyhold_request_seconds_bucket{method=\"POST\",route=\"/v1/keys/{}/sign\","
	    "le=\"0.0001\"} 3\n");
	assert_unwritten(metrics, "/readyz");
}

static void
counts_what_has_no_route_without_a_label_of_the_clients(void **state)
{
	struct metrics *metrics = *state;

	metrics_request(metrics, NULL, 404, 1);
	metrics_request(metrics, NULL, 405, 1);
	assert_written(metrics, "{method=\"none\",route=\"none\",code=\"404\"} 1\n");
	assert_written(metrics, "{method=\"none\",route=\"none\",code=\"405\"} 1\n");
	assert_written(
	    metrics, "keyhold_request_seconds_count{method=\"none\",route=\"none\"} 2\n");
}

static void
counts_waits_and_connections(void **state)
{
	struct metrics *metrics = *state;

	metrics_wait(metrics, STAGE_CONNECTION, 1000);
	metrics_wait(metrics, STAGE_REQUEST, 1000);
	metrics_wait(metrics, STAGE_REQUEST, 1000);
	metrics_connection(metrics, READER_SIGNATURES, 1);
	metrics_connection(metrics, READER_SIGNATURES, 1);
	metrics_connection(metrics, READER_SIGNATURES, -1);
	metrics_connection(metrics, READER_HTTP, 1);
	metrics_connection(metrics, READER_HTTP, -1);
	assert_written(
	    metrics, "keyhold_queue_wait_seconds_count{stage=\"connection\"} 1\n");
	assert_written(
	    metrics, "keyhold_queue_wait_seconds_count{stage=\"request\"} 2\n");
	assert_written(metrics, "keyhold_connections{reader=\"signatures\"} 1\n");
	assert_written(metrics, "keyhold_connections{reader=\"http\"} 0\n");
}

struct maker {
	int calls, rc;
};

static int
make(void *ctx, struct buffer *out, struct error *err)
{
	struct maker *maker = ctx;

	buf_printf(out, "made %d\n", ++maker->calls);
	return maker->rc == 0 ? 0 : error_set(err, ERROR_IO, "no");
}

static void
makes_what_is_costly_once_a_while(void **state)
{
	struct maker maker = { 0 };
	struct buffer out;

	buf_init(&out, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    metrics_write_costly(*state, make, &maker, &out, NULL), 0);
	assert_string_equal(buf_string(&out), "made 1\nmade 1\nmade 1\n");
	buf_free(&out);
}

static void
makes_it_again_after_a_failure(void **state)
{
	struct maker maker = { .rc = -1 };
	struct error err;
	struct buffer out;

	buf_init(&out, 0);
	assert_int_equal(metrics_write_costly(*state, make, &maker, &out, &err), -1);
	assert_string_equal(buf_string(&out), "");
	maker.rc = 0;
	assert_int_equal(metrics_write_costly(*state, make, &maker, &out, &err), 0);
	assert_string_equal(buf_string(&out), "made 2\n");
	buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_metrics, close_metrics)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_answers_by_route_and_status),
		TEST(counts_what_has_no_route_without_a_label_of_the_clients),
		TEST(counts_waits_and_connections),
		TEST(makes_what_is_costly_once_a_while),
		TEST(makes_it_again_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
