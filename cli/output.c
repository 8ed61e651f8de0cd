/* output.c - tables, fields and JSON. */
#include "cli/output.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define COLUMNS_MAX 8
#define BOLD        "\033[1m"
#define PLAIN       "\033[0m"

void
output_text(struct buffer *out, const char *text)
{
	text_clean(out, text, SIZE_MAX, "");
}

/* Characters, not bytes: what begins no UTF-8 sequence takes no room. */
static size_t
text_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* The text of one member, "" when there is none; valid until cell is used again. */
static const char *
cell_text(struct buffer *cell, const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member), *item;
	size_t i;

	buf_reset(cell);
	if (json_is_string(value))
		output_text(cell, json_string_value(value));
	else if (json_is_integer(value))
		buf_printf(cell, "%lld", (long long)json_integer_value(value));
	json_array_foreach (value, i, item) {
		if (i > 0)
			buf_text(cell, " ");
		if (json_is_string(item))
			output_text(cell, json_string_value(item));
	}
	return cell->len > 0 ? buf_string(cell) : "";
}

static void
measure(
    const json_t *rows, const struct column *columns, size_t width[static COLUMNS_MAX])
{
	struct buffer cell;
	const json_t *row;
	size_t i;

	buf_init(&cell, 0);
	for (size_t c = 0; columns[c].heading != NULL; c++)
		width[c] = strlen(columns[c].heading);
	json_array_foreach (rows, i, row)
		for (size_t c = 0; columns[c].heading != NULL; c++) {
			size_t w = text_width(cell_text(&cell, row, columns[c].member));

			width[c] = w > width[c] ? w : width[c];
		}
	buf_free(&cell);
}

/* The last column is not padded, or each line would end in spaces. */
static void
print_cell(FILE *out, const char *text, size_t width, bool is_last)
{
	fputs(text, out);
	if (is_last)
		fputc('\n', out);
	else
		fprintf(out, "%*s", (int)(width - text_width(text) + 2), "");
}

static void
print_row(struct cli *cli, const json_t *row, const struct column *columns,
    const size_t width[static COLUMNS_MAX], struct buffer *cell)
{
	for (size_t c = 0; columns[c].heading != NULL; c++)
		print_cell(cli->out, cell_text(cell, row, columns[c].member), width[c],
		    columns[c + 1].heading == NULL);
}

void
output_table_colored(struct cli *cli, const json_t *rows, const struct column *columns,
    const char *(*color)(const json_t *row))
{
	size_t width[COLUMNS_MAX], i;
	struct buffer cell;
	const json_t *row;

	if (json_array_size(rows) == 0) {
		fputs("none\n", cli->out);
		return;
	}
	buf_init(&cell, 0);
	measure(rows, columns, width);
	fputs(cli->color ? BOLD : "", cli->out);
	for (size_t c = 0; columns[c].heading != NULL; c++)
		print_cell(cli->out, columns[c].heading, width[c],
		    columns[c + 1].heading == NULL);
	fputs(cli->color ? PLAIN : "", cli->out);
	json_array_foreach (rows, i, row) {
		const char *begin = cli->color && color != NULL ? color(row) : NULL;

		fputs(begin != NULL ? begin : "", cli->out);
		print_row(cli, row, columns, width, &cell);
		fputs(begin != NULL ? PLAIN : "", cli->out);
	}
	buf_free(&cell);
}

void
output_table(struct cli *cli, const json_t *rows, const struct column *columns)
{
	output_table_colored(cli, rows, columns, NULL);
}

void
output_fields(struct cli *cli, const json_t *object, const struct column *columns)
{
	struct buffer cell;
	size_t width = 0;

	buf_init(&cell, 0);
	for (const struct column *c = columns; c->heading != NULL; c++)
		if (strlen(c->heading) > width)
			width = strlen(c->heading);
	for (const struct column *c = columns; c->heading != NULL; c++) {
		const char *text = cell_text(&cell, object, c->member);

		if (*text != '\0')
			fprintf(cli->out, "%s%-*s%s  %s\n", cli->color ? BOLD : "",
			    (int)width, c->heading, cli->color ? PLAIN : "", text);
	}
	buf_free(&cell);
}

void
output_warnings(struct cli *cli, const json_t *answer)
{
	const json_t *warning;
	struct buffer text;
	size_t i;

	buf_init(&text, 0);
	json_array_foreach (json_object_get(answer, "warnings"), i, warning) {
		buf_reset(&text);
		if (json_is_string(warning))
			output_text(&text, json_string_value(warning));
		fprintf(cli->errors, "keyhold: warning: %s\n", buf_string(&text));
	}
	buf_free(&text);
}

/* JSON lets DEL stand as it is, and a terminal would take it. */
static int
put_json(const char *text, size_t len, void *ctx)
{
	FILE *out = ctx;

	for (size_t i = 0; i < len; i++)
		if ((text[i] == 0x7f ? fputs("\\u007f", out) : putc(text[i], out)) == EOF)
			return -1;
	return 0;
}

static int
write_json(struct cli *cli, const json_t *value, size_t flags)
{
	if (json_dump_callback(value, put_json, cli->out, flags) != 0)
		return -1;
	return putc('\n', cli->out) == EOF ? -1 : 0;
}

void
output_json(struct cli *cli, const json_t *value)
{
	write_json(cli, value, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
}

int
output_json_line(struct cli *cli, const json_t *value, struct error *err)
{
	if (write_json(cli, value, JSON_COMPACT) != 0)
		return error_set_errno(err, ERROR_IO, "standard output");
	return 0;
}
