/* ability.c - a token's list of mechanisms, read and asked. */
#include "pkcs11/ability.h"

#include <stdlib.h>
#include <string.h>

#include "pkcs11/ckr.h"

#define LIST_TRIES 4

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_FLAGS use;
} table[ABILITIES] = {
	[ABILITY_RSA_GENERATE] = { "CKM_RSA_PKCS_KEY_PAIR_GEN", CKM_RSA_PKCS_KEY_PAIR_GEN,
	    CKF_GENERATE_KEY_PAIR },
	[ABILITY_EC_GENERATE] = { "CKM_EC_KEY_PAIR_GEN", CKM_EC_KEY_PAIR_GEN,
	    CKF_GENERATE_KEY_PAIR },
	[ABILITY_ED_GENERATE] = { "CKM_EC_EDWARDS_KEY_PAIR_GEN",
	    CKM_EC_EDWARDS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR },
	[ABILITY_RSA_PKCS] = { "CKM_RSA_PKCS", CKM_RSA_PKCS, CKF_SIGN },
	[ABILITY_RSA_PSS] = { "CKM_RSA_PKCS_PSS", CKM_RSA_PKCS_PSS, CKF_SIGN },
	[ABILITY_RSA_RAW] = { "CKM_RSA_X_509", CKM_RSA_X_509, CKF_SIGN },
	[ABILITY_RSA_RAW_DECRYPT] = { "CKM_RSA_X_509", CKM_RSA_X_509, CKF_DECRYPT },
	[ABILITY_ECDSA] = { "CKM_ECDSA", CKM_ECDSA, CKF_SIGN },
	[ABILITY_EDDSA] = { "CKM_EDDSA", CKM_EDDSA, CKF_SIGN },
};

const char *
ability_name(enum ability ability)
{
	return table[ability].name;
}

const char *
ability_use(enum ability ability)
{
	switch (table[ability].use) {
	case CKF_SIGN:
		return "sign";
	case CKF_DECRYPT:
		return "decrypt";
	default:
		return "generate";
	}
}

static enum ability
signs_by(enum scheme scheme)
{
	const struct scheme_info *info = scheme_info(scheme);

	if (info->pss)
		return ABILITY_RSA_PSS;
	switch (info->family) {
	case KEY_FAMILY_EC:
		return ABILITY_ECDSA;
	case KEY_FAMILY_ED25519:
		return ABILITY_EDDSA;
	default:
		return ABILITY_RSA_PKCS;
	}
}

static enum ability
generates_by(enum key_type type)
{
	switch (key_type_info(type)->family) {
	case KEY_FAMILY_EC:
		return ABILITY_EC_GENERATE;
	case KEY_FAMILY_ED25519:
		return ABILITY_ED_GENERATE;
	default:
		return ABILITY_RSA_GENERATE;
	}
}

static bool
is_of_use(CK_MECHANISM_TYPE type)
{
	for (int a = 0; a < ABILITIES; a++)
		if (table[a].type == type)
			return true;
	return false;
}

static void
note(struct abilities *abilities, CK_MECHANISM_TYPE type, const CK_MECHANISM_INFO *info)
{
	for (int a = 0; a < ABILITIES; a++)
		if (table[a].type == type && (info->flags & table[a].use) != 0)
			abilities->of[a] = (struct ability_range){
				.is_listed = true,
				.min = info->ulMinKeySize,
				.max = info->ulMaxKeySize,
			};
}

/* It may grow between the count and the list. *list is the caller's to free. */
static int
list_mechanisms(CK_FUNCTION_LIST *functions, CK_SLOT_ID slot, CK_MECHANISM_TYPE **list,
    CK_ULONG *count, struct error *err)
{
	CK_RV rv = CKR_BUFFER_TOO_SMALL;

	*list = NULL;
	for (int i = 0; i < LIST_TRIES && rv == CKR_BUFFER_TOO_SMALL; i++) {
		free(*list);
		*list = NULL;
		if ((rv = functions->C_GetMechanismList(slot, NULL, count)) != CKR_OK)
			break;
		if ((*list = calloc(*count + 1, sizeof(**list))) == NULL)
			return error_set(err, ERROR_INTERNAL, "out of memory");
		rv = functions->C_GetMechanismList(slot, *list, count);
	}
	return rv == CKR_OK ? 0 : ckr_error(err, rv, "C_GetMechanismList");
}

