package diff

import (
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/task"
)

// held makes a task of the tenant, from pairs of a property and its value.
func held(id string, pairs ...any) *task.Task {
	t := &task.Task{ID: id, Type: task.ODataType}
	for i := 0; i < len(pairs); i += 2 {
		t.Set(pairs[i].(*task.Property), task.Text(pairs[i+1].(string)))
	}
	return t
}

func foreign(id, typ string) *task.Task { return &task.Task{ID: id, Type: typ} }

// apply is a copy of current with the edits made: what the tenant holds if it does as it is asked.
func apply(edits []Edit, current *task.Task) *task.Task {
	after := *current
	for _, e := range edits {
		after.Set(e.Property, e.Wanted)
	}
	return &after
}

// row makes an input row, from pairs of a property and the value wished for.
func row(id string, pairs ...any) Row {
	var wishes []task.Assignment
	for i := 0; i < len(pairs); i += 2 {
		wishes = append(wishes, task.Assignment{Property: pairs[i].(*task.Property), Value: task.Text(pairs[i+1].(string))})
	}
	return Row{Desired: task.NewDesired(task.Origin{}, id, nil, wishes...), SameAs: -1}
}

func (r Row) invalid(why string) Row { r.Invalid = why; return r }
func (r Row) sameAs(i int) Row       { r.SameAs = i; return r }

// edits writes edits as "name:before>wanted".
func edits(c *Change) string {
	var words []string
	for _, e := range c.Edits {
		words = append(words, e.Property.Name+":"+e.Before.String()+">"+e.Wanted.String())
	}
	return strings.Join(words, " ")
}

// The table in Make's comment, a row a row; rows that meet several conditions show which comes first.
func TestVerdicts(t *testing.T) {
	current := []*task.Task{
		held("T1", task.DisplayName, "old", task.Status, "pending"),
		foreign("V1", "#microsoft.graph.appVulnerabilityTask"), foreign("W1", "#microsoft.graph.newTask"),
		foreign("N1", ""),
	}
	rename := row("t1", task.DisplayName, "new", task.Status, "pending")
	cases := []struct {
		name    string
		rows    []Row // the last is judged
		outcome Outcome
		sameAs  int
		reason  string
		id      string
		edits   string
	}{
		{"not understood", []Row{row("t1", task.DisplayName, "new").invalid("no good")}, Invalid, -1, "no good", "t1", ""},
		{"not understood, before not found", []Row{row("x").invalid("no good")}, Invalid, -1, "no good", "x", ""},
		{"not understood, before same", []Row{rename, rename.sameAs(0).invalid("no good")}, Invalid, -1, "no good", "t1", ""},
		{"same as an earlier row", []Row{rename, rename.sameAs(0)}, Pending, 0, "", "T1", ""},
		{"id not among current", []Row{row("T2", task.DisplayName, "new")}, NotFound, -1, `the tenant has no task "T2"`, "T2", ""},
		{"a task of another kind", []Row{row("v1", task.DisplayName, "new")}, Pending, -1, "", "V1", "displayName:>new"},
		{
			"a task of a kind without the property",
			[]Row{row("v1", task.EndpointSecurityPolicy, "antivirus", task.IntendedSettings, "[]")},
			WrongType, -1,
			"the task is an appVulnerabilityTask, which has no endpointSecurityPolicy, intendedSettings", "V1", "",
		},
		{"a task of an unknown kind", []Row{row("w1", task.DisplayName, "new")}, WrongType, -1, "the task is a newTask, of a kind that this program does not know", "W1", ""},
		{"nothing asked of an unknown kind", []Row{row("w1")}, Unchanged, -1, "", "W1", ""},
		{"a task of no type", []Row{row("n1", task.DisplayName, "new")}, WrongType, -1, "the task is of no stated type, of a kind that this program does not know", "N1", ""},
		{"no wish differs", []Row{row("t1", task.DisplayName, "old")}, Unchanged, -1, "", "T1", ""},
		{"no wish at all", []Row{row("t1")}, Unchanged, -1, "", "T1", ""},
		{"some wishes differ", []Row{rename}, Pending, -1, "", "T1", "displayName:old>new"},
		{"all wishes differ", []Row{row("t1", task.DisplayName, "new", task.Status, "active")}, Pending, -1, "", "T1", "displayName:old>new status:pending>active"},
	}
	for _, c := range cases {
		plan := Make(c.rows, current)
		if len(plan.Changes) != len(c.rows) {
			t.Fatalf("%s: %d changes for %d rows", c.name, len(plan.Changes), len(c.rows))
		}
		got := &plan.Changes[len(c.rows)-1]
		if got.Outcome != c.outcome || got.SameAs != c.sameAs || got.Reason != c.reason || got.ID() != c.id || edits(got) != c.edits {
			t.Errorf("%s: outcome %q, same as %d, reason %q, id %q, edits %q; want %+v", c.name, got.Outcome, got.SameAs, got.Reason, got.ID(), edits(got), c)
		}
		if sent := c.outcome == Pending && c.sameAs < 0; got.Pending() != sent {
			t.Errorf("%s: to be sent is %t", c.name, got.Pending())
		}
	}
}

