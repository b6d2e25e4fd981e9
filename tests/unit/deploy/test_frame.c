#include "deploy/frame.h"

#include <criterion/criterion.h>
#include <string.h>

Test(frame, vectors_come_back_whatever_they_hold)
{
	const char *words[] = {
		"run", "", "a b", "$(id); `x` \"'\n", "\xff\x01"};
	struct buf out = BUF_INIT(1 << 16);
	struct frame_args args;
	struct frame f;

	frame_put_args(&out, FRAME_CALL, words, 5);
	cr_assert(buf_ok(&out));
	cr_assert_eq(frame_next(out.data, out.len, &f, NULL), 1);
	cr_assert_eq(f.total, out.len);
	cr_assert_eq(f.type, FRAME_CALL);
	cr_assert_eq(frame_args(&f, &args, NULL), 0);
	cr_assert_eq(args.n, 5);
	for (int i = 0; i < 5; i++)
		cr_assert_str_eq(args.argv[i], words[i]);
	cr_assert_null(args.argv[5]);
	cr_assert_str_eq(frame_arg(&args, 7), "");
	frame_args_free(&args);
	buf_release(&out);
}

Test(frame, a_frame_cut_anywhere_is_awaited)
{
	const char *words[] = {"hello", "world"};
	struct buf out = BUF_INIT(1 << 16);
	struct frame f;

	frame_put_args(&out, FRAME_NOTE, words, 2);
	for (size_t n = 0; n < out.len; n++)
		cr_assert_eq(frame_next(out.data, n, &f, NULL), 0);
	buf_release(&out);
}

Test(frame, impossible_heads_are_refused_at_once)
{
	static const struct {
		uint8_t head[5];
		size_t len;
	} cases[] = {
		{{0xff, 0xff, 0xff, 0xff, 1}, 4}, /* larger than any frame */
		{{0, 0, 0, 0, 1}, 4},             /* without a type */
		{{0, 0, 0, 1, 0}, 5},             /* type 0 */
		{{0, 0, 0, 1, 99}, 5},
	};
	struct frame f;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_assert_eq(frame_next(cases[i].head, cases[i].len, &f, NULL),
			-NFZ_E_REMOTE, "case %zu", i);
}

Test(frame, malformed_vectors_are_refused)
{
	static const struct {
		const char *body;
		size_t len;
	} cases[] = {
		{"", 0}, {"\0", 1},
		{"\0\1", 2},              /* a word is announced, none comes */
		{"\0\1\0\0\0\5abcd", 10}, /* longer than what is there */
		{"\0\1\0\0\0\1ab", 8},    /* something follows */
		{"\0\1\0\0\0\2a\0", 8},   /* a NUL inside */
		{"\0\1\xff\xff\xff\xff", 6}, /* a length that overflows */
	};
	struct frame_args args;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct frame f = {FRAME_CALL, (const uint8_t *)cases[i].body,
			cases[i].len, 0};

		cr_assert_eq(frame_args(&f, &args, NULL), -NFZ_E_REMOTE,
			"case %zu", i);
	}
}

Test(frame, long_data_becomes_several_frames)
{
	static char data[FRAME_DATA_MAX * 2 + 7];
	struct buf out = BUF_INIT(1 << 20);
	struct frame f;
	size_t sum = 0, n = 0;

	memset(data, 'x', sizeof(data));
	frame_put_data(&out, FRAME_OUT, data, sizeof(data));
	while (frame_next(buf_str(&out), out.len, &f, NULL) == 1) {
		sum += f.len;
		n++;
		buf_consume(&out, f.total);
	}
	cr_assert_eq(sum, sizeof(data));
	cr_assert_eq(n, 3);
	cr_assert_eq(out.len, 0);
	buf_release(&out);
}

Test(frame, values_are_found_by_name)
{
	char *words[] = {"ok", "path=/a=b", "pathology=1", NULL};
	struct frame_args args = {words, 3};

	cr_assert_str_eq(frame_value(&args, "path"), "/a=b");
	cr_assert_null(frame_value(&args, "pat"));
}
