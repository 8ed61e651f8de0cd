/*
 * faults.h - what faulty-pkcs11.so is told to do wrong, in a file that is mapped by it,
 * by the command "fault" and by tests. A new file says nothing: the module only forwards.
 */
#ifndef TESTS_SUPPORT_FAULTS_H
#define TESTS_SUPPORT_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/cryptoki_functions.h"

/* Names the file to the module; without it the module only forwards. */
#define FAULTS_ENV "FAULTY_CONTROL"
/* Names the module that calls go to, if not SoftHSM. */
#define FAULTS_MODULE_ENV "FAULTY_FORWARDS_TO"

#define FAULTS_FUNCTION(name, params, args) FUNCTION_##name,
enum faults_function {
	CRYPTOKI_FUNCTIONS(FAULTS_FUNCTION, FAULTS_FUNCTION, FAULTS_FUNCTION,
	    FAULTS_FUNCTION) FUNCTION_ANY, /* of them but C_GetFunctionList */
	FUNCTIONS
};

/* What befalls calls of a function, in this order. */
enum faults_effect {
	EFFECT_DELAY,  /* so many milliseconds */
	EFFECT_HANG,   /* until the faults are cleared; then the call goes on */
	EFFECT_RETURN, /* this CK_RV, and nothing is forwarded */
	EFFECTS
};

/* What befalls the token as a whole; the value says how much where that makes sense. */
enum faults_trouble {
	TROUBLE_NO_SLOT,             /* the slot has gone, and all sessions have ended */
	TROUBLE_NO_TOKEN,            /* the slot is empty, and all sessions have ended */
	TROUBLE_RESET,               /* all sessions end, and with them the login */
	TROUBLE_LOGOUT,              /* the login ends, the sessions do not */
	TROUBLE_SLOT_OFFSET,         /* added to each slot's number */
	TROUBLE_MAX_SESSIONS,        /* how many may be open */
	TROUBLE_IDLE_MS,             /* sessions end that were idle for so long */
	TROUBLE_NO_RAW_RSA,          /* CKM_RSA_X_509 is unknown */
	TROUBLE_NO_PSS,              /* the mechanisms of PSS are unknown */
	TROUBLE_ALWAYS_AUTHENTICATE, /* each private key wants a login for each use */
	TROUBLE_PIN_FINAL_TRY,       /* CKF_USER_PIN_FINAL_TRY */
	TROUBLE_PIN_LOCKED,          /* CKF_USER_PIN_LOCKED */
	TROUBLE_PIN_TRIES,           /* so many wrong PINs lock it */
	TROUBLE_WRONG_SIGNATURES,    /* a bit of each is wrong */
	TROUBLES
};

/* How many calls a fault befalls. */
#define FAULTS_ALWAYS (-1L)

struct faults;

/* Maps the file, and makes it if need be; -1 with errno. */
int faults_open(const char *path, struct faults **faults);
void faults_close(struct faults *faults);
/* Without a file: nobody can set anything there. Not to be closed. */
struct faults *faults_none(void);

/* By name, such as C_Sign, any, no-pss; -1 when there is none of that name. */
int faults_find_function(const char *name, enum faults_function *function);
int faults_find_trouble(const char *name, enum faults_trouble *trouble);
const char *faults_trouble_name(enum faults_trouble trouble);

void faults_set(struct faults *faults, enum faults_function function,
    enum faults_effect effect, unsigned long value, long times);
void faults_trouble(
    struct faults *faults, enum faults_trouble trouble, unsigned long value, long times);

/* Ends every fault, and lets calls that hang go on. */
void faults_clear(struct faults *faults);
/* Ends one alone; what hangs by it goes on. */
void faults_clear_function(struct faults *faults, enum faults_function function);
void faults_clear_trouble(struct faults *faults, enum faults_trouble trouble);

/* How often a function was called since the file was made, failures included. */
uint64_t faults_calls(const struct faults *faults, enum faults_function function);
/* How many calls hang now. */
unsigned faults_hanging(const struct faults *faults);

/* For the module: one call of a function. What is not CKR_OK is its result. */
CK_RV faults_befall(struct faults *faults, enum faults_function function);

/* Whether the trouble befalls this call, which uses up one of its times. */
bool
faults_take(struct faults *faults, enum faults_trouble trouble, unsigned long *value);
/* Whether it is there, and its value; uses up nothing. */
bool faults_has(
    const struct faults *faults, enum faults_trouble trouble, unsigned long *value);

#endif