// Whatever becomes of a row becomes of the rows that ask for the same, and it is sent once.
func TestSameAsSharesTheOutcome(t *testing.T) {
	current := []*task.Task{held("a", task.DisplayName, "old"), foreign("v", "#microsoft.graph.newTask")}
	for name, first := range map[string]Row{
		"pending": row("a", task.DisplayName, "new"), "unchanged": row("a", task.DisplayName, "old"), "not found": row("x"), "wrong type": row("v", task.DisplayName, "new"),
	} {
		plan := Make([]Row{row("a").invalid("?"), first, first.sameAs(1), first.sameAs(1)}, current)
		want, sent := plan.Changes[1], 0
		for _, c := range plan.Changes[2:] {
			if c.Outcome != want.Outcome || c.Reason != want.Reason || c.Pending() || len(c.Edits) > 0 {
				t.Errorf("%s: the second row ends as %q %q, to be sent %t; the first as %q %q", name, c.Outcome, c.Reason, c.Pending(), want.Outcome, want.Reason)
			}
			if want.Pending() && c.SameAs != 1 {
				t.Errorf("%s: shares the outcome of %d; want 1", name, c.SameAs)
			}
		}
		if want.Pending() {
			sent = 1
		}
		if got := plan.Pending(); len(got) != sent || (sent == 1 && got[0] != &plan.Changes[1]) {
			t.Errorf("%s: %d changes to be sent; want %d", name, len(got), sent)
		}
	}
}

func TestTenantCountsAndUnmanaged(t *testing.T) {
	twice := held("b", task.DisplayName, "first")
	current := []*task.Task{
		held("Z"), held("A"), twice, held("B", task.DisplayName, "second"), twice,
		foreign("v", "#microsoft.graph.newTask"), held("c"), held("d"), held("e"),
	}
	cases := []struct {
		name      string
		rows      []Row
		unmanaged []string
	}{
		{"no rows", nil, []string{"Z", "A", "b", "c", "d", "e"}},
		{"named in another case", []Row{row("a"), row("B")}, []string{"Z", "c", "d", "e"}},
		{"named by a row that was not understood", []Row{row("c").invalid("?")}, []string{"Z", "A", "b", "d", "e"}},
		{"named by rows of another fate", []Row{row("x"), row("v"), row("").invalid("?")}, []string{"Z", "A", "b", "c", "d", "e"}},
		{"all named", []Row{row("e"), row("d"), row("c"), row("b"), row("a"), row("z")}, nil},
	}
	for _, c := range cases {
		plan := Make(c.rows, current)
		var got []string
		for _, u := range plan.Unmanaged {
			got = append(got, u.ID)
		}
		if plan.Tenant != 6 || !slices.Equal(got, c.unmanaged) {
			t.Errorf("%s: %d in the tenant, unmanaged %q; want 6 and %q", c.name, plan.Tenant, got, c.unmanaged)
		}
	}
	if got := edits(&Make([]Row{row("B", task.DisplayName, "new")}, current).Changes[0]); got != "displayName:first>new" {
		t.Errorf("of a task listed twice the first counts; got %q", got)
	}
}

func TestApplyLeavesItsInputAlone(t *testing.T) {
	before := held("a", task.DisplayName, "old", task.Status, "pending")
	c := Make([]Row{row("a", task.DisplayName, "new")}, []*task.Task{before}).Changes[0]
	after := apply(c.Edits, before)
	if before.Get(task.DisplayName).String() != "old" {
		t.Error("Apply changed the current task")
	}
	if after.ID != "a" || after.Get(task.DisplayName).String() != "new" || after.Get(task.Status).String() != "pending" {
		t.Errorf("after: %+v", after)
	}
}

