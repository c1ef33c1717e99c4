package export_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/base"
	"taskrecon/internal/export"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// nasty are texts that programs which handle sheets like to take for something else.
var nasty = []string{
	"=1+1", "+x", "-1", "@x", "'=x", "''", "00123", "1E+15", "<clear>", "TRUE", "#N/A", "a\r\nb", "a\rb", "\na\n", "  lead", "trail ", "\ttab",
	"_x0041_", "_x005F_", "\x00\x01", "😀👩‍👩‍👧", "שלום עולם", "مرحبا", strings.Repeat("0123456789", 4000), strings.Repeat("é😀", 12000),
	"2026-01-02", "a\u00a0b", "\u00a0", " ", `"q", 'r'`, "<b>&amp;</b>", "\ufffd", "\u2028", "1;2", "\\",
}

// nastyRows are a task for each nasty text, and some with other values of note.
func nastyRows() []export.Row {
	var rows []export.Row
	for i, text := range nasty {
		b := &task.Base{ID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)}
		b.Set(task.DisplayName, task.Text(text))
		b.Set(task.Description, task.Text(text))
		b.Set(task.CreatedDateTime, task.Text("2026-01-15T08:30:59Z"))
		b.Set(task.DueDateTime, task.Text(dues[i%len(dues)]))
		b.Set(task.Status, task.Text([]string{"active", "brandNew", ""}[i%3]))
		b.Set(task.EndpointSecurityPolicyProfile, task.Text("bitLocker"))
		b.Set(task.ManagedDeviceCount, task.Text([]string{"0", "-12", "99999999999", "1.5"}[i%4]))
		b.Set(task.IntendedSettings, task.SettingsValue([]task.Setting{{Name: "mode", Value: &text}, {Name: "=b", Value: nil}}))
		rows = append(rows, export.Row{Base: b})
	}
	rows[0].Assignments = []task.Assignment{
		{Property: task.DisplayName, Value: task.Null},
		{Property: task.DueDateTime, Value: task.Text("2027-03-01T10:00:00Z")},
		{Property: task.ManagedDeviceCount, Value: task.Text("7")},
		{Property: task.Status, Value: task.Text("completed")},
	}
	return rows
}

// In Europe/Berlin: winter, summer, an hour that is there twice, a fraction, a year too early, one too late, none.
var dues = []string{
	"2026-01-15T08:30:59Z", "2026-07-15T08:30:00Z", "2026-10-25T00:30:00Z", "2026-01-15T08:30:59.5Z",
	"1899-01-01T00:00:00Z", "9999-12-31T23:30:00Z", "0001-01-01T00:00:00Z", "soon",
}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	return zone
}

func sheetOptions(t testing.TB) export.Options {
	return export.Options{
		Columns: task.All(), Shown: []*task.Property{task.Status, task.DueDateTime, task.ManagedDeviceCount}, Zone: berlin(t),
		Source: base.Source{Tenant: "11111111-2222-4333-8444-555555555555", Cloud: "global", At: time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC)},
	}
}

