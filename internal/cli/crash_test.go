//go:build unix

package cli

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// TestCrash kills runs, and their resumptions, at a few points; the slow tests kill hundreds.
func TestCrash(t *testing.T) { crash(t, 1, 2) }

// crash kills the runs of n seeds from first on. TASKRECON_SEED=N repeats one of them.
func crash(t *testing.T, first uint64, n int) {
	if text := os.Getenv("TASKRECON_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("TASKRECON_SEED=%q is no number", text)
		}
		first, n = seed, 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0x6b696c6c))
			crashOnce(t, rng)
			if t.Failed() {
				t.Logf("TASKRECON_SEED=%d repeats it", seed)
			}
		})
	}
}

func crashOnce(t *testing.T, rng *rand.Rand) {
	saved := rng.IntN(3) == 0
	want := undisturbed(t, saved)
	w := newWorld(t)
	if saved {
		w.savePlan()
	}
	h := history{world: w, received: map[string]int{}}
	for range 1 + rng.IntN(4) {
		k := chooseKill(rng, want)
		t.Log(k)
		p, killed := w.startToKill(k, w.next()...)
		h.check(t)
		if !killed {
			p.exits(t, want.code)
			break
		}
		if w.finished() { // the kill came between the end of the record and the end of the process
			break
		}
	}
	w.finish(t, want)
	h.check(t)
	compare(t, w.end(t), want)
}

// next is the command line with which a run goes on that was killed, or begins.
func (w *world) next() []string {
	w.t.Helper()
	past, err := ledger.Open(w.ledger)
	if err == nil {
		past.Close()
		return w.apply(w.ledger)
	}
	if writes := w.sandbox.Stats().Writes; writes > 0 {
		w.t.Fatalf("%d writes came in, and the ledger holds no plan: %v", writes, err)
	}
	if os.IsNotExist(errorOf(os.Lstat(w.ledger))) {
		return w.begin()
	}
	w.run(w.apply(w.ledger)...).exits(w.t, 4) // it refuses half a plan; the user looks at it and takes it away
	if err := os.Remove(w.ledger); err != nil {
		w.t.Fatal(err)
	}
	return w.begin()
}

func errorOf[T any](_ T, err error) error { return err }

// finish lets a run go on until it is finished; one that is leaves the report that it lacks.
func (w *world) finish(t *testing.T, want *ending) {
	t.Helper()
	p := w.run(w.next()...)
	p.exits(t, want.code)
	s := p.summary(t)
	for _, o := range diff.Outcomes() {
		if n := count(want.outcomes, o); s.Outcomes[o] != n {
			t.Errorf("the summary counts %d %s, want %d", s.Outcomes[o], o, n)
		}
	}
	w.reported(s.Reports)
}

// finished reports whether the ledger is whole and leaves nothing to be done.
func (w *world) finished() bool {
	past, err := ledger.Open(w.ledger)
	if err != nil {
		return false
	}
	defer past.Close()
	return past.Finished()
}

func count(outcomes []diff.Outcome, o diff.Outcome) int {
	n := 0
	for _, got := range outcomes {
		if got == o {
			n++
		}
	}
	return n
}

// savePlan makes a saved plan of the world's ledger, and then someone else edits two of its tasks: one to another
// value, one to what is wanted anyway.
func (w *world) savePlan() {
	w.t.Helper()
	w.run("plan", "--graph-url", w.url, "--max-changes", "off", "--skip-invalid", "--ledger", w.ledger, w.file).exits(w.t, 0)
	ids := taskIDs(w.t, w.sandbox.Tasks())
	w.edit(ids[40], `"assignedTo":"someone.else@contoso.com"`)
	w.edit(ids[41], `"assignedTo":"team-40@contoso.com","priority":"high"`) // one task has no row
}

// edit changes a task as another program would.
func (w *world) edit(id, members string) {
	w.t.Helper()
	held, _ := w.sandbox.Task(id)
	body := `{"@odata.type":"` + factsOf(w.t, held).Type + `",` + members + `}`
	req, err := http.NewRequest("PATCH", w.url+"/beta/deviceAppManagement/deviceAppManagementTasks/"+id, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer another")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode >= 300 {
		w.t.Fatal(resp, err)
	}
	resp.Body.Close()
}

