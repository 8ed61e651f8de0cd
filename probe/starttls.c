/* starttls.c - a few bytes each, of which a server's part is bounded. */
#include "probe/starttls.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/text.h"
#include "probe/connection.h"

#define LINE_SIZE 8192 /* of IMAP, which may list what it can in one */
#define LINES_MAX 100
#define SAID_MAX  80

/* One after another: what is said, unless NULL, and how the answer's last line begins. */
struct step {
	const char *say, *expect;
};

static const struct step smtp[] = {
	{ NULL, "220" },
	{ "EHLO localhost\r\n", "250" },
	{ "STARTTLS\r\n", "220" },
	{ NULL, NULL },
};
static const struct step imap[] = {
	{ NULL, "* OK" },
	{ "a STARTTLS\r\n", "a OK" },
	{ NULL, NULL },
};
static const struct step pop3[] = {
	{ NULL, "+OK" },
	{ "STLS\r\n", "+OK" },
	{ NULL, NULL },
};

static int begin_postgres(int fd, int64_t deadline, struct error *err);
static int begin_mysql(int fd, int64_t deadline, struct error *err);

/* Either steps or begin; STARTTLS_NONE has neither. */
static const struct protocol {
	const char *name, *port;
	const struct step *steps;
	int (*begin)(int fd, int64_t deadline, struct error *err);
} protocols[] = {
	[STARTTLS_NONE] = { "https", "443", NULL, NULL },
	[STARTTLS_POSTGRES] = { "postgres", "5432", NULL, begin_postgres },
	[STARTTLS_MYSQL] = { "mysql", "3306", NULL, begin_mysql },
	[STARTTLS_SMTP] = { "smtp", "25", smtp, NULL },
	[STARTTLS_IMAP] = { "imap", "143", imap, NULL },
	[STARTTLS_POP3] = { "pop3", "110", pop3, NULL },
};

#define COUNT (sizeof(protocols) / sizeof(protocols[0]))

int
starttls_read(const char *name, size_t len, enum starttls *how)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strlen(protocols[i].name) == len &&
		    strncasecmp(protocols[i].name, name, len) == 0) {
			*how = (enum starttls)i;
			return 0;
		}
	return -1;
}

const char *
starttls_names(void)
{
	return "https, postgres, mysql, smtp, imap, pop3";
}

const char *
starttls_port(enum starttls how)
{
	return protocols[how].port;
}

static int
refuse(struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED, "offers no TLS in this protocol");
}

/* That it is busy, for example. */
static int
refuse_saying(const char *said, struct error *err)
{
	struct buffer clean;

	buf_init(&clean, 0);
	text_clean(&clean, said, SAID_MAX, "");
	error_set(err, ERROR_UNSUPPORTED, "offers no TLS in this protocol, but says: %s",
	    buf_string(&clean));
	buf_free(&clean);
	return -1;
}

/* No more than that: what follows is TLS. */
static int
receive_all(int fd, unsigned char *data, size_t size, int64_t deadline, struct error *err)
{
	size_t len;

	for (size_t have = 0; have < size; have += len) {
		if (probe_receive(fd, data + have, size - have, deadline, &len, err) != 0)
			return -1;
		if (len == 0)
			return error_set(
			    err, ERROR_UNSUPPORTED, "closed the connection before TLS");
	}
	return 0;
}

static int
begin_postgres(int fd, int64_t deadline, struct error *err)
{
	static const unsigned char request[] = { 0, 0, 0, 8, 4, 210, 22, 47 };
	unsigned char answer;

	if (probe_send(fd, (struct bytes){ request, sizeof(request) }, deadline, err) !=
		0 ||
	    receive_all(fd, &answer, 1, deadline, err) != 0)
		return -1;
	if (answer == 'E')
		return refuse_saying("an error", err);
	return answer == 'S' ? 0 : refuse(err);
}

