/*
 * ability.h - what a token can do, as its list of mechanisms says (PKCS#11 v2.40
 * section 5.5).
 *
 * It is read once. What was not read, or not listed by a token without a list, is tried:
 * only what a token says that it cannot do is refused before it is asked.
 */
#ifndef PKCS11_ABILITY_H
#define PKCS11_ABILITY_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "base/error.h"
#include "evp/scheme.h"

/* What keyhold asks for: each is a mechanism and a use of it. */
enum ability {
	ABILITY_RSA_GENERATE,
	ABILITY_EC_GENERATE,
	ABILITY_ED_GENERATE,
	ABILITY_RSA_PKCS,
	ABILITY_RSA_PSS,
	ABILITY_RSA_RAW,
	ABILITY_RSA_RAW_DECRYPT,
	ABILITY_ECDSA,
	ABILITY_EDDSA,
};
#define ABILITIES 9

struct abilities {
	bool are_known;
	struct ability_range {
		bool is_listed;
		CK_ULONG min, max; /* bits of keys; max 0: it does not say */
	} of[ABILITIES];
	bool refuses_unwanted_uses; /* a template that says CKA_DECRYPT is false */
};

/* "CKM_ECDSA". */
const char *ability_name(enum ability ability);
/* "sign", "decrypt" or "generate". */
const char *ability_use(enum ability ability);

int abilities_read(CK_FUNCTION_LIST *functions, CK_SLOT_ID slot,
    struct abilities *abilities, struct error *err);

/* ERROR_UNSUPPORTED, with the mechanism that is missing. */
int abilities_check_generate(
    const struct abilities *abilities, enum key_type type, struct error *err);
int abilities_check_sign(
    const struct abilities *abilities, enum scheme scheme, struct error *err);
int abilities_check_decrypt(const struct abilities *abilities, struct error *err);

/* No CKM_RSA_PKCS_PSS: PSS is raw RSA over a block that is padded here. */
bool abilities_lack_pss(const struct abilities *abilities);

#endif
