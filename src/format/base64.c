/* Base 64, both ways.  Padding may be missing at the end, as many writers
 * leave it out; anything after padding is refused. */
#include "format/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode_group(const unsigned char *s, size_t n, struct buf *out)
{
	unsigned v = (unsigned)s[0] << 16;

	if (n > 1)
		v |= (unsigned)s[1] << 8;
	if (n > 2)
		v |= s[2];
	buf_addc(out, alphabet[v >> 18]);
	buf_addc(out, alphabet[v >> 12 & 63]);
	buf_addc(out, n > 1 ? alphabet[v >> 6 & 63] : '=');
	buf_addc(out, n > 2 ? alphabet[v & 63] : '=');
}

void base64_encode(
	const void *data, size_t len, size_t line_bytes, struct buf *out)
{
	const unsigned char *s = data;
	size_t line = line_bytes ? line_bytes : len;

	for (size_t at = 0; at < len;) {
		size_t end = len - at > line ? at + line : len;

		for (; at < end; at += 3)
			encode_group(s + at, end - at > 3 ? 3 : end - at, out);
		at = end;
		if (line_bytes)
			buf_addc(out, '\n');
	}
}

bool base64_decode(const char *text, size_t len, struct buf *out)
{
	unsigned value = 0, bits = 0, padding = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at;

		if (text[i] && strchr(" \t\r\n", text[i]))
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		at = text[i] ? strchr(alphabet, text[i]) : NULL;
		if (!at || padding)
			return false;
		value = (value << 6 | (unsigned)(at - alphabet)) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(out, (char)(value >> bits & 0xff));
		}
	}
	return padding <= 2 && bits < 6;
}
