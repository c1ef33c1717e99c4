package batch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// whole is the answer of a tenant that holds what is wanted, with some fields changed; a nil value leaves the field out.
func whole(id string, changed map[string]any) map[string]any {
	o := map[string]any{"@odata.type": task.ODataType, "id": id, "assignedTo": "new@contoso.com", "status": "completed"}
	for k, v := range changed {
		if o[k] = v; v == nil {
			delete(o, k)
		}
	}
	return o
}

// TestAnswerToAPatch has a row for each row of the table of verdictOn, and for each way to be unclear. Task 1 of 3 gets the
// first reply to its first patch; the rest is as it should be.
func TestAnswerToAPatch(t *testing.T) {
	id := taskID(1)
	for _, tt := range []struct {
		name      string
		reply     reply
		want      diff.Outcome
		attempts  int
		reads     int
		temporary bool
		reason    string
	}{
		{name: "200 with the task", want: diff.Applied, attempts: 1},
		{name: "200 with the id in capitals", reply: reply{body: whole(strings.ToUpper(id), nil)}, want: diff.Applied, attempts: 1},
		{name: "200 without a type", reply: reply{body: whole(id, map[string]any{"@odata.type": nil})}, want: diff.Applied, attempts: 1},
		{name: "200 with other values", reply: reply{garbage: true}, want: diff.Differs, attempts: 1, reads: 6, reason: `assignedTo "new@contoso.com, but not quite", not "new@contoso.com"`},
		{name: "200 without a changed property", reply: reply{body: whole(id, map[string]any{"status": nil})}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "200 without one, and not held", reply: reply{garbage: true, body: whole(id, map[string]any{"status": nil})}, want: diff.Differs, attempts: 1, reads: 6, reason: "the tenant holds assignedTo"},
		{name: "200 without effect and task", reply: reply{ignore: true, body: absent{}}, want: diff.Differs, attempts: 1, reads: 6, reason: "the tenant holds assignedTo"},
		{name: "200 with another task", reply: reply{body: whole(taskID(2), nil)}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "200 with another type", reply: reply{body: whole(id, map[string]any{"@odata.type": "#microsoft.graph.appVulnerabilityTask"})}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "200 with a wrong shape", reply: reply{body: whole(id, map[string]any{"status": []int{1}})}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "200 without a body", reply: reply{body: absent{}}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "200 with an array", reply: reply{body: raw(`[1]`)}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "200 with a text", reply: reply{body: raw(`"PGh0bWw+"`)}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "202", reply: reply{status: 202}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "204", reply: reply{status: 204, body: absent{}}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "204 without effect", reply: reply{status: 204, body: absent{}, ignore: true}, want: diff.Differs, attempts: 1, reads: 6, reason: `assignedTo "old@contoso.com"`},

		{name: "429", reply: reply{status: 429, ignore: true}, want: diff.Applied, attempts: 2, reads: 1},
		{name: "429 that took effect", reply: reply{status: 429}, want: diff.Applied, attempts: 1, reads: 1, reason: "found as wanted when it was read again: HTTP 429"},
		{name: "503", reply: reply{status: 503, ignore: true}, want: diff.Applied, attempts: 2, reads: 1},
		{name: "509", reply: reply{status: 509, ignore: true}, want: diff.Applied, attempts: 2, reads: 1},

		{name: "504", reply: reply{status: 504, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},
		{name: "504 that took effect", reply: reply{status: 504}, want: diff.Applied, attempts: 1, reads: 1, reason: "found as wanted when it was read again: HTTP 504"},
		{name: "502", reply: reply{status: 502, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},
		{name: "502 that took effect", reply: reply{status: 502}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "500", reply: reply{status: 500, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},
		{name: "500 that took effect", reply: reply{status: 500}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "none", reply: reply{missing: true, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},
		{name: "none, but it took effect", reply: reply{missing: true}, want: diff.Applied, attempts: 1, reads: 1, reason: "missing, doubled or unreadable"},
		{name: "doubled", reply: reply{twice: true}, want: diff.Applied, attempts: 1, reads: 1, reason: "missing, doubled or unreadable"},
		{name: "doubled without effect", reply: reply{twice: true, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},
		{name: "a status below zero", reply: reply{status: -1}, want: diff.Applied, attempts: 1, reads: 1},
		{name: "a status beyond all", reply: reply{status: 1000, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},

		{name: "404", reply: reply{status: 404, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},

		{name: "400", reply: reply{status: 400, ignore: true}, want: diff.Failed, attempts: 1, reason: "HTTP 400 Bad Request, code400: message 400"},
		{name: "401", reply: reply{status: 401, ignore: true}, want: diff.Failed, attempts: 1, reason: "HTTP 401"},
		{name: "403", reply: reply{status: 403, ignore: true}, want: diff.Failed, attempts: 1, reason: "HTTP 403"},
		{name: "409", reply: reply{status: 409, ignore: true}, want: diff.Failed, attempts: 1, reason: "HTTP 409"},
		{name: "412", reply: reply{status: 412, ignore: true}, want: diff.Failed, attempts: 1, reason: "HTTP 412"},
		{name: "423", reply: reply{status: 423, ignore: true}, want: diff.Failed, attempts: 1, reason: "HTTP 423"},
		{name: "302", reply: reply{status: 302, ignore: true}, want: diff.Applied, attempts: 2, reads: 6},
		{name: "a refusal that is no JSON of Graph's", reply: reply{status: 400, ignore: true, body: raw(`"<html>"`)}, want: diff.Failed, attempts: 1, reason: "HTTP 400"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 3, func(r *run) {
				r.tenant.patch = func(task string, attempt int) reply {
					if task == id && attempt == 1 {
						return tt.reply
					}
					return reply{}
				}
			})
			r.check(t)
			got := r.result(1)
			if got.Outcome != tt.want || got.Attempts != tt.attempts || r.tenant.gets[id] != tt.reads || got.Temporary != tt.temporary {
				t.Errorf("%s after %d patches and %d readings, temporary %v: %q; want %s after %d and %d, temporary %v",
					got.Outcome, got.Attempts, r.tenant.gets[id], got.Temporary, got.Reason, tt.want, tt.attempts, tt.reads, tt.temporary)
			}
			if !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("reason %q, want %q in it", got.Reason, tt.reason)
			}
			if (got.Outcome == diff.Applied) != r.holds(1) {
				t.Errorf("%s, but that the tenant holds what is wanted is %v", got.Outcome, r.holds(1))
			}
			if n := r.outcomes(); n[diff.Applied] < 2 || len(r.rec.results) != 3 {
				t.Errorf("the other tasks: %v", n)
			}
		})
	}
}

func TestUnreadableItemsAreReadAgain(t *testing.T) {
	r := bubble(t, 40, func(r *run) {
		r.tenant.refuse = func(n int, _ call) *refusal {
			if n == 1 { // an answer of which no item can be read, though all took effect
				return &refusal{status: 200, took: true, body: `{"responses": [7, null, {"id": {}, "status": "x"}, {"id": "99", "status": 200}]}`}
			}
			return nil
		}
	})
	r.check(t)
	if n := r.outcomes(); n[diff.Applied] != 40 || r.stats.Retries != 0 {
		t.Errorf("outcomes %v, %d sent again", n, r.stats.Retries)
	}
}

func TestRefusalKeepsItsCodeAndRequestID(t *testing.T) {
	r := bubble(t, 2, func(r *run) {
		r.tenant.patch = func(id string, _ int) reply {
			if id == taskID(0) {
				return reply{status: 400, ignore: true}
			}
			return reply{status: 403, ignore: true, body: absent{}, headers: map[string]string{"REQUEST-ID": "own-id"}}
		}
	})
	r.check(t)
	a, b := r.result(0), r.result(1)
	if a.Status != 400 || a.Code != "code400" || a.RequestID != "inner-id" || a.ClientRequestID != r.tenant.calls[0].id {
		t.Errorf("%+v", a)
	}
	if b.Status != 403 || b.Code != "" || b.RequestID != "own-id" {
		t.Errorf("%+v", b)
	}
}

// A refusal for good proves nothing of an earlier sending whose window is still open: it is read again once that has closed.
func TestRefusedForGoodAfterARefusalThatPasses(t *testing.T) {
	for _, late := range []bool{true, false} {
		for _, last := range []int{400, 403, 409, 412, 423} {
			t.Run(fmt.Sprintf("%d, late %v", last, late), func(t *testing.T) {
				r := bubble(t, 1, func(r *run) {
					r.tenant.patch = func(id string, attempt int) reply {
						if attempt == 1 {
							if late {
								time.AfterFunc(20*time.Second, func() {
									r.tenant.mu.Lock()
									defer r.tenant.mu.Unlock()
									r.tenant.objects[id]["assignedTo"], r.tenant.objects[id]["status"] = "new@contoso.com", "completed"
								})
							}
							return reply{status: 429, ignore: true}
						}
						return reply{status: last, ignore: true}
					}
				})
				r.check(t)
				want := diff.Failed
				if late {
					want = diff.Applied
				}
				if got := r.result(0); got.Outcome != want || got.Attempts != 2 || got.Status != last || got.Temporary || got.SettledAt.Sub(r.started) < 20*time.Second {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

func TestAcceptedWithoutTheTaskIsReadInFullEnvelopes(t *testing.T) {
	r := bubble(t, 50, func(r *run) {
		r.tenant.patch = first(1, reply{status: 204, body: absent{}})
	})
	r.check(t)
	writes, reads := r.sizes()
	if !slices.Equal(writes, []int{20, 20, 10}) || !slices.Equal(reads, []int{20, 20, 10}) || r.outcomes()[diff.Applied] != 50 {
		t.Errorf("patches in %v, readings in %v, outcomes %v", writes, reads, r.outcomes())
	}
	if r.stats.Waited != 0 {
		t.Errorf("waited %v, though nobody asked for it", r.stats.Waited)
	}
}
