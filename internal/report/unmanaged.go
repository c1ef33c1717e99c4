package report

import "taskrecon/internal/ledger"

// unmanaged writes the sheet of the tenant's tasks that no row names.
func (b *book) unmanaged(tasks []ledger.Unmanaged) error {
	t, err := b.table(&table{name: unmanagedSheet, tab: "9A9A9A", columns: []column{
		{"Task ID", 35, word},
		{"Display name", 44, prose},
		{"Status", 14, word},
		{"Assigned to", 32, prose},
		{"Due", 28, word},
	}})
	if err != nil {
		return err
	}
	for _, u := range tasks {
		err := t.add(u.ID, u.DisplayName.String(), u.Status.String(), u.AssignedTo.String(), u.DueDateTime.String())
		if err != nil {
			return err
		}
	}
	return nil
}
