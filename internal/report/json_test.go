package report_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// TestJSONGolden compares the whole report of a run with every outcome.
func TestJSONGolden(t *testing.T) {
	got := string(viewBytes(t, varied().write(t), ".json"))
	const path = "testdata/varied.json"
	if os.Getenv("TASKRECON_UPDATE") != "" {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	if got != textOf(t, path) {
		t.Errorf("the report is not %s (TASKRECON_UPDATE=1 writes it):\n%s", path, got)
	}
}

func TestJSONHasALineForEachRow(t *testing.T) {
	r := varied()
	got := string(viewBytes(t, r.write(t), ".json"))
	lines := 0
	for line := range strings.SplitSeq(got, "\n") {
		if strings.HasPrefix(line, `{"row":`) {
			lines++
			var row map[string]any
			must(t, json.Unmarshal([]byte(strings.TrimSuffix(line, ",")), &row))
		}
	}
	if lines != len(r.changes) {
		t.Errorf("%d lines of rows, want %d", lines, len(r.changes))
	}
}

// TestJSONTellsNullFromUnknown covers the values that an edit may have behind it.
func TestJSONTellsNullFromUnknown(t *testing.T) {
	r := newRun("apply")
	e := edit(task.AssignedTo, "old@contoso.com", "")
	r.sent("cleared", diff.Result{Outcome: diff.Applied, Status: 204, After: []task.Value{task.Null}}, e)
	r.sent("refused", diff.Result{Outcome: diff.Failed, Status: 403}, e)
	r.sent("accepted", diff.Result{Outcome: diff.Applied, Status: 204}, e)
	got := string(viewBytes(t, r.write(t), ".json"))
	for _, want := range []string{
		`"displayName":"cleared","outcome":"applied","reason":"","edits":[{"property":"assignedTo","before":"old@contoso.com","wanted":null,"after":null}]`,
		`"displayName":"refused","outcome":"failed","reason":"","edits":[{"property":"assignedTo","before":"old@contoso.com","wanted":null}]`,
		`"displayName":"accepted","outcome":"applied","reason":"","edits":[{"property":"assignedTo","before":"old@contoso.com","wanted":null,"after":null}]`,
		`"ended":null,"exitCode":null,"reason":null`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestJSONNamesTheNoteOfAPlan: what would go out is where later is what went.
func TestJSONNamesTheNoteOfAPlan(t *testing.T) {
	for command, want := range map[string]string{"plan": `"note":"Ticket 7","statusVia":"updateStatus"}`, "apply": `"note":"","statusVia":""}`} {
		r := newRun(command)
		c := r.add("noted", edit(task.Status, "pending", "active"))
		c.StatusVia, c.Note = diff.ViaAction, "Ticket 7"
		if got := string(viewBytes(t, r.write(t), ".json")); !strings.Contains(got, want) {
			t.Errorf("%s: no %s in\n%s", command, want, got)
		}
		if row := rows(t, rendered(t, r, report.Options{}), report.ResultsSheet)[1]; (row[len(row)-1] == "Ticket 7") != (command == "plan") {
			t.Errorf("%s: Results has %q", command, row)
		}
	}
}

func TestJSONKeepsTextsAsTheyAre(t *testing.T) {
	const hostile = "</script><b> & \u202e <!-- \x07 \"q\" 😀\nnext"
	r := newRun("apply")
	r.planned(hostile, diff.Conflict, hostile)
	var got struct {
		Rows []struct{ DisplayName, Reason string }
	}
	must(t, json.Unmarshal(viewBytes(t, r.write(t), ".json"), &got))
	if got.Rows[0].DisplayName != hostile || got.Rows[0].Reason != hostile {
		t.Errorf("%q came out as %q", hostile, got.Rows[0])
	}
}
