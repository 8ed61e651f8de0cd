/* access.c - decides; the handlers act. */
#include "api/access.h"

#include <stdio.h>
#include <string.h>

#include "api/pattern.h"
#include "ca/namepattern.h"
#include "ca/san.h"

static const struct {
	const char *word;
	unsigned rights;
} words[] = {
	{ "use", ACCESS_USE },
	{ "issue", ACCESS_ISSUE },
	{ "revoke", ACCESS_REVOKE },
	{ "manage", ACCESS_MANAGE_KEY | ACCESS_MANAGE },
	{ "read", ACCESS_READ },
	{ "admin", ACCESS_ADMIN },
};
#define WORDS (sizeof(words) / sizeof(words[0]))

unsigned
access_right(const char *word)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].rights;
	return 0;
}

static bool
has(const struct access_list *list, const char *name)
{
	if (name == NULL)
		return list->count > 0;
	for (size_t i = 0; i < list->count; i++)
		if (pattern_matches(list->items[i], name))
			return true;
	return false;
}

/* Of a list that need not be there. */
static bool
permits(const struct access_list *list, const char *name)
{
	return list->count == 0 || has(list, name);
}

static bool
permits_name(const struct access_list *patterns, const GENERAL_NAME *name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (namepattern_matches(patterns->items[i], name))
			return true;
	return patterns->count == 0;
}

static bool
permits_names(const struct access_list *patterns, const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (!permits_name(patterns, sk_GENERAL_NAME_value(names, i)))
			return false;
	return true;
}

static bool
grants(const struct access_rule *rule, const struct access_question *q)
{
	unsigned granted = rule->may & q->needed;

	if ((rule->may & ACCESS_ADMIN) != 0 || (granted & ACCESS_READ) != 0)
		return true;
	if ((granted & ACCESS_USE) != 0 && has(&rule->keys, q->key))
		return true;
	if ((granted & ACCESS_MANAGE_KEY) != 0 && permits(&rule->keys, q->key))
		return true;
	/* Who manages some keys manages nothing but them. */
	if ((granted & ACCESS_MANAGE) != 0 && rule->keys.count == 0)
		return true;
	if ((granted & ACCESS_REVOKE) != 0 && permits(&rule->issuers, q->issuer))
		return true;
	return (granted & ACCESS_ISSUE) != 0 && has(&rule->issuers, q->issuer) &&
	       permits(&rule->profiles, q->profile) &&
	       permits_names(&rule->names, q->names);
}

struct access_decision
access_decide(const struct access_rules *rules, const struct caller *caller,
    const struct access_question *question)
{
	if (question->needed == ACCESS_PUBLIC || caller->admin)
		return (struct access_decision){ .allowed = true };
	for (size_t i = 0; i < rules->count; i++) {
		const struct access_rule *rule = &rules->rules[i];

		if (who_is(&rule->who, caller) && grants(rule, question))
			return (struct access_decision){ true, rule };
	}
	return (struct access_decision){ .allowed = false };
}

/* A user without asking the system: that may be a request to a server far away, for
 * anybody who is refused, from the process that has the PIN. */
static const char *
name_caller(const struct access_rules *rules, const struct caller *caller)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct access_rule *rule = &rules->rules[i];

		if (rule->who.kind == WHO_USER && rule->who_text != NULL &&
		    who_is(&rule->who, caller))
			return rule->who_text;
	}
	return caller->actor;
}

/* A refusal that is being put into words. */
struct refusal {
	const struct access_rules *rules;
	const struct caller *caller;
	const struct access_question *asked;
	const char *who;
	struct error *err;
};

static bool
would_allow(const struct refusal *r, const struct access_question *question)
{
	return access_decide(r->rules, r->caller, question).allowed;
}

static int
lacks(const struct refusal *r, const char *right)
{
	return error_set(r->err, ERROR_FORBIDDEN, "%s lacks the right %s", r->who, right);
}

