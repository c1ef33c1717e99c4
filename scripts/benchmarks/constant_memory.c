/* The reference of scripts/bench: rows of 18 cells as taskrecon's Results has them, through libxlsxwriter in constant memory.
 * Usage: constant_memory ROWS FILE.xlsx */
#include <stdio.h>
#include <stdlib.h>
#include <xlsxwriter.h>

int main(int argc, char **argv) {
	if (argc != 3) {
		fprintf(stderr, "usage: %s ROWS FILE.xlsx\n", argv[0]);
		return 64;
	}
	lxw_workbook_options options = {.constant_memory = LXW_TRUE};
	lxw_workbook *book = workbook_new_opt(argv[2], &options);
	lxw_worksheet *sheet = workbook_add_worksheet(book, "Results");
	lxw_format *instant = workbook_add_format(book);
	format_set_num_format(instant, "yyyy-mm-dd hh:mm:ss");
	int rows = atoi(argv[1]);
	for (int i = 1; i <= rows; i++) {
		worksheet_write_number(sheet, i, 0, i + 1, NULL);
		worksheet_write_string(sheet, i, 1, "00000000-3a53-4f0b-9d3c-0d9a1b1f2c55", NULL);
		worksheet_write_string(sheet, i, 2, "Enable BitLocker on laptops", NULL);
		worksheet_write_string(sheet, i, 3, "failed", NULL);
		worksheet_write_string(sheet, i, 4, "the service refused: not authorized", NULL);
		worksheet_write_string(sheet, i, 5, "assignedTo", NULL);
		worksheet_write_number(sheet, i, 6, 1, NULL);
		worksheet_write_number(sheet, i, 7, 403, NULL);
		worksheet_write_string(sheet, i, 8, "Forbidden", NULL);
		worksheet_write_string(sheet, i, 9, "5e51ce00-0000-4000-8000-000000000000", NULL);
		worksheet_write_string(sheet, i, 10, "c0ffee00-0000-4000-8000-000000000000", NULL);
		worksheet_write_number(sheet, i, 11, 46083.08337962963, instant);
		worksheet_write_number(sheet, i, 12, 46083.083391203705, instant);
		worksheet_write_string(sheet, i, 13, "2026-03-02T02:00:05Z", NULL);
		worksheet_write_string(sheet, i, 14, "20260302T020000Z-7f3a", NULL);
		worksheet_write_string(sheet, i, 15, "taskrecon-automation", NULL);
		worksheet_write_string(sheet, i, 16, "0d4f3c1a-6c1e-4a55-9f37-2b6f0e6a9d10", NULL);
		worksheet_write_string(sheet, i, 17, "6d1f0c7e-3a53-4f0b-9d3c-0d9a1b1f2c55", NULL);
	}
	return workbook_close(book);
}
