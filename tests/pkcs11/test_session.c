/* test_session.c - the pool: bounded, with a deadline. Over a module that only counts. */
#include "pkcs11/session.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/pkcs11/taker.h"

/* A token without limits; handles are never used twice. */
static struct {
	pthread_mutex_t lock;
	CK_SESSION_HANDLE last;
	unsigned open, most;
	CK_SESSION_HANDLE dead; /* C_GetSessionInfo denies handles up to this one */
	CK_STATE state;
	CK_RV refuse;     /* what C_OpenSession fails with */
	int64_t takes_ns; /* to open or close */
	atomic_uint inside;
	atomic_bool at_once; /* two threads were in its table of sessions */
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
look_through_the_table(void)
{
	const struct timespec pause = { .tv_nsec = fake.takes_ns };

	if (atomic_fetch_add(&fake.inside, 1) > 0)
		atomic_store(&fake.at_once, true);
	nanosleep(&pause, NULL);
	atomic_fetch_sub(&fake.inside, 1);
}

static CK_RV
fake_open(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session)
{
	(void)application;
	(void)notify;
	if (fake.refuse != CKR_OK)
		return fake.refuse;
	if (slot != 7 || flags != (CKF_SERIAL_SESSION | CKF_RW_SESSION))
		return CKR_ARGUMENTS_BAD;
	look_through_the_table();
	pthread_mutex_lock(&fake.lock);
	*session = ++fake.last;
	if (++fake.open > fake.most)
		fake.most = fake.open;
	pthread_mutex_unlock(&fake.lock);
	return CKR_OK;
}

static CK_RV
fake_close(CK_SESSION_HANDLE session)
{
	(void)session;
	look_through_the_table();
	pthread_mutex_lock(&fake.lock);
	fake.open--;
	pthread_mutex_unlock(&fake.lock);
	return CKR_OK;
}

static CK_RV
fake_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	info->state = fake.state;
	return session <= fake.dead ? CKR_SESSION_HANDLE_INVALID : CKR_OK;
}

static CK_FUNCTION_LIST functions = {
	.C_OpenSession = fake_open,
	.C_CloseSession = fake_close,
	.C_GetSessionInfo = fake_info,
};

static struct session_pool *
new_pool(unsigned max, int wait_ms)
{
	struct session_pool *pool = NULL;

	fake.open = fake.most = 0;
	fake.last = fake.dead = 0;
	fake.refuse = CKR_OK;
	fake.state = CKS_RW_USER_FUNCTIONS;
	fake.takes_ns = 0;
	atomic_store(&fake.at_once, false);
	assert_int_equal(session_pool_new(&functions, 7, max, wait_ms, &pool, NULL), 0);
	assert_int_equal(fake.open, 0);
	return pool;
}

static void
lends_a_returned_session_again(void **state)
{
	struct session_pool *pool = new_pool(4, 0);
	CK_SESSION_HANDLE first, second;

	(void)state;
	assert_int_equal(session_take(pool, &first, NULL), 0);
	session_give(pool, first);
	assert_int_equal(session_take(pool, &second, NULL), 0);
	assert_int_equal(second, first);
	assert_int_equal(fake.last, 1);
	session_give(pool, second);
	session_pool_free(pool);
	assert_int_equal(fake.open, 0);
}

