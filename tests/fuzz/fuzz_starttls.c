/* fuzz_starttls.c - a server's first words, after a byte that says in which protocol. */
#include "tests/fuzz/target.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/starttls.h"

#define PROTOCOLS  (STARTTLS_POP3 + 1)
#define SOCKET_MAX 65536 /* what the kernel holds of it without a reader */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { .code = ERROR_NONE };
	int ends[2], rc;

	if (size == 0 || size > SOCKET_MAX)
		return 0;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	must(send(ends[1], data + 1, size - 1, MSG_NOSIGNAL) == (ssize_t)size - 1);
	must(shutdown(ends[1], SHUT_WR) == 0);
	/* There is nothing to wait for. */
	rc = starttls_begin(
	    (enum starttls)(data[0] % PROTOCOLS), ends[0], clock_mono_ms() + 1000, &err);
	must(rc == 0 || err.code == ERROR_UNSUPPORTED);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