#define MYSQL_HEAD_BYTES 4 /* length in 3, sequence number */
#define MYSQL_VERSION    10
#define MYSQL_ERROR      255
#define MYSQL_SSL        0x0800
#define MYSQL_BEHIND     13 /* bytes between the version's NUL and the capabilities */
#define MYSQL_MAX_BYTES  1024

/* Whether the greeting is one, of a server that has TLS. */
static int
read_greeting(const unsigned char *greeting, size_t len, struct error *err)
{
	const unsigned char *nul = memchr(greeting, '\0', len), *at;
	char number[32];

	if (len >= 3 && greeting[0] == MYSQL_ERROR) {
		snprintf(
		    number, sizeof(number), "error %d", greeting[1] | greeting[2] << 8);
		return refuse_saying(number, err);
	}
	if (len < 1 || greeting[0] != MYSQL_VERSION || nul == NULL ||
	    (size_t)(greeting + len - nul) < 1 + MYSQL_BEHIND + 2)
		return refuse(err);
	at = nul + 1 + MYSQL_BEHIND;
	return ((at[0] | at[1] << 8) & MYSQL_SSL) != 0 ? 0 : refuse(err);
}

static int
begin_mysql(int fd, int64_t deadline, struct error *err)
{
	/* Protocol 4.1, TLS and a long password's hash; packets of 16 MiB; utf8mb4. */
	static const unsigned char request[MYSQL_HEAD_BYTES + 32] = { 32, 0, 0, 1, 0x00,
		0x8a, 0, 0, 0, 0, 0, 1, 45 };
	unsigned char head[MYSQL_HEAD_BYTES], greeting[MYSQL_MAX_BYTES];
	size_t len;

	if (receive_all(fd, head, sizeof(head), deadline, err) != 0)
		return -1;
	len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
	if (len > sizeof(greeting))
		return refuse(err);
	if (receive_all(fd, greeting, len, deadline, err) != 0)
		return -1;
	if (read_greeting(greeting, len, err) != 0)
		return -1;
	return probe_send(fd, (struct bytes){ request, sizeof(request) }, deadline, err);
}

/* Without its end. One that is too long is refused. */
static int
receive_line(int fd, char line[static LINE_SIZE], int64_t deadline, struct error *err)
{
	size_t len = 0;

	do {
		if (len == LINE_SIZE - 1)
			return refuse(err);
		if (receive_all(fd, (unsigned char *)line + len, 1, deadline, err) != 0)
			return -1;
	} while (line[len++] != '\n');
	line[--len] = '\0';
	if (strlen(line) != len)
		return refuse(err);
	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	return 0;
}

/* SMTP goes on after "250-"; IMAP says what it likes, beginning with "* ". */
static bool
goes_on(const char *line, const char *expect)
{
	if (expect[0] >= '0' && expect[0] <= '9')
		return strncmp(line, expect, strlen(expect)) == 0 && line[3] == '-';
	return expect[0] == 'a' && strncmp(line, "* ", 2) == 0;
}

static int
take_step(const struct step *step, int fd, int64_t deadline, struct error *err)
{
	char line[LINE_SIZE];
	int lines = 0;

	if (step->say != NULL &&
	    probe_send(fd,
		(struct bytes){ (const unsigned char *)step->say, strlen(step->say) },
		deadline, err) != 0)
		return -1;
	do {
		if (receive_line(fd, line, deadline, err) != 0)
			return -1;
	} while (goes_on(line, step->expect) && ++lines < LINES_MAX);
	if (strncmp(line, step->expect, strlen(step->expect)) != 0)
		return refuse_saying(line, err);
	return 0;
}

int
starttls_begin(enum starttls how, int fd, int64_t deadline, struct error *err)
{
	const struct protocol *protocol = &protocols[how];

	if (protocol->begin != NULL)
		return protocol->begin(fd, deadline, err);
	for (const struct step *s = protocol->steps; s != NULL && s->expect != NULL; s++)
		if (take_step(s, fd, deadline, err) != 0)
			return -1;
	return 0;
}
