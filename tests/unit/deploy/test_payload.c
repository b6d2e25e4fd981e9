#include "base/buf.h"
#include "base/mem.h"
#include "deploy/payload.h"
#include "deploy/unpack/lz4_block.h"
#include "format/compress.h"
#include "format/crypto.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void add_file(
	struct buf *head, struct buf *body, const char *name, const char *text)
{
	char sha[CRYPTO_SHA256_TEXT], packed[256];
	size_t n = compress_lz4(text, strlen(text), packed, sizeof(packed));

	cr_assert_neq(n, 0);
	buf_addf(head, "file %s 0755 %zu %s %zu\n", name, strlen(text),
		crypto_sha256_text(text, strlen(text), sha), n);
	buf_add(body, packed, n);
}

static void archive(struct buf *out)
{
	struct buf body = BUF_INIT(1 << 16);

	buf_adds(out, "NFZP 2 x86_64\n");
	add_file(out, &body, "nfz-agent", "the agent");
	add_file(out, &body, "nfz-meter", "");
	add_file(out, &body, "nfz-query", "a query program");
	buf_adds(out, "end\n");
	buf_add(out, body.data, body.len);
	buf_release(&body);
}

/* As files that are one are packed: the agent's bytes, two names. */
static void archive_of_links(struct buf *out)
{
	struct buf body = BUF_INIT(1 << 16);
	char sha[CRYPTO_SHA256_TEXT];

	buf_adds(out, "NFZP 2 x86_64\n");
	add_file(out, &body, "nfz-agent", "all in one");
	crypto_sha256_text("all in one", 10, sha);
	buf_addf(out, "file nfz-meter 0755 10 %s 0\n", sha);
	buf_addf(out, "file nfz-cache 0755 10 %s 0\n", sha);
	add_file(out, &body, "nfz-query", "a query program");
	buf_adds(out, "end\n");
	buf_add(out, body.data, body.len);
	buf_release(&body);
}

static int note_file(void *ctx, const struct payload_entry *e, const void *data,
	struct err *err)
{
	(void)err;
	buf_addf(ctx, "%s=%.*s;", e->name, (int)e->size, (const char *)data);
	return 0;
}

Test(payload, files_come_out_whatever_the_pieces)
{
	struct buf in = BUF_INIT(1 << 16);

	archive(&in);
	for (size_t piece = 1; piece < in.len; piece = piece * 3 + 1) {
		struct buf seen = BUF_INIT(1 << 16);
		struct payload_reader *r = payload_reader_new(note_file, &seen);

		for (size_t at = 0; at < in.len; at += piece) {
			size_t n = in.len - at < piece ? in.len - at : piece;

			cr_assert_not(payload_reader_done(r));
			cr_assert_eq(
				payload_reader_add(r, in.data + at, n, NULL),
				0);
		}
		cr_assert(payload_reader_done(r));
		cr_assert_str_eq(payload_reader_arch(r), "x86_64");
		cr_assert_str_eq(buf_str(&seen),
			"nfz-agent=the agent;nfz-meter=;"
			"nfz-query=a query program;");
		payload_reader_free(r);
		buf_release(&seen);
	}
	buf_release(&in);
}

/* No damaged byte may get a file through: neither in the head nor behind. */
Test(payload, no_damaged_byte_passes)
{
	struct buf in = BUF_INIT(1 << 16), good = BUF_INIT(1 << 16);
	struct payload_reader *r = payload_reader_new(note_file, &good);
	size_t passed = 0;

	archive(&in);
	cr_assert_eq(payload_reader_add(r, in.data, in.len, NULL), 0);
	payload_reader_free(r);
	for (size_t i = 0; i < in.len; i++) {
		struct buf seen = BUF_INIT(1 << 16);
		int result;

		in.data[i] ^= 0x04;
		r = payload_reader_new(note_file, &seen);
		result = payload_reader_add(r, in.data, in.len, NULL);
		/* names and modes have no sum of their own: contents have */
		if (result == 0 && payload_reader_done(r)) {
			passed++;
			cr_assert_not_null(
				strstr(buf_str(&seen), "=the agent;"),
				"byte %zu", i);
			cr_assert_not_null(
				strstr(buf_str(&seen), "=a query program;"),
				"byte %zu", i);
		}
		payload_reader_free(r);
		buf_release(&seen);
		in.data[i] ^= 0x04;
	}
	cr_assert_lt(passed, 60, "names and modes");
	buf_release(&in);
	buf_release(&good);
}

