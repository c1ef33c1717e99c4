package report

import (
	"fmt"
	"time"

	"taskrecon/internal/ledger"
)

// labelled is a text or a number under its label.
type labelled struct {
	label string
	value any
}

type factGroup struct {
	name  string
	facts []labelled
}

func (g *factGroup) add(label string, value any) *factGroup {
	g.facts = append(g.facts, labelled{label, value})
	return g
}

// mostLegs is how many legs of a run are told apart on the first page.
const mostLegs = 5

// factsOf says who did what to which tenant, when, and what it took.
func factsOf(r *ledger.Reader, o Options) []factGroup {
	h := &r.Header
	who := factGroup{name: "Who and when"}
	who.add("Run ID", h.RunID).add("Actor", h.Actor).add("App ID", h.AppID).add("Operator", h.Operator).add("Command", h.Command+", version "+h.Version)
	who.add("Started", moment(h.Started, o.Zone)).add("Plan made", moment(h.Planned, o.Zone))
	if e := r.End; e != nil {
		who.add("Ended", moment(e.At, o.Zone)).add("Duration", e.At.Sub(h.Started).Round(100*time.Millisecond).String())
		who.add("Exit code", e.ExitCode).add("Reason", e.Reason)
	} else {
		who.add("Ended", "no end is recorded")
	}
	for i, leg := range r.Resumes {
		if i == mostLegs {
			who.add("Resumed again", fmt.Sprintf("%s more; all are on Run", plural(len(r.Resumes)-i, "time")))
			break
		}
		who.add(fmt.Sprintf("Resumed, leg %d", i+2), moment(leg.Started, o.Zone)+" by "+leg.Operator)
	}
	file := factGroup{name: "Which file"}
	file.add("File", h.Input.File).add("SHA-256", h.Input.SHA256).add("Sheet", h.Input.Sheet).add("Rows", h.Input.Rows)
	tenant := factGroup{name: "Which tenant"}
	tenant.add("Tenant", h.Tenant).add("Cloud", h.Cloud+", "+h.GraphURL)
	tenant.add("Tasks", h.TenantTasks).add("Unmanaged", len(h.Unmanaged))
	groups := []factGroup{who, file, tenant}
	if totals := totalFacts(r); len(totals) > 0 {
		wire := factGroup{"What went over the wire", totals}
		if n := len(r.Resumes); n > 0 {
			wire.add("Counted", fmt.Sprintf("over the legs of the run that recorded their end; it has %d legs", n+1))
		}
		groups = append(groups, wire)
	}
	return groups
}

// totalFacts say what went over the wire, over all legs; none where the ledger does not know.
func totalFacts(r *ledger.Reader) []labelled {
	t := r.Total()
	if r.End == nil && t.Requests == 0 {
		return nil
	}
	return []labelled{
		{"Requests", t.Requests},
		{"Batches", t.Batches},
		{"Patches", t.Patches},
		{"Retries", t.Retries},
		{"Throttled", t.Throttled},
		{"Waited seconds", seconds(t.Waited)},
	}
}
