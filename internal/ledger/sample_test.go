package ledger_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

var start = time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)

// row asks for the task to be assigned and completed; notes go into a cell.
func row(id, notes string, sameAs int) diff.Row {
	return diff.Row{SameAs: sameAs, Desired: task.NewDesired(
		task.Origin{File: "tasks.csv", Row: 2}, id, []string{id, "new@contoso.com", "completed", notes},
		task.Assignment{Property: task.AssignedTo, Value: task.Text("new@contoso.com")},
		task.Assignment{Property: task.Status, Value: task.Text("completed")},
	)}
}

// placed is the row in another place, as a ledger has it: without wishes.
func placed(from task.Origin, d task.Desired) task.Desired {
	return task.NewDesired(from, d.ID, d.Cells())
}

// samplePlan is a row of every kind: 0 to 3 pending, 4 the same as 0, 5 unchanged, 6 not found, 7 invalid.
func samplePlan() *diff.Plan {
	var current []*task.Task
	for i, id := range []string{"a", "b", "c", "d", "done"} {
		t := &task.Task{ID: id, Type: task.ODataType}
		t.Set(task.DisplayName, task.Text(fmt.Sprintf("Task \"%d\" <&>\u2028\nof two lines", i)))
		if id == "done" {
			t.Set(task.AssignedTo, task.Text("new@contoso.com"))
			t.Set(task.Status, task.Text("completed"))
		}
		current = append(current, t)
	}
	invalid := row("x", "", -1)
	invalid.Invalid = "status \"don\" is no status"
	return diff.Make([]diff.Row{
		row("a", "", -1), row("b", "a,\"b\"", -1), row("c", "two\nlines", -1), row("d", "<clear>", -1),
		row("A", "", 0), row("done", "", -1), row("gone", "", -1), invalid,
	}, current)
}

func header(p *diff.Plan) ledger.Header {
	return ledger.Header{
		RunID: "20260304T020000Z-1f", Command: "apply", Version: "1.2.3",
		Input: ledger.Input{
			File: "tasks <1>.csv", SHA256: "ab", Columns: []string{"id", "Assigned To", "status", "Notes"},
			Rows: len(p.Changes), Notices: []string{"Notes is your own"},
		},
		Cloud: "global", GraphURL: "https://graph.microsoft.com", Tenant: "t", Actor: "app", Operator: "ann@host",
		Options: []ledger.Option{{Name: "concurrency", Value: "4"}},
		Started: start, Planned: start.Add(time.Second), TenantTasks: 6,
		Unmanaged: []ledger.Unmanaged{{ID: "u", DisplayName: task.Text("Unmanaged"), AssignedTo: task.Null}},
	}
}

// written is a ledger in the making.
type written struct {
	*ledger.Writer
	t    *testing.T
	path string
	plan *diff.Plan
}

func create(t *testing.T) *written {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w, err := ledger.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return &written{Writer: w, t: t, path: path, plan: samplePlan()}
}

func (w *written) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *written) planned() *written {
	w.t.Helper()
	w.must(w.Plan(header(w.plan), w.plan.Changes))
	return w
}

func (w *written) sending(indices ...int) *written {
	w.t.Helper()
	var changes []*diff.Change
	for _, i := range indices {
		changes = append(changes, &w.plan.Changes[i])
	}
	w.must(w.Sending(envelope(fmt.Sprintf("envelope of %v", indices), changes...)))
	return w
}

// envelope carries the PATCH of each change.
func envelope(id string, changes ...*diff.Change) diff.Envelope {
	return diff.Envelope{
		ClientRequestID: id, Changes: changes, At: start,
		Writes: slices.Repeat([]diff.Via{diff.ViaPatch}, len(changes)), Overwrites: make([][]diff.Overwritten, len(changes)),
	}
}

func (w *written) result(index int, o diff.Outcome, reason string) *written {
	w.t.Helper()
	attempts := 2
	if o == diff.NotSent {
		attempts = 0
	}
	w.must(w.Result(diff.Result{
		Change: &w.plan.Changes[index], Outcome: o, Reason: reason, Attempts: attempts, Status: 400, Code: "BadRequest", RequestID: "r",
		ClientRequestID: "c", Temporary: o != diff.Differs, After: []task.Value{task.Text("new@contoso.com"), task.Null},
		SentAt: start.Add(1234567), SettledAt: start.Add(time.Minute),
	}))
	return w
}

func (w *written) end() string {
	w.t.Helper()
	w.must(w.End(ledger.End{At: start.Add(time.Hour), ExitCode: 3, Reason: "2 rows failed", Requests: 7, Account: sampleStats}))
	return w.close()
}

func (w *written) close() string {
	w.t.Helper()
	w.must(w.Close())
	return w.path
}

var sampleStats = diff.Account{Batches: 5, Patches: 4, Retries: 3, Throttled: 2, Waited: time.Second}

// sample is a run in which all was sent and settled.
func sample(t *testing.T) string {
	return create(t).planned().sending(0, 1).sending(2, 3).result(0, diff.Applied, "").result(2, diff.Failed, "HTTP 400").
		result(1, diff.Differs, "accepted, but").result(3, diff.Applied, "read again").end()
}

// goOn resumes a ledger and marks it.
func goOn(t *testing.T, path string) *written {
	t.Helper()
	w, r, err := ledger.Resume(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	resumed := &written{Writer: w, t: t, path: path, plan: samplePlan()}
	h := header(resumed.plan)
	h.Operator, h.Started = "bob@host", start.Add(2*time.Hour)
	resumed.must(w.Resumed(h, ""))
	return resumed
}

// legs is a run of four legs: one that ended by itself, one that was killed, one that did nothing, one that finished.
func legs(t *testing.T) string {
	path := create(t).planned().sending(0, 1).result(0, diff.Applied, "").result(1, diff.Failed, "HTTP 503").end()
	path = goOn(t, path).sending(1, 2).result(1, diff.Applied, "").close()
	path = goOn(t, path).close()
	return goOn(t, path).sending(2, 3).result(3, diff.Applied, "").result(2, diff.Differs, "accepted, but").end()
}

// small is a run of three legs, of two rows: one that ended by itself, one that was killed, one that finished.
func small(t *testing.T) (path string, rows int) {
	w := create(t)
	w.plan.Changes = w.plan.Changes[:2]
	path = w.planned().sending(0, 1).result(0, diff.Failed, "HTTP 503").end()
	path = goOn(t, path).sending(0).result(0, diff.Applied, "").close()
	return goOn(t, path).sending(1).result(1, diff.Applied, "").end(), 2
}

func open(t *testing.T, path string) *ledger.Reader {
	t.Helper()
	r, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func entries(t *testing.T, r *ledger.Reader) (all []ledger.Entry) {
	t.Helper()
	if err := r.Each(func(e ledger.Entry) error { all = append(all, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// lines are the whole lines of a file, with their newlines.
func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(data, []byte("\n"))[:bytes.Count(data, []byte("\n"))]
}

// rewrite puts other contents into a file and opens it as a ledger.
func rewrite(t *testing.T, path string, data []byte) (*ledger.Reader, error) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := ledger.Open(path)
	if err == nil {
		t.Cleanup(func() { r.Close() })
	}
	return r, err
}
