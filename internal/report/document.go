package report

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/ledger"
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

// documentTitle stands before the run's id.
const documentTitle = "taskrecon report of run "

// describe fills in the document's properties, which file managers and search show without opening it.
func (b *book) describe(r *ledger.Reader, verdict string) error {
	h := &r.Header
	made := h.Started
	if r.End != nil {
		made = r.End.At
	}
	stamp, by := made.UTC().Format(time.RFC3339), clean("taskrecon "+h.Version)
	errs := b.file.SetDocProps(&excelize.DocProperties{
		Title: clean(documentTitle + h.RunID), Subject: clean(h.Input.File), Description: clean(verdict),
		Category: "Reconciliation report", Keywords: clean("taskrecon, Intune, " + h.RunID + ", " + h.Tenant),
		Creator: by, LastModifiedBy: by, Created: stamp, Modified: stamp, Language: "en",
	})
	for _, p := range []excelize.CustomProperty{
		{Name: "Run ID", Value: clean(h.RunID)}, {Name: "Tenant", Value: clean(h.Tenant)}, {Name: "Ledger SHA-256", Value: r.Final},
	} {
		errs = errors.Join(errs, b.file.SetCustomProps(p))
	}
	return errs
}
