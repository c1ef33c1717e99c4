package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

func TestSheetsAndHeaders(t *testing.T) {
	f := rendered(t, varied(), report.Options{})
	want := []string{"Summary", "Results", "Changes", "Failures", "taskrecon base", "Unmanaged", "Run"}
	if got := f.GetSheetList(); !slices.Equal(got, want) {
		t.Errorf("sheets %q, want %q", got, want)
	}
	for sheet, header := range map[string]string{
		"Results":   "Row,Task ID,Display name,Outcome,Reason,Changed properties,Attempts,HTTP status,Error code,Request ID,Client request ID,Sent at,Settled at,Server date,Run ID,Actor,App ID,Tenant,Settled after,Overwrote,Note sent",
		"Changes":   "Row,Task ID,Display name,Property,Before,Wanted,After,Outcome,Overwrote",
		"Failures":  "Outcome,Reason,Name,Task ID,Assigned To,Ticket,HTTP status,Error code,Request ID,taskrecon base",
		"Unmanaged": "Task ID,Display name,Status,Assigned to,Due,Kind",
		"Run":       "Section,Name,Value",
	} {
		if got := strings.Join(rows(t, f, sheet)[0], ","); got != header {
			t.Errorf("%s: header %q, want %q", sheet, got, header)
		}
		panes, err := f.GetPanes(sheet)
		must(t, err)
		if !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the header is not frozen", sheet)
		}
	}
	titles := 0
	for _, name := range f.GetDefinedName() {
		if name.Name == "_xlnm.Print_Titles" {
			titles++
			if !strings.HasSuffix(name.RefersTo, "'"+name.Scope+"'!$1:$1") {
				t.Errorf("print titles of %q are %q", name.Scope, name.RefersTo)
			}
		}
	}
	if titles != 5 {
		t.Errorf("%d sheets repeat their header in print, want 5", titles)
	}
}

// TestGoldenCells reads back the cells of each table of a run with every outcome.
func TestGoldenCells(t *testing.T) {
	f := rendered(t, varied(), report.Options{})
	var got strings.Builder
	for _, sheet := range f.GetSheetList() {
		got.WriteString("== " + sheet + "\n")
		for _, row := range rows(t, f, sheet) {
			for i := range row {
				row[i] = strconv.Quote(row[i])
			}
			got.WriteString(strings.Join(row, " ") + "\n")
		}
	}
	const path = "testdata/varied.txt"
	if os.Getenv("TASKRECON_UPDATE") != "" {
		must(t, os.WriteFile(path, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got.String() != string(want) {
		t.Errorf("the cells are not those of %s (TASKRECON_UPDATE=1 writes them):\n%s", path, got.String())
	}
}

func TestTimesAndNumbersAreReal(t *testing.T) {
	f := rendered(t, varied(), report.Options{})
	for cell, kind := range map[string]excelize.CellType{"A2": excelize.CellTypeNumber, "G2": excelize.CellTypeNumber, "H2": excelize.CellTypeNumber, "B2": excelize.CellTypeInlineString} {
		got, err := f.GetCellType("Results", cell)
		must(t, err)
		if got != kind && !(kind == excelize.CellTypeNumber && got == excelize.CellTypeUnset) {
			t.Errorf("Results!%s has type %v, want %v", cell, got, kind)
		}
	}
	shown, err := f.GetCellValue("Results", "L2")
	must(t, err)
	if shown != "2026-03-02 02:00:04" {
		t.Errorf("Sent at is shown as %q", shown)
	}
}

// TestSummaryCountsAddUp compares the Summary's counts with the rows of Results.
func TestSummaryCountsAddUp(t *testing.T) {
	f := rendered(t, varied(), report.Options{})
	counted := map[string]int{}
	results := rows(t, f, "Results")[1:]
	for _, row := range results {
		counted[row[3]]++
	}
	seen, sum := 0, 0
	for _, row := range rows(t, f, "Summary") {
		if len(row) < 5 {
			continue
		}
		n, err := strconv.Atoi(row[2])
		if err != nil {
			continue
		}
		switch {
		case row[1] == "Total":
			if n != sum || n != len(results) {
				t.Errorf("total %d, the outcomes add up to %d, Results has %d rows", n, sum, len(results))
			}
		case slices.Contains(diff.Outcomes(), diff.Outcome(row[1])):
			seen++
			sum += n
			if n != counted[row[1]] {
				t.Errorf("%s: %d on the Summary, %d on Results", row[1], n, counted[row[1]])
			}
		}
	}
	if seen != len(diff.Outcomes()) || sum == 0 {
		t.Errorf("the Summary lists %d outcomes with %d rows", seen, sum)
	}
}

func TestTextNeverBecomesFormula(t *testing.T) {
	evil := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://example.com\")", " lead and trail ", "_x0041_", "a\r\nb", "0012", "1e5", "😀", "<f>1</f>"}
	r := newRun("apply")
	r.header.Input.File, r.header.Actor, r.header.Input.Notices = "=1+1", "=2", []string{"=3"}
	for _, text := range evil {
		c := r.planned(text, diff.Conflict, text)
		setCell(c, 2, text)
	}
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, render.Write(path, r.write(t), report.Options{}))
	f := open(t, path)
	for i, text := range evil {
		for sheet, column := range map[string]string{"Results": "E", "Failures": "C"} {
			cell := column + strconv.Itoa(i+2)
			got, err := f.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true})
			must(t, err)
			formula, err := f.GetCellFormula(sheet, cell)
			must(t, err)
			if got != text || formula != "" {
				t.Errorf("%s!%s holds %q with formula %q, want the text %q", sheet, cell, got, formula, text)
			}
		}
	}
	for name, xml := range sheetParts(t, path) {
		if strings.Contains(xml, "<f>") || strings.Contains(xml, "<f ") {
			t.Errorf("%s has a formula", name)
		}
	}
}

