package batch_test

import (
	"errors"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
)

// TestRefusedCall has a row for each row of the table of verdictOn. The first of three envelopes is refused; one is
// in flight at a time.
func TestRefusedCall(t *testing.T) {
	applied := map[diff.Outcome]int{diff.Applied: 60}
	firstFails := map[diff.Outcome]int{diff.Applied: 40, diff.Failed: 20}
	stopped := map[diff.Outcome]int{diff.Failed: 20}
	for _, tt := range []struct {
		name    string
		refusal refusal
		want    map[diff.Outcome]int
		stops   bool
		patches int
		reads   int
	}{
		{"401", refusal{status: 401}, applied, false, 80, 20}, // with a new token, and upon a new look
		{"403", refusal{status: 403}, stopped, true, 20, 120},

		{"429", refusal{status: 429, headers: map[string]string{"Retry-After": "7"}}, applied, false, 80, 20},
		{"429 in HTML", refusal{status: 429, body: "<html>busy</html>"}, applied, false, 80, 20},
		{"503", refusal{status: 503, headers: map[string]string{"Retry-After": "0.25"}}, applied, false, 80, 20},
		{"509", refusal{status: 509, headers: map[string]string{"Retry-After": "0"}}, applied, false, 80, 20},

		{"no answer", refusal{err: errReset}, applied, false, 80, 120},
		{"no answer, but it took effect", refusal{err: errReset, took: true}, applied, false, 60, 20},
		{"an answer cut short", refusal{status: 200, body: `{"responses": [`, took: true}, applied, false, 60, 20},
		{"an answer in HTML", refusal{status: 200, body: "<html>"}, applied, false, 80, 120},
		{"504", refusal{status: 504}, applied, false, 80, 120},
		{"504 that took effect", refusal{status: 504, took: true, headers: map[string]string{"Retry-After": "5"}}, applied, false, 60, 20},
		{"502", refusal{status: 502}, applied, false, 80, 120},
		{"500", refusal{status: 500}, applied, false, 80, 120},
		{"500 that took effect", refusal{status: 500, took: true}, applied, false, 60, 20},

		{"400", refusal{status: 400}, firstFails, false, 60, 0},
		{"400 over the size", refusal{status: 400, body: `{"error": {"code": "BadRequest", "message": "The request is too large."}}`}, applied, false, 80, 20},
		{"404", refusal{status: 404}, firstFails, false, 60, 0},
		{"413", refusal{status: 413}, applied, false, 80, 20},

		{"redirected", refusal{status: 307, headers: map[string]string{"Location": "https://elsewhere.example.com/"}}, stopped, true, 20, 120},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 60, func(r *run) {
				r.o.Concurrency = 1
				r.tenant.refuse = func(n int, _ call) *refusal {
					if n == 1 {
						return &tt.refusal
					}
					return nil
				}
			})
			if tt.stops != (r.err != nil) {
				t.Errorf("Send: %v", r.err)
			}
			for _, f := range r.faults() {
				t.Error(f)
			}
			got := r.outcomes()
			reads := 0
			for _, n := range r.tenant.gets {
				reads += n
			}
			for o, n := range tt.want {
				if got[o] != n || len(got) != len(tt.want) {
					t.Fatalf("outcomes %v, want %v; first %+v", got, tt.want, r.result(0))
				}
			}
			if r.stats.Patches != tt.patches || reads != tt.reads {
				t.Errorf("%d patches, %d readings; want %d, %d", r.stats.Patches, reads, tt.patches, tt.reads)
			}
			for i := range 60 {
				if res := r.result(i); (res.Outcome == diff.Applied) != r.holds(i) || res.Temporary != (tt.stops && res.Outcome == diff.Failed) {
					t.Errorf("task %d: %+v, but the tenant holds it: %v", i, res, r.holds(i))
				}
			}
		})
	}
}

