/* acmeopen.c - opens the client, and makes its errors this program's. */
#include "cli/acmeopen.h"

#include <signal.h>
#include <string.h>

#include "cli/daemon.h"
#include "rest/url.h"

#define LINE_MAX_BYTES 1000

_Static_assert(SIGNER_SIGNATURE_MAX == ACME_SIGNATURE_MAX, "one signature fits both");

/* So that records and files of a challenge are taken away again. */
static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	interrupted = number;
}

static bool
is_interrupted(void)
{
	return interrupted != 0;
}

static void
watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt };

	struct sigaction before;

	/* What is ignored stays so, as nohup wants it. */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

int
acmeopen_key(struct cli *cli, const char *name, struct signer *signer, struct error *err)
{
	char url[URL_MAX];

	*signer = (struct signer){ .rest = NULL };
	if (url_key(url, name, "/public", err) != 0 ||
	    daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	return signer_init(signer, &cli->rest, buf_bytes(&cli->rest.res.body), err);
}

int
acmeopen_init(struct cli *cli, struct acmeopen *open, struct error *err)
{
	struct acme_options options = { .directory = argument_value(&cli->args, "acme"),
		.ca_file = argument_value(&cli->args, "ca-file"),
		.stop = is_interrupted };

	*open = (struct acmeopen){ .acme = NULL };
	if (command_option(cli->args.command, "account") != NULL) {
		if (acmeopen_key(cli, argument_value(&cli->args, "account"),
			&open->signer, err) != 0)
			return -1;
		options.key = (struct acme_key){ buf_bytes(&open->signer.spki),
			signer_sign, &open->signer };
	}
	watch_signals();
	return acme_open(&options, &open->acme, err);
}

void
acmeopen_clear(struct acmeopen *open)
{
	acme_close(open->acme);
	signer_clear(&open->signer);
}

static void
advise_lines(struct cli *cli, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		size_t part = len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES;

		cli_advise(cli, "%.*s", (int)part, text);
		text += part;
		if (*text == '\n')
			text++;
	}
}

void
acmeopen_explain(struct cli *cli, const struct acmeopen *open, const struct error *err)
{
	if (open->acme == NULL)
		return;
	advise_lines(cli, acme_problem(open->acme));
	if (acme_retry_after_s(open->acme) > 0)
		cli_advise(cli, "The server asks to wait %lld seconds.",
		    (long long)acme_retry_after_s(open->acme));
	if (err->code == ERROR_FORBIDDEN && *acme_problem(open->acme) == '\0')
		cli_advise(cli, "An account takes a key of use sign: keyhold key create "
				"acme --use sign");
	if (err->code == ERROR_NOT_FOUND)
		cli_advise(cli, "The key has no account there: keyhold acme register");
}
