/*
 * copies.h - session objects that stand for keys in use (C_CopyObject, PKCS#11 v2.40
 * section 5.7).
 *
 * For an object of the token, SoftHSM opens and reads files at each signature; for a
 * session object it does not. A copy is as sensitive and as little extractable as its
 * key, belongs to a session of this process, and ends with it.
 *
 * A key is copied when it has signed. Every COPIES_LOOK_MS it signs itself once more: a
 * key that somebody else destroyed on the token signs no longer than that. A copy that
 * fails is given up for a minute; what copies cannot do, their keys do.
 */
#ifndef PKCS11_COPIES_H
#define PKCS11_COPIES_H

#include "pkcs11/keystore_state.h"

#define COPIES_LOOK_MS 10000
#define COPIES_IDLE_MS 60000 /* then others may have its room */

/* What came of a signature. */
struct copies_news {
	bool key_signed;              /* the key itself */
	CK_OBJECT_HANDLE failed_copy; /* CK_INVALID_HANDLE: none did */
};

/*
 * Copies the key, or looks after its copy. What is in the way is hardly waited for, and
 * nothing fails. Takes the locks of the keystore.
 */
void copies_tend(struct keystore *store, const unsigned char *spki_sha256,
    const struct copies_news *news);

/* Its copy goes with a key. The writer and the handles are locked, these for writing. */
void copies_drop(struct keystore *store, const unsigned char *spki_sha256);

/* Asks the token about their session, which keeps it open where idle ones end. */
void copies_touch(struct keystore *store);

/* They have ended with their session, and are out of the table. Everybody is locked out.
 */
void copies_forget(struct keystore *store);

/* Ends all of them. Nobody else uses the keystore any more. */
void copies_close(struct keystore *store);

#endif
