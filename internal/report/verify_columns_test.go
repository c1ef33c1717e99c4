package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/report/verify"
	"taskrecon/internal/task"
)

// earlier makes of a report one of a version that had no later columns.
func earlier(t *testing.T, path string) *excelize.File {
	t.Helper()
	f := open(t, path)
	for sheet, names := range map[string][]string{report.ResultsSheet: {"Settled after", "Overwrote", "Note sent"}, report.ChangesSheet: {"Overwrote"}} {
		for _, name := range names {
			header := rows(t, f, sheet)[0]
			for i, text := range header {
				if text == name {
					column, err := excelize.ColumnNumberToName(i + 1)
					must(t, err)
					must(t, f.RemoveCol(sheet, column))
				}
			}
		}
	}
	must(t, f.Save())
	return f
}

// plainRun has nothing for the later columns.
func plainRun() *run {
	r := newRun("apply")
	r.sent("one", diff.Result{Outcome: diff.Applied, Status: 200}, edit(task.AssignedTo, "a", "b"))
	r.planned("two", diff.Unchanged, "")
	return r
}

func TestVerifyPassesReportsWithoutLaterColumns(t *testing.T) {
	for _, zone := range []*time.Location{nil, time.FixedZone("Nearby", 3600)} {
		l, path := reportOf(t, plainRun(), report.Options{Zone: zone})
		f := earlier(t, path)
		if header := strings.Join(rows(t, f, report.ResultsSheet)[0], ","); strings.Contains(header, "Settled after") || zone != nil && !strings.HasSuffix(header, ", Nearby") {
			t.Fatalf("header %q", header)
		}
		if v, err := verify.Workbook(path, l); err != nil || v.Cells < 100 {
			t.Errorf("in %v: %v, %v", zone, v, err)
		}
		must(t, f.SetCellStr(report.ResultsSheet, "C2", "other"))
		must(t, f.Save())
		if _, err := verify.Workbook(path, l); !errors.Is(err, verify.ErrAltered) || !strings.Contains(err.Error(), `Results!C2: the ledger says "one", the cell says "other"`) {
			t.Errorf("in %v, with another cell: %v", zone, err)
		}
	}
}

// A column that was taken away is named where the ledger has something for it, or where every report has it.
func TestVerifyNamesColumnsTakenAway(t *testing.T) {
	for name, tt := range map[string]struct {
		run   *run
		alter func(f *excelize.File) error
		want  string
	}{
		"all that came later": {varied(), nil, `Results!S1: the ledger says "Settled after", the cell is empty`},
		"one of them":         {varied(), func(f *excelize.File) error { return f.RemoveCol(report.ResultsSheet, "T") }, `Results!T1: the ledger says "Overwrote", the cell says "Note sent"`},
		"one of Changes":      {varied(), func(f *excelize.File) error { return f.RemoveCol(report.ChangesSheet, "I") }, `Changes!I1: the ledger says "Overwrote", the cell is empty`},
		"one of the first":    {plainRun(), func(f *excelize.File) error { return f.RemoveCol(report.ResultsSheet, "I") }, `Results!I1: the ledger says "Error code", the cell says "Request ID"`},
		"a header alone":      {plainRun(), func(f *excelize.File) error { return f.SetCellStr(report.ResultsSheet, "T1", "") }, `Results!T1: the ledger says "Overwrote", the cell is empty`},
		"a column put in": {plainRun(), func(f *excelize.File) error {
			return errors.Join(f.InsertCols(report.ResultsSheet, "C", 1), f.SetCellStr(report.ResultsSheet, "C1", "Approved by"))
		}, `Results!C1: the ledger says "Display name", the cell says "Approved by"`},
		"a cell behind": {plainRun(), func(f *excelize.File) error {
			return errors.Join(f.RemoveCol(report.ResultsSheet, "U"), f.SetCellStr(report.ResultsSheet, "U2", "note"))
		}, `Results!U2: the ledger says nothing, the cell says "note"`},
		"swapped": {plainRun(), func(f *excelize.File) error {
			return errors.Join(f.SetCellStr(report.ResultsSheet, "S1", "Overwrote"), f.SetCellStr(report.ResultsSheet, "T1", "Settled after"))
		}, `Results!S1: the ledger says "Settled after", the cell says "Overwrote"`},
	} {
		l, path := reportOf(t, tt.run, report.Options{})
		if tt.alter == nil {
			earlier(t, path)
		} else {
			f := open(t, path)
			must(t, tt.alter(f))
			must(t, f.Save())
		}
		if _, err := verify.Workbook(path, l); !errors.Is(err, verify.ErrAltered) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
