#include "base/word.h"

#include <criterion/criterion.h>
#include <string.h>

Test(word, is_one_word_and_comes_back)
{
	const char *text = "a b%\t\n\x7f-\xc3\xa9";
	struct buf out = BUF_INIT(200);
	char back[40];

	word_add(&out, text);
	cr_expect_str_eq(buf_str(&out), "a%20b%25%09%0a%7f-%c3%a9");
	cr_assert(word_undo(buf_str(&out), back, sizeof(back)));
	cr_expect_str_eq(back, text);
	cr_expect(word_undo(out.data, out.data, out.len + 1), "in place");
	cr_expect_str_eq(out.data, text);
	buf_release(&out);
}

Test(word, believes_nothing)
{
	static const char *const bad[] = {"%", "%4", "a%4g", "%00", "%%41"};
	char to[4];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_not(word_undo(bad[i], to, sizeof(to)), "%s", bad[i]);
	cr_expect(word_undo("%41bc", to, sizeof(to)));
	cr_expect_not(word_undo("abcd", to, sizeof(to)), "no room");
	cr_expect_not(word_undo("", to, 0));
	cr_expect_eq(word_digit('\0'), -1);
	cr_expect_eq(word_digit('F'), 15);
}
