package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"taskrecon/internal/diff"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/sandbox"
	"taskrecon/internal/task"
)

// matrix lists the faults that a run of sixty changes is to survive. %s stands for "count@after/every", drawn from the seed.
var matrix = []struct {
	faults string
	code   int  // exit code
	twice  bool // a change may take effect twice: the service denied the first time
}{
	{"outer-429~0.01%s=batch", 0, false},
	{"outer-503~0.01%s=batch", 0, false},
	{"outer-504%s=batch", 0, false},
	{"outer-html%s=batch", 0, false},
	{"outer-html-200%s=batch", 0, false},
	{"outer-424%s=batch", 0, false},
	{"cut-before%s=batch", 0, false},
	{"cut%s=batch", 0, false},
	{"truncate%s=batch", 0, false},
	{"slow~0.02%s=batch", 0, false},
	{"hang%s=batch", 0, false},
	{"hang-applied%s=batch", 0, false},
	{"item-429~0.01%s", 0, false},
	{"item-429~past%s", 0, false},
	{"item-429-applied~0.01%s", 0, true},
	{"item-503~0.01%s", 0, false},
	{"item-504%s", 0, false},
	{"item-504-applied%s", 0, false},
	{"refuse%s", 3, false},
	{"forbid%s", 3, false},
	{"locked%s", 3, false},
	{"lie%s", 3, false},
	{"ignore%s", 3, false},
	{"no-content%s", 0, false},
	{"empty-item%s", 0, false},
	{"garbage-item%s", 0, false},
	{"drop-item%s", 0, false},
	{"drop-item-applied%s", 0, false},
	{"double-item%s", 0, false},
	{"alien-item%s", 0, false},
	{"repeat-task", 0, false},
	{"empty-page", 0, false},
	{"edit-before%s", 0, false},
	{"drop-item%[1]s,edit-after%[1]s", 3, false},
	{"drop-item-applied%[1]s,edit-after%[1]s", 3, false},
	{"item-504-applied%[1]s,no-content@3/4,item-503~0.01:3=get", 0, false},
	{"truncate%[1]s=batch,drop-item:3,item-503~0.01:2@9,double-item@2", 0, false},
}

// TestFaultMatrix runs the program's apply against each fault, at places drawn from a seed, and holds every outcome against what the tenant
// truly holds in the end.
func TestFaultMatrix(t *testing.T) { faultMatrix(t, 4, 0, 1) } // the slow tests try all

// faultMatrix tries each nth fault.
func faultMatrix(t *testing.T, nth int, firstSeed, seeds uint64) {
	var all errgroup.Group
	all.SetLimit(12) // more than -parallel lets: these runs mostly wait
	for i, tt := range matrix {
		if i%nth > 0 {
			continue
		}
		for seed := firstSeed; seed < firstSeed+seeds; seed++ {
			faults := place(tt.faults, seed)
			all.Go(func() error {
				t.Run(fmt.Sprintf("%s seed %d", faults, seed), func(t *testing.T) {
					m := newMatrixRun(t, faults, seed)
					m.apply(t)
					m.judge(t, tt.code, tt.twice)
				})
				return nil
			})
		}
	}
	_ = all.Wait() // t has what is wrong
}

