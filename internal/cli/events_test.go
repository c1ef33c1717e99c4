package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
)

// eventToken is the token of these runs, which no line may show.
const eventToken = "the-token-of-the-event-tests"

// event is a line of the log.
type event map[string]any

func (e event) name() string { return fmt.Sprint(e[eventMember]) }

// documented reads docs/events.md: the types of the members by event, "" standing for every line, and the levels.
func documented(t *testing.T) (members map[string]map[string]string, levels map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	members, levels = map[string]map[string]string{"": {}}, map[string]string{}
	current := ""
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		switch {
		case !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || cells[0] == "member" || cells[0] == "event" && cells[1] == "level":
		case len(cells) == 3:
			members[""][cells[0]] = cells[1]
		case len(cells) == 5:
			if cells[0] != "" {
				current = cells[0]
				members[current], levels[current] = map[string]string{}, cells[1]
			}
			if cells[2] != "" {
				members[current][cells[2]] = cells[3]
			}
		default:
			t.Errorf("docs/events.md has a line of %d cells: %s", len(cells), line)
		}
	}
	return members, levels
}

// eventsOf runs the program in this process with --log-format json and returns its events.
func eventsOf(t *testing.T, code int, args ...string) []event {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := append(os.Environ(), tokenVariable+"="+eventToken, "TASKRECON_STATE_DIR="+filepath.Join(t.TempDir(), "state"))
	args = append([]string{"taskrecon", args[0], "--json", "--log-format", "json"}, args[1:]...)
	if got := run(t.Context(), args, env, strings.NewReader(""), &stdout, &stderr); got != code {
		t.Fatalf("%q: exit code %d, want %d: %s", args, got, code, stderr.String())
	}
	if strings.Contains(stderr.String(), eventToken) {
		t.Errorf("the token shows in %s", stderr.String())
	}
	var events []event
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "{") {
			if !strings.HasPrefix(line, "taskrecon: ") {
				t.Errorf("a line that is neither an event nor the error: %q", line)
			}
			continue
		}
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		events = append(events, e)
	}
	return events
}

// mergedHeader writes a workbook of which no marked copy can be made.
func mergedHeader(t *testing.T, path string) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	err := errors.Join(f.SetSheetRow("Sheet1", "A1", &[]string{"id", "", "status"}), f.SetSheetRow("Sheet1", "A2", &[]string{"x", "", "done"}),
		f.MergeCell("Sheet1", "A1", "B1"), f.SaveAs(path))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// eventRuns are runs in which every event occurs.
