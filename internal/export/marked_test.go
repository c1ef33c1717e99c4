package export_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/export"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"

	"github.com/xuri/excelize/v2"
)

// mark writes the marked sheet, and returns the comments on it.
func mark(t *testing.T, in *ingest.Input) (path string, comments map[string]string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "problems.xlsx")
	must(t, export.WriteMarked(in, path, false))
	f, err := excelize.OpenFile(path)
	must(t, err)
	defer f.Close()
	sheet := f.GetSheetName(1)
	list, err := f.GetComments(sheet)
	must(t, err)
	comments = map[string]string{}
	for _, c := range list {
		text := c.Text
		for _, p := range c.Paragraph {
			text += p.Text
		}
		comments[c.Cell] = text
		style, err := f.GetCellStyle(sheet, c.Cell)
		must(t, err)
		s, err := f.GetStyle(style)
		must(t, err)
		if len(s.Fill.Color) != 1 || s.Fill.Color[0] != "FFC7CE" {
			t.Errorf("%s is commented on and not coloured", c.Cell)
		}
	}
	problems, err := f.GetRows(ingest.ProblemsSheet)
	must(t, err)
	if len(problems) != 1+len(in.Problems) {
		t.Errorf("%d problems are listed, of %d", len(problems)-1, len(in.Problems))
	}
	for i, p := range problems[1:min(len(problems), 100)] {
		linked, to, err := f.GetCellHyperLink(ingest.ProblemsSheet, "A"+itoa(i+2))
		if !linked || to != "'"+sheet+"'!"+p[0] || !strings.Contains(comments[p[0]], p[2]) || err != nil {
			t.Errorf("%q leads to %q (%v)", p, to, err)
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
		must(t, f.SetColWidth("Tasks", "C", "C", 71))
	})
	in := readBook(t, data, ingest.Options{HeaderRow: 3})
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
	copied := openSheet(t, path)
	width, err := copied.GetColWidth("Tasks", "C")
	must(t, err)
	lists, err := copied.GetDataValidations("Tasks")
	must(t, err)
	if names := copied.GetDefinedName(); width != 71 || len(lists) != 1 || lists[0].Sqref != "B4:B1009" || len(names) != 1 || names[0].RefersTo != "'Tasks'!$A$3:$E$9" {
		t.Errorf("width %v, lists %+v, filter %+v", width, lists, names)
	}
	again, err := ingest.Read(path, ingest.Options{HeaderRow: 3})
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
	long := strings.Repeat("é", base.MaxCellText+1)
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
	again, err := ingest.Read(path, ingest.Options{})
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
	in := readText(t, "id,status\n"+strings.Repeat("a,actve\n", 2000+500))
	_, comments := mark(t, in)
	if len(comments) != 2000 {
		t.Errorf("%d comments", len(comments))
	}
	merged := patch(t, book(t, func(f *excelize.File) { setRow(t, f, 1, "id", "status") }), func(s string) string {
		return strings.Replace(s, "</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>`, 1)
	})
	path := filepath.Join(t.TempDir(), "x.xlsx")
	if err := export.WriteMarked(readBook(t, merged, ingest.Options{}), path, false); err == nil || !strings.Contains(err.Error(), "the header is merged") {
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
		err := export.CheckMarked(tt.path, tt.input, tt.overwrite)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// The sheet with the problems is for the user's eyes: it shows what was written, however the same instant stood elsewhere.
func TestMarkedSheetShowsDatesAsWritten(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	texts := []string{"2026-12-01 17:00", "2026-12-01T16:00:00Z", "2026-12-01T17:00", "", "01.12.2026 17:00", "2026-12-01 17:00", "never"}
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "dueDateTime", "status")
		for i, text := range texts {
			setRow(t, f, i+2, string(rune('a'+i)), text, "actve")
		}
	})
	in := readBook(t, data, ingest.Options{Format: task.Format{Zone: berlin, Order: task.OrderDMY}})
	if got := in.Rows[0].Desired.Cell(1); got != "2026-12-01T16:00:00Z" {
		t.Fatalf("kept as %q", got)
	}
	path, _ := mark(t, in)
	f, err := excelize.OpenFile(path)
	must(t, err)
	defer f.Close()
	for i, text := range texts {
		cell, err := excelize.CoordinatesToCellName(2, i+2)
		must(t, err)
		got, err := f.GetCellValue("Tasks", cell)
		must(t, err)
		if got != text {
			t.Errorf("%s shows %q, want %q", cell, got, text)
		}
	}
}
