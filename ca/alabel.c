/* alabel.c - libidn2: its one home. */
#include "ca/alabel.h"

#include <string.h>

#include <idn2.h>

bool
alabel_is_valid(struct bytes label)
{
	uint8_t text[IDN2_LABEL_MAX_LENGTH + 1];
	int result;

	if (label.len > IDN2_LABEL_MAX_LENGTH || memchr(label.data, 0, label.len) != NULL)
		return false;
	memcpy(text, label.data, label.len);
	text[label.len] = '\0';
	/* Without a U-label to compare with, the one that it decodes to is judged. */
	result = idn2_register_u8(NULL, text, NULL, 0);
	return result == IDN2_OK;
}
