package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

// lostOf is a row of a Failures sheet: what its wishes were compared with, what was found, and the wishes.
func lostOf(id string, values map[*task.Property][3]task.Value) base.Row {
	r := base.Row{Base: &task.Base{ID: id}, Found: new(task.Base), Wanted: new(task.Base)}
	for p, v := range values {
		r.Base.Set(p, v[0])
		r.Found.Set(p, v[1])
		r.Wanted.Set(p, v[2])
	}
	return r
}

func pairs(namesAndValues ...string) task.Value {
	var all []task.Setting
	for i := 0; i < len(namesAndValues); i += 2 {
		all = append(all, task.Setting{Name: namesAndValues[i], Value: &namesAndValues[i+1]})
	}
	return task.SettingsValue(all)
}

// readLost reads a CSV text in which BASE stands for the id of the base of these rows.
func readLost(t *testing.T, text string, source base.Source, rows ...base.Row) *ingest.Input {
	t.Helper()
	id, lines, err := base.Encode(rows, source)
	must(t, err)
	path := filepath.Join(t.TempDir(), "failures.csv")
	must(t, os.WriteFile(base.Path(path), []byte(strings.Join(lines, "\n")), 0o600))
	must(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "BASE", id)), 0o600))
	in, err := ingest.Read(path, ingest.Options{})
	must(t, err)
	return in
}

func TestWishesThatLost(t *testing.T) {
	read := exported.At.Add(-time.Hour)
	lost := lostOf("a", map[*task.Property][3]task.Value{
		task.AssignedTo:       {task.Text("was"), task.Text("found"), task.Text("wanted")},
		task.Status:           {task.Text("active"), task.Text("active"), task.Text("active")},
		task.Description:      {task.Text("old"), task.Null, task.Null},
		task.IntendedSettings: {pairs("A", "1", "B", "1", "C", "1"), pairs("A", "2", "B", "2", "C", "2", "D", "2"), pairs("A", "3", "B", "3", "C", "2", "D", "2")},
	})
	lost.Read = read
	for _, tt := range []struct {
		name, columns, cells string
		property             *task.Property
		want                 task.Value
		known                bool
	}{
		{"the wish that lost", "assignedTo", "wanted", task.AssignedTo, task.Text("was"), true},
		{"another wish", "assignedTo", "mine", task.AssignedTo, task.Text("found"), true},
		{"the wish is what was found", "assignedTo", "found", task.AssignedTo, task.Text("found"), true},
		{"back to what was", "assignedTo", "was", task.AssignedTo, task.Text("found"), true},
		{"in place, in another form", "status", " ACTIVE ", task.Status, task.Text("active"), true},
		{"in place, and another wish", "status", "completed", task.Status, task.Text("active"), true},
		{"a wish to empty that lost", "description", "<clear>", task.Description, task.Text("old"), true},
		{"blank", "assignedTo", "", task.AssignedTo, task.Null, false},
		{"a column that is not known", "insights", "x", task.Insights, task.Null, false},
		{"pairs", "intendedSettings.A,intendedSettings.B", "3,9", task.IntendedSettings, pairs("A", "1", "B", "2", "C", "2", "D", "2"), true},
		{"a pair that was not there", "intendedSettings.E", "1", task.IntendedSettings, pairs("A", "2", "B", "2", "C", "2", "D", "2"), true},
		{"all settings that lost", "intendedSettings", "A=3;B=3;C=2;D=2", task.IntendedSettings, pairs("A", "1", "B", "1", "C", "1"), true},
	} {
		text := "id," + tt.columns + ",taskrecon base\na," + strings.ReplaceAll(tt.cells, "A=3;B=3;C=2;D=2", "\"A=3\nB=3\nC=2\nD=2\"") + ",BASE\n"
		in := readLost(t, text, base.Source{Tenant: "t", Cloud: "sandbox", At: exported.At}, lost)
		if len(in.Problems) > 0 {
			t.Errorf("%s: %s", tt.name, messages(in))
			continue
		}
		d := in.Rows[0].Desired
		if got, known := d.Base.Get(tt.property); known != tt.known || !tt.property.Equal(got, tt.want) {
			t.Errorf("%s: compared with %q (%v), want %q", tt.name, got, known, tt.want)
		}
		if !d.Base.Read.Equal(read) || in.Base == nil || in.Base.Tenant != "t" {
			t.Errorf("%s: read at %s, source %+v", tt.name, d.Base.Read, in.Base)
		}
		if asks(&d) != (strings.Trim(tt.cells, " ") != "") {
			t.Errorf("%s: wishes %q", tt.name, wishWords(d))
		}
	}
}

func TestNoticeOfWishesThatLost(t *testing.T) {
	lost := lostOf("a", map[*task.Property][3]task.Value{task.Status: {task.Text("active"), task.Text("active"), task.Text("completed")}})
	in := readLost(t, "id,status,taskrecon base\na,completed,BASE\nb,active,\n", base.Source{Tenant: "t", At: exported.At}, lost)
	got := strings.Join(in.Notices, "\n")
	for _, want := range []string{
		"1 row of a report's Failures, compared with what the tenant held up to 2026-11-24T02:00:00Z: a wish that still is the one that did not come in place meets the same conflict",
		`1 row has nothing under "taskrecon base"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "unedited cells ask for nothing") {
		t.Errorf("notices:\n%s", got)
	}
	in = readLost(t, "id,status,taskrecon base\nc,completed,BASE\n", base.Source{Tenant: "t", At: exported.At}, lost)
	if got := messages(in); !strings.Contains(got, "the id is not among those that the sheet was made from") {
		t.Error(got)
	}
}
