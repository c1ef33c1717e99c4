package simulation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/export"
	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/sandbox"
	"taskrecon/internal/task"
)

// world is a tenant, the way to it, and all that happened there.
type world struct {
	sc     *scenario
	dir    string
	start  time.Time
	server *sandbox.Server
	script func(*exchange) fate // in place of what the seed draws

	mu        sync.Mutex // guards what follows
	log       []*exchange
	byRequest map[string]*exchange
	counts    map[string]int
	lied      map[string]bool // tasks of which the last read said falsely that they are not there

	legs      []*leg
	campaigns []*campaign
	zombies   sync.WaitGroup
	complaints
}

func newWorld(sc *scenario, dir string) *world {
	w := &world{
		sc: sc, dir: dir, start: time.Now(), byRequest: map[string]*exchange{}, counts: map[string]int{}, lied: map[string]bool{},
	}
	var err error
	w.server, err = sandbox.New(sc.objects(), sandbox.Options{
		WriteLimit: sc.writes.N, ReadLimit: sc.reads.N, Window: sc.writes.Per, PageSize: 25, Seed: sc.seed, Others: sc.others, Decide: w.decide,
	})
	if err != nil {
		panic(err)
	}
	return w
}

// complain notes something that must not be.
func (w *world) complain(format string, args ...any) {
	w.complaints.mu.Lock()
	defer w.complaints.mu.Unlock()
	w.all = append(w.all, fmt.Sprintf(format, args...))
}

// folder makes a directory of the world.
func (w *world) folder(name string) string {
	dir := filepath.Join(w.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.complain("%v", err)
	}
	return dir
}

func (w *world) write(name, text string) string {
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.complain("%v", err)
	}
	return path
}

// at waits until so long after the beginning.
func (w *world) at(d time.Duration) { time.Sleep(time.Until(w.start.Add(d))) }

// play lets everything happen that the scenario says.
func (w *world) play() {
	var editors sync.WaitGroup
	for _, e := range w.sc.edits {
		editors.Go(func() {
			w.at(e.at)
			w.edit(e)
		})
	}
	input := w.write("desired.csv", w.sc.sheet())
	switch w.sc.source {
	case fromSheet:
		w.at(w.sc.base)
		input = w.export()
	case fromPlan:
		w.at(w.sc.base)
		input = w.savePlan(input)
	}
	w.at(w.sc.begin)
	c := w.campaign("run")
	c.takeInput(input)
	last := w.apply(c, input, w.sc.legs)
	if last != "" && w.sc.undo >= 0 && !w.sc.off["undo"] {
		time.Sleep(w.sc.undo)
		w.undo(c, last)
	}
	editors.Wait()
	w.zombies.Wait()
	time.Sleep(w.sc.late + w.sc.rtt + w.sc.wander + 5*time.Second) // until all that was sent has taken effect
}

// edit lets another editor do something.
func (w *world) edit(e edit) {
	id := taskID(e.row)
	if e.property == "" {
		w.server.Delete(id)
		return
	}
	w.server.Edit(id, map[string]any{e.property: rawValue(e.value)})
}

// config is that of a leg, as the command line fills it in.
func (w *world) config(command, file, dir string, plan legPlan) job.Config {
	sc := w.sc
	c := job.Config{
		Command: command, File: file, Cloud: "global", GraphURL: "https://graph.example.com",
		Batch: batch.Options{
			Concurrency: sc.concurrency, MaxAttempts: sc.attempts, Writes: &sc.writes, Reads: &sc.reads, RereadAfter: sc.reread,
			OnConflict: batch.SkipConflict, Canary: sc.canary, SettleWithin: sc.settle,
		},
		Limits:  job.Limits{MaxChanges: job.Quota{Off: true}, MaxClears: -1, AllowReopen: true},
		Outputs: job.Outputs{Reports: []string{filepath.Join(dir, "report"+sc.report)}},
		Ingest:  ingest.Options{Delimiter: ','},
		Watcher: quiet{}, Version: "simulated", Operator: "simulation@nowhere",
	}
	if sc.twoWrites {
		c.StatusVia = diff.ViaAction
	}
	if sc.overwrite {
		c.Batch.OnConflict = batch.Overwrite
	}
	if plan.maxChanges >= 0 {
		c.Limits.MaxChanges = job.Quota{N: plan.maxChanges}
	}
	if plan.maxClears >= 0 {
		c.Limits.MaxClears = plan.maxClears
	}
	if sc.budget > 0 {
		c.ErrorBudget = &job.Quota{N: sc.budget}
	}
	if !ledger.Is(file) {
		c.Outputs.Ledger = filepath.Join(dir, "ledger.jsonl")
	}
	return c
}

