/* token_log.c - said at each start: a token that was replaced may do less. */
#include "service/token_log.h"

#include "base/buffer.h"
#include "base/log.h"
#include "pkcs11/token.h"

static const char *
pss_of(const struct abilities *abilities)
{
	if (abilities_lack_pss(abilities))
		return "padded-here";
	return abilities_check_sign(abilities, SCHEME_RSA_PSS_RSAE_SHA256, NULL) == 0
		   ? "yes"
		   : "no";
}

void
token_log(struct token *token)
{
	struct token_facts facts;
	const struct abilities *abilities = &facts.abilities;
	char manufacturer[LOG_QUOTED_MAX], model[LOG_QUOTED_MAX];
	struct buffer lacks;

	token_describe(token, &facts);
	buf_init(&lacks, 0);
	for (int i = 0; i < KEY_TYPES; i++)
		if (abilities_check_generate(abilities, (enum key_type)i, NULL) != 0)
			buf_printf(&lacks, "%s%s", lacks.len > 0 ? "," : "",
			    key_type_info((enum key_type)i)->name);
	log_info("token.described",
	    "manufacturer=%s model=%s makes_no=%s pss=%s rsa_key_exchange=%s "
	    "token=%s",
	    log_value(manufacturer, facts.written.manufacturer),
	    log_value(model, facts.written.model),
	    lacks.len > 0 ? buf_string(&lacks) : "-", pss_of(abilities),
	    abilities_check_decrypt(abilities, NULL) == 0 ? "yes" : "no", token->name);
	buf_free(&lacks);
}
