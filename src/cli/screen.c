#define _GNU_SOURCE
#include "cli/screen.h"

#include <curses.h>
#include <string.h>

void screen_open(void)
{
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
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
