/* resource.c - the server's JSON, member by member. */
#include "acme/resource.h"

#include <stdlib.h>
#include <string.h>

#include "acme/base64url.h"
#include "base/clock.h"
#include "base/text.h"

#define TEXT_MAX     HTTP_URL_MAX
#define CONTACTS_MAX 32

static int
read_object(struct bytes body, const char *what, json_t **json, struct error *err)
{
	*json =
	    json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(*json))
		return 0;
	json_decref(*json);
	*json = NULL;
	return error_set(err, ERROR_INTERNAL, "the server's %s is no JSON object", what);
}

static int
refuse_member(const char *member, struct error *err)
{
	return error_set(err, ERROR_INTERNAL,
	    "the server's answer has no \"%s\" as RFC 8555 has it", member);
}

/* *text is NULL for a member that is not there and need not be. */
static int
read_text(const json_t *object, const char *member, bool required, const char **text,
    struct error *err)
{
	const json_t *value = json_object_get(object, member);

	*text = json_string_value(value);
	if (*text == NULL && !required && (value == NULL || json_is_null(value)))
		return 0;
	if (*text == NULL || strlen(*text) >= TEXT_MAX || !http_is_plain(*text) ||
	    strlen(*text) != json_string_length(value))
		return refuse_member(member, err);
	return 0;
}

static int
read_url(const struct http *http, const json_t *object, const char *member, bool required,
    const char **url, struct error *err)
{
	if (read_text(object, member, required, url, err) != 0)
		return -1;
	return *url == NULL ? 0 : http_check_url(http, *url, err);
}

static int
read_bool(const json_t *object, const char *member, bool *value, struct error *err)
{
	const json_t *found = json_object_get(object, member);

	*value = json_is_true(found);
	return found == NULL || json_is_boolean(found) ? 0 : refuse_member(member, err);
}

