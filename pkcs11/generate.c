/* generate.c - the life of a key pair on the token. */
#include "pkcs11/generate.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "pkcs11/ckr.h"
#include "pkcs11/publickey.h"
#include "pkcs11/session.h"

#define ID_BYTES 16

/* What C_GenerateKeyPair is asked for. The templates point into the struct. */
struct request {
	CK_BBOOL yes, no;
	bool decrypts, names_uses;
	CK_ULONG bits;
	CK_BYTE exponent[3];
	char label[NAME_MAX_CHARS + 1];
	struct object_id *id;
	CK_MECHANISM mechanism;
	CK_ATTRIBUTE public[12], private[12];
	size_t public_count, private_count;
};

static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	0x07 };
static const CK_BYTE p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const CK_BYTE p521[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };
/* PKCS#11 v3.0 section 2.3.5: the curve's name as a PrintableString. */
static const CK_BYTE edwards25519[] = { 0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's',
	'2', '5', '5', '1', '9' };

static const struct {
	CK_MECHANISM_TYPE mechanism;
	const CK_BYTE *curve;
	CK_ULONG curve_len;
	CK_ULONG rsa_bits;
} kinds[KEY_TYPES] = {
	[KEY_EC_P256] = { CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), 0 },
	[KEY_EC_P384] = { CKM_EC_KEY_PAIR_GEN, p384, sizeof(p384), 0 },
	[KEY_EC_P521] = { CKM_EC_KEY_PAIR_GEN, p521, sizeof(p521), 0 },
	[KEY_RSA_2048] = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, 2048 },
	[KEY_RSA_3072] = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, 3072 },
	[KEY_RSA_4096] = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, 4096 },
	[KEY_RSA_PSS_2048] = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, 2048 },
	[KEY_RSA_PSS_3072] = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, 3072 },
	[KEY_RSA_PSS_4096] = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0, 4096 },
	[KEY_ED25519] = { CKM_EC_EDWARDS_KEY_PAIR_GEN, edwards25519, sizeof(edwards25519),
	    0 },
};

static void
add(CK_ATTRIBUTE *list, size_t *count, CK_ATTRIBUTE_TYPE type, void *value, size_t len)
{
	list[(*count)++] = (CK_ATTRIBUTE){ type, value, len };
}

/*
 * What some tokens default to true is named, so that it is false. NSS tries a key that
 * decrypts with its public half, which has to be let encrypt.
 */
static void
describe_public(struct request *r, enum key_type type)
{
	CK_ATTRIBUTE *list = r->public;
	size_t *count = &r->public_count;

	add(list, count, CKA_TOKEN, &r->yes, sizeof(r->yes));
	add(list, count, CKA_PRIVATE, &r->no, sizeof(r->no));
	add(list, count, CKA_VERIFY, &r->yes, sizeof(r->yes));
	if (r->names_uses)
		add(list, count, CKA_ENCRYPT, r->decrypts ? &r->yes : &r->no,
		    sizeof(r->no));
	add(list, count, CKA_WRAP, &r->no, sizeof(r->no));
	add(list, count, CKA_VERIFY_RECOVER, &r->no, sizeof(r->no));
	add(list, count, CKA_LABEL, r->label, strlen(r->label));
	add(list, count, CKA_ID, r->id->data, r->id->len);
	if (kinds[type].curve != NULL) {
		add(list, count, CKA_EC_PARAMS, (CK_BYTE *)(uintptr_t)kinds[type].curve,
		    kinds[type].curve_len);
	} else {
		add(list, count, CKA_MODULUS_BITS, &r->bits, sizeof(r->bits));
		add(list, count, CKA_PUBLIC_EXPONENT, r->exponent, sizeof(r->exponent));
	}
}

