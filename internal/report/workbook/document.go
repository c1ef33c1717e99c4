package workbook

import (
	"errors"
	"maps"
	"slices"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/report"
	"taskrecon/internal/xlsx"
)

// nameCells gives the figures that others may want to refer to names that stay when rows move.
func (b *book) nameCells(p *page) error {
	for name, fact := range map[string]string{"Run_ID": "Run ID", "Ledger_SHA256": "Final SHA-256", "Input_SHA256": "SHA-256"} {
		if at, ok := b.facts[fact]; ok {
			p.named[name] = absolute(at.sheet, "C", at.row)
		}
	}
	var errs error
	for _, name := range slices.Sorted(maps.Keys(p.named)) {
		errs = errors.Join(errs, b.file.SetDefinedName(&excelize.DefinedName{Name: name, RefersTo: p.named[name]}))
	}
	return errs
}

// properties are the document's, which file managers and search show without opening it.
func (b *book) properties() xlsx.Properties {
	r, h := b.run.Ledger, &b.run.Ledger.Header
	words, _ := b.run.Verdict()
	p := xlsx.Properties{
		Title: clean(report.DocumentTitle + h.RunID), Subject: clean(h.Input.File), Description: clean(words),
		Category: "Reconciliation report", Keywords: clean("taskrecon, Intune, " + h.RunID + ", " + h.Tenant),
		Author: clean("taskrecon " + h.Version), At: h.Started,
		Custom: []xlsx.Property{
			{Name: "Run ID", Text: clean(h.RunID)}, {Name: "Tenant", Text: clean(h.Tenant)}, {Name: "Ledger SHA-256", Text: r.Final},
		},
	}
	if r.End != nil {
		p.At = r.End.At
	}
	return p
}