func sheetParts(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	must(t, err)
	defer z.Close()
	parts := map[string]string{}
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "xl/worksheets/sheet") {
			in, err := f.Open()
			must(t, err)
			data, err := io.ReadAll(in)
			must(t, err)
			parts[f.Name] = string(data)
		}
	}
	if len(parts) == 0 {
		t.Fatal("no sheets")
	}
	return parts
}

// TestUnfitTextIsSaid covers texts that a cell cannot hold: on Results they are cut or escaped and marked,
// on Failures, which is fed back, left out.
func TestUnfitTextIsSaid(t *testing.T) {
	long := strings.Repeat("😀x", 20_000)
	r := newRun("apply")
	setCell(r.planned("long", diff.Conflict, long), 1, long)
	setCell(r.planned("bell", diff.Conflict, "a\x07b\uffff"), 1, "a\x07b")
	f := rendered(t, r, report.Options{})
	results, failures := rows(t, f, "Results"), rows(t, f, "Failures")
	if got := results[1][4]; len(utf16.Encode([]rune(got))) > xlsx.CellUnits || !strings.HasSuffix(got, " characters, see the ledger]") {
		t.Errorf("the long reason has %d bytes and ends in %q", len(got), got[max(0, len(got)-60):])
	}
	if got := results[2][4]; got != `a\u0007b\uffff` {
		t.Errorf("control characters came out as %q", got)
	}
	for i := 1; i <= 2; i++ {
		if failures[i][4] != "" || !strings.Contains(failures[i][1], "left out here") {
			t.Errorf("Failures row %d holds %.40q with the reason %q", i+1, failures[i][4], failures[i][1])
		}
	}
	said := summaryText(t, f)
	for _, words := range []string{"cut at the length", "control characters", "left blank"} {
		if !strings.Contains(said, words) {
			t.Errorf("the Summary does not say %q", words)
		}
	}
}

func summaryText(t *testing.T, f *excelize.File) string {
	t.Helper()
	var all strings.Builder
	for _, row := range rows(t, f, "Summary") {
		all.WriteString(strings.Join(row, " ") + "\n")
	}
	return all.String()
}

