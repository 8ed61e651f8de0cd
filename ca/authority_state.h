/* authority_state.h - what the files of the authority share (inside ca/ only). */
#ifndef CA_AUTHORITY_STATE_H
#define CA_AUTHORITY_STATE_H

#include <pthread.h>

#include "ca/issuers.h"
#include "ca/profiles.h"
#include "ca/weakkeys.h"

struct authority {
	OSSL_LIB_CTX *libctx;
	struct store *store;
	struct issuers issuers;
	struct profiles profiles;
	const struct weakkeys *weak_keys; /* NULL: no list */
	/* One issuer is made at a time, so that names and keys are compared before they
	 * are taken. */
	pthread_mutex_t creating;
};

#endif
