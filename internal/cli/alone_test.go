//go:build unix

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"taskrecon/internal/diff"
)

// TestTwoRuns: while a run is at work another one is refused, or waits; a run that was killed blocks nobody.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, false)
	w := newWorld(t)
	hanging, release := w.hang(2)
	first := w.start(w.begin()...)
	<-hanging
	second := w.run(w.apply(w.file, "--ledger", "second.jsonl")...)
	second.exits(t, 11)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	second.says(t, fmt.Sprintf(", pid %d on host %s, since 2", first.Process.Pid, host))
	if s := second.summary(t); s.Outcomes[diff.NotSent]+s.Outcomes[diff.Invalid] != s.Rows {
		t.Errorf("the refused run counts %v", s.Outcomes)
	}
	w.run(w.apply(w.file, "--ledger", "second.jsonl", "--lock-timeout", "200ms")...).exits(t, 11)

	waiting := w.start(w.apply(w.file, "--ledger", "second.jsonl", "--lock-timeout", "30s")...)
	time.Sleep(300 * time.Millisecond)
	if first.ended() || waiting.ended() {
		t.Fatal("a run ended that hangs, or one that waits for it")
	}
	release()
	first.exits(t, want.code)
	waiting.exits(t, want.code)
	compare(t, w.end(t), want)
	if s := waiting.summary(t); s.Outcomes[diff.Applied] > 0 {
		t.Errorf("the run that waited applied %d again", s.Outcomes[diff.Applied])
	}
}

func TestKilledRunBlocksNobody(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, false)
	w := newWorld(t)
	hanging, release := w.hang(2)
	first := w.start(w.begin()...)
	<-hanging
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.wait(t)
	release()
	w.onBatch(nil)
	w.run(w.apply(w.ledger)...).exits(t, want.code)
	compare(t, w.end(t), want)

	// What it had sent before it was killed is taken back as well.
	whole := newWorld(t)
	whole.run(whole.begin()...).exits(t, want.code)
	if killed, all := w.undone(t), whole.undone(t); killed != all || all == 0 {
		t.Errorf("%d rows are taken back, %d of a run that was not killed", killed, all)
	}
}

// undone is how many rows the undo of the run has.
func (w *world) undone(t *testing.T) int {
	t.Helper()
	p := w.run("undo", "--json", w.ledger, "-o", filepath.Join(w.dir, "back.csv"))
	p.exits(t, 0)
	return p.summary(t).Rows
}

// TestOneLedger: a ledger has one writer, even where the lock of the tenant does not help.
func TestOneLedger(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, false)
	w := newWorld(t)
	elsewhere := append(w.env(), "TASKRECON_STATE_DIR="+filepath.Join(w.dir, "other state"))
	hanging, release := w.hang(2)
	first := w.start(w.begin()...)
	<-hanging
	second := w.startWith(elsewhere, w.apply(w.ledger)...)
	second.exits(t, 11)
	second.says(t, "another run writes the ledger")
	release()
	first.exits(t, want.code)
	compare(t, w.end(t), want)

	w = newWorld(t)
	w.savePlan()
	a, b := w.start(w.apply(w.ledger)...), w.startWith(elsewhere, w.apply(w.ledger)...)
	a.wait(t)
	b.wait(t)
	codes := map[int]int{a.ProcessState.ExitCode(): 1}
	codes[b.ProcessState.ExitCode()]++
	if codes[3] == 0 || codes[3]+codes[11] != 2 { // 3 twice: the one had finished when the other one came
		t.Errorf("two runs of one saved plan end with %v", codes)
	}
	compare(t, w.end(t), undisturbed(t, true))
}