// leg runs one process over a file.
func (w *world) leg(c *campaign, command, file string, plan legPlan) *leg {
	l := &leg{world: w, n: len(w.legs) + 1, plan: plan, of: c, file: file}
	l.dir = w.folder(fmt.Sprintf("leg-%d", l.n))
	l.config = w.config(command, file, l.dir, plan)
	l.ledger = l.config.Outputs.Ledger
	if l.ledger == "" {
		l.ledger = file
	}
	w.legs = append(w.legs, l)
	c.legs = append(c.legs, l)
	l.run()
	c.check(l)
	return l
}

// apply runs the legs until the run is finished, and returns its ledger; "" where there is none.
func (w *world) apply(c *campaign, input string, legs []legPlan) string {
	file := input
	for _, plan := range legs {
		l := w.leg(c, "apply", file, plan)
		switch {
		case !l.planned() && l.isDead(): // nothing can have been sent
			file = input
		case l.ledger != "":
			file = l.ledger
		}
		if !l.isDead() && c.finished() {
			break
		}
		time.Sleep(plan.pause)
	}
	if !ledger.Is(file) {
		return ""
	}
	return file
}

// savePlan makes a plan that is applied later; the input where none could be made.
func (w *world) savePlan(input string) string {
	c := w.campaign("plan")
	l := w.leg(c, "plan", input, legPlan{powerLoss: -1, maxChanges: -1, maxClears: -1})
	if l.err != nil {
		return input
	}
	return l.ledger
}

// export makes the sheet of what was read at this time, asking for what is wanted.
func (w *world) export() string {
	var rows []export.Row
	for i, r := range w.sc.rows {
		if !r.exists || w.sc.leaves(i) {
			continue
		}
		d := roll(w.sc.seed, "exported", i)
		lag := time.Duration(0)
		if d.chance(w.sc.lagging) && !w.sc.off["lag"] {
			lag = d.upTo(w.sc.lag)
		}
		held := w.history(r.key).at(time.Now().Add(-lag))
		if held == nil {
			continue
		}
		row := export.Row{Base: &task.Base{ID: r.key}}
		for _, e := range editable {
			row.Base.Set(task.Lookup(e.property), valueOf(held[e.property]))
		}
		for _, p := range r.wishes {
			if p.wanted != held[p.property] {
				row.Assignments = append(row.Assignments, task.Assignment{Property: task.Lookup(p.property), Value: valueOf(p.wanted)})
			}
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return w.write("desired.csv", w.sc.sheet())
	}
	o := export.Options{Source: base.Source{Cloud: "global", At: time.Now()}}
	for _, e := range editable {
		o.Columns = append(o.Columns, task.Lookup(e.property))
	}
	path := filepath.Join(w.dir, "exported.csv")
	if _, err := export.Write(path, rows, o); err != nil {
		w.complain("exporting: %v", err)
	}
	return path
}

// undo takes a run back.
func (w *world) undo(of *campaign, file string) {
	past, err := ledger.Open(file)
	if err != nil {
		w.complain("the ledger to be undone: %v", err)
		return
	}
	path := filepath.Join(w.folder("undo"), "undo.csv")
	done, err := job.WriteUndo(past, path, true)
	if err = errors.Join(err, past.Close()); err != nil {
		w.complain("the undo: %v", err)
		return
	}
	of.checkUndo(path, done)
	if done.Rows == 0 {
		return
	}
	c := w.campaign("undo")
	c.undoes = of
	c.takeInput(path)
	plan := legPlan{powerLoss: -1, pause: 30 * time.Second, maxChanges: -1, maxClears: -1}
	w.apply(c, path, []legPlan{plan, plan, plan})
}

// outcome is how a world went: what must not be, and what to look at then.
type outcome struct {
	complaints []string
	timeline   string
	trace      string // all of it, in a form that two plays of one seed share
}

// simulate plays a scenario in a bubble of virtual time.
func simulate(t *testing.T, sc *scenario) (o outcome) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(sc, dir)
		w.play()
		w.judge()
		o = outcome{w.all, w.timeline(), w.trace()}
	})
	return o
}
