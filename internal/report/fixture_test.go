package report_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/task"
)

var start = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// run is a ledger in the making.
type run struct {
	header  ledger.Header
	changes []diff.Change
	results []diff.Result // by Change index; the zero Outcome is none
	sending []int         // indices announced and never answered
	end     *ledger.End
}

func newRun(command string) *run {
	return &run{header: ledger.Header{
		RunID: "20260302T020000Z-7f3a", Command: command, Version: "1.2.3",
		Input: ledger.Input{
			File: "/srv/wishes/march reassignment.xlsx", Sheet: "Wishes",
			SHA256:  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			Columns: []string{"Task ID", "Assigned To", "Ticket"},
		},
		Cloud: "global", GraphURL: "https://graph.microsoft.com/beta", Tenant: "6d1f0c7e-3a53-4f0b-9d3c-0d9a1b1f2c55",
		Actor: "taskrecon-automation", AppID: "0d4f3c1a-6c1e-4a55-9f37-2b6f0e6a9d10", ObjectID: "b2b7a9d4-90d5-4f0e-8a36-5c2f6f1c7e11", Operator: "cron@ops-01",
		Options: []ledger.Option{{Name: "in-flight", Value: "4"}, {Name: "on-conflict", Value: "skip"}},
		Started: start, Planned: start.Add(3 * time.Second), TenantTasks: 940,
	}}
}

func taskID(n int) string { return fmt.Sprintf("%08x-3a53-4f0b-9d3c-0d9a1b1f2c55", n) }

// add appends a row and returns its change, which is valid until the next.
func (r *run) add(name string, edits ...diff.Edit) *diff.Change {
	i := len(r.changes)
	current := &task.Task{ID: taskID(i), Type: task.ODataType}
	current.Set(task.DisplayName, task.Text(name))
	wanted := ""
	if len(edits) > 0 {
		wanted = edits[0].Wanted.String()
	}
	r.changes = append(r.changes, diff.Change{
		Index: i, SameAs: -1, Current: current, Edits: edits,
		Desired: task.NewDesired(task.Origin{Row: i + 2}, current.ID, []string{current.ID, wanted, fmt.Sprintf("CHG%04d", i)}),
	})
	return &r.changes[i]
}

// setCell makes a cell of the change's row hold another text.
func setCell(c *diff.Change, at int, text string) {
	cells := c.Desired.Cells()
	cells[at] = text
	held := c.Desired.Base
	c.Desired = task.NewDesired(c.Desired.Origin(), c.Desired.ID, cells, slices.Collect(c.Desired.Assignments())...)
	c.Desired.Base = held
}

// planned appends a row that the plan settled.
func (r *run) planned(name string, o diff.Outcome, reason string) *diff.Change {
	c := r.add(name)
	c.Outcome, c.Reason = o, reason
	return c
}

// sent appends a row with a result.
func (r *run) sent(name string, res diff.Result, edits ...diff.Edit) {
	c := r.add(name, edits...)
	n := time.Duration(c.Index) * 250 * time.Millisecond
	res.ClientRequestID = fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", c.Index/20)
	res.RequestID = fmt.Sprintf("5e51ce00-0000-4000-8000-%012d", c.Index)
	res.SentAt, res.SettledAt = start.Add(4*time.Second+n), start.Add(5*time.Second+n)
	res.ServerDate = res.SentAt.Truncate(time.Second).Add(time.Second)
	if res.Attempts == 0 {
		res.Attempts = 1
	}
	for len(r.results) < c.Index {
		r.results = append(r.results, diff.Result{})
	}
	r.results = append(r.results, res)
}

// write makes the ledger and opens it.
func (r *run) write(t testing.TB) *ledger.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w, err := ledger.Create(path)
	must(t, err)
	r.header.Input.Rows = len(r.changes)
	must(t, w.Plan(r.header, r.changes))
	for _, i := range r.sending {
		must(t, w.Sending(envelope("lost", start, &r.changes[i])))
	}
	for i, res := range r.results {
		if res.Outcome != diff.Pending {
			res.Change = &r.changes[i]
			if res.Change.StatusVia == diff.ViaAction {
				e := envelope(res.ClientRequestID, res.SentAt, res.Change)
				e.Writes[0] = diff.ViaAction
				must(t, w.Sending(e))
			}
			must(t, w.Result(res))
		}
	}
	if r.end != nil {
		must(t, w.End(*r.end))
	}
	must(t, w.Close())
	reader, err := ledger.Open(path)
	must(t, err)
	t.Cleanup(func() { reader.Close() })
	return reader
}

// envelope carries the PATCH of a change.
func envelope(id string, at time.Time, c *diff.Change) diff.Envelope {
	return diff.Envelope{
		ClientRequestID: id, Changes: []*diff.Change{c}, Writes: []diff.Via{diff.ViaPatch}, Overwrites: make([][]diff.Overwritten, 1), At: at,
	}
}

