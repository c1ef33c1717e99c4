package ingest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

// reading is what came of a file in words: the error, or the problems and notices, and the wishes of the rows.
func reading(path string, o ingest.Options) (refused, noticed, wishes string) {
	in, err := ingest.Read(path, o)
	if err != nil {
		return err.Error(), "", ""
	}
	var rows []string
	for _, row := range in.Rows {
		var words []string
		for w := range row.Desired.Assignments() {
			words = append(words, w.Property.Name+"="+w.Value.String())
		}
		rows = append(rows, row.Desired.ID+" "+strings.Join(words, " "))
	}
	return strings.Join(in.ProblemLines(), "\n"), strings.Join(in.Notices, "\n"), strings.Join(rows, "\n")
}

// sheetsOf makes a workbook of sheets, whose cells are given row by row.
func sheetsOf(t testing.TB, sheets map[string][][]any, change func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	must(t, f.SetSheetName("Sheet1", "First"))
	for _, name := range []string{"First", "Second", "Third"} {
		_, err := f.NewSheet(name)
		must(t, err)
		for i, cells := range sheets[name] {
			at, err := excelize.CoordinatesToCellName(1, i+1)
			must(t, err)
			must(t, f.SetSheetRow(name, at, &cells))
		}
	}
	if change != nil {
		change(f)
	}
	var buf bytes.Buffer
	must(t, f.Write(&buf))
	return write(t, "in.xlsx", buf.Bytes())
}

// Inputs that people have, read in place. Each is refused, or read with a notice, or read as these wishes.
func TestCases(t *testing.T) {
	const dir = "../../../shared/cases"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: no cases at %s", dir)
	}
	const id = "f3c95789-ace1-4954-8c5d-6baed2eac902"
	files, err := filepath.Glob(filepath.Join(dir, "*.*"))
	must(t, err)
	cases := map[string]struct {
		o                         ingest.Options
		refused, noticed, desired string
	}{
		"F01_cut_in_last_cell.csv":         {refused: "line 4, the last record, has no line end, though the others have one"},
		"F05_error_nv_german.csv":          {refused: "2:2: assignedTo is the error #NV, not a value"},
		"F05_map_nv.csv":                   {refused: "no column is named id"}, // a map, which job reads
		"F06_powershell_object.csv":        {refused: `2:2: intendedSettings is "@{name=AllowCloudProtection; value=1}", which PowerShell writes in the place of an object`},
		"F07_trailing_space.xlsx":          {noticed: "assignedTo: white space or characters that are not seen were removed (B2)", desired: "assignedTo=bob.keller@contoso.com"},
		"F08_lookup_of_blank_is_zero.xlsx": {refused: "Tasks!B2: assignedTo is the 0 of a formula that found a blank cell"},
		"F09_sensitivity_label.xlsx":       {refused: "is protected by a sensitivity label"},
		"F10_no_property_column.csv":       {refused: "no column can ask for anything"},
		"F11_two_task_sheets.xlsx":         {noticed: `only "Week 48" is read, and not "Week 49"; say --sheet "Week 49" to read that`, desired: " "},
		"F12_totals_row_text.xlsx":         {noticed: "the totals row of a table: 4", desired: "\n"},
		"F16_us_am_pm.csv":                 {o: ingest.Options{Format: task.Format{Order: task.OrderMDY}}, desired: id + " dueDateTime=2026-12-01T17:00:00Z"},
		"F19_braces_hide_contradiction.csv": {
			refused: `2:1: the id "` + id + `" is also in row 3, 4, which asks for something else; keep one`,
		},
		"F19_id_braces.xlsx":             {noticed: "id: braces around the id were removed (A2)", desired: id + " "},
		"F23_thai_builtin_71.xlsx":       {desired: "dueDateTime=20"},
		"F24_rows_quoted_whole.csv":      {refused: "2: the whole row is in one quoted cell"},
		"blankhdr.csv":                   {noticed: "C (no header)", desired: id + " status=active"},
		"desired-local-time-2s-off.xlsx": {noticed: `"Ticket", "Team"`, desired: "\n"},
		"due-utc.csv":                    {refused: `1:2: column "dueDateTime (UTC)" is not a property; did you mean "dueDateTime"?`},
		"hancom-like-styles.xlsx":        {noticed: `"Ref"`, desired: " "},
	}
	if len(files) != len(cases)+1 { // and the README
		t.Errorf("%d files, %d are expected", len(files), len(cases)+1)
	}
	for name, want := range cases {
		refused, noticed, desired := reading(filepath.Join(dir, name), want.o)
		if (refused == "") != (want.refused == "") || !strings.Contains(refused, want.refused) {
			t.Errorf("%s: refused with\n%s\nwant\n%s", name, refused, want.refused)
		}
		if want.refused == "" && (!strings.Contains(noticed, want.noticed) || !strings.Contains(desired, want.desired)) {
			t.Errorf("%s: notices\n%s\nwishes\n%s", name, noticed, desired)
		}
	}
}