/*
 * tpm2-pkcs11 1.9.0 fails to make a key whose template has CKA_DECRYPT and CKA_ENCRYPT
 * false, with CKR_GENERAL_ERROR, and leaves a piece of it in the TPM.
 */
static bool
is_tpm2_pkcs11(CK_FUNCTION_LIST *functions)
{
	static const char name[] = "TPM2.0 Cryptoki";
	CK_INFO info;

	return functions->C_GetInfo(&info) == CKR_OK &&
	       memcmp(info.libraryDescription, name, sizeof(name) - 1) == 0;
}

int
abilities_read(CK_FUNCTION_LIST *functions, CK_SLOT_ID slot, struct abilities *abilities,
    struct error *err)
{
	CK_MECHANISM_TYPE *list;
	CK_ULONG count = 0;

	*abilities =
	    (struct abilities){ .refuses_unwanted_uses = is_tpm2_pkcs11(functions) };
	if (list_mechanisms(functions, slot, &list, &count, err) != 0) {
		if (err->code == ERROR_AWAY || err->code == ERROR_INTERNAL) {
			free(list);
			return -1;
		}
		count = 0;
	}
	for (CK_ULONG i = 0; i < count; i++) {
		CK_MECHANISM_INFO info;

		if (is_of_use(list[i]) &&
		    functions->C_GetMechanismInfo(slot, list[i], &info) == CKR_OK)
			note(abilities, list[i], &info);
	}
	free(list);
	abilities->are_known = count > 0;
	return 0;
}

static bool
has(const struct abilities *abilities, enum ability ability)
{
	return !abilities->are_known || abilities->of[ability].is_listed;
}

bool
abilities_lack_pss(const struct abilities *abilities)
{
	return !has(abilities, ABILITY_RSA_PSS) && has(abilities, ABILITY_RSA_RAW);
}

int
abilities_check_sign(
    const struct abilities *abilities, enum scheme scheme, struct error *err)
{
	enum ability ability = signs_by(scheme);

	if (has(abilities, ability))
		return 0;
	if (ability == ABILITY_RSA_PSS && abilities_lack_pss(abilities))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED,
	    "this token has no %s: it cannot sign %s", table[ability].name,
	    scheme_info(scheme)->name);
}

int
abilities_check_decrypt(const struct abilities *abilities, struct error *err)
{
	if (has(abilities, ABILITY_RSA_RAW_DECRYPT))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED,
	    "this token has no %s to decrypt with: no RSA key exchange",
	    table[ABILITY_RSA_RAW_DECRYPT].name);
}

/* Some modules give a size in bytes: what could not be bits of any such key is ignored.
 */
static int
check_size(const struct ability_range *range, enum ability ability, enum key_type type,
    struct error *err)
{
	const struct key_type_info *info = key_type_info(type);
	CK_ULONG bits = (CK_ULONG)info->bits;
	CK_ULONG least = key_type_is_rsa(type) ? 1024 : 160;

	if (info->family == KEY_FAMILY_ED25519 || range->max < least ||
	    (bits >= range->min && bits <= range->max))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED,
	    "this token's %s makes keys of %lu to %lu bits: no %s keys",
	    table[ability].name, range->min, range->max, info->name);
}

int
abilities_check_generate(
    const struct abilities *abilities, enum key_type type, struct error *err)
{
	enum ability ability = generates_by(type);
	enum ability use = signs_by(scheme_default(type));

	if (!has(abilities, ability))
		return error_set(err, ERROR_UNSUPPORTED,
		    "this token has no %s: no %s keys", table[ability].name,
		    key_type_info(type)->name);
	if (abilities_check_sign(abilities, scheme_default(type), NULL) != 0)
		return error_set(err, ERROR_UNSUPPORTED,
		    "this token has no %s: no %s keys", table[use].name,
		    key_type_info(type)->name);
	return check_size(&abilities->of[ability], ability, type, err);
}
