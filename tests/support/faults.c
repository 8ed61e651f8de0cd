/* faults.c - the file of faults: atomic words that processes share. */
#include "tests/support/faults.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define HANG_POLL_MS 2

struct fault {
	_Atomic unsigned long value;
	_Atomic long times; /* that are left; 0: there is none */
};

struct faults {
	struct fault functions[FUNCTIONS][EFFECTS];
	struct fault troubles[TROUBLES];
	_Atomic uint64_t calls[FUNCTIONS];
	_Atomic unsigned hanging;
};

#define FUNCTION_NAME(name, params, args) [FUNCTION_##name] = #name,
static const char *const function_names[FUNCTIONS] = {
	CRYPTOKI_FUNCTIONS(FUNCTION_NAME, FUNCTION_NAME, FUNCTION_NAME,
	    FUNCTION_NAME)[FUNCTION_ANY] = "any",
};

static const struct {
	const char *name;
	bool ends_sessions;
} troubles[TROUBLES] = {
	[TROUBLE_NO_SLOT] = { "no-slot", true },
	[TROUBLE_NO_TOKEN] = { "no-token", true },
	[TROUBLE_RESET] = { "reset", false },
	[TROUBLE_LOGOUT] = { "logout", false },
	[TROUBLE_SLOT_OFFSET] = { "slot-offset", false },
	[TROUBLE_MAX_SESSIONS] = { "max-sessions", false },
	[TROUBLE_IDLE_MS] = { "idle-ms", false },
	[TROUBLE_NO_RAW_RSA] = { "no-raw-rsa", false },
	[TROUBLE_NO_PSS] = { "no-pss", false },
	[TROUBLE_ALWAYS_AUTHENTICATE] = { "always-authenticate", false },
	[TROUBLE_PIN_FINAL_TRY] = { "pin-final-try", false },
	[TROUBLE_PIN_LOCKED] = { "pin-locked", false },
	[TROUBLE_PIN_TRIES] = { "pin-tries", false },
	[TROUBLE_WRONG_SIGNATURES] = { "wrong-signatures", false },
};

int
faults_open(const char *path, struct faults **faults)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *map = MAP_FAILED;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, sizeof(struct faults)) == 0)
		map = mmap(NULL, sizeof(struct faults), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -1;
	*faults = map;
	return 0;
}

struct faults *
faults_none(void)
{
	static struct faults none;

	return &none;
}

void
faults_close(struct faults *faults)
{
	if (faults != NULL)
		munmap(faults, sizeof(*faults));
}

int
faults_find_function(const char *name, enum faults_function *function)
{
	for (int i = 0; i < FUNCTIONS; i++)
		if (strcmp(name, function_names[i]) == 0) {
			*function = (enum faults_function)i;
			return 0;
		}
	return -1;
}

int
faults_find_trouble(const char *name, enum faults_trouble *trouble)
{
	for (int i = 0; i < TROUBLES; i++)
		if (strcmp(name, troubles[i].name) == 0) {
			*trouble = (enum faults_trouble)i;
			return 0;
		}
	return -1;
}

const char *
faults_trouble_name(enum faults_trouble trouble)
{
	return troubles[trouble].name;
}

/* The times last: with them the fault is there. */
static void
set(struct fault *fault, unsigned long value, long times)
{
	atomic_store(&fault->times, 0);
	atomic_store(&fault->value, value);
	atomic_store(&fault->times, times);
}

void
faults_set(struct faults *faults, enum faults_function function,
    enum faults_effect effect, unsigned long value, long times)
{
	set(&faults->functions[function][effect], value, times);
}

void
faults_trouble(
    struct faults *faults, enum faults_trouble trouble, unsigned long value, long times)
{
	set(&faults->troubles[trouble], value, times);
	if (troubles[trouble].ends_sessions)
		set(&faults->troubles[TROUBLE_RESET], 1, 1);
}

void
faults_clear_function(struct faults *faults, enum faults_function function)
{
	for (int i = 0; i < EFFECTS; i++)
		atomic_store(&faults->functions[function][i].times, 0);
	/* A new value is what calls that hang wait for. */
	atomic_fetch_add(&faults->functions[function][EFFECT_HANG].value, 1);
}

void
faults_clear_trouble(struct faults *faults, enum faults_trouble trouble)
{
	atomic_store(&faults->troubles[trouble].times, 0);
}

/* A reset goes on to end the sessions, though the slot that went is back. */
void
faults_clear(struct faults *faults)
{
	for (int i = 0; i < FUNCTIONS; i++)
		faults_clear_function(faults, (enum faults_function)i);
	for (int i = 0; i < TROUBLES; i++)
		if (i != TROUBLE_RESET)
			faults_clear_trouble(faults, (enum faults_trouble)i);
}

uint64_t
faults_calls(const struct faults *faults, enum faults_function function)
{
	return atomic_load(&faults->calls[function]);
}

unsigned
faults_hanging(const struct faults *faults)
{
	return atomic_load(&faults->hanging);
}

static bool
take(struct fault *fault, unsigned long *value)
{
	long times = atomic_load(&fault->times);

	do {
		if (times == 0)
			return false;
		*value = atomic_load(&fault->value);
	} while (
	    times > 0 && !atomic_compare_exchange_weak(&fault->times, &times, times - 1));
	return true;
}

static void
pause_ms(unsigned long ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static void
hang(struct faults *faults, struct fault *fault, unsigned long value)
{
	atomic_fetch_add(&faults->hanging, 1);
	while (atomic_load(&fault->value) == value)
		pause_ms(HANG_POLL_MS);
	atomic_fetch_sub(&faults->hanging, 1);
}

static CK_RV
befall(struct faults *faults, struct fault fault[static EFFECTS])
{
	unsigned long value;

	if (take(&fault[EFFECT_DELAY], &value))
		pause_ms(value);
	if (take(&fault[EFFECT_HANG], &value))
		hang(faults, &fault[EFFECT_HANG], value);
	return take(&fault[EFFECT_RETURN], &value) ? (CK_RV)value : CKR_OK;
}

CK_RV
faults_befall(struct faults *faults, enum faults_function function)
{
	CK_RV rv;

	atomic_fetch_add(&faults->calls[function], 1);
	rv = befall(faults, faults->functions[function]);
	if (rv != CKR_OK || function == FUNCTION_C_GetFunctionList)
		return rv;
	atomic_fetch_add(&faults->calls[FUNCTION_ANY], 1);
	return befall(faults, faults->functions[FUNCTION_ANY]);
}

bool
faults_take(struct faults *faults, enum faults_trouble trouble, unsigned long *value)
{
	return take(&faults->troubles[trouble], value);
}

bool
faults_has(const struct faults *faults, enum faults_trouble trouble, unsigned long *value)
{
	*value = atomic_load(&faults->troubles[trouble].value);
	return atomic_load(&faults->troubles[trouble].times) != 0;
}
