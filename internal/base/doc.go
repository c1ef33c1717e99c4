// Package base reads and writes what the tasks of a sheet held when the sheet was made, and decides what a cell shows of a value.
//
// A base is a few lines of JSON: a header, then one line for each task. They are in a hidden sheet of a workbook, or in a file beside
// a CSV. A hash over all of them ties the rows of the sheet to them.
//
//	id, lines, err := base.Encode(rows, base.Source{Tenant: tenant, Cloud: "global", At: time.Now()})
//	b, err := base.Decode(lines)
//	row, known := b.Row(taskID)
//
// Package export writes cells and lines, and package ingest reads them. Both ask Show for the text of a value, so that a cell that was
// not edited is recognized.
// What always holds:
//
//   - Lines are ASCII, and do not hold "_x", so that no program changes them on the way.
//   - A base in which a single character differs is refused; so is the base of another sheet, by its hash.
//   - A value that no cell can hold whole is shown with the mark Lost, and an edited text that still has the mark is refused.
package base
