package report

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// TestRowsReadAsExcelizeWritesThem writes cells both ways, and compares what excelize reads of them: type, style, height, and the value
// where excelize keeps it: it loses a text such as _xD800_.
func TestRowsReadAsExcelizeWritesThem(t *testing.T) {
	ours, reference := excelize.NewFile(), excelize.NewFile()
	defer ours.Close()
	defer reference.Close()
	w, err := ours.NewStreamWriter("Sheet1")
	must(t, err)
	wr, err := reference.NewStreamWriter("Sheet1")
	must(t, err)
	var styles []int
	for i := range 5 {
		style := &excelize.Style{NumFmt: []int{49, 1, 22, 49, 2}[i], Font: &excelize.Font{Bold: i%2 == 0}}
		id, err := ours.NewStyle(style)
		must(t, err)
		_, err = reference.NewStyle(style)
		must(t, errors.Join(err, w.SetColStyle(i+1, i+1, id), wr.SetColStyle(i+1, i+1, id)))
		styles = append(styles, id)
	}
	spool := newRowSpool(styles)
	defer spool.close()
	drawn := rapid.Custom(func(r *rapid.T) []any { return drawRow(r, styles[1]) })
	const rows = 3_000
	wanted := make([]string, rows+1)
	for row := 1; row <= rows; row++ {
		cells := drawn.Example(row)
		height := []float64{0, 27.4, 409}[row%3]
		wanted[row], _ = cells[0].(string)
		must(t, errors.Join(spool.row(row, height, cells), wr.SetRow(cellName(1, row), cells, excelize.RowOpts{Height: height})))
	}
	must(t, errors.Join(w.Flush(), wr.Flush()))
	path, referencePath := filepath.Join(t.TempDir(), "ours.xlsx"), filepath.Join(t.TempDir(), "reference.xlsx")
	out, err := os.Create(path)
	must(t, err)
	must(t, pack(ours, out, map[string]*rowSpool{"xl/worksheets/sheet1.xml": spool}))
	must(t, errors.Join(out.Close(), reference.SaveAs(referencePath)))
	compareCells(t, open(t, path), open(t, referencePath), wanted, len(styles))
}

// drawRow draws a text, a number, a time, the text in a style of its own, and a number with tenths; any may be blank.
func drawRow(r *rapid.T, style int) []any {
	text := clean(rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "plain", " lead", "trail\n", "a\tb", "a\r\nb", "<f>1</f>", "</sheetData>", "a&b", `"q" 'a'`, "=1+1", "_x0041_", "_x005F_x0041_", "_x", "_xD800_",
			"_x00", "😀", "é", "\u202e", "]]>",
		}),
		rapid.String(), rapid.StringMatching(`(_x[0-9a-fA-F]{2,5}_?|[a-z ]){0,6}`),
	).Draw(r, "text"))
	at := time.Unix(rapid.Int64Range(-2_000_000_000, 5_600_000_000).Draw(r, "time"), rapid.Int64Range(0, 999_999_999).Draw(r, "fraction")).UTC()
	row := []any{
		text, rapid.IntRange(-5, 1<<40).Draw(r, "int"), at,
		excelize.Cell{StyleID: style, Value: text},
		float64(rapid.IntRange(-1e9, 1e9).Draw(r, "tenths")) / 10,
	}
	if rapid.IntRange(0, 4).Draw(r, "blank") == 0 {
		row[rapid.IntRange(1, len(row)-1).Draw(r, "which")] = nil
	}
	return row
}

func compareCells(t *testing.T, a, b *excelize.File, wanted []string, columns int) {
	read := func(f *excelize.File, cell string) (value, look string) {
		value, err := f.GetCellValue("Sheet1", cell, excelize.Options{RawCellValue: true})
		kind, kindErr := f.GetCellType("Sheet1", cell)
		style, styleErr := f.GetCellStyle("Sheet1", cell)
		must(t, errors.Join(err, kindErr, styleErr))
		return value, fmt.Sprintf("type %d style %d", kind, style)
	}
	for row := 1; row < len(wanted); row++ {
		for column := 1; column <= columns; column++ {
			cell := cellName(column, row)
			got, look := read(a, cell)
			want, wantLook := read(b, cell)
			if column == 1 || column == 4 && got != "" {
				want = wanted[row]
			}
			if got != want || look != wantLook {
				t.Errorf("%s is %q, %s; want %q, %s", cell, got, look, want, wantLook)
			}
		}
		got, err := a.GetRowHeight("Sheet1", row)
		must(t, err)
		if want, _ := b.GetRowHeight("Sheet1", row); got != want {
			t.Errorf("row %d is %v high, excelize writes %v", row, got, want)
		}
	}
}

// TestEscapesReadBack compares texts that look like escapes with what is read back, by the rule of the format: an escape is read
// once, from the left.
func TestEscapesReadBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`(_x00[4-5][0-9a-fA-F]_|_x005F|x0041_|_|x|_x|[a-z]){0,8}`).Draw(r, "text")
		written := string(appendText(nil, text))
		if got := unescaped(written); got != text {
			r.Errorf("%q is written as %q, which reads as %q", text, written, got)
		}
	})
}

func unescaped(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		if escapeLike([]byte(text)) {
			var code rune
			if _, err := fmt.Sscanf(text[2:6], "%x", &code); err == nil {
				out.WriteRune(code)
				text = text[7:]
				continue
			}
		}
		out.WriteByte(text[0])
		text = text[1:]
	}
	return out.String()
}

// TestSpoolsSpill writes more rows than a buffer holds, through parts that are written in pieces of any length.
func TestSpoolsSpill(t *testing.T) {
	spool := newRowSpool([]int{1})
	long := strings.Repeat("x", 30_000)
	for i := range 100 {
		must(t, spool.row(i+2, 0, []any{long}))
	}
	if spool.file == nil || spool.bytes() < 3_000_000 {
		t.Fatalf("%d bytes, spilled %v", spool.bytes(), spool.file != nil)
	}
	name := spool.file.Name()
	for _, piece := range []int{1, 3, 7, math.MaxInt} {
		var out strings.Builder
		s := &splice{part: &out, rows: spool}
		const part = `<sheetData><row r="1"></row></sheetData><tail></tail>`
		for rest := part; rest != ""; {
			n := min(piece, len(rest))
			if _, err := s.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if got := out.String(); strings.Count(got, "<row ") != 101 || !strings.HasPrefix(got, `<sheetData><row r="1"></row><row r="2">`) || !strings.HasSuffix(got, `</c></row></sheetData><tail></tail>`) {
			t.Errorf("in pieces of %d: %d rows", piece, strings.Count(got, "<row "))
		}
	}
	must(t, spool.close())
	if _, err := os.Stat(name); err == nil {
		t.Error("the temporary file is left behind")
	}
}
