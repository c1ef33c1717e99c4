//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"taskrecon/internal/job"
	"taskrecon/internal/sandbox"
)

// world is a tenant that outlives the processes that talk to it, and the directory in which these run.
type world struct {
	t       *testing.T
	dir     string
	file    string // the wanted states
	ledger  string
	url     string
	sandbox *sandbox.Server
	batches atomic.Int64 // $batch calls that came in
	at      atomic.Int64 // of these, those being served
	hook    atomic.Pointer[hook]
}

// hook takes the n-th $batch call in hand; serve lets the sandbox answer it.
type hook func(n int, serve func())

const (
	worldTasks = 160
	refusedRow = 11 // of the task that the service refuses to change
	liedRow    = 23 // of the task that keeps a value that was to be changed
)

func newWorld(t *testing.T) *world {
	t.Helper()
	tasks := sandbox.Generate(worldTasks, 1)
	ids := taskIDs(t, tasks)
	faults, err := sandbox.ParseFaults(fmt.Sprintf("refuse:*=%s lie:*=%s item-503:*@5/53 drop-item-applied:*@9/31 double-item:*@2/43 drop-item:*@17/61 no-content:*/29",
		ids[refusedRow], ids[liedRow]))
	if err != nil {
		t.Fatal(err)
	}
	server, err := sandbox.New(tasks, sandbox.Options{WriteLimit: -1, ReadLimit: -1, Faults: faults, RetryAfter: "0"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), sandbox: server}
	w.file, w.ledger = filepath.Join(w.dir, "desired.csv"), filepath.Join(w.dir, "ledger.jsonl")
	if err := writeOld(w.file, wantedStates(t, tasks)); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(w)
	t.Cleanup(listener.Close)
	w.url = listener.URL
	return w
}

// facts are the members of a task that the tests look at.
type facts struct {
	Type     string `json:"@odata.type"`
	ID       string `json:"id"`
	Priority string `json:"priority"`
}

func factsOf(t *testing.T, raw json.RawMessage) facts {
	t.Helper()
	var f facts
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func taskIDs(t *testing.T, tasks []json.RawMessage) []string {
	var ids []string
	for _, raw := range tasks {
		ids = append(ids, factsOf(t, raw).ID)
	}
	return ids
}

// wantedStates is an input with a row of every kind: changed, merged, unchanged, of another type, unknown, invalid.
func wantedStates(t *testing.T, tasks []json.RawMessage) []byte {
	var b bytes.Buffer
	b.WriteString("id,assignedTo,priority,intendedSettings\n")
	const lacking = 7 // a task of a kind without settings
	n, last := 0, ""
	for i, raw := range tasks {
		f := factsOf(t, raw)
		switch {
		case i == lacking:
			continue
		case n%13 == 5:
			fmt.Fprintf(&b, "%s,,%s,\n", f.ID, f.Priority)
		default:
			last = fmt.Sprintf("%s,team-%d@contoso.com,%s,\n", f.ID, n, []string{"high", "low"}[n%2])
			b.WriteString(last)
		}
		n++
	}
	fmt.Fprintf(&b, "%s%s,a@contoso.com,,a=1\n", last, factsOf(t, tasks[lacking]).ID)
	b.WriteString("00000000-0000-4000-8000-00000000dead,a@contoso.com,high,\n")
	fmt.Fprintf(&b, "%s,,urgent,\n", factsOf(t, tasks[len(tasks)-1]).ID+"0")
	return b.Bytes()
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/$batch") {
		w.sandbox.ServeHTTP(rw, r)
		return
	}
	w.at.Add(1)
	defer w.at.Add(-1)
	time.Sleep(3 * time.Millisecond) // the client may die meanwhile; what was asked for is done all the same
	n := int(w.batches.Add(1))
	serve := func() { w.sandbox.ServeHTTP(rw, r) }
	if h := w.hook.Load(); h != nil {
		(*h)(n, serve)
		return
	}
	serve()
}

