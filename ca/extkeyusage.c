/* extkeyusage.c - which purposes may be asked of a profile. */
#include "ca/extkeyusage.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

static int
nid_of(const char *purpose, bool *known)
{
	ASN1_OBJECT *object = OBJ_txt2obj(purpose, 0);
	int nid = object != NULL ? OBJ_obj2nid(object) : NID_undef;

	*known = object != NULL;
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return nid;
}

bool
extkeyusage_is_allowed(const char *purpose)
{
	static const char *const names[] = { "serverAuth", "clientAuth", "codeSigning",
		"emailProtection", "timeStamping" };
	bool readable;
	int nid;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], purpose) == 0)
			return true;
	if (purpose[strspn(purpose, "0123456789.")] != '\0')
		return false;
	nid = nid_of(purpose, &readable);
	return readable && nid != NID_anyExtendedKeyUsage && nid != NID_OCSP_sign;
}

bool
extkeyusage_is_time_stamping(const char *purpose)
{
	bool readable;

	return nid_of(purpose, &readable) == NID_time_stamp;
}

bool
extkeyusage_is_critical(const struct profile *profile)
{
	return profile->ekus != NULL && extkeyusage_is_time_stamping(profile->ekus[0]);
}
