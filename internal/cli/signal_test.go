//go:build unix

package cli

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"taskrecon/internal/diff"
)

// TestSignal: the first signal stops a run in good order, and the command that it names finishes the run.
func TestSignal(t *testing.T) {
	for name, sign := range map[string]struct {
		signal syscall.Signal
		code   int
	}{"SIGINT": {syscall.SIGINT, 130}, "SIGTERM": {syscall.SIGTERM, 143}, "SIGHUP": {syscall.SIGHUP, 143}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := undisturbed(t, false)
			w := newWorld(t)
			hanging, release := w.hang(3)
			p := w.start(w.apply(w.file, "--run-dir", "a run", "--concurrency", "2")...)
			<-hanging
			w.interrupt(p, sign.signal)
			release()
			p.exits(t, sign.code)
			s := p.summary(t)
			if s.Outcomes[diff.NotSent] == 0 || s.Outcomes[diff.Applied] == 0 || s.Outcomes[diff.Unknown] > 0 {
				t.Errorf("outcomes %v", s.Outcomes)
			}
			w.reported(s.Reports)
			if !strings.HasPrefix(s.Next, "taskrecon apply ") || !strings.HasSuffix(s.Next, " 'a run/ledger.jsonl'") {
				t.Fatalf("next is %q", s.Next)
			}
			w.onBatch(nil)
			w.shell(s.Next, want.code)
			w.ledger = w.dir + "/a run/ledger.jsonl"
			compare(t, w.end(t), want)
		})
	}
}

// interrupt sends the first signal and waits until the program says that it has got it.
func (w *world) interrupt(p *process, s syscall.Signal) {
	w.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		w.t.Fatal(err)
	}
	for range 1000 {
		if strings.Contains(p.stderr.String(), "taskrecon: stopping") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("it does not hear the signal: %s", p.stderr.String())
}

// reported demands that the reports exist.
func (w *world) reported(reports []string) {
	w.t.Helper()
	if len(reports) == 0 {
		w.t.Error("there is no report")
	}
	for _, path := range reports {
		if !strings.HasPrefix(path, "/") {
			path = w.dir + "/" + path
		}
		if size, err := fileSize(path); err != nil || size == 0 {
			w.t.Errorf("report %s: %d bytes, %v", path, size, err)
		}
	}
}

// shell runs a command line as a user pastes it.
func (w *world) shell(line string, code int) {
	w.t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = w.dir, w.env()
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("%s: exit code %d, want %d (%v)\n%s", line, got, code, err, out)
	}
}

// TestSecondSignal: it leaves at once, though calls hang, and the run can go on afterwards.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, false)
	w := newWorld(t)
	hanging, release := w.hang(4)
	p := w.start(w.begin()...)
	<-hanging
	w.interrupt(p, syscall.SIGINT)
	time.Sleep(100 * time.Millisecond)
	if p.ended() {
		t.Fatal("the first signal ends it, though calls are on the wire")
	}
	second := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.exits(t, 130)
	if s := p.summary(t); s.Ledger != w.ledger || !strings.HasPrefix(s.Next, "taskrecon apply ") || !strings.HasSuffix(s.Next, w.ledger) {
		t.Errorf("it names %q, and to go on %q", s.Ledger, s.Next)
	}
	if took := time.Since(second); took > 5*time.Second {
		t.Errorf("it leaves after %s", took)
	}
	release()
	w.onBatch(nil)
	w.run(w.apply(w.ledger)...).exits(t, want.code)
	compare(t, w.end(t), want)
}
