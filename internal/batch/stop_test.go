package batch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// cancelled runs a sending of n changes that is cancelled after a while.
func cancelled(t *testing.T, n int, after time.Duration, set func(*run)) (r *run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r = newRun(n)
		set(r)
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		r.send(ctx)
	})
	return r
}

func TestCancelledBeforeItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := newRun(100).send(ctx)
		r.check(t)
		if len(r.tenant.calls) != 0 || len(r.rec.envelopes) != 0 || len(r.rec.results) != 0 {
			t.Errorf("%d calls, %d envelopes recorded, results %v", len(r.tenant.calls), len(r.rec.envelopes), r.rec.results)
		}
	})
}

func TestCancelledMidway(t *testing.T) {
	r := cancelled(t, 200, 1500*time.Millisecond, func(r *run) {
		r.o.Concurrency = 2
		r.tenant.patch = func(id string, attempt int) reply {
			switch id[len(id)-1] {
			case '1':
				return reply{status: 204, body: absent{}}
			case '2':
				return reply{status: 504}
			case '3':
				return reply{status: 504, ignore: true}
			case '4':
				return reply{status: 429, ignore: true, headers: map[string]string{"Retry-After": "5"}}
			case '5':
				return reply{missing: true}
			}
			return reply{}
		}
	})
	r.check(t)
	for _, c := range r.tenant.calls {
		if c.writes && c.at.Sub(r.started) > 1500*time.Millisecond {
			t.Errorf("an envelope of patches left %v after the start", c.at.Sub(r.started))
		}
	}
	sent := r.stats.Patches
	if sent != 80 || len(r.rec.results) != sent || r.stats.Retries != 0 {
		t.Fatalf("%d patches, %d of them again, %d results", sent, r.stats.Retries, len(r.rec.results))
	}
	for i := range sent {
		got, want := r.result(i), diff.Applied
		if last := i % 10; last == 3 || last == 4 {
			want = diff.Failed
		}
		if got.Outcome != want || got.Temporary != (want == diff.Failed) || (want == diff.Applied) != r.holds(i) {
			t.Errorf("task %d: %+v, want %s", i, got, want)
		}
	}
}

// An answer and the stop at the same instant: whichever is seen first, nothing more leaves.
func TestCancelledAsAnAnswerArrives(t *testing.T) {
	for range 50 {
		r := cancelled(t, 60, time.Second, func(r *run) { r.o.Concurrency = 1 })
		r.check(t)
		if len(r.tenant.calls) > 2 {
			t.Fatalf("%d envelopes", len(r.tenant.calls))
		}
		for _, c := range r.tenant.calls {
			if c.at.Sub(r.started) > time.Second {
				t.Fatalf("an envelope left %v after the start", c.at.Sub(r.started))
			}
		}
	}
}

func TestCancelledInAPause(t *testing.T) {
	r := cancelled(t, 60, 3*time.Second, func(r *run) {
		r.o.Concurrency = 1
		r.tenant.patch = first(99, reply{status: 429, ignore: true, headers: map[string]string{"Retry-After": "20"}})
	})
	r.check(t)
	if n := r.outcomes(); n[diff.Failed] != 20 || len(r.rec.results) != 20 || r.stats.Patches != 20 {
		t.Errorf("outcomes %v after %d patches", n, r.stats.Patches)
	}
	if r.took > 3*time.Second+batch.DefaultSettleWithin {
		t.Errorf("took %v to stop", r.took)
	}
}

func TestAnEnvelopeThatCannotBeRecordedIsNotSent(t *testing.T) {
	r := bubble(t, 100, func(r *run) { r.rec.sendingErr = func(int) error { return errDisk } })
	if n := r.outcomes(); !errors.Is(r.err, errDisk) || len(r.tenant.calls) != 0 || n[diff.NotSent] != len(r.rec.results) {
		t.Errorf("error %v, %d calls, results %v", r.err, len(r.tenant.calls), r.rec.results)
	}
}

func TestTheSecondEnvelopeCannotBeRecorded(t *testing.T) {
	r := bubble(t, 100, func(r *run) {
		r.o.Concurrency = 1
		r.rec.sendingErr = func(n int) error {
			if n > 1 {
				return errDisk
			}
			return nil
		}
		r.tenant.patch = func(id string, _ int) reply {
			switch id {
			case taskID(1):
				return reply{status: 504}
			case taskID(2):
				return reply{status: 429, ignore: true}
			}
			return reply{}
		}
	})
	if !errors.Is(r.err, errDisk) {
		t.Errorf("Send: %v", r.err)
	}
	for _, f := range r.faults() {
		t.Error(f)
	}
	if n := r.outcomes(); n[diff.Applied] != 19 || n[diff.Failed] != 1 || n[diff.NotSent] != 20 || len(r.rec.results) != 40 || r.stats.Patches != 20 {
		t.Errorf("outcomes %v after %d patches", n, r.stats.Patches)
	}
}

// The envelope that cannot be recorded carries only changes that were sent before: they are settled by reading.
func TestARetryThatCannotBeRecordedIsReadAgain(t *testing.T) {
	for _, took := range []bool{true, false} {
		r := bubble(t, 3, func(r *run) {
			r.rec.sendingErr = func(n int) error {
				if n > 1 {
					return errDisk
				}
				return nil
			}
			r.tenant.patch = first(1, reply{status: 503, ignore: !took})
		})
		if took == errors.Is(r.err, errDisk) {
			t.Errorf("Send: %v", r.err)
		}
		for _, f := range r.faults() {
			t.Error(f)
		}
		want := diff.Failed
		if took {
			want = diff.Applied
		}
		if n := r.outcomes(); n[want] != 3 || r.stats.Patches != 3 {
			t.Errorf("took effect %v: outcomes %v after %d patches", took, n, r.stats.Patches)
		}
	}
}

func TestAResultThatCannotBeRecordedStops(t *testing.T) {
	r := bubble(t, 100, func(r *run) {
		r.o.Concurrency = 2
		r.rec.resultErr = func(n int) error {
			if n == 3 {
				return errDisk
			}
			return nil
		}
	})
	if !errors.Is(r.err, errDisk) {
		t.Errorf("Send: %v", r.err)
	}
	for _, f := range r.faults() {
		t.Error(f)
	}
	if len(r.tenant.calls) != 2 || len(r.rec.results) != 40 {
		t.Errorf("%d envelopes, %d results", len(r.tenant.calls), len(r.rec.results))
	}
}

func TestTheFirstErrorIsTold(t *testing.T) {
	r := bubble(t, 40, func(r *run) {
		r.o.Concurrency = 1
		r.rec.resultErr = func(n int) error {
			if n == 1 {
				return errDisk
			}
			return errors.New("another")
		}
	})
	if !errors.Is(r.err, errDisk) || strings.Contains(r.err.Error(), "another") {
		t.Errorf("Send: %v", r.err)
	}
}
