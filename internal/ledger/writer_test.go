package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

func TestCreateIsPrivateAndNeverOverwrites(t *testing.T) {
	path := sample(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before := lines(t, path)
	if _, err := ledger.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create: %v", err)
	}
	if after := lines(t, path); len(after) != len(before) {
		t.Errorf("%d lines, %d before", len(after), len(before))
	}
	if _, err := ledger.Create(filepath.Join(path, "below")); err == nil {
		t.Error("a ledger below a file")
	}
}

// What was recorded is in the file, not in a buffer, when the call returns.
func TestWhatIsDurableIsSeen(t *testing.T) {
	w := create(t)
	seen := func(what string, n int, last string) {
		t.Helper()
		all := lines(t, w.path)
		if len(all) != n || !bytes.HasPrefix(all[n-1], []byte(`{"kind":"`+last+`"`)) {
			t.Errorf("after %s: %d lines, want %d, the last of kind %s", what, len(all), n, last)
		}
	}
	n := 1 + len(w.plan.Changes)
	w.planned()
	seen("Plan", n, "change")
	w.sending(0, 1)
	seen("Sending", n+1, "sending")
	w.result(0, diff.Applied, "")
	seen("Result", n+2, "result")
	w.must(w.Part(diff.Part{Change: &w.plan.Changes[1], Via: diff.ViaPatch, At: start}))
	seen("Part", n+3, "part")
	w.must(w.End(ledger.End{}))
	seen("End", n+4, "end")
	w.must(w.Close())
}

func TestCloseWritesWhatWasRecorded(t *testing.T) {
	path := create(t).planned().sending(0).result(0, diff.Applied, "").close()
	if got := outcomesOf(entries(t, open(t, path))); got[0].outcome != diff.Applied {
		t.Errorf("got %v", got)
	}
}

func TestNothingIsRecordedAfterClose(t *testing.T) {
	w := create(t).planned()
	w.must(w.Close())
	if err := w.Result(diff.Result{Change: &w.plan.Changes[0], Outcome: diff.Applied}); err == nil {
		t.Error("a result after Close was swallowed")
	}
	if err := w.End(ledger.End{}); err == nil {
		t.Error("an end after Close was swallowed")
	}
}

// Many goroutines record at once: no line is torn, lost or out of the chain.
func TestConcurrentRecording(t *testing.T) {
	const workers, each = 8, 12
	plan := diff.Plan{}
	for i := range workers * each {
		plan.Changes = append(plan.Changes, diff.Change{Index: i, SameAs: -1, Desired: task.Desired{ID: fmt.Sprint(i)}})
	}
	w := create(t)
	w.plan = &plan
	w.planned()
	var group sync.WaitGroup
	for n := range workers {
		group.Go(func() {
			for i := n * each; i < (n+1)*each; i++ {
				c := &plan.Changes[i]
				if err := w.Sending(envelope("x", c)); err != nil {
					t.Error(err)
				}
				if err := w.Result(diff.Result{Change: c, Outcome: diff.Applied, Reason: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	path := w.end()
	checkChain(t, lines(t, path))
	for i, e := range entries(t, open(t, path)) {
		if e.Outcome != diff.Applied || e.Reason != fmt.Sprint(i) {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
}

func BenchmarkResult(b *testing.B) {
	w, err := ledger.Create(filepath.Join(b.TempDir(), "ledger.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	c := samplePlan().Changes[0]
	for b.Loop() {
		if err := w.Result(diff.Result{Change: &c, Outcome: diff.Applied, After: []task.Value{task.Text("new@contoso.com"), task.Null}, SettledAt: start}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func twenty() (changes []*diff.Change) {
	for i := range 20 {
		changes = append(changes, &diff.Change{Index: i})
	}
	return changes
}

func BenchmarkSending(b *testing.B) {
	w, err := ledger.Create(filepath.Join(b.TempDir(), "ledger.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	e := envelope("c", twenty()...)
	for b.Loop() {
		if err := w.Sending(e); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
