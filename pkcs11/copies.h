/*
 * copies.h - session objects that stand for keys in use (C_CopyObject, PKCS#11 v2.40
 * section 5.7).
 *
 * For an object of the token, SoftHSM opens and reads files at each signature; for a
 * session object it does not. A copy is as sensitive and as little extractable as its
 * key, belongs to a session of this process, and ends with it.
 *
 * A key is copied when it has signed. Every COPIES_LOOK_MS that it goes on signing, the
 * token is asked whether the key itself is still there: a key that somebody else
 * destroyed signs no longer than that. A copy that fails is replaced.
 */
#ifndef PKCS11_COPIES_H
#define PKCS11_COPIES_H

#include "pkcs11/keystore_state.h"

#define COPIES_LOOK_MS 10000
#define COPIES_IDLE_MS 60000 /* then others may have its room */

/*
 * For a key that has just signed: copies it, or looks after its copy, which failed or
 * did not. What is in the way is not waited for, and nothing fails: a key without a copy
 * signs itself. Takes the locks of the keystore.
 */
void
copies_tend(struct keystore *store, const unsigned char *spki_sha256, bool copy_failed);

/* Its copy goes with a key. The writer and the handles are locked, these for writing. */
void copies_drop(struct keystore *store, const unsigned char *spki_sha256);

/* Ends all of them. Nobody else uses the keystore any more. */
void copies_close(struct keystore *store);

#endif
