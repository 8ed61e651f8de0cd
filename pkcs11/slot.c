/* slot.c - lists the slots, and reads what is written on the tokens. */
#include "pkcs11/slot.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/ckr.h"

#define LIST_TRIES 4 /* slots may appear while they are listed */

/* Padded with blanks; some end it with a NUL. */
static void
copy_text(char *out, const CK_UTF8CHAR *field, size_t len)
{
	while (len > 0 && field[len - 1] == ' ')
		len--;
	memcpy(out, field, len);
	out[len] = '\0';
}

/* For reading only, and JSON takes whole UTF-8 alone: what is not ASCII is not copied. */
static void
copy_words(char *out, const CK_UTF8CHAR *field, size_t len)
{
	copy_text(out, field, len);
	for (char *c = out; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void
describe(CK_SLOT_ID slot, const CK_TOKEN_INFO *info, struct slot_token *token)
{
	token->slot = slot;
	copy_text(token->label, info->label, sizeof(info->label));
	copy_text(token->serial, info->serialNumber, sizeof(info->serialNumber));
	copy_words(
	    token->manufacturer, info->manufacturerID, sizeof(info->manufacturerID));
	copy_words(token->model, info->model, sizeof(info->model));
}

/* *list is the caller's to free. */
static int
list_slots(
    CK_FUNCTION_LIST *functions, CK_SLOT_ID **list, CK_ULONG *count, struct error *err)
{
	CK_RV rv = CKR_BUFFER_TOO_SMALL;

	*list = NULL;
	for (int i = 0; i < LIST_TRIES && rv == CKR_BUFFER_TOO_SMALL; i++) {
		free(*list);
		*list = NULL;
		if ((rv = functions->C_GetSlotList(CK_TRUE, NULL, count)) != CKR_OK)
			break;
		if ((*list = calloc(*count + 1, sizeof(**list))) == NULL)
			return error_set(err, ERROR_INTERNAL, "out of memory");
		rv = functions->C_GetSlotList(CK_TRUE, *list, count);
	}
	return rv == CKR_OK ? 0 : ckr_error(err, rv, "listing the module's slots");
}

struct wanted {
	const char *label, *serial;
};

static bool
matches(const struct wanted *wanted, const struct slot_token *token)
{
	if (wanted->label != NULL && strcmp(token->label, wanted->label) != 0)
		return false;
	return wanted->serial == NULL || strcmp(token->serial, wanted->serial) == 0;
}

/* One that cannot be read is another's trouble, unless ours is missing: why then is its
 * reason. */
static int
look_in_each(CK_FUNCTION_LIST *functions, const CK_SLOT_ID *slots, CK_ULONG count,
    const struct wanted *wanted, struct slot_token *found, struct error *why)
{
	int matching = 0;

	for (CK_ULONG i = 0; i < count; i++) {
		struct slot_token token;
		CK_TOKEN_INFO info;
		CK_RV rv = functions->C_GetTokenInfo(slots[i], &info);

		if (rv != CKR_OK && rv != CKR_TOKEN_NOT_PRESENT &&
		    rv != CKR_TOKEN_NOT_RECOGNIZED)
			ckr_error(why, rv, "C_GetTokenInfo");
		if (rv != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0)
			continue;
		describe(slots[i], &info, &token);
		if (matches(wanted, &token) && matching++ == 0)
			*found = token;
	}
	return matching;
}

int
slot_find(struct module *module, const char *label, const char *serial,
    struct slot_token *found, struct error *err)
{
	const struct wanted wanted = { label, serial };
	const char *what = label != NULL ? "label" : "serial";
	const char *value = label != NULL ? label : serial;
	struct error why = { .code = ERROR_NONE };
	CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;
	int matching = 0;

	if (!module_is_initialised(module))
		return error_set(err, ERROR_AWAY, "the module is not initialised");
	if (list_slots(module->functions, &slots, &count, err) != 0) {
		free(slots);
		return -1;
	}
	matching = look_in_each(module->functions, slots, count, &wanted, found, &why);
	free(slots);
	if (matching == 1)
		return 0;
	if (matching > 1)
		return error_set(err, ERROR_CONFIG,
		    "two tokens have %s \"%s\"; name the serial too", what, value);
	if (why.code != ERROR_NONE)
		return error_set(err, why.code, "%s", why.text);
	return error_set(err, ERROR_NOT_FOUND, "no token with %s \"%s\" in %s", what,
	    value, module->path);
}
