/* signing.h - asks an issuer for a certificate. */
#ifndef CLI_SIGNING_H
#define CLI_SIGNING_H

#include <jansson.h>

#include "cli/cli.h"

/*
 * Sends the PEM request to the issuer of --ca, with --profile and --days. *certificate
 * has the daemon's members and "chain"; the caller frees with json_decref. The daemon's
 * warnings are printed.
 */
int signing_request(
    struct cli *cli, const char *csr, json_t **certificate, struct error *err);

/* The chain in PEM, leaf first; belongs to the certificate. */
int signing_chain(const json_t *certificate, struct bytes *chain, struct error *err);

/* The chain to path, or standard output, where --json has the certificate's JSON instead.
 */
int signing_write(
    struct cli *cli, const json_t *certificate, const char *path, struct error *err);

/* For when what was issued could not be written: where it still is. */
void signing_advise(struct cli *cli, const json_t *certificate);

#endif
