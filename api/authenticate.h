/*
 * authenticate.h - who asks: the peer of the connection, or the bearer token that it
 * presents.
 */
#ifndef API_AUTHENTICATE_H
#define API_AUTHENTICATE_H

#include "api/api.h"

/* What became of it. */
struct authentication {
	struct caller bearer; /* who the token stands for */
	bool failed;          /* not for want of a good token, but with a bad one */
	int wait_s;           /* of a peer that failed too often */
};

/*
 * With a token in the request that is good, req->caller becomes a's bearer, and stays so
 * as long as a is there. A token that is not good is ERROR_CREDENTIAL, a peer that
 * presented too many of those ERROR_LOCKED_OUT. Any thread.
 */
int authenticate(const struct api *api, struct request *req, struct authentication *a,
    struct error *err);

/*
 * Counts a failure of this peer before it is told, and says in the log when it was its
 * last. One beside others, and too many, becomes ERROR_LOCKED_OUT.
 */
void authenticate_count_failure(const struct api *api, const struct caller *peer,
    struct authentication *a, struct error *err);

#endif
