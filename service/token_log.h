/* token_log.h - what the token is and cannot do, in a line of the log. */
#ifndef SERVICE_TOKEN_LOG_H
#define SERVICE_TOKEN_LOG_H

struct token;

void token_log(struct token *token);

#endif
