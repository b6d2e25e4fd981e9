#include "planner/proof.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int *numbers(int n)
{
	int *list = mem_grow(NULL, (size_t)n + 1, sizeof(int));

	memset(list, 0xff, sizeof(int) * (size_t)n);
	return list;
}

void proof_init(struct proof *s, int rows, int cols, size_t most_bytes)
{
	*s = (struct proof){.text = BUF_INIT(most_bytes)};
	s->row_number = numbers(rows);
	s->col_number = numbers(cols);
	s->rows = mem_grow(NULL, (size_t)rows + 1, sizeof(int));
	s->cols = mem_grow(NULL, (size_t)cols + 1, sizeof(int));
}

void proof_release(struct proof *s)
{
	buf_release(&s->text);
	free(s->row_number);
	free(s->col_number);
	free(s->rows);
	free(s->cols);
	*s = (struct proof){0};
}

/* Proofs are mostly numbers. */
static void put_number(struct buf *to, int64_t n)
{
	buf_addc(to, ' ');
	if (n < 0)
		buf_addc(to, '-');
	buf_add_uint(to, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void put_row(struct proof *s, int row)
{
	int *number = row < 0 ? NULL : &s->row_number[row];

	if (number && *number < 0) {
		s->rows[s->n_rows] = row;
		*number = s->n_rows++;
	}
	put_number(&s->text, number ? *number : row);
}

static void put_col(struct proof *s, int col)
{
	if (s->col_number[col] < 0) {
		s->cols[s->n_cols] = col;
		s->col_number[col] = s->n_cols++;
	}
	put_number(&s->text, s->col_number[col]);
}

static void end_line(struct proof *s)
{
	buf_addc(&s->text, '\n');
}

void proof_drop(struct proof *s, int col, int by)
{
	buf_adds(&s->text, "drop");
	put_col(s, col);
	put_col(s, by);
	end_line(s);
}

void proof_idle(struct proof *s, int row, int by)
{
	buf_adds(&s->text, "idle");
	put_row(s, row);
	put_row(s, by);
	end_line(s);
}

void proof_take(struct proof *s, int row)
{
	buf_adds(&s->text, "take");
	put_row(s, row);
	end_line(s);
}

int proof_half(struct proof *s, const int *rows, int n)
{
	buf_adds(&s->text, "half");
	for (int i = 0; i < n; i++)
		put_row(s, rows[i]);
	end_line(s);
	return -++s->n_made;
}

void proof_divide(struct proof *s, int col, bool buy)
{
	buf_adds(&s->text, buy ? "buy" : "spare");
	put_col(s, col);
	end_line(s);
}

void proof_part(struct proof *s, int64_t bound, const int *cols, int n)
{
	buf_adds(&s->text, "part");
	put_number(&s->text, bound);
	for (int i = 0; i < n; i++)
		put_col(s, cols[i]);
	end_line(s);
}

void proof_weigh(struct proof *s, int64_t scale, const int *rows,
	const int64_t *weights, int n)
{
	buf_adds(&s->text, "weigh");
	put_number(&s->text, scale);
	for (int i = 0; i < n; i++) {
		if (weights[i] == 0)
			continue;
		put_row(s, rows[i]);
		put_number(&s->text, weights[i]);
	}
	end_line(s);
}

/* Only rows made by `half` have a number below 0. */
static void mark_made(const char *line, int *used)
{
	for (; *line != '\n'; line++)
		if (*line == '-')
			used[strtol(line + 1, NULL, 10)] = 1;
}

static void copy_line(struct buf *to, const char *line, const int *number)
{
	const char *from = line;
	char *end;

	for (; *line != '\n'; line++) {
		if (*line != '-')
			continue;
		buf_add(to, from, (size_t)(line + 1 - from));
		buf_add_uint(to, (uint64_t)number[strtol(line + 1, &end, 10)]);
		from = end;
		line = end - 1;
	}
	buf_add(to, from, (size_t)(line + 1 - from));
}

void proof_prune(struct proof *s)
{
	cleanup_free int *number =
		mem_zalloc((size_t)s->n_made + 1, sizeof(int));
	struct buf kept = BUF_INIT(s->text.max);
	const char *text = buf_str(&s->text);
	int made = s->n_made;

	/* who uses a row stands behind it */
	for (size_t at = s->text.len, line; at > 0; at = line) {
		for (line = at - 1; line > 0 && text[line - 1] != '\n'; line--)
			;
		if (text[line] != 'h' || number[made--])
			mark_made(text + line, number);
	}
	s->n_made = 0;
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		if (*at == 'h') {
			if (!number[++made])
				continue;
			number[made] = ++s->n_made;
		}
		copy_line(&kept, at, number);
	}
	buf_release(&s->text);
	s->text = kept;
}
