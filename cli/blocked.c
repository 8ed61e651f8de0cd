/* blocked.c - keyhold key block, unblock, blocked: public keys that are not certified. */
#include <stdio.h>

#include <jansson.h>

#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "cli/publickey.h"
#include "rest/url.h"

#define PAGE_MAX "1000" /* the daemon's */

static const struct column fields[] = {
	{ "spki sha256", "spki_sha256" },
	{ "reason", "reason" },
	{ "blocked", "created" },
	{ NULL, NULL },
};

static const struct column columns[] = {
	{ "SPKI SHA256", "spki_sha256" },
	{ "BLOCKED", "created" },
	{ "REASON", "reason" },
	{ NULL, NULL },
};

static int
key_url(struct cli *cli, char url[static URL_MAX], struct error *err)
{
	char hex[PUBLICKEY_HEX_SIZE];

	if (publickey_read(cli->args.operand, hex, err) != 0)
		return -1;
	snprintf(url, URL_MAX, "/v1/blocked-keys/spki:%s", hex);
	return 0;
}

static int
block_key(struct cli *cli, struct error *err)
{
	const char *reason = argument_value(&cli->args, "reason");
	json_t *answer = NULL;
	char url[URL_MAX];

	if (key_url(cli, url, err) != 0 ||
	    daemon_send(cli, "PUT", url, json_pack("{s:s}", "reason", reason), TYPE_JSON,
		err) != 0 ||
	    daemon_answer(cli, &answer, err) != 0)
		return -1;
	if (cli->json) {
		output_json(cli, answer);
	} else {
		output_fields(cli, answer, fields);
		fputs("\nNothing is certified for this key from now on. Certificates "
		      "that it has stay valid\nuntil they are revoked.\n",
		    cli->out);
	}
	json_decref(answer);
	return 0;
}

static int
unblock_key(struct cli *cli, struct error *err)
{
	char url[URL_MAX];

	if (key_url(cli, url, err) != 0 ||
	    daemon_send(cli, "DELETE", url, json_object(), NULL, err) != 0)
		return -1;
	if (!cli->json)
		fprintf(cli->out, "unblocked key %s\n", cli->args.operand);
	return 0;
}

static int
list_blocked(struct cli *cli, struct error *err)
{
	json_t *list = json_array(), *page, *answer;
	struct buffer url;
	int rc = -1;

	buf_init(&url, 0);
	buf_text(&url, "/v1/blocked-keys?limit=" PAGE_MAX);
	while (url.len > 0) {
		if (daemon_get_json(cli, buf_string(&url), &page, err) != 0)
			goto out;
		json_array_extend(list, json_object_get(page, "blocked_keys"));
		json_decref(page);
		daemon_next_page(cli, &url);
	}
	if (cli->json) {
		answer = json_pack("{s:O}", "blocked_keys", list);
		output_json(cli, answer);
		json_decref(answer);
	} else {
		output_table(cli, list, columns);
	}
	rc = 0;
out:
	json_decref(list);
	buf_free(&url);
	return rc;
}

static const struct option_spec block_options[] = {
	{ .name = "reason",
	    .metavar = "TEXT",
	    .help = "why; it is shown when a request is refused for it",
	    .required = true },
	{ .name = NULL },
};

const struct command blocked_commands[] = {
	{ "key block", "KEY",
	    "never certify a public key, by spki:HASH or a file that has it",
	    "keyhold key block leaked.crt --reason leaked", block_options, block_key },
	{ "key unblock", "KEY", "certify a key again that was blocked",
	    "keyhold key unblock leaked.crt", NULL, unblock_key },
	{ "key blocked", NULL, "list the keys that are blocked", "keyhold key blocked",
	    NULL, list_blocked },
	{ .path = NULL },
};
