#define _GNU_SOURCE
#include "cli/screen.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

int screen_open(struct err *err)
{
	const char *term = getenv("TERM");

	/* initscr(3) would end the program */
	if (!newterm(NULL, stdout, stdin)) {
		err_set(err, NFZ_E_USAGE,
			"this terminal, TERM=\"%.60s\", is not known here",
			term ? term : "");
		return err_hint(err, "Try TERM=xterm, or --once without one");
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	return 0;
}

void screen_close(void)
{
	endwin();
}

void screen_size(int *ret_width, int *ret_height)
{
	getmaxyx(stdscr, *ret_height, *ret_width);
}

void screen_show(const char *text, int bold)
{
	erase();
	for (int y = 0; *text && y < LINES; y++) {
		int n = (int)strcspn(text, "\n");

		if (y < bold)
			attron(A_BOLD);
		mvaddnstr(y, 0, text, n);
		attroff(A_BOLD);
		text += n + (text[n] == '\n');
	}
	refresh();
}

int screen_key(int ms)
{
	int key;

	timeout(ms);
	key = getch();
	switch (key) {
	case ERR:
		return SCREEN_NONE;
	case KEY_RESIZE:
		return SCREEN_RESIZED;
	case KEY_UP:
		return SCREEN_UP;
	case KEY_DOWN:
		return SCREEN_DOWN;
	}
	return key < 256 ? key : SCREEN_NONE;
}
