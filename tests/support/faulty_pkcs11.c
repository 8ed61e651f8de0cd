/*
 * faulty_pkcs11.c - a PKCS#11 module over another one, which misbehaves as it is told.
 *
 * A call meets the faults of its function first (faults.h), then the pretended token
 * (faulty_token.h), then the real one.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cryptoki_functions.h"
#include "tests/support/faults.h"
#include "tests/support/faulty_token.h"

static struct faults *faults;
static CK_FUNCTION_LIST pretended;

#define PLAIN(name, params, args)                                                        \
	static CK_RV faulty_##name params                                                \
	{                                                                                \
		CK_RV rv = faults_befall(faults, FUNCTION_##name);                       \
		return rv == CKR_OK ? pretended.name args : rv;                          \
	}

#define ABOUT(take, name, params, args)                                                  \
	static CK_RV faulty_##name params                                                \
	{                                                                                \
		CK_RV rv = faults_befall(faults, FUNCTION_##name);                       \
		if (rv == CKR_OK)                                                        \
			rv = take(&slot);                                                \
		return rv == CKR_OK ? pretended.name args : rv;                          \
	}
#define SLOT(name, params, args)  ABOUT(faulty_token_slot, name, params, args)
#define TOKEN(name, params, args) ABOUT(faulty_token_token, name, params, args)

#define SESSION(name, params, args)                                                      \
	static CK_RV faulty_##name params                                                \
	{                                                                                \
		CK_RV rv = faults_befall(faults, FUNCTION_##name);                       \
		if (rv == CKR_OK)                                                        \
			rv = faulty_token_enter(session);                                \
		if (rv != CKR_OK)                                                        \
			return rv;                                                       \
		rv = pretended.name args;                                                \
		faulty_token_leave(session);                                             \
		return rv;                                                               \
	}

CRYPTOKI_FUNCTIONS(PLAIN, SLOT, TOKEN, SESSION)

#define MEMBER(name, params, args) .name = faulty_##name,
static CK_FUNCTION_LIST list = { .version = { CRYPTOKI_VERSION_MAJOR,
				     CRYPTOKI_VERSION_MINOR },
	CRYPTOKI_FUNCTIONS(MEMBER, MEMBER, MEMBER, MEMBER) };

static const char *
from_environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

static CK_RV
get_own_list(CK_FUNCTION_LIST **out)
{
	*out = &list;
	return CKR_OK;
}

/* Never unloaded, as by keyholdd: SoftHSM's destructors crash without its code. */
static CK_FUNCTION_LIST *
load_real(void)
{
	const char *path = from_environment(FAULTS_MODULE_ENV, TEST_SOFTHSM);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	CK_FUNCTION_LIST *real = NULL;
	CK_C_GetFunctionList get_list = NULL;

	if (library != NULL)
		get_list = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
	if (get_list == NULL || get_list(&real) != CKR_OK) {
		fprintf(stderr, "faulty-pkcs11: %s is no PKCS#11 module\n", path);
		return NULL;
	}
	return real;
}

static void
load(void)
{
	const char *control = from_environment(FAULTS_ENV, NULL);
	CK_FUNCTION_LIST *real = load_real();

	if (real == NULL)
		return;
	if (control == NULL)
		faults = faults_none();
	else if (faults_open(control, &faults) != 0) {
		perror(control);
		return;
	}
	faulty_token_init(real, faults, &pretended);
	pretended.C_GetFunctionList = get_own_list;
}

__attribute__((visibility("default"))) CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return faults != NULL ? faulty_C_GetFunctionList(out) : CKR_GENERAL_ERROR;
}
