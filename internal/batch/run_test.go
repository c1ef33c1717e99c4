package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// recorder keeps what it is given, and complains of what no sender may do.
type recorder struct {
	mu         sync.Mutex
	known      map[*diff.Change]bool
	envelopes  map[string][]*diff.Change // by client-request-id
	results    map[string]diff.Result    // by task id
	parts      map[string]int            // by task id
	complaints []string

	sendingErr func(n int) error // of the nth envelope, from 1
	resultErr  func(n int) error // of the nth result, from 1
	recorded   int
}

func (r *recorder) Sending(e diff.Envelope) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.envelopes[e.ClientRequestID] != nil || e.ClientRequestID == "" {
		r.complain("the client-request-id %q is used twice", e.ClientRequestID)
	}
	for _, c := range e.Changes {
		if !r.known[c] {
			r.complain("sending an unknown change")
		}
		if _, settled := r.results[c.ID()]; settled {
			r.complain("task %s is sent although it is settled", c.ID())
		}
	}
	if e.At.IsZero() {
		r.complain("an envelope without a time")
	}
	r.envelopes[e.ClientRequestID] = e.Changes
	if r.sendingErr != nil {
		return r.sendingErr(len(r.envelopes))
	}
	return nil
}

func (r *recorder) Result(res diff.Result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if res.Change == nil || !r.known[res.Change] {
		r.complain("a result for an unknown change")
		return nil
	}
	id := res.Change.ID()
	if _, ok := r.results[id]; ok {
		r.complain("task %s has two results", id)
	}
	if !slices.Contains(diff.Outcomes(), res.Outcome) || res.SettledAt.IsZero() {
		r.complain("task %s has outcome %q at %v", id, res.Outcome, res.SettledAt)
	}
	if res.Reason == "" && res.Outcome != diff.Applied {
		r.complain("task %s is %s without a reason", id, res.Outcome)
	}
	if (res.Attempts > 0) == res.SentAt.IsZero() {
		r.complain("task %s has %d attempts, sent at %v", id, res.Attempts, res.SentAt)
	}
	r.results[id] = res
	r.recorded++
	if r.resultErr != nil {
		return r.resultErr(r.recorded)
	}
	return nil
}

func (r *recorder) Part(p diff.Part) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.known[p.Change] || p.Via != diff.ViaPatch || p.At.IsZero() {
		r.complain("a part %+v", p)
	}
	if r.parts[p.Change.ID()]++; r.parts[p.Change.ID()] > 1 {
		r.complain("task %s has two parts", p.Change.ID())
	}
	return nil
}

func (r *recorder) Sync() error { return nil }

func (r *recorder) complain(format string, args ...any) {
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
}

// announced is the check of an envelope that reached the tenant: it must have been recorded before, as it is.
func (r *recorder) announced(requestID string, ids []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sent []string
	for _, c := range r.envelopes[requestID] {
		sent = append(sent, c.ID())
	}
	if !slices.Equal(sent, ids) {
		return fmt.Errorf("the envelope %q carries %v, but %v was recorded", requestID, ids, sent)
	}
	return nil
}

// run is one sending and all that came of it.
type run struct {
	tenant  *tenant
	rec     *recorder
	changes []*diff.Change
	o       batch.Options
	started time.Time
	took    time.Duration
	stats   diff.Account
	err     error
}

// taskID is the id of the ith task of a run.
func taskID(i int) string { return fmt.Sprintf("task-%03d", i) }

