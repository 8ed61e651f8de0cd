/* test_async.c - signatures in OpenSSL's ASYNC jobs: many at once on one thread. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/async.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "tests/provider/loaded.h"
#include "tests/provider/tls.h"
#include "tests/support/signer.h"

#define JOBS       32
#define LATENCY_MS 200

struct job {
	ASYNC_JOB *job;
	ASYNC_WAIT_CTX *wait;
	struct loaded *loaded;
	int status, ret;
	unsigned pauses;
};

static int
sign_in_job(void *arg)
{
	return loaded_sign(*(struct loaded **)arg);
}

/* Starts or resumes; an application does so when the descriptor is readable. */
static void
run(struct job *job)
{
	job->status = ASYNC_start_job(&job->job, job->wait, &job->ret, sign_in_job,
	    &job->loaded, sizeof(job->loaded));
	if (job->status == ASYNC_PAUSE)
		job->pauses++;
}

static void
start(struct job *job, struct loaded *loaded)
{
	*job = (struct job){ .loaded = loaded, .wait = ASYNC_WAIT_CTX_new() };
	run(job);
}

/* The one descriptor that the application is told of. */
static int
descriptor(const struct job *job)
{
	OSSL_ASYNC_FD fd = -1;
	size_t count = 0;

	assert_int_equal(ASYNC_WAIT_CTX_get_all_fds(job->wait, NULL, &count), 1);
	assert_int_equal(count, 1);
	assert_int_equal(ASYNC_WAIT_CTX_get_all_fds(job->wait, &fd, &count), 1);
	return fd;
}

static void
finish(struct job *job)
{
	while (job->status == ASYNC_PAUSE) {
		struct pollfd p = { .fd = descriptor(job), .events = POLLIN };

		assert_int_equal(poll(&p, 1, 30000), 1);
		run(job);
	}
	assert_int_equal(job->status, ASYNC_FINISH);
	ASYNC_WAIT_CTX_free(job->wait);
}

static struct signer *signer;
static struct loaded loaded;

static int
set_up(void **state)
{
	(void)state;
	signer = signer_start(loaded_private_key());
	loaded_with(&loaded, signer_socket(signer), 20000);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	loaded_close(&loaded);
	signer_stop(signer);
	return 0;
}

static void
pauses_many_jobs_on_one_thread(void **state)
{
	struct job jobs[JOBS];
	int64_t start_ms = clock_mono_ms();

	(void)state;
	signer_behave(signer, SIGNER_SIGNS, LATENCY_MS);
	for (int i = 0; i < JOBS; i++) {
		start(&jobs[i], &loaded);
		assert_int_equal(jobs[i].status, ASYNC_PAUSE);
	}
	for (int i = 0; i < JOBS; i++) {
		finish(&jobs[i]);
		assert_int_equal(jobs[i].ret, 1);
		assert_int_equal(jobs[i].pauses, 1);
	}
	assert_in_range(clock_mono_ms() - start_ms, LATENCY_MS, (JOBS - 4) * LATENCY_MS);
}

