/* faulty_token.c - the token as it pretends to be: its troubles, over the real one. */
#include "tests/support/faulty_token.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "tests/support/faults.h"
#include "tests/support/faulty_sessions.h"

#define PIN_MAX       255
#define SIGNATURE_MAX 1024

static struct {
	CK_FUNCTION_LIST *real;
	struct faults *faults;
	pthread_mutex_t lock; /* the PIN: several tokens may be logged in to at once */
	CK_BYTE pin[PIN_MAX]; /* of the last login */
	CK_ULONG pin_len;
} token = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool
has(enum faults_trouble trouble)
{
	unsigned long value;

	return faults_has(token.faults, trouble, &value);
}

static unsigned long
slot_offset(void)
{
	unsigned long offset;

	return faults_has(token.faults, TROUBLE_SLOT_OFFSET, &offset) ? offset : 0;
}

CK_RV
faulty_token_slot(CK_SLOT_ID *slot)
{
	unsigned long offset = slot_offset();

	sessions_settle();
	if (has(TROUBLE_NO_SLOT) || *slot < offset)
		return CKR_SLOT_ID_INVALID;
	*slot -= offset;
	return CKR_OK;
}

CK_RV
faulty_token_token(CK_SLOT_ID *slot)
{
	CK_RV rv = faulty_token_slot(slot);

	return rv == CKR_OK && has(TROUBLE_NO_TOKEN) ? CKR_TOKEN_NOT_PRESENT : rv;
}

CK_RV
faulty_token_enter(CK_SESSION_HANDLE session)
{
	sessions_settle();
	if (has(TROUBLE_NO_SLOT) || has(TROUBLE_NO_TOKEN))
		return CKR_DEVICE_REMOVED;
	sessions_enter(session);
	return CKR_OK;
}

void
faulty_token_leave(CK_SESSION_HANDLE session)
{
	sessions_leave(session);
}

static CK_RV
finalize(void *reserved)
{
	CK_RV rv = token.real->C_Finalize(reserved);

	if (rv == CKR_OK)
		sessions_forget_all();
	return rv;
}

static CK_RV
get_slot_list(CK_BYTE token_present, CK_SLOT_ID *list, CK_ULONG *count)
{
	CK_RV rv;

	sessions_settle();
	if (has(TROUBLE_NO_SLOT) || (has(TROUBLE_NO_TOKEN) && token_present)) {
		*count = 0;
		return CKR_OK;
	}
	rv = token.real->C_GetSlotList(token_present, list, count);
	for (CK_ULONG i = 0; rv == CKR_OK && list != NULL && i < *count; i++)
		list[i] += slot_offset();
	return rv;
}

static CK_RV
get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	CK_RV rv = token.real->C_GetSlotInfo(slot, info);

	if (rv == CKR_OK && has(TROUBLE_NO_TOKEN))
		info->flags &= ~(CK_FLAGS)CKF_TOKEN_PRESENT;
	return rv;
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = token.real->C_GetTokenInfo(slot, info);

	if (rv == CKR_OK && has(TROUBLE_PIN_FINAL_TRY))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (rv == CKR_OK && has(TROUBLE_PIN_LOCKED))
		info->flags |= CKF_USER_PIN_LOCKED;
	return rv;
}

static const struct {
	CK_MECHANISM_TYPE mechanism;
	enum faults_trouble unknown_by;
} doubtful[] = {
	{ CKM_RSA_X_509, TROUBLE_NO_RAW_RSA },
	{ CKM_RSA_PKCS_PSS, TROUBLE_NO_PSS },
	{ CKM_SHA1_RSA_PKCS_PSS, TROUBLE_NO_PSS },
	{ CKM_SHA224_RSA_PKCS_PSS, TROUBLE_NO_PSS },
	{ CKM_SHA256_RSA_PKCS_PSS, TROUBLE_NO_PSS },
	{ CKM_SHA384_RSA_PKCS_PSS, TROUBLE_NO_PSS },
	{ CKM_SHA512_RSA_PKCS_PSS, TROUBLE_NO_PSS },
};

static bool
knows(CK_MECHANISM_TYPE mechanism)
{
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++)
		if (doubtful[i].mechanism == mechanism && has(doubtful[i].unknown_by))
			return false;
	return true;
}

/* The count alone is the real one's: an upper bound, as Cryptoki allows. */
static CK_RV
get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_RV rv = token.real->C_GetMechanismList(slot, list, count);
	CK_ULONG kept = 0;

	if (rv != CKR_OK || list == NULL)
		return rv;
	for (CK_ULONG i = 0; i < *count; i++)
		if (knows(list[i]))
			list[kept++] = list[i];
	*count = kept;
	return CKR_OK;
}

static CK_RV
get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	return knows(type) ? token.real->C_GetMechanismInfo(slot, type, info)
			   : CKR_MECHANISM_INVALID;
}

static CK_RV
close_session(CK_SESSION_HANDLE session)
{
	CK_RV rv = token.real->C_CloseSession(session);

	if (rv == CKR_OK)
		sessions_forget(session);
	return rv;
}

/* Of its slot alone. */
static CK_RV
close_all_sessions(CK_SLOT_ID slot)
{
	CK_RV rv = token.real->C_CloseAllSessions(slot);

	if (rv == CKR_OK)
		sessions_forget_ended();
	return rv;
}

static CK_RV
get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	CK_RV rv = token.real->C_GetSessionInfo(session, info);

	if (rv == CKR_OK)
		info->slotID += slot_offset();
	return rv;
}

