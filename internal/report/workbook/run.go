package workbook

import (
	"fmt"
	"time"

	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
)

// fact is one line of the Run sheet.
type fact struct {
	section, name string
	value         any // string, number or time.Time
}

// runSheet writes the sheet of every option and figure, for those who look one up or compare two runs.
func (b *book) runSheet() error {
	t, err := b.table(&table{name: report.RunSheet, tab: "9A9A9A", columns: []column{
		{"Section", 14, word},
		{"Name", 30, word},
		{"Value", 90, prose},
	}})
	if err != nil {
		return err
	}
	facts := append(headerFacts(&b.run.Ledger.Header), outcomeFacts(b.run)...)
	facts = append(facts, endFacts(b.run)...)
	for _, f := range facts {
		if at, ok := f.value.(time.Time); ok {
			f.value = ""
			if !at.IsZero() {
				f.value = at.UTC().Format(time.RFC3339Nano)
			}
		}
		at, err := t.room()
		if err != nil {
			return err
		}
		if _, known := b.facts[f.name]; !known {
			b.facts[f.name] = at
		}
		if err := t.add(f.section, f.name, f.value); err != nil {
			return err
		}
	}
	return nil
}

func headerFacts(h *ledger.Header) []fact {
	facts := []fact{
		{"Run", "Run ID", h.RunID},
		{"Run", "Command", h.Command},
		{"Run", "Version", h.Version},
		{"Run", "Actor", h.Actor},
		{"Run", "App ID", h.AppID},
		{"Run", "Object ID", h.ObjectID},
		{"Run", "Sign-in ID", h.SignInID},
		{"Run", "Operator", h.Operator},
		{"Run", "Started", h.Started},
		{"Run", "Planned", h.Planned},
		{"Input", "File", h.Input.File},
		{"Input", "Sheet", h.Input.Sheet},
		{"Input", "SHA-256", h.Input.SHA256},
		{"Input", "Rows", h.Input.Rows},
	}
	for i, name := range h.Input.Columns {
		facts = append(facts, fact{"Input", fmt.Sprintf("Column %d", i+1), name})
	}
	for i, notice := range h.Input.Notices {
		facts = append(facts, fact{"Input", fmt.Sprintf("Notice %d", i+1), notice})
	}
	facts = append(facts,
		fact{"Tenant", "Tenant", h.Tenant},
		fact{"Tenant", "Cloud", h.Cloud},
		fact{"Tenant", "Graph URL", h.GraphURL},
		fact{"Tenant", "Tasks", h.TenantTasks},
		fact{"Tenant", "Unmanaged", len(h.Unmanaged)},
	)
	for _, o := range h.Options {
		facts = append(facts, fact{"Options", o.Name, o.Value})
	}
	return facts
}

func outcomeFacts(run *report.Run) []fact {
	var facts []fact
	for _, o := range run.Shown() {
		facts = append(facts, fact{"Outcomes", string(o), run.Outcomes[o]})
	}
	return append(facts,
		fact{"Outcomes", "Total", run.Rows},
		fact{"Outcomes", "Changes", run.Edits},
		fact{"Outcomes", "Failures", run.Failures},
		fact{"Outcomes", "Temporary", run.Temporary},
	)
}

func endFacts(run *report.Run) []fact {
	r := run.Ledger
	var facts []fact
	if e := r.End; e != nil {
		facts = []fact{
			{"End", "Ended", e.At},
			{"End", "Exit code", e.ExitCode},
			{"End", "Reason", e.Reason},
		}
	}
	for _, t := range run.Totals() {
		facts = append(facts, fact{"End", t.Label, t.Value})
	}
	for i, leg := range r.Resumes {
		section := fmt.Sprintf("Leg %d", i+2)
		facts = append(facts, fact{section, "Resumed", leg.Started}, fact{section, "Operator", leg.Operator},
			fact{section, "Actor", leg.Actor}, fact{section, "App ID", leg.AppID},
			fact{section, "Object ID", leg.ObjectID}, fact{section, "Version", leg.Version})
		for _, o := range leg.Options {
			facts = append(facts, fact{section, o.Name, o.Value})
		}
	}
	torn := "no"
	if r.Torn {
		torn = "yes"
	}
	return append(facts,
		fact{"Ledger", "Format", r.Header.Format},
		fact{"Ledger", "Plan SHA-256", r.Header.PlanHash},
		fact{"Ledger", "Last line torn", torn},
		fact{"Ledger", "Final SHA-256", r.Final},
	)
}
