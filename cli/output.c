/* output.c - tables, fields and JSON. */
#include "cli/output.h"

#include <string.h>

#define COLUMNS_MAX 8
#define BOLD        "\033[1m"
#define PLAIN       "\033[0m"

void
output_text(struct buffer *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		/* U+0080 to U+009F control too: U+009B begins a CSI sequence. */
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			buf_text(out, "?");
			p++;
		} else if (*p < ' ' || *p == 0x7f) {
			buf_text(out, "?");
		} else {
			buf_append(out, p, 1);
		}
	}
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

void
output_table(struct cli *cli, const json_t *rows, const struct column *columns)
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
	json_array_foreach (rows, i, row)
		for (size_t c = 0; columns[c].heading != NULL; c++)
			print_cell(cli->out, cell_text(&cell, row, columns[c].member),
			    width[c], columns[c + 1].heading == NULL);
	buf_free(&cell);
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

void
output_json(struct cli *cli, const json_t *value)
{
	json_dumpf(
	    value, cli->out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	fputc('\n', cli->out);
}
