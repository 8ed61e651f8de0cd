/* softhsm_leak.c - what the sanitizers ask a target with a token: as in
 * support/lsan.supp. */
#define ASKED_BY_SANITIZERS __attribute__((visibility("default")))

ASKED_BY_SANITIZERS const char *__asan_default_options(void);
ASKED_BY_SANITIZERS const char *__lsan_default_suppressions(void);

const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

const char *
__lsan_default_suppressions(void)
{
	return "leak:libsofthsm2.so\n";
}
