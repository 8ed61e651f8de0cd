/*
 * test_stack.c - signatures fit the stack of an OpenSSL fiber, which is 32 KiB.
 *
 * In a thread of its own and in a job. OpenSSL allocates a job's stack with its own
 * function, which the tests replace, to find it and see how deep it was written.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/async.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "tests/provider/loaded.h"
#include "tests/support/signer.h"

#define TIMEOUT_MS  30000
#define STACK_BYTES (256 * 1024)
#define FIBER_BYTES 32768 /* STACKSIZE of OpenSSL's async_posix.c */
#define UNTOUCHED   0x5a

/* EVP_DigestSign and all that it calls; in a job the first wait's dlopen as well. */
#ifdef __SANITIZE_ADDRESS__
#define STACK_MAX (24 * 1024)
#define JOB_MAX   (24 * 1024)
#else
#define STACK_MAX (8 * 1024)
#define JOB_MAX   (12 * 1024)
#endif

static unsigned char *fiber; /* the stack of the last job that was made */

static void *
allocate(size_t bytes, const char *file, int line)
{
	void *p = malloc(bytes);

	(void)file;
	(void)line;
	if (bytes == FIBER_BYTES && p != NULL) {
		memset(p, UNTOUCHED, bytes);
		fiber = p;
	}
	return p;
}

static void *
reallocate(void *p, size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, bytes);
}

static void
release(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static size_t
depth(const unsigned char *stack, size_t bytes)
{
	size_t clean = 0;

	while (clean < bytes && stack[clean] == UNTOUCHED)
		clean++;
	return bytes - clean;
}

/* How deep the thread's stack was written. */
static size_t
stack_used(struct loaded *loaded, void *(*run)(void *))
{
	unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;
	void *result;
	size_t used;

	assert_ptr_not_equal(stack, MAP_FAILED);
	memset(stack, UNTOUCHED, STACK_BYTES);
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attr, run, loaded), 0);
	pthread_join(thread, &result);
	assert_non_null(result);
	used = depth(stack, STACK_BYTES);
	pthread_attr_destroy(&attr);
	munmap(stack, STACK_BYTES);
	return used;
}

static void *
sign_nothing(void *loaded)
{
	return loaded;
}

static void
needs_little_stack(void **state)
{
	struct signer *signer = signer_start(NULL);
	struct loaded loaded;
	size_t idle, cold, warm;

	(void)state;
	loaded_with(&loaded, signer_socket(signer), TIMEOUT_MS);
	idle = stack_used(&loaded, sign_nothing);
	cold = stack_used(&loaded, loaded_sign_once) - idle;
	warm = stack_used(&loaded, loaded_sign_once) - idle;
	print_message("stack: %zu bytes cold, %zu warm\n", cold, warm);
	assert_true(cold <= STACK_MAX && warm <= STACK_MAX);
	loaded_close(&loaded);
	signer_stop(signer);
}

static int
sign_in_job(void *arg)
{
	return loaded_sign(*(struct loaded **)arg);
}

static int
verify_in_job(void *arg)
{
	struct loaded *loaded = *(struct loaded **)arg;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ret = EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", loaded->libctx, NULL,
		      loaded->key, NULL) == 1 &&
		  EVP_DigestVerify(ctx, (const unsigned char *)"0", 1,
		      (const unsigned char *)"x", 1) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ret;
}

/* Each job has a new stack: the thread's pool of them is emptied after it. */
static void
fits_a_job(struct loaded *loaded, const char *name, int (*run)(void *), int wanted)
{
	ASYNC_WAIT_CTX *wait = ASYNC_WAIT_CTX_new();
	ASYNC_JOB *job = NULL;
	int ret = -1;
	size_t used;

	assert_int_equal(ASYNC_init_thread(1, 0), 1);
	while (ASYNC_start_job(&job, wait, &ret, run, &loaded, sizeof(loaded)) ==
	       ASYNC_PAUSE)
		usleep(1000);
	used = depth(fiber, FIBER_BYTES);
	print_message("stack of a job: %zu bytes, %s\n", used, name);
	assert_int_equal(ret, wanted);
	assert_true(used <= JOB_MAX);
	ASYNC_WAIT_CTX_free(wait);
	ASYNC_cleanup_thread();
}

static void
fits_the_stack_of_a_job(void **state)
{
	struct signer *signer = signer_start(loaded_private_key());
	struct loaded loaded, hasty;

	(void)state;
	loaded_with(&loaded, signer_socket(signer), TIMEOUT_MS);
	loaded_with(&hasty, signer_socket(signer), 100);
	fits_a_job(&loaded, "first signature", sign_in_job, 1);
	fits_a_job(&loaded, "next signature", sign_in_job, 1);
	fits_a_job(&loaded, "verification", verify_in_job, 0);
	signer_behave(signer, SIGNER_HANGS_UP, 0);
	fits_a_job(&loaded, "second attempt", sign_in_job, 0);
	assert_true(queue_says("closed the connection without an answer"));
	signer_behave(signer, SIGNER_HANGS, 0);
	fits_a_job(&hasty, "timeout", sign_in_job, 0);
	assert_true(queue_says("did not answer in time"));
	loaded_close(&hasty);
	loaded_close(&loaded);
	signer_stop(signer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_little_stack),
		cmocka_unit_test(fits_the_stack_of_a_job),
	};
	int failed;

	if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	loaded_private_key_free();
	return failed;
}