func edit(p *task.Property, before, wanted string) diff.Edit {
	value := func(s string) task.Value {
		if s == "" {
			return task.Null
		}
		return task.Text(s)
	}
	return diff.Edit{Property: p, Before: value(before), Wanted: value(wanted)}
}

func values(texts ...string) []task.Value {
	var vs []task.Value
	for _, s := range texts {
		vs = append(vs, task.Text(s))
	}
	return vs
}

// varied is a finished run with every outcome.
func varied() *run {
	r := newRun("apply")
	r.header.Input.Notices = []string{`column "Ticket" is no property of a task; it is carried into the report and ignored otherwise`}
	r.sent("Enable BitLocker on laptops", diff.Result{Outcome: diff.Applied, Status: 204, After: values("dana@contoso.com", "active")},
		edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"), edit(task.Status, "pending", "active"))
	r.changes[0].StatusVia, r.changes[0].Note = diff.ViaAction, "Ticket 7, done"
	r.planned("Firewall rules for kiosks", diff.Unchanged, "")
	r.sent("Attack surface reduction: Office macros", diff.Result{
		Outcome: diff.Differs, Status: 204, After: values("DANA@CONTOSO.COM"), SettledAfter: 31_500 * time.Millisecond,
		Overwrote: []diff.Overwritten{{Property: task.AssignedTo, Value: task.Text("eve@contoso.com")}, {Property: task.Creator, Value: task.Null}},
		Reason:    `the tenant holds "DANA@CONTOSO.COM" where "dana@contoso.com" was asked for`,
	}, edit(task.AssignedTo, "", "dana@contoso.com"))
	r.sent("Defender antivirus exclusions", diff.Result{
		Outcome: diff.Failed, Status: 403, Code: "Forbidden", Attempts: 3,
		Reason: "the service refused: Application is not authorized to perform this operation. Application must have one of the following scopes: DeviceManagementConfiguration.ReadWrite.All",
	},
		edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"))
	c := r.planned("Account protection", diff.Conflict, "assignedTo was old@contoso.com in the base and is now someone.else@contoso.com")
	c.Current.Set(task.AssignedTo, task.Text("someone.else@contoso.com"))
	c.Desired = task.NewDesired(c.Desired.Origin(), c.Desired.ID, c.Desired.Cells(), task.Assignment{Property: task.AssignedTo, Value: task.Text("dana@contoso.com")})
	c.Desired.Base = &task.Base{ID: c.Desired.ID}
	c.Desired.Base.Set(task.AssignedTo, task.Text("old@contoso.com"))
	setCell(c, 1, "=HYPERLINK(\"http://example.com\")")
	r.planned("", diff.NotFound, "the tenant has no task "+taskID(5))
	r.planned("CVE-2026-1234", diff.WrongType, "the task is an appVulnerabilityTask, not a securityConfigurationTask")
	r.planned("Web protection", diff.Invalid, `Wishes!C9: dueDateTime "03/04/2026" is ambiguous; write it as 2006-01-02 or say --date-order dmy, mdy or ymd`)
	r.planned("Exploit protection", diff.Blocked, "more than 10 % of the tenant's tasks would change")
	r.add("Device control", edit(task.CreatorNotes, "A note\nof two lines", "A longer note that goes on for a while, so that it has to be wrapped in its cell, more than once, to be read"))
	r.add("Endpoint detection", edit(task.IntendedSettings, "[]", `[{"name":"mode","value":"block"},{"name":"level","value":"2"}]`))
	r.sending = []int{10}
	same := r.planned("Enable BitLocker on laptops", diff.Pending, "")
	same.SameAs = 0
	r.header.Unmanaged = []ledger.Unmanaged{
		{ID: taskID(100), DisplayName: task.Text("Left alone"), Status: task.Text("active"), AssignedTo: task.Null, DueDateTime: task.Text("2026-05-01T00:00:00Z")},
		{ID: taskID(101), DisplayName: task.Null, Status: task.Text("pending"), AssignedTo: task.Text("=cmd|' /C calc'!A0"), DueDateTime: task.Text("0001-01-01T00:00:00Z")},
	}
	r.end = &ledger.End{
		At: start.Add(95 * time.Second), ExitCode: 3, Reason: "some rows are not as wanted", Requests: 21,
		Account: diff.Account{Batches: 3, Patches: 6, Retries: 2, Throttled: 1, Waited: 12500 * time.Millisecond},
	}
	return r
}

// rendered writes the report and opens it.
func rendered(t testing.TB, r *run, o report.Options) *excelize.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, render.Write(path, r.write(t), o))
	return open(t, path)
}

func open(t testing.TB, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// rows reads a sheet's raw cells.
func rows(t testing.TB, f *excelize.File, sheet string) [][]string {
	t.Helper()
	got, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	must(t, err)
	return got
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
