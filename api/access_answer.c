/* access_answer.c - the rules in force, and what they say of somebody. */
#include <stdlib.h>
#include <string.h>

#include "api/access_question.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/lineage.h"
#include "api/stand_in.h"
#include "api/url.h"
#include "base/clock.h"
#include "base/text.h"
#include "ca/san.h"

#define NAME_SIZE 300 /* of a certificate's name, or of who is asked about */
#define WORD_SIZE 16

/* Left out when it is empty, as in the file. */
static int
set_list(struct json_t *object, const char *member, const struct access_list *list)
{
	struct json_t *texts;

	if (list->count == 0)
		return 0;
	texts = json_make("[]");
	for (size_t i = 0; i < list->count; i++)
		if (json_append(texts, json_make("s", list->items[i]), NULL) != 0) {
			json_free(texts);
			return -1;
		}
	return json_set(object, member, texts);
}

/* These give NULL when out of memory. */
static struct json_t *
locate(const struct access_rules *rules, const struct access_rule *rule)
{
	return json_make("{s:I,s:I}", "number", (long long)(rule - rules->rules + 1),
	    "line", (long long)rule->line);
}

static struct json_t *
describe(const struct access_rules *rules, const struct access_rule *rule)
{
	struct json_t *object = locate(rules, rule);

	if (object != NULL &&
	    json_set(object, "who", json_make("s", rule->who_text)) == 0 &&
	    set_list(object, "may", &rule->may_words) == 0 &&
	    set_list(object, "keys", &rule->keys) == 0 &&
	    set_list(object, "issuers", &rule->issuers) == 0 &&
	    set_list(object, "profiles", &rule->profiles) == 0 &&
	    set_list(object, "names", &rule->names) == 0)
		return object;
	json_free(object);
	return NULL;
}

int
get_access(struct exchange *x, struct error *err)
{
	const struct access_rules *rules = &x->rules->rules;
	struct json_t *list = json_make("[]");
	char loaded[CLOCK_TEXT_SIZE];

	clock_format(loaded, x->rules->loaded);
	for (size_t i = 0; i < rules->count; i++)
		if (json_append(list, describe(rules, &rules->rules[i]), err) != 0) {
			json_free(list);
			return -1;
		}
	return json_respond(x->res, 200,
	    json_make("{s:s,s:s,s:b,s:o}", "loaded", loaded, "sha256", x->rules->sha256,
		"everyone_is_admin", x->api->everyone_is_admin, "rules", list),
	    err);
}

/* What a rule grants is for who may do everything to see. */
static bool
sees_rules(const struct exchange *x)
{
	const struct access_question question = { .needed = ACCESS_ADMIN };

	return access_decide(&x->rules->rules, x->req->caller, &question).allowed;
}

/* What the query asks. */
struct inquiry {
	char who[NAME_SIZE], may[WORD_SIZE];
	char key[REQUEST_PARAM_SIZE], issuer[REQUEST_PARAM_SIZE],
	    profile[REQUEST_PARAM_SIZE];
	struct access_words words;
	struct stand_in subject;
	struct access_question question;
};

/* The answer repeats it, in JSON. */
static int
check_printable(const char *name, const char *text, struct error *err)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	if (*text == '\0')
		return 0;
	return error_set(err, ERROR_BAD_REQUEST, "URL: %s: printable ASCII alone", name);
}

static int
read_word(const char *query, const char *name, char *out, size_t size, const char **word,
    struct error *err)
{
	bool found;

	if (query_get(query, name, out, size, &found, err) != 0)
		return -1;
	*word = found ? out : NULL;
	return found ? check_printable(name, out, err) : 0;
}

static int
read_words(const char *query, struct inquiry *in, struct error *err)
{
	struct access_words *words = &in->words;
	const char *who;

	if (read_word(query, "who", in->who, sizeof(in->who), &who, err) != 0 ||
	    read_word(query, "may", in->may, sizeof(in->may), &words->may, err) != 0 ||
	    read_word(query, "key", in->key, sizeof(in->key), &words->key, err) != 0 ||
	    read_word(query, "issuer", in->issuer, sizeof(in->issuer), &words->issuer,
		err) != 0 ||
	    read_word(query, "profile", in->profile, sizeof(in->profile), &words->profile,
		err) != 0)
		return -1;
	if (who == NULL || words->may == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "URL: who is asked about, and may what? "
		    "who=unix:www-data&may=use&key=web");
	return 0;
}

