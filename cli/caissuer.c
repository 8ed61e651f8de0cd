/* caissuer.c - shows an issuer, and sends what is to change of one. */
#include "cli/caissuer.h"

#include "cli/daemon.h"
#include "cli/output.h"

static const struct column fields[] = {
	{ "name", "name" },
	{ "state", "state" },
	{ "revoked at", "revoked_at" },
	{ "reason", "revocation_reason" },
	{ "issuer", "issuer" },
	{ "successor", "successor" },
	{ "subject", "subject" },
	{ "key", "key" },
	{ "serial", "serial" },
	{ "not before", "not_before" },
	{ "not after", "not_after" },
	{ "crl url", "crl_url" },
	{ "crl shards", "crl_shards" },
	{ "ocsp url", "ocsp_url" },
	{ "ca issuers url", "ca_issuers_url" },
	{ NULL, NULL },
};

int
caissuer_add_urls(const struct arguments *args, json_t *body, struct error *err)
{
	static const struct {
		const char *option, *member;
	} urls[] = {
		{ "crl-url", "crl_url" },
		{ "ocsp-url", "ocsp_url" },
		{ "ca-issuers-url", "ca_issuers_url" },
	};
	uint64_t shards = 0;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (argument_given(args, urls[i].option))
			json_object_set_new(body, urls[i].member,
			    json_string(argument_value(args, urls[i].option)));
	if (argument_number(args, "crl-shards", 128, &shards, err) != 0)
		return -1;
	if (argument_given(args, "crl-shards"))
		json_object_set_new(body, "crl_shards", json_integer((json_int_t)shards));
	return 0;
}

void
caissuer_print(struct cli *cli, json_t *issuer, const char *next)
{
	output_warnings(cli, issuer);
	if (cli->json) {
		output_json(cli, issuer);
	} else {
		output_fields(cli, issuer, fields);
		if (next != NULL)
			fprintf(cli->out, "\nNext: %s\n", next);
	}
	json_decref(issuer);
}

int
caissuer_send(struct cli *cli, const char *method, const char *path, json_t *body,
    const char *next, struct error *err)
{
	json_t *issuer = NULL;

	if (daemon_send(cli, method, path, body, TYPE_JSON, err) != 0 ||
	    daemon_answer(cli, &issuer, err) != 0)
		return -1;
	caissuer_print(cli, issuer, next);
	return 0;
}
