#include "base/word.h"

void word_add(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c == '%' || c >= 0x7f)
			buf_addf(out, "%%%02x", c);
		else
			buf_addc(out, *text);
	}
}

int word_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool word_undo(const char *word, char *to, size_t room)
{
	size_t n;

	for (n = 0; n < room && *word; n++) {
		int high, low;

		if (*word != '%') {
			to[n] = *word++;
			continue;
		}
		high = word_digit(word[1]);
		low = high < 0 ? -1 : word_digit(word[2]);
		if (low < 0 || (high | low) == 0)
			return false;
		to[n] = (char)(high << 4 | low);
		word += 3;
	}
	if (n >= room)
		return false;
	to[n] = '\0';
	return true;
}
