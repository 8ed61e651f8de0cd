/* caissuer.h - an issuer as commands of keyhold ca show it. */
#ifndef CLI_CAISSUER_H
#define CLI_CAISSUER_H

#include <jansson.h>

#include "cli/cli.h"

/* --crl-url, --ocsp-url, --ca-issuers-url and --crl-shards, for a table of options. */
#define CAISSUER_URL_OPTIONS                                                             \
	{ .name = "crl-url",                                                             \
		.metavar = "URL",                                                        \
		.help = "where its CRL will be fetched, http:// only" },                 \
	    { .name = "ocsp-url",                                                        \
		    .metavar = "URL",                                                    \
		    .help = "where its OCSP responder is asked, http:// only" },         \
	    { .name = "ca-issuers-url",                                                  \
		    .metavar = "URL",                                                    \
		    .help = "where its certificate will be fetched, http:// only" },     \
	{                                                                                \
		.name = "crl-shards", .metavar = "N",                                    \
		.help = "into how many parts its CRL is divided, at most 128"            \
	}

/* Puts what those options say into the request. */
int caissuer_add_urls(const struct arguments *args, json_t *body, struct error *err);

/* Frees issuer; warnings go to the errors. With next, a line on what to do. */
void caissuer_print(struct cli *cli, json_t *issuer, const char *next);

/* Sends body, which is freed, and shows the issuer that comes back. */
int caissuer_send(struct cli *cli, const char *method, const char *path, json_t *body,
    const char *next, struct error *err);

#endif