Test(payload, nonsense_is_refused)
{
	static const char sha[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"
				  "934ca495991b7852b855";
	static const char *const heads[] = {
		"NFZP 1 x86_64\n",
		"GIF89a\n",
		"NFZP 2 ../x\n",
		"NFZP 2 x86_64\nfile ../../etc/passwd 0755 0 %s 20\nend\n",
		"NFZP 2 x86_64\nfile a 4755 0 %s 20\nend\n",
		"NFZP 2 x86_64\nfile a 0755 99999999999 %s 20\nend\n",
		"NFZP 2 x86_64\nfile a 0755 -1 %s 20\nend\n",
		"NFZP 2 x86_64\nfile a 0755 0 %s 0\nend\n",
		"NFZP 2 x86_64\nfile a 0755 0 %s 9\nfile a 0755 0 %s 9\nend\n",
		"NFZP 2 x86_64\nfile a 0755 0 %s 9\nfile b 0755 1 %s 0\nend\n",
		"NFZP 2 x86_64\nfile a 0755 0 %s 9\nfile b 0755 0 "
		"0000000000000000000000000000000000000000000000000000000000"
		"000000 0\nend\n",
		"NFZP 2 x86_64\nfile a 0755 0 %s 20 more\nend\n",
		"NFZP 2 x86_64\nfile a 0755 0 short 20\nend\n",
		"NFZP 2 x86_64\nend\nmore",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct payload_reader *r = payload_reader_new(NULL, NULL);
		struct buf text = BUF_INIT(4096);

		for (const char *p = heads[i]; *p; p++)
			if (p[0] == '%' && p[1] == 's') {
				buf_adds(&text, sha);
				p++;
			} else {
				buf_addc(&text, *p);
			}
		cr_assert_eq(payload_reader_add(r, text.data, text.len, NULL),
			-NFZ_E_INPUT, "case %zu", i);
		payload_reader_free(r);
		buf_release(&text);
	}
}

Test(payload, a_choice_is_an_archive)
{
	const char *names[] = {"nfz-query"};
	struct buf in = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);
	struct buf seen = BUF_INIT(1 << 16), agent = BUF_INIT(64);
	struct payloads all = {0};
	struct payload p;
	struct payload_reader *r = payload_reader_new(note_file, &seen);

	archive(&in);
	cr_assert_eq(payload_parse(&in, &p, NULL), 0);
	cr_assert_eq(p.n, 3);
	cr_assert_eq(payload_file(&p, p.agent, &agent, NULL), 0);
	cr_assert_str_eq(buf_str(&agent), "the agent");
	cr_assert_not_null(payload_entry(&p, "nfz-meter"));
	cr_assert_null(payload_entry(&p, "nfz"));
	cr_assert_eq(payload_choose(&p, names, 1, &out, NULL), 0);
	cr_assert_eq(payload_reader_add(r, out.data, out.len, NULL), 0);
	cr_assert(payload_reader_done(r));
	cr_assert_str_eq(buf_str(&seen), "nfz-query=a query program;");
	payload_reader_free(r);
	MEM_PUSH(all.items, all.n, all.cap) = p;
	cr_assert_eq(payloads_for(&all, "x86_64"), &all.items[0]);
	cr_assert_null(payloads_for(&all, "aarch64"));
	payloads_release(&all);
	buf_release(&agent);
	buf_release(&out);
	buf_release(&seen);
}

/* What is one file by several names is packed once, in any choice. */
Test(payload, files_that_are_one)
{
	static const struct {
		const char *names[3], *seen;
		size_t n;
	} choices[] = {{{"nfz-agent", "nfz-meter", "nfz-cache"},
			       "nfz-agent=all in one;nfz-meter=all in one;"
			       "nfz-cache=all in one;",
			       3},
		{{"nfz-meter", "nfz-query"},
			"nfz-meter=all in one;nfz-query=a query program;", 2},
		{{"nfz-cache"}, "nfz-cache=all in one;", 1},
		{{"nfz-query"}, "nfz-query=a query program;", 1}};
	struct buf in = BUF_INIT(1 << 16);
	struct payloads all = {0};
	struct payload p;

	archive_of_links(&in);
	cr_assert_eq(payload_parse(&in, &p, NULL), 0);
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct buf out = BUF_INIT(1 << 16), seen = BUF_INIT(1 << 16);
		struct payload_reader *r = payload_reader_new(note_file, &seen);

		cr_assert_eq(payload_choose(&p, choices[i].names, choices[i].n,
				     &out, NULL),
			0);
		cr_assert_eq(payload_reader_add(r, out.data, out.len, NULL), 0);
		cr_expect(payload_reader_done(r));
		cr_expect_str_eq(buf_str(&seen), choices[i].seen);
		payload_reader_free(r);
		buf_release(&out);
		buf_release(&seen);
	}
	MEM_PUSH(all.items, all.n, all.cap) = p;
	cr_expect_eq(payloads_check(&all, NULL), 0);
	payloads_release(&all);
}

