package sandbox

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"testing"

	"taskrecon/internal/task"
)

func sampleTenant(t *testing.T) []json.RawMessage { return sampleTasks(t, "tenant.json") }

func sampleTasks(t *testing.T, name string) []json.RawMessage {
	t.Helper()
	f, err := os.Open("../../samples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tasks, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return tasks
}

func TestSampleTenant(t *testing.T) {
	tasks := sampleTenant(t)
	if _, err := New(tasks, Options{}); err != nil {
		t.Fatal(err)
	}
	got := kinds(t, tasks)
	if got["securityConfigurationTask"] < 50 || got["appVulnerabilityTask"] == 0 || got["unmanagedDeviceDiscoveryTask"] == 0 || len(got) != 3 {
		t.Errorf("kinds %v", got)
	}
	seen := map[string]bool{}
	for _, raw := range tasks {
		var one task.Task
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}
		for _, p := range task.All() {
			seen[p.Name+"="+one.Get(p).String()] = true
		}
	}
	for _, p := range task.All() {
		for _, m := range p.Members {
			if task.SecurityConfiguration.Has(p) && !seen[p.Name+"="+m] {
				t.Errorf("no task has the %s %s", p.Name, m)
			}
		}
	}
}

// The mixed tenant has the kinds of a real one, and reassign.csv names all of one person's tasks in it.
func TestMixedTenant(t *testing.T) {
	tasks := sampleTasks(t, "mixed.json")
	if got := kinds(t, tasks); len(tasks) != 60 || got["appVulnerabilityTask"] != 42 || got["securityConfigurationTask"] != 15 || got["unmanagedDeviceDiscoveryTask"] != 3 {
		t.Errorf("kinds %v", got)
	}
	hers := map[string]bool{}
	for _, raw := range tasks {
		var one task.Task
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}
		if one.Get(task.AssignedTo).String() == "alice.martin@contoso.com" {
			hers[task.Key(one.ID)] = true
		}
	}
	rows := sampleRows(t, "reassign.csv")
	for _, row := range rows {
		if !hers[task.Key(row["id"])] {
			t.Errorf("%s is not hers", row["id"])
		}
	}
	if len(rows) != len(hers) {
		t.Errorf("%d rows for %d tasks", len(rows), len(hers))
	}
}

// sampleRows reads a sample whose header holds exact property names.
func sampleRows(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open("../../samples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%s: %d records, %v", name, len(all), err)
	}
	var rows []map[string]string
	for _, record := range all[1:] {
		row := map[string]string{}
		for i, cell := range record {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// bring PATCHes the task of a row to what the row says and names the outcome.
func bring(t *testing.T, s *Server, url string, row map[string]string) string {
	t.Helper()
	raw, ok := s.Task(row["id"])
	if !ok {
		return "notFound"
	}
	var current task.Task
	if err := json.Unmarshal(raw, &current); err != nil {
		t.Fatal(err)
	}
	if !current.Managed() {
		return "wrongType"
	}
	edits := map[string]any{"@odata.type": current.Type}
	for _, p := range task.All() {
		if row[p.Name] == "" {
			continue
		}
		if !current.Kind().Has(p) {
			return "wrongType"
		}
		wanted, err := p.ParseCell(row[p.Name], task.Format{})
		if err != nil {
			t.Fatalf("%s: %v", row["id"], err)
		}
		if p.Equal(wanted, current.Get(p)) {
			continue
		}
		wire, err := p.Wire(wanted)
		if err != nil {
			t.Fatal(err)
		}
		edits[p.Name] = wire
	}
	if len(edits) == 1 {
		return "unchanged"
	}
	_, body := must(t, "PATCH", url+collection+"/"+row["id"], encode(edits), 200)
	var after task.Task
	if err := json.Unmarshal([]byte(body), &after); err != nil {
		t.Fatal(err)
	}
	for _, p := range task.All() {
		if wire, ok := edits[p.Name]; ok {
			want, err := p.FromWire(wire.(json.RawMessage))
			if err != nil || !p.Equal(after.Get(p), want) {
				return "differs"
			}
		}
	}
	return "applied"
}

func TestSampleOutcomes(t *testing.T) {
	for name, want := range map[string]map[string]int{
		"desired.csv":  {"applied": 16, "unchanged": 5},
		"strays.csv":   {"applied": 1, "unchanged": 1, "notFound": 1, "wrongType": 1},
		"reassign.csv": {"applied": 30},
	} {
		s, url := start(t, sampleTenant(t), Options{})
		for _, again := range []bool{false, true} {
			got := map[string]int{}
			for _, row := range sampleRows(t, name) {
				got[bring(t, s, url, row)]++
			}
			if again {
				want["unchanged"] += want["applied"]
				delete(want, "applied")
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s (again: %v): %v, want %v", name, again, got, want)
			}
		}
	}
}