func TestSheetsThatAreNotRead(t *testing.T) {
	summary := [][]any{{"Tasks by owner"}, {"bob", 12}}
	tasks := [][]any{{"Nightly"}, {"Task ID", "Status"}, {"a", "active"}}
	for name, tt := range map[string]struct {
		sheets           map[string][][]any
		o                ingest.Options
		hide             string
		refused, noticed string
	}{
		"a summary first":    {map[string][][]any{"First": summary, "Second": tasks}, ingest.Options{}, "", `there is a header with id in "Second": say --sheet "Second"`, ""},
		"an empty one first": {map[string][][]any{"Third": tasks}, ingest.Options{}, "", `has nothing in sheet "First": no header and no rows; there is a header with id in "Third": say --sheet "Third"`, ""},
		"a hidden one":       {map[string][][]any{"First": summary, "Second": tasks}, ingest.Options{}, "Second", `there is a header with id in "Second"`, ""},
		"nowhere":            {map[string][][]any{"First": summary, "Second": summary}, ingest.Options{}, "", `columns seen: "Tasks by owner"`, ""},
		"two of tasks":       {map[string][][]any{"First": tasks[1:], "Second": tasks}, ingest.Options{}, "", "", `only "First" is read, and not "Second"`},
		"one of them named":  {map[string][][]any{"First": tasks[1:], "Second": tasks}, ingest.Options{Sheet: "first"}, "", "", ""},
		"one of them hidden": {map[string][][]any{"First": tasks[1:], "Second": tasks}, ingest.Options{}, "Second", "", ""},
	} {
		path := sheetsOf(t, tt.sheets, func(f *excelize.File) {
			if tt.hide != "" {
				must(t, f.SetSheetVisible(tt.hide, false))
			}
		})
		refused, noticed, _ := reading(path, tt.o)
		if (refused == "") != (tt.refused == "") || !strings.Contains(refused, tt.refused) || tt.hide == "" && name == "nowhere" && strings.Contains(refused, "--sheet") {
			t.Errorf("%s: refused with\n%s\nwant\n%s", name, refused, tt.refused)
		}
		if (noticed == "") != (tt.noticed == "") && tt.refused == "" || !strings.Contains(noticed, tt.noticed) {
			t.Errorf("%s: notices\n%s\nwant\n%s", name, noticed, tt.noticed)
		}
	}
}

func TestStruckRowsAreNoticed(t *testing.T) {
	path := sheetsOf(t, map[string][][]any{"First": {{"id", "status", "Own"}, {"a", "active", "x"}, {"b", "active", "x"}, {"c", "active", "x"}}}, func(f *excelize.File) {
		struck, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Strike: true}})
		must(t, err)
		must(t, f.SetCellStyle("First", "A2", "C2", struck))
		must(t, f.SetCellStyle("First", "C3", "C3", struck)) // a column of the user's own
		must(t, f.SetCellStyle("First", "B4", "B4", struck))
	})
	if refused, noticed, wishes := reading(path, ingest.Options{}); refused != "" || strings.Count(wishes, "active") != 3 ||
		!strings.Contains(noticed, "struck through, and read like the others; delete them if they are not meant: 2, 4") {
		t.Errorf("%s\n%s\n%s", refused, noticed, wishes)
	}
}