func eventRuns(t *testing.T) [][]event {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
	t.Cleanup(hook.Close)
	samples := filepath.Join("..", "..", "samples")
	tenant := filepath.Join(samples, "tenant.json")
	wrong := in("wrong.csv")
	if err := os.WriteFile(wrong, []byte("id,status,Team\nf3c95789-ace1-4954-8c5d-6baed2eac902,Complet,A\nfc27ed12-b108-47a9-9bf2-7734ac103525,active,B\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exported := in("exported.csv")
	eventsOf(t, 0, "export", "-o", exported, "--sandbox", tenant)
	return [][]event{
		eventsOf(t, 0, "plan", "--settle-within", "30s", "--sandbox", tenant, exported),
		eventsOf(t, exit.Partial, "apply", "--yes", "--run-dir", in("run"), "--sandbox", tenant, "--sandbox-faults", "outer-429~0.249=list,item-429~0.249:20,refuse:1@25",
			"--max-changes", "60%", "--notify-url", hook.URL+"/hush", filepath.Join(samples, "reassign.csv")),
		eventsOf(t, exit.Input, "plan", "--sandbox", tenant, "--metrics-file", filepath.Join(wrong, "x.prom"), "--ping-url", "http://127.0.0.1:1/hush", wrong),
		eventsOf(t, 0, "plan", "--sandbox", tenant, "--skip-invalid", "--problems", in("marked.xlsx"), wrong),
		eventsOf(t, exit.Input, "validate", "--problems", in("copy.xlsx"), mergedHeader(t, in("merged.xlsx"))),
	}
}

// TestEventsAreDocumented: a line holds what docs/events.md says, and all that it says occurs.
func TestEventsAreDocumented(t *testing.T) {
	t.Parallel()
	members, levels := documented(t)
	seen := map[string]bool{}
	for _, events := range eventRuns(t) {
		for _, e := range events {
			own, known := members[e.name()]
			if !known || e.name() == "" {
				t.Errorf("an event that docs/events.md does not have: %v", e)
				continue
			}
			if !strings.Contains(levels[e.name()], fmt.Sprint(e["level"])) {
				t.Errorf("level %v, documented as %q: %v", e["level"], levels[e.name()], e)
			}
			for member, value := range e {
				want := members[""][member]
				key := member
				if want == "" {
					want, key = own[member], e.name()+"."+member
				}
				if got := jsonType(value); got != want {
					t.Errorf("%s is of type %s, documented as %q: %v", key, got, want, e)
				}
				seen[key] = true
			}
			for member := range own {
				if _, there := e[member]; !there && e.name() != EventNotifyFailed {
					t.Errorf("no %s in %v", member, e)
				}
			}
		}
	}
	for name, own := range members {
		for member := range own {
			if key := strings.TrimPrefix(name+"."+member, "."); !seen[key] {
				t.Errorf("%s is documented and never occurred", key)
			}
		}
	}
	for _, name := range []string{
		EventRunStart, EventInputRead, EventInputNotice, EventInputProblem, EventListWait, EventTenantRead, EventPlanMade, EventPlanNotice, EventEnvelopeSent, EventItemSettled,
		EventThrottleWait, EventProgress, EventFileWritten, EventFileFailed, EventNotifySent, EventNotifyFailed, EventRunEnd,
	} {
		if members[name] == nil {
			t.Errorf("%s is not documented", name)
		}
		delete(levels, name)
	}
	for name := range levels {
		t.Errorf("%s is documented and does not exist", name)
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", v)
}

// TestEventsAddUp: the events of a run say the same as its summary.
func TestEventsAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events := eventsOf(t, exit.Partial, "apply", "--yes", "--skip-invalid", "--max-changes", "off", "--write-limit", "off", "--read-limit", "off",
		"--graph-url", w.url, "--ledger", w.ledger, "--report", filepath.Join(w.dir, "r.json"), w.file)
	count, settled, sent := map[string]int{}, map[string]int{}, 0.0
	id := fmt.Sprint(events[0]["run"])
	for _, e := range events {
		count[e.name()]++
		if e["run"] != id {
			t.Errorf("the run is %q in %v", e["run"], e)
		}
		if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(e["time"])); err != nil || time.Since(at) > time.Hour {
			t.Errorf("time %v, %v", e["time"], err)
		}
		switch e.name() {
		case EventItemSettled:
			settled[fmt.Sprint(e["outcome"])]++
			good := diff.Outcome(fmt.Sprint(e["outcome"])).Good()
			if (e["level"] == "info") != good {
				t.Errorf("level %v in %v", e["level"], e)
			}
		case EventEnvelopeSent:
			sent += e["changes"].(float64)
		}
	}
	first, last := events[0], events[len(events)-1]
	if first.name() != EventRunStart || last.name() != EventRunEnd || count[EventRunStart] != 1 || count[EventRunEnd] != 1 || id == "" {
		t.Fatalf("it begins with %v and ends with %v, of %v", first, last, count)
	}
	outcomes := last["outcomes"].(map[string]any)
	total := 0.0
	for name, n := range outcomes {
		total += n.(float64)
		switch diff.Outcome(name) {
		case diff.Applied, diff.Failed, diff.Differs:
			merged := 0
			if diff.Outcome(name) == diff.Applied {
				merged = 1 // the last wish stands in two rows
			}
			if settled[name] != int(n.(float64))-merged || n == 0.0 {
				t.Errorf("%d events and %v outcomes of %s", settled[name], n, name)
			}
		}
	}
	if total != last["rows"] || sent != last["patches"] || last["exitCode"] != float64(exit.Partial) || last["reason"] == "" {
		t.Errorf("%v rows by outcome, %v changes sent: %v", total, sent, last)
	}
	header, err := os.ReadFile(w.ledger)
	if err != nil || !bytes.Contains(header[:bytes.IndexByte(header, '\n')], []byte(id)) {
		t.Errorf("the ledger is of another run than %s: %v", id, err)
	}
}

// TestEventsOfAFailure: a run that fails early ends with its reason, too.
func TestEventsOfAFailure(t *testing.T) {
	events := eventsOf(t, exit.Deadline, "apply", "--yes", "--skip-invalid", "--deadline", "100ms", "--graph-url", "http://127.0.0.1:1", filepath.Join("..", "..", "samples", "reassign.csv"))
	last := events[len(events)-1]
	if last.name() != EventRunEnd || last["exitCode"] != float64(exit.Deadline) || !strings.Contains(fmt.Sprint(last["reason"]), "deadline") {
		t.Errorf("%v", last)
	}
}
