/* faulty_sessions.c - the sessions that an application has open. */
#include "tests/support/faulty_sessions.h"

#include <pthread.h>
#include <stdint.h>

#include "base/clock.h"
#include "tests/support/faults.h"

#define SESSIONS_MAX 4096

struct session {
	CK_SESSION_HANDLE handle;
	int64_t used_ms;
	bool authenticated;
};

static struct {
	CK_FUNCTION_LIST *real;
	struct faults *faults;
	pthread_rwlock_t running; /* read by calls in sessions, written to end some */
	pthread_mutex_t lock;     /* of the table; taken under running */
	struct session open[SESSIONS_MAX];
	unsigned count;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

void
sessions_init(CK_FUNCTION_LIST *real, struct faults *faults)
{
	pthread_rwlockattr_t attributes;

	table.real = real;
	table.faults = faults;
	/* Readers that never stop would keep a session from ever ending. */
	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(
	    &attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&table.running, &attributes);
	pthread_rwlockattr_destroy(&attributes);
}

/* The lock is held. */
static struct session *
find(CK_SESSION_HANDLE handle)
{
	for (unsigned i = 0; i < table.count; i++)
		if (table.open[i].handle == handle)
			return &table.open[i];
	return NULL;
}

/* Ends those that were idle for so long; 0: all. */
static void
end_idle(int64_t idle_ms)
{
	int64_t now = clock_mono_ms();

	pthread_rwlock_wrlock(&table.running);
	pthread_mutex_lock(&table.lock);
	for (unsigned i = table.count; i-- > 0;)
		if (now - table.open[i].used_ms >= idle_ms) {
			table.real->C_CloseSession(table.open[i].handle);
			table.open[i] = table.open[--table.count];
		}
	pthread_mutex_unlock(&table.lock);
	pthread_rwlock_unlock(&table.running);
}

static bool
some_idle(int64_t idle_ms)
{
	int64_t now = clock_mono_ms();
	bool some = false;

	pthread_mutex_lock(&table.lock);
	for (unsigned i = 0; i < table.count && !some; i++)
		some = now - table.open[i].used_ms >= idle_ms;
	pthread_mutex_unlock(&table.lock);
	return some;
}

static void
log_out(void)
{
	pthread_rwlock_wrlock(&table.running);
	pthread_mutex_lock(&table.lock);
	if (table.count > 0)
		table.real->C_Logout(table.open[0].handle);
	pthread_mutex_unlock(&table.lock);
	pthread_rwlock_unlock(&table.running);
}

void
sessions_settle(void)
{
	unsigned long value;

	if (faults_take(table.faults, TROUBLE_RESET, &value))
		end_idle(0);
	if (faults_take(table.faults, TROUBLE_LOGOUT, &value))
		log_out();
	if (faults_has(table.faults, TROUBLE_IDLE_MS, &value) &&
	    some_idle((int64_t)value))
		end_idle((int64_t)value);
}

static void
touch(CK_SESSION_HANDLE handle)
{
	struct session *session;

	pthread_mutex_lock(&table.lock);
	if ((session = find(handle)) != NULL)
		session->used_ms = clock_mono_ms();
	pthread_mutex_unlock(&table.lock);
}

void
sessions_enter(CK_SESSION_HANDLE session)
{
	pthread_rwlock_rdlock(&table.running);
	touch(session);
}

void
sessions_leave(CK_SESSION_HANDLE session)
{
	touch(session);
	pthread_rwlock_unlock(&table.running);
}

CK_RV
sessions_open(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session)
{
	unsigned long max;
	CK_RV rv = CKR_SESSION_COUNT;

	if (!faults_has(table.faults, TROUBLE_MAX_SESSIONS, &max) || max > SESSIONS_MAX)
		max = SESSIONS_MAX;
	pthread_mutex_lock(&table.lock);
	if (table.count < max)
		rv = table.real->C_OpenSession(slot, flags, application, notify, session);
	if (rv == CKR_OK)
		table.open[table.count++] = (struct session){
			.handle = *session,
			.used_ms = clock_mono_ms(),
		};
	pthread_mutex_unlock(&table.lock);
	return rv;
}

void
sessions_forget(CK_SESSION_HANDLE handle)
{
	struct session *session;

	pthread_mutex_lock(&table.lock);
	if ((session = find(handle)) != NULL)
		*session = table.open[--table.count];
	pthread_mutex_unlock(&table.lock);
}

void
sessions_forget_all(void)
{
	pthread_mutex_lock(&table.lock);
	table.count = 0;
	pthread_mutex_unlock(&table.lock);
}

void
sessions_forget_ended(void)
{
	CK_SESSION_INFO info;

	pthread_mutex_lock(&table.lock);
	for (unsigned i = table.count; i-- > 0;)
		if (table.real->C_GetSessionInfo(table.open[i].handle, &info) != CKR_OK)
			table.open[i] = table.open[--table.count];
	pthread_mutex_unlock(&table.lock);
}

void
sessions_authenticate(CK_SESSION_HANDLE handle, bool yes)
{
	struct session *session;

	pthread_mutex_lock(&table.lock);
	if ((session = find(handle)) != NULL)
		session->authenticated = yes;
	pthread_mutex_unlock(&table.lock);
}

bool
sessions_authenticated(CK_SESSION_HANDLE handle)
{
	struct session *session;
	bool yes;

	pthread_mutex_lock(&table.lock);
	yes = (session = find(handle)) != NULL && session->authenticated;
	pthread_mutex_unlock(&table.lock);
	return yes;
}
