/* managedshow.c - nested answers as one row, or as fields. */
#include "cli/managedshow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

static const struct column columns[] = {
	{ "NAME", "name" },
	{ "NAMES", "names" },
	{ "FROM", "from" },
	{ "ENDS", "not_after" },
	{ "DUE", "due" },
	{ "STEP", "step" },
	{ "FAILED", "attempts" },
	{ NULL, NULL },
};

/* Of those that failed; in full it is managed show that says why. */
static const struct column failure_columns[] = {
	{ "NAME", "name" },
	{ "NEXT ATTEMPT", "next_attempt" },
	{ "LAST ERROR", "last_error" },
	{ NULL, NULL },
};

#define REASON_CHARS 48 /* a row of them is to fit into 80 columns */

static const struct column definition_fields[] = {
	{ "name", "name" },
	{ "names", "names" },
	{ "from", "from" },
	{ "profile", "profile" },
	{ "ca file", "ca_file" },
	{ "account", "account" },
	{ "challenge", "challenge" },
	{ "listens on", "listen" },
	{ "webroot", "webroot" },
	{ "dns hook", "dns_hook" },
	{ "key type", "key_type" },
	{ "new key", "new_key" },
	{ "lives", "lives" },
	{ "renewed before its end", "before" },
	{ "directory", "directory" },
	{ "owner", "owner" },
	{ "group", "group" },
	{ "mode", "mode" },
	{ "then runs", "runs" },
	{ "then verifies", "verify" },
	{ "asking for", "verify_name" },
	{ "old keys", "old_keys" },
	{ NULL, NULL },
};

static const struct column state_fields[] = {
	{ "step", "step" },
	{ "serial", "serial" },
	{ "revoked", "revoked" },
	{ "ends", "not_after" },
	{ "installed", "installed" },
	{ "due", "due" },
	{ "failed attempts", "attempts" },
	{ "next attempt", "next_attempt" },
	{ "asks again", "ask_window" },
	{ NULL, NULL },
};

static const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static long long
number_of(const json_t *object, const char *member)
{
	return (long long)json_integer_value(json_object_get(object, member));
}

static void
put_text(json_t *object, const char *member, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, member, json_string(text));
}

/* In the largest unit that it is a whole number of. */
static json_t *
in_words(long long seconds)
{
	static const struct {
		long long unit;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" },
		{ 1, "seconds" } };
	size_t i = 0;

	while (seconds % units[i].unit != 0)
		i++;
	return json_sprintf("%lld %s", seconds / units[i].unit, units[i].name);
}

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"

/* As a shell would have to be given it: what is shown is what runs. */
static void
put_word(struct buffer *line, const char *word)
{
	if (*word != '\0' && word[strspn(word, PLAIN)] == '\0') {
		buf_text(line, word);
		return;
	}
	buf_text(line, "'");
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buf_text(line, "'\\''");
		else
			buf_append(line, word, 1);
	buf_text(line, "'");
}

static void
put_words(struct buffer *line, const json_t *words)
{
	const json_t *word;
	size_t i;

	json_array_foreach (words, i, word) {
		buf_text(line, i > 0 ? " " : "");
		if (json_is_string(word))
			put_word(line, json_string_value(word));
	}
}

static void
put_source(json_t *flat, const json_t *managed)
{
	static const char *const members[] = { "profile", "ca_file", "account",
		"challenge", "listen", "webroot" };
	const json_t *source = json_object_get(managed, "source");
	const json_t *hook = json_object_get(source, "dns_hook");
	const char *issuer = text_of(source, "issuer");
	struct buffer line;

	put_text(flat, "from", issuer != NULL ? issuer : text_of(source, "acme"));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		put_text(flat, members[i], text_of(source, members[i]));
	if (hook == NULL)
		return;
	buf_init(&line, 0);
	put_words(&line, hook);
	put_text(flat, "dns_hook", buf_string(&line));
	buf_free(&line);
}

