//go:build linux

package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/exit"
)

// TestNothingLeftBehind runs the program inside this process: however a run ends, no goroutine and no descriptor stays.
func TestNothingLeftBehind(t *testing.T) {
	w := newWorld(t)
	first, saved := filepath.Join(w.dir, "first.jsonl"), filepath.Join(w.dir, "saved.jsonl")
	report := func(name string) string { return filepath.Join(w.dir, name+".xlsx") }
	with := func(name string, more ...string) []string {
		return append([]string{"--ledger", filepath.Join(w.dir, name+".jsonl"), "--report", report(name)}, more...)
	}
	for _, c := range []struct {
		name string
		args []string
		stop int // the call of $batch at which the run is interrupted
		code int
	}{
		{"a plan", []string{"plan", "--graph-url", w.url, "--skip-invalid", "--max-changes", "off", "--ledger", saved, w.file}, 0, 0},
		{"a broken input", w.apply(filepath.Join("testdata", "script", "apply_sample.txtar")), 0, exit.Input},
		{"no service", []string{"apply", "--yes", "--skip-invalid", "--graph-url", "http://127.0.0.1:1", "--deadline", "200ms", w.file}, 0, exit.Deadline},
		{"an interrupted apply", w.apply(w.file, with("first", "--concurrency", "2")...), 3, exit.Interrupt},
		{"an apply that goes on", w.apply(first, "--report", report("second")), 0, exit.Partial},
		{"an apply of what is finished", w.apply(first), 0, exit.Partial},
		{"a saved plan", w.apply(saved, "--runs", filepath.Join(w.dir, "runs"), "--report", report("third")), 0, exit.Partial},
		{"an apply on a sandbox of its own", append([]string{"apply", "--yes", "--skip-invalid", "--max-changes", "off", "--sandbox", "40", w.file}, with("sixth")...), 0, exit.Partial},
		{"a report", []string{"report", first, "-o", report("again")}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := possessions(t)
			if code, said := w.runHere(c.stop, c.args); code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, said)
			}
			left := ""
			for range 100 {
				if left = possessions(t).beyond(before); left == "" {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
			t.Errorf("it leaves behind:\n%s", left)
		})
	}
}

// runHere runs the program in this process, and interrupts it at a call of $batch unless that is 0.
func (w *world) runHere(stop int, args []string) (code int, said string) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	w.onBatch(func(n int, serve func()) {
		if n == stop {
			cancel(signalExit(os.Interrupt))
		}
		serve()
	})
	defer w.onBatch(nil)
	var stdout, stderr bytes.Buffer
	code = run(ctx, append([]string{"taskrecon"}, args...), w.env(), strings.NewReader(""), &stdout, &stderr)
	return code, stderr.String()
}

// held is what a process has: its descriptors by what they are open on, its goroutines by where they were started.
type held map[string]int

func possessions(t *testing.T) held {
	t.Helper()
	all := held{}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		target, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err == nil { // the descriptor of the listing itself is closed by now
			all["descriptor "+target]++
		}
	}
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for _, g := range strings.Split(string(buf), "\n\n") {
		lines := strings.Split(strings.TrimSpace(g), "\n")
		all["goroutine "+strings.TrimSpace(lines[max(0, len(lines)-2)])]++
	}
	return all
}

// beyond lists what there is more of than before.
func (h held) beyond(before held) string {
	var more []string
	for what, n := range h {
		if n > before[what] {
			more = append(more, fmt.Sprintf("%d %s", n-before[what], what))
		}
	}
	sort.Strings(more)
	return strings.Join(more, "\n")
}
