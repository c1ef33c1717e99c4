package ledger

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"taskrecon/internal/diff"
)

// oneWrite is an envelope of a single PATCH.
func oneWrite(c *diff.Change) diff.Envelope {
	return diff.Envelope{Changes: []*diff.Change{c}, Writes: []diff.Via{diff.ViaPatch}, Overwrites: make([][]diff.Overwritten, 1)}
}

// After a write that failed nothing is written any more, and every call says why.
func TestTheFirstErrorOfWritingSticks(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is always full:", err)
	}
	w := &Writer{file: full, buf: bufio.NewWriterSize(full, 64<<10)}
	c := &diff.Change{}
	for _, call := range []struct {
		name string
		err  error
	}{
		{"Result", w.Result(diff.Result{Change: c, Outcome: diff.Applied})},
		{"Part", w.Part(diff.Part{Change: c, Via: diff.ViaPatch})},
		{"Sending", w.Sending(oneWrite(c))},
		{"End", w.End(End{})},
		{"Sync", w.Sync()},
		{"Plan", w.Plan(Header{}, nil)},
		{"Close", w.Close()},
	} {
		if !errors.Is(call.err, syscall.ENOSPC) {
			t.Errorf("%s: %v", call.name, call.err)
		}
	}
}

// After a sync that failed, what must be durable is refused, and results of what is on the wire are still written.
func TestAnErrorOfSyncingIsThatOfDurableLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w.unsafe = syscall.EIO
	c := &diff.Change{}
	for name, err := range map[string]error{"Result": w.Result(diff.Result{Change: c, Outcome: diff.Applied}), "Part": w.Part(diff.Part{Change: c})} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{"Sending": w.Sending(oneWrite(c)), "End": w.End(End{}), "Sync": w.Sync(), "Close": w.Close()} {
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, err := os.ReadFile(path); err != nil || len(data) == 0 {
		t.Errorf("the lines are not in the file: %q, %v", data, err)
	}
}
