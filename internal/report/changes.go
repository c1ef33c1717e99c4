package report

import (
	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// changes is the sheet with a row for every edit.
type changes struct{ *table }

func (b *book) changes() (changes, error) {
	t, err := b.table(&table{name: changesSheet, tab: "0072B2", columns: []column{
		{"Row", 8, number},
		{"Task ID", 35, word},
		{"Display name", 30, prose},
		{"Property", 26, word},
		{"Before", 34, prose},
		{"Wanted", 34, prose},
		{"After", 34, prose},
		{"Outcome", 12, verdict},
		{"Overwrote", 34, prose},
	}})
	return changes{t}, err
}

// entry writes a row for each edit, which leads to the entry's own on Results.
func (t changes) entry(e ledger.Entry, o diff.Outcome, at spot) error {
	for i, edit := range e.Edits {
		err := t.add(leading(e.Row, at), e.ID, e.DisplayName.String(), edit.Property, edit.Before.String(), edit.Wanted.String(), after(e, i), o, overwroteOf(e, edit.Property))
		if err != nil {
			return err
		}
	}
	return nil
}

// overwroteOf is the value of another that the edit overwrote, blank where it overwrote none.
func overwroteOf(e ledger.Entry, property string) string {
	for _, o := range e.Overwrote {
		if o.Property == property {
			return overwritten(o.Value)
		}
	}
	return ""
}

// after is what the tenant was last seen to hold, blank where nobody knows.
func after(e ledger.Entry, edit int) string {
	if v := seen(e, edit); v != nil {
		return v.String()
	}
	return ""
}
