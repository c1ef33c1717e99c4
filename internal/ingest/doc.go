// Package ingest reads wanted states of tasks from a CSV or XLSX file.
//
//	in, err := ingest.Read("desired.xlsx", ingest.Options{})
//	if err != nil {
//		return err // nothing of the file can be used
//	}
//	for _, row := range in.Rows {
//		if len(row.Problems) == 0 {
//			plan(row.Desired)
//		}
//	}
//
// A file goes through these steps: its bytes (source.go) show what it is (sniff.go); a CSV becomes text (encoding.go, charset.go)
// and records (csv.go, delimiter.go), a workbook the rows of one sheet (choose.go, xlsx.go); a builder understands the header
// (header.go) and then each row (row.go) cell by cell (cell.go, text.go, repair.go), compares it with the sheet's base (base.go,
// compare.go), and at the end looks at the whole (finish.go, duplicate.go, layout.go).
// What always holds:
//
//   - A file that cannot be trusted whole is an error. All else that cannot be understood is a problem with file, sheet and cell, and
//     all problems are found at once.
//   - Every row with anything in it is in the result, in the order of the file, unless a notice says that it was left out.
//   - A blank cell asks for nothing. So does a cell that shows what the base holds.
//   - Nothing is guessed. What is repaired, and what is odd and kept, is said in a notice that names the cells.
package ingest
