/* alert.h - a program of the operator's hears of a renewal that failed. */
#ifndef AGENT_ALERT_H
#define AGENT_ALERT_H

#include "agent/agent.h"
#include "agent/entry.h"

/*
 * Runs the agent's program, if it has one: with the name, outcome ("failed" or
 * "rolled-back"), how many attempts failed, the end of what is installed ("" for nothing)
 * and why. As the agent's user, without a shell, for 30 s at most. What it writes, or
 * that it fails, is logged: there is nobody else to tell.
 */
void alert_run(const struct agent *agent, const struct entry *entry, const char *outcome);

#endif
