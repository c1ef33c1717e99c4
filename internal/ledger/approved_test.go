package ledger_test

import (
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// The hash that a plan's signature is of stays the same, however the run goes on; a line put behind the plan changes it.
func TestPlanFinal(t *testing.T) {
	path := saved(t).close()
	r := open(t, path)
	want := r.Final
	if r.PlanFinal() != want {
		t.Errorf("of a saved plan: %s, want %s", r.PlanFinal(), want)
	}
	goOn(t, path).sending(0).close()
	w, past, err := ledger.Resume(path)
	must(t, err)
	must(t, past.Close())
	const signature = "-----BEGIN SSH SIGNATURE-----\n"
	must(t, w.Resumed(header(samplePlan()), signature))
	must(t, w.End(ledger.End{}))
	must(t, w.Close())
	again := open(t, path)
	if again.PlanFinal() != want || again.Final == want {
		t.Errorf("of a run: %s, final %s, want %s", again.PlanFinal(), again.Final, want)
	}
	if got := []string{again.Resumes[0].Signature, again.Resumes[1].Signature}; got[0] != "" || got[1] != signature {
		t.Errorf("signatures %q", got)
	}
	must(t, r.Follow())
	if r.PlanFinal() != want {
		t.Errorf("followed: %s, want %s", r.PlanFinal(), want)
	}
	forged := saved(t).sending(0).close()
	if r := open(t, forged); r.PlanFinal() != r.Final {
		t.Errorf("with a line behind the plan: %s, want %s", r.PlanFinal(), r.Final)
	}
}

// The note of a result is one that went out: with two writes, not before the second leaves, and not in the leg before it.
func TestStatusAndNoteThatWereSent(t *testing.T) {
	w := create(t)
	for i := range 4 {
		c := &w.plan.Changes[i]
		c.StatusVia, c.Note = diff.ViaAction, "ticket 7"
	}
	send := func(via diff.Via, index int) {
		e := envelope("e", &w.plan.Changes[index])
		e.Writes[0] = via
		w.must(w.Sending(e))
	}
	w.planned()
	send(diff.ViaPatch, 0)
	w.must(w.Part(diff.Part{Change: &w.plan.Changes[0], Via: diff.ViaPatch, At: start}))
	send(diff.ViaAction, 0)
	w.result(0, diff.Applied, "")
	send(diff.ViaPatch, 1)
	w.result(1, diff.Failed, "HTTP 400")
	send(diff.ViaPatch, 2)
	w.must(w.Part(diff.Part{Change: &w.plan.Changes[2], Via: diff.ViaPatch, At: start}))
	send(diff.ViaAction, 2) // and the program was killed
	path := w.close()
	all := entries(t, open(t, path))
	for i, want := range []struct {
		via    diff.Via
		result string // its note
	}{{diff.ViaAction, "ticket 7"}, {"", ""}, {diff.ViaAction, ""}, {"", ""}} {
		e, note := all[i], ""
		if e.Result != nil {
			note = e.Result.Note
		}
		if e.StatusSent != want.via || note != want.result {
			t.Errorf("row %d: status sent by %q, note of its result %q; want %+v", i, e.StatusSent, note, want)
		}
	}
}

// What was announced as overwritten counts only for a change that was put on the wire.
func TestOverwroteWhatWasSent(t *testing.T) {
	w := create(t).planned()
	over := []diff.Overwritten{{Property: task.AssignedTo, Value: task.Text("eve@contoso.com")}, {Property: task.Status, Value: task.Null}}
	for i := range 3 {
		e := envelope("e", &w.plan.Changes[i])
		e.Overwrites[0] = over
		w.must(w.Sending(e))
	}
	w.result(0, diff.NotSent, "the ledger could not be synced")
	w.must(w.Result(diff.Result{Change: &w.plan.Changes[1], Outcome: diff.Applied, Attempts: 1, Overwrote: over[:1], SettledAt: start}))
	all := entries(t, open(t, w.close()))
	if got := [3]int{len(all[0].Overwrote), len(all[1].Overwrote), len(all[2].Overwrote)}; got != [3]int{0, 1, 2} {
		t.Errorf("overwrote %v", got)
	}
	if got := all[2].Overwrote[1]; got.Property != "status" || !got.Value.IsNull() {
		t.Errorf("overwrote %+v", got)
	}
}