static void
describe_private(struct request *r)
{
	CK_ATTRIBUTE *list = r->private;
	size_t *count = &r->private_count;

	add(list, count, CKA_TOKEN, &r->yes, sizeof(r->yes));
	add(list, count, CKA_PRIVATE, &r->yes, sizeof(r->yes));
	add(list, count, CKA_SENSITIVE, &r->yes, sizeof(r->yes));
	add(list, count, CKA_EXTRACTABLE, &r->no, sizeof(r->no));
	add(list, count, CKA_SIGN, &r->yes, sizeof(r->yes));
	if (r->names_uses)
		add(list, count, CKA_DECRYPT, r->decrypts ? &r->yes : &r->no,
		    sizeof(r->no));
	add(list, count, CKA_UNWRAP, &r->no, sizeof(r->no));
	add(list, count, CKA_SIGN_RECOVER, &r->no, sizeof(r->no));
	add(list, count, CKA_DERIVE, &r->no, sizeof(r->no));
	add(list, count, CKA_LABEL, r->label, strlen(r->label));
	add(list, count, CKA_ID, r->id->data, r->id->len);
}

static int
request_init(struct request *r, const struct token *token, const char *name,
    enum key_type type, bool decrypts, struct object_id *id, struct error *err)
{
	*r = (struct request){
		.yes = CK_TRUE,
		.no = CK_FALSE,
		.decrypts = decrypts,
		.names_uses = decrypts || !token->abilities.refuses_unwanted_uses,
		.bits = kinds[type].rsa_bits,
		.exponent = { 1, 0, 1 },
		.id = id,
		.mechanism = { .mechanism = kinds[type].mechanism },
	};
	if (text_copy(r->label, sizeof(r->label), name) != 0 ||
	    RAND_bytes(id->data, ID_BYTES) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "random CKA_ID");
	id->len = ID_BYTES;
	describe_public(r, type);
	describe_private(r);
	return 0;
}

static int
check_bool(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, CK_BBOOL wanted, struct error *err)
{
	CK_BBOOL value;

	if (object_read_bool(token->functions, session, object, type, &value, err) != 0)
		return -1;
	if (value != wanted)
		return error_set(err, ERROR_FORBIDDEN,
		    "the token holds this private key with attribute 0x%lx %s",
		    (unsigned long)type, value ? "true" : "false");
	return 0;
}

static int
check_decrypts(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    struct error *err)
{
	CK_BBOOL value;

	if (object_read_bool(
		token->functions, session, object, CKA_DECRYPT, &value, err) != 0)
		return -1;
	if (!value)
		return error_set(err, ERROR_FORBIDDEN,
		    "the token does not let this private key decrypt (CKA_DECRYPT is "
		    "false)");
	return 0;
}

/* A token that does not have the attribute wants no such thing. */
static int
check_wants_no_pin(struct token *token, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, struct error *err)
{
	CK_BBOOL wants;

	if (object_read_bool(token->functions, session, object, CKA_ALWAYS_AUTHENTICATE,
		&wants, NULL) != 0 ||
	    !wants)
		return 0;
	return error_set(err, ERROR_FORBIDDEN,
	    "this private key wants the PIN before each use (CKA_ALWAYS_AUTHENTICATE), "
	    "and keyhold keeps no PIN");
}

static int
check_stays_inside(struct token *token, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, bool decrypts, struct error *err)
{
	if (check_wants_no_pin(token, session, object, err) != 0)
		return -1;
	if (decrypts && check_decrypts(token, session, object, err) != 0)
		return -1;
	if (check_bool(token, session, object, CKA_SENSITIVE, CK_TRUE, err) != 0 ||
	    check_bool(token, session, object, CKA_EXTRACTABLE, CK_FALSE, err) != 0)
		return -1;
	return check_bool(token, session, object, CKA_SIGN, CK_TRUE, err);
}

static int
check_born_inside(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    bool decrypts, struct error *err)
{
	if (check_stays_inside(token, session, object, decrypts, err) != 0 ||
	    check_bool(token, session, object, CKA_ALWAYS_SENSITIVE, CK_TRUE, err) != 0 ||
	    check_bool(token, session, object, CKA_NEVER_EXTRACTABLE, CK_TRUE, err) != 0)
		return -1;
	return 0;
}

static int
read_key(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE public,
    enum key_family rsa_family, const char *name, struct key *key, struct error *err)
{
	struct buffer spki;
	struct bytes der;
	int rc = -1;

	buf_init(&spki, KEY_SPKI_MAX);
	if (publickey_read(token->functions, session, public, rsa_family, &spki, err) ==
	    0) {
		der = buf_bytes(&spki);
		rc = key_init(key, name, &der, err);
	}
	buf_free(&spki);
	return rc;
}