static int
read_names(const char *query, GENERAL_NAMES **names, struct error *err)
{
	char texts[SAN_NAMES_MAX][NAME_SIZE];
	const char *list[SAN_NAMES_MAX];
	size_t count = 0;

	for (;;) {
		if (count == SAN_NAMES_MAX)
			return error_set(err, ERROR_BAD_REQUEST,
			    "URL: fewer than %d names", SAN_NAMES_MAX);
		if (query_next(&query, "name", texts[count], NAME_SIZE, err) != 0)
			return -1;
		if (query == NULL)
			break;
		if (check_printable("name", texts[count], err) != 0)
			return -1;
		list[count] = texts[count];
		count++;
	}
	if (san_from_text(list, count, names, err) != 0)
		return -1;
	san_normalise(*names);
	return 0;
}

/* By its name, whatever it was called. */
static int
resolve_key(struct exchange *x, struct inquiry *in, struct error *err)
{
	struct keystore_key key;

	if (in->words.key == NULL || strncmp(in->key, "spki:", 5) != 0)
		return 0;
	if (keyring_find(x->api->keys, in->key, &key, err) != 0)
		return -1;
	return text_copy(in->key, sizeof(in->key), key.key.name);
}

static int
read_inquiry(struct exchange *x, struct inquiry *in, struct error *err)
{
	const char *query = x->req->query;

	*in = (struct inquiry){ 0 };
	if (read_words(query, in, err) != 0 ||
	    read_names(query, &in->words.names, err) != 0 ||
	    resolve_key(x, in, err) != 0 ||
	    access_question_read(&in->words, &in->question, err) != 0)
		return -1;
	return stand_in_make(in->who, x->api->everyone_is_admin, &in->subject, err);
}

/* Which groups of a user were taken into account. */
static int
set_groups(struct json_t *object, const struct caller *caller)
{
	char name[STAND_IN_GROUP_SIZE];
	struct json_t *groups;

	if (caller->group_count == 0)
		return 0;
	groups = json_make("[]");
	for (size_t i = 0; i < caller->group_count; i++) {
		stand_in_group(caller->groups[i], name);
		if (json_append(groups, json_make("s", name), NULL) != 0) {
			json_free(groups);
			return -1;
		}
	}
	return json_set(object, "groups", groups);
}

static struct json_t *
explain(const struct exchange *x, const struct inquiry *in)
{
	const struct access_rules *rules = &x->rules->rules;
	const struct caller *caller = &in->subject.caller;
	struct access_decision decision =
	    lineage_decide(x->api->authority, rules, caller, &in->question);
	struct json_t *object =
	    json_make("{s:b,s:s}", "allowed", decision.allowed ? 1 : 0, "who", in->who);
	struct error why = { 0 };
	int rc;

	if (object == NULL || set_groups(object, caller) != 0)
		goto fail;
	if (decision.rule != NULL) {
		rc = json_set(object, "rule",
		    sees_rules(x) ? describe(rules, decision.rule)
				  : locate(rules, decision.rule));
	} else if (decision.allowed) {
		rc = json_set(
		    object, "why", json_make("s", "needs no rule: may do everything"));
	} else {
		access_refuse(rules, caller, &in->question, &why);
		rc = json_set(object, "why", json_make("s", why.text));
	}
	if (rc == 0)
		return object;
fail:
	json_free(object);
	return NULL;
}

int
get_access_decision(struct exchange *x, struct error *err)
{
	struct inquiry in;
	int rc = read_inquiry(x, &in, err);

	if (rc == 0)
		rc = json_respond(x->res, 200, explain(x, &in), err);
	stand_in_clear(&in.subject);
	GENERAL_NAMES_free(in.words.names);
	return rc;
}
