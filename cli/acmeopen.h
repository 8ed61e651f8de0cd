/* acmeopen.h - an ACME server and an account key, as the options of a command name them.
 */
#ifndef CLI_ACMEOPEN_H
#define CLI_ACMEOPEN_H

#include "acme/acme.h"
#include "cli/cli.h"
#include "rest/signer.h"

struct acmeopen {
	struct signer signer;
	struct acme *acme;
};

/* --acme, --ca-file and --account; a command without the last has no key. */
int acmeopen_init(struct cli *cli, struct acmeopen *open, struct error *err);
void acmeopen_clear(struct acmeopen *open);

/* Looks up a key in the daemon; signer_clear in every case. */
int
acmeopen_key(struct cli *cli, const char *name, struct signer *signer, struct error *err);

/* After a failure: what the server said, as advice, and what can be done. */
void
acmeopen_explain(struct cli *cli, const struct acmeopen *open, const struct error *err);

/* The options that all commands of acme have; ACMEOPEN_ACCOUNT the one of all but one. */
#define ACMEOPEN_OPTIONS                                                                 \
	{ .name = "acme",                                                                \
		.metavar = "URL",                                                        \
		.help = "the server's directory, such as "                               \
			"https://acme-v02.api.letsencrypt.org/directory",                \
		.required = true },                                                      \
	{                                                                                \
		.name = "ca-file", .metavar = "FILE",                                    \
		.help = "whom to trust for the server's own certificate, in PEM; "       \
			"without it the system's bundle"                                 \
	}
#define ACMEOPEN_ACCOUNT                                                                 \
	{                                                                                \
		.name = "account", .metavar = "KEY",                                     \
		.help = "the account's key in the token, of use sign, by name or "       \
			"spki:HASH",                                                     \
		.required = true                                                         \
	}

#endif
