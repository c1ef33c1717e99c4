package workbook

import (
	"slices"

	"taskrecon/internal/report"
)

// resultColumns are the width and the kind of each column of Results, in the order of report.Headers.
var resultColumns = []column{
	{"", 8, number}, {"", 35, word}, {"", 30, prose}, {"", 12, verdict}, {"", 46, prose}, {"", 24, prose}, // up to the changed properties
	{"", 10, number}, {"", 9, number}, {"", 18, prose}, {"", 35, word}, {"", 35, word}, // attempts, and what was answered
	{"", 19, instant}, {"", 19, instant}, {"", 21, word}, // times
	{"", 25, word}, {"", 30, prose}, {"", 35, word}, {"", 35, word}, // the run and who called
	{"", 10, elapsed}, {"", 34, prose}, {"", 34, prose}, // later columns
}

// beginResults begins the sheet with a row for every row of the input. Where the reader has a zone, it has the times in that zone, too.
func (b *book) beginResults() (err error) {
	columns := slices.Clone(resultColumns)
	for i, name := range report.Headers {
		columns[i].header = name
	}
	if b.options.Foreign() {
		zone := b.options.Zone.String()
		columns = slices.Insert(columns, report.AtZone, column{"Sent at, " + zone, 19, instant}, column{"Settled at, " + zone, 19, instant})
	}
	b.results, err = b.table(&table{name: report.ResultsSheet, tab: navy, columns: columns, across: 2})
	return err
}

// addResult writes a row that leads to those of its changes and of its failure.
func (b *book) addResult(row *report.Row, at spots) error {
	values := b.run.Values(row)
	values[report.AtOutcome] = leading(values[report.AtOutcome], at.failures)
	values[report.AtChanged] = leading(values[report.AtChanged], at.changes)
	if b.options.Foreign() {
		zone := b.options.Zone
		values = slices.Insert(values, report.AtZone, any(local{row.Sent.SentAt.In(zone)}), any(local{row.Sent.SettledAt.In(zone)}))
	}
	return b.results.add(values...)
}

// beginChanges begins the sheet with a row for every edit.
func (b *book) beginChanges() (err error) {
	b.changes, err = b.table(&table{name: report.ChangesSheet, tab: "0072B2", prints: true, columns: []column{
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
	return err
}

// addChanges writes a row for each edit, which leads to the row's own on Results.
func (b *book) addChanges(row *report.Row, at spot) error {
	for i, edit := range row.Edits {
		after := ""
		if v := row.After(i); v != nil {
			after = report.Shown(edit.Property, *v)
		}
		err := b.changes.add(leading(row.Row, at), row.ID, row.DisplayName.String(), edit.Property, report.Shown(edit.Property, edit.Before),
			report.Shown(edit.Property, edit.Wanted), after, row.Shown, row.OverwrittenAt(i))
		if err != nil {
			return err
		}
	}
	return nil
}

// unmanaged writes the sheet of the tenant's tasks that no row names.
func (b *book) unmanaged() error {
	columns := []column{{"", 35, word}, {"", 44, prose}, {"", 14, word}, {"", 32, prose}, {"", 28, word}, {"", 26, word}}
	for i, name := range report.UnmanagedHeaders {
		columns[i].header = name
	}
	t, err := b.table(&table{name: report.UnmanagedSheet, tab: "9A9A9A", columns: columns})
	if err != nil {
		return err
	}
	for i := range b.run.Ledger.Header.Unmanaged {
		var values []any
		for _, v := range report.UnmanagedValues(&b.run.Ledger.Header.Unmanaged[i]) {
			values = append(values, v)
		}
		if err := t.add(values...); err != nil {
			return err
		}
	}
	return nil
}