static void
put_hook(json_t *flat, const json_t *managed)
{
	const json_t *hook = json_object_get(managed, "hook");
	const char *user = text_of(hook, "user"), *shell = text_of(hook, "shell");
	struct buffer line;

	if (hook == NULL)
		return;
	buf_init(&line, 0);
	if (shell != NULL) {
		buf_text(&line, "/bin/sh -c ");
		put_word(&line, shell);
	}
	put_words(&line, json_object_get(hook, "argv"));
	if (user != NULL)
		buf_printf(&line, ", as %s", user);
	buf_printf(&line, ", at most %lld s", number_of(hook, "timeout_s"));
	put_text(flat, "runs", buf_string(&line));
	buf_free(&line);
}

static void
put_old_keys(json_t *flat, const json_t *managed)
{
	const bool go = json_is_true(json_object_get(managed, "destroy_old_keys"));
	json_t *grace = in_words(number_of(managed, "grace_s"));

	json_object_set_new(flat, "old_keys",
	    json_sprintf(go ? "destroyed after %s" : "kept, also after the grace of %s",
		json_string_value(grace)));
	json_decref(grace);
}

/* The members as definition_fields has them. */
static json_t *
flatten(const json_t *managed)
{
	json_t *flat = json_object();

	json_object_update(flat, (json_t *)(uintptr_t)managed);

	put_source(flat, managed);
	put_hook(flat, managed);
	put_old_keys(flat, managed);
	if (json_object_get(managed, "days") != NULL)
		json_object_set_new(
		    flat, "lives", json_sprintf("%lld days", number_of(managed, "days")));
	json_object_set_new(
	    flat, "before", in_words(number_of(managed, "renew_before_s")));
	return flat;
}

/* The first line, as much of it as fits; whole characters, not bytes. */
static json_t *
begin_of(const char *text)
{
	size_t len = 0, chars = 0;

	for (; text[len] != '\0' && text[len] != '\n'; len++) {
		chars += ((unsigned char)text[len] & 0xc0) != 0x80;
		if (chars > REASON_CHARS)
			break;
	}
	return json_sprintf("%.*s%s", (int)len, text, text[len] != '\0' ? "..." : "");
}

static void
append_failure(json_t *failures, const json_t *managed)
{
	const json_t *state = json_object_get(managed, "state");
	const char *reason = text_of(state, "last_error");
	json_t *row;

	if (reason == NULL)
		return;
	row = json_pack("{s:o}", "last_error", begin_of(reason));
	put_text(row, "name", text_of(managed, "name"));
	put_text(row, "next_attempt", text_of(state, "next_attempt"));
	json_array_append_new(failures, row);
}

/* Whose it is fits into a row; managed show has the whole URL. */
static void
shorten_url(json_t *row)
{
	static const char https[] = "https://";
	const char *url = text_of(json_object_get(row, "source"), "acme");

	if (url == NULL || strncmp(url, https, strlen(https)) != 0)
		return;
	url += strlen(https);
	json_object_set_new(
	    row, "from", json_sprintf("%.*s", (int)strcspn(url, "/"), url));
}

static void
append_row(json_t *rows, const json_t *managed)
{
	const json_t *state = json_object_get(managed, "state");
	const char *step = text_of(state, "step");
	json_t *row = flatten(managed);

	json_object_update(row, (json_t *)(uintptr_t)state);
	shorten_url(row);
	if (text_of(state, "revoked") != NULL && step != NULL)
		json_object_set_new(row, "step", json_sprintf("%s, revoked", step));
	json_array_append_new(rows, row);
}

void
managedshow_list(struct cli *cli, const json_t *answer)
{
	json_t *rows = json_array(), *failures = json_array(), *managed;
	size_t i;

	json_array_foreach (json_object_get(answer, "managed"), i, managed) {
		append_row(rows, managed);
		append_failure(failures, managed);
	}
	output_table(cli, rows, columns);
	if (json_array_size(failures) > 0) {
		fputc('\n', cli->out);
		output_table(cli, failures, failure_columns);
	}
	json_decref(failures);
	json_decref(rows);
}

static void
show_definition(struct cli *cli, const json_t *managed)
{
	json_t *flat = flatten(managed);

	output_fields(cli, flat, definition_fields);
	json_decref(flat);
}

/* A server's words, which may be many lines. */
static void
show_error(struct cli *cli, const char *text)
{
	struct buffer line;

	if (text == NULL)
		return;
	fputs("\nlast error\n", cli->out);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *copy = strndup(text, len);

		buf_init(&line, 0);
		output_text(&line, copy != NULL ? copy : "?");
		fprintf(cli->out, "  %s\n", buf_string(&line));
		buf_free(&line);
		free(copy);
		text += len + (text[len] == '\n');
	}
}

