package batch_test

import (
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// TestJudge has a row for each row of the table of judge that does not need a stop: stop_test.go has that one. The first
// patch of task 0 of 1 gets no answer.
func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name     string
		holds    map[string]any // what the reading finds changed in the task
		status   int            // of the answer; 0 is no answer
		most     int            // attempts
		want     diff.Outcome
		attempts int
		reason   string
	}{
		{"everything as wanted", map[string]any{"assignedTo": "new@contoso.com", "status": "completed"}, 0, 0, diff.Applied, 1, "read again to be sure"},
		{"as wanted, with other properties changed", map[string]any{"assignedTo": "new@contoso.com", "status": "completed", "priority": "high"}, 0, 0, diff.Applied, 1, "read again to be sure"},
		{
			"a third value",
			map[string]any{"assignedTo": "third@contoso.com"},
			0, 0, diff.Conflict, 1,
			`someone else changed it: assignedTo: base "old@contoso.com", found "third@contoso.com", wanted "new@contoso.com"`,
		},
		{"a third value beside a wanted one", map[string]any{"assignedTo": "new@contoso.com", "status": "rejected"}, 0, 0, diff.Conflict, 1, `found "rejected"`},
		{"a third value after a refusal for good", map[string]any{"status": "rejected"}, 500, 0, diff.Conflict, 1, `found "rejected"`},
		{"a third value at the last try", map[string]any{"status": "rejected"}, 503, 1, diff.Conflict, 1, `found "rejected"`},
		{"refused for good", nil, 500, 0, diff.Failed, 1, "HTTP 500"},
		{"half of it, refused for good", map[string]any{"status": "completed"}, 500, 0, diff.Failed, 1, "HTTP 500"},
		{"out of tries", nil, 0, 1, diff.Failed, 1, "sent 1 time without taking effect"},
		{"as it was", nil, 0, 0, diff.Applied, 2, ""},
		{"half of it", map[string]any{"status": "completed"}, 504, 0, diff.Applied, 2, ""},
		{"other properties changed", map[string]any{"displayName": "renamed"}, 0, 0, diff.Applied, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 1, func(r *run) {
				r.o.MaxAttempts = tt.most
				r.tenant.patch = func(id string, attempt int) reply {
					if attempt > 1 {
						return reply{}
					}
					for k, v := range tt.holds {
						r.tenant.objects[id][k] = v
					}
					return reply{status: tt.status, missing: tt.status == 0, ignore: true}
				}
			})
			r.check(t)
			got := r.result(0)
			if got.Outcome != tt.want || got.Attempts != tt.attempts || !strings.Contains(got.Reason, tt.reason) || r.tenant.gets[taskID(0)] != 1 {
				t.Errorf("%+v after %d readings, want %s after %d attempts", got, r.tenant.gets[taskID(0)], tt.want, tt.attempts)
			}
			if len(got.After) != 2 {
				t.Errorf("what the tenant holds is not kept: %v", got.After)
			}
		})
	}
}

// TestReading is of the answers to readings of a task that was accepted with 204.
func TestReading(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times int // readings that get the reply
		reply reply
		want  diff.Outcome
		reads int
		temp  bool
	}{
		{"the task", 0, reply{}, diff.Applied, 1, false},
		{"404", 1, reply{status: 404}, diff.NotFound, 1, false},
		{"429", 1, reply{status: 429}, diff.Applied, 2, false},
		{"500", 2, reply{status: 500}, diff.Applied, 3, false},
		{"missing", 1, reply{missing: true}, diff.Applied, 2, false},
		{"doubled", 1, reply{twice: true}, diff.Applied, 2, false},
		{"another task", 1, reply{body: whole(taskID(9), nil)}, diff.Applied, 2, false},
		{"another type", 1, reply{body: whole(taskID(0), map[string]any{"@odata.type": "#microsoft.graph.appVulnerabilityTask"})}, diff.Applied, 2, false},
		{"no body", 1, reply{body: absent{}}, diff.Applied, 2, false},
		{"a wrong shape", 1, reply{body: whole(taskID(0), map[string]any{"status": 7})}, diff.Applied, 2, false},
		{"at the last try", 5, reply{status: 503}, diff.Applied, 6, false},
		{"never", 99, reply{status: 503}, diff.Unknown, 6, true},
		{"never legible", 99, reply{body: raw(`"?"`)}, diff.Unknown, 6, true},
		{"403", 1, reply{status: 403}, diff.Unknown, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 1, func(r *run) {
				r.tenant.patch = first(1, reply{status: 204, body: absent{}})
				r.tenant.get = first(tt.times, tt.reply)
			})
			r.check(t)
			got := r.result(0)
			if got.Outcome != tt.want || got.Temporary != tt.temp || r.tenant.gets[taskID(0)] != tt.reads || got.Attempts != 1 {
				t.Errorf("%+v after %d readings, want %s after %d", got, r.tenant.gets[taskID(0)], tt.want, tt.reads)
			}
			if got.Outcome == diff.Unknown && !strings.HasPrefix(got.Reason, "accepted; reading the task again told nothing: ") {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

func TestAfterIsWhatTheTenantHolds(t *testing.T) {
	r := bubble(t, 1, func(r *run) { r.tenant.patch = first(1, reply{garbage: true}) })
	r.check(t)
	want := []task.Value{task.Text("new@contoso.com, but not quite"), task.Text("completed, but not quite")}
	if got := r.result(0); !slices.Equal(got.After, want) || got.Outcome != diff.Differs {
		t.Errorf("%+v, want it to hold %v", got, want)
	}
}

// A patch whose answer is lost and that takes effect is never sent again, in whatever company.
func TestDoubtIsSettledBesideOtherWork(t *testing.T) {
	r := bubble(t, 100, func(r *run) {
		r.tenant.patch = func(id string, attempt int) reply {
			switch {
			case attempt > 1:
				return reply{}
			case strings.HasSuffix(id, "3"):
				return reply{status: 504}
			case strings.HasSuffix(id, "5"):
				return reply{missing: true, ignore: true}
			case strings.HasSuffix(id, "7"):
				return reply{status: 429, ignore: true}
			}
			return reply{}
		}
	})
	r.check(t)
	for i := range 100 {
		want := 1
		if i%10 == 5 || i%10 == 7 {
			want = 2
		}
		if got := r.result(i); got.Outcome != diff.Applied || got.Attempts != want || !r.holds(i) {
			t.Errorf("task %d: %+v, want %d attempts", i, got, want)
		}
	}
	// The last of the new changes wait for nobody, so they leave without the retries.
	if writes, reads := r.sizes(); !slices.Equal(writes, []int{20, 20, 20, 20, 20, 12, 8}) || !slices.Equal(reads, []int{20}) {
		t.Errorf("patches in %v, readings in %v", writes, reads)
	}
}