// onBatch installs a hook and counts the calls of $batch from 0; nil removes it.
func (w *world) onBatch(h hook) {
	w.batches.Store(0)
	if h == nil {
		w.hook.Store(nil)
		return
	}
	w.hook.Store(&h)
}

// hang lets calls of $batch hang from the n-th on. One of them having come closes the first channel; closing the second,
// which the test's end does otherwise, lets them go on.
func (w *world) hang(n int) (hanging <-chan struct{}, release func()) {
	came, gone := make(chan struct{}), make(chan struct{})
	var first, last atomic.Bool
	release = func() {
		if last.CompareAndSwap(false, true) {
			close(gone)
		}
	}
	w.t.Cleanup(release)
	w.onBatch(func(i int, serve func()) {
		if i >= n {
			if first.CompareAndSwap(false, true) {
				close(came)
			}
			<-gone
		}
		serve()
	})
	return came, release
}

// env is the environment of a run in this world.
func (w *world) env() []string {
	return append(os.Environ(), tokenVariable+"=a-token-for-the-crash-tests", "TASKRECON_STATE_DIR="+filepath.Join(w.dir, "state"))
}

// apply is the command line that applies a file or a ledger in this world.
func (w *world) apply(file string, more ...string) []string {
	args := []string{
		"apply", "--yes", "--json", "--graph-url", w.url, "--write-limit", "off", "--read-limit", "off",
		"--max-changes", "off", "--skip-invalid",
	}
	return append(append(args, more...), file)
}

// begin is the command line of a new run with the world's own ledger.
func (w *world) begin() []string { return w.apply(w.file, "--ledger", w.ledger) }

// process is the program at work.
type process struct {
	*exec.Cmd
	stdout, stderr stream
	done           chan struct{}
}

// stream takes what a process writes, and may be read meanwhile.
type stream struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// start starts the program as a process of its own. The test's end kills it if it is still there.
func (w *world) start(args ...string) *process { return w.startWith(w.env(), args...) }

func (w *world) startWith(env []string, args ...string) *process {
	w.t.Helper()
	p := &process{Cmd: exec.Command("taskrecon", args...), done: make(chan struct{})}
	p.Dir, p.Env, p.Stdout, p.Stderr = w.dir, env, &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = p.Cmd.Wait() // the exit code is looked at
		close(p.done)
	}()
	w.t.Cleanup(func() { _ = p.Process.Kill(); <-p.done })
	return p
}

// run starts the program and waits until it ends.
func (w *world) run(args ...string) *process {
	w.t.Helper()
	p := w.start(args...)
	p.wait(w.t)
	return p
}

func (p *process) wait(t *testing.T) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Fatalf("%q does not end; stderr: %s", p.Args, p.stderr.String())
	}
}

// exits demands an exit code.
func (p *process) exits(t *testing.T, code int) {
	t.Helper()
	p.wait(t)
	if got := p.ProcessState.ExitCode(); got != code {
		t.Fatalf("%q exits with %d, want %d\nstdout: %s\nstderr: %s", p.Args, got, code, p.stdout.String(), p.stderr.String())
	}
}

// says demands a text on stderr.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(p.stderr.String(), text) {
		t.Fatalf("%q does not say %q but: %s", p.Args, text, p.stderr.String())
	}
}

// summary is the one JSON object on stdout, whose counts must add up.
func (p *process) summary(t *testing.T) job.Summary {
	t.Helper()
	var s job.Summary
	if err := json.Unmarshal([]byte(p.stdout.String()), &s); err != nil {
		t.Fatalf("%q: %v in %q", p.Args, err, p.stdout.String())
	}
	sum := 0
	for _, n := range s.Outcomes {
		sum += n
	}
	if sum != s.Rows || s.ExitCode != p.ProcessState.ExitCode() {
		t.Fatalf("%q exits with %d, and its counts make %d: %s", p.Args, p.ProcessState.ExitCode(), sum, p.stdout.String())
	}
	return s
}
