/* probe.c - one look with all that libssl speaks, then one for each other version. */
#include "probe/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "probe/handshake.h"
#include "probe/verify.h"

static const struct {
	int number;
	const char *name;
} versions[PROBE_VERSIONS] = {
	{ TLS1_VERSION, "1.0" },
	{ TLS1_1_VERSION, "1.1" },
	{ TLS1_2_VERSION, "1.2" },
	{ TLS1_3_VERSION, "1.3" },
};

const char *
probe_version_name(int index)
{
	return versions[index].name;
}

static int
run(const struct probe_options *options, int min, int max, struct handshake *seen,
    struct error *err)
{
	int timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : PROBE_TIMEOUT_MS;
	const struct handshake_options how = {
		.host = options->host,
		.port = options->port,
		.starttls = options->starttls,
		.name = options->name,
		.min_version = min,
		.max_version = max,
		.staple = min != max,
		.deadline = clock_mono_ms() + timeout_ms,
	};

	return handshake_run(&how, seen, err);
}

static enum probe_answer
answer_of(const struct handshake *seen)
{
	if (handshake_is_good(seen))
		return PROBE_YES;
	return seen->why.code == ERROR_UNSUPPORTED ? PROBE_NO : PROBE_UNTOLD;
}

static enum probe_answer
ask_version(const struct probe_options *options, int version)
{
	struct handshake seen;
	enum probe_answer answer = PROBE_UNTOLD;
	struct error why = { .code = ERROR_NONE };

	if (run(options, version, version, &seen, &why) == 0)
		answer = answer_of(&seen);
	else if (why.code == ERROR_UNSUPPORTED)
		answer = PROBE_NO;
	handshake_clear(&seen);
	return answer;
}

static void
ask_versions(const struct probe_options *options, const struct handshake *seen,
    struct probe_result *result)
{
	for (int i = 0; i < PROBE_VERSIONS; i++) {
		if (versions[i].number == seen->version)
			result->versions[i] = answer_of(seen);
		else if (options->asks_versions)
			result->versions[i] = ask_version(options, versions[i].number);
	}
}

static int
judge(const struct probe_options *options, const struct handshake *seen,
    struct probe_result *result, struct error *err)
{
	int64_t at = options->at != 0 ? options->at : clock_now_s();
	struct verified verified = { .code = X509_V_OK };
	X509_STORE *store = NULL;
	int rc = -1;

	if (verify_store(options->ca, at, &store, err) != 0 ||
	    verify_chain(store, seen->chain, &verified, err) != 0)
		goto out;
	result->verify = verified.code;
	result->verify_text = X509_verify_cert_error_string(verified.code);
	result->name_matches = verify_name(result->leaf, options->name);
	result->staple = staple_judge(
	    &(struct staple_question){ store, seen->chain, verified.issuer, at },
	    buf_bytes(&seen->ocsp), &result->staple_until);
	rc = 0;
out:
	X509_free(verified.issuer);
	X509_STORE_free(store);
	return rc;
}

static void
take_certificates(struct handshake *seen, struct probe_result *result)
{
	result->leaf = sk_X509_value(seen->chain, 0);
	certificate_serial(result->leaf, result->serial);
	result->not_before = certificate_time(X509_get0_notBefore(result->leaf));
	result->not_after = certificate_time(X509_get0_notAfter(result->leaf));
	if (!handshake_is_good(seen))
		snprintf(
		    result->unfinished, sizeof(result->unfinished), "%s", seen->why.text);
}

/* On what has a name. */
static int
look(const struct probe_options *options, struct probe_result *result, struct error *err)
{
	struct handshake seen;
	int rc = -1;

	if (run(options, TLS1_VERSION, TLS1_3_VERSION, &seen, err) != 0)
		goto out;
	take_certificates(&seen, result);
	if (judge(options, &seen, result, err) != 0)
		goto out;
	ask_versions(options, &seen, result);
	rc = 0;
out:
	result->chain = seen.chain;
	seen.chain = NULL;
	handshake_clear(&seen);
	return rc;
}

/* The dot that ends an absolute name is for the resolver alone (RFC 6066 section 3). */
int
probe_tls(
    const struct probe_options *options, struct probe_result *result, struct error *err)
{
	struct probe_options named = *options;
	char *name = strdup(options->name != NULL ? options->name : options->host);
	size_t len;
	int rc;

	*result = (struct probe_result){ .leaf = NULL };
	if (name == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	len = strlen(name);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	named.name = name;
	rc = look(&named, result, err);
	free(name);
	return rc;
}

void
probe_result_clear(struct probe_result *result)
{
	sk_X509_pop_free(result->chain, X509_free);
	*result = (struct probe_result){ .leaf = NULL };
}
