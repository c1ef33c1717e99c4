package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// target is the sheet and the first cell of the row that a cell leads to.
func target(t *testing.T, f *excelize.File, sheet, cell string) (to, first string) {
	t.Helper()
	_, where, err := f.GetCellHyperLink(sheet, cell)
	must(t, err)
	name, at, ok := strings.Cut(where, "!")
	if !ok {
		t.Fatalf("%s!%s leads to %q", sheet, cell, where)
	}
	to = strings.Trim(name, "'")
	if strings.HasPrefix(to, report.FailuresSheet) {
		at = strings.Replace(at, "A", "D", 1) // where the ids are
	}
	first, err = f.GetCellValue(to, at, excelize.Options{RawCellValue: true})
	must(t, err)
	return to, first
}

// TestLinksLeadToTheSameRow follows each link and compares the rows' numbers or IDs.
func TestLinksLeadToTheSameRow(t *testing.T) {
	for name, o := range map[string]report.Options{"one sheet each": {}, "sheets that continue": {SheetRows: 5}} {
		f := rendered(t, varied(), o)
		seen := map[string]int{}
		for _, sheet := range f.GetSheetList() {
			got := rows(t, f, sheet)
			for i, row := range got[1:] {
				at := i + 2
				follow := func(column string, wanted, key string) {
					cell := fmt.Sprintf("%s%d", column, at)
					if to, first := target(t, f, sheet, cell); !strings.HasPrefix(to, wanted) || first != key {
						t.Errorf("%s: %s!%s leads to %q of %s, not to %q of %s", name, sheet, cell, first, to, key, wanted)
					}
					seen[strings.Fields(sheet)[0]]++
				}
				switch {
				case strings.HasPrefix(sheet, "Changes"):
					follow("A", "Results", row[0])
				case strings.HasPrefix(sheet, "Results"):
					if row[5] != "" {
						follow("F", "Changes", row[0])
					}
					if !diff.Outcome(row[3]).Good() {
						follow("D", "Failures", row[1])
					}
				case strings.HasPrefix(sheet, "Failures"):
					var n int
					_, err := fmt.Sscanf(row[3], "%08x", &n)
					must(t, err)
					follow("A", "Results", fmt.Sprint(n+2))
				}
			}
		}
		if seen["Results"] != 5+9 || seen["Changes"] != 6 || seen["Failures"] != 9 {
			t.Errorf("%s: followed %v", name, seen)
		}
	}
}

func atoi(t *testing.T, text string) (n int) {
	t.Helper()
	_, err := fmt.Sscan(text, &n)
	must(t, err)
	return n
}

func TestSummaryLeadsToItsRows(t *testing.T) {
	f := rendered(t, varied(), report.Options{})
	followed := 0
	for i, row := range rows(t, f, report.SummarySheet) {
		at := i + 1
		if len(row) > 1 && report.Looks[diff.Outcome(row[1])].Symbol != "" {
			to, number := target(t, f, report.SummarySheet, fmt.Sprintf("B%d", at))
			if got := rows(t, f, to)[atoi(t, number)-1][3]; to != report.ResultsSheet || got != row[1] {
				t.Errorf("%s leads to %q on %s", row[1], got, to)
			}
			followed++
		}
		if len(row) == 1 && strings.HasPrefix(row[0], "1 row ") {
			to, first := target(t, f, report.SummarySheet, fmt.Sprintf("A%d", at))
			word := strings.TrimSuffix(strings.Fields(row[0])[2], ":")
			for _, r := range rows(t, f, to)[1:] {
				if (r[0] == first || r[3] == first) && !strings.Contains(strings.Join(r, "|"), word) {
					t.Errorf("%q leads to %q of %s", row[0], r, to)
				}
			}
			followed++
		}
	}
	if followed != 11+9 {
		t.Errorf("followed %d links", followed)
	}
}

func TestLinksAreBounded(t *testing.T) {
	const mostLinks = 5_000
	r := newRun("apply")
	for i := range mostLinks + 10 {
		r.sent(fmt.Sprint(i), diff.Result{Outcome: diff.Applied, Status: 204}, edit(task.AssignedTo, "a", "b"))
	}
	f := rendered(t, r, report.Options{})
	if ok, _, err := f.GetCellHyperLink(report.ChangesSheet, fmt.Sprintf("A%d", mostLinks+1)); !ok || err != nil {
		t.Errorf("the last row that may lead somewhere does not: %v", err)
	}
	if ok, _, err := f.GetCellHyperLink(report.ChangesSheet, fmt.Sprintf("A%d", mostLinks+2)); ok || err != nil {
		t.Errorf("a row too many leads somewhere: %v", err)
	}
	if said := summaryText(t, f); !strings.Contains(said, "Links lead from the first rows of a sheet only") {
		t.Errorf("the Summary says\n%s", said)
	}
}

