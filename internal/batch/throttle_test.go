package batch_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// sevenOf throttles the first attempt at seven tasks of each twenty, each with headers of its own.
func sevenOf(headers func(i int) map[string]string) func(string, int) reply {
	return func(id string, attempt int) reply {
		var i int
		if _, err := fmt.Sscanf(id, "task-%d", &i); err != nil {
			panic(err)
		}
		if i%20 < 7 && attempt == 1 {
			return reply{status: 429, ignore: true, headers: headers(i)}
		}
		return reply{}
	}
}

// A few refusals in an envelope hold up what they refuse, each for as long as it asks.
func TestThrottledItemsWaitByThemselves(t *testing.T) {
	r := bubble(t, 60, func(r *run) {
		r.tenant.patch = sevenOf(func(i int) map[string]string { return map[string]string{"retry-after": fmt.Sprint(i % 5)} })
	})
	r.check(t)
	if r.stats.Patches != 81 || r.stats.Retries != 21 || r.stats.Throttled != 21 || r.outcomes()[diff.Applied] != 60 {
		t.Errorf("stats %+v, outcomes %v", r.stats, r.outcomes())
	}
	for i := range 60 {
		wait := time.Second // for the answer
		if i%20 < 7 {
			wait = time.Duration(i%20%5+1+1) * time.Second // the wait, and the look
		}
		if at := r.result(i).SentAt.Sub(r.started); wait > time.Second && at < wait {
			t.Errorf("task %d was sent again after %v, want at least %v", i, at, wait)
		}
	}
}

func TestPauseIsTheLongestAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name string
		ask  func(i int) reply // of the first attempt at task i of 3
		min  time.Duration     // between the answer and the next envelope
		max  time.Duration
	}{
		{"whole seconds", asks("2", "11", "5"), 11 * time.Second, 11 * time.Second},
		{"fractions", asks("0.249", "0.1", "0.2"), 249 * time.Millisecond, 249 * time.Millisecond},
		{"large", asks("315", "", ""), 315 * time.Second, 315 * time.Second},
		{"beyond all patience", asks("86400", "", ""), 15 * time.Minute, 15 * time.Minute},
		{"at once", asks("0", "0", "0"), 0, 0},
		{"an HTTP date", asks("date", "", "2"), 38 * time.Second, 40 * time.Second},
		{"not said", asks("", "", ""), 750 * time.Millisecond, 1250 * time.Millisecond},
		{"nonsense", asks("soon", "-4", "NaN"), 750 * time.Millisecond, 1250 * time.Millisecond},
		{"in Intune's message", func(int) reply {
			return reply{status: 503, ignore: true, body: map[string]any{"error": map[string]any{
				"code": "", "message": `{"_version":3,"Message":"busy","RetryAfter":6}`,
			}}}
		}, 6 * time.Second, 6 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 3, func(r *run) {
				r.tenant.patch = func(id string, attempt int) reply {
					if attempt > 1 {
						return reply{}
					}
					return tt.ask(int(id[len(id)-1] - '0'))
				}
			})
			r.check(t)
			at := r.starts()
			if len(at) != 3 { // the look comes between
				t.Fatalf("envelopes left at %v", at)
			}
			if pause := at[1] - time.Second; pause < tt.min || pause > tt.max || r.stats.Waited != pause {
				t.Errorf("a pause of %v (counted %v), want %v to %v", pause, r.stats.Waited, tt.min, tt.max)
			}
		})
	}
}

// asks throttles the three tasks with these values of Retry-After.
func asks(values ...string) func(int) reply {
	return func(i int) reply {
		value := values[i]
		if value == "date" {
			value = time.Now().Add(40 * time.Second).UTC().Format(http.TimeFormat)
		}
		if value == "" {
			return reply{status: 429, ignore: true}
		}
		return reply{status: 429, ignore: true, headers: map[string]string{"Retry-After": value}}
	}
}

// A call that refuses most of its items closes the gate for all.
func TestPauseHoldsEveryEnvelope(t *testing.T) {
	r := bubble(t, 200, func(r *run) {
		r.o.Concurrency = 2
		r.tenant.patch = func(id string, attempt int) reply {
			if id < taskID(11) && attempt == 1 {
				return reply{status: 429, ignore: true, headers: map[string]string{"Retry-After": "30"}}
			}
			return reply{}
		}
	})
	r.check(t)
	for i, at := range r.starts() {
		if i >= 2 && at > time.Second && at < 31*time.Second { // at one second the other envelope may have landed first
			t.Errorf("envelope %d left after %v, in the pause", i, at)
		}
	}
}

func TestBackoffGrows(t *testing.T) {
	r := bubble(t, 1, func(r *run) { r.tenant.patch = first(99, reply{status: 503, ignore: true}) })
	r.check(t)
	var at []time.Duration // of writes
	for _, c := range r.tenant.calls {
		if c.writes {
			at = append(at, c.at.Sub(r.started))
		}
	}
	for i := 1; i < len(at); i++ {
		pause, base := at[i]-at[i-1]-2*time.Second, time.Second<<(i-1) // but for the answer and the look
		if pause < base*3/4 || pause > base*5/4 {
			t.Errorf("pause %d is %v, want about %v", i, pause, base)
		}
	}
	if len(at) != batch.DefaultMaxAttempts {
		t.Errorf("writes at %v", at)
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	for _, most := range []int{1, 3, 0} {
		for _, status := range []int{429, 503, 504, 502, 509} {
			for _, took := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d of %d, took %v", status, most, took), func(t *testing.T) {
					want := most
					if most == 0 {
						want = batch.DefaultMaxAttempts
					}
					r := bubble(t, 1, func(r *run) {
						r.o.MaxAttempts = most
						r.tenant.patch = func(_ string, attempt int) reply {
							return reply{status: status, ignore: !took || attempt < want}
						}
					})
					r.check(t)
					got := r.result(0)
					if got.Attempts != want || got.Status != status {
						t.Fatalf("%+v", got)
					}
					if took {
						if got.Outcome != diff.Applied || got.Temporary {
							t.Errorf("took effect at the last: %+v", got)
						}
					} else if got.Outcome != diff.Failed || !got.Temporary || !strings.Contains(got.Reason, fmt.Sprintf("sent %d time", want)) {
						t.Errorf("never took effect: %+v", got)
					}
				})
			}
		}
	}
}