// ending is what a run leaves: in the ledger, in the tenant, and how long and how large it was.
type ending struct {
	code     int
	outcomes []diff.Outcome
	tasks    []json.RawMessage
	batches  int
	size     int64
	planEnd  int64
	took     time.Duration
}

var measured [2]struct {
	once sync.Once
	*ending
}

// undisturbed is how a run of a world ends without a kill, from its file or from a saved plan.
func undisturbed(t *testing.T, saved bool) *ending {
	t.Helper()
	m := &measured[0]
	if saved {
		m = &measured[1]
	}
	m.once.Do(func() {
		w := newWorld(t)
		if saved {
			w.savePlan()
		}
		started := time.Now()
		p := w.run(w.next()...)
		took := time.Since(started)
		p.exits(t, 3)
		e := w.end(t)
		e.took, e.batches = took, w.sandbox.Stats().Batches
		m.ending = e
	})
	if m.ending == nil {
		t.Fatal("the undisturbed run failed")
	}
	return m.ending
}

// end reads from ledger and tenant how everything ended; the ledger must be whole.
func (w *world) end(t *testing.T) *ending {
	t.Helper()
	past, err := ledger.Open(w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	if !past.Finished() || past.Torn {
		t.Fatalf("the ledger is not finished, or torn (%v): %+v", past.Torn, past.End)
	}
	e := &ending{code: past.End.ExitCode, tasks: w.sandbox.Tasks()}
	err = past.Each(func(row ledger.Entry) error {
		if row.Index != len(e.outcomes) || row.Outcome == diff.Pending {
			t.Errorf("row %d stands where %d belongs, and is %q", row.Index, len(e.outcomes), row.Outcome)
		}
		e.outcomes = append(e.outcomes, row.Outcome)
		return nil
	})
	if err != nil || len(e.outcomes) != past.Rows() {
		t.Fatalf("%d outcomes of %d rows, %v", len(e.outcomes), past.Rows(), err)
	}
	lines := readLines(t, w.ledger)
	e.size, e.planEnd = lines.size, lines.planEnd
	return e
}

func compare(t *testing.T, got, want *ending) {
	t.Helper()
	if got.code != want.code {
		t.Errorf("exit code %d, want %d", got.code, want.code)
	}
	if !slices.Equal(got.outcomes, want.outcomes) {
		t.Errorf("outcomes\n%v, want\n%v", got.outcomes, want.outcomes)
	}
	compareTenants(t, got, want)
}

func compareTenants(t *testing.T, got, want *ending) {
	t.Helper()
	for i := range want.tasks {
		if string(got.tasks[i]) != string(want.tasks[i]) {
			t.Errorf("the tenant holds\n%s, want\n%s", got.tasks[i], want.tasks[i])
		}
	}
}

// history watches over a ledger from kill to kill.
type history struct {
	world    *world
	received map[string]int // by task known to be applied: how often it had been sent when this came to be known
}

// check demands that nothing was sent that the ledger does not name, and nothing again that it knew to be applied.
func (h *history) check(t *testing.T) {
	t.Helper()
	received := h.world.sandbox.Stats().Received
	lines := readLines(t, h.world.ledger)
	for id, n := range received {
		if known, ok := h.received[id]; ok && n > known {
			t.Errorf("task %s was applied after %d patches, and %d came in", id, known, n)
		}
		if n > lines.sent[id]+h.world.edited(id) {
			t.Errorf("task %s was sent %d times, and the ledger says %d", id, n, lines.sent[id])
		}
	}
	for id := range lines.applied {
		if _, ok := h.received[id]; !ok {
			h.received[id] = received[id]
		}
	}
}

// edited is how often someone else may have patched a task.
func (w *world) edited(id string) int {
	ids := taskIDs(w.t, w.sandbox.Tasks()[:60])
	if id == task.Key(ids[40]) || id == task.Key(ids[41]) {
		return 1
	}
	return 0
}
