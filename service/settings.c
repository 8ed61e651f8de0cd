/*
 * settings.c - reads YAML by the one table of settings.
 *
 * libcyaml says what was wrong only to its log, in its own words: first the reason,
 * then the fields around it from the inside out. Both are put into ours.
 */
#include "service/settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "service/config.h"
#include "service/listen.h"
#include "service/syntax.h"

#define TEXT(name, structure, member, optional)                                          \
	CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER | (optional), structure, member, \
	    0, CYAML_UNLIMITED)

static const cyaml_schema_field_t token_fields[] = {
	TEXT("name", struct token_settings, name, CYAML_FLAG_OPTIONAL),
	TEXT("module", struct token_settings, module, 0),
	TEXT("label", struct token_settings, label, CYAML_FLAG_OPTIONAL),
	TEXT("serial", struct token_settings, serial, CYAML_FLAG_OPTIONAL),
	TEXT("pin_file", struct token_settings, pin_file, CYAML_FLAG_OPTIONAL),
	TEXT("init_args", struct token_settings, init_args, CYAML_FLAG_OPTIONAL),
	TEXT("max_sessions", struct token_settings, max_sessions, CYAML_FLAG_OPTIONAL),
	TEXT("session_wait_ms", struct token_settings, session_wait_ms,
	    CYAML_FLAG_OPTIONAL),
	TEXT(
	    "session_copies", struct token_settings, session_copies, CYAML_FLAG_OPTIONAL),
	TEXT("verify_one_in", struct token_settings, verify_one_in, CYAML_FLAG_OPTIONAL),
	TEXT("hang_ms", struct token_settings, hang_ms, CYAML_FLAG_OPTIONAL),
	TEXT("reload_pause_ms", struct token_settings, reload_pause_ms,
	    CYAML_FLAG_OPTIONAL),
	TEXT("watchdog_s", struct token_settings, watchdog_s, CYAML_FLAG_OPTIONAL),
	TEXT("keepalive_s", struct token_settings, keepalive_s, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t one_token = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct token_settings, token_fields),
};

#define LIMIT(name) TEXT(#name, struct limits_settings, name, CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t limits_fields[] = {
	LIMIT(connections),
	LIMIT(connections_per_peer),
	LIMIT(threads_per_peer),
	LIMIT(http),
	LIMIT(http_per_peer),
	LIMIT(header_bytes),
	LIMIT(header_s),
	LIMIT(body_s),
	LIMIT(answer_s),
	LIMIT(idle_s),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t listener_fields[] = {
	TEXT("unix", struct listener_settings, path, CYAML_FLAG_OPTIONAL),
	TEXT("https", struct listener_settings, https, CYAML_FLAG_OPTIONAL),
	TEXT("http", struct listener_settings, http, CYAML_FLAG_OPTIONAL),
	TEXT("mode", struct listener_settings, mode, CYAML_FLAG_OPTIONAL),
	TEXT("owner", struct listener_settings, owner, CYAML_FLAG_OPTIONAL),
	TEXT("group", struct listener_settings, group, CYAML_FLAG_OPTIONAL),
	TEXT("certificate", struct listener_settings, certificate, CYAML_FLAG_OPTIONAL),
	TEXT("client_auth", struct listener_settings, client_auth, CYAML_FLAG_OPTIONAL),
	TEXT("client_ca", struct listener_settings, client_ca, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t listener = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct listener_settings, listener_fields),
};

static const cyaml_schema_value_t word = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

#define PATTERNS(name, member)                                                           \
	CYAML_FIELD_SEQUENCE(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,             \
	    struct access_settings, member, &word, 1, ACCESS_LIST_MAX)

static const cyaml_schema_field_t access_fields[] = {
	TEXT("who", struct access_settings, who, 0),
	CYAML_FIELD_SEQUENCE("may", CYAML_FLAG_POINTER, struct access_settings, may,
	    &word, 1, ACCESS_MAY_MAX),
	PATTERNS("keys", keys),
	PATTERNS("issuers", issuers),
	PATTERNS("profiles", profiles),
	PATTERNS("names", names),
	TEXT("rate", struct access_settings, rate, CYAML_FLAG_OPTIONAL),
	TEXT("concurrent", struct access_settings, concurrent, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t access_rule = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct access_settings, access_fields),
};

