package report

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// TestUndoCoversWhatWasSent: a row for every change that was put on the wire, whatever became of it, restores what each of its writes that
// left may have taken.
func TestUndoCoversWhatWasSent(t *testing.T) {
	r := newRun("apply")
	both := []diff.Edit{edit(task.AssignedTo, "a", "b"), edit(task.Status, "pending", "active")}
	for _, name := range []string{"applied", "failed", "differs", "unknown", "never sent", "one write of two", "both writes", "announced alone"} {
		c := r.add(name, both...)
		if strings.Contains(name, "write") {
			c.StatusVia = diff.ViaAction
		}
	}
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w, err := ledger.Create(path)
	must(t, err)
	r.header.Input.Rows, r.header.SettleWithin = len(r.changes), 30
	must(t, w.Plan(r.header, r.changes))
	send := func(via diff.Via, index int, over ...diff.Overwritten) {
		e := envelope("e", start.Add(time.Minute), &r.changes[index])
		e.Writes[0], e.Overwrites[0] = via, over
		must(t, w.Sending(e))
	}
	settle := func(index int, o diff.Outcome, attempts int, over ...diff.Overwritten) {
		must(t, w.Result(diff.Result{Change: &r.changes[index], Outcome: o, Attempts: attempts, SettledAt: start.Add(2 * time.Minute), Overwrote: over}))
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
	must(t, w.Part(diff.Part{Change: &r.changes[5], Via: diff.ViaPatch, At: start}))
	settle(5, diff.NotSent, 1)
	send(diff.ViaPatch, 6)
	must(t, w.Part(diff.Part{Change: &r.changes[6], Via: diff.ViaPatch, At: start}))
	send(diff.ViaAction, 6)
	settle(6, diff.Failed, 2)
	send(diff.ViaPatch, 7)
	settle(7, diff.NotSent, 0)
	must(t, w.Close())
	past, err := ledger.Open(path)
	must(t, err)
	defer past.Close()

	u, err := UndoOf(past, func(*task.Property, task.Value, task.Value) bool { return true })
	must(t, err)
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