static void
tells_of_a_descriptor_that_exec_closes_and_no_pooled_connection(void **state)
{
	struct job job;
	int fd, next;

	(void)state;
	signer_behave(signer, SIGNER_SIGNS, 20);
	assert_true(loaded_sign(&loaded));
	start(&job, &loaded);
	fd = descriptor(&job);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	while (job.status == ASYNC_PAUSE)
		run(&job);
	/* A second job of the same TLS connection: the same descriptor. */
	job.loaded = &loaded;
	run(&job);
	assert_int_equal(job.status, ASYNC_PAUSE);
	next = descriptor(&job);
	assert_int_equal(next, fd);
	finish(&job);
	assert_int_equal(job.ret, 1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(signer_accepted(signer), 1);
}

static void
leaves_the_descriptor_silent_after_the_signature(void **state)
{
	struct pollfd p = { .events = POLLIN };
	struct job job;

	(void)state;
	start(&job, &loaded);
	while (job.status == ASYNC_PAUSE)
		run(&job);
	p.fd = descriptor(&job);
	assert_int_equal(poll(&p, 1, 0), 0);
	finish(&job);
}

static void
goes_on_however_early_it_is_resumed(void **state)
{
	struct job job;
	int64_t start_ms = clock_mono_ms();

	(void)state;
	signer_behave(signer, SIGNER_SIGNS, 500);
	start(&job, &loaded);
	while (job.status == ASYNC_PAUSE)
		run(&job);
	assert_int_equal(job.ret, 1);
	/* And does not spin: each early look but the first takes a millisecond. */
	assert_in_range(job.pauses, 2, clock_mono_ms() - start_ms + 2);
	finish(&job);
}

static void
wakes_the_application_at_the_deadline(void **state)
{
	struct loaded hasty;
	struct job job;
	int64_t start_ms = clock_mono_ms();

	(void)state;
	loaded_with(&hasty, signer_socket(signer), 150);
	signer_behave(signer, SIGNER_HANGS, 0);
	start(&job, &hasty);
	finish(&job);
	assert_int_equal(job.ret, 0);
	assert_true(queue_says("did not answer in time"));
	assert_in_range(clock_mono_ms() - start_ms, 149, 20000);
	loaded_close(&hasty);
}

static void
fails_when_the_daemon_dies_meanwhile(void **state)
{
	struct job job;

	(void)state;
	signer_behave(signer, SIGNER_HANGS_UP, 50);
	start(&job, &loaded);
	assert_int_equal(job.status, ASYNC_PAUSE);
	finish(&job);
	assert_int_equal(job.ret, 0);
	assert_true(queue_says("closed the connection without an answer"));
	assert_int_equal(signer_accepted(signer), 2);
	assert_true(job.pauses >= 2);
}

/* OpenSSL keeps the stack of a job that nobody resumes; so that it is no leak. */
static struct job dropped;

static void
closes_the_connection_of_a_job_that_is_dropped(void **state)
{
	unsigned before = loaded_descriptors();

	(void)state;
	signer_behave(signer, SIGNER_HANGS, 0);
	start(&dropped, &loaded);
	assert_int_equal(dropped.status, ASYNC_PAUSE);
	/* Epoll, timer, connection, and the signer's end of it. */
	while (loaded_descriptors() < before + 4)
		usleep(1000);
	ASYNC_WAIT_CTX_free(dropped.wait);
	assert_int_equal(loaded_descriptors(), before + 1);
}

static int
sign_without_pausing(void *arg)
{
	int ret;

	ASYNC_block_pause();
	ret = sign_in_job(arg);
	ASYNC_unblock_pause();
	return ret;
}

static void
waits_where_pausing_is_blocked(void **state)
{
	struct loaded *in = &loaded;
	ASYNC_WAIT_CTX *wait = ASYNC_WAIT_CTX_new();
	ASYNC_JOB *job = NULL;
	int ret = 0;

	(void)state;
	signer_behave(signer, SIGNER_SIGNS, 50);
	assert_int_equal(
	    ASYNC_start_job(&job, wait, &ret, sign_without_pausing, &in, sizeof(in)),
	    ASYNC_FINISH);
	assert_int_equal(ret, 1);
	ASYNC_WAIT_CTX_free(wait);
}

static void
keeps_one_descriptor_for_a_finished_job(void **state)
{
	unsigned before;
	struct job job;

	(void)state;
	assert_true(loaded_sign(&loaded));
	before = loaded_descriptors();
	start(&job, &loaded);
	while (job.status == ASYNC_PAUSE)
		run(&job);
	assert_int_equal(job.ret, 1);
	assert_int_equal(loaded_descriptors(), before + 1);
	finish(&job);
	assert_int_equal(loaded_descriptors(), before);
}

/* One timer and one descriptor would be at the mercy of whichever is resumed first. */
static void
waits_where_another_job_has_paused_on_its_wait_ctx(void **state)
{
	struct job first, second;

	(void)state;
	signer_behave(signer, SIGNER_SIGNS, 50);
	start(&first, &loaded);
	assert_int_equal(first.status, ASYNC_PAUSE);
	second = (struct job){ .loaded = &loaded, .wait = first.wait };
	run(&second);
	assert_int_equal(second.status, ASYNC_FINISH);
	assert_int_equal(second.ret, 1);
	finish(&first);
	assert_int_equal(first.ret, 1);
}

/* The first of the tests, and without the others' set_up, so that nothing else keeps the
 * module mapped.
 */
static void
outlives_the_unloading_of_the_provider(void **state)
{
	struct loaded gone;
	struct job job;

	(void)state;
	signer = signer_start(loaded_private_key());
	loaded_with(&gone, signer_socket(signer), 20000);
	start(&job, &gone);
	while (job.status == ASYNC_PAUSE)
		run(&job);
	loaded_close(&gone);
	finish(&job);
	assert_int_equal(job.ret, 1);
	signer_stop(signer);
}

static void
signs_outside_a_job_as_ever(void **state)
{
	unsigned before = loaded_descriptors();

	(void)state;
	assert_true(loaded_sign(&loaded));
	/* The connection, and the signer's end of it. */
	assert_int_equal(loaded_descriptors(), before + 2);
}

static SSL *
make_server(SSL_CTX *ctx, X509 *cert)
{

	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, loaded.key), 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_ASYNC);
	return SSL_new(ctx);
}

static void
pauses_a_handshake(void **state)
{
	X509 *cert = tls_certificate(NULL, loaded_private_key(), "SHA256");

	(void)state;
	signer_behave(signer, SIGNER_SIGNS, 20);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		SSL_CTX *server_ctx =
		    SSL_CTX_new_ex(loaded.libctx, NULL, TLS_server_method());
		SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
		SSL *server = make_server(server_ctx, cert), *client;

		SSL_CTX_set_max_proto_version(client_ctx, version);
		client = SSL_new(client_ctx);
		assert_true(tls_shake_hands(server, client) > 0);
		assert_int_equal(SSL_version(client), version);
		SSL_free(server);
		SSL_free(client);
		SSL_CTX_free(server_ctx);
		SSL_CTX_free(client_ctx);
	}
	X509_free(cert);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outlives_the_unloading_of_the_provider),
		TEST(pauses_many_jobs_on_one_thread),
		TEST(tells_of_a_descriptor_that_exec_closes_and_no_pooled_connection),
		TEST(leaves_the_descriptor_silent_after_the_signature),
		TEST(goes_on_however_early_it_is_resumed),
		TEST(wakes_the_application_at_the_deadline),
		TEST(fails_when_the_daemon_dies_meanwhile),
		TEST(closes_the_connection_of_a_job_that_is_dropped),
		TEST(waits_where_pausing_is_blocked),
		TEST(waits_where_another_job_has_paused_on_its_wait_ctx),
		TEST(keeps_one_descriptor_for_a_finished_job),
		TEST(signs_outside_a_job_as_ever),
		TEST(pauses_a_handshake),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	loaded_private_key_free();
	return failed;
}
