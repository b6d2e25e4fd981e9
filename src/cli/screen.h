/* The terminal as a whole screen: lines of text out, keys in. */
#ifndef NFZ_CLI_SCREEN_H
#define NFZ_CLI_SCREEN_H

#include "base/err.h"

enum {
	SCREEN_NONE = -1,
	SCREEN_RESIZED = -2,
	SCREEN_UP = -3,
	SCREEN_DOWN = -4
};

/* Fails where nobody knows how to steer the terminal. */
int screen_open(struct err *err) NFZ_MUST_CHECK;
void screen_close(void);
void screen_size(int *ret_width, int *ret_height);
/* Lines, each ended by a newline; bold: how many of the first. */
void screen_show(const char *text, int bold);
/* Waits so long for a key: its character, or one of the above. */
int screen_key(int ms);

#endif
