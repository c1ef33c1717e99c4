package report_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/report/verify"
	"taskrecon/internal/xlsx"
)

// TestFullSheetsContinue uses small sheets to see what a million rows would do.
func TestFullSheetsContinue(t *testing.T) {
	r := newRun("apply")
	for i := range 25 {
		r.planned(fmt.Sprint(i), diff.Conflict, "reason")
	}
	for most, want := range map[int][]string{
		11: {"Summary", "Results", "Results 2", "Results 3", "Changes", "Failures", "Failures 2", "Failures 3", "Unmanaged", "Run", "Run 2", "Run 3", "Run 4"},
		14: {"Summary", "Results", "Results 2", "Changes", "Failures", "Failures 2", "Unmanaged"},
	} {
		f := rendered(t, r, report.Options{SheetRows: most})
		if got := f.GetSheetList(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("sheets %q, want %q", got, want)
		}
		seen := 0
		for _, sheet := range f.GetSheetList() {
			if strings.HasPrefix(sheet, "Results") {
				got := rows(t, f, sheet)
				if got[0][0] != "Row" {
					t.Errorf("%s begins with %q", sheet, got[0])
				}
				for _, row := range got[1:] {
					if row[2] != strconv.Itoa(seen) {
						t.Errorf("%s: %q is where %d belongs", sheet, row[2], seen)
					}
					seen++
				}
			}
		}
		if seen != 25 {
			t.Errorf("%d rows, want 25", seen)
		}
		for _, name := range f.GetDefinedName() {
			if name.Name == "_xlnm.Print_Titles" && !strings.HasSuffix(name.RefersTo, "'"+name.Scope+"'!$1:$1") {
				t.Errorf("print titles of %q are %q", name.Scope, name.RefersTo)
			}
		}
		if f.GetActiveSheetIndex() != 0 {
			t.Error("the workbook does not open on the Summary")
		}
	}
}

// TestManyColumns covers an input of as many columns as are read.
func TestManyColumns(t *testing.T) {
	r := newRun("apply")
	r.header.Input.Columns = nil
	for i := range xlsx.MaxColumns {
		r.header.Input.Columns = append(r.header.Input.Columns, fmt.Sprint("column ", i))
	}
	r.planned("wide", diff.Conflict, "why")
	l, path := reportOf(t, r, report.Options{})
	if _, err := verify.Workbook(path, l); err != nil {
		t.Error(err)
	}
	if header := rows(t, open(t, path), report.FailuresSheet)[0]; len(header) != xlsx.MaxColumns+6 {
		t.Errorf("%d columns", len(header))
	}
}
