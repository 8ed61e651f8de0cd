/* test_stack.c - a signature fits the stack of an OpenSSL fiber, which is 32 KiB. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "tests/provider/loaded.h"
#include "tests/support/signer.h"

#define TIMEOUT_MS  30000
#define STACK_BYTES (256 * 1024)

/* EVP_DigestSign and all that it calls. */
#ifdef __SANITIZE_ADDRESS__
#define STACK_MAX (24 * 1024)
#else
#define STACK_MAX (8 * 1024)
#endif

static void *
sign_once(void *loaded)
{
	return loaded_sign(loaded) ? loaded : NULL;
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
	size_t clean = 0;

	assert_ptr_not_equal(stack, MAP_FAILED);
	memset(stack, 0x5a, STACK_BYTES);
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attr, run, loaded), 0);
	pthread_join(thread, &result);
	assert_non_null(result);
	while (stack[clean] == 0x5a)
		clean++;
	pthread_attr_destroy(&attr);
	munmap(stack, STACK_BYTES);
	return STACK_BYTES - clean;
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
	cold = stack_used(&loaded, sign_once) - idle;
	warm = stack_used(&loaded, sign_once) - idle;
	print_message("stack: %zu bytes cold, %zu warm\n", cold, warm);
	assert_true(cold <= STACK_MAX && warm <= STACK_MAX);
	loaded_close(&loaded);
	signer_stop(signer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_little_stack),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	loaded_private_key_free();
	return failed;
}
