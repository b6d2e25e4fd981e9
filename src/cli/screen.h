/* The terminal as a whole screen: lines of text out, keys in. */
#ifndef NFZ_CLI_SCREEN_H
#define NFZ_CLI_SCREEN_H

#include <stdbool.h>

enum {
	SCREEN_NONE = -1,
	SCREEN_RESIZED = -2,
	SCREEN_UP = -3,
	SCREEN_DOWN = -4
};

void screen_open(void);
void screen_close(void);
void screen_size(int *ret_width, int *ret_height);
/* Lines, each ended by a newline; bold: how many of the first. */
void screen_show(const char *text, int bold);
/* Waits so long for a key: its character, or one of the above. */
int screen_key(int ms);

#endif
