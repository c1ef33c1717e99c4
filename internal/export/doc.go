// Package export writes the sheets that people edit and package ingest takes back.
//
// There are two kinds. Write makes a sheet of tasks: an export, a template, a mass edit or an undo. WriteMarked makes a copy of
// an input in which the cells with problems are coloured and say what is wrong.
//
//	files, err := export.Write("tasks.xlsx", rows, export.Options{
//		Columns: task.All(),
//		Source:  base.Source{Tenant: tenant, Cloud: "global", At: time.Now()},
//	})
//
// Data flows from rows (what a task held, and what the sheet asks for already) through cells (base.Show makes the text of a value,
// wishText that of a wish) to a workbook (xlsx.go, look.go) or a CSV (csv.go).
// What always holds:
//
//   - A sheet that was not edited asks for exactly the wishes that it was made with. What no cell can ask for is an error, and
//     nothing is written.
//   - What the tasks held is the sheet's base. It is in a hidden sheet of a workbook, and in a file beside a CSV.
//   - Text from a tenant is never a formula.
//   - Files land whole or not at all, and in the place of others only where that is asked for.
package export
