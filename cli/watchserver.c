/* watchserver.c - a TLS server's row. */
#include "cli/watch.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "probe/probe.h"
#include "probe/target.h"

/* RFC 8996: they must not be used. */
static bool
is_deprecated(int version)
{
	return version < 2;
}

static void
add_versions(json_t *row, const struct probe_result *result)
{
	json_t *served = json_array();
	char old[32] = "";

	for (int i = 0; i < PROBE_VERSIONS; i++) {
		const char *name = probe_version_name(i);
		size_t len = strlen(old);

		if (result->versions[i] != PROBE_YES)
			continue;
		json_array_append_new(served, json_string(name));
		if (is_deprecated(i))
			snprintf(old + len, sizeof(old) - len, "%s%s",
			    len > 0 ? " and " : "", name);
	}
	json_object_set_new(row, "tls", served);
	if (old[0] != '\0')
		watch_fault(row, "serves TLS %s", old);
}

/* That it has ended is said already, and by the time that all is judged at. */
static bool
is_said(const json_t *row, int verify)
{
	return (verify == X509_V_ERR_CERT_HAS_EXPIRED ||
		   verify == X509_V_ERR_CERT_NOT_YET_VALID) &&
	       json_array_size(json_object_get(row, "faults")) > 0;
}

static void
judge(json_t *row, const struct probe_target *target, const struct probe_result *result)
{
	if (result->unfinished[0] != '\0')
		watch_fault(row, "%s", result->unfinished);
	if (result->verify != X509_V_OK && !is_said(row, result->verify))
		watch_fault(row, "chain: %s", result->verify_text);
	if (!result->name_matches)
		watch_fault(row, "not for %s", target->name);
	add_versions(row, result);
	/* By an issuer that is not known no answer can be judged. */
	if (result->staple > STAPLE_GOOD &&
	    (result->staple != STAPLE_BAD || result->verify == X509_V_OK))
		watch_fault(row, "stapled OCSP answer: %s", staple_name(result->staple));
	json_object_set_new(row, "chain",
	    json_string(result->verify == X509_V_OK ? "ok" : result->verify_text));
	json_object_set_new(row, "name_matches", json_boolean(result->name_matches));
	json_object_set_new(row, "staple", json_string(staple_name(result->staple)));
}

static json_t *
look(struct watch *watch, const char *where, const struct probe_target *target,
    struct probe_result *result)
{
	const struct probe_options options = { .host = target->host,
		.port = target->port,
		.starttls = target->starttls,
		.name = target->name,
		.ca = watch->ca,
		.at = watch->now,
		.timeout_ms = watch->timeout_ms,
		.asks_versions = true };
	struct error why = { .code = ERROR_NONE };
	json_t *row;

	if (probe_tls(&options, result, &why) != 0) {
		row = watch_row(watch, "server", target->name, where, NULL);
		watch_fault(row, "%s", why.text);
		return row;
	}
	row = watch_row(watch, "server", target->name, where,
	    &(struct watch_times){
		result->not_before, result->not_after, result->serial });
	judge(row, target, result);
	watch_revoked(watch, row, result->leaf);
	return row;
}

int
watch_server(struct watch *watch, const char *target, struct error *err)
{
	struct probe_target place;
	struct probe_result result = { .leaf = NULL };
	char where[PROBE_HOST_SIZE + PROBE_PORT_SIZE + 4];
	json_t *row;
	bool is_v6;

	if (probe_target_read(target, &place, err) != 0)
		return -1;
	is_v6 = strchr(place.host, ':') != NULL;
	snprintf(where, sizeof(where), "%s%s%s:%s", is_v6 ? "[" : "", place.host,
	    is_v6 ? "]" : "", place.port);
	row = look(watch, where, &place, &result);
	watch_add(watch, row, result.staple == STAPLE_GOOD ? "ok, stapled" : NULL);
	probe_result_clear(&result);
	return 0;
}