static void
never_lends_one_session_twice(void **state)
{
	struct session_pool *pool = new_pool(3, 0);
	CK_SESSION_HANDLE s[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(session_take(pool, &s[i], NULL), 0);
	assert_true(s[0] != s[1] && s[1] != s[2] && s[0] != s[2]);
	for (int i = 0; i < 3; i++)
		session_give(pool, s[i]);
	session_pool_free(pool);
}

static void
a_waiter_gives_up_at_its_deadline(void **state)
{
	struct session_pool *pool = new_pool(1, 150);
	CK_SESSION_HANDLE only, other;
	struct error err = { 0 };
	int64_t begin;

	(void)state;
	assert_int_equal(session_take(pool, &only, NULL), 0);
	begin = clock_mono_ms();
	assert_int_equal(session_take(pool, &other, &err), -1);
	assert_int_equal(err.code, ERROR_BUSY);
	assert_in_range(clock_mono_ms() - begin, 149, 20000);
	session_give(pool, only);
	session_pool_free(pool);
}

static void
a_waiter_gets_the_session_that_comes_back(void **state)
{
	struct taker waiter = { .pool = new_pool(1, 20000) };
	CK_SESSION_HANDLE only;
	pthread_t thread;

	(void)state;
	assert_int_equal(session_take(waiter.pool, &only, NULL), 0);
	taker_start(&waiter, &thread);
	session_give(waiter.pool, only);
	pthread_join(thread, NULL);
	assert_int_equal(waiter.rc, 0);
	assert_int_equal(waiter.session, only);
	session_give(waiter.pool, only);
	session_pool_free(waiter.pool);
}

static void
a_waiter_gets_the_place_of_a_dropped_one(void **state)
{
	struct taker waiter = { .pool = new_pool(1, 20000) };
	CK_SESSION_HANDLE only;
	pthread_t thread;

	(void)state;
	assert_int_equal(session_take(waiter.pool, &only, NULL), 0);
	taker_start(&waiter, &thread);
	session_drop(waiter.pool, only);
	pthread_join(thread, NULL);
	assert_int_equal(waiter.rc, 0);
	assert_int_not_equal(waiter.session, only);
	session_give(waiter.pool, waiter.session);
	session_pool_free(waiter.pool);
	assert_int_equal(fake.open, 0);
}

static void
who_gives_back_and_asks_again_is_behind_who_waits(void **state)
{
	atomic_uint turns = 0;
	struct taker waiter = { .pool = new_pool(1, 20000), .turns = &turns };
	CK_SESSION_HANDLE only;
	pthread_t thread;

	(void)state;
	/* Often: who waits may be quick enough to be first without any rule. */
	for (unsigned round = 0; round < 200; round++) {
		assert_int_equal(session_take(waiter.pool, &only, NULL), 0);
		taker_start(&waiter, &thread);
		session_give(waiter.pool, only);
		assert_int_equal(session_take(waiter.pool, &only, NULL), 0);
		assert_int_equal(atomic_fetch_add(&turns, 1), 2 * round + 1);
		session_give(waiter.pool, only);
		pthread_join(thread, NULL);
		assert_int_equal(waiter.rc, 0);
		assert_int_equal(waiter.turn, 2 * round);
	}
	session_pool_free(waiter.pool);
}

static void
waiters_have_their_turns_in_the_order_they_came(void **state)
{
	struct session_pool *pool = new_pool(1, 20000);
	struct taker waiters[4] = { { .pool = pool }, { .pool = pool }, { .pool = pool },
		{ .pool = pool } };
	pthread_t threads[4];
	CK_SESSION_HANDLE session;

	(void)state;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	for (int i = 0; i < 4; i++)
		taker_start(&waiters[i], &threads[i]);
	for (int i = 0; i < 4; i++) {
		session_give(pool, session);
		pthread_join(threads[i], NULL);
		assert_int_equal(waiters[i].rc, 0);
	}
	session_give(pool, session);
	session_pool_free(pool);
}

static void
who_gave_up_is_out_of_the_queue(void **state)
{
	struct session_pool *pool = new_pool(1, 2000);
	struct taker waiters[3] = { { .pool = pool }, { .pool = pool },
		{ .pool = pool } };
	pthread_t threads[3];
	CK_SESSION_HANDLE session;

	(void)state;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	for (int i = 0; i < 3; i++)
		taker_start(&waiters[i], &threads[i]);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(waiters[i].rc, -1);
	}
	session_give(pool, session);
	assert_int_equal(session_take(pool, &session, NULL), 0);
	session_give(pool, session);
	session_pool_free(pool);
}