func TestRefusedCallIsKnownByItsRefusal(t *testing.T) {
	r := bubble(t, 1, func(r *run) {
		r.tenant.refuse = func(int, call) *refusal {
			return &refusal{status: 403, body: `{"error": {"code": "Forbidden", "message": "no such right"}}`}
		}
	})
	var refused *graph.Error
	if !errors.As(r.err, &refused) || refused.Status != 403 || !strings.Contains(r.err.Error(), "no such right") {
		t.Errorf("Send: %v", r.err)
	}
	if res := r.result(0); res.Status != 403 || res.Code != "Forbidden" || res.RequestID != "outer-id" || res.ClientRequestID == "" {
		t.Errorf("%+v", res)
	}
}

// A 401 to the new token as well ends the run.
func TestNewTokenIsRefusedToo(t *testing.T) {
	r := bubble(t, 5, func(r *run) {
		r.tenant.refuse = func(int, call) *refusal { return &refusal{status: 401} }
	})
	var refused *graph.Error
	if n := r.outcomes(); !errors.As(r.err, &refused) || refused.Status != 401 || n[diff.Unknown] != 5 {
		t.Errorf("%v; outcomes %v", r.err, n)
	}
}

func TestNoTokenToBeHad(t *testing.T) {
	r := bubble(t, 60, func(r *run) {
		r.o.Concurrency = 1
		r.tenant.token = func(n int) error {
			if n > 1 {
				return errors.New("the secret has expired")
			}
			return nil
		}
	})
	if !errors.Is(r.err, graph.ErrSignIn) {
		t.Errorf("Send: %v", r.err)
	}
	for _, f := range r.faults() {
		t.Error(f)
	}
	if n := r.outcomes(); n[diff.Applied] != 20 || n[diff.NotSent] != 20 || len(r.rec.results) != 40 {
		t.Errorf("outcomes %v", n)
	}
	if res := r.result(20); res.Attempts != 0 || !strings.Contains(res.Reason, "the secret has expired") {
		t.Errorf("%+v", res)
	}
}

// What was sent before the token was lost is neither unsent nor failed: it is unknown.
func TestNoTokenForWhatWasSentBefore(t *testing.T) {
	r := bubble(t, 2, func(r *run) {
		r.tenant.patch = func(id string, _ int) reply {
			if id == taskID(0) {
				return reply{}
			}
			return reply{status: 429}
		}
		r.tenant.token = func(n int) error {
			if n > 1 {
				return errors.New("the secret has expired")
			}
			return nil
		}
	})
	if res := r.result(1); !errors.Is(r.err, graph.ErrSignIn) || res.Outcome != diff.Unknown || !strings.Contains(res.Reason, "HTTP 429") {
		t.Errorf("%v; %+v", r.err, res)
	}
}

func TestReadingsRefused(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refusal refusal
		times   int // calls refused after the patches
		want    diff.Outcome
		stops   bool
		temp    bool
	}{
		{"429 once", refusal{status: 429, headers: map[string]string{"Retry-After": "3"}}, 1, diff.Applied, false, false},
		{"500 twice", refusal{status: 500}, 2, diff.Applied, false, false},
		{"no answer", refusal{err: errReset}, 5, diff.Applied, false, false},
		{"no answer ever", refusal{err: errReset}, 99, diff.Unknown, false, true},
		{"503 for ever", refusal{status: 503}, 99, diff.Unknown, false, true},
		{"401", refusal{status: 401}, 1, diff.Applied, false, false},
		{"401 with the new token too", refusal{status: 401}, 2, diff.Unknown, true, true},
		{"403", refusal{status: 403}, 1, diff.Unknown, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 3, func(r *run) {
				r.tenant.patch = first(1, reply{status: 204, body: absent{}})
				r.tenant.refuse = func(n int, _ call) *refusal {
					if n > 1 && n <= 1+tt.times {
						return &tt.refusal
					}
					return nil
				}
			})
			if tt.stops != (r.err != nil) {
				t.Errorf("Send: %v", r.err)
			}
			for _, f := range r.faults() {
				t.Error(f)
			}
			for i := range 3 {
				if res := r.result(i); res.Outcome != tt.want || res.Temporary != tt.temp {
					t.Errorf("%+v", res)
				}
			}
			if _, reads := r.sizes(); len(reads) > 11 { // five until the window has closed, then as many as attempts
				t.Errorf("%d readings, more than the most attempts", len(reads))
			}
		})
	}
}
