// Package task holds the nouns of the program: a Microsoft Intune task, its properties, and the parsing, canonical form, equality
// and wire form of their values.
//
// One table (property.go) says what there is: a property with its name, kind, and what may be done with it. Everything else goes by
// that table, so a new property is one line there. The table follows the reference page "Update securityConfigurationTask" (Graph
// beta); nullability follows the service's metadata, which is stricter than the page.
//
//	p := task.Named("Due date-time")            // task.DueDateTime
//	v, err := p.ParseCell("2026-12-24", format) // what a cell asks for
//	if !p.Equal(current.Get(p), v) {
//		body, err := p.Wire(v) // what a PATCH holds
//	}
//
// A Value comes from a cell (ParseCell) or from the service (UnmarshalJSON, FromWire), and goes to the service (Wire) or into a
// ledger (MarshalJSON). A Desired is what one row of an input asks for; a Base is what a task held when a sheet was made of it.
// What always holds:
//
//   - Canonical is the only place that decides what is the same.
//   - What the service sends and the table does not know, such as a new member of an enumeration, is kept as it is.
//   - What a cell is understood as reads again as the same value, from the service and from a cell.
package task
