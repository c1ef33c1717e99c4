package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestMistakesThroughoutAColumnAreOneLine(t *testing.T) {
	rows := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"id,status\n" + rows(20, "a%d,actve\n"), nil},
		{"id,status\n" + rows(30, "a%d,actve%[1]d\n") + "z,nope\n", []string{
			`in.csv:2-32:2 (31 cells): status "actve0" is not a status; did you mean "active"? (unknown, pending, active, completed, rejected) (also "actve1", "actve2", "actve3")`,
		}},
		{"id,status,x\n" + rows(900, "a%d,active\n"), []string{`in.csv:2-901 (900 rows): the row has 2 cells, but the header has 3; it may have been cut`}},
		{"id,status,x\n" + rows(15, "a%d,active\nb%[1]d\n"), []string{`in.csv:2-31 (30 rows): the row has 2 cells, but the header has 3; it may have been cut`}},
	} {
		in := readText(t, tt.text)
		got := in.ProblemLines()
		if tt.want == nil {
			if len(got) != len(in.Problems) || got[0] != in.Problems[0].String() {
				t.Errorf("few problems are not told one by one: %q", got)
			}
			continue
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "dueDateTime")
		for i := range 900 {
			setRow(t, f, i+2, fmt.Sprint("a", i), fmt.Sprintf("%02d/%02d/2026", i%12+1, i%11+1))
		}
	})
	got := readBook(t, data, Options{}).ProblemLines()
	if len(got) != 1 || !strings.HasPrefix(got[0], `in.xlsx: Tasks!B2:B901 (900 cells): dueDateTime "01/01/2026" is ambiguous`) || !strings.HasSuffix(got[0], `(also "02/02/2026", "03/03/2026", "04/04/2026")`) {
		t.Errorf("%q", got)
	}
}

// mark writes the marked sheet, and returns the comments on it.
func mark(t *testing.T, in *Input) (path string, comments map[string]string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "problems.xlsx")
	must(t, in.WriteMarked(path, false))
	f, err := excelize.OpenFile(path)
	must(t, err)
	defer f.Close()
	list, err := f.GetComments(f.GetSheetName(0))
	must(t, err)
	comments = map[string]string{}
	for _, c := range list {
		text := c.Text
		for _, p := range c.Paragraph {
			text += p.Text
		}
		comments[c.Cell] = text
		style, err := f.GetCellStyle(f.GetSheetName(0), c.Cell)
		must(t, err)
		s, err := f.GetStyle(style)
		must(t, err)
		if len(s.Fill.Color) != 1 || s.Fill.Color[0] != "FFC7CE" {
			t.Errorf("%s is commented on and not coloured", c.Cell)
		}
	}
	return path, comments
}

func TestMarkedSheet(t *testing.T) {
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "title")
		setRow(t, f, 3, "id", "status", "description", "dueDateTime", "Own")
		setRow(t, f, 4, "a", "Complet", " two\nlines\r ", "2026-01-02", 7)
		setRow(t, f, 6, 20418, "active", true, "03/04/2026", "x_x0041_&<")
		setRow(t, f, 7, nil, "active")
		setRow(t, f, 8, "c", "active")
		setRow(t, f, 9, "d", nil, "merged")
		must(t, f.MergeCell("Tasks", "B8", "B9"))
	})
	in := readBook(t, data, Options{HeaderRow: 3})
	path, comments := mark(t, in)
	for cell, want := range map[string]string{
		"B4": `status "Complet" is not a status; did you mean "completed"?`, "A6": "is a number cell, and a spreadsheet rounds numbers; enter it as text\nThe cell held \"20418\".",
		"C6": "description is a logical value", "D6": "is ambiguous", "A7": "the row has no id", "B8": "is one of the merged cells B8:B9", "B9": "is one of the merged cells B8:B9",
	} {
		if !strings.Contains(comments[cell], want) {
			t.Errorf("%s: %q, want %q", cell, comments[cell], want)
		}
	}
	if len(comments) != 7 {
		t.Errorf("comments %q", comments)
	}
	again, err := Read(path, Options{HeaderRow: 3})
	must(t, err)
	if len(again.Problems) != len(in.Problems) || len(again.Rows) != len(in.Rows) || again.Sheet != "Tasks" {
		t.Errorf("the marked sheet has %d rows and these problems:\n%s\nthe input\n%s", len(again.Rows), messages(again), messages(in))
	}
	for i, row := range again.Rows {
		if row.Desired.Origin().Row != in.Rows[i].Desired.Origin().Row {
			t.Errorf("row %d became %d", in.Rows[i].Desired.Origin().Row, row.Desired.Origin().Row)
		}
	}
	if got := strings.Join(again.Rows[0].Desired.Cells(), "|"); got != "a|Complet| two\nlines\r |2026-01-02|7" {
		t.Errorf("%q", got)
	}
	if got, want := again.Rows[1].Desired.Cell(4), in.Rows[1].Desired.Cell(4); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMarkedSheetOfCSV(t *testing.T) {
	long := strings.Repeat("é", maxCellText+1)
	in := readText(t, "id,Asigned to,status\n\na,b,actve\nc,x\nd,\x01,active\ne,"+long+",active\n")
	path, comments := mark(t, in)
	for cell, want := range map[string]string{
		"B1": `did you mean "assignedTo"?`, "C2": `"actve" is not a status`, "A3": "the row has 2 cells, but the header has 3; it may have been cut\nThe cell held \"c\".",
		"B4": "The text holds what no workbook can hold", "B5": "The text is longer than a cell of a workbook may be",
	} {
		if !strings.Contains(comments[cell], want) {
			t.Errorf("%s: %q, want %q", cell, comments[cell], want)
		}
	}
	again, err := Read(path, Options{})
	must(t, err)
	if got := messages(again); len(again.Rows) != 4 || !strings.Contains(got, "Tasks!A3: id is the error #VALUE!") {
		t.Errorf("%d rows\n%s", len(again.Rows), got)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s", info.Mode())
	}
}

func TestMarkedSheetHasItsLimits(t *testing.T) {
	in := readText(t, "id,status\n"+strings.Repeat("a,actve\n", maxComments+500))
	_, comments := mark(t, in)
	if len(comments) != maxComments {
		t.Errorf("%d comments", len(comments))
	}
	merged := patch(t, laidOut(t, func(*excelize.File) {}), "xl/worksheets/sheet1.xml", func(s string) string {
		return strings.Replace(s, "</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>`, 1)
	})
	path := filepath.Join(t.TempDir(), "x.xlsx")
	if err := readBook(t, merged, Options{}).WriteMarked(path, false); err == nil || !strings.Contains(err.Error(), "the header is merged") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was left")
	}
	old := write(t, "old.xlsx", nil)
	for _, tt := range []struct {
		path, input string
		overwrite   bool
		want        string
	}{
		{path, old, false, ""},
		{old, "x", true, ""},
		{old, "x", false, "exists already; name another, or say --overwrite"},
		{old, old, true, "is the input itself"},
		{"p.csv", "x", true, "is not an .xlsx"},
	} {
		err := CheckMarked(tt.path, tt.input, tt.overwrite)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
