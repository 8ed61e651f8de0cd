/* outside.c - an entry's source, as an ACME client takes it. */
#include "agent/outside.h"

#include <string.h>

#include "agent/ask.h"
#include "base/pem.h"
#include "rest/signer.h"
#include "rest/url.h"

#define WORDS_MAX 100

_Static_assert(SIGNER_SIGNATURE_MAX == ACME_SIGNATURE_MAX, "one signature fits both");

/* An order and its challenge; texts are the entry's. */
struct outside {
	const char *names[WORDS_MAX + 1];
	const char *hook[WORDS_MAX + 1];
	struct buffer csr, replaces;
	struct acme_order order;
	struct acme_challenge challenge;
};

static const char *
text_of(const struct work *work, const char *member)
{
	return json_string_value(json_object_get(work->entry->source, member));
}

static int
list_words(
    const json_t *array, const char *words[static WORDS_MAX + 1], struct error *err)
{
	const json_t *word;
	size_t i;

	if (json_array_size(array) > WORDS_MAX)
		return error_set(
		    err, ERROR_TOO_LARGE, "a list of more than %d", WORDS_MAX);
	json_array_foreach (array, i, word) {
		if ((words[i] = json_string_value(word)) == NULL)
			return error_set(
			    err, ERROR_INTERNAL, "a list with what is no text");
	}
	return 0;
}

static int
prepare(const struct work *work, const char *csr, struct outside *o, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	const char *challenge = text_of(work, "challenge");
	const struct bytes pem = { (const unsigned char *)csr, strlen(csr) };

	if (challenge == NULL || acme_method_read(challenge, &o->challenge.method) != 0)
		return error_set(err, ERROR_INTERNAL, "there is no such challenge");
	if (list_words(work->entry->names, o->names, err) != 0 ||
	    list_words(json_object_get(work->entry->source, "dns_hook"), o->hook, err) !=
		0 ||
	    pem_read(pem, labels, &o->csr, err) != 0)
		return -1;
	o->challenge.listen = text_of(work, "listen");
	o->challenge.webroot = text_of(work, "webroot");
	o->challenge.hook = o->hook[0] != NULL ? o->hook : NULL;
	o->order.names = o->names;
	o->order.csr = buf_bytes(&o->csr);
	o->order.profile = text_of(work, "profile");
	return 0;
}

/* What is installed, if anything is: whether it is this server's to be replaced, the
 * server knows. */
static int
find_replaced(const struct work *work, struct outside *o, struct error *err)
{
	struct buffer chain;
	struct error none;
	int rc;

	buf_init(&chain, 0);
	rc = place_read(&work->place, &chain, err);
	if (rc == 0 && leaf_write(buf_bytes(&chain), &o->replaces, &none) == 0)
		o->order.replaces = buf_bytes(&o->replaces);
	buf_free(&chain);
	return rc;
}

/* The account's key, of the token. */
static int
find_account(struct work *work, struct signer *signer, struct error *err)
{
	const char *account = text_of(work, "account");
	char url[URL_MAX];
	struct buffer pem;
	int rc = -1;

	buf_init(&pem, 0);
	if (account == NULL)
		error_set(err, ERROR_INTERNAL, "there is no account");
	else if (url_key(url, account, "/public", err) == 0 &&
		 ask_text(work->agent, url, TYPE_PEM, &pem, err) == 0)
		rc = signer_init(signer, work->agent->rest, buf_bytes(&pem), err);
	buf_free(&pem);
	return rc;
}

/* What there is room for, and no part of a character. */
static void
keep_problem(struct buffer *detail, const char *text)
{
	size_t len = strlen(text), room = detail->max_bytes - detail->len;

	if (len > room)
		for (len = room; len > 0 && (text[len] & 0xc0) == 0x80;)
			len--;
	buf_append(detail, text, len);
}

static int
order(struct work *work, const struct outside *o, struct signer *signer,
    struct buffer *chain, struct error *err)
{
	const struct acme_options options = { .directory = text_of(work, "acme"),
		.ca_file = text_of(work, "ca_file"),
		.key = { buf_bytes(&signer->spki), signer_sign, signer },
		.stop = agent_is_stopped };
	struct acme *acme = NULL;
	int rc = acme_open(&options, &acme, err);

	if (rc == 0)
		rc = acme_obtain(acme, &o->order, &o->challenge, chain, err);
	if (rc != 0 && acme != NULL) {
		keep_problem(&work->agent->detail, acme_problem(acme));
		work->retry_after_s = acme_retry_after_s(acme);
	}
	if (rc != 0 && err->code == ERROR_NOT_FOUND)
		keep_problem(&work->agent->detail,
		    "The account's key has no account there: keyhold acme register\n");
	acme_close(acme);
	return rc;
}

int
outside_obtain(
    struct work *work, const char *csr, struct buffer *chain, struct error *err)
{
	struct outside o = { .names = { NULL } };
	struct signer signer = { .rest = NULL };
	int rc = -1;

	buf_init(&o.csr, 0);
	buf_init(&o.replaces, 0);
	if (prepare(work, csr, &o, err) == 0 && find_replaced(work, &o, err) == 0 &&
	    find_account(work, &signer, err) == 0)
		rc = order(work, &o, &signer, chain, err);
	signer_clear(&signer);
	buf_free(&o.csr);
	buf_free(&o.replaces);
	return rc;
}

int
outside_window(const struct work *work, struct bytes certificate,
    struct acme_window *window, struct error *err)
{
	const struct acme_options options = { .directory = text_of(work, "acme"),
		.ca_file = text_of(work, "ca_file"),
		.stop = agent_is_stopped };
	struct acme *acme = NULL;
	int rc = acme_open(&options, &acme, err);

	if (rc == 0)
		rc = acme_window(acme, certificate, window, err);
	acme_close(acme);
	return rc;
}
