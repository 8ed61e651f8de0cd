/* exit.h - how keyholdd ends: one code for each thing that an operator would look at. */
#ifndef SERVICE_EXIT_H
#define SERVICE_EXIT_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_INTERNAL = 1,
	EXIT_USAGE = 2,
	EXIT_SETTINGS = 3, /* the configuration file, or the PIN's */
	EXIT_MODULE = 4,   /* the PKCS#11 module does not load */
	EXIT_TOKEN = 5,    /* no such token, or it fails */
	EXIT_PIN = 6,      /* the token refuses the PIN */
	EXIT_STATE = 7,    /* the state directory */
	EXIT_LISTEN = 8,   /* a socket, such as one in use */
};

#endif
