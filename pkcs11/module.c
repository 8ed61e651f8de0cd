/*
 * module.c - loads a PKCS#11 module.
 *
 * The shared object is never unmapped: SoftHSM registers destructors that crash the
 * process when its code is gone before OpenSSL's clean-up runs.
 */
#include "pkcs11/module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <libp11.h>

#include "base/text.h"
#include "pkcs11/ckr.h"

static int
open_library(struct module *module, struct error *err)
{
	module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (module->library == NULL)
		return error_set(
		    err, ERROR_CONFIG, "PKCS#11 module %s: %s", module->path, dlerror());
	return 0;
}

static int
find_functions(struct module *module, struct error *err)
{
	CK_C_GetFunctionList get_list =
	    (CK_C_GetFunctionList)dlsym(module->library, "C_GetFunctionList");
	CK_RV rv;

	if (get_list == NULL)
		return error_set(err, ERROR_CONFIG,
		    "PKCS#11 module %s: no C_GetFunctionList in it; is it a PKCS#11 "
		    "module?",
		    module->path);
	if ((rv = get_list(&module->functions)) != CKR_OK)
		return ckr_error(err, rv, "C_GetFunctionList");
	return 0;
}

/*
 * p11-kit-client.so hands out another list with each C_GetFunctionList, each of which
 * wants to be initialised; libp11's is its own. Other modules say that they are.
 */
static int
initialise_list(struct module *module, struct error *err)
{
	CK_C_INITIALIZE_ARGS args = {
		.flags = CKF_OS_LOCKING_OK,
		.pReserved = module->init_args,
	};
	CK_RV rv = module->functions->C_Initialize(&args);

	module->list_is_ours = rv == CKR_OK;
	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return 0;
	return ckr_error(err, rv, "PKCS#11 module: C_Initialize");
}

static int
initialise(struct module *module, struct error *err)
{
	if ((module->libp11 = PKCS11_CTX_new()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (module->init_args != NULL)
		PKCS11_CTX_init_args(module->libp11, module->init_args);
	if (PKCS11_CTX_load(module->libp11, module->path) != 0) {
		PKCS11_CTX_free(module->libp11);
		module->libp11 = NULL;
		return error_set_openssl(
		    err, ERROR_TOKEN, "PKCS#11 module: C_Initialize");
	}
	return initialise_list(module, err);
}

static void
finalize(struct module *module)
{
	if (module->list_is_ours)
		module->functions->C_Finalize(NULL);
	module->list_is_ours = false;
	if (module->libp11 == NULL)
		return;
	PKCS11_CTX_unload(module->libp11);
	PKCS11_CTX_free(module->libp11);
	module->libp11 = NULL;
}

int
module_load(
    const char *path, const char *init_args, struct module **module, struct error *err)
{
	struct module *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	pthread_mutex_init(&m->lock, NULL);
	/* dlopen takes "" for the program itself, which has p11-kit's functions in it. */
	if (*path == '\0') {
		error_set(err, ERROR_CONFIG, "PKCS#11 module: no path");
		goto fail;
	}
	if (text_copy(m->path, sizeof(m->path), path) != 0) {
		error_set(err, ERROR_CONFIG, "PKCS#11 module: the path is too long");
		goto fail;
	}
	if (init_args != NULL && (m->init_args = strdup(init_args)) == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto fail;
	}
	if (open_library(m, err) != 0 || find_functions(m, err) != 0)
		goto fail;
	*module = m;
	return 0;
fail:
	module_close(m);
	return -1;
}

int
module_open(
    const char *path, const char *init_args, struct module **module, struct error *err)
{
	struct module *m = NULL;

	if (module_load(path, init_args, &m, err) != 0)
		return -1;
	if (initialise(m, err) != 0) {
		module_close(m);
		return -1;
	}
	*module = m;
	return 0;
}

bool
module_is_initialised(const struct module *module)
{
	return module->libp11 != NULL;
}

int
module_reload(struct module *module, struct error *err)
{
	finalize(module);
	return initialise(module, err);
}

void
module_close(struct module *module)
{
	if (module == NULL)
		return;
	finalize(module);
	if (module->library != NULL)
		dlclose(module->library);
	pthread_mutex_destroy(&module->lock);
	free(module->init_args);
	free(module);
}
