/* ckr_names.h - the return values of Cryptoki by their names. */
#ifndef TESTS_SUPPORT_CKR_NAMES_H
#define TESTS_SUPPORT_CKR_NAMES_H

/* CKR_DEVICE_ERROR or 0x30; -1 when it is neither a name nor such a number. */
int ckr_read(const char *text, unsigned long *value);

#endif