static int
make_pair(struct token *token, CK_SESSION_HANDLE session, struct request *r,
    struct token_pair *pair, struct error *err)
{
	int64_t start = clock_mono_ns();
	CK_RV rv = token->functions->C_GenerateKeyPair(session, &r->mechanism, r->public,
	    r->public_count, r->private, r->private_count, &pair->public, &pair->private);

	durations_add(&token->times[TOKEN_GENERATES], clock_mono_ns() - start);
	return rv == CKR_OK ? 0 : ckr_error(err, rv, "C_GenerateKeyPair");
}

/* Both halves, whatever becomes of the first. */
static bool
destroy_pair(
    struct token *token, CK_SESSION_HANDLE session, const struct token_pair *pair)
{
	CK_RV private = token->functions->C_DestroyObject(session, pair->private);
	CK_RV public = token->functions->C_DestroyObject(session, pair->public);

	return private == CKR_OK && public == CKR_OK;
}

static int
check_able(
    const struct token *token, enum key_type type, bool decrypts, struct error *err)
{
	if (abilities_check_generate(&token->abilities, type, err) != 0)
		return -1;
	return decrypts ? abilities_check_decrypt(&token->abilities, err) : 0;
}

int
token_generate(struct token *token, const char *name, enum key_type type, bool decrypts,
    struct key *key, struct token_key *made, struct error *err)
{
	struct object_id *id = &made->id;
	CK_SESSION_HANDLE session;
	struct request request;
	struct token_pair pair;
	int rc = -1;

	id->len = 0;
	if (check_able(token, type, decrypts, err) != 0 ||
	    session_take_live(token->sessions, &session, err) != 0)
		return -1;
	if (request_init(&request, token, name, type, decrypts, id, err) != 0 ||
	    make_pair(token, session, &request, &pair, err) != 0) {
		id->len = 0;
		goto out;
	}
	made->private = pair.private;
	if (check_born_inside(token, session, pair.private, decrypts, err) == 0 &&
	    read_key(token, session, pair.public, key_type_info(type)->family, name, key,
		err) == 0)
		rc = 0;
	else if (destroy_pair(token, session, &pair))
		id->len = 0;
out:
	session_finish(token->sessions, session, rc, err);
	return rc;
}

static int
find_by_label(struct token *token, CK_SESSION_HANDLE session, const char *label,
    CK_OBJECT_HANDLE *private, struct error *err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	char value[NAME_MAX_CHARS + 1];
	CK_ATTRIBUTE match[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_LABEL, value, strlen(label) },
	};
	CK_OBJECT_HANDLE found[2];
	size_t count;

	if (text_copy(value, sizeof(value), label) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "the label is too long");
	if (object_find(token->functions, session, match, 3, found, 2, &count, err) != 0)
		return -1;
	if (count == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "no private key with label %s on the token", label);
	if (count > 1)
		return error_set(err, ERROR_CONFLICT,
		    "two private keys on the token have the label %s: which one is meant "
		    "cannot be told",
		    label);
	*private = found[0];
	return 0;
}

static int
read_id(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    struct object_id *id, struct error *err)
{
	struct buffer value;
	int rc = -1;

	buf_init(&value, 0);
	if (object_read(token->functions, session, object, CKA_ID, &value, err) != 0)
		goto out;
	if (value.len > OBJECT_ID_MAX) {
		error_set(err, ERROR_CONFLICT,
		    "the private key has a CKA_ID of %zu bytes, and %d are the most",
		    value.len, OBJECT_ID_MAX);
		goto out;
	}
	if (value.len == 0) {
		error_set(err, ERROR_CONFLICT, "the private key has no CKA_ID");
		goto out;
	}
	memcpy(id->data, value.data, value.len);
	id->len = value.len;
	rc = 0;
out:
	buf_free(&value);
	return rc;
}

int
token_find_labelled(struct token *token, const char *label, bool decrypts,
    enum key_family rsa_family, struct key *key, struct object_id *id, struct error *err)
{
	CK_OBJECT_HANDLE public, private = CK_INVALID_HANDLE;
	CK_SESSION_HANDLE session;
	int rc = -1;