static int
read_status(const json_t *object, enum resource_status *status, struct error *err)
{
	static const char *const names[] = { "pending", "ready", "processing", "valid",
		"invalid", "deactivated", "expired", "revoked" };
	const char *text;

	if (read_text(object, "status", true, &text, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0) {
			*status = (enum resource_status)i;
			return 0;
		}
	return refuse_member("status", err);
}

static int
read_meta(struct directory *directory, struct error *err)
{
	const json_t *meta = json_object_get(directory->json, "meta");

	if (meta != NULL && !json_is_object(meta))
		return refuse_member("meta", err);
	if (read_text(meta, "termsOfService", false, &directory->terms, err) != 0)
		return -1;
	return read_bool(meta, "externalAccountRequired", &directory->needs_binding, err);
}

int
directory_read(const struct http *http, struct bytes body, struct directory *directory,
    struct error *err)
{
	struct directory d = { .json = NULL };

	if (read_object(body, "directory", &d.json, err) != 0)
		return -1;
	if (read_url(http, d.json, "newNonce", true, &d.new_nonce, err) != 0 ||
	    read_url(http, d.json, "newAccount", true, &d.new_account, err) != 0 ||
	    read_url(http, d.json, "newOrder", true, &d.new_order, err) != 0 ||
	    read_url(http, d.json, "revokeCert", true, &d.revoke_cert, err) != 0 ||
	    read_url(http, d.json, "keyChange", true, &d.key_change, err) != 0 ||
	    read_url(http, d.json, "renewalInfo", false, &d.renewal_info, err) != 0 ||
	    read_meta(&d, err) != 0) {
		directory_free(&d);
		return -1;
	}
	*directory = d;
	return 0;
}

void
directory_free(struct directory *directory)
{
	json_decref(directory->json);
	*directory = (struct directory){ .json = NULL };
}

static int
copy_text(char **out, const char *text, struct error *err)
{
	if ((*out = strdup(text)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return 0;
}

static int
read_contacts(const json_t *object, struct acme_account *account, struct error *err)
{
	const json_t *contacts = json_object_get(object, "contact"), *one;
	size_t i;

	if (contacts == NULL || json_is_null(contacts))
		return 0;
	if (!json_is_array(contacts) || json_array_size(contacts) > CONTACTS_MAX)
		return refuse_member("contact", err);
	account->contacts = calloc(CONTACTS_MAX + 1, sizeof(*account->contacts));
	if (account->contacts == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	json_array_foreach (contacts, i, one) {
		const char *text = json_string_value(one);

		if (text == NULL || strlen(text) >= TEXT_MAX || !http_is_plain(text))
			return refuse_member("contact", err);
		if (copy_text(&account->contacts[i], text, err) != 0)
			return -1;
	}
	return 0;
}

int
account_read(struct bytes body, struct acme_account *account, struct error *err)
{
	const char *status;
	json_t *json;
	int rc = -1;

	if (read_object(body, "account", &json, err) != 0)
		return -1;
	if (read_text(json, "status", true, &status, err) == 0 &&
	    copy_text(&account->status, status, err) == 0)
		rc = read_contacts(json, account, err);
	json_decref(json);
	return rc;
}

void
acme_account_free(struct acme_account *account)
{
	for (char **contact = account->contacts; contact != NULL && *contact != NULL;
	     contact++)
		free(*contact);
	free(account->contacts);
	free(account->url);
	free(account->status);
	free(account->terms);
	*account = (struct acme_account){ .url = NULL };
}

static int
read_authorizations(const struct http *http, struct order *order, struct error *err)
{
	const json_t *urls = json_object_get(order->json, "authorizations"), *one;
	size_t i;

	if (!json_is_array(urls) || json_array_size(urls) == 0 ||
	    json_array_size(urls) > RESOURCE_NAMES_MAX)
		return refuse_member("authorizations", err);
	json_array_foreach (urls, i, one) {
		const char *url = json_string_value(one);

		if (url == NULL)
			return refuse_member("authorizations", err);
		if (http_check_url(http, url, err) != 0)
			return -1;
		order->authorizations[order->count++] = url;
	}
	return 0;
}

static int
read_error(const json_t *object, const json_t **error, struct error *err)
{
	*error = json_object_get(object, "error");
	if (json_is_null(*error))
		*error = NULL;
	return *error == NULL || json_is_object(*error) ? 0 : refuse_member("error", err);
}

int
order_read(
    const struct http *http, struct bytes body, struct order *order, struct error *err)
{
	struct order o = { .json = NULL };

	if (read_object(body, "order", &o.json, err) != 0)
		return -1;
	if (read_status(o.json, &o.status, err) != 0 ||
	    read_authorizations(http, &o, err) != 0 ||
	    read_url(http, o.json, "finalize", true, &o.finalize, err) != 0 ||
	    read_url(http, o.json, "certificate", o.status == STATUS_VALID,
		&o.certificate, err) != 0 ||
	    read_error(o.json, &o.error, err) != 0) {
		order_free(&o);
		return -1;
	}
	*order = o;
	return 0;
}

void
order_free(struct order *order)
{
	json_decref(order->json);
	*order = (struct order){ .json = NULL };
}

/* A token becomes part of a file's name and of a URL: RFC 8555 section 8.3. */
static int
read_token(const json_t *challenge, const char **token, struct error *err)
{
	if (read_text(challenge, "token", true, token, err) != 0)
		return -1;
	if (!base64url_is(*token) || strlen(*token) > RESOURCE_TOKEN_MAX)
		return refuse_member("token", err);
	return 0;
}

/* An unknown challenge is passed over, whatever it has. */
static int
read_challenge(const struct http *http, const json_t *challenge, const char *method,
    struct authorization *a, struct error *err)
{
	const char *type;

	if (!json_is_object(challenge) ||
	    read_text(challenge, "type", true, &type, err) != 0)
		return refuse_member("challenges", err);
	if (a->error == NULL && read_error(challenge, &a->error, err) != 0)
		return -1;
	if (strcmp(type, method) != 0 || a->url != NULL)
		return 0;
	if (read_url(http, challenge, "url", true, &a->url, err) != 0 ||
	    read_status(challenge, &a->challenge_status, err) != 0)
		return -1;
	return read_token(challenge, &a->token, err);
}

static int
read_challenges(const struct http *http, const char *method, struct authorization *a,
    struct error *err)
{
	const json_t *challenges = json_object_get(a->json, "challenges"), *one;
	size_t i;

	if (!json_is_array(challenges) ||
	    json_array_size(challenges) > RESOURCE_CHALLENGES_MAX)
		return refuse_member("challenges", err);
	json_array_foreach (challenges, i, one)
		if (read_challenge(http, one, method, a, err) != 0)
			return -1;
	return 0;
}

int
authorization_read(const struct http *http, struct bytes body, const char *method,
    struct authorization *authorization, struct error *err)
{
	struct authorization a = { .json = NULL };
	const json_t *identifier;

	if (read_object(body, "authorization", &a.json, err) != 0)
		return -1;
	identifier = json_object_get(a.json, "identifier");
	if (read_status(a.json, &a.status, err) != 0 ||
	    read_text(identifier, "type", true, &a.type, err) != 0 ||
	    read_text(identifier, "value", true, &a.value, err) != 0 ||
	    read_bool(a.json, "wildcard", &a.wildcard, err) != 0 ||
	    read_challenges(http, method, &a, err) != 0) {
		authorization_free(&a);
		return -1;
	}
	*authorization = a;
	return 0;
}

void
authorization_free(struct authorization *authorization)
{
	json_decref(authorization->json);
	*authorization = (struct authorization){ .json = NULL };
}

/* "+08:00" behind a time, in seconds; -1 for what is none. */
static int
read_offset(const char *text, int64_t *seconds)
{
	unsigned hours, minutes;
	char end;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*seconds = 0;
		return 0;
	}
	if (strlen(text) != strlen("+00:00") || (text[0] != '+' && text[0] != '-') ||
	    strspn(text + 1, "0123456789") != 2 ||
	    sscanf(text + 1, "%2u:%2u%c", &hours, &minutes, &end) != 2 || hours > 23 ||
	    minutes > 59)
		return -1;
	*seconds = (text[0] == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
	return 0;
}

/* RFC 3339, with any offset; fractions of seconds are dropped. */
static int
read_time(const json_t *object, const char *member, int64_t *seconds, struct error *err)
{
	char whole[CLOCK_TEXT_SIZE];
	const char *text;
	int64_t offset = 0;

	if (read_text(object, member, true, &text, err) != 0)
		return -1;
	if (strlen(text) < CLOCK_TEXT_SIZE - 1)
		return refuse_member(member, err);
	memcpy(whole, text, CLOCK_TEXT_SIZE - 2);
	memcpy(whole + CLOCK_TEXT_SIZE - 2, "Z", 2);
	text += CLOCK_TEXT_SIZE - 2;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (clock_parse(whole, seconds) != 0 || read_offset(text, &offset) != 0)
		return refuse_member(member, err);
	*seconds -= offset;
	return 0;
}

int
window_read(struct bytes body, struct acme_window *window, struct error *err)
{
	const char *explanation;
	const json_t *suggested;
	json_t *json;
	int rc = -1;

	*window = (struct acme_window){ .start = 0 };
	if (read_object(body, "renewal information", &json, err) != 0)
		return -1;
	suggested = json_object_get(json, "suggestedWindow");
	if (read_time(suggested, "start", &window->start, err) != 0 ||
	    read_time(suggested, "end", &window->end, err) != 0 ||
	    read_text(json, "explanationURL", false, &explanation, err) != 0)
		goto out;
	/* RFC 9773 section 4.2: otherwise as if there were no answer. */
	if (window->end <= window->start) {
		refuse_member("suggestedWindow", err);
		goto out;
	}
	/* One that is too long to keep is not worth a failure. */
	if (explanation != NULL)
		text_copy(window->explanation, sizeof(window->explanation), explanation);
	rc = 0;
out:
	json_decref(json);
	return rc;
}