func TestNamesReferToTheirCells(t *testing.T) {
	f := rendered(t, varied(), report.Options{})
	want := map[string]string{
		"Run_ID": "20260302T020000Z-7f3a", "Rows_total": "12", "Rows_applied": "2", "Rows_unknown": "1",
		"Input_SHA256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"Verdict":      "9 of 12 rows are not as wanted: 1 differs, 1 failed, 1 conflict, 1 notFound, 1 wrongType, 1 invalid, 1 blocked, 1 notSent, 1 unknown, 2 applied, 1 unchanged.",
	}
	for _, n := range f.GetDefinedName() {
		sheet, cell, ok := strings.Cut(strings.ReplaceAll(n.RefersTo, "$", ""), "!")
		if _, wanted := want[n.Name]; !wanted || !ok {
			continue
		}
		got, err := f.GetCellValue(strings.Trim(sheet, "'"), cell, excelize.Options{RawCellValue: true})
		must(t, err)
		if got != want[n.Name] {
			t.Errorf("%s is %q, want %q", n.Name, got, want[n.Name])
		}
		delete(want, n.Name)
	}
	if len(want) > 0 {
		t.Errorf("no names for %v", want)
	}
	props, err := f.GetDocProps()
	must(t, err)
	if props.Category == "" || !strings.HasPrefix(props.Description, "9 of 12 rows") || !strings.Contains(props.Keywords, "7f3a") || props.Created != "2026-03-02T02:01:35Z" {
		t.Errorf("properties %+v", props)
	}
	custom, err := f.GetCustomProps()
	must(t, err)
	if len(custom) != 3 {
		t.Errorf("custom properties %v", custom)
	}
}

// TestTimesInTheReadersZone compares the columns of the zone with those in UTC, over a change of the clock.
func TestTimesInTheReadersZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	r := newRun("apply")
	r.sent("before", diff.Result{Outcome: diff.Applied, Status: 204}, edit(task.AssignedTo, "a", "b"))
	r.results[0].SentAt = time.Date(2026, 3, 29, 0, 59, 59, 785e6, time.UTC)
	r.results[0].SettledAt = time.Date(2026, 3, 29, 1, 0, 1, 999e6, time.UTC)
	r.planned("never sent", diff.Unchanged, "")
	f := rendered(t, r, report.Options{Zone: zone})
	got, err := f.GetRows(report.ResultsSheet)
	must(t, err)
	header := strings.Join(got[0], ",")
	if !strings.Contains(header, ",Tenant,Sent at, Europe/Berlin,Settled at, Europe/Berlin,Settled after") {
		t.Errorf("header %q", header)
	}
	if row := got[1]; row[11] != "2026-03-29 00:59:59" || row[18] != "2026-03-29 01:59:59" || row[19] != "2026-03-29 03:00:01" {
		t.Errorf("times %q", row[11:])
	}
	if row := got[2]; len(row) > report.AtZone {
		t.Errorf("a row that was never sent has times: %q", row[18:])
	}
}

// TestDirectionIsNotTurned proves that a cell reads as what it holds, while the sheet that is fed back stays exact.
func TestDirectionIsNotTurned(t *testing.T) {
	const evil = "file \u202efdp.exe"
	r := newRun("apply")
	c := r.planned(evil, diff.Conflict, "reason")
	setCell(c, 2, evil)
	f := rendered(t, r, report.Options{})
	if got := rows(t, f, report.ResultsSheet)[1][2]; got != `file \u202efdp.exe` {
		t.Errorf("Results shows %q", got)
	}
	if got := rows(t, f, report.FailuresSheet)[1][5]; got != evil {
		t.Errorf("Failures holds %q", got)
	}
	if said := summaryText(t, f); !strings.Contains(said, "2 texts with characters that turn the direction") {
		t.Errorf("the Summary says\n%s", said)
	}
}
