/* lineage.c - asks again for each predecessor. */
#include "api/lineage.h"

struct inquest {
	const struct access_rules *rules;
	const struct caller *caller;
	struct access_question question;
	struct access_decision decision;
};

static int
decide_for(void *ctx, const struct issuer_info *predecessor)
{
	struct inquest *in = ctx;

	in->question.issuer = predecessor->name;
	in->decision = access_decide(in->rules, in->caller, &in->question);
	return in->decision.allowed ? 1 : 0;
}

struct access_decision
lineage_decide(struct authority *authority, const struct access_rules *rules,
    const struct caller *caller, const struct access_question *question)
{
	struct inquest in = { .rules = rules, .caller = caller, .question = *question };

	in.decision = access_decide(rules, caller, question);
	if (!in.decision.allowed && question->issuer != NULL)
		authority_each_predecessor(authority, question->issuer, decide_for, &in);
	return in.decision;
}
