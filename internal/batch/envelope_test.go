package batch_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

func TestEnvelopesAreFull(t *testing.T) {
	for _, tt := range []struct {
		changes int
		writes  []int
	}{
		{0, nil},
		{1, []int{1}},
		{20, []int{20}},
		{21, []int{20, 1}},
		{100, []int{20, 20, 20, 20, 20}},
	} {
		r := bubble(t, tt.changes, nil)
		r.check(t)
		if writes, reads := r.sizes(); !slices.Equal(writes, tt.writes) || reads != nil {
			t.Errorf("%d changes: envelopes of %v and readings of %v, want %v", tt.changes, writes, reads, tt.writes)
		}
		if got := r.outcomes()[diff.Applied]; got != tt.changes {
			t.Errorf("%d of %d applied", got, tt.changes)
		}
		for i := range tt.changes {
			if res := r.result(i); !r.holds(i) || res.Attempts != 1 || res.Status != 200 || res.RequestID != "outer-id" || len(res.After) != 2 {
				t.Errorf("task %d: %+v", i, res)
			}
		}
	}
}

func TestConcurrencyIsABoundAndIsUsed(t *testing.T) {
	for _, n := range []int{1, 3, 4} {
		r := bubble(t, 12*20, func(r *run) { r.o.Concurrency = n })
		r.check(t)
		if r.tenant.mostInFlight != n {
			t.Errorf("concurrency %d: %d in flight at most", n, r.tenant.mostInFlight)
		}
		if want := time.Duration(12/n) * time.Second; r.took != want {
			t.Errorf("concurrency %d: took %v, want %v", n, r.took, want)
		}
	}
	r := bubble(t, 200, nil)
	if r.tenant.mostInFlight != batch.DefaultConcurrency {
		t.Errorf("by default %d in flight, want %d", r.tenant.mostInFlight, batch.DefaultConcurrency)
	}
}

func TestOrderIsThePlans(t *testing.T) {
	r := bubble(t, 50, func(r *run) { r.o.Concurrency = 1 })
	var sent []string
	for _, c := range r.tenant.calls {
		sent = append(sent, c.ids...)
	}
	if !slices.IsSorted(sent) || len(sent) != 50 {
		t.Errorf("sent %v", sent)
	}
}

func TestAnswersInAnyOrder(t *testing.T) {
	r := bubble(t, 45, func(r *run) {
		r.tenant.shuffle = true
		r.tenant.patch = func(id string, _ int) reply {
			if id == taskID(7) {
				return reply{status: 400, ignore: true}
			}
			return reply{}
		}
	})
	r.check(t)
	if n := r.outcomes(); n[diff.Applied] != 44 || r.result(7).Outcome != diff.Failed {
		t.Errorf("outcomes %v, task 7 %+v", n, r.result(7))
	}
}

func TestPatchHoldsTheEditsAndNothingElse(t *testing.T) {
	settings := task.SettingsValue([]task.Setting{{Name: "a=b", Value: new("<1>")}, {Name: "none"}})
	for _, tt := range []struct {
		name  string
		edits []diff.Edit
		want  string
	}{
		{"none", nil, `{}`},
		{"text", []diff.Edit{{Property: task.AssignedTo, Wanted: task.Text("a \"b\" <c>")}}, `{"assignedTo": "a \"b\" <c>"}`},
		{"cleared", []diff.Edit{{Property: task.Insights, Before: task.Text("x")}, {Property: task.IntendedSettings}}, `{"insights": null, "intendedSettings": []}`},
		{"number", []diff.Edit{{Property: task.ManagedDeviceCount, Wanted: task.Text("12")}}, `{"managedDeviceCount": 12}`},
		{"date", []diff.Edit{{Property: task.DueDateTime, Wanted: task.Text("2026-05-06T07:08:09Z")}}, `{"dueDateTime": "2026-05-06T07:08:09Z"}`},
		{"settings", []diff.Edit{{Property: task.IntendedSettings, Wanted: settings}}, `{"intendedSettings": [
			{"@odata.type": "microsoft.graph.keyValuePair", "name": "a=b", "value": "<1>"},
			{"@odata.type": "microsoft.graph.keyValuePair", "name": "none", "value": null}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := batch.Patch(task.ODataType, tt.edits)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"@odata.type": task.ODataType}
			var got, properties map[string]any
			if err := json.Unmarshal([]byte(tt.want), &properties); err != nil {
				t.Fatal(err)
			}
			maps.Copy(want, properties)
			if err := json.Unmarshal(body, &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("body %s (%v), want %v", body, err, want)
			}
		})
	}
}

func TestPatchRefusesWhatIsNoValue(t *testing.T) {
	bad := []diff.Edit{{Property: task.ManagedDeviceCount, Wanted: task.Text("many")}}
	if body, err := batch.Patch(task.ODataType, bad); err == nil {
		t.Errorf("body %s", body)
	}
	r := bubble(t, 3, func(r *run) { r.changes[1].Edits = bad })
	if n := r.outcomes(); r.err == nil || len(r.tenant.calls) != 0 || n[diff.NotSent] != len(r.rec.results) {
		t.Errorf("error %v, %d calls, results %v", r.err, len(r.tenant.calls), r.rec.results)
	}
}

func TestUnwishedPropertiesStay(t *testing.T) {
	r := bubble(t, 1, nil)
	want := newRun(1).tenant.objects[taskID(0)]
	want["assignedTo"], want["status"] = "new@contoso.com", "completed"
	got := r.tenant.objects[taskID(0)]
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the task is %v, want %v", got, want)
	}
}
