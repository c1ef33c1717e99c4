package ledger

import (
	"bufio"
	"errors"
	"os"
	"syscall"
	"testing"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// After a write that failed nothing is written any more, and every call says why.
func TestTheFirstErrorSticks(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is always full:", err)
	}
	w := &Writer{file: full, buf: bufio.NewWriterSize(full, 64<<10)}
	c := &diff.Change{}
	if err := w.Result(batch.Result{Change: c, Outcome: diff.Applied}); err != nil {
		t.Errorf("a result is buffered: %v", err)
	}
	for name, err := range map[string]error{
		"Sending": w.Sending(batch.Envelope{Changes: []*diff.Change{c}}),
		"Result":  w.Result(batch.Result{Change: c, Outcome: diff.Applied}),
		"End":     w.End(End{}),
		"Sync":    w.Sync(),
		"Plan":    w.Plan(Header{}, nil),
		"Close":   w.Close(),
	} {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
