package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"taskrecon/internal/task"
)

// source is where the generators take their choices: rapid's draws or a fuzzer's bytes.
type source func(n int, what string) int

// values are chosen so that equal ones in another spelling, and null, come up often.
func values(p *task.Property) []task.Value {
	texts := map[task.Kind][]string{
		task.String:   {"", "a", "A", "a "},
		task.DateTime: {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000001Z", "0001-01-01T00:00:00Z", "soon"},
		task.Int32:    {"0", "12", "-1", "1e3"},
		task.Settings: {
			"[]", `[{"name":"a","value":null}]`, `[{"name":"a","value":""}]`, `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`,
			`[{"name":"b","value":"2"},{"name":"a","value":"1"}]`, `[{"name":"a","value":"1"},{"name":"a","value":"1"}]`,
			`[{"name":"a","value":"2"},{"name":"c","value":null},{"name":"a","value":""},{"name":"b","value":"1"}]`,
		},
		task.Enum: append([]string{"fromTheFuture"}, p.Members...),
	}
	all := []task.Value{task.Null}
	for _, s := range texts[p.Kind] {
		all = append(all, task.Text(s))
	}
	return all
}

func anyValue(pick source, p *task.Property) task.Value {
	all := values(p)
	return all[pick(len(all), p.Name)]
}

func anyID(pick source) string {
	id := fmt.Sprintf("task-%d", pick(6, "id"))
	if pick(3, "upper case") == 0 {
		return strings.ToUpper(id)
	}
	return id
}

func anyTenant(pick source) []*task.Task {
	types := []string{task.ODataType, task.AppVulnerability.Type, task.UnmanagedDeviceDiscovery.Type, "#microsoft.graph.newTask", ""}
	tasks := make([]*task.Task, pick(8, "tasks"))
	for i := range tasks {
		t := &task.Task{ID: anyID(pick), Type: types[pick(len(types), "type")]}
		for _, p := range task.All() {
			t.Set(p, anyValue(pick, p))
		}
		tasks[i] = t
	}
	return tasks
}

// anyPairs makes wishes for single pairs of intendedSettings, each of another name.
func anyPairs(pick source) []task.Assignment {
	var wishes []task.Assignment
	values := []task.Value{task.Null, task.Text("1"), task.Text("2"), task.Text(" ")}
	for _, name := range []string{"b", "a", "A"} {
		if pick(2, "set pair "+name) == 0 {
			wishes = append(wishes, task.Assignment{Property: task.IntendedSettings, Pair: name, Value: values[pick(len(values), "pair "+name)]})
		}
	}
	return wishes
}

// anyRows makes rows as the input does: a row is SameAs the first of its id where their wishes are equal.
func anyRows(pick source) []Row {
	rows := make([]Row, pick(8, "rows"))
	first := map[string]int{}
	for i := range rows {
		r := Row{SameAs: -1}
		id := anyID(pick)
		var wishes []task.Assignment
		if pick(5, "invalid") == 0 {
			r.Invalid = "not understood"
		}
		for _, p := range task.All() {
			if p == task.IntendedSettings && pick(2, "pairs") == 0 {
				wishes = append(wishes, anyPairs(pick)...)
			} else if p.Writable && pick(3, "set "+p.Name) == 0 {
				wishes = append(wishes, task.Assignment{Property: p, Value: anyValue(pick, p)})
			}
		}
		key := task.Key(id)
		if j, ok := first[key]; !ok && r.Invalid == "" {
			first[key] = i
		} else if ok && pick(2, "same") == 0 {
			wishes, r.Invalid, r.SameAs = slices.Collect(rows[j].Desired.Assignments()), "", j
		}
		r.Desired = task.NewDesired(task.Origin{Row: i + 2}, id, nil, wishes...)
		rows[i] = r
	}
	return rows
}

// checkPlan holds for every plan.
func checkPlan(t rapid.TB, rows []Row, current []*task.Task) {
	t.Helper()
	plan := Make(rows, current)
	if len(plan.Changes) != len(rows) {
		t.Fatalf("%d changes for %d rows", len(plan.Changes), len(rows))
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Index != i || c.Desired.Origin() != rows[i].Desired.Origin() || c.Desired.ID != rows[i].Desired.ID {
			t.Fatalf("change %d is of row %+v; want row %+v: the order of the input is lost", i, c.Desired.Origin(), rows[i].Desired.Origin())
		}
		checkOneVerdict(t, rows[i], c)
		if c.SameAs >= 0 && (c.SameAs >= i || plan.Changes[c.SameAs].Outcome != c.Outcome) {
			t.Fatalf("change %d shares the outcome of %d, which has another", i, c.SameAs)
		}
		if c.Pending() {
			checkEdits(t, c)
		}
	}
	checkTenant(t, plan, rows, current)
}

func checkOneVerdict(t rapid.TB, r Row, c *Change) {
	t.Helper()
	possible := []Outcome{Pending, Invalid, NotFound, WrongType, Unchanged}
	switch {
	case !slices.Contains(possible, c.Outcome):
		t.Fatalf("a plan cannot know the outcome %q", c.Outcome)
	case (c.Outcome == Invalid) != (r.Invalid != ""):
		t.Fatalf("outcome %q for a row with the problem %q", c.Outcome, r.Invalid)
	case (c.Current == nil) != (c.Outcome == Invalid || c.Outcome == NotFound):
		t.Fatalf("outcome %q with the current task %v", c.Outcome, c.Current)
	case c.Current != nil && task.Key(c.Current.ID) != task.Key(r.Desired.ID):
		t.Fatalf("the row asks for %s and got %s", r.Desired.ID, c.Current.ID)
	case c.Current != nil && (c.Outcome == WrongType) != alien(c):
		t.Fatalf("outcome %q for a task of type %q", c.Outcome, c.Current.Type)
	case (len(c.Edits) > 0) != c.Pending():
		t.Fatalf("outcome %q, same as %d, with %d edits", c.Outcome, c.SameAs, len(c.Edits))
	case (c.Reason == "") != (c.Outcome == Pending || c.Outcome == Unchanged):
		t.Fatalf("outcome %q with the reason %q", c.Outcome, c.Reason)
	}
}

// alien: a row asks for what its task cannot have.
func alien(c *Change) bool {
	for w := range c.Desired.Assignments() {
		if !c.Current.Kind().Has(w.Property) {
			return true
		}
	}
	return false
}

// checkEdits: what is sent is what is wished and differs, no more; once made, nothing is left to do.
func checkEdits(t rapid.TB, c *Change) {
	t.Helper()
	wished := map[*task.Property]task.Value{}
	pairs := map[string]task.Value{}
	for w := range c.Desired.Assignments() {
		if w.Pair != "" {
			pairs[w.Pair] = w.Value
			continue
		}
		wished[w.Property] = w.Value
	}
	place := -1
	for _, e := range c.Edits {
		w, ok := wished[e.Property]
		if e.Property == task.IntendedSettings && len(pairs) > 0 {
			w, ok = e.Wanted, true // checkPairs looks closer
		}
		if !ok || w != e.Wanted {
			t.Fatalf("%s is set to %q, which no wish says", e.Property.Name, e.Wanted)
		}
		if e.Before != c.Current.Get(e.Property) || e.Property.Canonical(e.Before) == e.Property.Canonical(e.Wanted) {
			t.Fatalf("%s goes from %q to %q; the tenant holds %q", e.Property.Name, e.Before, e.Wanted, c.Current.Get(e.Property))
		}
		if e.Property.Index() <= place {
			t.Fatalf("the edits are not in the order of the table: %v", c.Edits)
		}
		place = e.Property.Index()
	}
	after := apply(c.Edits, c.Current)
	checkPairs(t, pairs, c.Current, after)
	for _, p := range task.All() {
		if p == task.IntendedSettings && len(pairs) > 0 {
			continue
		}
		want, ok := wished[p]
		if ok && !p.Equal(after.Get(p), want) {
			t.Fatalf("%s is %q after the change; wished for is %q", p.Name, after.Get(p), want)
		}
		if !ok && after.Get(p) != c.Current.Get(p) {
			t.Fatalf("%s changed from %q to %q without a wish", p.Name, c.Current.Get(p), after.Get(p))
		}
	}
	if again := Edits(&c.Desired, after); len(again) > 0 {
		t.Fatalf("after the change there is still something to do: %v", again)
	}
}

// checkPairs: each pair wished for is there once, or not at all where it is to go; the others are as they were.
func checkPairs(t rapid.TB, wished map[string]task.Value, before, after *task.Task) {
	t.Helper()
	if len(wished) == 0 {
		return
	}
	others := func(held *task.Task) (rest []string, of map[string][]string) {
		settings, err := task.PairsOf(held.Get(task.IntendedSettings))
		if err != nil {
			t.Fatal(err)
		}
		of = map[string][]string{}
		for _, s := range settings {
			value := ""
			if s.Value != nil {
				value = *s.Value
			}
			of[s.Name] = append(of[s.Name], value)
			if _, ok := wished[s.Name]; !ok {
				rest = append(rest, fmt.Sprintf("%s=%q null %t", s.Name, value, s.Value == nil))
			}
		}
		return rest, of
	}
	old, _ := others(before)
	rest, of := others(after)
	if !slices.Equal(old, rest) {
		t.Fatalf("pairs that no wish names changed from %q to %q", old, rest)
	}
	for name, want := range wished {
		switch got := of[name]; {
		case want.IsNull() && len(got) > 0:
			t.Fatalf("the pair %s is still there: %q", name, got)
		case !want.IsNull() && (len(got) != 1 || got[0] != want.String()):
			t.Fatalf("the pair %s is %q, want %q once", name, got, want)
		}
	}
}

// checkTenant counts by another way than Make does.
func checkTenant(t rapid.TB, plan *Plan, rows []Row, current []*task.Task) {
	t.Helper()
	var unmanaged []*task.Task
	tenant := 0
	for i, c := range current {
		same := func(o *task.Task) bool { return strings.EqualFold(o.ID, c.ID) }
		if !c.Managed() || slices.ContainsFunc(current[:i], same) {
			continue
		}
		tenant++
		if !slices.ContainsFunc(rows, func(r Row) bool { return strings.EqualFold(r.Desired.ID, c.ID) }) {
			unmanaged = append(unmanaged, c)
		}
	}
	if plan.Tenant != tenant || !slices.Equal(plan.Unmanaged, unmanaged) {
		t.Fatalf("%d in the tenant, %d unmanaged; want %d and %d", plan.Tenant, len(plan.Unmanaged), tenant, len(unmanaged))
	}
}

func TestPlanInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := func(n int, what string) int { return rapid.IntRange(0, n-1).Draw(t, what) }
		checkPlan(t, anyRows(pick), anyTenant(pick))
	})
}

func FuzzPlan(f *testing.F) {
	for _, seed := range []string{"", "\x07\x07", strings.Repeat("\x07\x01\x02", 100), strings.Repeat("\x05\x01\x04\x03\x02", 120), strings.Repeat("\x03\x00", 200)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pick := func(n int, _ string) int {
			if len(data) == 0 {
				return 0
			}
			b := int(data[0])
			data = data[1:]
			return b % n
		}
		checkPlan(t, anyRows(pick), anyTenant(pick))
	})
}