static bool
is_last_pin(const CK_BYTE *pin, CK_ULONG len)
{
	bool is;

	pthread_mutex_lock(&token.lock);
	is = len == token.pin_len && memcmp(pin, token.pin, len) == 0;
	pthread_mutex_unlock(&token.lock);
	return is;
}

/* As a card does: SoftHSM itself never locks. */
static void
count_wrong_pin(void)
{
	unsigned long tries;

	if (!faults_has(token.faults, TROUBLE_PIN_TRIES, &tries))
		return;
	tries -= tries > 0;
	faults_trouble(token.faults, TROUBLE_PIN_TRIES, tries, FAULTS_ALWAYS);
	if (tries == 1)
		faults_trouble(token.faults, TROUBLE_PIN_FINAL_TRY, 1, FAULTS_ALWAYS);
	if (tries == 0)
		faults_trouble(token.faults, TROUBLE_PIN_LOCKED, 1, FAULTS_ALWAYS);
}

static CK_RV
login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
	CK_RV rv;

	if (user == CKU_CONTEXT_SPECIFIC && has(TROUBLE_ALWAYS_AUTHENTICATE)) {
		bool right = is_last_pin(pin, len);

		sessions_authenticate(session, right);
		return right ? CKR_OK : CKR_PIN_INCORRECT;
	}
	rv = token.real->C_Login(session, user, pin, len);
	if (rv == CKR_PIN_INCORRECT)
		count_wrong_pin();
	if (rv == CKR_OK && len <= PIN_MAX) {
		pthread_mutex_lock(&token.lock);
		memcpy(token.pin, pin, len);
		token.pin_len = len;
		pthread_mutex_unlock(&token.lock);
	}
	return rv;
}

static CK_RV
get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	CK_RV rv = token.real->C_GetAttributeValue(session, object, attributes, count);

	if (!has(TROUBLE_ALWAYS_AUTHENTICATE))
		return rv;
	for (CK_ULONG i = 0; i < count; i++)
		if (attributes[i].type == CKA_ALWAYS_AUTHENTICATE &&
		    attributes[i].pValue != NULL &&
		    attributes[i].ulValueLen == sizeof(CK_BBOOL))
			*(CK_BBOOL *)attributes[i].pValue = CK_TRUE;
	return rv;
}

static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	if (!knows(mechanism->mechanism))
		return CKR_MECHANISM_INVALID;
	sessions_authenticate(session, false);
	return token.real->C_SignInit(session, mechanism, key);
}

static CK_RV
decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	if (!knows(mechanism->mechanism))
		return CKR_MECHANISM_INVALID;
	sessions_authenticate(session, false);
	return token.real->C_DecryptInit(session, mechanism, key);
}

static bool
may_use_key(CK_SESSION_HANDLE session)
{
	return !has(TROUBLE_ALWAYS_AUTHENTICATE) || sessions_authenticated(session);
}

/* One bit in the middle: still as long, and still of the same form. */
static void
spoil(CK_BYTE *signature, CK_ULONG len)
{
	unsigned long value;

	if (len > 0 && faults_take(token.faults, TROUBLE_WRONG_SIGNATURES, &value))
		signature[len / 2] ^= 1;
}

/* What is refused has ended its operation (PKCS#11 v2.40 section 5.11). */
static CK_RV
sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
    CK_ULONG *signature_len)
{
	CK_BYTE scratch[SIGNATURE_MAX];
	CK_ULONG scratch_len = sizeof(scratch);
	CK_RV rv;

	if (!may_use_key(session)) {
		token.real->C_Sign(session, data, len, scratch, &scratch_len);
		return CKR_USER_NOT_LOGGED_IN;
	}
	rv = token.real->C_Sign(session, data, len, signature, signature_len);
	if (rv == CKR_OK && signature != NULL)
		spoil(signature, *signature_len);
	return rv;
}

static CK_RV
sign_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len)
{
	CK_RV rv = token.real->C_SignFinal(session, signature, signature_len);

	if (rv == CKR_OK && signature != NULL)
		spoil(signature, *signature_len);
	return rv;
}

static CK_RV
decrypt(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len,
    CK_BYTE *data, CK_ULONG *len)
{
	CK_BYTE scratch[SIGNATURE_MAX];
	CK_ULONG scratch_len = sizeof(scratch);

	if (!may_use_key(session)) {
		token.real->C_Decrypt(
		    session, encrypted, encrypted_len, scratch, &scratch_len);
		return CKR_USER_NOT_LOGGED_IN;
	}
	return token.real->C_Decrypt(session, encrypted, encrypted_len, data, len);
}

void
faulty_token_init(
    CK_FUNCTION_LIST *real, struct faults *faults, CK_FUNCTION_LIST *pretended)
{
	token.real = real;
	token.faults = faults;
	sessions_init(real, faults);
	*pretended = *real;
	pretended->C_Finalize = finalize;
	pretended->C_GetSlotList = get_slot_list;
	pretended->C_GetSlotInfo = get_slot_info;
	pretended->C_GetTokenInfo = get_token_info;
	pretended->C_GetMechanismList = get_mechanism_list;
	pretended->C_GetMechanismInfo = get_mechanism_info;
	pretended->C_OpenSession = sessions_open;
	pretended->C_CloseSession = close_session;
	pretended->C_CloseAllSessions = close_all_sessions;
	pretended->C_GetSessionInfo = get_session_info;
	pretended->C_Login = login;
	pretended->C_GetAttributeValue = get_attribute_value;
	pretended->C_SignInit = sign_init;
	pretended->C_Sign = sign;
	pretended->C_SignFinal = sign_final;
	pretended->C_DecryptInit = decrypt_init;
	pretended->C_Decrypt = decrypt;
}