// newRun makes a tenant of n tasks and a plan that assigns and completes each of them.
func newRun(n int) *run {
	tn := newTenant()
	var current []*task.Task
	rows := make([]diff.Row, n)
	for i := range n {
		id := taskID(i)
		tn.objects[id] = map[string]any{
			"@odata.type": task.ODataType, "id": id, "displayName": "Task " + id, "createdDateTime": "2026-01-02T03:04:05.0000000Z",
			"assignedTo": "old@contoso.com", "status": "active", "priority": "low", "managedDeviceCount": 3, "intendedSettings": []any{},
		}
		t := &task.Task{ID: id, Type: task.ODataType}
		t.Set(task.AssignedTo, task.Text("old@contoso.com"))
		t.Set(task.Status, task.Text("active"))
		t.Set(task.Priority, task.Text("low"))
		current = append(current, t)
		rows[i] = diff.Row{SameAs: -1, Desired: task.NewDesired(task.Origin{}, id, nil,
			task.Assignment{Property: task.Priority, Value: task.Text("low")},
			task.Assignment{Property: task.AssignedTo, Value: task.Text("new@contoso.com")},
			task.Assignment{Property: task.Status, Value: task.Text("completed")},
		)}
	}
	// Limits and re-reading have tests of their own; elsewhere they stay out of the way.
	r := &run{tenant: tn, changes: diff.Make(rows, current).Pending(), o: batch.Options{
		Writes: &batch.Rate{}, Reads: &batch.Rate{}, RereadAfter: 24 * time.Hour, SettleWithin: batch.DefaultSettleWithin,
	}}
	r.rec = &recorder{known: map[*diff.Change]bool{}, envelopes: map[string][]*diff.Change{}, results: map[string]diff.Result{}, parts: map[string]int{}}
	for _, c := range r.changes {
		r.rec.known[c] = true
	}
	tn.meet = r.rec.announced
	tn.wanted = func(_ string, o map[string]any) bool {
		return o["assignedTo"] == "new@contoso.com" && o["status"] == "completed"
	}
	return r
}

// send runs the sending to its end. Call it in a synctest bubble.
func (r *run) send(ctx context.Context) *run {
	r.started = time.Now()
	r.stats, r.err = batch.Send(ctx, r.changes, r.tenant.client(), r.rec, r.o)
	r.took = time.Since(r.started)
	return r
}

// faults returns what went against the rules that hold whatever the tenant does.
func (r *run) faults() []string {
	found := append(slices.Clone(r.tenant.complaints), r.rec.complaints...)
	if limit := max(r.o.Concurrency, 0); limit > 0 && r.tenant.mostInFlight > limit {
		found = append(found, fmt.Sprintf("%d envelopes were in flight, not %d", r.tenant.mostInFlight, limit))
	}
	want, got := r.tenant.stats, r.stats
	if got.Batches != want.batches || got.Patches != want.patches || got.Retries != want.retries || got.Throttled != want.throttled {
		found = append(found, fmt.Sprintf("stats %+v, but the tenant counted %+v", got, want))
	}
	return found
}

// check fails the test for what went against the rules, and for an error.
func (r *run) check(t *testing.T) {
	t.Helper()
	if r.err != nil {
		t.Errorf("Send: %v", r.err)
	}
	for _, f := range r.faults() {
		t.Error(f)
	}
}

// holds reports whether the tenant holds what is wanted of the ith task.
func (r *run) holds(i int) bool {
	o := r.tenant.objects[taskID(i)]
	return o != nil && r.tenant.wanted("", o)
}

func (r *run) result(i int) diff.Result { return r.rec.results[taskID(i)] }

func (r *run) outcomes() map[diff.Outcome]int {
	n := map[diff.Outcome]int{}
	for _, res := range r.rec.results {
		n[res.Outcome]++
	}
	return n
}

// starts are the times at which envelopes left, from the start of the run.
func (r *run) starts() []time.Duration {
	var at []time.Duration
	for _, c := range r.tenant.calls {
		at = append(at, c.at.Sub(r.started))
	}
	return at
}

// sizes are the numbers of items of the envelopes of patches, and of readings, the largest first.
func (r *run) sizes() (writes, reads []int) {
	for _, c := range r.tenant.calls {
		if c.writes {
			writes = append(writes, len(c.ids))
		} else {
			reads = append(reads, len(c.ids))
		}
	}
	for _, n := range [][]int{writes, reads} {
		slices.SortFunc(n, func(a, b int) int { return b - a })
	}
	return writes, reads
}

// bubble runs one sending of n changes in a bubble of virtual time; set scripts it.
func bubble(t *testing.T, n int, set func(*run)) (r *run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r = newRun(n)
		if set != nil {
			set(r)
		}
		r.send(t.Context())
	})
	return r
}

// first scripts the same reply to the first attempts at every task; later ones go as they should.
func first(attempts int, rep reply) func(string, int) reply {
	return func(_ string, attempt int) reply {
		if attempt <= attempts {
			return rep
		}
		return reply{}
	}
}

var errDisk = errors.New("no space left on device")