// place fills in where the faults show.
func place(faults string, seed uint64) string {
	if !strings.Contains(faults, "%") {
		return faults
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	most := 12
	if strings.Contains(faults, "=batch") {
		most = 1 // there are few batches
	}
	return fmt.Sprintf(faults, fmt.Sprintf(":%d@%d/%d", 1+rng.IntN(4), rng.IntN(most+1), 1+rng.IntN(most)))
}

type matrixRun struct {
	dir     string
	faults  string
	server  *sandbox.Server
	url     string
	rows    int
	summary job.Summary
}

func newMatrixRun(t *testing.T, faults string, seed uint64) *matrixRun {
	parsed, err := sandbox.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	tasks := sandbox.Generate(80, seed)
	m := &matrixRun{dir: t.TempDir(), faults: faults}
	m.server, err = sandbox.New(tasks, sandbox.Options{WriteLimit: -1, ReadLimit: -1, PageSize: 30, Seed: seed, Faults: parsed})
	if err != nil {
		t.Fatal(err)
	}
	l, err := m.server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m.url = l.URL
	sheet := "id,assignedTo,creatorNotes\n"
	for _, raw := range tasks {
		now := new(task.Task)
		if err := json.Unmarshal(raw, now); err != nil {
			t.Fatal(err)
		}
		if now.Managed() && m.rows < 60 {
			m.rows++
			sheet += fmt.Sprintf("%s,new.owner@contoso.com,handed over with number %d\n", now.ID, m.rows)
		}
	}
	if err := writeOld(m.file("desired.csv"), []byte(sheet)); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *matrixRun) file(name string) string { return filepath.Join(m.dir, name) }

func (m *matrixRun) apply(t *testing.T) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	patience := "30s"
	if strings.HasPrefix(m.faults, "hang") {
		patience = "1s" // short where it matters: elsewhere a busy machine would be taken for a broken service
	}
	cmd := exec.CommandContext(t.Context(), "taskrecon", "apply",
		"--yes", "--json", "--max-changes", "off", "--call-timeout", patience, "--write-limit", "off", "--concurrency", "2",
		"--graph-url", m.url, "--ledger", m.file("run.jsonl"), "--report", m.file("run.xlsx"), m.file("desired.csv"))
	cmd.Env = append(os.Environ(), "TASKRECON_ACCESS_TOKEN=x", "TASKRECON_STATE_DIR="+m.file("state"))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // its exit code is judged below
	code := cmd.ProcessState.ExitCode()
	if err := json.Unmarshal(stdout.Bytes(), &m.summary); err != nil {
		t.Fatalf("%v: %s\n%s", err, stdout.String(), stderr.String())
	}
	if code != m.summary.ExitCode {
		t.Errorf("exit code %d, but %d in the summary", code, m.summary.ExitCode)
	}
}

// judge demands that there is one outcome for each row, that they are true, and that nothing was done twice.
func (m *matrixRun) judge(t *testing.T, code int, twice bool) {
	if m.summary.ExitCode != code {
		t.Errorf("exit code %d, want %d: %s", m.summary.ExitCode, code, m.summary.Reason)
	}
	past, err := ledger.Open(m.file("run.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	counts, seen, attempts := map[diff.Outcome]int{}, map[string]bool{}, 0
	if err := past.Each(func(e ledger.Entry) error {
		if seen[e.ID] {
			t.Errorf("row %d: %s is there twice", e.Row, e.ID)
		}
		seen[e.ID] = true
		counts[e.Outcome]++
		if e.Result != nil {
			attempts += e.Result.Attempts
		}
		m.judgeEntry(t, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, o := range diff.Outcomes() {
		if m.summary.Outcomes[o] != counts[o] {
			t.Errorf("%d %s in the summary, %d in the ledger", m.summary.Outcomes[o], o, counts[o])
		}
	}
	if len(seen) != m.rows || attempts != m.summary.Patches {
		t.Errorf("%d outcomes for %d rows; %d attempts, %d patches", len(seen), m.rows, attempts, m.summary.Patches)
	}
	for id, n := range m.server.Stats().Applied {
		if n > 1 && !twice {
			t.Errorf("%s: applied %d times", id, n)
		}
	}
}

func (m *matrixRun) judgeEntry(t *testing.T, e ledger.Entry) {
	raw, ok := m.server.Task(e.ID)
	now := new(task.Task)
	if err := json.Unmarshal(raw, now); !ok || err != nil {
		t.Fatalf("%s: %v", e.ID, err)
	}
	holds := true
	for i, edit := range e.Edits {
		p := task.Lookup(edit.Property)
		holds = holds && p.Equal(now.Get(p), edit.Wanted)
		if e.Result != nil && i < len(e.Result.After) && !p.Equal(e.Result.After[i], now.Get(p)) {
			t.Errorf("row %d: the ledger says that %s ended as %q, but it is %q", e.Row, p.Name, e.Result.After[i], now.Get(p))
		}
	}
	if e.Outcome == diff.Unknown || holds != e.Outcome.Good() {
		t.Errorf("row %d is %s, but that the tenant holds what was wanted is %v", e.Row, e.Outcome, holds)
	}
}
