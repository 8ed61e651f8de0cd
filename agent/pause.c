/* pause.c - pauses that grow. */
#include "agent/pause.h"

#include <openssl/rand.h>

#define FIRST_S   60
#define LONGEST_S (6 * 3600)
#define URGENT_S  600
#define PART      10

static int64_t
longest(int64_t left_s)
{
	int64_t most = left_s / PART;

	if (most > LONGEST_S)
		return LONGEST_S;
	return most < URGENT_S ? URGENT_S : most;
}

int64_t
pause_after(int64_t attempts, int64_t left_s)
{
	int64_t pause = FIRST_S, most = longest(left_s);
	uint16_t chance = 0;

	for (int64_t i = 1; i < attempts && pause < most; i++)
		pause *= 2;
	if (pause > most)
		pause = most;
	/* Without chance the pause is only longer. */
	if (RAND_bytes((unsigned char *)&chance, sizeof(chance)) != 1)
		chance = 0;
	return pause - pause / 4 * chance / UINT16_MAX;
}