static const cyaml_schema_field_t audit_fields[] = {
	TEXT("tls", struct audit_settings, tls, CYAML_FLAG_OPTIONAL),
	TEXT("head_interval_s", struct audit_settings, head_interval_s,
	    CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

#define WORDS(name, member, max)                                                         \
	CYAML_FIELD_SEQUENCE(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,             \
	    struct cage_settings, member, &word, 1, max)

static const cyaml_schema_field_t cage_fields[] = {
	TEXT("seccomp", struct cage_settings, seccomp, CYAML_FLAG_OPTIONAL),
	TEXT("landlock", struct cage_settings, landlock, CYAML_FLAG_OPTIONAL),
	WORDS("read", read, CAGE_PLACES_MAX),
	WORDS("write", write, CAGE_PLACES_MAX),
	WORDS("system_calls", system_calls, CAGE_PLACES_MAX),
	WORDS("connect", connect, CAGE_PORTS_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t top_fields[] = {
	CYAML_FIELD_MAPPING_PTR("token", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
	    struct settings, token, token_fields),
	CYAML_FIELD_SEQUENCE("tokens", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
	    struct settings, tokens, &one_token, 1, TOKENS_MAX),
	CYAML_FIELD_SEQUENCE("listen", CYAML_FLAG_POINTER, struct settings, listen,
	    &listener, 1, LISTENERS_MAX),
	CYAML_FIELD_SEQUENCE("access", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
	    struct settings, access, &access_rule, 1, ACCESS_RULES_MAX),
	CYAML_FIELD_MAPPING(
	    "audit", CYAML_FLAG_OPTIONAL, struct settings, audit, audit_fields),
	CYAML_FIELD_MAPPING(
	    "limits", CYAML_FLAG_OPTIONAL, struct settings, limits, limits_fields),
	CYAML_FIELD_MAPPING(
	    "cage", CYAML_FLAG_OPTIONAL, struct settings, cage, cage_fields),
	TEXT("state", struct settings, state, 0),
	TEXT("weak_keys", struct settings, weak_keys, CYAML_FLAG_OPTIONAL),
	TEXT("log_level", struct settings, log_level, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t top = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct settings, top_fields),
};

/* What libcyaml's log said so far. */
struct complaint {
	char reason[128];  /* in our words */
	char name[64];     /* of a field that is unknown or missing, else "" */
	char setting[256]; /* where: "listen[0].mode" */
	bool inside;       /* the innermost field was told already */
};

/* What follows prefix in line, without the end of the line; NULL for another line. */
static const char *
rest_after(char *line, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(line, prefix, len) != 0)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line + len;
}

static void
read_reason(struct complaint *complaint, char *line)
{
	static const struct {
		const char *prefix, *reason;
	} known[] = {
		{ "Load: Unexpected key: ", "unknown setting" },
		{ "Load: Missing required mapping field: ", "missing setting" },
		{ "Load: Mapping field already seen: ", "repeated setting" },
		{ "Load: Expecting STRING", "is not a single value" },
		{ "Load: Expecting MAPPING", "is not a group of settings" },
		{ "Load: Expecting SEQUENCE", "is not a list" },
	};
	const char *rest;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if ((rest = rest_after(line, known[i].prefix)) == NULL)
			continue;
		snprintf(
		    complaint->reason, sizeof(complaint->reason), "%s", known[i].reason);
		if (i < 3)
			snprintf(complaint->name, sizeof(complaint->name), "%.63s", rest);
		return;
	}
}

static void
prepend(struct complaint *complaint, const char *field)
{
	char setting[sizeof(complaint->setting)];
	const char *dot =
	    complaint->setting[0] == '\0' || complaint->setting[0] == '[' ? "" : ".";

	if (snprintf(setting, sizeof(setting), "%s%s%s", field, dot, complaint->setting) <
	    (int)sizeof(setting))
		memcpy(complaint->setting, setting, sizeof(setting));
}

/* The innermost field is the one before a name that is unknown or missing, not around it.
 */
static void
read_place(struct complaint *complaint, const char *line)
{
	bool innermost = !complaint->inside;
	char field[64], entry[32];
	unsigned count;

	if (sscanf(line, "  in mapping field '%63[^']'", field) == 1) {
		if (innermost && complaint->name[0] != '\0')
			snprintf(field, sizeof(field), "%s", complaint->name);
		prepend(complaint, field);
	} else if (sscanf(line, "  in sequence entry '%u'", &count) == 1) {
		/* It counts the entry that it is in; none yet is the list itself. */
		if (count > 0) {
			snprintf(entry, sizeof(entry), "[%u]", count - 1);
			prepend(complaint, entry);
		}
	} else if (strncmp(line, "  in mapping ", 13) == 0 && innermost) {
		prepend(complaint, complaint->name);
	} else {
		return;
	}
	complaint->inside = true;
}

PRINTF(3, 0)
static void
hear(cyaml_log_t level, void *ctx, const char *fmt, va_list ap)
{
	struct complaint *complaint = ctx;
	char line[256];

	(void)level;
	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		return;
	if (complaint->reason[0] == '\0')
		read_reason(complaint, line);
	read_place(complaint, line);
}

static int
report(struct complaint *complaint, cyaml_err_t result, struct bytes text,
    const char *path, struct error *err)
{
	size_t line = syntax_line(text, complaint->setting);
	const char *reason = complaint->reason;
	char *entry;

	if (result == CYAML_ERR_OOM)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (complaint->name[0] != '\0')
		return error_set(err, ERROR_CONFIG, "%s:%zu: %s \"%s\"", path, line,
		    reason, complaint->name);
	if (result == CYAML_ERR_SEQUENCE_ENTRIES_MIN)
		reason = "is empty";
	if (result == CYAML_ERR_SEQUENCE_ENTRIES_MAX) {
		reason = "has too many entries";
		/* It names the last entry, and means the list. */
		if ((entry = strrchr(complaint->setting, '[')) != NULL)
			*entry = '\0';
	}
	return error_set(err, ERROR_CONFIG, "%s:%zu: %s: %s", path, line,
	    complaint->setting[0] != '\0' ? complaint->setting : "the file",
	    reason[0] != '\0' ? reason : cyaml_strerror(result));
}

static cyaml_config_t
configuration(struct complaint *complaint)
{
	return (cyaml_config_t){
		.log_fn = complaint != NULL ? hear : NULL,
		.log_ctx = complaint,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

int
settings_parse(
    struct bytes text, const char *path, struct settings **settings, struct error *err)
{
	struct complaint complaint = { 0 };
	cyaml_config_t cyaml = configuration(&complaint);
	cyaml_data_t *data = NULL;
	cyaml_err_t result;

	if (syntax_check(text, path, err) != 0)
		return -1;
	result = cyaml_load_data(text.data, text.len, &cyaml, &top, &data, NULL);
	if (result != CYAML_OK)
		return report(&complaint, result, text, path, err);
	*settings = data;
	return 0;
}

void
settings_free(struct settings *settings)
{
	cyaml_config_t cyaml = configuration(NULL);

	if (settings != NULL)
		cyaml_free(&cyaml, &top, settings, 0);
}