static int
refuse_key(const struct refusal *r, const char *verb)
{
	const char *key = r->asked->key;

	return error_set(r->err, ERROR_FORBIDDEN, "%s may not %s key %.80s%s", r->who,
	    verb, key, strncmp(key, "spki:", 5) == 0 ? ", or there is none" : "");
}

/* The first that no rule allows for this issuer and profile; NULL when each is allowed by
 * some rule, but not all by one. */
static const GENERAL_NAME *
find_refused(const struct refusal *r)
{
	struct access_question question = *r->asked;
	const GENERAL_NAME *found = NULL;
	GENERAL_NAMES *one = sk_GENERAL_NAME_new_null();

	for (int i = 0; found == NULL && i < sk_GENERAL_NAME_num(r->asked->names); i++) {
		GENERAL_NAME *name = sk_GENERAL_NAME_value(r->asked->names, i);

		if (one == NULL || sk_GENERAL_NAME_push(one, name) <= 0)
			break;
		question.names = one;
		if (!would_allow(r, &question))
			found = name;
		sk_GENERAL_NAME_pop(one);
	}
	sk_GENERAL_NAME_free(one);
	return found;
}

static int
refuse_names(const struct refusal *r)
{
	const GENERAL_NAME *name = find_refused(r);
	struct buffer text;

	if (name == NULL)
		return error_set(r->err, ERROR_FORBIDDEN,
		    "%s may not issue for all these names together from %.63s by "
		    "profile %.63s",
		    r->who, r->asked->issuer, r->asked->profile);
	buf_init(&text, 0);
	san_name_text(name, &text);
	error_set(r->err, ERROR_FORBIDDEN,
	    "%s may not issue for %.80s from %.63s by profile %.63s", r->who,
	    buf_string(&text), r->asked->issuer, r->asked->profile);
	buf_free(&text);
	return -1;
}

/* Asked again with less and less, until something is granted. */
static int
refuse_issue(const struct refusal *r)
{
	struct access_question less = { .needed = r->asked->needed };

	if (r->asked->issuer == NULL || !would_allow(r, &less))
		return lacks(r, "issue");
	less.issuer = r->asked->issuer;
	if (!would_allow(r, &less))
		return error_set(r->err, ERROR_FORBIDDEN,
		    "%s may not issue from %.80s, or there is none", r->who, less.issuer);
	less.profile = r->asked->profile;
	if (!would_allow(r, &less))
		return error_set(r->err, ERROR_FORBIDDEN,
		    "%s may not issue from %.63s by profile %.63s", r->who, less.issuer,
		    less.profile);
	return refuse_names(r);
}

static int
refuse_revoke(const struct refusal *r)
{
	const struct access_question any = { .needed = r->asked->needed };

	if (r->asked->issuer == NULL || !would_allow(r, &any))
		return lacks(r, "revoke");
	return error_set(r->err, ERROR_FORBIDDEN,
	    "%s may not revoke certificates of %.63s", r->who, r->asked->issuer);
}

static int
refuse_manage_key(const struct refusal *r)
{
	const struct access_question any = { .needed = r->asked->needed };

	if (r->asked->key == NULL || !would_allow(r, &any))
		return lacks(r, (any.needed & ACCESS_READ) != 0 ? "read" : "manage");
	return refuse_key(r, "manage");
}

int
access_refuse(const struct access_rules *rules, const struct caller *caller,
    const struct access_question *question, struct error *err)
{
	const struct refusal r = { rules, caller, question, name_caller(rules, caller),
		err };
	unsigned needed = question->needed;

	if ((needed & ACCESS_USE) != 0)
		return refuse_key(&r, "use");
	if ((needed & ACCESS_ISSUE) != 0)
		return refuse_issue(&r);
	if ((needed & ACCESS_REVOKE) != 0)
		return refuse_revoke(&r);
	if ((needed & ACCESS_MANAGE_KEY) != 0)
		return refuse_manage_key(&r);
	if ((needed & ACCESS_MANAGE) != 0)
		return lacks(&r, "manage");
	return lacks(&r, (needed & ACCESS_READ) != 0 ? "read" : "admin");
}