func TestFailuresGiveWayToTheUsersColumns(t *testing.T) {
	r := newRun("apply")
	r.header.Input.Columns = []string{"id", "OUTCOME", "Reason", "", "Reason", "reason (taskrecon)"}
	c := r.planned("x", diff.Invalid, "why")
	c.Desired = task.NewDesired(c.Desired.Origin(), c.Desired.ID, []string{"1", "mine", "own", "blank header", "own too", "third"})
	got := rows(t, rendered(t, r, report.Options{}), "Failures")
	want := [][]string{
		{"Outcome (taskrecon)", "Reason (taskrecon 2)", "Name", "id", "OUTCOME", "Reason", "", "Reason", "reason (taskrecon)", "HTTP status", "Error code", "Request ID"},
		{"invalid", "why", "x", "1", "mine", "own", "blank header", "own too", "third"},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSavedPlanHasNoFailuresOfWaitingRows(t *testing.T) {
	r := newRun("plan")
	r.add("waits", edit(task.AssignedTo, "a", "b"))
	r.planned("gone", diff.NotFound, "the tenant has no such task")
	f := rendered(t, r, report.Options{})
	if got := rows(t, f, "Failures"); len(got) != 2 || got[1][0] != "notFound" {
		t.Errorf("Failures of a saved plan: %q", got)
	}
	if said := summaryText(t, f); !strings.Contains(said, "Nothing was sent yet: this plan would change 1 of 2 rows: 1 notFound.") || !strings.Contains(said, "would change 1 0.5") || strings.Contains(said, "applied") {
		t.Errorf("the Summary of a saved plan says\n%s", said)
	}
	for sheet, column := range map[string]int{"Results": 3, "Changes": 7} {
		if got := rows(t, f, sheet)[1][column]; got != "would change" {
			t.Errorf("%s: the row that waits reads %q", sheet, got)
		}
	}
}

func TestCutShortIsSaid(t *testing.T) {
	r := varied()
	r.end = nil
	said := summaryText(t, rendered(t, r, report.Options{}))
	if !strings.Contains(said, "The run was cut short, with 3 of 12 rows known to be as wanted") || !strings.Contains(said, "no end is recorded") {
		t.Errorf("the Summary says\n%s", said)
	}
}

func TestZoneIsNamed(t *testing.T) {
	zone := time.FixedZone("Nearby", 2*60*60)
	said := summaryText(t, rendered(t, varied(), report.Options{Zone: zone}))
	if !strings.Contains(said, "2026-03-02 02:00:00 UTC (2026-03-02 04:00:00 +02:00, Nearby)") {
		t.Errorf("the Summary says\n%s", said)
	}
	if !strings.Contains(said, "Times on all sheets are in UTC, but for those that name Nearby.") {
		t.Errorf("the footer does not name the zone:\n%s", said)
	}
}

// TestTimesAreCutAlike compares the times of Results, as a spreadsheet shows them, with those of the CSV.
func TestTimesAreCutAlike(t *testing.T) {
	r := newRun("apply")
	r.sent("late", diff.Result{Outcome: diff.Applied, Status: 204}, edit(task.AssignedTo, "a", "b"))
	r.results[0].SentAt, r.results[0].SettledAt = start.Add(1499*time.Millisecond), start.Add(2785*time.Millisecond)
	r.end = &ledger.End{At: start.Add(2790 * time.Millisecond), Reason: "done", Requests: 2}
	l := r.write(t)
	dir := t.TempDir()
	workbook, text := filepath.Join(dir, "r.xlsx"), filepath.Join(dir, "r.csv")
	must(t, errors.Join(render.Write(workbook, l, report.Options{}), render.Write(text, l, report.Options{})))
	f := open(t, workbook)
	cells, err := f.GetRows(report.ResultsSheet)
	must(t, err)
	data, err := os.ReadFile(text)
	must(t, err)
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	must(t, err)
	want := []string{"2026-03-02 02:00:01", "2026-03-02 02:00:02"}
	if got := cells[1][11:13]; !slices.Equal(got, want) {
		t.Errorf("Results shows %q, want %q", got, want)
	}
	if got := records[1][11:13]; !slices.Equal(got, want) {
		t.Errorf("the CSV has %q, want %q", got, want)
	}
	if said := summaryText(t, f); !strings.Contains(said, "2026-03-02 02:00:02 UTC") {
		t.Errorf("the Summary says\n%s", said)
	}
}

func TestNoRowsIsHeadersAlone(t *testing.T) {
	r := newRun("apply")
	f := rendered(t, r, report.Options{})
	for _, sheet := range []string{"Results", "Changes", "Failures", "Unmanaged"} {
		if got := rows(t, f, sheet); len(got) != 1 {
			t.Errorf("%s has %d rows, want the header alone", sheet, len(got))
		}
	}
}

func TestChartIsDescribed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, render.Write(path, varied().write(t), report.Options{}))
	z, err := zip.OpenReader(path)
	must(t, err)
	defer z.Close()
	in, err := z.Open("xl/drawings/drawing1.xml")
	must(t, err)
	xml, err := io.ReadAll(in)
	must(t, err)
	if !strings.Contains(string(xml), "Doughnut chart of the rows by outcome: 2 applied, 1 differs") {
		t.Errorf("no alternative text in %s", xml)
	}
}

func TestSupported(t *testing.T) {
	for path, ok := range map[string]bool{"a.xlsx": true, "b/A.XLSX": true, "a.html": true, "a.JSON": true, "a.csv": true, "a.htm": false, "a": false, "a.xls": false, "": false} {
		err := render.Supported(path)
		if (err == nil) != ok {
			t.Errorf("Supported(%q) = %v", path, err)
		}
		if err != nil && !strings.Contains(err.Error(), "supported: .xlsx, .html, .json, .csv") {
			t.Errorf("Supported(%q) = %v, which does not name what is supported", path, err)
		}
	}
	if err := render.Write("report.pdf", varied().write(t), report.Options{}); err == nil {
		t.Error("Write took report.pdf")
	}
}

func TestNothingIsReplacedUnasked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, os.WriteFile(path, []byte("mine"), 0o644))
	r := varied().write(t)
	if err := render.Write(path, r, report.Options{}); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("error %v, want fs.ErrExist", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "mine" {
		t.Fatal("the file was changed")
	}
	must(t, render.Write(path, r, report.Options{Overwrite: true}))
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 || info.Size() < 1000 {
		t.Errorf("mode %v, %d bytes", info.Mode(), info.Size())
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	r := varied().write(t)
	must(t, r.Close()) // the pass over the entries fails
	if err := render.Write(filepath.Join(dir, "report.xlsx"), r, report.Options{}); err == nil {
		t.Fatal("no error")
	}
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
