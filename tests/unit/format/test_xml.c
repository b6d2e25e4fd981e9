#include "base/buf.h"
#include "format/xml.h"

#include <criterion/criterion.h>
#include <string.h>

static struct xdoc *parse(const char *text, enum xdoc_mode mode)
{
	struct err err = ERR_INIT;
	struct xdoc *doc = NULL;

	cr_assert_eq(xdoc_parse(text, strlen(text), mode, &doc, &err), 0, "%s",
		err.text);
	return doc;
}

static void has_text(const struct xnode *node, const char *want)
{
	size_t len;
	const char *text = xnode_text(node, &len);

	cr_assert_str_eq(text, want);
	cr_assert_eq(len, strlen(want));
}

Test(xml, text_is_one_piece_whatever_it_was_written_as)
{
	struct xdoc *doc = parse("<a><b>1 &lt; &#50;<![CDATA[ < ]]>&#x33;</b>"
				 "<c>x<!-- y -->z</c><d/></a>",
		XDOC_STRICT);
	const struct xnode *n = xnode_child(xdoc_root(doc));

	has_text(n, "1 < 2 < 3");
	has_text(xnode_next(n), "xz");
	has_text(xnode_next(xnode_next(n)), "");
	xdoc_free(doc);
}

Test(xml, text_belongs_to_its_own_element)
{
	struct xdoc *doc =
		parse("<a>1<b>2<c>3</c>4</b>5<d>6</d>7</a>", XDOC_STRICT);
	const struct xnode *root = xdoc_root(doc);

	has_text(root, "157");
	has_text(xnode_find(root, "b"), "24");
	has_text(xnode_child(xnode_find(root, "b")), "3");
	has_text(xnode_find(root, "d"), "6");
	xdoc_free(doc);
}

Test(xml, space_between_elements_is_no_text_but_alone_it_is)
{
	struct xdoc *doc =
		parse("<a>\n <b>  </b>\r\n\t<c/>\n</a>", XDOC_STRICT);

	has_text(xdoc_root(doc), "");
	has_text(xnode_find(xdoc_root(doc), "b"), "  ");
	xdoc_free(doc);
}

Test(xml, attributes_and_namespaces)
{
	struct xdoc *doc = parse("<a xmlns='urn:x' xmlns:y='urn:y' "
				 "y:k='other' k='&amp;&quot;&#38; 1'>\n<y:b/>"
				 "</a>",
		XDOC_STRICT);
	const struct xnode *root = xdoc_root(doc), *b = xnode_child(root);
	size_t len = 0;

	cr_assert_str_eq(xnode_attr(root, "k", &len), "&\"& 1");
	cr_assert_eq(len, 5);
	cr_assert_null(xnode_attr(root, "y", &len));
	cr_assert_str_eq(xnode_space(root), "urn:x");
	cr_assert(xnode_is(b, "b"));
	cr_assert_str_eq(xnode_space(b), "urn:y");
	cr_assert_eq(xnode_line(b), 2);
	xdoc_free(doc);
}

Test(xml, mended_attributes_have_their_control_characters_back)
{
	struct xdoc *doc =
		parse("<a k='1\x01\xee\x80\x80'>\xfc</a>", XDOC_MEND);
	size_t len = 0;

	cr_assert(xdoc_mended(doc));
	cr_assert_str_eq(
		xnode_attr(xdoc_root(doc), "k", &len), "1\x01\xee\x80\x80");
	has_text(xdoc_root(doc), "\xc3\xbc");
	xdoc_free(doc);
}

static void refused(const char *text, int code, const char *cause)
{
	struct err err = ERR_INIT;
	struct xdoc *doc = NULL;

	cr_assert_eq(xdoc_parse(text, strlen(text), XDOC_MEND, &doc, &err),
		-code, "%s", text);
	cr_assert(strstr(err.text, cause), "%s", err.text);
}

Test(xml, half_a_document_is_none)
{
	refused("<a><b></b>", NFZ_E_REPLY, "line 1: ");
	refused("<a><b></a></b>", NFZ_E_REPLY, "line 1: ");
	refused("<a/>\n<b/>", NFZ_E_REPLY, "line 2: ");
	refused("<!-- nothing -->", NFZ_E_REPLY, "line 1: ");
	refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&b;</a>",
		NFZ_E_REPLY, "document type definitions");
}

Test(xml, depth_has_a_ceiling)
{
	struct buf deep = BUF_INIT(1 << 20);
	struct xdoc *doc;

	for (int i = 0; i < 200; i++)
		buf_adds(&deep, "<a>");
	for (int i = 0; i < 200; i++)
		buf_adds(&deep, "</a>");
	doc = parse(buf_str(&deep), XDOC_STRICT);
	xdoc_free(doc);
	buf_reset(&deep);
	for (int i = 0; i < 201; i++)
		buf_adds(&deep, "<a>");
	for (int i = 0; i < 201; i++)
		buf_adds(&deep, "</a>");
	refused(buf_str(&deep), NFZ_E_LIMIT, "nested too deep");
	buf_release(&deep);
}
