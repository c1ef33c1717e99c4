package batch_test

import (
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// TestJudge has a row for each cell of the table of judge that a look after doubt can reach. The first patch of task 0 of 1 gets no
// answer, or one that leaves doubt.
func TestJudge(t *testing.T) {
	wanted := map[string]any{"assignedTo": "new@contoso.com", "status": "completed"}
	for _, tt := range []struct {
		name     string
		holds    map[string]any // what looks find changed in the task
		status   int            // of the answer; 0 is no answer
		most     int            // attempts
		want     diff.Outcome
		attempts int
		reads    int
		reason   string
	}{
		{"as wanted", wanted, 0, 0, diff.Applied, 1, 1, "found as wanted when it was read again: the answer to this change was missing"},
		{
			"a third value",
			map[string]any{"assignedTo": "third@contoso.com"},
			0, 0, diff.Conflict, 1, 6,
			`someone else changed it: assignedTo: base "old@contoso.com", found "third@contoso.com", wanted "new@contoso.com"; a write was sent before`,
		},
		{"a third value beside a wanted one", map[string]any{"assignedTo": "new@contoso.com", "status": "rejected"}, 0, 0, diff.Conflict, 1, 6, `found "rejected"`},
		{"a third value after a refusal for now", map[string]any{"status": "rejected"}, 503, 0, diff.Conflict, 1, 7, `found "rejected"`},
		{"a third value at the last attempt", map[string]any{"status": "rejected"}, 503, 1, diff.Conflict, 1, 6, `found "rejected"`},
		{"out of attempts", nil, 0, 1, diff.Failed, 1, 6, "sent 1 time without taking effect"},
		{"as it was", nil, 0, 0, diff.Applied, 2, 6, ""},
		{"half of it", map[string]any{"status": "completed"}, 504, 0, diff.Applied, 2, 6, ""},
		{"other properties changed", map[string]any{"displayName": "renamed"}, 0, 0, diff.Applied, 2, 6, ""},
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
			if got.Outcome != tt.want || got.Attempts != tt.attempts || !strings.Contains(got.Reason, tt.reason) || r.tenant.gets[taskID(0)] != tt.reads {
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
		{"404, falsely", 1, reply{status: 404}, diff.Applied, 2, false},
		{"404", 99, reply{status: 404}, diff.NotFound, 7, false},
		{"429", 1, reply{status: 429}, diff.Applied, 2, false},
		{"500", 2, reply{status: 500}, diff.Applied, 3, false},
		{"missing", 1, reply{missing: true}, diff.Applied, 2, false},
		{"doubled", 1, reply{twice: true}, diff.Applied, 2, false},
		{"another task", 1, reply{body: whole(taskID(9), nil)}, diff.Applied, 2, false},
		{"another type", 1, reply{body: whole(taskID(0), map[string]any{"@odata.type": "#microsoft.graph.appVulnerabilityTask"})}, diff.Applied, 2, false},
		{"no body", 1, reply{body: absent{}}, diff.Applied, 2, false},
		{"a wrong shape", 1, reply{body: whole(taskID(0), map[string]any{"status": 7})}, diff.Applied, 2, false},
		{"at the last try", 5, reply{status: 503}, diff.Applied, 6, false},
		{"never", 99, reply{status: 503}, diff.Unknown, 11, true},
		{"never legible", 99, reply{body: raw(`"?"`)}, diff.Unknown, 11, true},
		{"403", 1, reply{status: 403}, diff.Applied, 2, false},
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
			if got.Outcome == diff.Unknown && !strings.HasPrefix(got.Reason, "accepted; reading the task again had no answer: ") {
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
}
