/* authority_predecessor.c - which certificate a request wants to take the place of. */
#include "ca/authority.h"

#include <string.h>

#include "ca/authority_state.h"
#include "ca/csr.h"
#include "ca/identity.h"
#include "ca/san.h"
#include "ca/subject.h"
#include "store/certificate_copy.h"

/* The longest is a URI. */
#define NAME_SIZE 2304

struct search {
	struct issuers *issuers;
	const struct issuer *signer;
	const char *profile, *subject, *names;
	struct certificate_copy *found;
};

static bool
has_word(const char *words, const char *word, size_t len)
{
	while (*words != '\0') {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, len) == 0)
			return true;
		words += n;
		words += strspn(words, " ");
	}
	return false;
}

/* In any order; neither has repeats. */
static bool
same_words(const char *a, const char *b)
{
	if (strlen(a) != strlen(b))
		return false;
	while (*a != '\0') {
		size_t n = strcspn(a, " ");

		if (!has_word(b, a, n))
			return false;
		a += n;
		a += strspn(a, " ");
	}
	return true;
}

/* Whoever issued it, today the same issuer would. */
static bool
has_signer(const struct search *search, const char *issuer)
{
	struct issuer *signer;

	return issuers_find_signer(search->issuers, issuer, &signer, NULL) == 0 &&
	       strcmp(signer->row.name, search->signer->row.name) == 0;
}

/* The last one is the newest. */
static int
consider(void *ctx, int64_t id, const struct certificate_row *row)
{
	struct search *search = ctx;

	(void)id;
	if (has_signer(search, row->issuer) &&
	    strcmp(row->profile, search->profile) == 0 &&
	    strcmp(row->subject, search->subject) == 0 &&
	    same_words(row->names, search->names))
		certificate_copy_take(search->found, row);
	return 0;
}

/* By the first of its names; "dns:a.example ip:10.0.0.1" has at least one. */
static int
search(struct authority *authority, struct search *search, struct error *err)
{
	char name[NAME_SIZE];
	size_t kind = strcspn(search->names, ":") + 1;
	size_t len = strcspn(search->names, " ");
	struct certificate_filter filter = {
		.status = "valid",
		.name = name,
		.limit = SIZE_MAX,
	};

	if (len < kind || len - kind >= sizeof(name))
		return 0;
	memcpy(name, search->names + kind, len - kind);
	name[len - kind] = '\0';
	if (store_certificate_each(authority->store, &filter, consider, search, err) != 0)
		return -1;
	return certificate_copy_failed(search->found)
		   ? error_set(err, ERROR_INTERNAL, "out of memory")
		   : 0;
}

static int
search_for(struct authority *authority, const struct issue_request *request,
    const struct identity *identity, struct certificate_copy *found, struct error *err)
{
	struct issuers *issuers = &authority->issuers;
	struct buffer subject, names;
	struct issuer *signer;
	int rc = -1;

	buf_init(&subject, 0);
	buf_init(&names, 0);
	san_text(identity->names, &names);
	if (issuers_find_signer(issuers, request->issuer, &signer, err) == 0 &&
	    subject_text(identity->subject, &subject, err) == 0)
		rc = search(authority,
		    &(struct search){ issuers, signer, request->profile,
			buf_string(&subject), buf_string(&names), found },
		    err);
	buf_free(&subject);
	buf_free(&names);
	return rc;
}

static int
find_for(struct authority *authority, const struct issue_request *request,
    const struct profile *profile, struct certificate_copy *found, struct violations *v,
    struct error *err)
{
	struct identity identity = { 0 };
	struct warnings ignored = { 0 };
	struct csr csr;
	int rc = -1;

	if (csr_read(authority->libctx, &request->csr, &csr, v, err) != 0 ||
	    identity_read(&csr, profile, &identity, &ignored, v, err) != 0 ||
	    violations_verdict(v, err) != 0 ||
	    search_for(authority, request, &identity, found, err) != 0)
		goto out;
	if (found->row.serial[0] == '\0')
		violations_add(v, RULE_RENEWAL_NAMES, "csr",
		    "issuer %s has no valid certificate of profile %s with this subject "
		    "and these names",
		    request->issuer, request->profile);
	rc = violations_verdict(v, err);
out:
	identity_clear(&identity);
	csr_clear(&csr);
	return rc;
}

int
authority_find_predecessor(struct authority *authority,
    const struct issue_request *request, struct certificate_copy *found,
    struct violations *v, struct error *err)
{
	const struct profile *profile;
	int rc;

	*found = (struct certificate_copy){ 0 };
	if (profiles_find(&authority->profiles, request->profile, &profile, err) != 0)
		return -1;
	rc = find_for(authority, request, profile, found, v, err);
	profile_unref(profile);
	return rc;
}