func writeSheet(t testing.TB, name string, rows []export.Row, o export.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	files, err := export.Write(path, rows, o)
	must(t, err)
	want := []string{path}
	if strings.HasSuffix(name, ".csv") && !o.Template {
		want = []string{path, base.Path(path)}
	}
	if !slices.Equal(files, want) {
		t.Errorf("wrote %q, want %q", files, want)
	}
	there, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(there) != len(want) {
		t.Errorf("%d files are there, want %d", len(there), len(want))
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	return path
}

func openSheet(t testing.TB, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// columnOf finds the column of a header, by its letters.
func columnOf(t testing.TB, f *excelize.File, header string) string {
	t.Helper()
	rows, err := f.Rows("Tasks")
	must(t, err)
	defer rows.Close()
	rows.Next()
	cells, err := rows.Columns()
	must(t, err)
	i := slices.Index(cells, header)
	if i < 0 {
		t.Fatalf("no column %q in %q", header, cells)
	}
	return xlsx.ColumnName(i + 1)
}

func baseIn(t testing.TB, f *excelize.File) (*base.Base, error) {
	t.Helper()
	rows, err := f.GetRows(base.Name, excelize.Options{RawCellValue: true})
	must(t, err)
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.Join(row, "")
	}
	return base.Decode(lines)
}

// checkShown compares every cell that holds text, and the base, with the rows they were made from.
func checkShown(t *testing.T, f *excelize.File, rows []export.Row, o export.Options) {
	t.Helper()
	o.Source.Zone = o.Zone.String()
	all := make([]base.Row, len(rows))
	for i, r := range rows {
		all[i].Base = r.Base
	}
	b, err := baseIn(t, f)
	must(t, err)
	o.Source.Columns = b.Source.Columns
	id, _, err := base.Encode(all, o.Source)
	must(t, err)
	if b.ID != id || len(b.Lines) != 1+len(rows) {
		t.Errorf("the base is %s with %d lines", b.ID, len(b.Lines))
	}
	shown := []*task.Property{task.DisplayName, task.Description, task.Status, task.IntendedSettings}
	baseColumn, columns := columnOf(t, f, base.Name), make([]string, len(shown))
	for i, p := range shown {
		columns[i] = columnOf(t, f, p.Name)
	}
	for i, row := range rows {
		cell := func(column string) string {
			text, err := f.GetCellValue("Tasks", column+itoa(i+2), excelize.Options{RawCellValue: true})
			must(t, err)
			return text
		}
		if cell("A") != row.Base.ID || cell(baseColumn) != id {
			t.Errorf("row %d: id %q, base %q", i+2, cell("A"), cell(baseColumn))
		}
		for j, p := range shown {
			v, _ := row.Base.Get(p)
			want, _ := base.Show(p, v, false)
			for _, w := range row.Assignments {
				if w.Property == p {
					want, _ = base.Show(p, w.Value, false)
				}
				if w.Property == p && p.Unset(w.Value) {
					want = task.Clear
				}
			}
			if got := cell(columns[j]); !base.SameText(got, want) {
				t.Errorf("row %d: %s: got %q, want %q", i+2, p.Name, fmt.Sprintf("%.80s", got), fmt.Sprintf("%.80s", want))
			}
		}
	}
}

func TestWrittenWorkbookShowsEveryValue(t *testing.T) {
	rows, o := nastyRows(), sheetOptions(t)
	f := openSheet(t, writeSheet(t, "tasks.xlsx", rows, o))
	checkShown(t, f, rows, o)
	due, count := columnOf(t, f, "dueDateTime"), columnOf(t, f, "managedDeviceCount")
	name, description, created := columnOf(t, f, "displayName"), columnOf(t, f, "description"), columnOf(t, f, "createdDateTime")
	for i := range rows {
		for column, isNumber := range map[string]bool{
			name: false, description: false, due: i%8 < 4, count: i == 0 || i%4 < 2, created: true,
		} {
			typ, err := f.GetCellType("Tasks", column+itoa(i+2))
			must(t, err)
			text, _ := f.GetCellValue("Tasks", column+itoa(i+2))
			if number := typ == excelize.CellTypeUnset; text != "" && number != isNumber {
				t.Errorf("%s%d (%q) has type %d", column, i+2, text, typ)
			}
			if formula, err := f.GetCellFormula("Tasks", column+itoa(i+2)); formula != "" || err != nil {
				t.Errorf("%s%d is a formula", column, i+2)
			}
		}
	}
	for row, want := range map[int]string{2: "2027-03-01 11:00:00", 3: "2026-07-15 10:30:00", 4: "2026-10-25 02:30:00", 5: "2026-01-15 09:30:59", 6: dues[4], 7: dues[5], 8: "", 9: "soon"} {
		if got, err := f.GetCellValue("Tasks", due+itoa(row)); got != want || err != nil {
			t.Errorf("due of row %d: %q, want %q (%v)", row, got, want, err)
		}
	}
	if got, err := f.GetCellValue("Tasks", columnOf(t, f, "Current dueDateTime")+"2"); got != "2026-01-15 09:30:59" || err != nil {
		t.Errorf("the current date is %q (%v)", got, err)
	}
}

func TestWrittenSheetAsksForItsWishesOnly(t *testing.T) {
	rows := nastyRows()
	for _, name := range []string{"tasks.xlsx", "tasks.csv"} {
		checkWishes(t, writeSheet(t, name, rows, sheetOptions(t)), rows)
	}
}

// checkWishes reads a sheet without an edit.
func checkWishes(t *testing.T, path string, rows []export.Row) {
	t.Helper()
	in, err := ingest.Read(path, ingest.Options{})
	must(t, err)
	if len(in.Problems) > 0 || len(in.Rows) != len(rows) {
		t.Fatalf("%s: %d rows\n%s", filepath.Base(path), len(in.Rows), messages(in))
	}
	for i, row := range in.Rows {
		if n := len(slices.Collect(row.Desired.Assignments())); n != len(rows[i].Assignments) {
			t.Errorf("%s: row %d asks for %q", filepath.Base(path), i+2, wishesOf(in, i))
			continue
		}
		for _, w := range rows[i].Assignments {
			if got := wishesOf(in, i)[w.Property.Name]; got != w.Value.String() {
				t.Errorf("%s: row %d asks for %s %q, want %q", filepath.Base(path), i+2, w.Property.Name, got, w.Value)
			}
		}
	}
}

// A sheet is not protected: its rows are sorted and deleted, and each keeps its base by its id.
func TestWrittenWorkbookIsOpenToEdits(t *testing.T) {
	rows, o := nastyRows(), sheetOptions(t)
	path := writeSheet(t, "tasks.xlsx", rows, o)
	f := openSheet(t, path)
	if p, err := f.GetSheetProtection("Tasks"); err != nil || p != (excelize.SheetProtectionOptions{}) {
		t.Errorf("the sheet is protected: %+v, %v", p, err)
	}
	if p, err := f.GetSheetProtection(base.Name); err != nil || p.FormatCells || p.InsertRows {
		t.Errorf("the base allows %+v, %v", p, err)
	}
	if visible, err := f.GetSheetVisible(base.Name); visible || err != nil {
		t.Error("the base is visible")
	}
	if state := f.WorkBook.Sheets.Sheet[1].State; state != "veryHidden" {
		t.Errorf("the base is %q", state)
	}
	for column, want := range map[string]bool{"displayName": true, "status": true, "dueDateTime": true, "description": false, "Current status": false} {
		id, err := f.GetCellStyle("Tasks", columnOf(t, f, column)+"2")
		must(t, err)
		s, err := f.GetStyle(id)
		must(t, err)
		if got := len(s.Fill.Color) > 0 && s.Fill.Color[0] == "FFEB9C"; got != want {
			t.Errorf("%s is highlighted: %v", column, got)
		}
	}
	must(t, f.RemoveRow("Tasks", 4))
	must(t, f.DuplicateRowTo("Tasks", 2, len(rows)+1))
	must(t, f.RemoveRow("Tasks", 2))
	must(t, f.SaveAs(path))
	checkWishes(t, path, append(append([]export.Row{rows[1]}, rows[3:]...), rows[0]))
}

func TestWrittenWorkbookHelpsToEdit(t *testing.T) {
	rows, o := nastyRows(), sheetOptions(t)
	f := openSheet(t, writeSheet(t, "tasks.xlsx", rows, o))
	validations, err := f.GetDataValidations("Tasks")
	must(t, err)
	seen := map[string]string{}
	for _, v := range validations {
		seen[v.Sqref] = v.Type + " " + v.Formula1 + v.Formula2
	}
	status, count := columnOf(t, f, "status"), columnOf(t, f, "managedDeviceCount")
	if got := seen[status+"2:"+status+"2000"]; got != `list "unknown,pending,active,completed,rejected"` {
		t.Errorf("status takes %q of %q", got, seen)
	}
	if got := seen[count+"2:"+count+"2000"]; got != "whole -21474836482147483647" || len(seen) != 10 || seen[fmt.Sprintf("A2:A%d", len(rows)+1)] != "custom FALSE" {
		t.Errorf("managedDeviceCount takes %q of %q", got, seen)
	}
	comments, err := f.GetComments("Tasks")
	must(t, err)
	notes := map[string]string{}
	for _, c := range comments {
		for _, run := range c.Paragraph {
			notes[c.Cell] += run.Text
		}
	}
	for header, want := range map[string]string{
		"id": "do not edit", "displayName": "<clear> empties it", "status": "One of: unknown, pending", "dueDateTime": "Europe/Berlin",
		"Current status": "not read", "intendedSettings": "One name=value a line", "createdDateTime": "Read-only", base.Name: "Ties the row",
	} {
		if got := notes[columnOf(t, f, header)+"1"]; !strings.Contains(got, want) {
			t.Errorf("the note of %s is %q", header, got)
		}
	}
	if len(notes) != 1+task.Count+3+1 {
		t.Errorf("%d notes", len(notes))
	}
	panes, err := f.GetPanes("Tasks")
	must(t, err)
	if !panes.Freeze || panes.XSplit != 2 || panes.YSplit != 1 || panes.TopLeftCell != "C2" {
		t.Errorf("panes %+v", panes)
	}
	if height, err := f.GetRowHeight("Tasks", slices.Index(nasty, "\na\n")+2); height != 45 || err != nil {
		t.Errorf("three lines are %v high (%v)", height, err)
	}
	if names := f.GetDefinedName(); len(names) != 1 || names[0].RefersTo != fmt.Sprintf("'Tasks'!$A$1:$AB$%d", len(rows)+1) {
		t.Errorf("the filter is %+v", names)
	}
	if p, err := f.GetDocProps(); err != nil || p.Creator != "taskrecon" || p.Title == "" || p.Created != "2026-02-03T04:05:06Z" {
		t.Errorf("properties %+v, %v", p, err)
	}
}

func TestWrittenCSV(t *testing.T) {
	rows, o := nastyRows(), sheetOptions(t)
	path := writeSheet(t, "tasks.csv", rows, o)
	data, err := os.ReadFile(path)
	must(t, err)
	text, marked := strings.CutPrefix(string(data), "\ufeff")
	if !marked {
		t.Error("no byte order mark")
	}
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	must(t, err)
	if len(records) != len(rows)+1 {
		t.Fatalf("%d records", len(records))
	}
	at := func(header string) int { return slices.Index(records[0], header) }
	b, err := base.ReadFile(base.Path(path))
	must(t, err)
	if len(b.Lines) != 1+len(rows) || b.Zone.String() != "Europe/Berlin" {
		t.Errorf("base %+v", b.Source)
	}
	for i, record := range records[1:] {
		if record[0] != rows[i].Base.ID || record[at(base.Name)] != b.ID {
			t.Errorf("record %d: %q", i, record[0])
		}
		want, _ := base.Show(task.Description, task.Text(nasty[i]), true)
		if got := record[at("description")]; !base.SameText(got, want) {
			t.Errorf("got %q, want %q", fmt.Sprintf("%.80s", got), fmt.Sprintf("%.80s", want))
		}
		for j, cell := range record {
			if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) {
				t.Errorf("%s is a formula: %q", records[0][j], fmt.Sprintf("%.80s", cell))
			}
		}
	}
	if got := records[1][at("displayName")]; got != task.Clear {
		t.Errorf("the wish to empty is %q", got)
	}
	if got := records[1][at("dueDateTime")] + " " + records[1][at("Current dueDateTime")]; got != "2027-03-01T10:00:00Z 2026-01-15T08:30:59Z" {
		t.Errorf("dates %q", got)
	}
}

func TestWrittenTemplate(t *testing.T) {
	o := sheetOptions(t)
	o.Template, o.Shown = true, nil
	f := openSheet(t, writeSheet(t, "tasks.xlsx", nastyRows(), o))
	rows, err := f.GetRows("Tasks")
	must(t, err)
	if len(rows) != 1 || len(rows[0]) != task.Count+1 || len(f.GetSheetList()) != 1 {
		t.Errorf("%q in %q", rows, f.GetSheetList())
	}
	data, err := os.ReadFile(writeSheet(t, "tasks.csv", nil, o))
	must(t, err)
	if got := strings.Count(string(data), "\n"); got != 1 || strings.Contains(string(data), base.Name) {
		t.Errorf("%q", data)
	}
}