	if (session_take_live(token->sessions, &session, err) != 0)
		return -1;
	if (find_by_label(token, session, label, &private, err) == 0 &&
	    check_stays_inside(token, session, private, decrypts, err) == 0 &&
	    read_id(token, session, private, id, err) == 0 &&
	    object_find_one(
		token->functions, session, CKO_PUBLIC_KEY, id, &public, err) == 0 &&
	    read_key(token, session, public, rsa_family, label, key, err) == 0 &&
	    abilities_check_sign(&token->abilities, scheme_default(key->type), err) == 0)
		rc = 0;
	session_finish(token->sessions, session, rc, err);
	return rc;
}

/* Nothing but a CKA_ID says that the halves belong together. */
static int
check_public(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE public,
    const struct key *key, struct error *err)
{
	struct key found;

	if (read_key(token, session, public, key_type_info(key->type)->family, key->name,
		&found, err) != 0)
		return -1;
	if (memcmp(found.spki_sha256, key->spki_sha256, KEY_SHA256_SIZE) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "the token has another key under the id of %s", key->name);
	return 0;
}

int
token_find_private(struct token *token, const struct key *key, const struct object_id *id,
    CK_OBJECT_HANDLE *handle, struct error *err)
{
	CK_OBJECT_HANDLE private, public;
	CK_SESSION_HANDLE session;
	int rc = -1;

	if (session_take_live(token->sessions, &session, err) != 0)
		return -1;
	if (object_find_one(
		token->functions, session, CKO_PRIVATE_KEY, id, &private, err) == 0 &&
	    object_find_one(
		token->functions, session, CKO_PUBLIC_KEY, id, &public, err) == 0 &&
	    check_public(token, session, public, key, err) == 0) {
		*handle = private;
		rc = 0;
	}
	session_finish(token->sessions, session, rc, err);
	return rc;
}

int
token_find_listed(struct token *token, const struct inventory *inventory,
    const struct key *key, const struct object_id *id, CK_OBJECT_HANDLE *handle,
    struct error *err)
{
	CK_OBJECT_HANDLE private, public;
	CK_SESSION_HANDLE session;
	int rc;

	if (inventory_find_one(inventory, CKO_PRIVATE_KEY, id, &private, err) != 0 ||
	    inventory_find_one(inventory, CKO_PUBLIC_KEY, id, &public, err) != 0 ||
	    session_take_live(token->sessions, &session, err) != 0)
		return -1;
	if ((rc = check_public(token, session, public, key, err)) == 0)
		*handle = private;
	session_finish(token->sessions, session, rc, err);
	return rc;
}

/* CK_INVALID_HANDLE where there is none. */
static int
locate(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
    const struct object_id *id, CK_OBJECT_HANDLE *object, struct error *err)
{
	struct error why;

	*object = CK_INVALID_HANDLE;
	if (object_find_one(token->functions, session, class, id, object, &why) == 0 ||
	    why.code == ERROR_NOT_FOUND)
		return 0;
	return error_set(err, why.code, "%s", why.text);
}

int
token_locate(struct token *token, const struct object_id *id, struct token_pair *pair,
    struct error *err)
{
	CK_SESSION_HANDLE session;
	int rc = -1;

	if (session_take_live(token->sessions, &session, err) != 0)
		return -1;
	if (locate(token, session, CKO_PRIVATE_KEY, id, &pair->private, err) == 0 &&
	    locate(token, session, CKO_PUBLIC_KEY, id, &pair->public, err) == 0)
		rc = 0;
	session_finish(token->sessions, session, rc, err);
	return rc;
}

int
token_destroy_object(struct token *token, CK_OBJECT_HANDLE object, struct error *err)
{
	CK_SESSION_HANDLE session;
	CK_RV rv;

	if (object == CK_INVALID_HANDLE)
		return 0;
	if (session_take_live(token->sessions, &session, err) != 0)
		return -1;
	rv = token->functions->C_DestroyObject(session, object);
	session_finish(token->sessions, session, rv == CKR_OK ? 0 : -1, NULL);
	return rv == CKR_OK ? 0 : ckr_error(err, rv, "C_DestroyObject");
}

int
token_destroy(struct token *token, const struct object_id *id, struct error *err)
{
	struct token_pair pair;

	if (token_locate(token, id, &pair, err) != 0 ||
	    token_destroy_object(token, pair.private, err) != 0)
		return -1;
	return token_destroy_object(token, pair.public, err);
}
