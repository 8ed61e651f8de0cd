/* fixture.c - evp/ through builtin.h, over software keys. */
#include "tests/evp/fixture.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

int
fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL ||
	    builtin_new(&software_backend, &f->backend, &f->builtin, NULL) != 0)
		return -1;
	f->libctx = builtin_libctx(f->builtin);
	for (int i = 0; i < KEY_TYPES; i++) {
		struct key key = software_describe((enum key_type)i, "web");

		if (builtin_pkey(f->builtin, &key, &f->pkeys[i], NULL) != 0)
			return -1;
	}
	*state = f;
	return 0;
}

int
fixture_close(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < KEY_TYPES; i++)
		EVP_PKEY_free(f->pkeys[i]);
	builtin_free(f->builtin);
	free(f);
	ERR_clear_error();
	return 0;
}
