package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/base"
	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// failuresBaseOf is the base of a report's Failures, and the cells that tie rows to it, in the order of the rows.
func failuresBaseOf(t *testing.T, f *excelize.File) (*base.Base, []string) {
	t.Helper()
	failed := rows(t, f, "Failures")
	var tied []string
	for _, row := range failed[1:] {
		cell := ""
		if len(row) == len(failed[0]) {
			cell = row[len(row)-1]
		}
		tied = append(tied, cell)
	}
	var lines []string
	for _, row := range rows(t, f, base.Name) {
		lines = append(lines, strings.Join(row, ""))
	}
	b, err := base.Decode(lines)
	must(t, err)
	if visible, err := f.GetSheetVisible(base.Name); visible || err != nil {
		t.Errorf("the base is shown (%v)", err)
	}
	return b, tied
}

func TestFailuresHaveABase(t *testing.T) {
	r := newRun("apply")
	r.header.Input.Columns = []string{"Task ID", "Assigned To", "Priority", "intendedSettings.A"}
	cells := func(c *diff.Change, texts ...string) {
		c.Desired = task.NewDesired(c.Desired.Origin(), c.Desired.ID, append([]string{c.Desired.ID}, texts...))
	}
	assign := diff.Edit{Property: task.AssignedTo, Before: task.Text("before"), Wanted: task.Text("wanted")}
	r.sent("lost", diff.Result{Outcome: diff.Conflict, After: []task.Value{task.Text("found")}}, assign)
	cells(&r.changes[0], "wanted", "high", "1")
	r.sent("refused", diff.Result{Outcome: diff.Failed}, assign)
	cells(&r.changes[1], "wanted", "", "")
	r.sent("applied", diff.Result{Outcome: diff.Applied}, assign)
	r.planned("gone", diff.NotFound, "the tenant has no such task")
	c := r.planned("changed since the export", diff.Conflict, "someone else changed it")
	cells(c, "mine", "", "")
	c.Current.Set(task.AssignedTo, task.Text("theirs"))
	held := &task.Base{ID: c.Desired.ID}
	held.Set(task.AssignedTo, task.Text("exported"))
	c.Desired = task.NewDesired(c.Desired.Origin(), c.Desired.ID, c.Desired.Cells(), task.Assignment{Property: task.AssignedTo, Value: task.Text("mine")})
	c.Desired.Base = held
	b, tied := failuresBaseOf(t, rendered(t, r, report.Options{}))
	if want := []string{b.ID, b.ID, "", b.ID}; strings.Join(tied, "|") != strings.Join(want, "|") {
		t.Errorf("rows are tied by %q, want %q", tied, want)
	}
	if b.Source.Tenant != r.header.Tenant || b.Source.Cloud != "global" || b.Zone != nil || !b.Source.At.After(r.header.Planned) {
		t.Errorf("source %+v", b.Source)
	}
	for _, want := range []struct {
		row                int
		property           *task.Property
		was, found, wanted string
	}{
		{0, task.AssignedTo, "before", "found", "wanted"},
		{0, task.Priority, "high", "high", "high"},
		{0, task.IntendedSettings, `[{"name":"A","value":"1"}]`, `[{"name":"A","value":"1"}]`, `[{"name":"A","value":"1"}]`},
		{1, task.AssignedTo, "before", "before", "wanted"},
		{4, task.AssignedTo, "exported", "theirs", "mine"},
	} {
		row, ok := b.Row(taskID(want.row))
		if !ok {
			t.Errorf("row %d is not in the base", want.row)
			continue
		}
		was, _ := row.Base.Get(want.property)
		found, _ := row.Found.Get(want.property)
		wanted, known := row.Wanted.Get(want.property)
		if !known || was.String() != want.was || found.String() != want.found || wanted.String() != want.wanted {
			t.Errorf("row %d, %s: %q, %q, %q", want.row, want.property.Name, was, found, wanted)
		}
	}
	if row, _ := b.Row(taskID(0)); !row.Read.Equal(r.results[0].SettledAt.Truncate(time.Millisecond)) {
		t.Errorf("read at %s, settled at %s", row.Read, r.results[0].SettledAt)
	}
	if _, ok := b.Row(taskID(3)); ok {
		t.Error("a task that was never found is in the base")
	}
}

func TestFailuresWithoutABase(t *testing.T) {
	r := newRun("apply")
	r.planned("gone", diff.NotFound, "the tenant has no such task")
	f := rendered(t, r, report.Options{})
	if got := rows(t, f, "Failures")[0]; strings.Join(got, ",") != "Outcome,Reason,Name,Task ID,Assigned To,Ticket,HTTP status,Error code,Request ID" {
		t.Errorf("header %q", got)
	}
	if at, err := f.GetSheetIndex(base.Name); at >= 0 || err != nil {
		t.Errorf("there is a sheet %d (%v)", at, err)
	}
}

// TestFailuresOfAnExport: the column that the user's sheet has already ties its rows to the base of the report.
func TestFailuresOfAnExport(t *testing.T) {
	r := newRun("apply")
	r.header.Input.Columns = []string{"Task ID", "Assigned To", "taskrecon base"}
	long := strings.Repeat("x", 2*base.Chunk)
	r.sent("refused", diff.Result{Outcome: diff.Failed}, diff.Edit{Property: task.Description, Before: task.Text(long), Wanted: task.Text("short")})
	f := rendered(t, r, report.Options{})
	failed := rows(t, f, "Failures")
	var lines []string
	for _, row := range rows(t, f, base.Name) {
		lines = append(lines, strings.Join(row, ""))
	}
	b, err := base.Decode(lines)
	must(t, err)
	if failed[1][5] != b.ID || len(failed[0]) != 3+6 {
		t.Errorf("%q", failed)
	}
	row, _ := b.Row(taskID(0))
	if v, _ := row.Base.Get(task.Description); v.String() != long {
		t.Errorf("%d characters", len(v.String()))
	}
}
