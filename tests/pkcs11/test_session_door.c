/* test_session_door.c - sessions that begin and end, where a call does not return or the
 * token has fewer of them than the setting says. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pkcs11/session_state.h"

/* A token of so many sessions; handles are never used twice. */
static struct {
	unsigned open, most;
	CK_SESSION_HANDLE last;
	atomic_bool hangs; /* the next C_OpenSession does */
	atomic_bool inside;
	unsigned closed;
} fake;

static CK_RV
fake_open(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session)
{
	(void)slot;
	(void)flags;
	(void)application;
	(void)notify;
	atomic_store(&fake.inside, true);
	while (atomic_load(&fake.hangs))
		usleep(1000);
	if (fake.open >= fake.most)
		return CKR_SESSION_COUNT;
	fake.open++;
	*session = ++fake.last;
	return CKR_OK;
}

static CK_RV
fake_close(CK_SESSION_HANDLE session)
{
	(void)session;
	fake.open--;
	fake.closed++;
	return CKR_OK;
}

static CK_FUNCTION_LIST functions = {
	.C_OpenSession = fake_open,
	.C_CloseSession = fake_close,
};

static struct session_pool *
new_pool(unsigned max, int wait_ms, unsigned token_has)
{
	struct session_pool *pool = NULL;

	fake.open = fake.closed = 0;
	fake.most = token_has;
	atomic_store(&fake.inside, false);
	assert_int_equal(session_pool_new(&functions, 7, max, wait_ms, &pool, NULL), 0);
	return pool;
}

static void *
take_one(void *pool)
{
	CK_SESSION_HANDLE session;

	if (session_take(pool, &session, NULL) == 0)
		session_give(pool, session);
	return NULL;
}

/* With one thread in a C_OpenSession that does not return. */
static pthread_t
begin_hanging(struct session_pool *pool)
{
	pthread_t thread;

	atomic_store(&fake.inside, false);
	atomic_store(&fake.hangs, true);
	assert_int_equal(pthread_create(&thread, NULL, take_one, pool), 0);
	while (!atomic_load(&fake.inside))
		usleep(1000);
	return thread;
}

static void
end_hanging(pthread_t thread)
{
	atomic_store(&fake.hangs, false);
	pthread_join(thread, NULL);
}

static void
who_cannot_open_one_gives_up_at_the_deadline(void **state)
{
	struct session_pool *pool = new_pool(4, 100, 4);
	pthread_t thread = begin_hanging(pool);
	CK_SESSION_HANDLE session;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(session_take(pool, &session, &err), -1);
	assert_int_equal(err.code, ERROR_BUSY);
	end_hanging(thread);
	/* It took no place. */
	assert_int_equal(session_pool_use(pool).max, 4);
	assert_int_equal(session_pool_use(pool).lent, 0);
	session_pool_free(pool);
}

static void
and_one_that_is_not_wanted_any_more_is_closed_all_the_same(void **state)
{
	struct session_pool *pool = new_pool(4, 100, 4);
	CK_SESSION_HANDLE session;
	pthread_t thread;

	(void)state;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	thread = begin_hanging(pool);
	session_drop(pool, session);
	assert_int_equal(fake.closed, 1);
	end_hanging(thread);
	session_pool_free(pool);
}

static void
a_token_that_had_fewer_sessions_is_asked_for_more_later(void **state)
{
	struct session_pool *pool = new_pool(3, 0, 1);
	CK_SESSION_HANDLE s[3];

	(void)state;
	assert_int_equal(session_take(pool, &s[0], NULL), 0);
	assert_int_equal(session_take(pool, &s[1], NULL), -1);
	assert_int_equal(session_pool_use(pool).max, 1);
	fake.most = 3;
	assert_int_equal(session_take(pool, &s[1], NULL), -1);
	pool->lowered_ms = clock_mono_ms() - SESSION_LOWERED_MS;
	assert_int_equal(session_take(pool, &s[1], NULL), 0);
	assert_int_equal(session_take(pool, &s[2], NULL), -1);
	pool->lowered_ms = clock_mono_ms() - SESSION_LOWERED_MS;
	assert_int_equal(session_take(pool, &s[2], NULL), 0);
	pool->lowered_ms = clock_mono_ms() - SESSION_LOWERED_MS;
	for (int i = 0; i < 3; i++)
		session_give(pool, s[i]);
	assert_int_equal(session_pool_use(pool).max, 3);
	session_pool_free(pool);
}

static void
and_not_again_soon_when_it_has_no_more(void **state)
{
	struct session_pool *pool = new_pool(3, 0, 1);
	CK_SESSION_HANDLE one, other;

	(void)state;
	assert_int_equal(session_take(pool, &one, NULL), 0);
	assert_int_equal(session_take(pool, &other, NULL), -1);
	pool->lowered_ms = clock_mono_ms() - SESSION_LOWERED_MS;
	atomic_store(&fake.inside, false);
	assert_int_equal(session_take(pool, &other, NULL), -1);
	assert_true(atomic_load(&fake.inside));
	atomic_store(&fake.inside, false);
	assert_int_equal(session_take(pool, &other, NULL), -1);
	assert_false(atomic_load(&fake.inside));
	session_give(pool, one);
	session_pool_free(pool);
}

/* A token of one session logs out with it. */
static void
what_was_found_of_a_key_ends_no_session(void **state)
{
	static const enum error_code of_key[] = { ERROR_NOT_FOUND, ERROR_CONFLICT,
		ERROR_FORBIDDEN, ERROR_UNSUPPORTED, ERROR_BAD_REQUEST };
	static const enum error_code of_token[] = { ERROR_TOKEN, ERROR_AWAY, ERROR_BUSY,
		ERROR_LOGGED_OUT };
	struct session_pool *pool = new_pool(1, 0, 1);
	CK_SESSION_HANDLE session;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(of_key) / sizeof(of_key[0]); i++) {
		err.code = of_key[i];
		assert_int_equal(session_take(pool, &session, NULL), 0);
		session_finish(pool, session, -1, &err);
	}
	assert_int_equal(fake.closed, 0);
	for (size_t i = 0; i < sizeof(of_token) / sizeof(of_token[0]); i++) {
		err.code = of_token[i];
		assert_int_equal(session_take(pool, &session, NULL), 0);
		session_finish(pool, session, -1, &err);
		assert_int_equal(fake.closed, i + 1);
	}
	session_pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_cannot_open_one_gives_up_at_the_deadline),
		cmocka_unit_test(
		    and_one_that_is_not_wanted_any_more_is_closed_all_the_same),
		cmocka_unit_test(a_token_that_had_fewer_sessions_is_asked_for_more_later),
		cmocka_unit_test(and_not_again_soon_when_it_has_no_more),
		cmocka_unit_test(what_was_found_of_a_key_ends_no_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
