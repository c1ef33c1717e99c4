package ledger_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

func TestPlanHashIsOfWhatIsSent(t *testing.T) {
	plan := ledger.PlanHash(samplePlan().Changes)
	const pinned = "b9d0ba808f5780ff796f216d0b837082a78d70f8c28e781107c062a500ffae3e"
	if plan != pinned {
		t.Errorf("the hash of the sample is %s: saved plans of earlier versions are refused", plan)
	}
	for name, change := range map[string]func(p *diff.Plan){
		"rows": func(p *diff.Plan) {
			p.Changes[0].Desired = placed(task.Origin{File: "other.csv", Row: 9}, p.Changes[0].Desired)
		},
		"own columns":   func(p *diff.Plan) { p.Changes[1].Desired = row("b", "other notes", -1).Desired },
		"the id's case": func(p *diff.Plan) { p.Changes[0].Current.ID = "A" },
		"places":        func(p *diff.Plan) { p.Changes[0].Index = 7 },
		"other outcomes": func(p *diff.Plan) {
			p.Changes = p.Changes[:5]
		},
		"rows that share": func(p *diff.Plan) { p.Changes = slices.Delete(p.Changes, 4, 5) },
		"reasons":         func(p *diff.Plan) { p.Changes[7].Reason = "other" },
	} {
		p := samplePlan()
		if change(p); ledger.PlanHash(p.Changes) != plan {
			t.Errorf("%s matter", name)
		}
	}
}

func TestPlanHashTellsPlansApart(t *testing.T) {
	seen := map[string]string{ledger.PlanHash(samplePlan().Changes): "the plan"}
	for name, change := range map[string]func(p *diff.Plan){
		"a task":            func(p *diff.Plan) { p.Changes[0].Current.ID = "z" },
		"a value wanted":    func(p *diff.Plan) { p.Changes[0].Edits[0].Wanted = task.Text("x") },
		"a value before":    func(p *diff.Plan) { p.Changes[0].Edits[0].Before = task.Text("x") },
		"null":              func(p *diff.Plan) { p.Changes[0].Edits[0].Before = task.Text("") },
		"a property":        func(p *diff.Plan) { p.Changes[0].Edits[0].Property = task.Creator },
		"an edit less":      func(p *diff.Plan) { p.Changes[0].Edits = p.Changes[0].Edits[:1] },
		"a change less":     func(p *diff.Plan) { p.Changes = p.Changes[1:] },
		"the order":         func(p *diff.Plan) { p.Changes[0], p.Changes[1] = p.Changes[1], p.Changes[0] },
		"the edits' order":  func(p *diff.Plan) { slices.Reverse(p.Changes[0].Edits) },
		"a note":            func(p *diff.Plan) { p.Changes[0].Note = "x" },
		"the way of status": func(p *diff.Plan) { p.Changes[0].StatusVia = diff.ViaAction },
		"a change not sent": func(p *diff.Plan) { p.Changes[1].Outcome = diff.Blocked },
		"nothing":           func(p *diff.Plan) { p.Changes = nil },
	} {
		p := samplePlan()
		change(p)
		hash := ledger.PlanHash(p.Changes)
		if other, ok := seen[hash]; ok || len(hash) != 64 {
			t.Errorf("%s: the hash %q is that of %s", name, hash, other)
		}
		seen[hash] = name
	}
}

// The hash in the header is the plan's, whatever the texts, and does not depend on the run.
func TestPlanHashInTheHeader(t *testing.T) {
	for _, text := range []string{"", "a\xff\xfe\ufffdb", "\u2028<&>\x00\"\\ufffd", "Straße 日本"} {
		w := create(t)
		w.plan.Changes[0].Edits[0].Wanted, w.plan.Changes[0].Current.ID = task.Text(text), "Ä"+text
		h := header(w.plan)
		h.RunID, h.Started, h.PlanHash = text, start.Add(time.Hour), "of another plan"
		w.must(w.Plan(h, w.plan.Changes))
		if r := open(t, w.close()); r.Header.PlanHash != ledger.PlanHash(w.plan.Changes) {
			t.Errorf("%q: %s", text, r.Header.PlanHash)
		}
	}
}

func TestAnotherPlanThanTheHeaders(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	all[2] = bytes.Replace(all[2], []byte("new@contoso.com\"}"), []byte("eve@contoso.com\"}"), 1)
	final := ""
	for i, line := range all {
		all[i] = reseal(set(line, `"prev":"`, final))
		final = sha(bytes.TrimSuffix(all[i], []byte("\n")))
	}
	if _, err := rewrite(t, path, slices.Concat(all...)); !errors.Is(err, ledger.ErrAltered) || !strings.Contains(err.Error(), "planHash") {
		t.Errorf("Open says %v", err)
	}
}

func TestThePlanIsNotWhole(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	for n := 1; n <= len(samplePlan().Changes); n++ {
		if _, err := rewrite(t, path, slices.Concat(all[:n]...)); err == nil || errors.Is(err, ledger.ErrAltered) {
			t.Errorf("the first %d lines: %v", n, err)
		}
	}
}

func TestPlanHasAChangeForEveryRow(t *testing.T) {
	w := create(t)
	if err := w.Plan(header(w.plan), w.plan.Changes[:5]); err == nil {
		t.Error("5 changes of 8 rows were written")
	}
	if got := read(t, w.planned().close()); len(got) == 0 {
		t.Error("nothing was written afterwards")
	}
}