static void
a_session_that_cannot_be_opened_takes_no_place(void **state)
{
	struct session_pool *pool = new_pool(1, 0);
	CK_SESSION_HANDLE session;
	struct error err = { 0 };

	(void)state;
	fake.refuse = CKR_SESSION_COUNT;
	assert_int_equal(session_take(pool, &session, &err), -1);
	assert_int_equal(err.code, ERROR_BUSY);
	fake.refuse = CKR_DEVICE_REMOVED;
	assert_int_equal(session_take(pool, &session, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
	fake.refuse = CKR_OK;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	session_give(pool, session);
	session_pool_free(pool);
}

static void
a_dead_session_is_replaced_in_its_place(void **state)
{
	struct session_pool *pool = new_pool(1, 0);
	CK_SESSION_HANDLE session;

	(void)state;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	assert_int_equal(session_replace(pool, &session, NULL), 0);
	assert_int_equal(session, 2);
	assert_int_equal(fake.open, 1);
	session_give(pool, session);
	session_pool_free(pool);
	assert_int_equal(fake.open, 0);
}

static void
a_session_that_cannot_be_replaced_gives_up_its_place(void **state)
{
	struct session_pool *pool = new_pool(1, 0);
	CK_SESSION_HANDLE session;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	fake.refuse = CKR_DEVICE_REMOVED;
	assert_int_equal(session_replace(pool, &session, &err), -1);
	assert_int_equal(err.code, ERROR_AWAY);
	fake.refuse = CKR_OK;
	assert_int_equal(session_take(pool, &session, NULL), 0);
	session_give(pool, session);
	session_pool_free(pool);
}

/* Tokens end every idle session at once. */
static void
take_live_lends_no_dead_session(void **state)
{
	struct session_pool *pool = new_pool(4, 0);
	CK_SESSION_HANDLE s[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(session_take(pool, &s[i], NULL), 0);
	for (int i = 0; i < 4; i++)
		session_give(pool, s[i]);
	fake.dead = 4;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(session_take_live(pool, &s[i], NULL), 0);
		assert_true(s[i] > 4);
	}
	for (int i = 0; i < 4; i++)
		session_give(pool, s[i]);
	session_pool_free(pool);
	assert_int_equal(fake.open, 0);
}

#define THREADS 8
#define ROUNDS  2000

static void *
take_and_return(void *arg)
{
	struct taker *waiter = arg;

	for (int i = 0; i < ROUNDS && waiter->rc == 0; i++) {
		waiter->rc = session_take(waiter->pool, &waiter->session, NULL);
		if (waiter->rc == 0 && i % 10 == 0)
			session_drop(waiter->pool, waiter->session);
		else if (waiter->rc == 0)
			session_give(waiter->pool, waiter->session);
	}
	return NULL;
}

static void
run_threads(struct session_pool *pool, void *(*run)(void *))
{
	struct taker waiters[THREADS] = { 0 };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		waiters[i].pool = pool;
		assert_int_equal(pthread_create(&threads[i], NULL, run, &waiters[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(waiters[i].rc, 0);
	}
}

static void
many_threads_share_three(void **state)
{
	struct session_pool *pool = new_pool(3, 20000);

	(void)state;
	run_threads(pool, take_and_return);
	assert_in_range(fake.most, 1, 3);
	session_pool_free(pool);
	assert_int_equal(fake.open, 0);
}

static void *
begin_and_end(void *arg)
{
	struct taker *waiter = arg;
	CK_SESSION_HANDLE beside;

	waiter->rc = -1;
	for (int i = 0; i < 5; i++) {
		if (session_take(waiter->pool, &waiter->session, NULL) != 0 ||
		    session_replace(waiter->pool, &waiter->session, NULL) != 0 ||
		    session_open(waiter->pool, &beside) != CKR_OK)
			return NULL;
		session_close(waiter->pool, beside);
		session_drop(waiter->pool, waiter->session);
	}
	waiter->rc = 0;
	return NULL;
}

/* As modules need it whose table of sessions has no lock. */
static void
sessions_begin_and_end_one_after_the_other(void **state)
{
	struct session_pool *pool = new_pool(THREADS, 20000);

	(void)state;
	fake.takes_ns = 200000;
	run_threads(pool, begin_and_end);
	assert_false(atomic_load(&fake.at_once));
	session_pool_free(pool);
}

static void
freeing_no_pool_is_fine(void **state)
{
	(void)state;
	session_pool_free(NULL);
}

static unsigned long long
count_waits(const struct session_use *use, size_t from, size_t to)
{
	unsigned long long count = 0;

	for (size_t i = from; i <= to; i++)
		count += atomic_load(&use->waits->counts[i]);
	return count;
}

static void
says_how_many_are_lent_and_what_was_waited(void **state)
{
	struct session_pool *pool = new_pool(2, 30);
	CK_SESSION_HANDLE s[3];
	struct session_use use;
	struct error err;

	(void)state;
	assert_int_equal(session_take(pool, &s[0], NULL), 0);
	assert_int_equal(session_take(pool, &s[1], NULL), 0);
	session_give(pool, s[1]);
	use = session_pool_use(pool);
	assert_int_equal(use.lent, 1);
	assert_int_equal(use.max, 2);
	assert_int_equal(count_waits(&use, 0, 0), 2);
	assert_int_equal(atomic_load(&use.waits->sum_ns), 0);
	assert_int_equal(session_take(pool, &s[1], NULL), 0);
	assert_int_equal(session_take(pool, &s[2], &err), -1);
	/* In vain counts too: 20 to 50 ms, or more on a busy machine. */
	assert_int_equal(count_waits(&use, 11, DURATIONS_BOUNDS), 1);
	assert_true(atomic_load(&use.waits->sum_ns) >= 30000000);
	assert_int_equal(session_pool_use(pool).lent, 2);
	session_give(pool, s[0]);
	session_drop(pool, s[1]);
	assert_int_equal(session_pool_use(pool).lent, 0);
	session_pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lends_a_returned_session_again),
		cmocka_unit_test(never_lends_one_session_twice),
		cmocka_unit_test(a_waiter_gives_up_at_its_deadline),
		cmocka_unit_test(a_waiter_gets_the_session_that_comes_back),
		cmocka_unit_test(a_waiter_gets_the_place_of_a_dropped_one),
		cmocka_unit_test(who_gives_back_and_asks_again_is_behind_who_waits),
		cmocka_unit_test(waiters_have_their_turns_in_the_order_they_came),
		cmocka_unit_test(who_gave_up_is_out_of_the_queue),
		cmocka_unit_test(a_session_that_cannot_be_opened_takes_no_place),
		cmocka_unit_test(a_dead_session_is_replaced_in_its_place),
		cmocka_unit_test(a_session_that_cannot_be_replaced_gives_up_its_place),
		cmocka_unit_test(take_live_lends_no_dead_session),
		cmocka_unit_test(says_how_many_are_lent_and_what_was_waited),
		cmocka_unit_test(many_threads_share_three),
		cmocka_unit_test(sessions_begin_and_end_one_after_the_other),
		cmocka_unit_test(freeing_no_pool_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