// Only a table that holds the ids says which row is one of totals.
func TestTotalsRowOfATableBeside(t *testing.T) {
	path := sheetsOf(t, map[string][][]any{"First": {{"id", "status", "Team", "Hours"}, {"a", "active", "x", 1}, {"b", "active", "Total", 1}}}, func(f *excelize.File) {
		must(t, f.AddTable("First", &excelize.Table{Range: "C1:D3", Name: "T"}))
		f.Pkg.Range(func(name, part any) bool {
			if name, data := name.(string), part.([]byte); strings.HasPrefix(name, "xl/tables/") {
				f.Pkg.Store(name, bytes.Replace(data, []byte(` ref="C1:D3"`), []byte(` totalsRowCount="1" ref="C1:D3"`), 1))
			}
			return true
		})
	})
	if refused, noticed, wishes := reading(path, ingest.Options{}); refused != "" || strings.Count(wishes, "active") != 2 || strings.Contains(noticed, "totals") {
		t.Errorf("%s\n%s\n%s", refused, noticed, wishes)
	}
}

func TestColumnsOfTheUsersOwn(t *testing.T) {
	for _, tt := range []struct {
		header, own      string
		refused, noticed string
	}{
		{"id,dueDateTime,Due", "", "", `"Due"`},
		{"id,Assignee,assignedTo", "", "", `"Assignee"`},
		{"id,status,Assignee", "", `did you mean "assignedTo"?`, ""},
		{"id,status,Assignee", "assignee", "", `"Assignee"`},
		{"id,status,Stauts", "STAUTS", "", `"Stauts"`},
		{"id,status,dueDateTime (UTC)", "dueDateTime (UTC)", "", `"dueDateTime (UTC)"`},
		{"id,dueDateTime,Priority", "priority", "", `"Priority"`},
		{"id,status,id (GUID)", "", `column "id (GUID)" is not a property; did you mean "id"?`, ""},
	} {
		var own []string
		if tt.own != "" {
			own = []string{tt.own}
		}
		refused, noticed, _ := reading(write(t, "in.csv", []byte(tt.header+"\na,,\n")), ingest.Options{OwnColumns: own})
		if (refused == "") != (tt.refused == "") || !strings.Contains(refused, tt.refused) || !strings.Contains(noticed, tt.noticed) {
			t.Errorf("%s, own %q: refused %q, noticed %q", tt.header, tt.own, refused, noticed)
		}
	}
}

func TestRowsOfAnotherFormThanTheHeader(t *testing.T) {
	for text, want := range map[string]string{
		"id\tassignedTo\tstatus\na,b,active\n":                              "in.csv:2: the row is separated by commas, but the header by tabs; separate both by the same",
		"id,assignedTo\na;b\n":                                              "in.csv:2: the row is separated by semicolons, but the header by commas",
		"id;assignedTo;status\n\"a;\"\"b;c\"\";active\"":                    "in.csv:2: the whole row is in one quoted cell",
		"\"id;status\"\n\"a;active\"\n":                                     "in.csv:1: the whole header is in one quoted cell",
		"id,assignedTo,status\na\n":                                         "in.csv:2: the row has 1 cell, but the header has 3; it may have been cut",
		"id,status,,\na,active\nb,active,,\nc,active,x,y\nd,active,x,y,z\n": "in.csv:5: the row has 5 cells, but the header has 4",
	} {
		if refused, _, _ := reading(write(t, "in.csv", []byte(strings.TrimSuffix(text, "\n")+"\n")), ingest.Options{}); !strings.HasPrefix(refused, want) {
			t.Errorf("%q: %s, want %s", text, refused, want)
		}
	}
}