void
managedshow_one(struct cli *cli, const json_t *managed)
{
	const json_t *state = json_object_get(managed, "state");

	show_definition(cli, managed);
	fputc('\n', cli->out);
	output_fields(cli, state, state_fields);
	show_error(cli, text_of(state, "last_error"));
}

/* As the agent lays them out. */
static void
show_files(struct cli *cli, const json_t *managed)
{
	static const char *const files[][2] = {
		{ "chain.pem", "the certificate and those above it" },
		{ "key.pem", "the reference to its key, which is in the token" },
		{ "both.pem", "both in one, for HAProxy" },
	};
	struct buffer directory, name;

	buf_init(&directory, 0);
	buf_init(&name, 0);
	output_text(&directory, text_of(managed, "directory"));
	output_text(&name, text_of(managed, "name"));
	fprintf(cli->out, "\nfiles, of which a renewal replaces all at once\n");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		fprintf(cli->out, "  %s/%s/%s  %s\n", buf_string(&directory),
		    buf_string(&name), files[i][0], files[i][1]);
	buf_free(&directory);
	buf_free(&name);
}

/* The daemon's own, that is: what ACME servers issued it does not have. */
static void
show_issued(struct cli *cli, const json_t *managed)
{
	const json_t *name, *names = json_object_get(managed, "names");
	struct buffer word, clean;
	size_t i;

	if (text_of(json_object_get(managed, "source"), "issuer") == NULL)
		return;
	fputs("What was issued:\n", cli->out);
	buf_init(&word, 0);
	buf_init(&clean, 0);
	json_array_foreach (names, i, name) {
		buf_reset(&word);
		buf_reset(&clean);
		put_word(&word, json_is_string(name) ? json_string_value(name) : "?");
		output_text(&clean, buf_string(&word));
		fprintf(cli->out, "  keyhold cert list --san %s\n", buf_string(&clean));
	}
	buf_free(&clean);
	buf_free(&word);
}

void
managedshow_left(struct cli *cli, const char *name, const json_t *managed)
{
	fprintf(cli->out,
	    "%s is no longer managed. Key, certificate and files are there as before, "
	    "and "
	    "serve until the certificate ends.\n",
	    name);
	show_issued(cli, managed);
	fprintf(cli->out,
	    "Once no server has the key any more:\n  keyhold key delete %s\n", name);
}

static void
show_renewals(struct cli *cli, const json_t *answer)
{
	const json_t *times = json_object_get(answer, "renewals"), *time;
	const long long count = number_of(answer, "renewals_in_a_year");
	struct buffer text;
	size_t i;

	if (times == NULL) {
		fputs("\nhow often it is renewed, the ACME server decides\n", cli->out);
		return;
	}
	fprintf(cli->out, "\nrenewed %lld times in a year, not before\n", count);
	json_array_foreach (times, i, time) {
		buf_init(&text, 0);
		output_text(&text,
		    json_string_value(time) != NULL ? json_string_value(time) : "?");
		fprintf(cli->out, "  %s\n", buf_string(&text));
		buf_free(&text);
	}
	if ((long long)json_array_size(times) < count)
		fputs("  ...\n", cli->out);
}

void
managedshow_trial(struct cli *cli, const json_t *answer)
{
	static const struct column fields[] = {
		{ "issuer", "issuer" },
		{ "subject", "subject" },
		{ "names", "names" },
		{ "from", "not_before" },
		{ "until", "not_after" },
		{ NULL, NULL },
	};
	const json_t *managed = json_object_get(answer, "managed");
	const json_t *certificate = json_object_get(answer, "certificate");

	fputs("it would be\n\n", cli->out);
	show_definition(cli, managed);
	if (certificate != NULL) {
		fputs("\nthe certificate, issued now\n\n", cli->out);
		output_fields(cli, certificate, fields);
		output_warnings(cli, certificate);
	}
	show_renewals(cli, answer);
	show_files(cli, managed);
	fputs("\nnothing was made\n", cli->out);
}