func TestTypeName(t *testing.T) {
	for in, want := range map[string]string{
		"#microsoft.graph.appVulnerabilityTask":          "an appVulnerabilityTask",
		"#microsoft.graph.unmanagedDeviceDiscoveryTask":  "an unmanagedDeviceDiscoveryTask",
		"#microsoft.graph.securityConfigurationTask":     "a securityConfigurationTask",
		"#other.vendorTask":                              "a #other.vendorTask",
		"":                                               "of no stated type",
		"#microsoft.graph.":                              "of no stated type",
		"#microsoft.graph.\u00fcberTask":                 "a \u00fcberTask",
		"#microsoft.graph.AppVulnerabilityAssessedTask2": "an AppVulnerabilityAssessedTask2",
	} {
		if got := TypeName(in); got != want {
			t.Errorf("TypeName(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	seen := map[string]bool{}
	var good []Outcome
	for _, o := range Outcomes() {
		if o == Pending || o.Meaning() == "" || seen[string(o)] || seen[o.Meaning()] {
			t.Errorf("outcome %q with the meaning %q is nameless, unexplained or listed twice", o, o.Meaning())
		}
		seen[string(o)], seen[o.Meaning()] = true, true
		if o.Good() {
			good = append(good, o)
		}
	}
	if len(Outcomes()) != 11 || len(meanings) != 11 || !slices.Equal(good, []Outcome{Applied, Unchanged}) {
		t.Errorf("%d outcomes, %d meanings, good ones %q; want 11, 11, applied and unchanged", len(Outcomes()), len(meanings), good)
	}
	if Pending.Good() {
		t.Error("a change still to be sent counts as done")
	}
}

func TestPairWishes(t *testing.T) {
	pair := func(name string, value task.Value) task.Assignment {
		return task.Assignment{Property: task.IntendedSettings, Pair: name, Value: value}
	}
	const ab = `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`
	for _, c := range []struct {
		name, current string
		wishes        []task.Assignment
		want          string // "" is no edit
	}{
		{"set", ab, []task.Assignment{pair("a", task.Text("3"))}, `[{"name":"a","value":"3"},{"name":"b","value":"2"}]`},
		{"add", ab, []task.Assignment{pair("c", task.Text("<&>"))}, `[{"name":"a","value":"1"},{"name":"b","value":"2"},{"name":"c","value":"<&>"}]`},
		{"add to nothing", "", []task.Assignment{pair("c", task.Text("3"))}, `[{"name":"c","value":"3"}]`},
		{"remove", ab, []task.Assignment{pair("a", task.Null)}, `[{"name":"b","value":"2"}]`},
		{"remove all", ab, []task.Assignment{pair("a", task.Null), pair("b", task.Null)}, `[]`},
		{"set and remove", ab, []task.Assignment{pair("b", task.Null), pair("a", task.Text("3"))}, `[{"name":"a","value":"3"}]`},
		{"there already", ab, []task.Assignment{pair("b", task.Text("2"))}, ""},
		{"gone already", ab, []task.Assignment{pair("B", task.Null)}, ""},
		{"gone already from nothing", "", []task.Assignment{pair("B", task.Null)}, ""},
		{"names differ in case", ab, []task.Assignment{pair("A", task.Text("1"))}, `[{"name":"a","value":"1"},{"name":"b","value":"2"},{"name":"A","value":"1"}]`},
		{
			"a name that is there twice", `[{"name":"b","value":"2"},{"name":"a","value":"1"},{"name":"c","value":null},{"name":"a","value":"1"}]`,
			[]task.Assignment{pair("a", task.Text("1"))},
			`[{"name":"b","value":"2"},{"name":"a","value":"1"},{"name":"c","value":null}]`,
		},
	} {
		current := held("t")
		if c.current != "" {
			current.Set(task.IntendedSettings, task.Text(c.current))
		}
		wanting := task.NewDesired(task.Origin{}, "t", nil, c.wishes...)
		edits := Edits(&wanting, current)
		switch {
		case c.want == "" && len(edits) > 0:
			t.Errorf("%s: %v", c.name, edits)
		case c.want != "" && (len(edits) != 1 || edits[0].Wanted != task.Text(c.want) || edits[0].Before != current.Get(task.IntendedSettings)):
			t.Errorf("%s: %v, want %s", c.name, edits, c.want)
		}
	}
}
