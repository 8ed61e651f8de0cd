/* memory.c - allocators that count, and the loop around an operation. */
#include "tests/support/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sqlite3.h>

static struct {
	unsigned sources;
	size_t left; /* until one fails; 0: none will */
	bool and_all_after, has_failed, is_paused;
} memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static bool
runs_out(enum memory_source source)
{
	if (memory.left == 0 || memory.is_paused || (memory.sources & source) == 0)
		return false;
	if (memory.left > 1) {
		memory.left--;
		return false;
	}
	if (!memory.and_all_after)
		memory.left = 0;
	memory.has_failed = true;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return runs_out(MEMORY_OURS) ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return runs_out(MEMORY_OURS) ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return runs_out(MEMORY_OURS) ? NULL : __real_realloc(old, size);
}

void *
__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return runs_out(MEMORY_OURS) ? NULL : __real_reallocarray(old, count, size);
}

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return runs_out(MEMORY_OURS) ? NULL : __real_aligned_alloc(alignment, size);
}

char *
__wrap_strdup(const char *text)
{
	return runs_out(MEMORY_OURS) ? NULL : __real_strdup(text);
}

static void *
crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 || runs_out(MEMORY_LIBCRYPTO) ? NULL : __real_malloc(size);
}

static void *
crypto_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0) {
		free(old);
		return NULL;
	}
	return runs_out(MEMORY_LIBCRYPTO) ? NULL : __real_realloc(old, size);
}

static void
crypto_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

static void *
jansson_malloc(size_t size)
{
	return runs_out(MEMORY_JANSSON) ? NULL : __real_malloc(size);
}

static sqlite3_mem_methods sqlite;

static void *
sqlite_malloc(int size)
{
	return runs_out(MEMORY_SQLITE) ? NULL : sqlite.xMalloc(size);
}

static void *
sqlite_realloc(void *old, int size)
{
	return runs_out(MEMORY_SQLITE) ? NULL : sqlite.xRealloc(old, size);
}

void
memory_take_over(void)
{
	sqlite3_mem_methods ours;

	if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1 ||
	    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite) != SQLITE_OK)
		abort();
	ours = sqlite;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK)
		abort();
	json_set_alloc_funcs(jansson_malloc, free);
}

void
memory_fail(unsigned sources, size_t nth, bool and_all_after)
{
	memory.sources = sources;
	memory.left = nth;
	memory.and_all_after = and_all_after;
	memory.has_failed = false;
}

bool
memory_heal(void)
{
	memory.left = 0;
	return memory.has_failed;
}

void
memory_pause(void)
{
	memory.is_paused = true;
}

void
memory_resume(void)
{
	memory.is_paused = false;
}

/* Who sent a good request did nothing wrong. Where libcrypto or jansson ran out,
 * they often say no more than that something is not as it should be. */
static bool
blames_the_client(enum error_code code)
{
	return code != ERROR_INTERNAL && code != ERROR_IO && code != ERROR_TOKEN &&
	       code != ERROR_BUSY;
}

struct shortage {
	unsigned sources;
	size_t nth;
	bool and_all_after;
};

/* False once nothing was left to fail. */
static bool
try_once(const struct memory_case *c, void *scene, const struct shortage *shortage,
    size_t *failures)
{
	const size_t nth = shortage->nth;
	struct error err = { 0 };
	bool failed;
	int rc;

	memory_fail(shortage->sources, nth, shortage->and_all_after);
	rc = c->run(scene, &err);
	failed = memory_heal();
	/* Else it would explain the next failure. */
	ERR_clear_error();
	if (rc != 0 && (err.code == ERROR_NONE || err.text[0] == '\0'))
		fail_msg("%s, allocation %zu: failed without a reason", c->name, nth);
	if (!failed && (rc != 0) != c->is_refused)
		fail_msg("%s: %s", c->name, rc != 0 ? err.text : "not refused");
	if (c->is_refused && rc == 0)
		fail_msg("%s, allocation %zu: not refused", c->name, nth);
	if (failed && rc != 0) {
		++*failures;
		if (!c->is_refused &&
		    (shortage->sources & (MEMORY_LIBCRYPTO | MEMORY_JANSSON)) == 0 &&
		    blames_the_client(err.code))
			fail_msg("%s, allocation %zu: error %d: %s", c->name, nth,
			    (int)err.code, err.text);
	}
	return failed;
}

size_t
memory_try(const struct memory_case *c, unsigned sources, void *scene)
{
	struct shortage shortage = { .sources = sources };
	size_t failures = 0;

	/* What is made once and kept is made now. */
	if (try_once(c, scene, &shortage, &failures))
		abort();
	for (int all = 0; all <= 1; all++) {
		shortage.and_all_after = all != 0;
		shortage.nth = 1;
		while (try_once(c, scene, &shortage, &failures))
			shortage.nth +=
			    shortage.nth > 50 && c->stride > 0 ? c->stride : 1;
	}
	if (__lsan_do_recoverable_leak_check != NULL &&
	    __lsan_do_recoverable_leak_check() != 0)
		fail_msg("%s: leaks, see above", c->name);
	return failures;
}
