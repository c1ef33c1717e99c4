package edit_test

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"taskrecon/internal/edit"
	"taskrecon/internal/task"
)

// editFiles is a readFile of files in memory.
func editFiles(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
}

// editTask is a managed task that somebody has.
func editTask(id, assignee string) *task.Task {
	t := &task.Task{ID: id, Type: task.ODataType}
	t.Set(task.AssignedTo, task.Text(assignee))
	t.Set(task.Status, task.Text("active"))
	return t
}

// shownWishes is "name=value" for each wish.
func shownWishes(wishes []task.Assignment) string {
	var parts []string
	for _, w := range wishes {
		value := w.Value.String()
		if w.Value.IsNull() {
			value = "null"
		}
		parts = append(parts, w.Property.Name+"="+value)
	}
	return strings.Join(parts, " ")
}

func TestParseAssignment(t *testing.T) {
	files := editFiles(map[string]string{
		"team.txt":  "\ufeffamy@x\r\n\r\n# on leave: bob@x\r\n  cy@x  \r\n",
		"empty.txt": "# none\n\n",
		"twice.txt": "amy@x\nbob@x\n\nAMY@x\n",
		"clear.txt": "amy@x\n<clear>\n",
		"wide.txt":  "a\x00m\x00y\x00",
	})
	cases := []struct{ text, want, fails string }{
		{text: "status=Completed", want: "status completed"},
		{text: "assigned-to=amy@x", want: "assignedTo amy@x"},
		{text: "Assigned To = amy@x", want: "assignedTo amy@x"},
		{text: "displayName=a=b", want: "displayName a=b"},
		{text: "due-date-time=2026-12-01", want: "dueDateTime 2026-12-01T00:00:00Z"},
		{text: "managedDeviceCount=012", want: "managedDeviceCount 12"},
		{text: "creatorNotes=<CLEAR>", want: "creatorNotes null"},
		{text: "creatorNotes=@home", want: "creatorNotes @home"},
		{text: "intendedSettings=<clear>", want: "intendedSettings []"},
		{text: "intended-settings.Max Age=a=b", want: "intendedSettings.Max Age a=b"},
		{text: "intendedSettings.x=<clear>", want: "intendedSettings.x null"},
		{text: "assignedTo=@team.txt", want: "assignedTo amy@x cy@x"},
		{text: "assignedTo=@@team", want: "assignedTo @team"},

		{text: "status", fails: `"status" is not PROPERTY=VALUE; write it such as status=completed`},
		{text: "=x", fails: `there is no property ""; there are displayName, `},
		{text: "statsu=active", fails: `there is no property "statsu"; did you mean status?`},
		{text: "ID=x", fails: `id says which task it is and cannot be set; pick tasks by it instead`},
		{text: "createdDateTime=2026-12-01", fails: `createdDateTime is read-only; it cannot be set`},
		{text: "status=", fails: `"status=" has no value; write status=<clear> to empty it`},
		{text: "intendedSettings.a= ", fails: `"intendedSettings.a= " has no value; write intendedSettings.a=<clear> to empty it`},
		{text: "intendedSettings.=x", fails: `"intendedSettings." names no pair; write it such as intendedSettings.NAME=VALUE`},
		{text: "status=actve", fails: `status "actve" is not a status; did you mean "active"? (unknown, pending, active, completed, rejected)`},
		{text: "status=<clear>", fails: `status cannot be cleared: the service does not take null for it`},
		{text: "intendedSettings=x", fails: `intendedSettings: line 1 of the settings, "x", is not name=value`},
		{text: "assignedTo=@", fails: `assignedTo=@ names no file; write assignedTo=@FILE, or @@ for a value that starts with @`},
		{text: "assignedTo=@none.txt", fails: `open none.txt: file does not exist`},
		{text: "assignedTo=@empty.txt", fails: `empty.txt names no assignee; write one a line`},
		{text: "assignedTo=@twice.txt", fails: `twice.txt:4: "AMY@x" is on line 1, too; name each assignee once`},
		{text: "assignedTo=@clear.txt", fails: `clear.txt:2: "<clear>" is not an assignee; take the line out, or write assignedTo=<clear> to empty every task's`},
		{text: "assignedTo=@wide.txt", fails: `wide.txt is not UTF-8 text; save it as UTF-8`},
	}
	for _, c := range cases {
		a, err := edit.ParseAssignment(c.text, task.Format{}, files)
		if c.fails != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.fails) {
				t.Errorf("%s: %v; want %s", c.text, err, c.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := a.Property.Name
		if a.Pair != "" {
			got += "." + a.Pair
		}
		for _, v := range a.Values {
			if v.IsNull() {
				got += " null"
			} else {
				got += " " + v.String()
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestParseReassignments(t *testing.T) {
	cases := []struct{ text, want, fails string }{
		{text: "Amy@x,bob@x\ncy@x,Dan@x\n", want: "amy@x>bob@x cy@x>Dan@x"},
		{text: "\ufeffold;new\r\namy@x;bob@x\r\n\r\n", want: "amy@x>bob@x"},
		{text: "From\tTo\namy\tbob\n", want: "amy>bob"},
		{text: "Who goes,Who comes\namy@x,bob@x\n", want: "amy@x>bob@x"},
		{text: "amy,bob\ncy@x,dan@x\n", want: "cy@x>dan@x"},
		{text: "amy,bob\ncy,dan@x\n", want: "amy>bob cy>dan@x"},
		{text: "amy,bob\n", want: "amy>bob"},
		{text: "Poe, Amy;Lee, Bob\n", want: "poe, amy>Lee, Bob"},
		{text: `"Poe, Amy", "Lee, Bob"`, want: "poe, amy>Lee, Bob"},
		{text: "a@x,b@x\na@x,b@x\nb@x,c@x\n", want: "a@x>b@x b@x>c@x"},

		{text: "", fails: "f.csv names no leaver; write old assignee, new assignee, one pair a line"},
		{text: "old,new\n", fails: "f.csv names no leaver; "},
		{text: "old,new\n\na@x\n", fails: "f.csv:3: 1 column where two belong, old assignee and new assignee"},
		{text: "a@x,b@x,c@x\n", fails: "f.csv:1: 3 columns where two belong, "},
		{text: "a@x,b@x\n,c@x\n", fails: `f.csv:2: the old assignee is blank, and "c@x" the new; fill it in or take the line out`},
		{text: "a@x,b@x\nc@x, \n", fails: `f.csv:2: the new assignee of "c@x" is blank; `},
		{text: "a@x,b@x\nA@x,c@x\n", fails: `f.csv:2: "A@x" goes to "c@x", but on line 1 to "b@x"; keep one of them`},
		{text: "a@x,A@x\n", fails: `f.csv:1: "a@x" would hand over to "A@x", who is the same; `},
		{text: "a@x,<clear>\n", fails: `f.csv:1: "<clear>" is not an assignee; pick the tasks of "a@x" and set assignedTo=<clear>`},
		{text: "a@x,b@x\n\"c@x,d@x\n", fails: `f.csv:2: the line is not CSV: `},
		{text: "a\xff,b", fails: "f.csv is not UTF-8 text; save it as UTF-8"},
	}
	for _, c := range cases {
		pairs, err := edit.ParseReassignments("f.csv", []byte(c.text))
		if c.fails != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.fails) {
				t.Errorf("%q: %v; want %s", c.text, err, c.fails)
			}
			continue
		}
		var got []string
		for _, old := range slices.Sorted(maps.Keys(pairs)) {
			got = append(got, old+">"+pairs[old])
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%q: %v, %v; want %s", c.text, got, err, c.want)
		}
	}
}

// assignments parses what needs no file.
func assignments(t *testing.T, texts ...string) []edit.Assignment {
	t.Helper()
	var all []edit.Assignment
	for _, text := range texts {
		a, err := edit.ParseAssignment(text, task.Format{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func TestEditCheck(t *testing.T) {
	cases := []struct {
		edit edit.Edit
		want string
	}{
		{edit.Edit{Assignments: assignments(t, "status=active", "assignedTo=a")}, ""},
		{edit.Edit{Assignments: assignments(t, "status=active"), Reassignments: edit.Reassignments{"a": "b"}}, ""},
		{edit.Edit{Assignments: assignments(t, "intendedSettings.a=1", "intendedSettings.b=1")}, ""},
		{edit.Edit{}, "there is nothing to set; write PROPERTY=VALUE, or name a file of leavers"},
		{edit.Edit{Assignments: assignments(t, "status=active", "status=pending")}, "status is set twice; set it once"},
		{edit.Edit{Assignments: assignments(t, "intendedSettings.a=1", "intendedSettings.a=2")}, "intendedSettings.a is set twice; set it once"},
		{
			edit.Edit{Assignments: assignments(t, "intendedSettings.a=1", "intendedSettings=b=2")},
			"intendedSettings.a and intendedSettings are both set; the first is a part of the second",
		},
		{
			edit.Edit{Assignments: assignments(t, "assignedTo=a"), Reassignments: edit.Reassignments{"a": "b"}},
			"assignedTo is set, and leavers would set it, too; do one, then the other",
		},
		{edit.Edit{Assignments: []edit.Assignment{{Property: task.Status}}}, "status is set to no value"},
	}
	for _, c := range cases {
		got := ""
		if err := c.edit.Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestEditRows(t *testing.T) {
	one := "1"
	settings := editTask("s", "amy")
	settings.Set(task.IntendedSettings, task.SettingsValue([]task.Setting{{Name: "a", Value: &one}, {Name: "b", Value: &one}}))
	broken := editTask("t", "amy")
	broken.Set(task.IntendedSettings, task.Text("{"))
	three := []*task.Task{editTask("1", "amy"), editTask("2", "Bob"), editTask("4", "")}
	tenant := slices.Insert(slices.Clone(three), 2, editTask("3", "cy"))
	roster := edit.Assignment{Property: task.AssignedTo, Values: []task.Value{task.Text("amy"), task.Text("cy")}}
	cases := []struct {
		name   string
		edit   edit.Edit
		tasks  []*task.Task
		want   string
		picked int
	}{
		{"same for all", edit.Edit{Assignments: assignments(t, "status=pending", "assignedTo=cy")}, tenant, "1: assignedTo=cy status=pending; 2: assignedTo=cy status=pending; 3: status=pending; 4: assignedTo=cy status=pending", 4},
		{"dealt", edit.Edit{Assignments: []edit.Assignment{roster}}, three, "2: assignedTo=cy; 4: assignedTo=amy", 3},
		{"cleared", edit.Edit{Assignments: assignments(t, "assignedTo=<clear>")}, three, "1: assignedTo=null; 2: assignedTo=null", 3},
		{"leavers", edit.Edit{Reassignments: edit.Reassignments{"bob": "amy", "amy": "zoe", "cy": "amy"}}, three, "1: assignedTo=zoe; 2: assignedTo=amy", 2},
		{"leavers and a status", edit.Edit{Reassignments: edit.Reassignments{"bob": "amy"}, Assignments: assignments(t, "status=pending")}, three, "1: status=pending; 2: assignedTo=amy status=pending; 4: status=pending", 3},
		{"no difference", edit.Edit{Assignments: assignments(t, "status=active")}, tenant, "", 4},
		{"pairs", edit.Edit{Assignments: assignments(t, "intendedSettings.b=2", "intendedSettings.a=<clear>", "intendedSettings.c=3")}, []*task.Task{settings}, `s: intendedSettings=[{"name":"b","value":"2"},{"name":"c","value":"3"}]`, 1},
		{"same pairs", edit.Edit{Assignments: assignments(t, "intendedSettings.b=1", "intendedSettings.z=<clear>")}, []*task.Task{settings}, "", 1},
	}
	for _, c := range cases {
		rows, picked, err := c.edit.Rows(c.tasks)
		var got []string
		for _, r := range rows {
			got = append(got, r.Base.ID+": "+shownWishes(r.Assignments))
		}
		if err != nil || picked != c.picked || strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %d, %v, %q; want %d, %q", c.name, picked, err, strings.Join(got, "; "), c.picked, c.want)
		}
	}
	pair := edit.Edit{Assignments: assignments(t, "intendedSettings.b=2")}
	if _, _, err := pair.Rows([]*task.Task{broken}); err == nil || !strings.HasPrefix(err.Error(), "task t: intendedSettings: ") {
		t.Error(err)
	}
}

// TestEditRowsDeals deals any tasks to any team: the shares differ by at most one, no row is without a difference, and the same
// tasks get the same deal.
func TestEditRowsDeals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tasks []*task.Task
		after := map[string]string{}
		for i := range rapid.IntRange(0, 40).Draw(t, "tasks") {
			assignee := rapid.SampledFrom([]string{"", "amy", "Amy", "bob", "cy", "dan"}).Draw(t, "assignee")
			tasks = append(tasks, editTask(fmt.Sprint("t", i), assignee))
			after[tasks[i].ID] = assignee
		}
		team := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"amy", "bob", "eve", "flo"}), 1, 4, rapid.ID).Draw(t, "team")
		roster := edit.Assignment{Property: task.AssignedTo}
		for _, name := range team {
			roster.Values = append(roster.Values, task.Text(name))
		}
		dealt := edit.Edit{Assignments: []edit.Assignment{roster}}
		rows, picked, err := dealt.Rows(tasks)
		if err != nil || picked != len(tasks) {
			t.Fatalf("%d of %d picked, %v", picked, len(tasks), err)
		}
		for _, r := range rows {
			if len(r.Assignments) != 1 || r.Assignments[0].Value.String() == after[r.Base.ID] {
				t.Fatalf("row %v changes nothing", r)
			}
			after[r.Base.ID] = r.Assignments[0].Value.String()
		}
		shares := map[string]int{}
		for _, who := range after {
			shares[who]++
		}
		total := 0
		for _, who := range team {
			n := shares[who]
			if total += n; n < picked/len(team) || n > (picked+len(team)-1)/len(team) {
				t.Fatalf("%q has %d of %d tasks for a team of %d", who, n, picked, len(team))
			}
		}
		if again, _, err := dealt.Rows(tasks); total != picked || err != nil || !reflect.DeepEqual(again, rows) {
			t.Fatalf("%d of %d tasks are the team's; a second run deals otherwise", total, picked)
		}
	})
}
