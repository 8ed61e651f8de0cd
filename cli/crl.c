/* crl.c - what a CA has revoked, as PEM. */
#include "cli/crl.h"

#include <stdio.h>

#include "cli/artifact.h"
#include "cli/daemon.h"
#include "rest/url.h"

#define SHARD_MAX 65535

/* A million revoked certificates are some 60 MB of PEM. */
#define CRL_MAX_BYTES (512u * 1024 * 1024)

static int
write_ending(const struct arguments *args, char ending[static 32], struct error *err)
{
	bool delta = argument_given(args, "delta"), one = argument_given(args, "shard");
	uint64_t shard = 0;

	if (delta && one)
		return error_set(err, ERROR_CONFIG,
		    "--delta and --shard: there is one delta, of all certificates");
	if (argument_number(args, "shard", SHARD_MAX, &shard, err) != 0)
		return -1;
	if (one)
		snprintf(ending, 32, "/crl/%u", (unsigned)shard);
	else
		snprintf(ending, 32, "/crl%s", delta ? "/delta" : "");
	return 0;
}

int
crl_save(struct cli *cli, struct error *err)
{
	const char *path = argument_value(&cli->args, "out");
	char url[URL_MAX], ending[32];

	if (write_ending(&cli->args, ending, err) != 0 ||
	    url_issuer(url, cli->args.operand, ending, err) != 0 ||
	    artifact_check(cli, path, false, err) != 0)
		return -1;
	cli->rest.res.body.max_bytes = CRL_MAX_BYTES;
	if (daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	return artifact_write(
	    cli, path, buf_bytes(&cli->rest.res.body), MODE_PUBLIC, false, err);
}

const struct option_spec crl_options[] = {
	{ .name = "delta", .help = "only what changed since a CRL that is still valid" },
	{ .name = "shard",
	    .metavar = "N",
	    .help = "one part of a CRL that is divided: the number in its certificates' "
		    "URL" },
	{ .name = "out",
	    .metavar = "FILE",
	    .help = "write it there, not on standard output" },
	{ .name = NULL },
};
