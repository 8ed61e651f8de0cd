/* install.c - the files take their place, a server loads them, and shows it; or all goes
 * back. */
#include <string.h>

#include "agent/ask.h"
#include "agent/hook.h"
#include "agent/verify.h"
#include "agent/work.h"
#include "base/clock.h"
#include "base/log.h"
#include "rest/url.h"

/* More than that keyholdd does not take, so the last of it is left out. */
#define REASON_MAX 12288

/* What is no certificate is none. */
static bool
is_leaf(struct buffer *chain, struct leaf *leaf)
{
	struct error none;

	return chain->len > 0 && leaf_read(buf_bytes(chain), leaf, &none) == 0;
}

int
work_installed(const struct work *work, struct leaf *leaf, bool *found, struct error *err)
{
	struct buffer chain;
	int rc;

	buf_init(&chain, 0);
	rc = place_read(&work->place, &chain, err);
	*found = rc == 0 && is_leaf(&chain, leaf);
	buf_free(&chain);
	return rc;
}

bool
work_is_revoked(const struct work *work, const struct leaf *leaf)
{
	json_t *answer = NULL;
	char url[URL_MAX];
	struct error none;
	bool yes = false;

	if (work->entry->issuer != NULL &&
	    url_certificate(url, leaf->serial, "/renewal-info", &none) == 0 &&
	    ask_whether(work->agent, url, &answer, &none) == 0)
		yes = json_is_true(json_object_get(answer, "revoked"));
	json_decref(answer);
	return yes;
}

bool
work_has_way_back(const struct work *work)
{
	struct buffer chain;
	struct error none;
	struct leaf leaf;
	bool yes;

	buf_init(&chain, 0);
	yes = place_has_before(&work->place) &&
	      place_read_before(&work->place, &chain, &none) == 0 &&
	      is_leaf(&chain, &leaf) && clock_now_s() < leaf.not_after &&
	      !work_is_revoked(work, &leaf);
	buf_free(&chain);
	return yes;
}

/*
 * Nothing to switch to, and a certificate of the key under way: switched already. If not,
 * somebody has tidied up.
 */
int
install_step(struct work *work, struct error *err)
{
	struct state *state = &work->entry->state;
	const bool switches = place_has_next(&work->place);
	struct leaf leaf;
	bool found;

	if (switches && place_switch(&work->place, err) != 0)
		return -1;
	if (work_installed(work, &leaf, &found, err) != 0)
		return -1;
	if (!found || strcmp(leaf.spki_sha256, state->spki_sha256) != 0) {
		if (switches)
			return error_set(err, ERROR_IO,
			    "%s/%s is not the certificate that was to be installed",
			    work->place.path, work->place.name);
		state->step = STEP_ISSUE;
		return 0;
	}
	entry_set_leaf(work->entry, &leaf);
	state->installed = clock_now_s();
	state->step = STEP_RELOAD;
	return 0;
}

int
reload_step(struct work *work, struct error *err)
{
	if (hook_run(work->entry, &work->agent->detail, err) != 0)
		return -1;
	work->entry->state.step = STEP_VERIFY;
	return 0;
}

int
verify_step(struct work *work, struct error *err)
{
	struct error left;
	char quoted[LOG_QUOTED_MAX];

	if (verify_served(work->entry, err) != 0)
		return -1;
	if (place_forget_request(&work->place, &left) != 0)
		log_error("request.left", "managed=%s why=\"%s\"", work->entry->name,
		    log_quoted(quoted, left.text));
	work->entry->state.step = STEP_IDLE;
	return 0;
}

/* Behind why it goes back: nobody else says that the server may not have heard of it. */
static void
add_reason(struct work *work, const struct error *why)
{
	const char *first = work->entry->state.last_error;
	const struct buffer *said = &work->agent->detail;
	struct buffer text;

	buf_init(&text, REASON_MAX);
	if (first != NULL)
		buf_printf(&text, "%s\n", first);
	buf_printf(&text, "going back, the hook failed: %s", why->text);
	if (said->len > 0)
		buf_printf(&text, "\n%s", buf_string(said));
	entry_set_error(work->entry, buf_string(&text));
	buf_free(&text);
}

/* A hook that fails now as well changes nothing: what it is to load is in place. */
int
rollback_step(struct work *work, struct error *err)
{
	struct error why;
	struct leaf leaf;
	bool found;

	if (work_has_way_back(work)) {
		if (place_back(&work->place, err) != 0)
			return -1;
	} else if (place_has_before(&work->place)) {
		/* It was good when this step was begun. */
		work->entry->state.step = STEP_RELOAD;
		return error_set(
		    err, ERROR_CONFLICT, "what was there before is over, or revoked");
	}
	if (work_installed(work, &leaf, &found, err) != 0)
		return -1;
	if (found)
		entry_set_leaf(work->entry, &leaf);
	if (hook_run(work->entry, &work->agent->detail, &why) != 0)
		add_reason(work, &why);
	work->entry->state.step = STEP_IDLE;
	return 0;
}
