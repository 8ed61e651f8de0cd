/*
 * auditcheck.c - what does not follow from what was before.
 *
 * An entry that does not hold is tried in the other places that it may have come from:
 * behind the entry before the last, or under another number. So an entry that was moved,
 * or stands behind one that was put in or taken out, is called that, and not every entry
 * from there on changed.
 */
#include "cli/auditcheck.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/text.h"

#define RECENT  3
#define SEQ_MAX (INT64_MAX - 8) /* no overflow on the way there */

void
auditcheck_complain(struct auditcheck *check, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	check->problems++;
	check->complain(check->ctx, text);
}

void
auditcheck_clear(struct auditcheck *check)
{
	free(check->expected);
}

static bool
has_key(const struct auditcheck_keys *keys, const unsigned char hash[static 32])
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->spki_sha256[i], hash, 32) == 0)
			return true;
	return false;
}

/* One more than there is room for is not believed. */
static int
add_key(struct auditcheck_keys *keys, const unsigned char hash[static 32])
{
	if (has_key(keys, hash))
		return 0;
	if (keys->count == AUDITCHECK_KEYS_MAX)
		return -1;
	memcpy(keys->spki_sha256[keys->count++], hash, 32);
	return 0;
}

int
auditcheck_trust(struct auditcheck *check, const unsigned char spki_sha256[static 32],
    struct error *err)
{
	if (add_key(&check->trusted, spki_sha256) == 0)
		return 0;
	return error_set(
	    err, ERROR_CONFIG, "more than %d keys to trust", AUDITCHECK_KEYS_MAX);
}

int
auditcheck_expect(
    struct auditcheck *check, const struct auditcheck_head *head, struct error *err)
{
	size_t count = check->expected_count, at = count;
	struct auditcheck_head *more =
	    realloc(check->expected, (count + 1) * sizeof(*more));

