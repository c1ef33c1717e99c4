// Package diff computes the plan: for every desired task the smallest set of edits that brings the current task to it. It is pure:
// same input, same plan, in the order of the input. It reads no clock, and has no context, no I/O and no log.
//
// Rows (what a sheet asks for, with the base that it remembers) and the tenant's tasks go into Make, and a Plan comes out: one Change
// for each row, settled where nothing is to be sent, else with the Edits that a write makes. The words of reports and the body of a
// PATCH both derive from the Edits, so they cannot disagree. A Change that was to be sent ends in one Result.
//
// Invariants:
//
//   - Every row has exactly one Change, and every Change exactly one Outcome in the end; they add up to the rows.
//   - An Edit exists only where found and wanted differ. A change without edits is never sent.
//   - There is one three-way comparison of base, found and wanted (Stand), for the plan, for looks before a write, and for those after.
//   - Rows with the same id and the same wishes share one change (Change.SameAs).
//
// For example:
//
//	plan := diff.Make(rows, current)
//	for _, c := range plan.Pending() {
//		for _, w := range c.Writes() {
//			fmt.Println(c.ID(), w.Via, w.Edits)
//		}
//	}
package diff
