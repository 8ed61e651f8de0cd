/* managed_answers.h - what a daemon would say of managed certificates. */
#ifndef TESTS_CLI_MANAGED_ANSWERS_H
#define TESTS_CLI_MANAGED_ANSWERS_H

#define DEFINITION                                                                       \
	"\"name\":\"web\",\"names\":[\"api.example\",\"10.0.0.1\"],"                     \
	"\"source\":{\"issuer\":\"internal\",\"profile\":\"server\"},"                   \
	"\"key_type\":\"ec-p256\",\"days\":90,\"renew_before_s\":2592000,"               \
	"\"new_key\":\"always\",\"directory\":\"/etc/nginx/tls\",\"mode\":\"0640\","     \
	"\"hook\":{\"argv\":[\"reload\",\"my "                                           \
	"nginx\"],\"user\":\"root\",\"timeout_s\":30},"                                  \
	"\"verify\":\"127.0.0.1:443\",\"verify_name\":\"api.example\",\"grace_s\":"      \
	"604800,"                                                                        \
	"\"destroy_old_keys\":true"
#define STATE                                                                            \
	",\"created\":\"2026-01-01T00:00:00Z\",\"state\":{\"revision\":7,\"step\":"      \
	"\"install\",\"serial\":\"0a\",\"not_after\":\"2026-04-01T00:00:00Z\","          \
	"\"attempts\":3,\"due\":\"2026-03-02T00:00:00Z\",\"last_error\":"                \
	"\"first line\\nsecond \\u001b[2J line\"}"
#define ACME_SOURCE(listen, challenge)                                                   \
	"\"source\":{\"acme\":\"https://ca.example/dir\",\"account\":\"acc\","           \
	"\"challenge\":\"" challenge "\",\"listen\":\"" listen                           \
	"\",\"ca_file\":\"/etc/ca.pem\",\"profile\":\"shortlived\"}"
#define ACME                                                                             \
	"\"name\":\"acme\",\"names\":[\"a.example\",\"b.example\"]," ACME_SOURCE(        \
	    "0.0.0.0:80", "http-01") ",\"verify\":\"127.0.0.1:443\","                    \
				     "\"verify_name\":\"b.example\",\"grace_s\":604800," \
				     "\"destroy_old_keys\":false"
#define REVOKED                                                                          \
	",\"state\":{\"revision\":8,\"step\":\"idle\",\"revoked\":\"2026-02-01T00:00:"   \
	"00Z\","                                                                         \
	"\"attempts\":1,\"due\":\"2026-02-01T00:00:00Z\",\"next_attempt\":"              \
	"\"2026-02-02T00:00:00Z\",\"last_error\":\"a reason that goes on and on, far "   \
	"beyond \u00e4 terminal's edge\"}"
#define ONE "{" DEFINITION STATE "}"

/* Of an ACME server's whose challenge is dns-01. */
#define DNS                                                                              \
	"{\"name\":\"dns\",\"names\":[\"*.example\"],\"source\":{\"acme\":"              \
	"\"https://ca.example/dir\",\"account\":\"acc\",\"challenge\":\"dns-01\","       \
	"\"dns_hook\":[\"/etc/dns\",\"my zone\"]}}"

#endif