/* By whichever name: what is damaged behind that look is not seen any more. */
Test(payload, what_is_one_file_is_looked_at_once)
{
	const char *agent[] = {"nfz-agent"}, *cache[] = {"nfz-cache"};
	struct buf in = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);
	struct payloads all = {0};
	struct payload p;

	archive_of_links(&in);
	cr_assert_eq(payload_parse(&in, &p, NULL), 0);
	cr_assert_eq(payload_check(&p, NULL), 0);
	p.bytes.data[p.offsets[0] + 4] ^= 0x04;
	p.good[2] = false;
	cr_expect_eq(payload_choose(&p, cache, 1, &out, NULL), 0);
	p.good[0] = false;
	cr_expect_eq(payload_choose(&p, agent, 1, &out, NULL), -NFZ_E_INPUT);
	MEM_PUSH(all.items, all.n, all.cap) = p;
	payloads_release(&all);
	buf_release(&out);
}

/* Verified when it is needed: a damaged program stops what would send it. */
Test(payload, a_damaged_file_is_not_sent)
{
	const char *good[] = {"nfz-agent"}, *bad[] = {"nfz-query"};
	struct buf in = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);
	struct payloads all = {0};
	struct err err = ERR_INIT;
	struct payload p;

	archive(&in);
	in.data[in.len - 6] ^= 0x04;
	cr_assert_eq(payload_parse(&in, &p, NULL), 0);
	cr_assert_eq(payload_check(&p, &err), -NFZ_E_INPUT);
	cr_assert(strstr(err.text, "nfz-query"));
	cr_assert(p.good[0] && p.good[1] && !p.good[2]);
	cr_assert_eq(payload_choose(&p, good, 1, &out, NULL), 0);
	cr_assert_eq(payload_choose(&p, bad, 1, &out, &err), -NFZ_E_INPUT);
	cr_assert(strstr(err.text, "nfz-query"));
	MEM_PUSH(all.items, all.n, all.cap) = p;
	cr_assert_eq(payloads_check(&all, &err), -NFZ_E_INPUT);
	payloads_release(&all);
	buf_release(&out);
}

Test(payload, an_archive_that_is_cut_off_is_refused)
{
	for (size_t less = 1; less < 200; less += 7) {
		struct buf in = BUF_INIT(1 << 16);
		struct payload p;

		archive(&in);
		in.len -= less;
		cr_assert_eq(payload_parse(&in, &p, NULL), -NFZ_E_INPUT);
		buf_release(&in);
	}
}

Test(payload, without_an_agent_it_is_useless)
{
	struct buf in = BUF_INIT(64);
	struct payload p;

	buf_adds(&in, "NFZP 2 x86_64\nend\n");
	cr_assert_eq(payload_parse(&in, &p, NULL), -NFZ_E_INPUT);
}

/* What a node without an agent is sent; lz4_block.h is what opens it there. */
Test(payload, an_agent_travels_as_a_block)
{
	struct buf in = BUF_INIT(1 << 16), body = BUF_INIT(1 << 16);
	const struct payload_boot *boot;
	struct payloads all = {0};
	struct payload p;
	uint8_t out[9];

	buf_adds(&in, "NFZP 2 x86_64\n");
	add_file(&in, &body, "nfz-agent", "the agent");
	add_file(&in, &body, "nfz-unpack", "a few bytes");
	buf_adds(&in, "end\n");
	buf_add(&in, body.data, body.len);
	cr_assert_eq(payload_parse(&in, &p, NULL), 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(payload_boot(&p, &boot, NULL), 0);
		cr_assert_str_eq(buf_str(&boot->unpack), "a few bytes");
		cr_assert(lz4_block_open((const uint8_t *)boot->block,
			boot->packed, out, sizeof(out)));
		cr_assert_eq(memcmp(out, "the agent", sizeof(out)), 0);
	}
	MEM_PUSH(all.items, all.n, all.cap) = p;
	payloads_release(&all);
	buf_release(&body);
}

Test(payload, an_archive_that_unpacks_nowhere_is_told)
{
	struct buf in = BUF_INIT(1 << 16);
	const struct payload_boot *boot;
	struct payloads all = {0};
	struct err err = ERR_INIT;
	struct payload p;

	archive(&in);
	cr_assert_eq(payload_parse(&in, &p, NULL), 0);
	cr_assert_eq(payload_boot(&p, &boot, &err), -NFZ_E_INPUT);
	cr_assert(strstr(err.text, "nfz-unpack"));
	MEM_PUSH(all.items, all.n, all.cap) = p;
	payloads_release(&all);
}
