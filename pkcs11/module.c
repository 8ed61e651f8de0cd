/*
 * module.c - loads a PKCS#11 module.
 *
 * The shared object is never unmapped: SoftHSM registers destructors that crash the
 * process when its code is gone before OpenSSL's clean-up runs.
 */
#include "pkcs11/module.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <libp11.h>

#include "base/text.h"
#include "pkcs11/ckr.h"

static int
find_functions(struct module *module, struct error *err)
{
	CK_C_GetFunctionList get_list;
	CK_RV rv;

	module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (module->library == NULL)
		return error_set(
		    err, ERROR_CONFIG, "PKCS#11 module %s: %s", module->path, dlerror());
	get_list = (CK_C_GetFunctionList)dlsym(module->library, "C_GetFunctionList");
	if (get_list == NULL)
		return error_set(err, ERROR_CONFIG,
		    "PKCS#11 module %s: no C_GetFunctionList in it; is it a PKCS#11 "
		    "module?",
		    module->path);
	if ((rv = get_list(&module->functions)) != CKR_OK)
		return ckr_error(err, rv, "C_GetFunctionList");
	return 0;
}

static int
initialise(struct module *module, const char *init_args, struct error *err)
{
	if ((module->libp11 = PKCS11_CTX_new()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (init_args != NULL)
		PKCS11_CTX_init_args(module->libp11, init_args);
	if (PKCS11_CTX_load(module->libp11, module->path) != 0) {
		PKCS11_CTX_free(module->libp11);
		module->libp11 = NULL;
		return error_set_openssl(
		    err, ERROR_TOKEN, "PKCS#11 module: C_Initialize");
	}
	return 0;
}

int
module_open(
    const char *path, const char *init_args, struct module **module, struct error *err)
{
	struct module *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	/* dlopen takes "" for the program itself, which has p11-kit's functions in it. */
	if (*path == '\0') {
		error_set(err, ERROR_CONFIG, "PKCS#11 module: no path");
		goto fail;
	}
	if (text_copy(m->path, sizeof(m->path), path) != 0) {
		error_set(err, ERROR_CONFIG, "PKCS#11 module: the path is too long");
		goto fail;
	}
	if (find_functions(m, err) != 0 || initialise(m, init_args, err) != 0)
		goto fail;
	*module = m;
	return 0;
fail:
	module_close(m);
	return -1;
}

void
module_close(struct module *module)
{
	if (module == NULL)
		return;
	if (module->libp11 != NULL) {
		PKCS11_CTX_unload(module->libp11);
		PKCS11_CTX_free(module->libp11);
	}
	if (module->library != NULL)
		dlclose(module->library);
	free(module);
}
