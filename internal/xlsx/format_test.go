package xlsx_test

import (
	"fmt"
	"strings"
	"testing"

	"taskrecon/internal/xlsx"
)

func TestFormats(t *testing.T) {
	for code, want := range map[string]xlsx.Format{
		"General": xlsx.PlainFormat, "0": xlsx.PlainFormat, "@": xlsx.PlainFormat, "": xlsx.OtherFormat, "00000": xlsx.OtherFormat, "0.00E+00": xlsx.OtherFormat,
		"yyyy-mm-dd": xlsx.DateFormat, `[$-407]d. mmmm yyyy;@`: xlsx.DateFormat, "h:mm AM/PM": xlsx.DateFormat, `dd"th"`: xlsx.DateFormat, `ggge"年"m"月"d"日"`: xlsx.DateFormat,
		`"days" 0`: xlsx.OtherFormat, `[Red]0;[Blue]d`: xlsx.OtherFormat, `[h]:mm`: xlsx.OtherFormat, `0\d`: xlsx.OtherFormat, `#,##0 [$USD-409]`: xlsx.OtherFormat, `_-* #,##0\ _€`: xlsx.OtherFormat,
		`\General`: xlsx.OtherFormat,
	} {
		code = strings.ReplaceAll(code, `"`, "&quot;")
		checkFormat(t, code, `<numFmts><numFmt numFmtId="14" formatCode="`+code+`"/></numFmts><cellXfs><xf numFmtId="14"/></cellXfs>`, want)
	}
	for id, want := range map[int]xlsx.Format{
		0: xlsx.PlainFormat, 1: xlsx.PlainFormat, 2: xlsx.OtherFormat, 14: xlsx.DateFormat, 22: xlsx.DateFormat, 27: xlsx.DateFormat, 36: xlsx.DateFormat, 37: xlsx.OtherFormat, 45: xlsx.DateFormat,
		46: xlsx.OtherFormat, 47: xlsx.DateFormat, 49: xlsx.PlainFormat, 58: xlsx.DateFormat, 59: xlsx.OtherFormat, 71: xlsx.DateFormat, 79: xlsx.OtherFormat, 81: xlsx.DateFormat, 164: xlsx.OtherFormat,
	} {
		checkFormat(t, fmt.Sprint(id), fmt.Sprintf(`<dxfs><dxf><numFmt numFmtId="%d" formatCode="x"/></dxf></dxfs><cellXfs><xf numFmtId="%[1]d"/></cellXfs>`, id), want)
	}
	checkFormat(t, "no styles", "", xlsx.PlainFormat)
}

func checkFormat(t *testing.T, name, styles string, want xlsx.Format) {
	t.Helper()
	got, err := read(patch(t, sheetOf(t, `<row><c><v>1</v></c></row>`), stylesPart, func(string) string {
		return `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + styles + `</styleSheet>`
	}))
	if err != nil || got.rows[0].Cells[0].Format != want {
		t.Errorf("%s: got %s, %v, want %d", name, got, err, want)
	}
}
