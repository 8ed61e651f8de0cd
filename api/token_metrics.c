/* token_metrics.c - families of tokens: all samples of a family follow its head. */
#include "api/token_metrics.h"

#include "api/exposition.h"

#define NAME_TOKEN      "keyhold_token_seconds"
#define NAME_RECOVERIES "keyhold_token_recoveries_total"
#define NAME_WAIT       "keyhold_session_wait_seconds"

static long long
in_use(const struct keystore_use *use)
{
	return use->sessions.lent;
}

static long long
at_most(const struct keystore_use *use)
{
	return use->sessions.max;
}

static long long
at_home(const struct keystore_use *use)
{
	return (long long)use->keys;
}

static long long
copied(const struct keystore_use *use)
{
	return (long long)use->copies;
}

static long long
away(const struct keystore_use *use)
{
	return use->recovery.is_away || use->recovery.hangs ? 1 : 0;
}

static long long
hanging(const struct keystore_use *use)
{
	return use->recovery.hangs ? 1 : 0;
}

static const struct {
	const char *name, *help;
	long long (*read)(const struct keystore_use *use);
} gauges[] = {
	{ "keyhold_sessions_in_use", "Sessions of the token at work.", in_use },
	{ "keyhold_sessions_max", "How many there may be.", at_most },
	{ "keyhold_keys", "Keys at home on the token, replaced ones too.", at_home },
	{ "keyhold_key_copies", "Of keys on the token, those with a copy in a session.",
	    copied },
	{ "keyhold_token_away", "1 while requests for the token are refused at once.",
	    away },
	{ "keyhold_token_hangs", "1 while a call to the token does not return.",
	    hanging },
};

struct page {
	struct keyring *keys;
	struct buffer *out;
};

/* The name of token i, and how it is. */
static struct keystore_use
look(const struct page *page, size_t i, struct label *label)
{
	struct keystore *store = keyring_store(page->keys, i);

	*label = (struct label){ "token", keystore_token(store)->name };
	return keystore_use(store);
}

static void
write_gauges(const struct page *page)
{
	for (size_t g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++) {
		exposition_family(page->out, gauges[g].name, "gauge", gauges[g].help);
		for (size_t i = 0; i < keyring_tokens(page->keys); i++) {
			struct label labels[2] = { 0 };
			struct keystore_use use = look(page, i, &labels[0]);

			exposition_integer(
			    page->out, gauges[g].name, labels, gauges[g].read(&use));
		}
	}
}

static void
write_waits(const struct page *page)
{
	exposition_family(page->out, NAME_WAIT, "histogram",
	    "How long an operation waited for a session, also in vain; 0 where one was "
	    "free.");
	for (size_t i = 0; i < keyring_tokens(page->keys); i++) {
		struct label labels[2] = { 0 };
		struct keystore_use use = look(page, i, &labels[0]);

		exposition_histogram(page->out, NAME_WAIT, labels, use.sessions.waits);
	}
}

static void
write_times(const struct page *page)
{
	static const char *const names[TOKEN_WORKS] = {
		[TOKEN_SIGNS] = "sign",
		[TOKEN_DECRYPTS] = "decrypt",
		[TOKEN_GENERATES] = "generate",
	};

	exposition_family(page->out, NAME_TOKEN, "histogram",
	    "In the token alone, by operation: C_SignInit and C_Sign, and so on. The "
	    "daemon's own are among them: certificates, CRLs, tests.");
	for (size_t i = 0; i < keyring_tokens(page->keys); i++) {
		struct label labels[3] = { 0 };
		struct keystore_use use = look(page, i, &labels[0]);

		for (int work = 0; work < TOKEN_WORKS; work++) {
			labels[1] = (struct label){ "operation", names[work] };
			exposition_histogram(
			    page->out, NAME_TOKEN, labels, &use.times[work]);
		}
	}
}

static void
write_recoveries(const struct page *page)
{
	exposition_family(page->out, NAME_RECOVERIES, "counter",
	    "Logins, and reloads of the module, to have a token work again.");
	for (size_t i = 0; i < keyring_tokens(page->keys); i++) {
		struct label labels[3] = { 0 };
		struct keystore_use use = look(page, i, &labels[0]);

		labels[1] = (struct label){ "action", "login" };
		exposition_integer(
		    page->out, NAME_RECOVERIES, labels, (long long)use.recovery.logins);
		labels[1] = (struct label){ "action", "reload" };
		exposition_integer(
		    page->out, NAME_RECOVERIES, labels, (long long)use.recovery.reloads);
	}
}

void
token_metrics_write(struct keyring *keys, struct buffer *out)
{
	const struct page page = { keys, out };

	write_gauges(&page);
	write_waits(&page);
	write_times(&page);
	write_recoveries(&page);
}
