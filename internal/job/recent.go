package job

import (
	"encoding/json"
	"os"
	"slices"
	"sync"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/batch"
)

// recent is what runs into a tenant sent lately, which the service may count still: the next run leaves room for it,
// where it would be refused otherwise. It is kept in a file that only the run with the tenant's lock touches. Without
// the file nothing is wrong but that a few requests may be refused, so that its errors stop nothing.
type recent struct {
	path string
	lock *Lock
	mu   sync.Mutex
	sent batch.Lately
}

// open reads the file at path, if there is one.
func (r *recent) open(path string, lock *Lock) {
	r.path, r.lock = path, lock
	if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &r.sent) != nil {
		r.sent = nil
	}
}

// before is what is known of earlier runs, and of earlier legs of this one. A run that was killed left no word but in its
// ledger; where that is not the one that goes on, it is taken to have sent a window full when it last touched the lock.
func (r *recent) before(legs batch.Lately) batch.Lately {
	all := r.all().With(legs)
	if r.lock != nil && !r.lock.killed.IsZero() && len(legs) == 0 {
		all.Add(batch.Sent{At: r.lock.killed, Writes: batch.PublishedWrites.N})
	}
	return all
}

func (r *recent) all() batch.Lately {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

func (r *recent) add(e batch.Envelope) {
	r.lock.Touch()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent.Add(batch.Sent{ClientRequestID: e.ClientRequestID, At: e.At, Writes: len(e.Changes)})
}

func (r *recent) heard(res batch.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent.Heard(res.ClientRequestID, res.SettledAt)
}

// keep writes the file for the next run.
func (r *recent) keep() {
	all := r.all().With(nil)
	if len(all) == 0 {
		return
	}
	if data, err := json.Marshal(all); err == nil {
		_ = atomicfile.Write(r.path, data, 0o600)
	}
}
