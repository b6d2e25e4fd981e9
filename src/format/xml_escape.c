#include "format/xml_escape.h"

const char *xml_entity(uint32_t c, enum xml_place place)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return place == XML_ATTRIBUTE ? "&quot;" : NULL;
	case '\'':
		return place == XML_ATTRIBUTE ? "&apos;" : NULL;
	default:
		return NULL;
	}
}

void xml_escape(
	struct buf *out, const char *text, size_t len, enum xml_place place)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		const char *as = xml_entity((unsigned char)text[i], place);

		if (!as)
			continue;
		buf_add(out, text + from, i - from);
		buf_adds(out, as);
		from = i + 1;
	}
	buf_add(out, text + from, len - from);
}
