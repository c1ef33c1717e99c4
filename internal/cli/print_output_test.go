package cli

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// fullAfter takes so many writes, and none then.
type fullAfter struct {
	writes int
	err    error
}

func (w *fullAfter) Write(b []byte) (int, error) {
	if w.writes--; w.writes < 0 {
		return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: w.err}
	}
	return len(b), nil
}

// TestOutputLost: an answer that cannot be printed is a failure, unless its reader has gone; the command's own failure wins.
func TestOutputLost(t *testing.T) {
	t.Parallel()
	tenant, desired := "../../samples/tenant.json", "../../samples/desired.csv"
	ledger := filepath.Join(t.TempDir(), "ledger.jsonl")
	if code, _, errs := outputTo(&bytes.Buffer{}, "apply", "--yes", "--sandbox", tenant, "--ledger", ledger, "--report", ledger+".xlsx", desired); code != 0 {
		t.Fatal(errs)
	}
	cases := []struct {
		args []string
		own  int // the exit code where somebody reads
	}{
		{[]string{"plan", "--sandbox", tenant, desired}, 0},
		{[]string{"plan", "--json", "--sandbox", tenant, desired}, 0},
		{[]string{"plan", "--detailed-exitcode", "--sandbox", tenant, desired}, 2},
		{[]string{"plan", "--max-changes", "2", "--sandbox", tenant, desired}, 6},
		{[]string{"apply", "--yes", "--sandbox", tenant, "--ledger", "$DIR/l.jsonl", "--report", "$DIR/r.xlsx", desired}, 0},
		{[]string{"validate", desired}, 0},
		{[]string{"validate", "../../samples/mistakes.csv"}, 4},
		{[]string{"export", "--sandbox", tenant, "-o", "$DIR/e.csv"}, 0},
		{[]string{"set", "priority=low", "--where", "true", "--sandbox", tenant, "-o", "$DIR/s.csv"}, 0},
		{[]string{"doctor", "--sandbox", tenant}, 0},
		{[]string{"report", ledger, "-o", "$DIR/r.html"}, 0},
		{[]string{"verify", ledger}, 0},
		{[]string{"undo", ledger, "-o", "$DIR/u.csv"}, 0},
		{[]string{"runs", filepath.Dir(ledger)}, 0},
	}
	for _, c := range cases {
		for _, w := range []*fullAfter{{0, syscall.ENOSPC}, {1, syscall.ENOSPC}, {0, syscall.EPIPE}} {
			name := fmt.Sprintf("%s, %v after %d", strings.Join(c.args, " "), w.err, w.writes)
			args := slices.Clone(c.args)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "$DIR", t.TempDir())
			}
			want := c.own
			code, all, errs := outputTo(w, args...)
			lost := all && w.err == syscall.ENOSPC && (c.own == 0 || c.own == 2)
			if lost {
				want = 1
			}
			if code != want || lost != strings.Contains(errs, "taskrecon: printing the answer: write /dev/stdout: no space left on device\n") {
				t.Errorf("%s: exit code %d, want %d\n%s", name, code, want, errs)
			}
			if strings.Contains(errs, "pipe") {
				t.Errorf("%s: says %s", name, errs)
			}
		}
	}
}

// outputTo runs the program with its answer going to w, and reports whether a write failed.
func outputTo(w interface{ Write([]byte) (int, error) }, args ...string) (code int, failed bool, errs string) {
	var stderr bytes.Buffer
	code = run(context.Background(), append([]string{"taskrecon"}, args...), os.Environ(), strings.NewReader(""), w, &stderr)
	f, ok := w.(*fullAfter)
	return code, ok && f.writes < 0, stderr.String()
}
