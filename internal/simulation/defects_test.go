package simulation

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// defects are small departures from the rules, one a line, each of which the simulation finds. What takes the place of old is
// compiled in by go test -overlay.
var defects = []struct{ what, file, old, new string }{
	{"a third value is forgotten at once", "batch/judge.go", "!r.third.IsZero() && l.asked.Before(believed)", "false && l.asked.Before(believed)"},
	{"the old value is believed before the window has closed", "batch/judge.go", "return !l.asked.Before(r.closes)", "return true"},
	{"no task is believed at the first look", "batch/judge.go", "l.asked.Before(second)", "false && l.asked.Before(second)"},
	{"a young base is taken for an old one", "batch/judge.go", "!l.came.Before(base.Add(s.o.SettleWithin))", "l.came.After(time.Time{})"},
	{"a repeated write is smaller than the first", "batch/judge.go", "r.found = r.overwritten(st)\n", "r.found = r.overwritten(st)\n\t\tr.writes[r.step].Edits = st.Old\n"},
	{"a look is fresh for ten times as long", "batch/pack.go", "<= s.o.RereadAfter", "<= 10*s.o.RereadAfter"},
	{"a 404 on a task that is there is final", "batch/answer.go", "status == http.StatusNotFound && !outer, ", ""},
	{"a refusal for good hides an earlier sending", "batch/answer.go", "r.earlier.IsZero() ||", "true ||"},
	{"any body proves the write", "batch/answer.go", "case diff.Stand(r.edits(), after, r.over).Wanted():", "case len(r.edits()) > 0:"},
	{"Retry-After is not waited for", "batch/answer.go", "s.queueAt(r, now.Add(pause))\n}\n\n// refusedForGood", "s.queueAt(r, now)\n}\n\n// refusedForGood"},
	{"the first of two writes is not put on record", "batch/settle.go", "s.rec.Part(diff.Part{Change: r.change, Via: r.writes[r.step].Via, At: now})", "error(nil)"},
	{"what was overwritten is not told", "batch/settle.go", "res.Overwrote = r.wrote", "res.Overwrote = nil"},
	{"the canary stops nothing", "batch/settle.go", "if s.canaries > 0 || s.stopped {", "if false {"},
	{"a slot of the window comes back after half of it", "batch/budget.go", "return max(0, b.o.Writes.Per+time", "return max(0, b.o.Writes.Per/2+time"},
	{"a third value is old", "diff/threeway.go", "s.Third = append(s.Third, left)", "s.Old = append(s.Old, left)"},
	{"a lost connection was never made", "graph/client.go", "return d.sought.Load() && !d.got.Load()", "return d.sought.Load()"},
	{"results wait in memory", "ledger/writer.go", "if err == nil && atOnce {", "if err == nil && atOnce && kind != kindResult {"},
	{"an envelope leaves before its line is on the disk", "ledger/writer.go", "return w.append(kindSending, line, true)", "return w.append(kindSending, line, false)"},
	{"a resumed leg forgets what was sent", "job/resume.go", "batch.Earlier{Sent: l.Sent,", "batch.Earlier{Sent: false,"},
	{"a resumed leg has no limits", "job/resume.go", "case refusal == nil:", "case refusal == nil || len(r.earlier) > 0:"},
	{"the undo leaves out what was not applied", "export/undo.go", "if e.Attempts == 0 {", "if e.Attempts == 0 || e.Outcome != diff.Applied {"},
	{"the undo does not wait for open windows", "export/undo.go", "Closes: e.Closes", "Closes: e.Closes.AddDate(-1, 0, 0)"},
}

const internal = ".." // where the files of the defects lie

// plant is the text of a defect's file with the defect in it.
func plant(file, old, defect string) ([]byte, bool) {
	text, err := os.ReadFile(filepath.Join(internal, file))
	if err != nil || bytes.Count(text, []byte(old)) != 1 {
		return nil, false
	}
	return bytes.Replace(text, []byte(old), []byte(defect), 1), true
}

// Each defect has its place, so that none is planted in vain.
func TestDefectsFit(t *testing.T) {
	if len(defects) < 20 {
		t.Errorf("%d defects, want 20", len(defects))
	}
	for _, d := range defects {
		if _, ok := plant(d.file, d.old, d.new); !ok {
			t.Errorf("%s: %q does not stand once in %s", d.what, d.old, d.file)
		}
	}
}

// TestDefects lets the seeds look for each defect. It takes minutes, and is asked for by TASKRECON_DEFECTS=1.
func TestDefects(t *testing.T) {
	if os.Getenv("TASKRECON_DEFECTS") == "" {
		t.Skip("SKIPPED: TASKRECON_DEFECTS=1 asks for it")
	}
	for _, d := range defects {
		t.Run(strings.ReplaceAll(d.what, " ", "_"), func(t *testing.T) {
			text, ok := plant(d.file, d.old, d.new)
			if !ok {
				t.Fatalf("%q does not stand once in %s", d.old, d.file)
			}
			out, err := overlaid(t, d.file, text)
			switch {
			case err == nil:
				t.Error("no seed finds it")
			case !bytes.Contains(out, []byte("again, with its timeline")):
				t.Errorf("it is not the seeds that fail:\n%s", out)
			}
		})
	}
}

// overlaid runs the seeds, up to the first that fails, over a file with another text.
func overlaid(t *testing.T, file string, text []byte) ([]byte, error) {
	t.Helper()
	planted := filepath.Join(t.TempDir(), "planted.go")
	place, err := filepath.Abs(filepath.Join(internal, file))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {place: planted}})
	if err != nil {
		t.Fatal(err)
	}
	layout := filepath.Join(t.TempDir(), "overlay.json")
	for path, data := range map[string][]byte{planted: text, layout: overlay} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-overlay", layout, "-count=1", "-vet=off", "-run", "^TestSeeds$", ".", "-first")
	cmd.Env = append(os.Environ(), "TASKRECON_SEEDS=2000", "TASKRECON_DEFECTS=", "TASKRECON_BRANCHES=")
	return cmd.CombinedOutput()
}
