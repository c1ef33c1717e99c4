package export_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/export"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// TestUndoCoversWhatWasSent: a row for every change that was put on the wire, whatever became of it, restores what each of its writes that
// left may have taken.
func TestUndoCoversWhatWasSent(t *testing.T) {
	start := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	edit := func(p *task.Property, before, wanted string) diff.Edit {
		return diff.Edit{Property: p, Before: task.Text(before), Wanted: task.Text(wanted)}
	}
	both := []diff.Edit{edit(task.AssignedTo, "a", "b"), edit(task.Status, "pending", "active")}
	var changes []diff.Change
	for i, name := range []string{"applied", "failed", "differs", "unknown", "never sent", "one write of two", "both writes", "announced alone"} {
		current := &task.Task{ID: fmt.Sprintf("%08x-3a53-4f0b-9d3c-0d9a1b1f2c55", i), Type: task.ODataType}
		current.Set(task.DisplayName, task.Text(name))
		c := diff.Change{Index: i, SameAs: -1, Current: current, Edits: both, Desired: task.NewDesired(task.Origin{Row: i + 2}, current.ID, []string{current.ID})}
		if strings.Contains(name, "write") {
			c.StatusVia = diff.ViaAction
		}
		changes = append(changes, c)
	}
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w, err := ledger.Create(path)
	ok(t, err)
	header := ledger.Header{RunID: "20260302T020000Z-7f3a", Command: "apply", Started: start, Planned: start.Add(3 * time.Second), SettleWithin: 30}
	header.Input.Rows = len(changes)
	ok(t, w.Plan(header, changes))
	send := func(via diff.Via, index int, over ...diff.Overwritten) {
		ok(t, w.Sending(diff.Envelope{
			ClientRequestID: "e", Changes: []*diff.Change{&changes[index]}, Writes: []diff.Via{via}, Overwrites: [][]diff.Overwritten{over}, At: start.Add(time.Minute),
		}))
	}
	settle := func(index int, o diff.Outcome, attempts int, over ...diff.Overwritten) {
		ok(t, w.Result(diff.Result{Change: &changes[index], Outcome: o, Attempts: attempts, SettledAt: start.Add(2 * time.Minute), Overwrote: over}))
	}
	eve := diff.Overwritten{Property: task.AssignedTo, Value: task.Text("eve")}
	send(diff.ViaPatch, 0, eve)
	settle(0, diff.Applied, 1, eve)
	send(diff.ViaPatch, 1)
	settle(1, diff.Failed, 2)
	send(diff.ViaPatch, 2)
	settle(2, diff.Differs, 1)
	send(diff.ViaPatch, 3, eve)
	settle(4, diff.NotSent, 0)
	send(diff.ViaPatch, 5)
	ok(t, w.Part(diff.Part{Change: &changes[5], Via: diff.ViaPatch, At: start}))
	settle(5, diff.NotSent, 1)
	send(diff.ViaPatch, 6)
	ok(t, w.Part(diff.Part{Change: &changes[6], Via: diff.ViaPatch, At: start}))
	send(diff.ViaAction, 6)
	settle(6, diff.Failed, 2)
	send(diff.ViaPatch, 7)
	settle(7, diff.NotSent, 0)
	ok(t, w.Close())
	past, err := ledger.Open(path)
	ok(t, err)
	defer past.Close()

	u, err := export.UndoOf(past)
	ok(t, err)
	var got []string
	for _, row := range u.Rows {
		var words []string
		for _, wish := range row.Assignments {
			base, _ := row.Base.Get(wish.Property)
			words = append(words, fmt.Sprintf("%s %s->%s", wish.Property.Name, base, wish.Value))
		}
		name, _ := row.Base.Get(task.DisplayName)
		got = append(got, name.String()+": "+strings.Join(words, ", "))
		if row.Base.Closes.Before(start.Add(90*time.Second)) || row.Base.Read.IsZero() {
			t.Errorf("%s: read %v, closes %v", row.Base.ID, row.Base.Read, row.Base.Closes)
		}
	}
	want := []string{
		"applied: assignedTo b->eve, status active->pending",
		"failed: assignedTo b->a, status active->pending",
		"differs: assignedTo b->a, status active->pending",
		"unknown: assignedTo b->eve, status active->pending",
		"one write of two: assignedTo b->a",
		"both writes: assignedTo b->a, status active->pending",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("undo\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !u.At.Equal(start.Add(2 * time.Minute)) {
		t.Errorf("the last change settled at %v", u.At)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