	if (more == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	check->expected = more;
	for (; at > 0 && more[at - 1].seq > head->seq; at--)
		more[at] = more[at - 1];
	more[at] = *head;
	check->expected_count++;
	return 0;
}

static bool
hashes_to(const unsigned char previous[static AUDIT_HASH_BYTES], struct audit_row row,
    int64_t seq)
{
	unsigned char hash[AUDIT_HASH_BYTES];

	row.seq = seq;
	return auditchain_hash(previous, &row, hash, NULL) == 0 &&
	       memcmp(hash, row.hash, sizeof(hash)) == 0;
}

/* Behind one of the entries before, as number seq. */
static bool
follows(const struct auditcheck *check, const struct audit_row *row, int64_t seq)
{
	for (size_t i = 0; i < RECENT; i++)
		if (hashes_to(check->recent[i].stored, *row, seq) ||
		    hashes_to(check->recent[i].computed, *row, seq))
			return true;
	return false;
}

static bool
was_renumbered(struct auditcheck *check, const struct audit_row *row)
{
	for (int shift = check->shift - 1; shift <= check->shift + 1; shift++) {
		if (shift == check->shift || !follows(check, row, row->seq + shift))
			continue;
		auditcheck_complain(check,
		    "entry %lld: was entry %lld; an entry before it was %s, or the two "
		    "changed places",
		    (long long)row->seq, (long long)(row->seq + shift),
		    shift < check->shift ? "inserted" : "removed");
		check->shift = shift;
		return true;
	}
	return false;
}

/* Whether row is what was written as its number, or next to it. */
static bool
holds(struct auditcheck *check, const struct audit_row *row)
{
	if (hashes_to(check->recent[0].stored, *row, row->seq + check->shift))
		return true;
	/* Only who stands behind something wrong may have another before it. */
	if (check->doubtful && follows(check, row, row->seq + check->shift))
		return true;
	if (check->shift != 0 && follows(check, row, row->seq)) {
		check->shift = 0;
		return true;
	}
	if (check->doubtful && was_renumbered(check, row))
		return true;
	auditcheck_complain(check,
	    check->doubtful
		? "entry %lld: changed, or not the one that followed entry %lld"
		: "entry %lld: changed, inserted or out of place: its hash is not that "
		  "of it after entry %lld",
	    (long long)row->seq, (long long)row->seq - 1);
	return false;
}

static void
remember(struct auditcheck *check, const struct audit_row *row)
{
	struct auditcheck_link link = { 0 };

	memcpy(link.stored, row->hash, sizeof(link.stored));
	if (auditchain_hash(check->recent[0].stored, row, link.computed, NULL) != 0)
		memset(link.computed, 0, sizeof(link.computed));
	memmove(&check->recent[1], &check->recent[0],
	    (RECENT - 1) * sizeof(check->recent[0]));
	check->recent[0] = link;
	check->seq = row->seq;
}

/* "type=... old=HEX new=HEX" */
static void
note_rotation(struct auditcheck *check, const struct audit_row *row)
{
	const char *new = strstr(row->detail, " new=");
	unsigned char hash[32];

	if (strcmp(row->action, "key.rotated") == 0 &&
	    strcmp(row->object, AUDIT_KEY) == 0 && new != NULL &&
	    hex_decode(hash, sizeof(hash), new + strlen(" new=")) == 0)
		add_key(&check->offered, hash);
}

static void
say_missing(struct auditcheck *check, int64_t first, int64_t last, const char *rest)
{
	if (first == last)
		auditcheck_complain(
		    check, "entry %lld: missing%s", (long long)first, rest);
	else
		auditcheck_complain(check, "entries %lld to %lld: missing%s",
		    (long long)first, (long long)last, rest);
}

/* The expected heads that are not beyond this entry. */
static void
meet_expected(struct auditcheck *check)
{
	while (check->met < check->expected_count &&
	       check->expected[check->met].seq <= check->seq)
		auditcheck_signed(check, &check->expected[check->met++]);
}

static void
take_next(struct auditcheck *check, const struct audit_row *row)
{
	bool good;

	if (row->seq > check->seq + 1) {
		say_missing(check, check->seq + 1, row->seq - 1,
		    "; so the entry after it cannot be checked");
		good = true;
	} else {
		good = holds(check, row);
	}
	remember(check, row);
	check->doubtful = !good || check->shift != 0;
	if (good)
		note_rotation(check, row);
}

void
auditcheck_entry(struct auditcheck *check, const struct audit_row *row)
{
	check->entries++;
	if (row->seq <= 0 || row->seq >= SEQ_MAX)
		auditcheck_complain(check,
		    "entry %lld: inserted: numbers begin with 1 and have no gap",
		    (long long)row->seq);
	else if (row->seq <= check->seq)
		auditcheck_complain(check, "entry %lld: out of order, after entry %lld",
		    (long long)row->seq, (long long)check->seq);
	else
		take_next(check, row);
	meet_expected(check);
}

/* As long as nothing is wrong, a head vouches for every entry up to its own. */
static void
believe(struct auditcheck *check, const struct auditcheck_head *head,
    const unsigned char signer[static 32])
{
	check->heads++;
	check->signed_seq = head->seq;
	check->signed_time = head->time;
	memcpy(check->signer, signer, 32);
	if (check->trusted.count > 0 && !has_key(&check->trusted, signer)) {
		check->stray_seq = head->seq;
		return;
	}
	check->stray_seq = 0;
	if (check->trusted.count == 0 || check->problems > 0)
		return;
	for (size_t i = 0; i < check->offered.count; i++)
		add_key(&check->trusted, check->offered.spki_sha256[i]);
}

static bool
agrees(struct auditcheck *check, const struct auditcheck_head *head)
{
	char when[CLOCK_TEXT_SIZE], beyond[96];

	clock_format(when, head->time);
	snprintf(
	    beyond, sizeof(beyond), " at the end: the head of %s reaches further", when);
	if (head->seq > check->seq)
		say_missing(check, check->seq + 1, head->seq, beyond);
	else if (head->seq < check->seq)
		auditcheck_complain(check,
		    "head of entry %lld: out of place, after entry %lld",
		    (long long)head->seq, (long long)check->seq);
	else if (memcmp(head->hash, check->recent[0].stored, sizeof(head->hash)) != 0)
		auditcheck_complain(check,
		    "entry %lld: not the one that the head of %s was made of",
		    (long long)head->seq, when);
	else
		return true;
	return false;
}

static bool
is_signed_by(const struct auditcheck_head *kept, unsigned char signer[static 32])
{
	struct audit_head head = {
		.seq = kept->seq,
		.time = kept->time,
		.spki = { kept->spki, kept->spki_len },
		.signature = { kept->signature, kept->signature_len },
	};

	memcpy(head.hash, kept->hash, sizeof(head.hash));
	return auditchain_head_verify(&head, NULL) == 0 &&
	       EVP_Digest(kept->spki, kept->spki_len, signer, NULL, EVP_sha256(), NULL) ==
		   1;
}

void
auditcheck_signed(struct auditcheck *check, const struct auditcheck_head *head)
{
	unsigned char signer[32];
	bool is_note = head->spki_len == 0;

	if (!is_note && !is_signed_by(head, signer)) {
		auditcheck_complain(check,
		    "head of entry %lld: changed: its signature is not of it",
		    (long long)head->seq);
		return;
	}
	if (agrees(check, head) && !is_note)
		believe(check, head, signer);
}

void
auditcheck_finish(struct auditcheck *check)
{
	char hash[65];

	while (check->met < check->expected_count)
		auditcheck_signed(check, &check->expected[check->met++]);
	if (check->heads == 0 && check->trusted.count > 0)
		auditcheck_complain(check, "heads: missing: there is a key, and none "
					   "that it signed holds");
	if (check->stray_seq == 0)
		return;
	hex_encode(hash, check->signer, 32);
	auditcheck_complain(check,
	    "head of entry %lld: signed by key %s, which is neither trusted nor was "
	    "handed over to",
	    (long long)check->stray_seq, hash);
}
