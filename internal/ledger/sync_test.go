package ledger_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// Many envelopes leave at once and share their syncs: none before its own line is in the file.
func TestEachEnvelopeIsInTheFileBeforeItLeaves(t *testing.T) {
	w := create(t).planned()
	c := &w.plan.Changes[0]
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for i := range 20 {
				id := fmt.Sprintf("envelope-%d-%d", n, i)
				if err := w.Sending(envelope(id, c)); err != nil {
					t.Error(err)
				}
				data, err := os.ReadFile(w.path)
				if err != nil || bytes.Count(data, []byte(`"`+id+`"`)) != 1 {
					t.Errorf("%s is not in the file: %v", id, err)
				}
				if err := w.Result(diff.Result{Change: c, Outcome: diff.Applied, ClientRequestID: "answer-" + id}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	w.must(w.Sync())
	all := lines(t, w.path)
	checkChain(t, all)
	if want := 1 + len(w.plan.Changes) + 2*8*20; len(all) != want {
		t.Errorf("%d lines, want %d", len(all), want)
	}
	w.must(w.Close())
}

// BenchmarkSendingTogether is what four envelopes in flight cost, each with the results of the one before.
func BenchmarkSendingTogether(b *testing.B) {
	w, err := ledger.Create(filepath.Join(b.TempDir(), "ledger.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	e := envelope("c", twenty()...)
	b.ReportAllocs()
	b.SetParallelism(2) // of two processors at least
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := w.Sending(e); err != nil {
				b.Error(err)
			}
			for _, c := range e.Changes {
				if err := w.Result(diff.Result{Change: c, Outcome: diff.Applied, After: []task.Value{task.Text("new@contoso.com")}, SettledAt: start}); err != nil {
					b.Error(err)
				}
			}
		}
	})
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
