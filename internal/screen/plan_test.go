package screen

import (
	"strings"
	"testing"
	"unicode/utf8"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

func settings(pairs ...string) task.Value {
	var list []task.Setting
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, task.Setting{Name: pairs[i], Value: &pairs[i+1]})
	}
	return task.SettingsValue(list)
}

func TestPrintEdits(t *testing.T) {
	long := strings.Repeat("the same words again and again, ", 8)
	cases := []struct {
		name          string
		of            *task.Property
		before, after task.Value
		want          string
	}{
		{"short", task.AssignedTo, task.Text("a@b.c"), task.Text("d@e.f"), `    assignedTo  "a@b.c" -> "d@e.f"`},
		{"member", task.Status, task.Text("pending"), task.Text("active"), `    status  pending -> active`},
		{"set", task.DueDateTime, task.Null, task.Text("2026-12-01T00:00:00Z"), `    dueDateTime  (not set) -> 2026-12-01T00:00:00Z`},
		{"cleared", task.Description, task.Text("x"), task.Null, `    description  "x" -> (not set)`},
		{"escaped", task.Description, task.Text("a\x1b[2J\nb"), task.Text("a\u00a0b"), `    description  "a\x1b[2J\nb" -> "a\u00a0b"`},
		{"middle", task.Description, task.Text(long + "red " + long), task.Text(long + "green " + long), `
    description  "…rds again and again, red the same words again and again, th…"
              -> "…rds again and again, green the same words again and again, …"`},
		{"end", task.Description, task.Text(long), task.Text(long + "and more"), `
    description  "…s again and again, the same words again and again, "
              -> "…s again and again, the same words again and again, and more"`},
		{"beginning", task.Description, task.Text(long), task.Text("Not " + long), `
    description  "the same words again and again, the same words again and aga…"
              -> "Not the same words again and again, the same words again and…"`},
		{"new", task.Description, task.Null, task.Text(long), `
    description  (not set)
              -> "the same words again and again, the same words again and aga…"`},
		{"two lines", task.Description, task.Text(long[:50]), task.Text(long[:45] + "x"), `
    description  "the same words again and again, the same words aga"
              -> "the same words again and again, the same wordx"`},
		{
			"changed pair", task.IntendedSettings, settings("b", "1", "CloudBlockLevel", "2"), settings("CloudBlockLevel", "9", "b", "1"),
			`    intendedSettings  CloudBlockLevel "2" -> "9"`,
		},
		{"pairs", task.IntendedSettings, settings("kept", "1", "gone", "2", "two words", ""), settings("new", "", "kept", "1", "two words", "\x07"), `
    intendedSettings  gone "2" -> (not set)
                      "two words" "" -> "\a"
                      new (not set) -> ""`},
		{"first pairs", task.IntendedSettings, task.Null, settings("a", "1"), `    intendedSettings  a (not set) -> "1"`},
		{"cleared pairs", task.IntendedSettings, settings("a", "1"), task.Text("[]"), `    intendedSettings  a "1" -> (not set)`},
		{"names that repeat", task.IntendedSettings, settings("a", "2", "a", "1", "b", "x"), settings("b", "x", "a", "1"), `    intendedSettings  a "1" and "2" -> "1"`},
		{"long pair", task.IntendedSettings, settings("a", long+"1"), settings("a", long+"2"), `
    intendedSettings  a
                         "… again and again, the same words again and again, 1"
                      -> "… again and again, the same words again and again, 2"`},
		{"no pairs", task.IntendedSettings, task.Text(`{"odd":1}`), settings("a", "1"), `    intendedSettings  "{\"odd\":1}" -> "[{\"name\":\"a\",\"value\":\"1\"}]"`},
	}
	for _, c := range cases {
		var b strings.Builder
		Screen{Writer: &b}.edits([]diff.Edit{{Property: c.of, Before: c.before, Wanted: c.after}})
		if got := strings.TrimSuffix(b.String(), "\n"); got != strings.TrimPrefix(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// FuzzPrintEdits: what differs is seen to differ, on lines of at most 80 columns, without control characters.
func FuzzPrintEdits(f *testing.F) {
	long := strings.Repeat("x", 100)
	f.Add("a", "b")
	f.Add(long+"1"+long, long+"2"+long)
	f.Add(long, long+"\x00")
	f.Add(strings.Repeat("\x00", 60)+"1", strings.Repeat("\x00", 60)+"2")
	f.Add(long, "")
	f.Fuzz(func(t *testing.T, before, after string) {
		if !utf8.ValidString(before) || !utf8.ValidString(after) || before == after {
			return
		}
		for _, p := range []*task.Property{task.Description, task.EndpointSecurityPolicyProfile} {
			var b strings.Builder
			Screen{Writer: &b}.edits([]diff.Edit{{Property: p, Before: task.Text(before), Wanted: task.Text(after)}})
			shown := strings.TrimSuffix(b.String(), "\n")
			for line := range strings.SplitSeq(shown, "\n") {
				if utf8.RuneCountInString(line) > Width || text.Line(line) != line {
					t.Errorf("%q", line)
				}
			}
			was, will, ok := strings.Cut(strings.TrimPrefix(strings.TrimLeft(shown, " "), p.Name), "-> ")
			if !ok || strings.TrimSpace(was) == will {
				t.Errorf("not seen to differ:\n%s", shown)
			}
		}
	})
}

func TestPlanWords(t *testing.T) {
	plan := &diff.Plan{Tenant: 9, Unmanaged: make([]*task.Task, 2)}
	add := func(n int, o diff.Outcome, sameAs int) {
		for range n {
			plan.Changes = append(plan.Changes, diff.Change{Outcome: o, SameAs: sameAs})
		}
	}
	add(3, diff.Pending, -1)
	add(2, diff.Pending, 0)
	add(4, diff.Unchanged, -1)
	add(157, diff.Conflict, -1)
	add(1, diff.NotFound, -1)
	add(1, diff.WrongType, -1)
	add(1, diff.Invalid, -1)
	add(1, diff.NotSent, -1)
	want := "170 rows: 3 to change, 4 as wanted already, 2 merged with an earlier row, 157 conflict, 1 notFound, 1 wrongType, 1 invalid, 1 notSent; 2 of the tenant's 9 managed tasks (of 12 in all) named by no row"
	if got := PlanWords(plan, 12); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	plan = &diff.Plan{Changes: plan.Changes[:3], Tenant: 9, Settled: map[diff.Outcome]int{
		diff.Pending: 2, diff.Unchanged: 4, diff.Conflict: 157, diff.Applied: 5,
	}}
	want = "171 rows: 3 to change, 4 as wanted already, 2 merged with an earlier row, 5 applied, 157 conflict; 0 of the tenant's 9 managed tasks (of 12 in all) named by no row"
	if got := PlanWords(plan, 12); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
