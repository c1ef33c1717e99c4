package job

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// recent is what runs into a tenant sent lately, which the service may count still: the next run leaves room for it,
// where it would be refused otherwise. It is kept in a file that only the run with the tenant's lock touches. Without
// the file nothing is wrong but that a few requests may be refused, so that its errors stop nothing.
type recent struct {
	path string
	lock *Lock
	mu   sync.Mutex
	sent batch.RecentWrites
}

// open reads the file at path, if there is one.
func (r *recent) open(path string, lock *Lock) {
	r.path, r.lock = path, lock
	if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &r.sent) != nil {
		r.sent = batch.RecentWrites{}
	}
}

// before is what is known of earlier runs, and of earlier legs of this one.
func (r *recent) before(past *ledger.Reader) batch.RecentWrites {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	if past != nil {
		if n, last := past.Recent(batch.PublishedWrites.Per); last.After(sent.Last) {
			sent = batch.RecentWrites{Writes: n, Last: last}
		}
	}
	if r.lock != nil && r.lock.killed.After(sent.Last) {
		sent = batch.RecentWrites{Writes: batch.PublishedWrites.N, Last: r.lock.killed}
	}
	return sent
}

func (r *recent) add(e diff.Envelope) {
	r.lock.Touch()
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.At.Sub(r.sent.Last) > batch.PublishedWrites.Per {
		r.sent.Writes = 0
	}
	r.sent.Writes, r.sent.Last = min(r.sent.Writes+len(e.Changes), batch.PublishedWrites.N), e.At
}

func (r *recent) settled(diff.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent.Last = time.Now()
}

// keep writes the file for the next run.
func (r *recent) keep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sent.Writes == 0 {
		return
	}
	if data, err := json.Marshal(r.sent); err == nil {
		_ = atomicfile.Write(r.path, data, 0o600)
	}
}
