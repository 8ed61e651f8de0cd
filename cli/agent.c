/* agent.c - keyhold agent. */
#include "agent/agent.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

#define INTERVAL_MAX_S 86400

static int
run_once(struct cli *cli, struct agent *agent, struct error *err)
{
	unsigned failures;

	agent->tells_waiting = true;
	if (agent_round(agent, &failures, err) != 0) {
		/* No file of this machine, but a daemon that does not answer. */
		if (err->code == ERROR_IO)
			err->code = ERROR_TIMEOUT;
		return -1;
	}
	if (failures == 0)
		return 0;
	cli_advise(cli, "What and why: keyhold managed list, keyhold managed show NAME");
	return error_set(err, ERROR_TIMEOUT,
	    "%u managed %s could not be renewed, and will be tried again", failures,
	    failures == 1 ? "certificate" : "certificates");
}

/* A mistake in it would be seen when it is needed. */
static int
check_alert(const char *program, struct error *err)
{
	struct stat st;

	if (program == NULL)
		return 0;
	if (*program != '/')
		return error_set(err, ERROR_CONFIG,
		    "--alert %s: name the program by its absolute path", program);
	if (stat(program, &st) != 0 || access(program, X_OK) != 0)
		return error_set_errno(err, ERROR_CONFIG, "--alert %s", program);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_CONFIG, "--alert %s: no program", program);
	return 0;
}

static int
run_agent(struct cli *cli, struct error *err)
{
	const char *interval = argument_value(&cli->args, "interval");
	const char *alert = argument_value(&cli->args, "alert");
	struct agent agent;
	int64_t interval_s;
	int rc = 0;

	if (argument_duration(interval, &interval_s) != 0 || interval_s < 1 ||
	    interval_s > INTERVAL_MAX_S)
		return error_set(err, ERROR_CONFIG,
		    "--interval %s: say 30s, 5m or 12h, at least a second and at most a "
		    "day",
		    interval);
	if (check_alert(alert, err) != 0)
		return -1;
	agent_init(&agent, &cli->rest);
	agent.alert = alert;
	if (argument_given(&cli->args, "once"))
		rc = run_once(cli, &agent, err);
	else
		agent_run(&agent, interval_s);
	agent_clear(&agent);
	return rc;
}

static const struct option_spec agent_options[] = {
	{ .name = "once",
	    .help = "one round, then end: for timers; exit status 3 if something could "
		    "not be renewed" },
	{ .name = "interval",
	    .metavar = "TIME",
	    .help = "how long to wait between two rounds, 60s or 5m, at most a day",
	    .fallback = "60s" },
	{ .name = "alert",
	    .metavar = "PROGRAM",
	    .help =
		"run it after each failure, with name, outcome, attempts, end of what "
		"is installed and why as arguments; 30 s, no shell" },
	{ .name = NULL },
};

const struct command agent_commands[] = {
	{ .path = "agent",
	    .purpose = "renew what is managed: files, hooks, verification",
	    .example = "keyhold agent",
	    .options = agent_options,
	    .run = run_agent },
	{ .path = NULL },
};
